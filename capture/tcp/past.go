package tcp

import (
	"slices"

	"ftpscope/capture/flow"
)

// A capture may hold its packets twice, far apart: joined to itself, or recorded at two
// places. A connection that is still in the table takes what comes again for repetitions;
// of those that are closed the past remembers enough to know their packets by.
const (
	pastSets = 1 << 8 // 1,024 connections a shard, 1.7 MB over all
	pastWays = 4
)

// past is the connections that were closed last, those of one hash the oldest out.
type past struct {
	sets     *[pastSets][pastWays]gone // nil: none was closed yet
	next     uint8                     // of the ways, to give up
	repeated uint64                    // packets that came again
}

// gone is a connection that was closed, or a SYN that stayed alone: who, and the numbers
// that its sides sent.
type gone struct {
	a, b         flow.Host
	aPort, bPort uint16
	known, alone bool
	again        bool // its SYN came again
	began        [2]bool
	ids          [2]uint8 // of the first SYN and the last one
	tag          uint32
	net          flow.Net
	start, limit [2]uint32
	syn          flow.Time
	first, last  flow.Time     // by the clock
	lone         *flow.LoneSYN // if it is alone, and to PortIdent
}

// note remembers a connection that is being closed. One of which no SYN was seen cannot be
// told from another one.
func (p *past) note(c *conn) {
	if c.flags&sawSYN == 0 {
		return
	}
	p.next = (p.next + 1) % pastWays
	g := &p.set(pastSet(c.a, c.b, c.aPort, c.bPort))[p.next]
	*g = gone{a: c.a, b: c.b, aPort: c.aPort, bPort: c.bPort, known: true, ids: [2]uint8{c.half[flow.In].id, c.half[flow.Out].id}, tag: c.tag, syn: c.cold.syn.Time, net: c.net[0]}
	g.first, g.last = min(g.syn, c.last.Time), max(g.syn, c.last.Time)
	for dir := range c.half {
		h := &c.half[dir]
		g.began[dir], g.start[dir], g.limit[dir] = h.flags&started != 0, h.start, h.limit(h.next)
		if h.flags&isAcked != 0 && flow.After(h.acked, g.limit[dir]) {
			g.limit[dir] = h.acked
		}
	}
}

// noteLone remembers a SYN that stayed alone, where no connection has to make room for it.
func (p *past) noteLone(e *lone) {
	set := p.set(pastSet(e.Src, e.Dst, e.SrcPort, e.DstPort))
	for i := range set {
		if g := &set[i]; !g.known || g.alone {
			*g = gone{a: e.Src, b: e.Dst, aPort: e.SrcPort, bPort: e.DstPort, known: true, alone: true, ids: [2]uint8{e.firstID, e.id}, tag: e.tag, syn: e.First.Time, net: e.Net}
			g.first, g.last = min(g.syn, e.Last().Time), max(g.syn, e.Last().Time)
			g.began[flow.Out], g.start[flow.Out], g.limit[flow.Out] = true, e.seq+1, e.seq+1
			if e.DstPort == PortIdent {
				x := e.LoneSYN
				g.lone = &x
			}
			return
		}
	}
}

// pastSet is the set of a connection, the same for both directions. It is no tag: those
// differ from run to run, and what is forgotten first must not.
func pastSet(a, b flow.Host, aPort, bPort uint16) uint8 {
	x := a.Hi ^ b.Hi ^ (a.Lo + b.Lo) ^ uint64(aPort^bPort)<<40
	return uint8(x * 0x9e3779b97f4a7c15 >> 56)
}

func (p *past) set(i uint8) *[pastWays]gone {
	if p.sets == nil {
		p.sets = new([pastSets][pastWays]gone)
	}
	return &p.sets[i]
}

// has reports whether a segment of no connection in the table is one of a connection that
// was closed, again.
func (p *past) has(s *flow.Segment, tag uint32) bool {
	if p.sets == nil {
		return false
	}
	set := p.set(pastSet(s.Src, s.Dst, s.SrcPort, s.DstPort))
	for i := range set {
		g := &set[i]
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

// said reports whether the connection said what a segment says: in its time or, since its
// SYN came again, at any, for then both sides' numbers tell.
func (g *gone) said(dir flow.Direction, s *flow.Segment) bool {
	switch {
	case dir == flow.Out && s.Flags&(flow.SYN|flow.ACK) == flow.SYN && s.ICMP == nil:
		return g.began[dir] && s.Seq+1 == g.start[dir] && g.opens(s)
	case !g.again && (s.Time > g.last || s.Time < g.first):
		return false
	case s.ICMP != nil:
		return s.Seq+1-g.start[dir] <= g.limit[dir]-g.start[dir]
	}
	seq := s.Seq
	if s.Flags&flow.SYN != 0 {
		seq++
	}
	sent := !g.began[dir] && !g.again || s.Flags&flow.RST != 0 || g.began[dir] && seq-g.start[dir] <= g.limit[dir]-g.start[dir] && s.End()-g.start[dir] <= g.limit[dir]-g.start[dir]
	return sent && (s.Flags&flow.ACK == 0 || !g.began[dir^1] || s.Ack-g.start[dir^1] <= g.limit[dir^1]-g.start[dir^1])
}

// opens reports whether a SYN with the connection's number is its own, again: by its
// identification or, with IPv6, which has none, by its time. A host may begin its next
// connection with the same number, but not with the same identification, or so soon.
func (g *gone) opens(s *flow.Segment) bool {
	again := slices.Contains(g.ids[:], uint8(s.ID)) && (s.ID != 0 || apart(s.Time, g.syn) <= lingerTime)
	if s.Time == g.syn || g.ids[0] != g.ids[1] && (g.again || s.Time > g.first && s.Time <= g.last) { // it was sent again, by other identifications
		again = true
	}
	g.again = g.again || again
	return again
}
