package tcp_test

import (
	"net/netip"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/capture/capturetest"
	"ftpscope/capture/flow"
	"ftpscope/capture/tcp"
)

// courses plays a script and returns the last connection that was watched.
func courses(t *testing.T, frames []capturetest.Frame, curves bool) *flow.Conn {
	t.Helper()
	sink := &ends{}
	table := tcp.New(sink)
	table.Watch(func(*flow.Segment) bool { return true }, curves)
	for _, s := range capturetest.Segments(frames) {
		table.Segment(&s)
	}
	table.Close(flow.Second)
	require.NotNil(t, sink.last.Course)
	return &sink.last
}

// ends keeps the connection that ended last.
type ends struct {
	silent
	last flow.Conn
}

func (e *ends) Closed(c *flow.Conn) { e.last = *c }

const opened = "data d1 192.0.2.10:40000 > 192.0.2.21:50000\n"

func TestCourse(t *testing.T) {
	c := courses(t, capturetest.MustFrames(t, opened+"d1< 9000 fin\nd1 fin <"), false)
	down := c.Course.Side[flow.In]
	require.Equal(t, [2]uint64{9000, 0}, [2]uint64{down.Acked, down.Again})
	require.Positive(t, c.Course.Shake)
	require.Positive(t, down.RTT)
	require.Zero(t, c.Course.Stall)
	require.Equal(t, uint32(1460), down.Passed)
	require.Nil(t, down.Curve)
}

// The sender is silent for ten seconds although all was acknowledged.
func TestCourseOfASilentSender(t *testing.T) {
	c := courses(t, capturetest.MustFrames(t, opened+"d1< 3000\nwait 10s\nd1< 3000 fin\nd1 fin <"), true)
	require.Equal(t, flow.WhySender, c.Course.Stall.Why)
	require.InDelta(t, 10, float64(c.Course.Stall.Lasted())/float64(flow.Second), 0.1)
	require.Equal(t, uint64(3000), c.Course.Stall.After)
	v := c.Course.Side[flow.In].Curve
	require.Equal(t, flow.MarkStall, v.Marks[0].Kind)
	require.Equal(t, uint64(6000), v.Points[len(v.Points)-1].Sent)
}

// again sends the frames with payload of a direction once more, each after a time, with
// later identifications.
func again(frames []capturetest.Frame, dir flow.Direction, n int) []capturetest.Frame {
	last := frames[len(frames)-1]
	at, id := last.Time, uint16(0)
	for i := range frames {
		if m := frames[i].Meta; m.Dir == dir {
			id = max(id, m.ID)
		}
	}
	var lost []capturetest.Frame
	for _, f := range frames {
		if f.Meta.Dir == dir && len(f.Meta.Payload) > 0 {
			lost = append(lost, f)
			break
		}
	}
	for i := range n {
		id++
		at += flow.Second << i
		more := capturetest.Change(lost, func(f *capturetest.Frame, m *capturetest.Meta) bool { m.ID = id; return true })
		more[0].Time = at
		frames = append(frames, more...)
	}
	return frames
}

// unacknowledged drops what acknowledges payload.
func unacknowledged(t *testing.T, script string) []capturetest.Frame {
	frames := capturetest.MustFrames(t, script)
	isn := uint32(0)
	var kept []capturetest.Frame
	for _, f := range frames {
		m := f.Meta
		if m.Dir == flow.In && m.Flags&flow.SYN != 0 {
			isn = m.Seq
		}
		if m.Dir == flow.In || m.Ack == 0 || m.Ack == isn+1 {
			kept = append(kept, f)
		}
	}
	return kept
}

// Full-size segments are sent again and again, and nothing is acknowledged.
func TestCourseOfAStuckSender(t *testing.T) {
	frames := again(unacknowledged(t, opened+"d1< 14600"), flow.In, 5)
	c := courses(t, frames, false)
	down := c.Course.Side[flow.In]
	require.Equal(t, flow.Side{AckSeen: true, Again: 5, AgainBytes: 5 * 1460, Window: down.Window, Largest: 1460, Stuck: 1460, Repeats: 5}, down)
	require.Equal(t, flow.WhyMTU, c.Course.Stall.Why)
}

