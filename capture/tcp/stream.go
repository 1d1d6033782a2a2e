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
	held   int // bytes held in both directions, overhead included
}

// side is one direction of a stream.
type side struct {
	next    uint32 // next byte for the reader
	settled bool   // next is valid
	held    []piece
	bytes   int
}

// piece is a segment that has to wait.
type piece struct {
	seq, ack uint32
	hasAck   bool
	data     []byte
	cut      uint32 // bytes after data that the capture's snap length cut off
	at       flow.Mark
}

// overhead is what a held segment costs besides its bytes.
const overhead = 96

func (p *piece) end() uint32 { return p.seq + uint32(len(p.data)) + p.cut }

// attach makes the connection a control connection.
func (t *Table) attach(slot int32) {
	c := &t.slab[slot]
	st := &stream{reader: t.sink.Reader(t.snapshot(slot))}
	for dir := range c.half {
		if h := &c.half[dir]; h.is&exact != 0 {
			st.dir[dir] = side{next: h.start, settled: true}
		}
	}
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
		t.half.remove(t.slab, slot)
	}
}

// release takes the stream off the connection.
func (t *Table) release(c *conn) {
	place := c.stream - 1
	t.heldAll -= t.streams[place].held
	t.streams[place] = nil
	t.idle = append(t.idle, place)
	c.stream = 0
}

// take takes a segment with payload.
func (st *stream) take(t *Table, c *conn, dir flow.Direction, seq uint32, s *flow.Segment) {
	p := piece{seq: seq, ack: s.Ack, hasAck: s.Flags&flow.ACK != 0, data: s.Payload, at: s.Mark}
	p.cut = s.Length - uint32(len(s.Payload))
	d := &st.dir[dir]
	if !d.settled {
		st.begun(c, s.Time)
		if !d.settled && s.Time-c.cold.start.Time > gapWait {
			d.next, d.settled = seq, true
		}
	}
	if st.held == 0 && d.settled && seq == d.next && st.mayFollow(c, dir, &p) {
		st.give(t, c, dir, &p)
		return
	}
	st.hold(t, dir, p)
	st.drain(t, c)
}

// mayFollow reports whether all that p acknowledges was given to the reader.
func (st *stream) mayFollow(c *conn, dir flow.Direction, p *piece) bool {
	o := &st.dir[dir^1]
	if !p.hasAck {
		return true
	}
	if !o.settled { // where the other side begins is not known yet
		return len(o.held) == 0 || !after(p.ack, o.held[0].seq)
	}
	return !after(p.ack, c.half[dir^1].limit(o.next))
}

// hold keeps a copy of what is new in p, in sequence order, overlaps cut off: the first copy of a byte counts.
func (st *stream) hold(t *Table, dir flow.Direction, p piece) {
	d := &st.dir[dir]
	if d.settled {
		p.trimBefore(d.next)
	}
	i := len(d.held)
	for i > 0 && before(p.seq, d.held[i-1].seq) {
		i--
	}
	if i > 0 {
		p.trimBefore(d.held[i-1].end())
	}
	for len(p.data)+int(p.cut) > 0 {
		rest := piece{}
		if i < len(d.held) && after(p.end(), d.held[i].seq) {
			rest = p
			rest.trimBefore(d.held[i].end())
			p.trimAfter(d.held[i].seq)
		}
		if len(p.data)+int(p.cut) > 0 {
			p.data = append([]byte(nil), p.data...)
			d.held = append(d.held, piece{})
			copy(d.held[i+1:], d.held[i:])
			d.held[i] = p
			st.account(t, d, len(p.data)+overhead)
			i++
		}
		p = rest
		i++
	}
}

func (st *stream) account(t *Table, d *side, n int) {
	d.bytes += n
	st.held += n
	t.heldAll += n
}

// trimBefore takes off what lies before seq, trimAfter what lies from it on.
func (p *piece) trimBefore(seq uint32) {
	if !before(p.seq, seq) {
		return
	}
	n := seq - p.seq
	k := min(n, uint32(len(p.data)))
	p.data = p.data[k:]
	p.cut -= min(n-k, p.cut)
	p.seq += n
}

func (p *piece) trimAfter(seq uint32) {
	n := seq - p.seq
	if n <= uint32(len(p.data)) {
		p.data, p.cut = p.data[:n], 0
		return
	}
	p.cut = n - uint32(len(p.data))
}

// drain gives what has come to be in order.
func (st *stream) drain(t *Table, c *conn) {
	for again := true; again && st.held > 0; {
		again = false
		for dir := range flow.Direction(2) {
			for st.ready(c, dir) {
				st.shift(t, c, dir)
				again = true
				if c.stream == 0 {
					return
				}
			}
		}
	}
}

func (st *stream) ready(c *conn, dir flow.Direction) bool {
	d := &st.dir[dir]
	return d.settled && len(d.held) > 0 && d.held[0].seq == d.next && st.mayFollow(c, dir, &d.held[0])
}

