package tcp_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/capture/capturetest"
	"ftpscope/capture/flow"
	"ftpscope/capture/tcp"
)

// A SYN that nobody answered comes again with all its repetitions, and is no further try; one
// that is answered is another connection.
func TestPastLone(t *testing.T) {
	segments := capturetest.Segments(capturetest.MustFrames(t, "data d1 192.0.2.10:40000 > 192.0.2.21:50000\nd1< 5000\nd1 fin <"))
	syns := make([]flow.Segment, 3)
	for i := range syns {
		syns[i] = segments[0]
		syns[i].ID += uint16(i)
		syns[i].Time += flow.Time(i*i) * flow.Second
	}
	r := newRecorder(t)
	r.classify = counted
	table := tcp.New(r)
	late := flow.Time(0)
	play := func(list []flow.Segment, by flow.Time) {
		for _, s := range list {
			s.Time += by
			late = max(late, s.Time)
			table.Segment(&s)
		}
		table.Tick(late + 100*flow.Second)
	}
	play(syns, 0)
	require.Len(t, r.closed, 1)
	for _, by := range []flow.Time{0, 7 * flow.Second, -3600 * flow.Second} {
		play(syns, by)
		require.Len(t, r.closed, 1)
	}
	require.EqualValues(t, 9, table.Stats().Repeated)
	play(segments, 1000*flow.Second)
	require.Len(t, r.closed, 2)
	require.Equal(t, uint64(5000), r.closed[1].conn.Half[flow.In].Bytes)
}

// A connection of which every packet comes again, long after and with the times that they
// had, is no second one.
func TestPast(t *testing.T) {
	frames := capturetest.MustFrames(t, "data d1 192.0.2.10:40000 > 192.0.2.21:50000\nd1< 5000\nd1 fin <")
	segments := capturetest.Segments(frames)
	for _, test := range []struct {
		name   string
		change func(*flow.Segment)
		closed int // connections
	}{
		{"again", func(*flow.Segment) {}, 1},
		{"again, a millisecond later", func(s *flow.Segment) { s.Time += flow.Millisecond }, 1},
		{"again, an hour later", func(s *flow.Segment) { s.Time += 3600 * flow.Second }, 1},
		{"again, with a clock that was set back", func(s *flow.Segment) { s.Time -= 3600 * flow.Second }, 1},
		{"another one of the same ends", func(s *flow.Segment) { s.Seq += 1 << 28; s.Ack += 1 << 28; s.Time += flow.Second }, 2},
		{"another one that begins with the same numbers", func(s *flow.Segment) { s.Time += 60 * flow.Second; s.ID++ }, 2},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := newRecorder(t)
			r.classify = counted
			table := tcp.New(r)
			for i := range segments {
				s := segments[i]
				table.Segment(&s)
			}
			table.Tick(segments[len(segments)-1].Time + 100*flow.Second)
			require.Len(t, r.closed, 1)
			for i := range segments {
				s := segments[i]
				test.change(&s)
				table.Segment(&s)
			}
			repeated := table.Stats().Repeated
			table.Close(1 << 62)
			require.Len(t, r.closed, test.closed)
			require.Equal(t, test.closed == 1, repeated == uint64(len(segments)), fmt.Sprint(repeated))
		})
	}
}

// A SYN that stays alone is found while it waits, and when it was given up.
func TestAlone(t *testing.T) {
	syn := capturetest.Segments(capturetest.MustFrames(t, "data d1 192.0.2.21:40000 > 192.0.2.10:113 unanswered 3"))
	r := newRecorder(t)
	table := tcp.New(r)
	find := func(src flow.Host) (int, bool) {
		s, ok := tcp.AloneIdent(table, src, syn[0].Dst)
		return s.Count(), ok
	}
	for i := range syn {
		table.Segment(&syn[i])
	}
	n, ok := find(syn[0].Src)
	require.True(t, ok)
	require.Equal(t, len(syn), n)
	table.Tick(syn[0].Time + 1000*flow.Second)
	n, ok = find(syn[0].Src)
	require.True(t, ok)
	require.Equal(t, len(syn), n)
	_, ok = find(syn[0].Dst)
	require.False(t, ok)
}
