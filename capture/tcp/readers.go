package tcp

import (
	"ftpscope/capture/flow"
	"ftpscope/capture/tcp/reassembly"
)

// controls are the control connections of a table: the bytes of each in order, and who
// reads them.
type controls struct {
	list  []control
	idle  []int32           // free indexes of list
	group *reassembly.Group // of the streams
}

type control struct {
	*reassembly.Stream // nil: the index is free
	reader             Reader
	warmer             Warmer // the reader, if it is one
}

func (k *controls) count() int { return len(k.list) - len(k.idle) }

func (k *controls) of(c *conn) *control { return &k.list[c.stream-1] }

// add makes the connection a control connection.
func (k *controls) add(c *conn, r Reader) {
	i := int32(len(k.list))
	if n := len(k.idle); n > 0 {
		i = k.idle[n-1]
		k.idle = k.idle[:n-1]
	} else {
		k.list = append(k.list, control{})
	}
	w, _ := r.(Warmer)
	k.list[i] = control{c.newStream(r, k.group), r, w}
	c.stream = i + 1
}

// attach makes the connection a control connection; the most idle makes room if it must.
func (t *Table) attach(slot int32) {
	if t.controls.count() >= maxControls {
		t.evictControl()
	}
	c := t.slab.at(slot)
	t.controls.add(c, t.sink.Reader(t.snapshot(slot)))
	if c.flags&halfOpen != 0 {
		t.unlist(slot)
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
		case dir == flow.Out && c.flags&(sawSYN|sawSYNACK) == sawSYNACK:
			st.MayBegin(dir, c.cold.synSeq+1) // by the SYN-ACK
		}
		if h.flags&finished != 0 {
			st.Ends(dir, h.finSeq)
		}
	}
	return st
}

// release takes the stream off the connection.
func (k *controls) release(c *conn) {
	i := c.stream - 1
	k.list[i].Recycle()
	k.list[i] = control{}
	k.idle = append(k.idle, i)
	c.stream = 0
}

// read passes on a segment with payload of a control connection.
func (k *controls) read(c *conn, dir flow.Direction, s *flow.Segment) {
	st := k.of(c).Stream
	m := reassembly.Moment{Last: c.last.Time, Acks: s.Flags&flow.ACK != 0 && c.half[dir^1].credible(s.Ack)}
	if !st.Settled() {
		m.Shake = c.handshakeBy()
	}
	if !st.Take(dir, s, m) {
		k.dropRefused(c)
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

// settle gives up waiting in a control connection where the wait is over.
func (k *controls) settle(c *conn, now flow.Time) {
	c.settle(k.of(c).Stream, now)
	k.dropRefused(c)
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
func (k *controls) dropRefused(c *conn) {
	if k.of(c).Over() {
		c.flags |= counted
		k.release(c)
	}
}

// finish gives what is left of a control connection that is over, and returns its
// reader if it still is one; lost bytes are missing at the ends.
func (k *controls) finish(c *conn, lost [2]uint64) Reader {
	x := *k.of(c)
	x.Flush(c.moment(x.Stream))
	if k.dropRefused(c); c.stream == 0 {
		return nil
	}
	x.Finish(c.tails(lost), c.last)
	k.release(c)
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
	may   May
	group *reassembly.Group
	open  map[int32]data // by slot
}

// data is a connection that is followed.
type data struct {
	*reassembly.Stream
	reader DataReader
}

// May reports whether a connection may be of interest by its first segment with payload;
// isFirst is false if another one comes before it that is late.
type May func(s *flow.Segment, isFirst bool) bool

// Follow has the Follower asked for readers, of connections whose first segment with
// payload may be of interest, for their beginning unless it ReadsAll; nil: of all, for all
// of it. It is called before the first segment.
func (t *Table) Follow(f Follower, may May) {
	group := reassembly.NewGroup(maxHeldData, maxHeldDataAll, false)
	if may != nil && !f.ReadsAll() {
		group = reassembly.NewGroup(maxHeldBegun, maxHeldBegunAll, false)
	}
	t.following = following{by: f, may: may, group: group, open: map[int32]data{}}
}

// follow passes a segment with payload to the connection's reader, if it has one.
func (t *Table) follow(slot int32, dir flow.Direction, s *flow.Segment) {
	c, f := t.slab.at(slot), &t.following
	if c.flags&(followed|passedOver) == 0 {
		var r DataReader
		h := &c.half[dir]
		if f.may == nil || len(f.open) < maxBegun && f.may(s, h.flags&exact != 0 && s.PayloadSeq() == h.start) {
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
			t.following.passOver(slot, c, st)
		}
	}
}

// passOver forgets a stream that its reader refused.
func (f *following) passOver(slot int32, c *conn, st *reassembly.Stream) {
	if st.Over() {
		delete(f.open, slot)
		c.flags = c.flags&^followed | passedOver
	}
}

// settle gives up waiting where the wait is over.
func (f *following) settle(slot int32, c *conn, now flow.Time) {
	if st := f.open[slot].Stream; st.Held() > 0 {
		c.settle(st, now)
		f.passOver(slot, c, st)
	}
}

// finish gives what is left of a connection that is over, and returns what its
// reader made of it; lost bytes are missing at the ends.
func (f *following) finish(slot int32, c *conn, end func() *flow.Conn, lost [2]uint64) (told flow.Told, conflict *flow.Mark) {
	x := f.open[slot]
	if x.Flush(c.moment(x.Stream)); !x.Over() {
		x.Finish(c.tails(lost), c.last)
		if told = x.reader.Closed(end()); x.Swapped() {
			told.Sent = told.Sent.Swapped()
		}
		conflict = x.FirstConflict()
		x.End()
	}
	delete(f.open, slot)
	c.flags &^= followed
	return told, conflict
}
