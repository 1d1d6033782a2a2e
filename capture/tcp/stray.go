package tcp

import (
	"bytes"

	"ftpscope/capture/flow"
	"ftpscope/capture/tcp/reassembly"
)

// A host drops a segment whose numbers are not those of its connection, and answers it
// with an ACK at most (RFC 9293 section 3.10.7.4, RFC 5961): a SYN with another number, a
// RST that is not exactly the next byte, what lies beyond the window. The table does the
// same. But a capture may lack what makes such a segment right, so the table keeps it in
// doubt until the connection tells:
//
//   - a SYN or SYN-ACK opens another connection when the other side answers its number;
//   - what lies far ahead, or behind a FIN, counts when the other side acknowledges it;
//   - an acknowledgement of what lies far ahead counts when it is said again, or when what
//     lies there comes, or when its sender says nothing after it;
//   - a RST ahead of what was seen counts when its sender is silent afterwards.

const (
	// maxDoubts bounds the connections that have something in doubt; of further ones it
	// is dropped.
	maxDoubts = 1 << 14 / Shards
	// maxFar and maxFarBytes bound the segments in doubt of a direction.
	maxFar      = 64
	maxFarBytes = 64 << 10
	// enoughFar is how many segments far ahead, one after the other, show that the sender is
	// there, where nobody acknowledges anything.
	enoughFar = 4
	// leastWindow is the window of hosts that do not scale theirs; no sender is held to
	// less, for the capture may lack the segment that offered more.
	leastWindow = 1 << 16
	// firstWait is how long a host waits before it repeats its first SYN (RFC 6298
	// section 2).
	firstWait = flow.Second
)

// doubt is what is in doubt of a connection.
type doubt struct {
	syn, rst       flow.Segment // without Mark: none
	synDir, rstDir flow.Direction
	syns           flow.Repeated // all of syn
	protested      bool          // the other side than that of syn went on
	heard          bool          // more of the sender of rst
	far            [2][]flow.Segment
	farBytes       [2]int
	acked          [2]farACK // of what a direction sent
}

// farACK acknowledges what lies far ahead of all that was seen.
type farACK struct {
	number uint32
	at     flow.Time
	said   bool
}

// doubts are what is in doubt of connections, by slot.
type doubts map[int32]*doubt

// of is the doubt of a connection; nil: there is no room for more.
func (x doubts) of(slot int32, c *conn) *doubt {
	d := x[slot]
	if d == nil && len(x) < maxDoubts {
		d = &doubt{}
		x[slot] = d
		c.flags |= doubted
	}
	return d
}

// isOther reports whether a SYN or SYN-ACK does not have the number that its side's had
// in this connection, and is not the one that payload overtook either.
func (c *conn) isOther(dir flow.Direction, s *flow.Segment) bool {
	h := &c.half[dir]
	if h.flags&started == 0 {
		// The first that is heard of this side must fit what the other one acknowledged.
		return c.flags&agreed != 0 && h.flags&isAcked != 0 && h.acked-(s.Seq+1) > maxBefore
	}
	if s.Seq+1 == h.start {
		return false
	}
	if other := &c.half[dir^1]; s.Flags&flow.ACK != 0 && other.flags&(started|exact) == started && flow.After(s.Ack, other.start) {
		return true // it acknowledges more than a SYN, so it is no answer to one
	}
	return h.flags&exact != 0 || h.start-(s.Seq+1) > maxBefore || s.Time-c.handshakeBy() > flow.Disorder
}

// isOver reports whether a connection has ended, or never began, so that its ends may
// open another one.
func (x doubts) isOver(slot int32, c *conn, s *flow.Segment) bool {
	if c.flags&ended != 0 || c.flags&doubted != 0 && x[slot].rst.Seen() {
		return true
	}
	return c.flags&(agreed|sawSYNACK) == 0 && (c.flags&unreached != 0 || s.Time-c.last.Time > firstWait)
}

// challenge keeps a SYN or SYN-ACK of another number in doubt.
func (d *doubt) challenge(dir flow.Direction, s *flow.Segment) {
	switch {
	case d == nil:
	case d.syn.Seen() && d.syn.Seq == s.Seq && d.synDir == dir && d.syn.Flags == s.Flags:
		if !isCopy(s, uint8(d.syn.ID), d.syn.Time, d.syns.Last.Time) {
			d.syns.Count++
			d.syns.Last = s.Mark
		}
	default:
		d.syn, d.synDir, d.syns = *s, dir, flow.Repeated{Count: 1, Last: s.Mark, At: flow.SYNs{s.Pos}}
		d.syn.Payload, d.protested = bytes.Clone(s.Payload), false
	}
}