// A receiver that reads no more to the end is marked in the curve of what is sent to it.
func TestCurveOfAZeroWindow(t *testing.T) {
	frames := capturetest.MustFrames(t, opened+"d1< 3000\nwait 5s\nd1< 10 fin")
	last := -1
	for i, f := range frames {
		if f.Meta.Dir == flow.Out && f.Meta.Flags == flow.ACK && f.Meta.Window != 0 && f.Time < frames[0].Time+flow.Second {
			last = i
		}
	}
	frames[last].Meta.Window = 0
	c := courses(t, frames[:last+2], true)
	v := c.Course.Side[flow.In].Curve
	require.Nil(t, c.Course.Side[flow.Out].Curve)
	closed := flow.CurveMark{Kind: flow.MarkZeroWindow, From: frames[last].Time, To: frames[last+1].Time}
	require.Contains(t, v.Marks, closed)
	require.Equal(t, c.Course.Side[flow.Out].ZeroWindow, closed.To-closed.From)
}

// What is acknowledged and sent again is never more than was sent.
func TestCourseInvariants(t *testing.T) {
	for _, script := range []string{"d1< 9000 fin\nd1 fin <", "d1> 30000\nwait 3s\nd1> 500 fin\nd1 fin >", "d1< 1\nd1< 1\nd1< 1\nd1 rst <"} {
		frames := capturetest.MustFrames(t, opened+script)
		for drop := range frames {
			some := append(append([]capturetest.Frame(nil), frames[:drop]...), frames[drop+1:]...)
			sink := &ends{}
			table := tcp.New(sink)
			table.Watch(func(*flow.Segment) bool { return true }, true)
			for _, s := range capturetest.Segments(some) {
				table.Segment(&s)
			}
			table.Close(flow.Second)
			x := sink.last.Course
			if x == nil {
				continue
			}
			for dir, side := range x.Side {
				require.LessOrEqual(t, side.Acked, sink.last.Half[dir].Bytes)
				require.Zero(t, side.Again, "%q without packet %d", script, drop+1)
				require.LessOrEqual(t, side.Passed, side.Largest)
				if v := side.Curve; v != nil {
					require.LessOrEqual(t, len(v.Points), flow.MaxCurvePoints)
					require.LessOrEqual(t, len(v.Marks), flow.MaxCurveMarks)
				}
			}
		}
	}
}

// A long transfer's curve stays short.
func TestCurveIsBounded(t *testing.T) {
	script := opened
	for range 300 {
		script += "d1< 3000\nwait 1s\n"
	}
	c := courses(t, capturetest.MustFrames(t, script+"d1 fin <"), true)
	v := c.Course.Side[flow.In].Curve
	require.LessOrEqual(t, len(v.Points), flow.MaxCurvePoints)
	require.GreaterOrEqual(t, len(v.Points), flow.MaxCurvePoints/3)
	require.LessOrEqual(t, len(v.Marks), flow.MaxCurveMarks)
	for i := 1; i < len(v.Points); i++ {
		require.LessOrEqual(t, v.Points[i-1].At, v.Points[i].At)
		require.LessOrEqual(t, v.Points[i].Acked, v.Points[i].Sent)
	}
	require.Equal(t, uint64(900_000), v.Points[len(v.Points)-1].Sent)
}

// tooBig is a router's word about the first full-size segment of a direction, right after
// it, as these frames have it.
func tooBig(frames []capturetest.Frame, dir flow.Direction, change func(*capturetest.Meta)) []capturetest.Frame {
	for i, f := range frames {
		if m := f.Meta; m.Dir == dir && len(m.Payload) == 1460 {
			router := &capturetest.ICMP{From: netip.MustParseAddr("198.51.100.1"), Type: 3, Code: 4, MTU: 1300}
			e := f
			e.Meta = &capturetest.Meta{Src: m.Src, Dst: m.Dst, Dir: dir ^ 1, TTL: 63, Seq: m.Seq, ICMP: router}
			if e.Time += flow.Millisecond; change != nil {
				change(e.Meta)
			}
			return slices.Insert(slices.Clone(frames), i+1, e)
		}
	}
	return nil
}

