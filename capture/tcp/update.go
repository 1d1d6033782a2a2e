package tcp

import (
	"ftpscope/capture/flow"
	"ftpscope/capture/tcp/reassembly"
)

// update takes a segment of the connection in slot.
func (t *Table) update(slot int32, dir flow.Direction, s *flow.Segment) {
	c := t.slab.at(slot)
	if s.Flags&(flow.SYN|flow.RST) != 0 {
		var ok bool
		if dir, ok = t.control(slot, dir, s); !ok {
			return
		}
	} else if s.Flags&flow.ACK == 0 && (c.flags&(sawSYN|sawSYNACK) != 0 || (c.half[0].flags|c.half[1].flags)&spoke != 0) {
		return // RFC 9293 section 3.10.7.4: "if the ACK bit is off, drop the segment"
	}
	h, other := &c.half[dir], &c.half[dir^1]
	if h.isBehindFIN(s) && t.far(slot, dir, s) {
		return
	}
	if s.Seq != h.next && s.Flags&(flow.SYN|flow.RST) == 0 {
		if c.isFar(dir, s) && t.far(slot, dir, s) {
			return
		}
		if s.Length == 0 && h.flags&finished == 0 && c.flags&reset == 0 && flow.After(s.Seq, h.next) {
			h.finSeq = s.Seq
		}
	}
	if c.flags&(ended|reset) == ended|reset && c.contradicts(dir, s) {
		t.goOn(slot)
	}
	c.from(s.Pos)
	if c.watch != 0 {
		if w := t.watches.of(c); !w.quiet(c, dir, s) {
			w.note(&sight{c, dir, s, t.gaps.find(way{slot, dir, h})})
		} else if w.drawing {
			w.draw(&sight{c, dir, s, nil})
		}
	}
	c.pass(s.Mark)
	h.packets++
	if h.packets == 1 {
		h.ttl = s.TTL
	}
	if s.Flags&flow.RST == 0 {
		if s.Flags&flow.ACK != 0 {
			if int32(s.Ack-other.next) <= leastWindow || !t.doubts.farACK(slot, c, dir, s) {
				other.acknowledge(s.Ack)
			}
			if other.flags&finished != 0 && flow.After(s.Ack, other.finSeq+1) && !flow.After(s.Ack, other.next) {
				t.unfinish(slot, dir^1)
			}
		}
		h.offer(s)
		if h.flags&started == 0 {
			h.begin(s.Seq, 0)
		}
	}
	if dir == flow.Out && other.flags&started == 0 && s.Flags&(flow.SYN|flow.RST|flow.ACK) == flow.ACK &&
		c.flags&(sawSYN|sawSYNACK) == sawSYN && s.Seq == h.start && h.bytes == 0 {
		other.begin(s.Ack, 0) // the SYN-ACK is missing, but here is what it is answered by
	}
	if s.Length == 1 && h.bytes == 0 && c.keepsAlive(dir, s) {
		h.begin(s.Seq+1, 0)
	} else if s.Length == 1 && h.flags&(finished|isAcked) == finished|isAcked && s.Seq == h.finSeq && h.acked == s.Seq+1 {
		// a keep-alive of a side that sent its FIN already, which was acknowledged
	} else if s.Length > 0 && s.Flags&flow.RST == 0 { // RFC 9293 section 3.5.3: payload of a reset is no data
		t.payload(slot, dir, s)
	}
	if s.Flags&(flow.FIN|flow.RST) == flow.FIN {
		t.fin(slot, dir, s)
	}
	if c.flags&agreed == 0 {
		if t.agree(slot, dir, s); c.flags&agreed != 0 && t.watches.wants(s) {
			t.watches.start(way{slot, dir, h}, &t.slab, s)
		}
	}
	if c.stream != 0 && t.controls.of(c).Held() > 0 {
		t.controls.settle(c, s.Time)
	}
	if c.flags&followed != 0 {
		t.following.settle(slot, c, s.Time)
	}
}