// reset keeps a reset in doubt.
func (d *doubt) reset(dir flow.Direction, s *flow.Segment) {
	if d != nil && !d.rst.Seen() {
		d.rst, d.rstDir, d.heard = *s, dir, false
		d.rst.Payload = nil
	}
}

// farACK keeps the acknowledgement of s in doubt; false: it counts.
func (x doubts) farACK(slot int32, c *conn, dir flow.Direction, s *flow.Segment) bool {
	other := &c.half[dir^1]
	if other.flags&started == 0 || other.flags&isAcked != 0 && int32(s.Ack-other.acked) <= leastWindow {
		return false
	}
	d := x.of(slot, c)
	if d == nil {
		return false
	}
	a := &d.acked[dir^1]
	if a.said && s.Ack-a.number <= proofSpan {
		a.said = false
		return false
	}
	*a = farACK{s.Ack, s.Time, true}
	return true
}

// settleACK lets s decide what is in doubt of what its side, and the other one, received.
func (d *doubt) settleACK(c *conn, dir flow.Direction, s *flow.Segment) {
	if x := &d.acked[dir]; x.said && s.Length > 0 && s.Seq-(x.number-proofSpan) <= 2*proofSpan && int32(s.Seq-c.half[dir].next) > leastWindow {
		c.half[dir].acknowledge(x.number)
		x.said = false
	}
	if x := &d.acked[dir^1]; x.said && s.Time >= x.at && flow.Before(s.Ack, x.number) {
		x.said = false
	}
}

// answersSYN reports whether s says that the other side took the SYN that is in doubt.
func (d *doubt) answersSYN(c *conn, dir flow.Direction, s *flow.Segment) bool {
	if !d.syn.Seen() || dir == d.synDir || s.ICMP != nil {
		return false
	}
	if s.Flags&flow.ACK == 0 { // a SYN that its answer overtook
		return s.Flags&flow.SYN != 0 && d.syn.Flags&flow.ACK != 0 && s.Seq+1 == d.syn.Ack
	}
	past := s.Ack - (d.syn.Seq + 1)
	switch {
	case past > d.syn.Length && (past > proofSpan || s.Flags&(flow.SYN|flow.RST) != 0):
		return false
	case s.Flags&flow.RST != 0:
		return s.Seq == 0
	case s.Flags&flow.SYN != 0:
		return true
	}
	return !c.half[d.synDir].isNear(s.Ack) || d.syn.Flags&flow.ACK != 0 && s.Seq == d.syn.Ack && past <= d.syn.Length && !c.half[dir].comesTo(s.Seq)
}

// goesOnAnew reports whether s is what the sender of the SYN that is in doubt sends next,
// and the other side, which would have protested, is not in the capture.
func (d *doubt) goesOnAnew(c *conn, dir flow.Direction, s *flow.Segment) bool {
	return d.syn.Seen() && dir == d.synDir && !d.protested && s.Flags&(flow.SYN|flow.RST|flow.ACK) == flow.ACK && s.ICMP == nil &&
		s.Seq == d.syn.End() && !c.half[dir].comesTo(s.Seq)
}

// comesTo reports whether a number is that of what a side sends next, behind its FIN too.
func (h *half) comesTo(seq uint32) bool { return seq == h.next || seq == h.limit(h.next) }

// resolve lets s decide what is in doubt of its connection; true: s turned out to be of
// another one, which has it now.
func (t *Table) resolve(slot int32, dir flow.Direction, s *flow.Segment) bool {
	c, d := t.slab.at(slot), t.doubts[slot]
	if d.answersSYN(c, dir, s) || d.goesOnAnew(c, dir, s) {
		anew := append([]flow.Segment{d.syn}, d.far[d.synDir]...)
		t.close(slot)
		for i := range anew {
			if anew[i].Seq-anew[0].Seq <= proofSpan {
				t.Segment(&anew[i])
			}
		}
		t.Segment(s)
		return true
	}
	if s.Flags&(flow.SYN|flow.RST|flow.ACK) != flow.ACK || s.ICMP != nil {
		return false
	}
	if d.settleACK(c, dir, s); c.isFar(dir, s) {
		return false
	}
	d.protested = d.protested || dir != d.synDir
	if d.rst.Seen() && dir == d.rstDir && s.Time >= d.rst.Time {
		if d.heard = true; flow.After(s.End(), d.rst.Seq) {
			d.rst = flow.Segment{}
		}
	}
	if len(d.far[dir]) > 0 && s.Length > 0 && c.half[dir].flags&isAcked == 0 { // its sender is where it was
		d.far[dir], d.farBytes[dir] = nil, 0
	}
	if len(d.far[dir^1]) > 0 {
		t.admitFar(slot, dir^1, s.Ack)
	}
	return false
}

