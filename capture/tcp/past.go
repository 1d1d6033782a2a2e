package tcp

import (
	"math/bits"
	"slices"

	"ftpscope/capture/flow"
)

// A capture may hold its packets twice, far apart: joined to itself, or recorded at two
// places. A connection that is still in the table takes what comes again for repetitions;
// of those that are closed the past remembers enough to know their packets by.
const (
	pastSets = 1 << 8 // 1,024 connections a shard, 2.1 MB over all
	pastWays = 4
)

// past is the connections that were closed last, those of one hash the oldest out.
type past struct {
	sets     *gones // nil: none was closed yet
	next     uint8  // of the ways, to give up
	repeated uint64 // packets that came again
}

// gones are the connections by their hash. A flood asks for each of its SYNs and leaves each
// behind: it reads the tags and writes one entry, which lie together, in fewer bytes than
// a processor's second cache has.
type gones struct {
	tags  [pastSets][pastWays]uint32
	held  [pastSets]uint8 // the ways that connections have, a bit each; a lone SYN makes room for any
	lone  [pastSets]gone  // has the first way that is not held
	conns [pastSets][pastWays]gone
}

// loneWay is the way that a set's lone SYN has; pastWays: connections have all.
func (x *gones) loneWay(set uint8) int { return bits.TrailingZeros8(^x.held[set]) }

// at is what a way holds.
func (x *gones) at(set uint8, way int) *gone {
	if x.held[set]>>way&1 == 0 {
		return &x.lone[set]
	}
	return &x.conns[set][way]
}

// gone is a connection that was closed, or a SYN that stayed alone: who, and the numbers
// that its sides sent.
type gone struct {
	a, b         flow.Host
	aPort, bPort uint16
	known        bool
	again        bool // its SYN came again
	began        [2]bool
	ids          [2]uint8 // of the first SYN and the last one
	net          flow.Net
	start, limit [2]uint32
	syn          flow.Time
	first, last  flow.Time     // by the clock
	lone         *flow.LoneSYN // if it is a SYN that stayed alone, to PortIdent
}

// note remembers a connection that is being closed. One of which no SYN was seen cannot be
// told from another one.
func (p *past) note(c *conn) {
	if c.flags&sawSYN == 0 {
		return
	}
	p.next = (p.next + 1) % pastWays
	x, set := p.set(c.a, c.b, c.aPort, c.bPort)
	if int(p.next) == x.loneWay(set) {
		x.lone[set] = gone{}
	}
	x.tags[set][p.next] = c.tag
	x.held[set] |= 1 << p.next
	g := &x.conns[set][p.next]
	*g = gone{a: c.a, b: c.b, aPort: c.aPort, bPort: c.bPort, known: true, ids: [2]uint8{c.half[flow.In].id, c.half[flow.Out].id}, syn: c.cold.syn.Time, net: c.net[0]}
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
	x, set := p.set(e.Src, e.Dst, e.SrcPort, e.DstPort)
	way := x.loneWay(set)
	if way >= pastWays {
		return
	}
	x.tags[set][way] = e.tag
	g := &x.lone[set]
	g.a, g.b, g.aPort, g.bPort, g.net = e.Src, e.Dst, e.SrcPort, e.DstPort, e.Net // a field at a time: a flood comes by here
	g.known, g.again, g.ids, g.syn = true, false, [2]uint8{e.firstID, e.id}, e.First.Time
	last := e.Last().Time
	g.first, g.last = min(g.syn, last), max(g.syn, last)
	g.began, g.start, g.limit = [2]bool{flow.Out: true}, [2]uint32{flow.Out: e.seq + 1}, [2]uint32{flow.Out: e.seq + 1}
	if g.lone != nil {
		g.lone = nil
	}
	if e.DstPort == PortIdent {
		syn := e.LoneSYN
		g.lone = &syn
	}
}

// set is the one of a connection, the same for both directions. It does not go by the tag:
// those differ from run to run, and what is forgotten first must not.
func (p *past) set(a, b flow.Host, aPort, bPort uint16) (*gones, uint8) {
	if p.sets == nil {
		p.sets = new(gones)
	}
	x := a.Hi ^ b.Hi ^ (a.Lo + b.Lo) ^ uint64(aPort^bPort)<<40
	return p.sets, uint8(x * 0x9e3779b97f4a7c15 >> 56)
}

// has reports whether a segment of no connection in the table is one of a connection that
// was closed, again.
func (p *past) has(s *flow.Segment, tag uint32) bool {
	if p.sets == nil {
		return false
	}
	x, set := p.set(s.Src, s.Dst, s.SrcPort, s.DstPort)
	for way, t := range &x.tags[set] {
		if t != tag {
			continue
		}
		g := x.at(set, way)
		if !g.known || g.net != s.Net {
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
