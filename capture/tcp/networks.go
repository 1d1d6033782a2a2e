package tcp

import "ftpscope/capture/flow"

// Networks tell connections of the same addresses and ports apart. But one connection may
// be seen in several: a SPAN port shows a packet in each VLAN that it passed, and some
// networks tag the two directions differently. Then the sequence numbers prove it, which
// each side begins at random (RFC 9293 section 3.4.1): two connections of different
// networks that have the same are less likely than one that was seen twice.
const (
	// proofTime is how long after the connection's last packet another network's may
	// prove that it belongs to it.
	proofTime = 10 * flow.Second
	// proofSpan is how far the numbers of a segment may lie from those of the connection:
	// what is on its way. Both of them are within it by chance once in 4 million times.
	proofSpan = 1 << 20
	// maxSame bounds the connections of the same ends in different networks, and so how
	// long a search lasts; the oldest goes.
	maxSame = 64
)

// copies are further networks that packets of a connection were seen in.
type copies struct {
	list [len(flow.Nets{}) - 2]flow.Net
	n    int
}

func (c *copies) has(net flow.Net) bool {
	if c == nil {
		return false
	}
	for _, x := range c.list[:c.n] {
		if x == net {
			return true
		}
	}
	return false
}

// findElsewhere finds the connection of s among those in other networks: of those that it
// proves to belong to, the oldest. When it belongs to none and they are many, the oldest
// makes room.
func (t *Table) findElsewhere(s *flow.Segment, tag uint32) (slot int32, dir flow.Direction) {
	var oldest int32
	n, proven := 0, false
	entries, mask := t.index.entries, len(t.index.entries)-1
	for i := int(tag) & mask; entries[i].slot != 0; i = (i + 1) & mask {
		e := entries[i]
		if e.tag != tag {
			continue
		}
		way, same, proves := t.candidate(e.slot, s)
		if !same {
			continue
		}
		if n++; oldest == 0 || t.began(e.slot) < t.began(oldest) {
			oldest = e.slot
		}
		if proves && (!proven || t.began(e.slot) < t.began(slot)) {
			slot, dir, proven = e.slot, way, true
		}
	}
	if !proven {
		if n >= maxSame {
			t.evicted++
			if oldest < 0 {
				t.loneSYN(-oldest - 1)
			} else {
				t.close(oldest)
			}
		}
		return 0, 0
	}
	if slot < 0 {
		slot = t.promote(-slot - 1)
	}
	if s.ICMP == nil {
		t.addNet(slot, dir, s.Net)
	}
	return slot, dir
}

func isNear(last flow.Mark, s *flow.Segment) bool {
	d := s.Time - last.Time
	return max(d, -d) <= proofTime
}

// addNet notes another network of a connection.
func (t *Table) addNet(slot int32, dir flow.Direction, net flow.Net) {
	c := t.slab.at(slot)
	if c.half[dir].packets == 0 {
		c.net[dir] = net
	} else {
		k := t.copies[slot]
		if k == nil {
			k = &copies{}
			t.copies[slot] = k
		}
		k.list[k.n] = net
		k.n++
	}
	if c.stream != 0 {
		t.controls.of(c).reader.SeenIn(t.nets(slot))
	}
}

// from notes the file of a packet that comes after the last one.
func (c *conn) from(pos flow.Pos) {
	if pos.File() != c.last.Pos.File() {
		c.flags |= manyFiles
	}
}

// proves reports whether s, of another network, belongs to the connection of a lone SYN:
// it is the SYN again, or its answer.
func (e *lone) proves(dir flow.Direction, s *flow.Segment) bool {
	switch {
	case s.ICMP != nil:
		return dir == flow.Out && s.Seq == e.seq
	case dir == flow.In:
		return s.Flags&flow.ACK != 0 && s.Ack == e.seq+1
	case s.Flags&flow.SYN != 0:
		return s.Seq == e.seq
	}
	return s.Seq == e.seq+1
}

// proves reports whether the numbers of s, of another network, are those of the
// connection.
func (c *conn) proves(dir flow.Direction, s *flow.Segment) bool {
	h, other := &c.half[dir], &c.half[dir^1]
	ack := s.Flags&flow.ACK != 0
	switch {
	case s.ICMP != nil:
		return dir == flow.Out && c.flags&sawSYN != 0 && s.Seq == c.cold.synSeq
	case s.Flags&flow.RST != 0 && s.Seq == 0: // it refuses a SYN (RFC 9293 section 3.5.2)
		return ack && other.flags&exact != 0 && s.Ack-other.start <= other.next-other.start
	case s.Flags&flow.RST != 0:
		return h.flags&started != 0 && s.Seq == h.next || h.flags&isAcked != 0 && s.Seq == h.acked
	case s.Flags&flow.SYN != 0 && h.flags&started != 0:
		return s.Seq+1 == h.start && (!ack || other.isNear(s.Ack))
	case s.Flags&flow.SYN != 0 && ack:
		return other.flags&exact != 0 && s.Ack-other.start <= min(other.next-other.start, proofSpan)
	case s.Flags&flow.SYN != 0:
		return h.flags&isAcked != 0 && s.Seq+1 == h.acked
	case h.flags&(started|isAcked) == 0:
		return ack && other.flags&started != 0 && s.Ack == other.next
	}
	return ack && h.isNear(s.Seq) && other.isNear(s.Ack)
}

// isNear reports whether a sequence number is one that the side sends, or has
// acknowledged, about now.
func (h *half) isNear(seq uint32) bool {
	at := h.next
	switch {
	case h.flags&started != 0:
	case h.flags&isAcked != 0:
		at = h.acked
	default:
		return false
	}
	d := int32(seq - at)
	return d <= proofSpan && d >= -proofSpan
}