// keepsAlive reports whether the first byte that the capture has of a side is that of a
// keep-alive (RFC 9293 section 3.8.4): one that means nothing, NUL with the systems that
// send any, and lies before what is sent next.
func (c *conn) keepsAlive(dir flow.Direction, s *flow.Segment) bool {
	return len(s.Payload) == 1 && s.Payload[0] == 0 && c.flags&(sawSYN|sawSYNACK) == 0 && c.half[dir].flags&exact == 0
}

// pass notes the connection's last packet.
func (c *conn) pass(at flow.Mark) {
	late := c.last.Time - at.Time
	if c.last = at; late > 0 {
		c.belated(late)
	}
}

// belated has the connection's times be those of its first and last packet by the clock,
// where the last one in the capture was late: by so much.
func (c *conn) belated(late flow.Time) {
	at := c.last.Time
	if late <= flow.Disorder {
		c.last.Time += late
	}
	if overtaken(at, c.cold.start.Time) {
		c.cold.start.Time = at
	}
}

// overtaken reports whether a packet of one time was sent before one of another time that
// came into the capture before it.
func overtaken(t, by flow.Time) bool { return t < by && by-t <= flow.Disorder }

// acknowledge notes how far the other side has received.
func (h *half) acknowledge(ack uint32) {
	if h.flags&isAcked == 0 || flow.After(ack, h.acked) {
		h.acked = ack
		h.flags |= isAcked
	}
}

// offer notes the receive window (RFC 7323: not scaled in a SYN).
func (h *half) offer(s *flow.Segment) {
	h.window = uint32(s.Window)
	if s.Flags&flow.SYN == 0 {
		h.window <<= h.scale
	}
}

// control takes the handshake and resets, and returns the segment's direction, which a
// SYN may correct; false: the segment is not meant for this connection.
func (t *Table) control(slot int32, dir flow.Direction, s *flow.Segment) (flow.Direction, bool) {
	c := t.slab.at(slot)
	if s.Flags&flow.RST != 0 {
		ok, exactly := c.acceptsRST(dir, s)
		switch {
		case !ok && c.answersACK(dir, s):
			c.flags &^= refused
		case ok && !exactly && c.flags&ended == 0:
			t.doubts.of(slot, c).reset(dir, s)
			return dir, false
		case ok:
			c.reset(dir, s)
			t.end(slot)
		}
		return dir, ok
	}
	isSYNACK := s.Flags&flow.ACK != 0
	if c.isOther(dir, s) || isSYNACK && !c.mayAnswer(dir, s) {
		t.doubts.of(slot, c).challenge(dir, s)
		return dir, false
	}
	if c.flags&opener == 0 { // packets overtook the handshake
		if (dir == flow.In) != isSYNACK {
			t.swapEnds(slot, c)
			if c.watch != 0 {
				x := &t.watches.of(c).side
				x[0], x[1] = x[1], x[0]
			}
			dir ^= 1
		}
		c.flags |= opener
	}
	h, d := &c.half[dir], &c.cold
	switch {
	case isSYNACK:
		if h.flags&closed != 0 && c.flags&refused != 0 {
			t.revive(slot)
		}
		if c.flags&sawSYN == 0 {
			d.synSeq = s.Ack - 1
		}
		if c.flags&sawSYNACK == 0 || overtaken(s.Time, d.synack.Time) {
			c.flags |= sawSYNACK
			d.synack = s.Mark
		}
	case dir == flow.Out && c.flags&sawSYN != 0 && (s.Net != c.net[flow.Out] || isCopy(s, h.id, d.syn.Time, d.lastSYN.Time) || c.isAnswered(s.Time)):
	case dir == flow.Out:
		if c.flags&sawSYN == 0 {
			c.flags |= sawSYN
			d.syn, d.synSeq = s.Mark, s.Seq
			c.half[flow.In].id = uint8(s.ID)
		}
		h.id = uint8(s.ID)
		d.noteSYN(s.Mark)
	}
	if s.Scale != flow.NoScale {
		h.scale = min(s.Scale, maxScale)
	}
	t.exactStart(way{slot, dir, h}, c, s.Seq+1)
	return dir, true
}

