package tcp

import (
	"math"

	"ftpscope/capture/flow"
)

// Table holds the open connections of one shard: which there are (registry), what they
// carry (content), what is in doubt of them (doubts). Its own methods say what a segment
// does to a connection, and when one ends.
type Table struct {
	sink Sink
	registry
	content
	doubts doubts
	past   past
	watches
	hand    int32 // where the next sweep begins
	evicted uint64
	fact    flow.Conn // reused for every call of the sink
	until   flow.Time // of the capture, when the table is closed; before, the latest there is

	controlIdle flow.Time
}

// New makes the table of a shard.
func New(sink Sink) *Table {
	return &Table{sink: sink, until: math.MaxInt64, registry: newRegistry(), content: newContent(), doubts: doubts{}}
}

// LimitIdle ends control connections that are silent for longer; without it they have no
// limit.
func (t *Table) LimitIdle(d flow.Time) { t.controlIdle = d }

// Stats tells how many connections there are, and what limits cost so far.
func (t *Table) Stats() Stats {
	return Stats{Open: t.index.n, Controls: t.controls.count(), Evicted: t.evicted, Unwatched: t.watches.lost, Repeated: t.past.repeated}
}

// OldestSYN is the Ord of the oldest SYN that still waits for an answer; math.MaxUint64
// when there is none.
func (t *Table) OldestSYN() uint64 { return t.syns.oldest() }

// Shard tells which shard the traffic between two hosts belongs to, in either direction.
func Shard(a, b flow.Host) int {
	x := mix(a.Hi^a.Lo^0x9e3779b97f4a7c15, 0xd6e8feb86659fd93) + mix(b.Hi^b.Lo^0x9e3779b97f4a7c15, 0xd6e8feb86659fd93)
	return int(x * 0x9e3779b97f4a7c15 >> 60)
}

// Segment takes the next segment, or ICMP error, of the shard.
func (t *Table) Segment(s *flow.Segment) { take(t, s, t.index.hash(s)) }

// take is Segment where the hash is known.
func take(t *Table, s *flow.Segment, tag uint32) {
	slot, dir, others := t.find(s, tag)
	if slot > 0 && t.slab.at(slot).certainlyHas(s) {
		t.update(slot, dir, s)
		return
	}
	if s.ICMP != nil && s.ICMP.TooBig() {
		if slot > 0 {
			t.watches.tooBig(t.slab.at(slot), dir, s)
		}
		return
	}
	if others {
		slot, dir = t.findElsewhere(s, tag)
	}
	if slot < 0 {
		repeated := false
		if slot, repeated = t.onRepeatedSYN(-slot-1, dir, s); repeated {
			return
		}
	}
	if slot == 0 && t.past.has(s, tag) {
		return
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
		if s.Time < t.slab.at(slot).last.Time {
			t.past.repeated++
		}
		return
	}
	if slot != 0 && t.slab.at(slot).flags&doubted != 0 && t.resolve(slot, dir, s) {
		return
	}
	if slot != 0 && t.stale(slot, dir, s) {
		t.close(slot)
		if t.past.has(s, tag) {
			return
		}
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

// certainlyHas reports whether nothing speaks against it that a segment of the connection's
// ends is one of it, as it does of nearly every one: echoes, stale and doubts would say the
// same.
func (c *conn) certainlyHas(s *flow.Segment) bool {
	since := s.Time - c.last.Time
	return c.flags&(ended|doubted) == 0 && s.Flags&flow.SYN == 0 && s.ICMP == nil && 0 <= since && since <= idleLimit
}

// echoes reports whether the connection is over, by the clock long before s or after it,
// and s says what was said in it: so it is where a capture was joined to another one of
// the same packets. One that goes on knows what comes again by its time, too.
func (c *conn) echoes(dir flow.Direction, s *flow.Segment) bool {
	if c.flags&ended == 0 {
		return c.last.Time-s.Time > lingerTime && s.Time >= c.cold.start.Time && !flow.After(s.Ack, c.half[dir^1].acked) && c.repeats(dir, s)
	}
	return apart(s.Time, c.last.Time) > lingerTime && c.repeats(dir, s)
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
	return c.isOther(dir, s) && t.doubts.isOver(slot, c, s)
}

// open enters the connection of s, whose direction becomes Out unless s shows or suggests
// the opposite. A reset opens nothing (slot 0), but where it refuses a SYN (RFC 9293
// section 3.5.2: sequence number 0, ACK) that it overtook.
func (t *Table) open(s *flow.Segment, tag uint32) (int32, flow.Direction) {
	syn, rst := s.Flags&flow.SYN != 0, s.Flags&flow.RST != 0
	if rst && (s.Flags&flow.ACK == 0 || s.Seq != 0) {
		return 0, 0
	}
	slot := t.room()
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

// room returns a free slot; when the table is full it makes one free.
func (t *Table) room() int32 {
	if t.index.n >= maxConns {
		t.evict()
	}
	return t.slab.take()
}
