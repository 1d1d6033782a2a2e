package pick

import (
	"bytes"
	"errors"
	"net/netip"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/capture"
	"ftpscope/capture/capturetest"
	"ftpscope/capture/flow"
)

// twice is a capture in which a data connection's ends meet again, and somebody else
// talks between.
const twice = `
open
C: RETR a
data d1 192.0.2.21:20 > 192.0.2.10:4000
d1> 3000 fin
d1 close
data d2 192.0.2.21:20 > 192.0.2.10:4000 unreachable 13
data d3 192.0.2.21:20 > 192.0.2.10:4001
d3> 10
C: QUIT
`

func source(t *testing.T, frames []capturetest.Frame) *capture.Capture {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, capturetest.WritePcap(&b, frames, capturetest.PcapOptions{}))
	c, err := capture.Open([]string{"-"}, capture.Options{Stdin: &b})
	require.NoError(t, err)
	return c
}

func TestRead(t *testing.T) {
	frames := capturetest.MustFrames(t, twice)
	want := map[string][]uint64{}
	for i, f := range frames {
		want[f.Conn] = append(want[f.Conn], uint64(i+1))
	}
	var list []Conn
	segments := capturetest.Segments(frames)
	conns := []string{"d2", "control", "d1"}
	for _, name := range conns {
		first, last := want[name][0], want[name][len(want[name])-1]
		var c flow.Conn
		for _, s := range segments {
			if s.Ord == first {
				c = (&flow.LoneSYN{Src: s.Src, Dst: s.Dst, SrcPort: s.SrcPort, DstPort: s.DstPort, First: s.Mark}).Conn()
			}
		}
		c.Last.Ord = last
		if name == "d2" { // the error came after the last packet of its own
			c.Last.Ord, c.ICMP = first, &flow.ICMP{Mark: flow.Mark{Ord: last}}
		}
		list = append(list, Of(&c))
	}
	got := map[string][]uint64{}
	require.NoError(t, Read(source(t, frames), NewSet(list), func(i int, p *capture.Packet, s *flow.Segment) error {
		require.Equal(t, p.Mark, s.Mark)
		got[conns[i]] = append(got[conns[i]], p.Ord)
		return nil
	}))
	delete(want, "d3")
	require.Equal(t, want, got)
}

func TestReadEnds(t *testing.T) {
	frames := capturetest.MustFrames(t, twice)
	require.NoError(t, Read(source(t, frames), NewSet(nil), func(int, *capture.Packet, *flow.Segment) error {
		panic("nothing was chosen")
	}))
	s := capturetest.Segments(frames)[0]
	c := (&flow.LoneSYN{Src: s.Src, Dst: s.Dst, SrcPort: s.SrcPort, DstPort: s.DstPort, First: s.Mark}).Conn()
	enough := errors.New("enough")
	calls := 0
	err := Read(source(t, frames), NewSet([]Conn{Of(&c)}), func(int, *capture.Packet, *flow.Segment) error {
		calls++
		return enough
	})
	require.Equal(t, enough, err)
	require.Equal(t, 1, calls)
}

// TestReadFragments: fragments are given with the packets that they are of, in the order
// of the capture.
func TestReadFragments(t *testing.T) {
	frames := capturetest.Only(capturetest.MustFrames(t, twice), "control", "d1", "d3")
	var cut []capturetest.Frame
	for i, list := range capturetest.Fragment(frames, 512, 0, 1) {
		if i%2 > 0 {
			slices.Reverse(list)
		}
		for _, f := range list {
			f.Conn = frames[i].Conn
			cut = append(cut, f)
		}
	}
	require.Greater(t, len(cut), len(frames)+3)
	cut = capturetest.Reorder(cut, 4, 3)
	want, first, last := []uint64(nil), uint64(0), uint64(0)
	var c flow.Conn
	for i, f := range cut {
		if f.Conn != "d1" {
			continue
		}
		want = append(want, uint64(i+1))
		if last = uint64(i + 1); first == 0 {
			first = last
		}
	}
	for _, s := range capturetest.Segments(frames) {
		if frames[s.Ord-1].Conn == "d1" {
			c = (&flow.LoneSYN{Src: s.Src, Dst: s.Dst, SrcPort: s.SrcPort, DstPort: s.DstPort, First: s.Mark}).Conn()
		}
	}
	c.Start.Ord, c.Last.Ord = first, last
	var got []uint64
	require.NoError(t, Read(source(t, cut), NewSet([]Conn{Of(&c)}), func(i int, p *capture.Packet, s *flow.Segment) error {
		require.Equal(t, p.Mark, s.Mark)
		require.Contains(t, []uint16{20, 4000}, s.SrcPort)
		got = append(got, p.Ord)
		return nil
	}))
	require.Equal(t, want, got)
}

func TestFind(t *testing.T) {
	a, b := netip.MustParseAddrPort("192.0.2.1:1000"), netip.MustParseAddrPort("192.0.2.2:2000")
	set := NewSet([]Conn{
		{A: a, B: b, Nets: flow.Net(1).Nets(), First: 1, Last: 100},
		{A: b, B: a, Nets: flow.Net(2).Nets(), First: 5, Last: 10},
		{A: a, B: b, Nets: flow.Net(2).Nets(), First: 20, Last: 30},
		{A: a, B: b, Nets: flow.Nets{3, 4, 3, 3, 3, 3}, First: 20, Last: 30},
	})
	for _, test := range []struct {
		net  flow.Net
		ord  uint64
		want int // -1: none
	}{{1, 1, 0}, {1, 50, 0}, {1, 100, 0}, {1, 101, -1}, {2, 4, -1}, {2, 7, 1}, {2, 15, -1}, {2, 25, 2}, {3, 25, 3}, {4, 30, 3}, {5, 25, -1}, {4, 31, -1}} {
		s := flow.Segment{Src: flow.HostOf(b.Addr()), Dst: flow.HostOf(a.Addr()), SrcPort: b.Port(), DstPort: a.Port(), Net: test.net, Mark: flow.Mark{Ord: test.ord}}
		index, ok := set.Find(&s)
		require.Equal(t, test.want >= 0, ok, "%+v", test)
		require.Equal(t, max(test.want, 0), index, "%+v", test)
	}
}
