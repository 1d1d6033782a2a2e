package tcp

import (
	"ftpscope/capture/flow"
	"ftpscope/capture/tcp/reassembly"
)

// note takes a segment that is not quiet. A stall begins with the last packet before a
// pause, or before a packet that brings nothing new; it ends with the next that does, and
// what came meanwhile tells why.
func (w *watch) note(g *sight) {
	c, dir, s := g.c, g.dir, g.s
	me, other := &c.half[dir], &c.half[dir^1]
	x, y := &w.side[dir], &w.side[dir^1]
	if s.Net != c.net[dir] || s.Flags&(flow.SYN|flow.RST) != 0 {
		return // a copy, or no news
	}
	if x.ttl == 0 {
		x.ttl = s.TTL
	}
	w.offered(dir, c, s)
	fresh := s.Length > 0 && flow.After(s.Seq+s.Length, me.next) || s.Flags&flow.FIN != 0 && me.flags&finished == 0
	ahead := s.Flags&flow.ACK != 0 && (other.flags&isAcked == 0 || flow.After(s.Ack, other.acked))
	fills := s.Length > 0 && me.flags&started != 0 && flow.Before(s.Seq, me.next) && w.repeated(g)
	switch {
	case fresh || ahead || fills:
		w.goesOn(g)
	case w.since == 0:
		w.since = c.last.Time
	}
	if fresh {
		x.news(me, s)
	}
	if x.tooBig != nil && s.Seq == x.tooBigSeq && s.Length > 0 && x.fits(s) {
		x.heeded = true
	}
	if ahead && y.timedAt != 0 && !flow.Before(s.Ack, y.timedSeq) {
		y.sample(s.Time)
	}
	if w.drawing {
		w.draw(g)
	}
}

// sight is a segment of a watched connection that is not told of it yet.
type sight struct {
	c    *conn
	dir  flow.Direction
	s    *flow.Segment
	gaps *reassembly.Gaps // of the direction, nil: it has none
}

// news notes a segment with new payload.
func (x *side) news(me *half, s *flow.Segment) {
	if x.numbered(s.ID); s.Length == 0 {
		return
	}
	if s.Length > x.largest {
		if me.flags&isAcked != 0 && !flow.Before(me.acked, x.largestEnd) {
			x.passed = max(x.passed, x.largest)
		}
		x.largest, x.largestEnd = s.Length, s.Seq+s.Length
	}
	if x.timedAt == 0 && s.Seq == me.next {
		x.timedAt, x.timedSeq = s.Time, s.Seq+s.Length
	}
}

// offered notes the window that a side offers.
func (w *watch) offered(dir flow.Direction, c *conn, s *flow.Segment) {
	x := &w.side[dir]
	x.window = max(x.window, uint32(s.Window)<<c.half[dir].scale)
	switch {
	case s.Window == 0 && x.zeroSince == 0:
		x.zeroSince, w.zero, w.zeroed, w.busy = s.Time, true, true, true
	case s.Window != 0 && x.zeroSince != 0:
		x.zeroTime += max(s.Time-x.zeroSince, 0)
		w.side[dir^1].curve.mark(flow.CurveMark{Kind: flow.MarkZeroWindow, From: x.zeroSince, To: s.Time})
		x.zeroSince = 0
		w.zero = w.side[dir^1].zeroSince != 0
		w.busy = w.zero || w.warned
	}
}

// repeated notes a segment that begins before the highest byte seen: sent again, or one
// that comes twice into the capture, or late. It reports whether it brings something new
// all the same: what the capture did not have yet.
func (w *watch) repeated(g *sight) (fills bool) {
	c, dir, s := g.c, g.dir, g.s
	me, x := &c.half[dir], &w.side[dir]
	fills = g.gaps != nil && me.flags&pieces == 0 && g.gaps.Has(s.Seq, s.Seq+s.Length)
	if s.Length == 1 && s.Seq == me.next-1 && (me.acked == me.next || w.side[dir^1].zeroSince != 0) {
		return false // RFC 9293 sections 3.8.4 and 3.8.6.1: keep-alives and probes of windows repeat a byte
	}
	if me.flags&exact == 0 && flow.Before(s.Seq, me.start) || w.isCopy(g) {
		return fills
	}
	x.again++
	x.againBytes += uint64(min(s.Length, me.next-s.Seq))
	x.lastAgain, x.timedAt, w.again = s.Time, 0, true
	x.curve.mark(flow.CurveMark{Kind: flow.MarkAgain, From: s.Time, To: s.Time, After: me.bytes, Count: 1})
	x.stick(me, s)
	return fills
}

