// Package reassembly puts the bytes of TCP connections in order. Package tcp gives it
// their segments; what it has in order goes to a Reader, such as the one of a control
// connection in analyze.
package reassembly

import "ftpscope/capture/flow"

// Times are by the packets' own clock.
const (
	// GapWait is how long a gap that the receiver acknowledged waits for a reordered
	// packet to fill it.
	GapWait = 2 * flow.Second
	// lossWait is the same for a gap that nobody acknowledged: the sender will repeat it.
	lossWait = 10 * flow.Second
)

// Reader is given the bytes of a stream: those of each direction in order.
type Reader interface {
	// Data gives the next bytes of a direction, valid during the call; false: it wants no
	// more of the connection.
	Data(dir flow.Direction, b []byte, at flow.Mark) bool
	// Gap says that n bytes are missing there.
	Gap(dir flow.Direction, n uint64, at flow.Mark)
}

// Group is what the streams of a kind share.
type Group struct {
	each    int         // how many bytes a direction may hold
	all     flow.Budget // of bytes that all of them hold
	rooms   rooms
	free    []*Stream // over, for the next connections
	answers bool
}

// maxFree is how many are kept for that.
const maxFree = 512

// NewGroup makes a group whose streams may hold so many bytes in each direction, and in
// all. Answers makes a segment wait for what it acknowledges of the other direction.
func NewGroup(each, all int, answers bool) *Group {
	return &Group{each: each, all: flow.NewBudget(all), answers: answers}
}

// Held is how many bytes its streams hold.
func (g *Group) Held() int { return g.all.Used() }

// Stream puts the bytes of a connection in order.
//
// A segment is given to the reader when all before it in its direction was given. In a
// group with answers it also waits for all that it acknowledges of the other direction:
// so a reply never overtakes the command that it answers, however the capture reordered
// the packets.
//
// A direction is first unsettled: where it begins is not known. Begins settles it, by the
// SYN. If no SYN comes in time, it begins at the first byte that there is.
//
// Segments that cannot be given yet are held, and count in two budgets: the direction's
// and the group's. Three things end the wait for what is missing: it comes; it does not
// come in time (GapWait if the receiver acknowledged it, else lossWait); a budget is
// exceeded. Then Settle takes one obstacle after the other away, in yield: the beginning
// that is not known, a gap before a segment, an acknowledged byte that never came. What
// was missing is given as a gap.
//
// The stream is over when its reader refuses more, or on End.
type Stream struct {
	reader   Reader
	comparer Comparer       // the reader, if it wants to hear of conflicts
	conflict *flow.Mark     // the first of them; nil: there was none
	swapped  flow.Direction // 1: the reader knows the two ends the other way round
	dir      [2]direction
	over     bool
	group    *Group
	moment   Moment // of the call that goes on
}

// Moment is what the connection's owner knows when it calls.
type Moment struct {
	Last  flow.Time // time of the connection's last packet
	Shake flow.Time // a time by which the handshake was done; needs no value once the stream is Settled
	Acks  bool      // of a segment: its acknowledgement is credible
}

// Acked is how far a side acknowledged the other one's bytes.
type Acked struct {
	Seq   uint32
	Known bool
}

// direction is one direction of a stream.
type direction struct {
	next    uint32 // next byte for the reader
	settled bool   // next is valid
	begins  bool   // start is valid
	ends    bool   // fin is valid
	start   uint32 // the byte after the SYN; without begins, where the direction begins at the latest
	mayBe   bool   // start is such a place
	fin     uint32 // the number of the FIN
	held    queue
	budget  flow.Budget
	past    past
	given   flow.Time // when the reader was last given something
}

// limit is how far the other side can have acknowledged up to next: the FIN counts where
// it is next.
func (d *direction) limit(next uint32) uint32 {
	if d.ends && d.fin == next {
		return next + 1
	}
	return next
}

// New makes the stream of a connection.
func New(r Reader, g *Group) *Stream {
	var st *Stream
	if n := len(g.free); n > 0 {
		st, g.free = g.free[n-1], g.free[:n-1]
	} else {
		st = new(Stream)
	}
	*st = Stream{reader: r, group: g}
	most := 0
	if c, ok := r.(Comparer); ok && c.Compares() {
		if st.comparer, most = c, pastData; g.answers {
			most = pastControl
		}
	}
	for dir := range st.dir {
		st.dir[dir].budget, st.dir[dir].past.most = flow.NewBudget(g.each), most
	}
	return st
}

// Begins says that the first byte of a direction is that at seq: its SYN was seen.
func (st *Stream) Begins(dir flow.Direction, seq uint32) {
	d := &st.dir[dir]
	d.start, d.begins = seq, true
}

// MayBegin says that a direction begins with the byte at seq, or before it.
func (st *Stream) MayBegin(dir flow.Direction, seq uint32) {
	d := &st.dir[dir]
	d.start, d.mayBe = seq, true
}

// from is where a direction begins of which seq is the first byte that there is.
func (d *direction) from(seq uint32) uint32 {
	if d.mayBe && !d.begins && flow.Before(d.start, seq) {
		return d.start
	}
	return seq
}

// Ends says that the FIN of a direction has the number seq.
func (st *Stream) Ends(dir flow.Direction, seq uint32) {
	d := &st.dir[dir]
	d.fin, d.ends = seq, true
}

// GoesOn says that a FIN of a direction was none of its end.
func (st *Stream) GoesOn(dir flow.Direction) { st.dir[dir].ends = false }

// Settled reports whether it is known where both directions begin.
func (st *Stream) Settled() bool { return st.dir[0].settled && st.dir[1].settled }

// Held is how many bytes it holds, overhead included.
func (st *Stream) Held() int { return st.dir[0].budget.Used() + st.dir[1].budget.Used() }

