package tcp

import "ftpscope/capture/flow"

// stream puts the bytes of a control connection in order. A segment is given to the reader when all before it in its
// direction was given, and all that it acknowledges of the other direction: so a reply never overtakes the command
// that it answers, however the capture reordered the packets. What is missing is waited for (gapWait, lossWait,
// maxHeld), then given as a gap.
type stream struct {
	reader Reader
	turned flow.Direction // 1: the reader knows the two ends the other way round
	dir    [2]side
	held   int     // bytes held in both directions, overhead included
	over   bool    // the reader refused the connection
	shared *shared // with the other streams of its kind
}

// shared is what the streams of a kind have in common: those of control connections, or those that are followed.
type shared struct {
	held    int  // bytes held over all of them
	one     int  // bound of what a direction holds
	all     int  // bound of held
	answers bool // a segment waits for what it acknowledges of the other direction
}

// side is one direction of a stream.
type side struct {
	next    uint32 // next byte for the reader
	settled bool   // next is valid
	held    queue
	bytes   int
	given   flow.Time // when the reader was last given something
}

// attach makes the connection a control connection.
func (t *Table) attach(slot int32) {
	if t.Controls() >= maxControls {
		t.evictControl()
	}
	c := t.slab.at(slot)
	st := newStream(t.sink.Reader(t.snapshot(slot)), c, &t.controls)
	place := int32(len(t.streams))
	if n := len(t.idle); n > 0 {
		place = t.idle[n-1]
		t.idle = t.idle[:n-1]
		t.streams[place] = st
	} else {
		t.streams = append(t.streams, st)
	}
	c.stream = place + 1
	if c.what&halfOpen != 0 {
		c.what &^= halfOpen
		t.half.remove(&t.slab, slot)
	}
}

func newStream(r Reader, c *conn, of *shared) *stream {
	st := &stream{reader: r, shared: of}
	for dir := range c.half {
		if h := &c.half[dir]; h.is&exact != 0 {
			st.dir[dir] = side{next: h.start, settled: true}
		}
	}
	return st
}

// release takes the stream off the connection.
func (t *Table) release(c *conn) {
	place := c.stream - 1
	t.streams[place].end()
	t.streams[place] = nil
	t.idle = append(t.idle, place)
	c.stream = 0
}

// end lets go of what is held.
func (st *stream) end() {
	st.over = true
	st.shared.held -= st.held
	st.held = 0
}

// take takes a segment with payload.
func (st *stream) take(c *conn, dir flow.Direction, seq uint32, s *flow.Segment) {
	p := piece{seq: seq, ack: s.Ack, data: s.Payload, at: s.Mark}
	p.hasAck = st.shared.answers && s.Flags&flow.ACK != 0 && c.half[dir^1].credible(s.Ack)
	p.cut = s.Length - uint32(len(s.Payload))
	d := &st.dir[dir]
	if !d.settled || !st.dir[dir^1].settled {
		st.begun(c, s.Time)
		if !d.settled && s.Time-c.shaken() > gapWait {
			d.next, d.settled = seq, true
		}
	}
	if st.held == 0 && d.settled && seq == d.next && st.mayFollow(c, dir, &p) {
		st.give(c, dir, &p)
		return
	}
	st.hold(dir, p)
	st.drain(c)
}

// mayFollow reports whether all that p acknowledges was given to the reader.
func (st *stream) mayFollow(c *conn, dir flow.Direction, p *piece) bool {
	o := &st.dir[dir^1]
	switch {
	case !p.hasAck:
		return true
	case o.settled:
		return !after(p.ack, c.half[dir^1].limit(o.next))
	}
	// Where the other side begins is not known: its handshake may be late, or the capture lacks that side.
	return c.last.Time-c.shaken() > gapWait && (o.held.empty() || !after(p.ack, o.held.first().seq))
}

func (st *stream) account(d *side, n int) {
	d.bytes += n
	st.held += n
	st.shared.held += n
}