// stick notes the repetition of what is waited for: the first bytes that are not
// acknowledged.
func (x *side) stick(me *half, s *flow.Segment) {
	switch {
	case me.flags&isAcked == 0 || s.Seq != me.acked:
	case x.repeats == 0 || s.Seq != x.stuckSeq:
		x.stuckSeq, x.stuck, x.repeats, x.shrunk = s.Seq, s.Length, 1, false
	case s.Length < x.stuck && x.repeats >= leastRepeats:
		x.shrunk = true
	default:
		x.stuck = min(x.stuck, s.Length)
		x.repeats++
	}
	x.numbered(s.ID)
}

// leastRepeats is how often a segment is sent again before its size may be why it does
// not arrive: a loss of each by chance is rare.
const leastRepeats = 3

// isCopy reports whether a segment that repeats others is one of them. Hosts number their
// packets (RFC 791): a repetition has a later number than the last segment before, a copy
// the same as its original. IPv6 has no numbers and some hosts send 0: then a repetition
// is what was not acknowledged and comes after a pause, or soon after another one; of
// what comes at once nothing tells.
func (w *watch) isCopy(g *sight) bool {
	s, x, me := g.s, &w.side[g.dir], &g.c.half[g.dir]
	switch {
	case s.ID != 0 && x.id != 0:
		isCopy := x.id-s.ID < idSpan
		x.routed = x.routed || isCopy && s.TTL != x.ttl
		return isCopy
	case s.TTL != x.ttl, me.flags&isAcked != 0 && !flow.After(s.Seq+s.Length, me.acked):
		return true // it passed a router; or it is known to have arrived
	case s.Time-g.c.last.Time >= pause || x.lastAgain != 0 && s.Time-x.lastAgain < recovery:
		return false
	}
	x.doubtful = true
	return true
}

// goesOn ends a stall, if there was one, with a segment that brings something new.
func (w *watch) goesOn(g *sight) {
	c, s := g.c, g.s
	from := w.since
	if from == 0 {
		from = c.last.Time
	}
	if s.Time-from >= w.least {
		w.stalled(c, flow.Stall{From: from, To: s.Time, Why: w.why(c, s.Length > 0 || s.Flags&flow.FIN != 0)})
	}
	w.since, w.again, w.zeroed = 0, false, w.zero
}

// stalled notes a stall.
func (w *watch) stalled(c *conn, s flow.Stall) {
	if c.half[0].settled() && c.half[1].settled() && (c.half[0].flags|c.half[1].flags)&finished != 0 {
		return // all was done: what was waited for is the other side's end
	}
	s.After = c.half[0].bytes + c.half[1].bytes
	w.waited[s.Why] += s.Lasted()
	if s.Lasted() > w.stall.Lasted() {
		w.stall = s
	}
	for dir := range w.side {
		if x := &w.side[dir]; c.half[dir].bytes > 0 {
			x.curve.mark(flow.CurveMark{Kind: flow.MarkStall, From: s.From, To: s.To, After: c.half[dir].bytes})
		}
	}
}

// why says what a stall waited for; data: it ended with some, or has not ended.
func (w *watch) why(c *conn, data bool) flow.Why {
	known := c.half[0].packets > 0 && c.half[1].packets > 0
	switch {
	case w.zero || w.zeroed:
		return flow.WhyZeroWindow
	case w.again && (w.side[0].isStuck() || w.side[1].isStuck() || w.side[0].unheeded() || w.side[1].unheeded()):
		return flow.WhyMTU
	case w.again:
		return flow.WhyLoss
	case known && data && c.half[0].settled() && c.half[1].settled():
		return flow.WhySender
	}
	return flow.WhyUnknown
}

