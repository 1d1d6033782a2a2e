package pick

import (
	"bytes"
	"net/netip"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/analyze"
	"ftpscope/analyze/record"
	"ftpscope/capture"
	"ftpscope/capture/capturetest"
	"ftpscope/capture/flow"
)

// A kept datagram is kept with all its fragments, in whatever order they came, and nobody
// else's.
func TestKeeperKeepsFragments(t *testing.T) {
	frames := capturetest.MustFrames(t, `
control c2 192.0.2.10:50000 > 192.0.2.21:80
open
c2 open
S: 220 a greeting that is longer than what one fragment holds, so that there are some more of them
c2C: GET / HTTP/1.1 and other things that make this one about as long as the greeting of the server is
C: USER somebody-with-a-name-that-is-so-long-that-it-takes-more-than-one-fragment-to-hold-it-all
data d1 192.0.2.21:20 > 192.0.2.10:50001
C: QUIT
`)
	for name, arrange := range map[string]func([]capturetest.Frame){
		"in order": func([]capturetest.Frame) {},
		"reversed": slices.Reverse[[]capturetest.Frame],
		"middle":   func(l []capturetest.Frame) { l[0], l[len(l)/2] = l[len(l)/2], l[0] },
	} {
		t.Run(name, func(t *testing.T) {
			var cut []capturetest.Frame
			var want []uint64
			for i, list := range capturetest.Fragment(frames, 40, 0, 1) {
				arrange(list)
				for _, f := range list {
					cut = append(cut, f)
					if frames[i].Conn == "control" {
						want = append(want, uint64(len(cut)))
					}
				}
			}
			require.Greater(t, len(cut), len(frames)+4)
			var file bytes.Buffer
			require.NoError(t, capturetest.WritePcap(&file, cut, capturetest.PcapOptions{}))
			c, err := capture.Open([]string{"-"}, capture.Options{Stdin: &file})
			require.NoError(t, err)
			out := &kept{}
			k := NewKeeper(out, KeeperOptions{})
			_, err = analyze.Run(c, analyze.Options{Evidence: k}, nowhere{})
			require.NoError(t, err)
			k.Flush()
			require.Equal(t, want, out.ords)
		})
	}
}

// Reassembled finds packets that are still in the ring, and does nothing about others.
func TestKeeperReassembled(t *testing.T) {
	var out kept
	f := feed(&out, KeeperOptions{Bytes: 1000})
	unknown := hostA
	for range 30 {
		f.add(hostC, unknown, flow.Second, 60)
	}
	f.k.Mark(hostA, hostB, flow.PlainNet)
	s := segmentOf(hostA, hostB)
	f.k.Reassembled([]flow.Mark{{Ord: 1}, {Ord: 28}, {Ord: 30}, {Ord: 31}, {Ord: 1 << 60}}, &s)
	f.k.Flush()
	require.Equal(t, []uint64{28, 30}, out.ords)
	f.k.Reassembled([]flow.Mark{{Ord: 30}}, &s)
}

// A packet that holds segments of several connections (IEEE 802.11 has them) is kept
// once, if one of them is marked.
func TestKeeperKeepsOnce(t *testing.T) {
	for _, marked := range [][2]netip.AddrPort{{hostA, hostB}, {hostC, hostD}} {
		var out kept
		f := feed(&out, KeeperOptions{})
		f.add(hostA, hostB, flow.Second, 60)
		f.ord--
		f.add(hostC, hostD, flow.Second, 60)
		f.add(hostA, hostD, flow.Second, 60)
		f.k.Mark(marked[0], marked[1], flow.PlainNet)
		f.k.Mark(hostB, hostA, flow.PlainNet)
		f.k.Flush()
		require.Equal(t, []uint64{1}, out.ords)
	}
}

// nowhere takes what an analysis finds, and drops it.
type nowhere struct{}

func (nowhere) Session(*record.Session) error { return nil }
func (nowhere) Attempt(*record.Attempt) error { return nil }
func (nowhere) Orphan(*record.Orphan) error   { return nil }
func (nowhere) Summary(*record.Summary) error { return nil }