// drain gives what has come to be in order.
func (st *stream) drain(c *conn) {
	for again := !st.over; again && st.held > 0; {
		again = false
		for dir := range flow.Direction(2) {
			for st.ready(c, dir) {
				st.shift(c, dir)
				again = true
				if st.over {
					return
				}
			}
		}
	}
}

func (st *stream) ready(c *conn, dir flow.Direction) bool {
	d := &st.dir[dir]
	return d.settled && !d.held.empty() && d.held.first().seq == d.next && st.mayFollow(c, dir, d.held.first())
}

// shift gives the first held piece.
func (st *stream) shift(c *conn, dir flow.Direction) {
	d := &st.dir[dir]
	p := d.held.shift()
	st.account(d, -(len(p.data) + overhead))
	st.give(c, dir, &p)
}

// give passes a piece to the reader; when the reader refuses the connection the stream is over.
func (st *stream) give(c *conn, dir flow.Direction, p *piece) {
	d := &st.dir[dir]
	d.next, d.given = p.end(), c.last.Time
	if len(p.data) > 0 && !st.reader.Data(dir^st.turned, p.data, p.at) {
		st.end()
		return
	}
	if p.cut > 0 {
		st.gap(dir, uint64(p.cut), p.at)
	}
}

func (st *stream) gap(dir flow.Direction, n uint64, at flow.Mark) {
	st.reader.Gap(dir^st.turned, n, at)
}

// settle gives up waiting where the wait is over; now is the time of the connection's last packet or of a tick.
func (st *stream) settle(c *conn, now flow.Time) {
	st.begun(c, now)
	for st.drain(c); !st.over && st.held > 0 && !st.waits(c, now); st.drain(c) {
		st.yield(c)
	}
}

// shaken is a time by which the hands were shaken: that of the first packet, or, if a SYN was the first, which may have had to be
// repeated, of the first payload.
func (c *conn) shaken() flow.Time {
	if c.what&(sawSYN|sawSYNACK) != sawSYN || (c.half[0].is|c.half[1].is)&carried == 0 {
		return c.cold.start.Time
	}
	at := c.last.Time
	for dir, h := range c.half {
		if h.is&carried != 0 {
			at = min(at, c.cold.firstData[dir].Time)
		}
	}
	return at
}

// begun settles where directions begin: at the handshake, also one that payload overtook, or, when it does not come in
// time, at the first byte there is.
func (st *stream) begun(c *conn, now flow.Time) {
	for dir := range st.dir {
		d, h := &st.dir[dir], &c.half[dir]
		switch {
		case d.settled:
			continue
		case h.is&exact != 0:
			st.begin(d, h.start)
		case !d.held.empty() && now-c.shaken() > gapWait:
			st.begin(d, d.held.first().seq)
		}
	}
}

// begin settles that a side's first byte is that at seq. What is held from before it (a keep-alive) is none of it.
func (st *stream) begin(d *side, seq uint32) {
	d.next, d.settled = seq, true
	for !d.held.empty() && before(d.held.first().seq, seq) {
		p := d.held.first()
		n := len(p.data)
		p.trimBefore(seq)
		if len(p.data)+int(p.cut) > 0 {
			st.account(d, len(p.data)-n)
			return
		}
		st.account(d, -(n + overhead))
		d.held.shift()
	}
}

// waits reports whether a missing packet may still come.
func (st *stream) waits(c *conn, now flow.Time) bool {
	if max(st.dir[0].bytes, st.dir[1].bytes) > st.shared.one || st.shared.held > st.shared.all {
		return false
	}
	since := now
	for dir := range st.dir {
		if d := &st.dir[dir]; !d.held.empty() {
			since = min(since, st.blocked(d))
		}
	}
	return now-since <= gapWait || now-since <= lossWait && !st.acknowledged(c)
}

// blocked is since when a side waits. A stream of data that goes on before the gap is not held up by it: what lies behind
// may be no part of it (a forged or broken segment), and giving it up early would lose the rest.
func (st *stream) blocked(d *side) flow.Time {
	if st.shared.answers {
		return d.held.first().at.Time
	}
	return max(d.held.first().at.Time, d.given)
}