// isStuck reports whether the size of a segment may be why it does not arrive.
func (x *side) isStuck() bool {
	const smallest = 500 // hosts must take 576 bytes (RFC 791), and no way has less
	return x.repeats >= leastRepeats && x.stuck >= smallest && x.stuck > x.passed
}

// tooBig takes a router's word that a segment was too big. It holds where the segment can
// have been on its way: whoever does not see the connection cannot make it up.
func (l *watches) tooBig(c *conn, dir flow.Direction, s *flow.Segment) {
	h := &c.half[dir]
	if c.watch == 0 || h.flags&started == 0 || flow.Before(s.Seq, h.start) || !flow.Before(s.Seq, h.next) {
		return
	}
	w := l.of(c)
	x := &w.side[dir]
	switch {
	case x.tooBig == nil:
		x.tooBigSeq = s.Seq
	case s.ICMP.MTU == 0 || x.tooBig.MTU != 0 && x.tooBig.MTU <= s.ICMP.MTU:
		return
	}
	e := *s.ICMP
	e.Mark, e.TTL = s.Mark, s.TTL
	x.tooBig, w.warned, w.busy = &e, true, true
}

// unheeded reports whether the side was told that its packets were too big, and sent no
// smaller ones.
func (x *side) unheeded() bool { return x.tooBig != nil && !x.heeded && x.passed < x.largest }

// fits reports whether a segment is one that the router may let pass.
func (x *side) fits(s *flow.Segment) bool {
	const headers = 40 // IP's and TCP's at least
	return s.Length < x.largest && (x.tooBig.MTU == 0 || s.Length+headers <= x.tooBig.MTU)
}

// settled reports whether all that a side sent was acknowledged.
func (h *half) settled() bool {
	return h.bytes == 0 || h.flags&isAcked != 0 && !flow.Before(h.acked, h.next)
}

// course is what was noted, of a connection that ends, or as it stands now, told in f.
func (w *watch) course(f *flow.Course, c *conn) {
	e := *w // a connection that goes on is not changed
	e.side[0].curve, e.side[1].curve = w.side[0].curve.copied(), w.side[1].curve.copied()
	if from := e.since; from != 0 && c.last.Time-from >= e.least {
		e.stalled(c, flow.Stall{From: from, To: c.last.Time, Why: e.why(c, true)})
	}
	f.Shake, f.Stall, f.Waited = e.shake, e.stall, e.waited
	for dir := range e.side {
		x := &e.side[dir]
		if x.zeroSince != 0 {
			x.zeroTime += max(c.last.Time-x.zeroSince, 0)
			e.side[dir^1].curve.mark(flow.CurveMark{Kind: flow.MarkZeroWindow, From: x.zeroSince, To: max(c.last.Time, x.zeroSince)})
		}
	}
	for dir := range f.Side {
		x, h, other := &e.side[dir], &c.half[dir], &c.half[dir^1]
		if h.flags&isAcked != 0 && !flow.Before(h.acked, x.largestEnd) {
			x.passed = max(x.passed, x.largest)
		}
		f.Side[dir] = flow.Side{
			AckSeen: h.flags&isAcked != 0 && other.packets > 0 && h.flags&pieces == 0, Again: x.again, AgainBytes: x.againBytes, RTT: x.rtt,
			ZeroWindow: x.zeroTime, Window: max(x.window, h.window), Largest: x.largest, Passed: x.passed, Shrunk: x.shrunk, Doubtful: x.doubtful, Routed: x.routed,
			TooBig: x.tooBig, Heeded: x.heeded, Curve: x.curve.drawn(),
		}
		if f.Side[dir].AckSeen {
			f.Side[dir].Acked = h.bytes - min(h.bytes, uint64(max(int32(h.next-h.acked), 0)))
		}
		if x.isStuck() && !flow.After(h.acked, x.stuckSeq) {
			f.Side[dir].Stuck, f.Side[dir].Repeats = x.stuck, x.repeats
		}
	}
}
