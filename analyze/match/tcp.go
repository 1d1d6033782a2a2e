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
	passed := map[netip.Addr]uint32{}
	note := func(c *flow.Conn) {
		if c != nil && c.Course != nil {
			passed[c.Src.Addr()] = max(passed[c.Src.Addr()], c.Course.Side[flow.Out].Passed)
			passed[c.Dst.Addr()] = max(passed[c.Dst.Addr()], c.Course.Side[flow.In].Passed)
		}
	}
	if note(control); control.State == flow.Established {
		s.TCP = both(control)
	}
	for i := range s.Transfers {
		note(s.Transfers[i].Notes.Conn)
	}
	for i := range s.Transfers {
		t := &s.Transfers[i]
		if t.Notes.Conn == nil || t.Notes.Conn.State != flow.Established {
			continue
		}
		dir := dataDirection(t)
		t.TCP = tcpOf(t.Notes.Conn, dir)
		if x := t.Notes.Conn.Course; x != nil {
			from := t.Notes.Conn.Src.Addr()
			if dir == flow.In {
				from = t.Notes.Conn.Dst.Addr()
			}
			if t.TCP.Stall != nil && x.Stall.Why == flow.WhyMTU && (passed[from] == 0 && x.Side[dir].TooBig == nil || passed[from] >= x.Side[dir].Largest) {
				t.TCP.Stall.Why = flow.WhyLoss.String() // others of its size arrive, or none does
			}
			t.Notes.Passed, t.Notes.Curve = passed[from], x.Side[dir].Curve
		}
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

// tcpOf is how a connection did in the direction of its data.
func tcpOf(c *flow.Conn, dir flow.Direction) *record.TCP {
	h, other := &c.Half[dir], &c.Half[dir^1]
	r := &record.TCP{Duration: max(c.Last.Time-c.Start.Time, 0)}
	x := c.Course
	if x == nil {
		return r
	}
	s := &x.Side[dir]
	r.RTTHandshake = record.Known(&x.Shake, x.Shake > 0)
	if h.Packets > 0 && h.Missing == 0 && !s.Doubtful {
		r.Again = &record.Again{Segments: s.Again, Bytes: s.AgainBytes}
	}
	carried := h.Bytes
	if s.AckSeen {
		r.Acknowledged, carried = &s.Acked, s.Acked
	}
	if other.Packets > 0 {
		r.RTT = record.Known(&s.RTT, s.RTT > 0)
		r.ZeroWindow = &x.Side[dir^1].ZeroWindow
	}
	if r.Duration > 0 && carried > 0 {
		rate := float64(carried) / (float64(r.Duration) / float64(flow.Second))
		r.Rate = &rate
	}
	r.Stall = stallOf(c)
	r.Limit = limitOf(c, dir, r)
	return r
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
	return tcpOf(c, dir)
}

// both is how a connection did in both directions together. What nobody said is no stall
// of it.
func both(c *flow.Conn) *record.TCP {
	r := &record.TCP{Duration: max(c.Last.Time-c.Start.Time, 0)}
	x := c.Course
	if x == nil {
		return r
	}
	r.RTTHandshake = record.Known(&x.Shake, x.Shake > 0)
	out, in := &x.Side[flow.Out], &x.Side[flow.In]
	r.Limit = record.LimitShort
	if out.AckSeen && in.AckSeen {
		acked, zero := out.Acked+in.Acked, out.ZeroWindow+in.ZeroWindow
		r.Acknowledged, r.ZeroWindow = &acked, &zero
		rtt := max(out.RTT, in.RTT)
		r.RTT = record.Known(&rtt, rtt > 0)
		if r.Duration > 0 && acked > 0 {
			rate := float64(acked) / (float64(r.Duration) / float64(flow.Second))
			r.Rate = &rate
		}
	}
	if c.Half[0].Packets > 0 && c.Half[1].Packets > 0 && c.Half[0].Missing+c.Half[1].Missing == 0 && !out.Doubtful && !in.Doubtful {
		r.Again = &record.Again{Segments: out.Again + in.Again, Bytes: out.AgainBytes + in.AgainBytes}
	}
	if x.Stall.Why != flow.WhySender && x.Stall.Why != flow.WhyUnknown {
		r.Stall = stallOf(c)
	}
	return r
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