// mayAnswer reports whether a SYN-ACK acknowledges what the other side began with, where
// the capture has that.
func (c *conn) mayAnswer(dir flow.Direction, s *flow.Segment) bool {
	other := &c.half[dir^1]
	return other.flags&exact == 0 || c.half[dir].flags&started != 0 || s.Ack-other.start <= other.next-other.start
}

// isAnswered reports whether the opener had the answer to its SYN already, so that it
// sends none any more: it went on, and since then there is no SYN but a copy.
func (c *conn) isAnswered(at flow.Time) bool {
	return c.flags&sawSYNACK != 0 && c.half[flow.Out].flags&spoke != 0 && (at > c.cold.synack.Time || c.last.Time-at > flow.Disorder)
}

// noteSYN notes a SYN, the first or a further one.
func (d *cold) noteSYN(at flow.Mark) {
	if d.syns > 0 {
		r := d.rarely()
		r.more = notedSYN(r.more, d.syn.Pos, int(d.syns), at.Pos)
	}
	if d.syns++; d.syns == 1 || !overtaken(at.Time, d.lastSYN.Time) {
		d.lastSYN = at
	}
	if overtaken(at.Time, d.syn.Time) {
		d.syn = at
	}
}

// maxScale is RFC 7323's largest window scale (section 2.3: a larger one counts as this).
const maxScale = 14

// fin notes the end of a direction; after both the connection only waits for stragglers.
func (t *Table) fin(slot int32, dir flow.Direction, s *flow.Segment) {
	c := t.slab.at(slot)
	h := &c.half[dir]
	end := s.End() - 1
	if h.flags&finished != 0 {
		if h.flags&isAcked != 0 && flow.Before(end, h.finSeq) && !flow.Before(end, h.acked) && !flow.After(h.acked, h.finSeq) {
			h.finSeq = end // nobody took the other one
		}
		return
	}
	if flow.Before(end, h.next) && h.flags&isAcked != 0 && flow.After(h.acked, end+1) {
		return // what lies after it was received: it is an old one, or forged
	}
	if end+1 == h.next {
		t.gaps.uncount(way{slot, dir, h})
	}
	if ahead := int32(end - h.next); ahead > 0 && ahead <= maxBridge && h.flags&pieces == 0 {
		t.gaps.add(way{slot, dir, h}, h.next, end)
		h.bytes += uint64(ahead)
		h.next = end
	}
	h.flags |= finished
	h.finSeq = end
	t.eachStream(slot, c, func(st *reassembly.Stream) { st.Ends(dir, end) })
	c.cold.fin[dir], c.finTTL[dir] = s.Mark, s.TTL
	if c.half[dir^1].flags&finished != 0 {
		t.end(slot)
	}
}

// reset notes a reset.
func (c *conn) reset(dir flow.Direction, s *flow.Segment) {
	out := &c.half[flow.Out]
	overtook := s.Seq != 0 && out.flags&started != 0 && flow.After(s.Ack, out.next)
	if dir == flow.In && c.flags&(agreed|sawSYNACK) == 0 && !overtook && (c.flags&sawSYN != 0 || out.packets == 0) {
		c.flags |= refused
		if s.Seq == 0 {
			c.half[dir].flags |= closed
		}
	} else if h := &c.half[dir]; s.Flags&flow.ACK == 0 && c.flags&agreed != 0 && h.flags&isAcked != 0 && s.Seq == h.acked {
		h.flags |= closed
	}
	if !c.cold.rst[dir].Seen() {
		c.cold.rst[dir], c.rstTTL[dir] = s.Mark, s.TTL
		h, other := &c.half[dir], &c.half[dir^1]
		if h.flags&finished == 0 {
			h.finSeq = s.Seq
		}
		if other.flags&finished == 0 {
			other.finSeq = other.next
		}
	}
	c.flags |= reset
}

