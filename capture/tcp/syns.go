package tcp

import (
	"math"

	"ftpscope/capture/flow"
)

// lone is a lone SYN in the ring, with what it takes to make a connection of it.
type lone struct {
	flow.LoneSYN
	live     bool
	scale    uint8
	window   uint16
	seq, tag uint32
	id       uint8 // as half.id
	firstID  uint8
}

// syns is the ring of lone SYNs, in the order of their first packet; first … next-1 are
// in use, modulo its length.
type syns struct {
	ring        []lone
	first, next uint32
}

func (r *syns) at(i uint32) *lone { return &r.ring[i%maxHalfOpen] }

// isLone reports whether s is a SYN and nothing more.
func isLone(s *flow.Segment) bool {
	return s.Flags&(flow.SYN|flow.ACK|flow.RST|flow.FIN) == flow.SYN && s.Length == 0 && s.ICMP == nil
}

// addSYN enters a lone SYN; the oldest makes room if it must.
func (t *Table) addSYN(s *flow.Segment, tag uint32) {
	r := &t.syns
	if r.trim(); r.next-r.first == maxHalfOpen || t.index.n >= maxConns {
		t.evictFor(r)
	}
	if r.first == r.next {
		r.first, r.next = 0, 0 // the ring grows with the SYNs that wait at a time, not with those that ever came
	}
	if len(r.ring) < maxHalfOpen && int(r.next) == len(r.ring) {
		r.ring = append(r.ring, lone{})
	}
	e := r.at(r.next)
	e.Src, e.Dst, e.SrcPort, e.DstPort = s.Src, s.Dst, s.SrcPort, s.DstPort
	e.First, e.Again = s.Mark, nil
	e.TTL, e.Digits, e.Net, e.scale, e.live = s.TTL, s.Digits, s.Net, s.Scale, true
	e.window, e.seq, e.tag, e.id, e.firstID = s.Window, s.Seq, tag, uint8(s.ID), uint8(s.ID)
	t.index.enter(entry{tag, -int32(r.next%maxHalfOpen) - 1})
	r.next++
}

// evictFor makes room for a lone SYN.
func (t *Table) evictFor(r *syns) {
	if r.first == r.next {
		t.evict()
		return
	}
	if t.index.n >= maxConns {
		t.evicted++
	}
	t.giveUp(r.first)
	r.trim()
}

// trim lets go of what is done with at the front.
func (r *syns) trim() {
	for r.first != r.next && !r.at(r.first).live {
		r.first++
	}
}

// onRepeatedSYN takes a further segment of the connection of a lone SYN, which has this
// index in the ring: a repetition (true), or what makes it a connection. Then slot is
// that connection's, or 0 where the SYN was too old to have to do with it.
func (t *Table) onRepeatedSYN(index int32, dir flow.Direction, s *flow.Segment) (slot int32, repeated bool) {
	e := &t.syns.ring[index]
	switch {
	case s.Time-e.Last().Time > synWait && !e.proves(dir, s), s.ICMP == nil && dir == flow.Out && isLone(s) && s.Seq != e.seq:
		t.loneSYN(index)
		return 0, false
	case dir == flow.Out && isLone(s):
		if !isCopy(s, e.id, e.First.Time, e.Last().Time) {
			e.repeated(s.Mark)
			e.id = uint8(s.ID)
		}
		return 0, true
	}
	return t.promote(index), false
}

// isCopy reports whether s, of the same sequence number as SYNs at these times, one with
// this identification, is one of them, captured twice.
func isCopy(s *flow.Segment, id uint8, first, last flow.Time) bool {
	return uint8(s.ID) == id && min(apart(s.Time, first), apart(s.Time, last)) <= copyTime
}

func apart(a, b flow.Time) flow.Time { return max(a-b, b-a) }

// notedSYN notes the position of a further SYN after n; most connections have one SYN,
// and no list.
func notedSYN(list *flow.SYNs, first flow.Pos, n int, pos flow.Pos) *flow.SYNs {
	if list == nil {
		list = &flow.SYNs{first}
	}
	if n < len(list) {
		list[n] = pos
	}
	return list
}

// repeated notes a further SYN.
func (e *lone) repeated(at flow.Mark) {
	if e.Again == nil {
		e.Again = &flow.Repeated{Count: 1, Last: e.First, At: flow.SYNs{e.First.Pos}}
	}
	r := e.Again
	if r.Count < len(r.At) {
		r.At[r.Count] = at.Pos
	}
	if r.Count++; !overtaken(at.Time, r.Last.Time) {
		r.Last = at
	}
	if overtaken(at.Time, e.First.Time) {
		e.First.Time, e.First.Pos = at.Time, at.Pos // its Ord goes on to say since when the connection is known
	}
}

// promote makes a connection of a lone SYN that is no longer alone.
func (t *Table) promote(index int32) int32 {
	e := t.forget(index)
	slot := t.room()
	c := t.slab.at(slot)
	*c = conn{
		a: e.Src, b: e.Dst, aPort: e.SrcPort, bPort: e.DstPort, tag: e.tag, flags: inUse | opener | sawSYN, digits: e.Digits, last: e.Last(),
		net:  [2]flow.Net{e.Net, e.Net},
		cold: cold{start: e.First, syn: e.First, lastSYN: e.Last(), synSeq: e.seq, syns: int32(e.Count())},
	}
	if e.Again != nil {
		c.cold.rare = &rare{more: &e.Again.At}
		c.from(e.First.Pos)
	}
	h := &c.half[flow.Out]
	h.packets, h.ttl, h.window = uint64(e.Count()), e.TTL, uint32(e.window)
	h.id, c.half[flow.In].id = e.id, e.firstID
	if e.scale != flow.NoScale {
		h.scale = min(e.scale, maxScale)
	}
	h.begin(e.seq+1, exact)
	t.admit(slot)
	return slot
}

// giveUp ends the wait of a SYN.
func (t *Table) giveUp(i uint32) {
	if i %= maxHalfOpen; t.syns.ring[i].live {
		t.loneSYN(int32(i))
	}
}

// loneSYN reports a SYN that stayed alone.
func (t *Table) loneSYN(index int32) {
	e := t.forget(index)
	e.Cut = e.Again == nil && t.until-e.First.Time < firstWait
	t.past.noteLone(e)
	t.sink.Unanswered(&e.LoneSYN)
}

// tickSYNs gives up SYNs that were not repeated for too long.
func (t *Table) tickSYNs(now flow.Time) {
	r := &t.syns
	for r.trim(); r.first != r.next && now-r.at(r.first).Last().Time > synWait; r.trim() {
		t.giveUp(r.first)
	}
}

// oldest is the Ord of the oldest SYN that still waits for an answer; math.MaxUint64 when
// there is none.
func (r *syns) oldest() uint64 {
	r.trim()
	if r.first == r.next {
		return math.MaxUint64
	}
	return r.at(r.first).First.Ord
}
