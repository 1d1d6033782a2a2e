package pick

import (
	"bytes"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/capture"
	"ftpscope/capture/capturetest"
	"ftpscope/capture/flow"
)

// twice is a capture in which a data connection's ends meet again, and somebody else talks between.
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
