package tcp

import (
	"math"

	"ftpscope/capture/flow"
	"ftpscope/capture/tcp/reassembly"
)

// Table holds the open connections of one shard: a slab of connections whose slots are
// used again, last freed first, behind an index. (Tried before: one big table of all connections
// ever seen costs a cache miss a packet; a Go map twice that.)
type Table struct {
	sink      Sink
	index     index
	slab      slab
	syns      syns
	hand      int32 // where the next sweep begins
	halfOpen  list
	linger    list
	controls  controls
	gaps      gaps
	doubts    map[int32]*doubt
	copies    map[int32]*copies
	following following
	stats     Stats
	fact      flow.Conn // reused for every call of the sink
	until     flow.Time // of the capture, when the table is closed; before, the latest there is

	controlIdle flow.Time
}

// New makes the table of a shard.
func New(sink Sink) *Table {
	return &Table{
		sink: sink, until: math.MaxInt64, index: newIndex(), slab: newSlab(),
		gaps: gaps{of: map[int32]*[2]reassembly.Gaps{}, budget: flow.NewBudget(maxGapsAll)}, copies: map[int32]*copies{}, doubts: map[int32]*doubt{},
		controls: controls{group: reassembly.NewGroup(maxHeld, maxHeldAll, true)},
	}
}

// LimitIdle ends control connections that are silent for longer; without it they have no
// limit.
func (t *Table) LimitIdle(d flow.Time) { t.controlIdle = d }

// Stats tells what limits cost so far.
func (t *Table) Stats() Stats { return t.stats }

// Len is the number of connections in the table, lone SYNs among them.
func (t *Table) Len() int { return t.index.n }

// Controls is the number of control connections in the table.
func (t *Table) Controls() int { return t.controls.count() }

// Shard tells which shard the traffic between two hosts belongs to, in either direction.
func Shard(a, b flow.Host) int {
	x := mix(a.Hi^a.Lo^0x9e3779b97f4a7c15, 0xd6e8feb86659fd93) + mix(b.Hi^b.Lo^0x9e3779b97f4a7c15, 0xd6e8feb86659fd93)
	return int(x * 0x9e3779b97f4a7c15 >> 60)
}

// find returns the slot of the connection of s, or 0; then others tells whether there are
// connections of the same ends in other networks. Hashes say nothing of networks, so that
// these are found together.
func (t *Table) find(s *flow.Segment, tag uint32) (slot int32, dir flow.Direction, others bool) {
	mask := len(t.index.entries) - 1
	for i := int(tag) & mask; ; i = (i + 1) & mask {
		e := t.index.entries[i]
		if e.slot == 0 {
			return 0, 0, others
		}
		if e.tag != tag {
			continue
		}
		if e.slot < 0 {
			l := &t.syns.ring[-e.slot-1]
			if dir, ok := l.direction(s); ok {
				if l.Net == s.Net {
					return e.slot, dir, false
				}
				others = true
			}
			continue
		}
		c := t.slab.at(e.slot)
		if dir, ok := c.direction(s); ok {
			if c.net[dir] == s.Net || len(t.copies) > 0 && t.copies[e.slot].has(s.Net) {
				return e.slot, dir, false
			}
			others = true
		}
	}
}

// Segment takes the next segment, or ICMP error, of the shard.
func (t *Table) Segment(s *flow.Segment) {
	tag := t.index.hash(s)
	slot, dir, others := t.find(s, tag)
	if others {
		slot, dir = t.findElsewhere(s, tag)
	}
	if slot < 0 {
		repeated := false
		if slot, repeated = t.onRepeatedSYN(-slot-1, dir, s); repeated {
			return
		}
	}
	if slot == 0 && isLone(s) {
		t.addSYN(s, tag)
		return
	}
	if s.ICMP != nil {
		t.icmp(slot, dir, s, tag)
		return
	}
	if slot != 0 && t.slab.at(slot).echoes(dir, s) {
		return
	}
	if slot != 0 && t.slab.at(slot).flags&doubted != 0 && t.resolve(slot, dir, s) {
		return
	}
	if slot != 0 && t.stale(slot, dir, s) {
		t.close(slot)
		if slot = 0; isLone(s) {
			t.addSYN(s, tag)
			return
		}
	}
	if slot == 0 {
		if slot, dir = t.open(s, tag); slot == 0 {
			return
		}
	}
	t.update(slot, dir, s)
}