// isFar reports whether a segment lies outside of all that its sender may send about now:
// beyond the window that the other side offers, or long before. Without a window that is
// known it may be ahead of what was seen by as much as a capture can lack.
func (c *conn) isFar(dir flow.Direction, s *flow.Segment) bool {
	h, other := &c.half[dir], &c.half[dir^1]
	if h.isOld(s.Seq) {
		return true
	}
	limit := int32(maxBridge)
	if h.flags&isAcked != 0 {
		if limit = proofSpan; c.knowsScale(dir ^ 1) {
			limit = int32(max(other.window, leastWindow))
		}
	}
	near := func(at uint32) bool {
		ahead := int32(s.Seq - at)
		return ahead <= limit && (ahead >= -maxBridge || h.flags&pieces != 0)
	}
	return h.flags&(started|isAcked) != 0 && !(h.flags&started != 0 && near(h.next)) && !(h.flags&isAcked != 0 && near(h.acked))
}

// isBehindFIN reports whether a segment is payload of a side that said it sends no more:
// hosts ignore it (RFC 9293 section 3.10.7.4), unless the FIN was none. A single byte in
// the FIN's place is a keep-alive.
func (h *half) isBehindFIN(s *flow.Segment) bool {
	return h.flags&(finished|isAcked) == finished|isAcked && s.Length > 0 && s.Flags&(flow.SYN|flow.RST) == 0 &&
		!flow.Before(s.Seq, h.finSeq) && (s.Length > 1 || s.Seq != h.finSeq)
}

// isOld reports whether a number lies more than a window before all that a capture which
// began late has of a side, and before what the other one acknowledged.
func (h *half) isOld(seq uint32) bool {
	if h.flags&(exact|pieces) != 0 || h.flags&(started|isAcked) == 0 || h.bytes >= 1<<31 {
		return false
	}
	return (h.flags&started == 0 || int32(seq-h.start) < -leastWindow) && (h.flags&isAcked == 0 || int32(seq-h.acked) < -leastWindow)
}

// knowsScale reports whether the SYN was seen that tells how a side scales its window.
func (c *conn) knowsScale(dir flow.Direction) bool {
	return dir == flow.Out && c.flags&sawSYN != 0 || dir == flow.In && c.flags&sawSYNACK != 0
}

// far keeps a segment that lies far from its connection in doubt; false: it is of the
// connection after all, for it goes on after other such ones, with nothing near between
// them, and the other side is not in the capture.
func (t *Table) far(slot int32, dir flow.Direction, s *flow.Segment) bool {
	if s.Length == 0 && s.Flags&flow.FIN == 0 {
		return true
	}
	d := t.doubts.of(slot, t.slab.at(slot))
	if d == nil {
		return true
	}
	list := d.far[dir]
	isFull := d.farBytes[dir]+len(s.Payload) > maxFarBytes
	if n := goesOn(list, s.Seq); t.slab.at(slot).half[dir].flags&isAcked == 0 && (n == enoughFar || isFull && n == len(list) && n > 0) {
		t.admitFar(slot, dir, list[len(list)-1].End())
		return false
	}
	if len(list) == maxFar || isFull {
		d.farBytes[dir] -= len(list[0].Payload)
		list = append(list[:0], list[1:]...)
	}
	kept := *s
	kept.Payload = bytes.Clone(s.Payload)
	d.far[dir] = append(list, kept)
	d.farBytes[dir] += len(kept.Payload)
	return true
}

// goesOn is how many of the last segments of a list lie a little before a number, and before
// each other.
func goesOn(list []flow.Segment, seq uint32) (n int) {
	for i := len(list) - 1; i >= 0 && n < enoughFar && seq-list[i].Seq <= proofSpan; i-- {
		seq = list[i].Seq
		n++
	}
	return n
}