// overtaking is how far ahead of what was seen a reset may be: what an unscaled window
// can have on its way.
const overtaking = 1 << 16

// acceptsRST reports whether a reset's numbers say that it is meant for this connection
// (RFC 9293 section 3.5.3), and whether it has exactly the number of a byte that the
// other side can have expected: if not, a host asks before it believes it (RFC 5961
// section 3).
func (c *conn) acceptsRST(dir flow.Direction, s *flow.Segment) (ok, exactly bool) {
	h, other := &c.half[dir], &c.half[dir^1]
	low, high := h.next, h.next
	switch {
	case h.flags&(started|isAcked) == 0: // the answer to a SYN acknowledges it, and maybe data in it
		sent := other.next - other.start
		if s.Seq != 0 { // it is of an open connection, and may answer what it overtook
			sent += overtaking
		}
		answers := s.Flags&flow.ACK != 0 && s.Ack-other.start <= sent
		return other.flags&started == 0 || answers || s.Flags&flow.ACK == 0 && c.flags&sawSYN == 0, true
	case h.flags&started == 0:
		low, high = h.acked, h.acked
	case h.flags&isAcked != 0 && flow.Before(h.acked, low):
		low = h.acked
	}
	// A reset that answers a segment carries that segment's acknowledgement; one of its
	// own the next byte, which lies ahead of what was seen when the capture lost packets.
	ok = !flow.Before(s.Seq, low-1) && !flow.After(s.Seq, high+max(other.window, overtaking))
	return ok, ok && !flow.After(s.Seq, h.limit(high))
}

// answersACK reports whether a reset tells that a connection which was refused was open
// before: without ACK it answers a segment that had one, with a number of the other side,
// so that the capture lacks the handshake (RFC 9293 section 3.5.2).
func (c *conn) answersACK(dir flow.Direction, s *flow.Segment) bool {
	return dir == flow.In && c.flags&(refused|sawSYNACK|agreed) == refused && s.Flags&flow.ACK == 0 && s.Seq != 0
}

// end puts the connection into the queue of those that wait for stragglers.
func (t *Table) end(slot int32) {
	c := t.slab.at(slot)
	if c.flags&ended != 0 {
		return
	}
	t.unlist(slot)
	c.flags |= ended | lingering
	t.linger.push(&t.slab, slot)
	t.trimLingering()
}

// trimLingering lets ended connections go if they are many: the first that lack nothing;
// one that does goes to the end of the queue. Usually the first look finds one; a few are
// enough for them not to add up.
func (t *Table) trimLingering() {
	for range 4 {
		first := t.linger.first
		switch {
		case t.linger.n <= maxLinger:
			return
		case t.linger.n > maxLacking || t.isWhole(first, t.slab.at(first)) && !waits(t, first, t.slab.at(first).last.Time):
			t.close(first)
		default:
			t.linger.remove(&t.slab, first)
			t.linger.push(&t.slab, first)
		}
	}
}

// icmp takes an error about a segment: it counts where it answers a SYN, also one that it
// overtook.
func (t *Table) icmp(slot int32, dir flow.Direction, s *flow.Segment, tag uint32) {
	if slot == 0 {
		slot, dir = t.open(s, tag)
	}
	c := t.slab.at(slot)
	if dir != flow.Out || c.flags&(agreed|sawSYNACK) != 0 || c.flags&sawSYN != 0 && s.Seq != c.cold.synSeq {
		return
	}
	if r := c.cold.rarely(); r.icmp == nil {
		e := *s.ICMP
		e.Mark, e.TTL = s.Mark, s.TTL
		r.icmp = &e
	}
	c.flags |= unreached
}
