package decode

import (
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/capture/capturetest"
	"ftpscope/capture/flow"
)

// pieces cuts the IP packet in a frame; one frame if there is none to be cut.
func pieces(link uint32, data []byte, size int, id uint32) (list [][]byte) {
	for _, f := range capturetest.Fragment([]capturetest.Frame{{Link: link, Data: data, Length: len(data)}}, size, 0, id)[0] {
		list = append(list, f.Data)
	}
	return list
}

// A packet in fragments inside a tunnel, a tunnel's packets in fragments, and both at
// once give the same segment, in the same network, made of all the packets.
func TestWrappedFragments(t *testing.T) {
	for _, w := range capturetest.Wrappings() {
		if w.Name == "IPsec AH, transport mode" {
			continue // a header in the packet itself, not around it
		}
		for _, inner := range [][]byte{long4(t), long6(t)} {
			var cut [3][][]byte // inside, outside, both
			cut[1] = pieces(w.Link, w.Packet(inner, flow.Out), 40, 1)
			for i, part := range pieces(LinkRaw, inner, 48, 2) {
				wrapped := w.Packet(part, flow.Out)
				cut[0] = append(cut[0], wrapped)
				cut[2] = append(cut[2], pieces(w.Link, wrapped, 32, uint32(3+i))...)
			}
			for how, list := range cut {
				var d Decoder
				var seg, want flow.Segment
				require.Equal(t, TCP, d.Decode(frame(w.Link, w.Packet(inner, flow.Out)), &want))
				for i, data := range list {
					seg.Mark = flow.Mark{Ord: uint64(i + 1)}
					v := d.Decode(frame(w.Link, data), &seg)
					require.Equal(t, i == len(list)-1, v == TCP, "%s, %d: packet %d of %d: %v %v", w.Name, how, i, len(list), v, d.Reasons())
				}
				if len(list) > 1 {
					require.Len(t, d.Parts(), len(list), w.Name)
				}
				seg.Mark, seg.ID, want.ID = flow.Mark{}, 0, 0
				require.Equal(t, want, seg, "%s, %d", w.Name, how)
				require.Zero(t, d.Undecoded(), w.Name)
			}
		}
	}
}
