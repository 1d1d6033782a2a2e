package tcp

import (
	"ftpscope/capture/flow"
	"ftpscope/capture/tcp/reassembly"
)

// control is what a control connection has besides other ones: its bytes in order, and
// who reads them.
type control struct {
	*reassembly.Stream // nil: the index is free
	reader             Reader
}

// attach makes the connection a control connection.
func (t *Table) attach(slot int32) {
	if t.Controls() >= maxControls {
		t.evictControl()
	}
	c := t.slab.at(slot)
	r := t.sink.Reader(t.snapshot(slot))
	i := int32(len(t.controls))
	if n := len(t.idle); n > 0 {
		i = t.idle[n-1]
		t.idle = t.idle[:n-1]
	} else {
		t.controls = append(t.controls, control{})
	}
	t.controls[i] = control{c.newStream(r, t.group), r}
	c.stream = i + 1
	if c.flags&halfOpen != 0 {
		c.flags &^= halfOpen
		t.halfOpen.remove(&t.slab, slot)
	}
}

// newStream makes the stream of a connection, and tells it what is known of the ends of
// its directions.
func (c *conn) newStream(r reassembly.Reader, g *reassembly.Group) *reassembly.Stream {
	st := reassembly.New(r, g)
	for dir := range flow.Direction(2) {
		h := &c.half[dir]
		switch {
		case h.flags&exact != 0:
			st.Begins(dir, h.start)
		case h.flags&started != 0 && c.flags&(sawSYN|sawSYNACK) == sawSYN:
			st.MayBegin(dir, h.start) // by the handshake's ACK
		}
		if h.flags&finished != 0 {
			st.Ends(dir, h.finSeq)
		}
	}
	return st
}

// release takes the stream off the connection.
func (t *Table) release(c *conn) {
	i := c.stream - 1
	t.controls[i].End()
	t.controls[i] = control{}
	t.idle = append(t.idle, i)
	c.stream = 0
}

// read passes on a segment with payload of a control connection.
func (t *Table) read(c *conn, dir flow.Direction, s *flow.Segment) {
	st := t.controls[c.stream-1].Stream
	m := reassembly.Moment{Last: c.last.Time, Acks: s.Flags&flow.ACK != 0 && c.half[dir^1].credible(s.Ack)}
	if !st.Settled() {
		m.Shake = c.handshakeBy()
	}
	if !st.Take(dir, s, m) {
		t.dropRefused(c)
	}
}

// moment is what a stream is told of its connection.
func (c *conn) moment(st *reassembly.Stream) reassembly.Moment {
	m := reassembly.Moment{Last: c.last.Time}
	if !st.Settled() {
		m.Shake = c.handshakeBy()
	}
	return m
}

// settleReading gives up waiting in a control connection where the wait is over.
func (t *Table) settleReading(c *conn, now flow.Time) {
	c.settle(t.controls[c.stream-1].Stream, now)
	t.dropRefused(c)
}

func (c *conn) settle(st *reassembly.Stream, now flow.Time) {
	var acked [2]reassembly.Acked
	for dir := range c.half {
		h := &c.half[dir]
		acked[dir] = reassembly.Acked{Seq: h.acked, Known: h.flags&isAcked != 0}
	}
	st.Settle(now, c.moment(st), acked)
}

// dropRefused takes the stream off a connection whose reader said that it is no control
// connection.
func (t *Table) dropRefused(c *conn) {
	if t.controls[c.stream-1].Over() {
		c.flags |= counted
		t.release(c)
	}
}

// finishReading gives what is left of a control connection that is over, and returns its
// reader if it still is one; lost bytes are missing at the ends.
func (t *Table) finishReading(c *conn, lost [2]uint64) Reader {
	x := t.controls[c.stream-1]
	x.Flush(c.moment(x.Stream))
	if t.dropRefused(c); c.stream == 0 {
		return nil
	}
	x.Finish(c.tails(lost), c.last)
	t.release(c)
	return x.reader
}

func (c *conn) tails(lost [2]uint64) (tails [2]reassembly.Tail) {
	for dir := range tails {
		tails[dir] = reassembly.Tail{Next: c.half[dir].next, Lost: lost[dir]}
	}
	return tails
}

// following is what a table has for its Follower.
type following struct {
	by    Follower // nil: nobody follows
	may   func(*flow.Segment) bool
	group *reassembly.Group
	open  map[int32]data // by slot
}

// data is a connection that is followed.
type data struct {
	*reassembly.Stream
	reader DataReader
}

// Follow has the Follower asked for readers, of connections whose first segment with
// payload may be of interest, for their beginning; nil: of all, for all of it. It is
// called before the first segment.
func (t *Table) Follow(f Follower, may func(*flow.Segment) bool) {
	group := reassembly.NewGroup(maxHeldData, maxHeldDataAll, false)
	if may != nil {
		group = reassembly.NewGroup(maxHeldBegun, maxHeldBegunAll, false)
	}
	t.following = following{by: f, may: may, group: group, open: map[int32]data{}}
}

// follow passes a segment with payload to the connection's reader, if it has one.
func (t *Table) follow(slot int32, dir flow.Direction, s *flow.Segment) {
	c, f := t.slab.at(slot), &t.following
	if c.flags&(followed|passedOver) == 0 {
		var r DataReader
		if f.may == nil || len(f.open) < maxBegun && f.may(s) {
			r = f.by.Follow(t.snapshot(slot))
		}
		if r == nil {
			c.flags |= passedOver
			return
		}
		c.flags |= followed
		f.open[slot] = data{c.newStream(r, f.group), r}
	}
	if c.flags&followed != 0 {
		st := f.open[slot].Stream
		if !st.Take(dir, s, c.moment(st)) {
			t.passOver(slot, st)
		}
	}
}

// passOver forgets a stream that its reader refused.
func (t *Table) passOver(slot int32, st *reassembly.Stream) {
	if st.Over() {
		delete(t.following.open, slot)
		c := t.slab.at(slot)
		c.flags = c.flags&^followed | passedOver
	}
}

// settleFollowed gives up waiting where the wait is over.
func (t *Table) settleFollowed(slot int32, now flow.Time) {
	if st := t.following.open[slot].Stream; st.Held() > 0 {
		t.slab.at(slot).settle(st, now)
		t.passOver(slot, st)
	}
}

// unfollow gives what is left of a connection that is over; lost bytes are missing at the
// ends.
func (t *Table) unfollow(slot int32, lost [2]uint64) {
	x, c := t.following.open[slot], t.slab.at(slot)
	if x.Flush(c.moment(x.Stream)); !x.Over() {
		x.Finish(c.tails(lost), c.last)
		if t.sent = x.reader.Closed(t.snapshot(slot)); x.Swapped() {
			t.sent = t.sent.Swapped()
		}
		x.End()
	}
	delete(t.following.open, slot)
	c.flags &^= followed
}