// A router says that packets are too big: what is told of it, and of what the sender did
// then.
func TestCourseOfTooBigPackets(t *testing.T) {
	lost := unacknowledged(t, opened+"d1< 1460")
	stubborn := again(tooBig(lost, flow.In, nil), flow.In, 4)
	side := courses(t, stubborn, false)
	require.Equal(t, flow.WhyMTU, side.Course.Stall.Why)
	require.Equal(t, flow.Established, side.State, "no error of its kind ends a connection")
	require.Nil(t, side.ICMP)
	x := side.Course.Side[flow.In]
	require.False(t, x.Heeded)
	require.Equal(t, uint32(1300), x.TooBig.MTU)
	require.Equal(t, netip.MustParseAddr("198.51.100.1"), x.TooBig.From.Addr())
	require.True(t, x.TooBig.Mark.Seen())
	require.Nil(t, side.Course.Side[flow.Out].TooBig)

	smaller := capturetest.Change(again(tooBig(lost, flow.In, nil), flow.In, 1), func(f *capturetest.Frame, m *capturetest.Meta) bool {
		if m.ICMP == nil && f.Time > lost[len(lost)-1].Time+500*flow.Millisecond {
			m.Payload = m.Payload[:1248]
		}
		return true
	})
	require.True(t, courses(t, smaller, false).Course.Side[flow.In].Heeded)

	for name, change := range map[string]func(*capturetest.Meta){
		"of what was never sent":  func(m *capturetest.Meta) { m.Seq += 1 << 20 },
		"of what was sent before": func(m *capturetest.Meta) { m.Seq -= 1 << 20 },
		"of another connection":   func(m *capturetest.Meta) { m.Src = netip.AddrPortFrom(m.Src.Addr(), 50001) },
		"of another kind":         func(m *capturetest.Meta) { m.ICMP.Code = 1 },
	} {
		c := courses(t, again(tooBig(lost, flow.In, change), flow.In, 4), false)
		require.Nil(t, c.Course.Side[flow.In].TooBig, name)
		require.Equal(t, flow.Established, c.State, name)
	}
}

// A flood of connections costs those their watch that are silent; one that goes on keeps
// its own.
func TestWatchesAreBounded(t *testing.T) {
	sink := &watchedEnds{}
	table := tcp.New(sink)
	table.Watch(func(*flow.Segment) bool { return true }, false)
	var busy flow.Segment
	carries := func(s *flow.Segment) {
		s.Flags, s.Length, s.Payload = flow.ACK, 1, letter
		table.Segment(stamp(s))
	}
	const more = 1000
	carries(syn(&busy, 0))
	for n := range tcp.MaxWatched + more - 1 {
		s := busy
		carries(syn(&s, n+1))
		busy.Seq++
		carries(&busy)
	}
	require.EqualValues(t, more, table.Stats().Unwatched)
	table.Close(flow.Second)
	require.Equal(t, tcp.MaxWatched, sink.watched)
	require.NotNil(t, sink.busiest.Course)
	require.EqualValues(t, tcp.MaxWatched+more, sink.busiest.Half[flow.Out].Packets)
}

// watchedEnds counts the connections that end with their watch, and keeps that with the
// most packets.
type watchedEnds struct {
	silent
	watched int
	busiest flow.Conn
}

func (e *watchedEnds) Closed(c *flow.Conn) {
	if c.Course != nil {
		e.watched++
	}
	if c.Half[flow.Out].Packets > e.busiest.Half[flow.Out].Packets {
		e.busiest = *c
	}
}