// admitRest takes the segments that were far of a direction whose other side is not in the
// capture, when the connection is over and went on behind them.
func admitRest(t *Table, slot int32) {
	for dir := range flow.Direction(2) {
		list := t.doubts[slot].far[dir]
		if n := len(list); n > 1 && t.slab.at(slot).half[dir].flags&isAcked == 0 && goesOn(list[:n-1], list[n-1].Seq) > 0 {
			t.admitFar(slot, dir, list[n-1].End())
		}
	}
}

// admitFar takes the segments that were far of a direction and lie where the other side
// acknowledges it by now. If the direction came there byte by byte meanwhile, it is not
// enough that they lie there: it is their last byte that must have been acknowledged.
func (t *Table) admitFar(slot int32, dir flow.Direction, ack uint32) {
	d := t.doubts[slot]
	span := uint32(proofSpan)
	if t.slab.at(slot).half[dir].flags&exact == 0 {
		span = 2 * leastWindow // what lies before a late capture's beginning proves less
	}
	var of, rest []flow.Segment
	for _, s := range d.far[dir] {
		at := s.End()
		if t.slab.at(slot).isFar(dir, &s) {
			at = s.Seq
		}
		if ack-at <= span {
			of = append(of, s)
			d.farBytes[dir] -= len(s.Payload)
		} else {
			rest = append(rest, s)
		}
	}
	if d.far[dir] = rest; len(of) == 0 {
		return
	}
	for i := range of {
		s := &of[i]
		t.slab.at(slot).half[dir].packets++
		if s.Length > 0 {
			t.payload(slot, dir, s)
		}
		if s.Flags&flow.FIN != 0 {
			t.fin(slot, dir, s)
		}
	}
	if h := &t.slab.at(slot).half[dir]; h.flags&isAcked != 0 && int32(ack-h.acked) < 0 {
		h.acked = ack // the numbers went once round, or nearly
	}
}

// believe settles what is in doubt of a connection that is over, and returns a SYN that
// was repeated and that nothing followed, if there is one.
func (x doubts) believe(slot int32, c *conn) *flow.LoneSYN {
	d := x[slot]
	for dir := range d.acked {
		if d.acked[dir].said {
			c.half[dir].acknowledge(d.acked[dir].number)
		}
	}
	if d.rst.Seen() && c.flags&ended == 0 && (!d.heard || d.rst.Seq == c.half[d.rstDir].next) {
		c.reset(d.rstDir, &d.rst)
	}
	delete(x, slot)
	c.flags &^= doubted
	if s := &d.syn; isLone(s) && d.syns.Count > 1 && d.syns.Last.Time-s.Time >= firstWait/2 && c.last.Ord < s.Ord {
		return &flow.LoneSYN{
			Src: s.Src, Dst: s.Dst, SrcPort: s.SrcPort, DstPort: s.DstPort,
			First: s.Mark, Again: &d.syns, TTL: s.TTL, Digits: s.Digits, Net: s.Net,
		}
	}
	return nil
}

// overrule takes back a reset of a connection that is over if the other side received
// more than it left room for.
func (c *conn) overrule() {
	for dir := range c.half {
		h := &c.half[dir]
		if c.cold.rst[dir].Seen() && h.flags&(finished|isAcked) == isAcked && c.flags&agreed != 0 && flow.After(h.acked, h.finSeq) {
			if c.cold.rst[dir] = (flow.Mark{}); !c.cold.rst[dir^1].Seen() {
				c.flags &^= reset
			}
		}
	}
}

// contradicts reports whether s shows that the connection went on after the reset that
// was taken for its end: the other side received more than the reset left room for, or
// its sender received what was sent after it.
func (c *conn) contradicts(dir flow.Direction, s *flow.Segment) bool {
	other := &c.half[dir^1]
	if s.Flags&(flow.SYN|flow.RST|flow.ACK) != flow.ACK || other.flags&(finished|started) != started {
		return false
	}
	return flow.After(s.Ack, other.finSeq) && !flow.After(s.Ack, other.next) &&
		(c.cold.rst[dir^1].Seen() || c.cold.rst[dir].Seen() && s.Time >= c.cold.rst[dir].Time)
}

// unfinish takes back the FIN of a direction: the other side received what lies behind
// it.
func (t *Table) unfinish(slot int32, dir flow.Direction) {
	c := t.slab.at(slot)
	c.half[dir].flags &^= finished
	c.cold.fin[dir] = flow.Mark{}
	t.eachStream(slot, c, func(st *reassembly.Stream) { st.GoesOn(dir) })
	if c.flags&(ended|reset) == ended {
		t.goOn(slot)
	}
}
