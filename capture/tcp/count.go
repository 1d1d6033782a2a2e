package tcp

import "ftpscope/capture/flow"

// payload counts the payload of s and, in a control connection, passes it on.
func (t *Table) payload(slot int32, dir flow.Direction, s *flow.Segment) {
	c := t.slab.at(slot)
	h := &c.half[dir]
	seq := s.Seq
	if s.Flags&flow.SYN != 0 { // RFC 7413: data in a SYN
		seq++
	}
	if h.is&carried == 0 || s.Time < c.last.Time && overtaken(s.Time, c.cold.firstData[dir].Time) {
		h.is |= carried
		c.cold.firstData[dir] = s.Mark
	}
	t.count(slot, dir, seq, s)
	if c.what&passedOver == 0 && t.follower != nil {
		t.follow(slot, dir, seq, s)
	}
	if c.stream == 0 {
		if c.what&counted != 0 || !t.classify(slot, dir, seq, s) {
			return
		}
	}
	t.streams[c.stream-1].take(c, dir, seq, s)
	t.refused(c)
}

// count follows the sequence numbers.
func (t *Table) count(slot int32, dir flow.Direction, seq uint32, s *flow.Segment) {
	h := &t.slab.at(slot).half[dir]
	n := s.Length
	have := uint32(len(s.Payload))
	if h.is&started == 0 {
		h.begin(seq, 0)
	}
	if h.bytes == 0 && h.is&exact == 0 && seq == h.next+1 { // a keep-alive (RFC 9293 section 3.8.4) was all that was seen
		h.begin(seq, 0)
	}
	ahead := int32(seq - h.next)
	switch {
	case h.is&pieces != 0:
		t.countPiece(slot, dir, gap{seq, seq + have}, seq+n)
	case ahead == 0:
		h.next += n
		h.bytes += uint64(n)
		h.held += uint64(have)
	case ahead > maxBridge || ahead < -maxBridge:
		t.breakUp(slot, dir)
		t.countPiece(slot, dir, gap{seq, seq + have}, seq+n)
	case ahead > 0:
		t.hole(slot, dir, h.next, seq)
		h.bytes += uint64(ahead) + uint64(n)
		h.held += uint64(have)
		h.next = seq + n
	default:
		t.countAgain(slot, dir, seq, s)
	}
}

// countAgain counts a segment that begins before the highest byte seen: a retransmission (nothing new), a late packet
// that fills a gap, an overlap with something new at its end, or what preceded the first packet of a late capture.
func (t *Table) countAgain(slot int32, dir flow.Direction, seq uint32, s *flow.Segment) {
	h := &t.slab.at(slot).half[dir]
	end, have := seq+s.Length, seq+uint32(len(s.Payload))
	if before(seq, h.start) && h.is&exact == 0 && h.start-seq <= maxBefore && h.bytes < 1<<31 {
		t.hole(slot, dir, seq, h.start)
		h.bytes += uint64(h.start - seq)
		h.start = seq
	}
	if g := t.holes[slot]; g != nil {
		g[dir].prune(h)
		h.held += uint64(g[dir].fill(seq, have))
	}
	if after(end, h.next) {
		fresh := end - h.next
		if after(have, h.next) {
			h.held += uint64(have - h.next)
		}
		h.bytes += uint64(fresh)
		h.next = end
	}
}

// classify asks what the connection is by the first bytes of a side. A first segment that another one overtook says
// nothing by itself: then the bytes are put in order before anybody judges them.
func (t *Table) classify(slot int32, dir flow.Direction, seq uint32, s *flow.Segment) bool {
	const maxTries = 4 // payload segments of a connection whose start is not in the capture
	c := t.slab.at(slot)
	h := &c.half[dir]
	overtook := h.is&exact != 0 && seq != h.start || h.is&exact == 0 && c.what&(sawSYN|sawSYNACK) != 0
	if !overtook && t.sink.Classify(t.snapshot(slot), dir, s.Payload) == Counted {
		if c.tries++; h.is&exact != 0 || c.tries >= maxTries {
			c.what |= counted
		}
		return false
	}
	t.attach(slot)
	return true
}

// holes are the gaps in one direction, by sequence number, in order, not touching.
type holes struct {
	gaps   []gap
	at     uint64 // the direction's bytes when the gaps were last looked at
	places *int   // Table.gaps
}

type gap struct{ from, to uint32 }

// hole notes that the bytes from … to were not seen yet.
func (t *Table) hole(slot int32, dir flow.Direction, from, to uint32) {
	g := &t.gapsOf(slot)[dir]
	g.prune(&t.slab.at(slot).half[dir])
	g.add(gap{from, to})
}

// prune forgets gaps that lie so far back that sequence numbers no longer tell them from what is to come.
func (h *holes) prune(of *half) {
	const far = 1 << 30
	if of.bytes > h.at+far {
		h.gaps = h.gaps[:0]
	}
	h.at = of.bytes
	for len(h.gaps) > 0 && of.next-h.gaps[0].from > far {
		h.gaps = append(h.gaps[:0], h.gaps[1:]...)
	}
}

func (t *Table) gapsOf(slot int32) *[2]holes {
	g := t.holes[slot]
	if g == nil {
		g = &[2]holes{{places: &t.gaps}, {places: &t.gaps}}
		t.holes[slot] = g
		t.slab.at(slot).what |= holed
	}
	return g
}

// append adds a gap at the end; when there are too many, the oldest goes.
func (h *holes) append(g gap) {
	switch n := len(h.gaps); {
	case n >= maxHoles || n == cap(h.gaps) && n > 0 && *h.places >= maxGaps:
		h.gaps = append(h.gaps[:0], h.gaps[1:]...) // what may still fill it will count as a retransmission
	case n == cap(h.gaps):
		more := max(n, 1)
		h.gaps = append(make([]gap, 0, n+more), h.gaps...)
		*h.places += more
	}
	h.gaps = append(h.gaps, g)
}

func (h *holes) add(g gap) {
	h.append(g)
	i := len(h.gaps) - 1
	for i > 0 && before(g.from, h.gaps[i-1].from) {
		i--
	}
	copy(h.gaps[i+1:], h.gaps[i:])
	h.gaps[i] = g
}

// fill takes from … to out of the gaps and returns how many bytes of them it filled.
func (h *holes) fill(from, to uint32) (n uint32) {
	for i := 0; i < len(h.gaps); i++ {
		g := h.gaps[i]
		lo, hi := g.from, g.to
		if after(from, lo) {
			lo = from
		}
		if before(to, hi) {
			hi = to
		}
		if !before(lo, hi) {
			continue
		}
		n += hi - lo
		switch left, right := lo != g.from, hi != g.to; {
		case left && right:
			h.gaps[i].to = lo
			h.add(gap{hi, g.to})
			return n
		case left:
			h.gaps[i].to = lo
		case right:
			h.gaps[i].from = hi
		default:
			h.gaps = append(h.gaps[:i], h.gaps[i+1:]...)
			i--
		}
	}
	return n
}
