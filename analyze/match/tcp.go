package match

import (
	"net/netip"

	"ftpscope/analyze/record"
	"ftpscope/capture/flow"
)

// What TCP did, in the words of the record.

// tcp fills in what TCP did on the session's connections.
func (b *builder) tcp(s *record.Session) {
	control := &s.Notes.Control
	if b.passed == nil {
		b.passed = map[netip.Addr]uint32{}
	}
	room := make([]facts, 0, 1+len(s.Transfers))
	if b.passes(control); control.State == flow.Established {
		room = append(room, facts{})
		s.TCP = both(&room[0], control)
	}
	for i := range s.Transfers {
		b.passes(s.Transfers[i].Notes.Conn)
	}
	for i := range s.Transfers {
		t := &s.Transfers[i]
		if t.Notes.Conn == nil || t.Notes.Conn.State != flow.Established {
			continue
		}
		dir := dataDirection(t)
		room = append(room, facts{})
		t.TCP = tcpOf(&room[len(room)-1], t.Notes.Conn, dir)
		if x := t.Notes.Conn.Course; x != nil {
			from := t.Notes.Conn.Src.Addr()
			if dir == flow.In {
				from = t.Notes.Conn.Dst.Addr()
			}
			passed := b.passed[from]
			if t.TCP.Stall != nil && x.Stall.Why == flow.WhyMTU && (passed == 0 && x.Side[dir].TooBig == nil || passed >= x.Side[dir].Largest) {
				t.TCP.Stall.Why = flow.WhyLoss.String() // others of its size arrive, or none does
			}
			t.Notes.Passed, t.Notes.Curve = passed, x.Side[dir].Curve
		}
	}
}

// passes notes what arrived on a connection.
func (b *builder) passes(c *flow.Conn) {
	if c != nil && c.Course != nil {
		for dir, from := range [...]netip.Addr{c.Src.Addr(), c.Dst.Addr()} {
			b.passed[from] = max(b.passed[from], c.Course.Side[dir].Passed)
		}
	}
}

// facts are what a record says of TCP, with what that points to.
type facts struct {
	record.TCP
	again record.Again
	rate  float64
	acked uint64
	zero  flow.Time
	rtt   flow.Time
}

// rated fills in the rate at which so many bytes were carried.
func (r *facts) rated(bytes uint64) {
	if r.Duration > 0 && bytes > 0 {
		r.rate = float64(bytes) / (float64(r.Duration) / float64(flow.Second))
		r.Rate = &r.rate
	}
}

// dataDirection is the direction of a transfer's data on its connection.
func dataDirection(t *record.Transfer) flow.Direction {
	c := t.Notes.Conn
	switch {
	case t.Notes.From.IsValid() && t.Notes.From == c.Src:
		return flow.Out
	case t.Notes.From.IsValid():
		return flow.In
	case c.Half[flow.Out].Bytes > c.Half[flow.In].Bytes:
		return flow.Out
	}
	return flow.In
}

// tcpOf is how a connection did in the direction of its data, told in r.
func tcpOf(r *facts, c *flow.Conn, dir flow.Direction) *record.TCP {
	h, other := &c.Half[dir], &c.Half[dir^1]
	r.Duration = max(c.Last.Time-c.Start.Time, 0)
	x := c.Course
	if x == nil {
		return &r.TCP
	}
	s := &x.Side[dir]
	r.RTTHandshake = record.Known(&x.Shake, x.Shake > 0)
	if h.Packets > 0 && h.Missing == 0 && !s.Doubtful {
		r.again = record.Again{Segments: s.Again, Bytes: s.AgainBytes}
		r.Again = &r.again
	}
	carried := h.Bytes
	if s.AckSeen {
		r.Acknowledged, carried = &s.Acked, s.Acked
	}
	if other.Packets > 0 {
		r.RTT = record.Known(&s.RTT, s.RTT > 0)
		r.ZeroWindow = &x.Side[dir^1].ZeroWindow
	}
	r.rated(carried)
	r.Stall = stallOf(c)
	r.Limit = limitOf(c, dir, &r.TCP)
	return &r.TCP
}

