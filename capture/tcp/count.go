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
	if !h.countNext(seq, s) {
		t.gaps.count(way{slot, dir, h}, seq, s)
	}
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

// countNext counts a segment that begins at the next byte; false: it does not.
func (h *half) countNext(seq uint32, s *flow.Segment) bool {
	if h.flags&started == 0 {
		h.begin(seq, 0)
	}
	if h.bytes == 0 && h.flags&exact == 0 && seq == h.next+1 { // a keep-alive (RFC 9293 section 3.8.4) was all that was seen
		h.begin(seq, 0)
	}
	if seq != h.next || h.flags&pieces != 0 {
		return false
	}
	h.next += s.Length
	h.bytes += uint64(s.Length)
	h.held += uint64(len(s.Payload))
	return true
}

// gaps are what the capture lacks of the directions of connections, as far as it has their
// rest: few connections have any.
type gaps struct {
	of     map[int32]*[2]reassembly.Gaps // by slot
	budget flow.Budget
}

// way is a direction of the connection in a slot.
type way struct {
	slot int32
	dir  flow.Direction
	*half
}

// find returns a connection's gaps, nil: it has none.
func (k *gaps) find(w way) *reassembly.Gaps {
	if g := k.of[w.slot]; g != nil {
		return &g[w.dir]
	}
	return nil
}

// make returns a connection's gaps, which may have been none so far.
func (k *gaps) make(w way) *reassembly.Gaps {
	if k.of[w.slot] == nil {
		k.of[w.slot] = reassembly.NewGaps(&k.budget)
	}
	return &k.of[w.slot][w.dir]
}

// swap exchanges the directions of a connection.
func (k *gaps) swap(slot int32) {
	if g := k.of[slot]; g != nil {
		g[0], g[1] = g[1], g[0]
	}
}

// has reports whether a connection has any.
func (k *gaps) has(slot int32) bool {
	g := k.of[slot]
	return g != nil && len(g[0].All())+len(g[1].All()) > 0
}

// release forgets those of a connection.
func (k *gaps) release(slot int32) {
	if g := k.of[slot]; g != nil {
		g[0].Release()
		g[1].Release()
		delete(k.of, slot)
	}
}

// add notes that the bytes from … to were not seen yet.
func (k *gaps) add(w way, from, to uint32) {
	g := k.make(w)
	g.Prune(w.bytes, w.next)
	g.Add(reassembly.Gap{From: from, To: to})
}

// count counts a segment that does not begin at the next byte.
func (k *gaps) count(w way, seq uint32, s *flow.Segment) {
	n, have := s.Length, uint32(len(s.Payload))
	ahead := int32(seq - w.next)
	switch {
	case w.flags&pieces != 0:
		k.countPiece(w, reassembly.Gap{From: seq, To: seq + have}, seq+n)
	case ahead > maxBridge || ahead < -maxBridge:
		k.breakUp(w)
		k.countPiece(w, reassembly.Gap{From: seq, To: seq + have}, seq+n)
	case ahead > 0:
		k.add(w, w.next, seq)
		w.bytes += uint64(ahead) + uint64(n)
		w.held += uint64(have)
		w.next = seq + n
	default:
		k.countAgain(w, seq, s)
	}
}

// countAgain counts a segment that begins before the highest byte seen: a retransmission
// (nothing new), a late packet that fills a gap, an overlap with something new at its
// end, or what preceded the first packet of a late capture.
func (k *gaps) countAgain(w way, seq uint32, s *flow.Segment) {
	end, have := seq+s.Length, seq+uint32(len(s.Payload))
	if flow.Before(seq, w.start) && w.flags&exact == 0 && w.start-seq <= maxBefore && w.bytes < 1<<31 {
		k.add(w, seq, w.start)
		w.bytes += uint64(w.start - seq)
		w.start = seq
	}
	if g := k.find(w); g != nil {
		g.Prune(w.bytes, w.next)
		w.held += uint64(g.Fill(seq, have))
	}
	if flow.After(end, w.next) {
		fresh := end - w.next
		if flow.After(have, w.next) {
			w.held += uint64(have - w.next)
		}
		w.bytes += uint64(fresh)
		w.next = end
	}
}

// A direction whose capture has a gap of more than maxBridge is in pieces. What lies
// between them is reported as missing; as the direction's bytes only those count that the
// capture holds at distinct sequence numbers after the first one (RFC 9293 section 3.4),
// or right after the highest: of others nothing tells whether they are new, or old ones a
// wrap later.

// breakUp turns the gaps of a direction into what is held of it.
func (k *gaps) breakUp(w way) {
	const far = 1 << 30
	g := k.make(w)
	if w.bytes > far { // what was before is counted; sequence numbers do not reach so far back
		w.start = w.next - far
	}
	g.Prune(w.bytes, w.next)
	g.Invert(w.start, w.next)
	w.flags |= pieces
}

// countPiece counts what is held of a segment that ends at end.
func (k *gaps) countPiece(w way, have reassembly.Gap, end uint32) {
	follows := have.From == w.next
	if ahead := end - w.next; ahead < 1<<31 {
		w.bytes += uint64(ahead)
		w.next = end
	}
	fresh := uint32(0)
	if !flow.Before(have.From, w.start) {
		fresh = k.make(w).Merge(have)
	}
	if follows {
		fresh = have.To - have.From
	}
	w.held += uint64(fresh)
}

// uncount takes back the last number of a direction, that of a FIN, if no payload had it:
// the ACK after the FIN was the first that was seen of this side.
func (k *gaps) uncount(w way) {
	if w.bytes == 0 && w.flags&exact == 0 {
		w.begin(w.next-1, 0)
	} else if g := k.find(w); g != nil && w.flags&pieces == 0 && g.Fill(w.next-1, w.next) > 0 {
		w.next--
		w.bytes--
	}
}