// shift gives the first held piece.
func (st *stream) shift(t *Table, c *conn, dir flow.Direction) {
	d := &st.dir[dir]
	p := d.held[0]
	d.held = d.held[1:]
	if len(d.held) == 0 {
		d.held = nil
	}
	st.account(t, d, -(len(p.data) + overhead))
	st.give(t, c, dir, &p)
}

// give passes a piece to the reader; when the reader refuses the connection the stream is over.
func (st *stream) give(t *Table, c *conn, dir flow.Direction, p *piece) {
	d := &st.dir[dir]
	d.next = p.end()
	if len(p.data) > 0 && !st.reader.Data(dir^st.turned, p.data, p.at) {
		c.what |= counted
		t.release(c)
		return
	}
	if p.cut > 0 {
		st.gap(t, dir, uint64(p.cut), p.at)
	}
}

func (st *stream) gap(t *Table, dir flow.Direction, n uint64, at flow.Mark) {
	t.stats.Missing += n
	st.reader.Gap(dir^st.turned, n, at)
}

// settle gives up waiting where the wait is over; now is the time of the connection's last packet or of a tick.
func (st *stream) settle(t *Table, c *conn, now flow.Time) {
	for c.stream != 0 && st.held > 0 {
		if !st.begun(c, now) && (st.waits(t, c, now) || !st.yield(t, c)) {
			return
		}
		st.drain(t, c)
	}
}

// begun settles where directions begin: at the handshake, also one that payload overtook, or, when it does not come in
// time, at the first byte there is.
func (st *stream) begun(c *conn, now flow.Time) bool {
	found := false
	for dir := range st.dir {
		d, h := &st.dir[dir], &c.half[dir]
		switch {
		case d.settled:
			continue
		case h.is&exact != 0:
			d.next = h.start
		case len(d.held) > 0 && now-c.cold.start.Time > gapWait:
			d.next = d.held[0].seq
		default:
			continue
		}
		d.settled, found = true, true
	}
	return found
}

// waits reports whether a missing packet may still come.
func (st *stream) waits(t *Table, c *conn, now flow.Time) bool {
	if st.dir[0].bytes > maxHeld || st.dir[1].bytes > maxHeld || t.heldAll > maxHeldAll {
		return false
	}
	since := now
	for dir := range st.dir {
		if d := &st.dir[dir]; len(d.held) > 0 {
			since = min(since, d.held[0].at.Time)
		}
	}
	return now-since <= gapWait || now-since <= lossWait && !st.acknowledged(c)
}

// acknowledged reports whether every gap that blocks was acknowledged: no retransmission will fill it.
func (st *stream) acknowledged(c *conn) bool {
	for dir := range st.dir {
		d, h := &st.dir[dir], &c.half[dir]
		if len(d.held) > 0 && d.settled && d.held[0].seq != d.next && (h.is&isAcked == 0 || before(h.acked, d.held[0].seq)) {
			return false
		}
	}
	return true
}

// yield takes one obstacle away; false when nothing is held.
func (st *stream) yield(t *Table, c *conn) bool {
	for dir := range flow.Direction(2) {
		d := &st.dir[dir]
		if !d.settled && len(d.held) > 0 {
			d.next, d.settled = d.held[0].seq, true
			return true
		}
		if len(d.held) > 0 && d.held[0].seq != d.next && st.mayFollow(c, dir, &d.held[0]) {
			st.skip(t, dir, d.held[0].seq, d.held[0].at)
			return true
		}
	}
	for dir := range flow.Direction(2) { // what a piece acknowledges never came
		d, o := &st.dir[dir], &st.dir[dir^1]
		if len(d.held) == 0 || st.mayFollow(c, dir, &d.held[0]) {
			continue
		}
		to := d.held[0].ack
		if len(o.held) > 0 && before(o.held[0].seq, to) {
			to = o.held[0].seq
		}
		if after(to, o.next) {
			st.skip(t, dir^1, to, d.held[0].at)
			return true
		}
	}
	return st.force(t, c)
}

// skip gives the gap from a side's next byte to seq.
func (st *stream) skip(t *Table, dir flow.Direction, seq uint32, at flow.Mark) {
	d := &st.dir[dir]
	st.gap(t, dir, uint64(seq-d.next), at)
	d.next = seq
}

// force gives the piece that came first although acknowledgements contradict each other: only forged packets do that.
func (st *stream) force(t *Table, c *conn) bool {
	first, found := flow.Out, false
	for dir := range flow.Direction(2) {
		if h := st.dir[dir].held; len(h) > 0 && (!found || h[0].at.Ord < st.dir[first].held[0].at.Ord) {
			first, found = dir, true
		}
	}
	if found {
		if d := &st.dir[first]; d.held[0].seq != d.next {
			st.skip(t, first, d.held[0].seq, d.held[0].at)
		}
		st.shift(t, c, first)
	}
	return found
}

// flush gives all that is held, gaps and all: the connection is over.
func (st *stream) flush(t *Table, c *conn) {
	for c.stream != 0 && st.held > 0 {
		if !st.begun(c, c.last.Time) && !st.yield(t, c) {
			return
		}
		st.drain(t, c)
	}
}