// orphanTCP is how a data connection did of which nothing tells which way its data went.
func orphanTCP(c *flow.Conn) *record.TCP {
	if c.State != flow.Established {
		return nil
	}
	dir := flow.Out
	if c.Half[flow.In].Bytes > c.Half[flow.Out].Bytes {
		dir = flow.In
	}
	return tcpOf(new(facts), c, dir)
}

// both is how a connection did in both directions together. What nobody said is no stall
// of it.
func both(r *facts, c *flow.Conn) *record.TCP {
	r.Duration = max(c.Last.Time-c.Start.Time, 0)
	x := c.Course
	if x == nil {
		return &r.TCP
	}
	r.RTTHandshake = record.Known(&x.Shake, x.Shake > 0)
	out, in := &x.Side[flow.Out], &x.Side[flow.In]
	r.Limit = record.LimitShort
	if out.AckSeen && in.AckSeen {
		r.acked, r.zero, r.rtt = out.Acked+in.Acked, out.ZeroWindow+in.ZeroWindow, max(out.RTT, in.RTT)
		r.Acknowledged, r.ZeroWindow, r.RTT = &r.acked, &r.zero, record.Known(&r.rtt, r.rtt > 0)
		r.rated(r.acked)
	}
	if c.Half[0].Packets > 0 && c.Half[1].Packets > 0 && c.Half[0].Missing+c.Half[1].Missing == 0 && !out.Doubtful && !in.Doubtful {
		r.again = record.Again{Segments: out.Again + in.Again, Bytes: out.AgainBytes + in.AgainBytes}
		r.Again = &r.again
	}
	if x.Stall.Why != flow.WhySender && x.Stall.Why != flow.WhyUnknown {
		r.Stall = stallOf(c)
	}
	return &r.TCP
}

func stallOf(c *flow.Conn) *record.Stall {
	x := &c.Course.Stall
	if x.Lasted() <= 0 {
		return nil
	}
	return &record.Stall{From: record.Stamp{Time: x.From, Digits: c.Digits}, To: record.Stamp{Time: x.To, Digits: c.Digits}, After: x.After, Why: x.Why.String()}
}

// Limits of what held a connection back.
const (
	fewBytes = 64 << 10 // less says nothing of a rate, unless it waited
	// someLoss is the share of bytes sent again from which on they cost more than they
	// carry: a sender halves its rate for each loss (RFC 5681).
	someLoss = 0.02
)

// limitOf is what held the rate back.
func limitOf(c *flow.Conn, dir flow.Direction, r *record.TCP) string {
	x, s := c.Course, &c.Course.Side[dir]
	waited := flow.Time(0)
	worst := flow.WhyUnknown
	for w, t := range x.Waited {
		if waited += t; t > x.Waited[worst] {
			worst = flow.Why(w)
		}
	}
	if waited*2 > r.Duration && waited > flow.Second {
		switch worst {
		case flow.WhyZeroWindow:
			return record.LimitWindow
		case flow.WhyLoss, flow.WhyMTU:
			return record.LimitLoss
		case flow.WhySender:
			return record.LimitSender
		}
		return ""
	}
	sent := c.Half[dir].Bytes
	switch {
	case sent < fewBytes:
		return record.LimitShort
	case r.Again == nil || r.Acknowledged == nil:
		return ""
	case float64(s.AgainBytes) > someLoss*float64(sent):
		return record.LimitLoss
	case r.RTTHandshake != nil && r.Rate != nil && *r.Rate*float64(x.Shake)/float64(flow.Second) > 0.7*float64(x.Side[dir^1].Window):
		return record.LimitWindow
	case x.Waited[flow.WhySender]*4 > r.Duration:
		return record.LimitSender
	}
	return record.LimitPath
}
