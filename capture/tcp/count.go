package tcp

import (
	"ftpscope/capture/flow"
	"ftpscope/capture/tcp/reassembly"
)

// payload counts the payload of s and, in a control connection, passes it on.
func (t *Table) payload(slot int32, dir flow.Direction, s *flow.Segment) {
	c := t.slab.at(slot)
	h := &c.half[dir]
	seq := s.PayloadSeq()
	if h.flags&carried == 0 || s.Time < c.last.Time && overtaken(s.Time, c.cold.firstData[dir].Time) {
		h.flags |= carried
		c.cold.firstData[dir] = s.Mark
	}
	t.count(slot, dir, seq, s)
	if c.flags&passedOver == 0 && t.following.by != nil {
		t.follow(slot, dir, s)
	}
	if c.stream == 0 {
		if c.flags&counted != 0 || !t.classify(slot, dir, seq, s) {
			return
		}
	}
	t.controls.read(c, dir, s)
}

// count follows the sequence numbers.
func (t *Table) count(slot int32, dir flow.Direction, seq uint32, s *flow.Segment) {
	h := &t.slab.at(slot).half[dir]
	n := s.Length
	have := uint32(len(s.Payload))
	if h.flags&started == 0 {
		h.begin(seq, 0)
	}
	if h.bytes == 0 && h.flags&exact == 0 && seq == h.next+1 { // a keep-alive (RFC 9293 section 3.8.4) was all that was seen
		h.begin(seq, 0)
	}
	ahead := int32(seq - h.next)
	switch {
	case h.flags&pieces != 0:
		t.countPiece(slot, dir, reassembly.Gap{From: seq, To: seq + have}, seq+n)
	case ahead == 0:
		h.next += n
		h.bytes += uint64(n)
		h.held += uint64(have)
	case ahead > maxBridge || ahead < -maxBridge:
		t.breakUp(slot, dir)
		t.countPiece(slot, dir, reassembly.Gap{From: seq, To: seq + have}, seq+n)
	case ahead > 0:
		t.gap(slot, dir, h.next, seq)
		h.bytes += uint64(ahead) + uint64(n)
		h.held += uint64(have)
		h.next = seq + n
	default:
		t.countAgain(slot, dir, seq, s)
	}
}

// countAgain counts a segment that begins before the highest byte seen: a retransmission
// (nothing new), a late packet that fills a gap, an overlap with something new at its
// end, or what preceded the first packet of a late capture.
func (t *Table) countAgain(slot int32, dir flow.Direction, seq uint32, s *flow.Segment) {
	h := &t.slab.at(slot).half[dir]
	end, have := seq+s.Length, seq+uint32(len(s.Payload))
	if flow.Before(seq, h.start) && h.flags&exact == 0 && h.start-seq <= maxBefore && h.bytes < 1<<31 {
		t.gap(slot, dir, seq, h.start)
		h.bytes += uint64(h.start - seq)
		h.start = seq
	}
	if g := t.gaps[slot]; g != nil {
		g[dir].Prune(h.bytes, h.next)
		h.held += uint64(g[dir].Fill(seq, have))
	}
	if flow.After(end, h.next) {
		fresh := end - h.next
		if flow.After(have, h.next) {
			h.held += uint64(have - h.next)
		}
		h.bytes += uint64(fresh)
		h.next = end
	}
}

// classify asks what the connection is by the first bytes of a side. A first segment that
// another one overtook says nothing by itself: then the bytes are put in order before
// anybody judges them.
func (t *Table) classify(slot int32, dir flow.Direction, seq uint32, s *flow.Segment) bool {
	const maxTries = 4 // payload segments of a connection whose start is not in the capture
	c := t.slab.at(slot)
	h := &c.half[dir]
	overtook := h.flags&exact != 0 && seq != h.start || h.flags&exact == 0 && c.flags&(sawSYN|sawSYNACK) != 0
	if !overtook && t.sink.Classify(t.snapshot(slot), dir, s.Payload) == Counted {
		if c.tries++; h.flags&exact != 0 || c.tries >= maxTries {
			c.flags |= counted
		}
		return false
	}
	t.attach(slot)
	return true
}

// gap notes that the bytes from … to were not seen yet.
func (t *Table) gap(slot int32, dir flow.Direction, from, to uint32) {
	h, g := &t.slab.at(slot).half[dir], &t.gapsOf(slot)[dir]
	g.Prune(h.bytes, h.next)
	g.Add(reassembly.Gap{From: from, To: to})
}

func (t *Table) gapsOf(slot int32) *[2]reassembly.Gaps {
	g := t.gaps[slot]
	if g == nil {
		g = reassembly.NewGaps(&t.gapBudget)
		t.gaps[slot] = g
	}
	return g
}

// A direction whose capture has a gap of more than maxBridge is in pieces. What lies
// between them is reported as missing; as the direction's bytes only those count that the
// capture holds at distinct sequence numbers after the first one (RFC 9293 section 3.4),
// or right after the highest: of others nothing tells whether they are new, or old ones a
// wrap later.

// breakUp turns the gaps of a direction into what is held of it.
func (t *Table) breakUp(slot int32, dir flow.Direction) {
	const far = 1 << 30
	h, g := &t.slab.at(slot).half[dir], &t.gapsOf(slot)[dir]
	if h.bytes > far { // what was before is counted; sequence numbers do not reach so far back
		h.start = h.next - far
	}
	g.Prune(h.bytes, h.next)
	g.Invert(h.start, h.next)
	h.flags |= pieces
}

// countPiece counts what is held of a segment that ends at end.
func (t *Table) countPiece(slot int32, dir flow.Direction, have reassembly.Gap, end uint32) {
	h := &t.slab.at(slot).half[dir]
	follows := have.From == h.next
	if ahead := end - h.next; ahead < 1<<31 {
		h.bytes += uint64(ahead)
		h.next = end
	}
	fresh := uint32(0)
	if !flow.Before(have.From, h.start) {
		fresh = t.gapsOf(slot)[dir].Merge(have)
	}
	if follows {
		fresh = have.To - have.From
	}
	h.held += uint64(fresh)
}