// Warm looks at what Take will, so that it is in the processor's caches; what it returns
// means nothing.
func (st *Stream) Warm() uint64 {
	return uint64(st.dir[0].next) + uint64(st.dir[0].past.most) + uint64(st.dir[1].next) + uint64(st.dir[1].past.most) + uint64(st.moment.Last)
}

// Over reports whether the reader refused the connection.
func (st *Stream) Over() bool { return st.over }

// End lets go of what is held.
func (st *Stream) End() {
	st.over = true
	for dir := range st.dir {
		d := &st.dir[dir]
		st.group.all.Release(d.budget.Used())
		d.budget.Release(d.budget.Used())
		st.group.rooms.release(d.past.bytes)
		d.held, d.past.bytes = queue{}, nil
	}
}

// Recycle is End for a Stream that nobody has any more.
func (st *Stream) Recycle() {
	st.End()
	if g := st.group; len(g.free) < maxFree {
		*st = Stream{}
		g.free = append(g.free, st)
	}
}

// Take takes a segment with payload; false: the stream is over.
func (st *Stream) Take(dir flow.Direction, s *flow.Segment, m Moment) bool {
	st.moment = m
	p := segment{seq: s.PayloadSeq(), ack: s.Ack, data: s.Payload, at: s.Mark, hasAck: m.Acks && st.group.answers}
	p.cut = s.Length - uint32(len(s.Payload))
	d := &st.dir[dir]
	if !st.Settled() {
		st.begun(s.Time)
		if !d.settled && s.Time-m.Shake > GapWait {
			d.next, d.settled = d.from(p.seq), true
		}
	}
	if st.Held() == 0 && d.settled && p.seq == d.next && st.mayFollow(dir, &p) {
		st.give(dir, &p)
		return !st.over
	}
	if st.comparer != nil {
		st.compare(dir, &p)
	}
	st.hold(dir, p)
	st.drain()
	return !st.over
}

// mayFollow reports whether all that p acknowledges was given to the reader.
func (st *Stream) mayFollow(dir flow.Direction, p *segment) bool {
	o := &st.dir[dir^1]
	switch {
	case !p.hasAck:
		return true
	case o.settled:
		return !flow.After(p.ack, o.limit(o.next))
	}
	// Where the other side begins is not known: its handshake may be late, or the capture
	// lacks that side.
	return st.moment.Last-st.moment.Shake > GapWait && (o.held.empty() || !flow.After(p.ack, o.held.first().seq))
}

// reserve and release account for n bytes that are held in a direction.
func (st *Stream) reserve(d *direction, n int) {
	d.budget.Overdraw(n)
	st.group.all.Overdraw(n)
}

func (st *Stream) release(d *direction, n int) {
	d.budget.Release(n)
	st.group.all.Release(n)
}

// drain gives what has come to be in order.
func (st *Stream) drain() {
	for again := !st.over; again && st.Held() > 0; {
		again = false
		for dir := range flow.Direction(2) {
			for st.ready(dir) {
				st.shift(dir)
				again = true
				if st.over {
					return
				}
			}
		}
	}
}

func (st *Stream) ready(dir flow.Direction) bool {
	d := &st.dir[dir]
	return d.settled && !d.held.empty() && d.held.first().seq == d.next && st.mayFollow(dir, d.held.first())
}

// shift gives the first held segment.
func (st *Stream) shift(dir flow.Direction) {
	d := &st.dir[dir]
	p := d.held.shift()
	st.release(d, len(p.data)+overhead)
	st.give(dir, &p)
}

// give passes a segment to the reader; when the reader refuses the connection the stream
// is over.
func (st *Stream) give(dir flow.Direction, p *segment) {
	d := &st.dir[dir]
	d.next, d.given = p.end(), st.moment.Last
	if st.comparer != nil {
		d.past.add(p.data, &st.group.rooms)
	}
	if len(p.data) > 0 && !st.reader.Data(dir^st.swapped, p.data, p.at) {
		st.End()
		return
	}
	if p.cut > 0 {
		d.past.bytes = d.past.bytes[:0]
		st.gap(dir, uint64(p.cut), p.at)
	}
}

func (st *Stream) gap(dir flow.Direction, n uint64, at flow.Mark) {
	st.reader.Gap(dir^st.swapped, n, at)
}

// Tail is the end of what a side sent: the byte after the highest that was seen, and how
// many are missing after it.
type Tail struct {
	Next uint32
	Lost uint64
}

// rest is how much of what a side sent was neither given nor reported as a gap.
func (d *direction) rest(end Tail) uint64 {
	if !d.settled {
		return end.Lost
	}
	return uint64(max(0, int32(end.Next+uint32(end.Lost)-d.next)))
}

// Flush gives all that is held, gaps and all: the connection is over.
func (st *Stream) Flush(m Moment) {
	st.moment = m
	st.begun(m.Last)
	for st.drain(); !st.over && st.Held() > 0; st.drain() {
		st.yield()
	}
}

// Finish tells what is missing at the end of the directions; at is the connection's last
// packet.
func (st *Stream) Finish(ends [2]Tail, at flow.Mark) {
	for dir := range flow.Direction(2) {
		if n := st.dir[dir].rest(ends[dir]); n > 0 {
			st.gap(dir, n, at)
		}
	}
}

// Swap exchanges the two ends; the reader goes on knowing them as before.
func (st *Stream) Swap() {
	st.dir[0], st.dir[1] = st.dir[1], st.dir[0]
	st.swapped ^= 1
}

// Swapped reports whether the reader knows the two ends the other way round.
func (st *Stream) Swapped() bool { return st.swapped != 0 }
