package decode

import (
	"bytes"
	"encoding/binary"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"unsafe"

	"github.com/google/gopacket/layers"
	"github.com/stretchr/testify/require"

	"ftpscope/capture/capturetest"
	"ftpscope/capture/flow"
)

// FuzzShortcut proves that what the shortcut accepts the chain decodes alike: the
// verdict, the segment, its network and where the bytes are.
func FuzzShortcut(f *testing.F) {
	add := func(data []byte, link uint32) { f.Add(data, link, uint32(0), uint8(0)) }
	v4, v6 := tcp4(f), tcp6(f)
	for _, k := range kinds(f) {
		add(k.frame.Data, k.frame.Link)
	}
	for _, w := range append(capturetest.Wrappings(), capturetest.Teredo()...) {
		add(w.Packet(v4, flow.Out), w.Link)
		add(w.Packet(v6, flow.In), w.Link)
	}
	for _, p := range captured(f) {
		add(p, LinkEthernet)
	}
	syn := stack(f, ip4(layers.IPProtocolTCP), header(layers.TCPOption{OptionType: 3, OptionLength: 3, OptionData: []byte{20}}))
	syn[20+13] = flow.SYN
	add(syn, LinkRaw)
	add(changed(v4, 2, 0, 0), LinkRaw)
	add(udpTo(f, 53, v4...), LinkRaw)
	f.Fuzz(func(t *testing.T, data []byte, link, uncaptured uint32, fcs uint8) {
		if !KnowsLink(link) {
			link = links[int(link)%len(links)]
		}
		frame := Frame{Data: data, Length: uint32(len(data)) + min(uncaptured, 1<<31), Link: link, FCS: fcs % 5}
		alike(t, frame)
	})
}

// alike holds that the decoder with and without its shortcut say the same of a frame.
func alike(t *testing.T, frame Frame) {
	var d, plain Decoder
	var seg, want flow.Segment
	if frame.FCS != 0 {
		frame = frame.withoutFCS()
	}
	v := d.shortcut(frame, &seg)
	if v == unaccepted {
		require.Equal(t, flow.PlainNet, seg.Net)
		require.Empty(t, d.networks.list)
		return
	}
	require.Equal(t, plain.decode(frame, &want), v, plain.Reasons())
	require.Zero(t, plain.Undecoded())
	require.Equal(t, plain.Network(want.Net), d.Network(seg.Net))
	require.Equal(t, want.Net, seg.Net)
	trail, followed := plain.Trail(frame)
	require.Equal(t, v, followed)
	if v == TCP {
		require.Equal(t, want, seg)
		last := trail.Layers[len(trail.Layers)-1]
		require.Equal(t, layers.LayerTypeTCP, last.Type)
		require.Equal(t, int(seg.Length), last.End-last.Body())
		if len(seg.Payload) > 0 {
			require.Equal(t, unsafe.SliceData(frame.Data[last.Body():]), unsafe.SliceData(seg.Payload))
		}
	}
}

// captured are packets of the project's captures, a few of each.
func captured(t testing.TB) (list [][]byte) {
	files, err := filepath.Glob("../../pcaps/*.pcap")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	const few, header, record = 12, 24, 16
	for _, name := range files {
		b, err := os.ReadFile(name)
		require.NoError(t, err)
		if len(b) < header || !bytes.Equal(b[:4], []byte{0xd4, 0xc3, 0xb2, 0xa1}) || b[20] != LinkEthernet {
			continue
		}
		b = b[header:]
		for n := 0; n < few && len(b) > record; n++ {
			size := int(binary.LittleEndian.Uint32(b[8:]))
			if size > len(b)-record {
				break
			}
			list = append(list, b[record:record+size])
			b = b[record+size:]
		}
	}
	require.NotEmpty(t, list)
	return list
}

// Every byte of a usual packet may be any other, and the packet cut anywhere.
func TestShortcut(t *testing.T) {
	accepted := 0
	for _, base := range []Frame{
		frame(LinkEthernet, ethernet([]uint16{etherQinQ, etherVLAN, etherIPv4}, tcp4(t))),
		frame(LinkRaw, tcp6(t)), frame(LinkNull, join([]byte{2, 0, 0, 0}, tcp4(t))), frame(LinkRaw, udpTo(t, 53, 1, 2, 3)),
		frame(LinkSLL, join(make([]byte, 14), []byte{8, 0}, tcp4(t))), frame(LinkSLL2, join([]byte{8, 0}, make([]byte, 18), tcp4(t))),
	} {
		var d Decoder
		var seg flow.Segment
		if d.shortcut(base, &seg) != unaccepted {
			accepted++
		}
		for at := range base.Data {
			cut := base
			cut.Data = base.Data[:at:at]
			alike(t, cut)
			for _, v := range []byte{0, 1, 0x40, 0x60, 0x7f, 0x80, 0xff} {
				other := base
				other.Data = slices.Clone(base.Data)
				other.Data[at] = v
				alike(t, other)
			}
		}
	}
	require.Equal(t, 6, accepted)
}