// acknowledged reports whether every gap that blocks was acknowledged: no retransmission will fill it.
func (st *stream) acknowledged(c *conn) bool {
	for dir := range st.dir {
		d, h := &st.dir[dir], &c.half[dir]
		if !d.held.empty() && d.settled && d.held.first().seq != d.next && (h.is&isAcked == 0 || before(h.acked, d.held.first().seq)) {
			return false
		}
	}
	return true
}

// yield takes one obstacle away; something is held.
func (st *stream) yield(c *conn) {
	for dir := range flow.Direction(2) {
		if d := &st.dir[dir]; !d.settled && !d.held.empty() {
			st.begin(d, d.held.first().seq)
			return
		}
	}
	for dir := range flow.Direction(2) {
		if d := &st.dir[dir]; !d.held.empty() && d.held.first().seq != d.next && st.mayFollow(c, dir, d.held.first()) {
			st.skip(dir, d.held.first().seq, d.held.first().at)
			return
		}
	}
	for dir := range flow.Direction(2) { // what a piece acknowledges never came
		d, o := &st.dir[dir], &st.dir[dir^1]
		if d.held.empty() || !o.settled || st.mayFollow(c, dir, d.held.first()) {
			continue
		}
		to := d.held.first().ack
		if h := &c.half[dir^1]; h.is&finished != 0 && to == h.finSeq+1 {
			to--
		}
		if !o.held.empty() && before(o.held.first().seq, to) {
			to = o.held.first().seq
		}
		if after(to, o.next+1) || !o.held.empty() && to != o.next { // one number alone is a FIN that was not seen
			st.skip(dir^1, to, d.held.first().at)
			return
		}
	}
	st.force(c)
}

// skip gives the gap from a side's next byte to seq.
func (st *stream) skip(dir flow.Direction, seq uint32, at flow.Mark) {
	d := &st.dir[dir]
	st.gap(dir, uint64(seq-d.next), at)
	d.next = seq
}

// force gives the piece that came first, whatever it acknowledges: the other side is not in the capture, or its FIN is
// not, or (only forged packets do that) acknowledgements contradict each other.
func (st *stream) force(c *conn) {
	first, found := flow.Out, false
	for dir := range flow.Direction(2) {
		if h := &st.dir[dir].held; !h.empty() && (!found || h.first().at.Ord < st.dir[first].held.first().at.Ord) {
			first, found = dir, true
		}
	}
	if found {
		if d := &st.dir[first]; d.held.first().seq != d.next {
			st.skip(first, d.held.first().seq, d.held.first().at)
		}
		st.shift(c, first)
	}
}

// rest is how much of what a side sent was neither given nor reported as a gap; lost bytes are missing at its end.
func (st *stream) rest(h *half, dir flow.Direction, lost uint64) uint64 {
	d := &st.dir[dir]
	if !d.settled {
		return lost
	}
	return uint64(max(0, int32(h.next+uint32(lost)-d.next)))
}

// flush gives all that is held, gaps and all: the connection is over.
func (st *stream) flush(c *conn) {
	st.begun(c, c.last.Time)
	for st.drain(c); !st.over && st.held > 0; st.drain(c) {
		st.yield(c)
	}
}

// finish tells what is missing at the end of the directions.
func (st *stream) finish(c *conn, lost [2]uint64) {
	for dir := range flow.Direction(2) {
		if n := st.rest(&c.half[dir], dir, lost[dir]); n > 0 {
			st.gap(dir, n, c.last)
		}
	}
}

// turn exchanges the two ends; the reader goes on knowing them as before.
func (st *stream) turn() {
	st.dir[0], st.dir[1] = st.dir[1], st.dir[0]
	st.turned ^= 1
}

// settle gives up waiting in a control connection where the wait is over.
func (t *Table) settle(c *conn, now flow.Time) {
	t.streams[c.stream-1].settle(c, now)
	t.refused(c)
}

// refused takes the stream off a connection whose reader said that it is no control connection.
func (t *Table) refused(c *conn) {
	if t.streams[c.stream-1].over {
		c.what |= counted
		t.release(c)
	}
}
