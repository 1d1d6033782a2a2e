package tcp

import "ftpscope/capture/flow"

// A capture may hold its packets twice, far apart: joined to itself, or recorded at two
// places. A connection that is still in the table takes what comes again for repetitions;
// of those that are closed the past remembers enough to know their packets by.
const (
	pastSets = 1 << 8 // 1,024 connections a shard, 1.6 MB over all
	pastWays = 4
)

// past is the connections that were closed last, those of one hash the oldest out.
type past struct {
	sets     *[pastSets][pastWays]gone // nil: none was closed yet
	next     uint8                     // of the ways, to give up
	repeated uint64                    // packets that came again
}

// gone is a connection that was closed: who, and the numbers that its sides sent.
type gone struct {
	a, b         flow.Host
	aPort, bPort uint16
	known, again bool // again: its SYN came again
	began        [2]bool
	id           uint8
	tag          uint32
	start, limit [2]uint32
	syn, last    flow.Time
	net          flow.Net
}

// note remembers a connection that is being closed. One of which no SYN was seen cannot be
// told from another one.
func (p *past) note(c *conn) {
	if c.flags&sawSYN == 0 {
		return
	}
	if p.sets == nil {
		p.sets = new([pastSets][pastWays]gone)
	}
	p.next = (p.next + 1) % pastWays
	g := &p.sets[c.tag%pastSets][p.next]
	*g = gone{a: c.a, b: c.b, aPort: c.aPort, bPort: c.bPort, known: true, id: c.half[flow.Out].id, tag: c.tag, syn: c.cold.syn.Time, last: c.last.Time, net: c.net[0]}
	for dir := range c.half {
		h := &c.half[dir]
		g.began[dir], g.start[dir], g.limit[dir] = h.flags&started != 0, h.start, h.limit(h.next)
		if h.flags&isAcked != 0 && flow.After(h.acked, g.limit[dir]) {
			g.limit[dir] = h.acked
		}
	}
}

// has reports whether a segment of no connection in the table is one of a connection that
// was closed, again.
func (p *past) has(s *flow.Segment, tag uint32) bool {
	if p.sets == nil {
		return false
	}
	for i := range p.sets[tag%pastSets] {
		g := &p.sets[tag%pastSets][i]
		if !g.known || g.tag != tag || g.net != s.Net {
			continue
		}
		c := conn{a: g.a, b: g.b, aPort: g.aPort, bPort: g.bPort}
		if dir, ok := c.direction(s); ok && g.said(dir, s) {
			if g.again {
				p.repeated++
			}
			return true
		}
	}
	return false
}

// said reports whether the connection said what a segment says, at that time. A SYN that
// comes again says so by its time: a host may begin its next connection with the same
// number, but not so soon.
func (g *gone) said(dir flow.Direction, s *flow.Segment) bool {
	isSYN := dir == flow.Out && s.Flags&(flow.SYN|flow.ACK) == flow.SYN && s.ICMP == nil
	switch {
	case isSYN:
		same := s.Seq+1 == g.start[dir] && (s.Time == g.syn || uint8(s.ID) == g.id && apart(s.Time, g.syn) <= lingerTime)
		g.again = g.again || same
		return same
	case s.Time > g.last && !(g.again && s.Time-g.last <= lingerTime) || s.Time < g.syn:
		return false
	case s.ICMP != nil:
		return s.Seq+1-g.start[dir] <= g.limit[dir]-g.start[dir]
	}
	seq := s.Seq
	if s.Flags&flow.SYN != 0 {
		seq++
	}
	sent := !g.began[dir] || s.Flags&flow.RST != 0 || seq-g.start[dir] <= g.limit[dir]-g.start[dir] && s.End()-g.start[dir] <= g.limit[dir]-g.start[dir]
	return sent && (s.Flags&flow.ACK == 0 || !g.began[dir^1] || s.Ack-g.start[dir^1] <= g.limit[dir^1]-g.start[dir^1])
}