// echoes reports whether the connection is over, by the clock long before s or after it,
// and s says what was said in it: so it is where a capture was joined to another one of
// the same packets.
func (c *conn) echoes(dir flow.Direction, s *flow.Segment) bool {
	return c.flags&ended != 0 && apart(s.Time, c.last.Time) > lingerTime && c.repeats(dir, s)
}

// repeats reports whether the connection has all that s says.
func (c *conn) repeats(dir flow.Direction, s *flow.Segment) bool {
	h, other := &c.half[dir], &c.half[dir^1]
	if h.flags&other.flags&started == 0 || (h.flags|other.flags)&pieces != 0 || s.Flags&flow.RST != 0 {
		return false
	}
	acks := s.Flags&flow.ACK == 0 || !flow.After(s.Ack, other.limit(other.next)) && !flow.Before(s.Ack, other.start)
	if s.Flags&flow.SYN != 0 { // a later one may open another connection, of a host that begins with the same number
		return acks && s.Seq+1 == h.start && s.Time < c.last.Time
	}
	return acks && !flow.After(s.End(), h.limit(h.next)) && !flow.Before(s.Seq, h.start)
}

// stale reports whether the connection in the table is over and s belongs to a new one of
// the same addresses and ports.
func (t *Table) stale(slot int32, dir flow.Direction, s *flow.Segment) bool {
	c := t.slab.at(slot)
	since := s.Time - c.last.Time
	if c.flags&ended != 0 && since > lingerTime {
		return !c.contradicts(dir, s) // whether or not a tick has come by since
	}
	if c.stream == 0 && since > idleLimit { // else it goes on, after a step of the clock or a silence
		return s.Flags&(flow.SYN|flow.ACK) == flow.SYN || !c.proves(dir, s)
	}
	if s.Flags&flow.SYN == 0 || s.Flags&flow.RST != 0 {
		return false
	}
	return c.isOther(dir, s) && t.isOver(slot, s)
}

// open enters the connection of s, whose direction becomes Out unless s shows or suggests
// the opposite. A reset opens nothing (slot 0), but where it refuses a SYN (RFC 9293
// section 3.5.2: sequence number 0, ACK) that it overtook.
func (t *Table) open(s *flow.Segment, tag uint32) (int32, flow.Direction) {
	syn, rst := s.Flags&flow.SYN != 0, s.Flags&flow.RST != 0
	if rst && (s.Flags&flow.ACK == 0 || s.Seq != 0) {
		return 0, 0
	}
	slot := t.take()
	c := t.slab.at(slot)
	*c = conn{a: s.Src, b: s.Dst, aPort: s.SrcPort, bPort: s.DstPort, tag: tag, flags: inUse, digits: s.Digits, net: [2]flow.Net{s.Net, s.Net}}
	c.cold.start, c.last = s.Mark, s.Mark
	dir := flow.Out
	if fromServer := s.SrcPort < s.DstPort; rst || syn && s.Flags&flow.ACK != 0 || !syn && fromServer && s.ICMP == nil {
		c.swapEnds()
		dir = flow.In
	}
	if syn {
		c.flags |= opener
	}
	t.admit(slot)
	return slot, dir
}

// admit enters a new connection of which no payload was seen.
func (t *Table) admit(slot int32) {
	t.index.enter(entry{t.slab.at(slot).tag, slot})
	t.halfOpen.push(&t.slab, slot)
	t.slab.at(slot).flags |= halfOpen
	if t.halfOpen.n > maxHalfOpen {
		t.close(t.halfOpen.first)
	}
	t.sink.Opened(t.snapshot(slot))
}

// take returns a free slot; when the table is full it makes one free.
func (t *Table) take() int32 {
	if t.index.n >= maxConns {
		t.evict()
	}
	return t.slab.take()
}
