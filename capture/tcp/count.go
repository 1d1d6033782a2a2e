package tcp

import (
	"ftpscope/capture/flow"
)

// payload counts the payload of s and, in a control connection, passes it on.
func (t *Table) payload(slot int32, dir flow.Direction, s *flow.Segment) {
	c := t.slab.at(slot)
	h := &c.half[dir]
	seq := s.PayloadSeq()
	if h.flags&carried == 0 || !flow.After(seq, h.start) && (t.gaps.begins(way{slot, dir, h}, seq) || s.Time < c.last.Time && overtaken(s.Time, c.cold.firstData[dir].Time)) {
		h.flags |= carried
		c.cold.firstData[dir] = s.Mark
	}
	if (seq == h.start || h.flags&exact == 0) && c.watch != 0 && len(s.Payload) > 0 {
		t.watches.of(c).side[dir].began.begins(seq, s.Payload[0])
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
