package decode

import (
	"bytes"
	"slices"

	"ftpscope/capture/flow"
)

// Limits of reassembly. What they cost is counted by reason.
const (
	// maxFragmentBytes bounds what waits for the rest of its datagram, bookkeeping
	// included; the oldest are given up first.
	maxFragmentBytes = 4 << 20
	// maxDatagrams bounds how many wait at a time: an index of more would be larger than
	// what it is for.
	maxDatagrams = 8192
	// maxPieces bounds the fragments of one datagram: 64 KiB come in 238 over links of
	// 296 bytes (RFC 1144), the smallest in use. More of them only cost time.
	maxPieces = 256
	// fragmentWait is how long the rest of a datagram is waited for, as Linux does. RFC
	// 791 lets it be 15 s and more, RFC 8200 section 4.5 says 60 s.
	fragmentWait = 30 * flow.Second
	// duplicateWait is how long a whole datagram is remembered, for fragments that a
	// capture has twice. Its identification may come again after 65,536 others, which a
	// fast link sends in a second.
	duplicateWait = flow.Second

	// fragmentDoubt is after what time fragments may be of two datagrams of the same
	// identification, of which the capture lacks the others (RFC 4963). Then the TCP
	// checksum decides. Those of one datagram follow each other at once.
	fragmentDoubt = 100 * flow.Millisecond

	datagramCost = 384 // bytes of a datagram, its place in the index included
	pieceCost    = 64  // bytes of a fragment's bookkeeping
	markCost     = 48  // bytes of a packet's mark
)

// loss is why fragments are given up; their packets are counted by it.
type loss uint8

const (
	incomplete  loss = iota // the rest did not come in time
	crowded                 // by maxFragmentBytes or maxDatagrams
	shattered               // by maxPieces
	overlapping             // see Decoder.place
	mixed                   // see fragmentDoubt
	losses
)

var lossTexts = [losses]string{
	"IP fragment without the rest of its datagram", "IP fragment, too many waiting at once", "IP fragment, one of too many of its datagram",
	"IP fragment that overlaps others", "IP fragment of another datagram than the others",
}

// fragmentKey is what the fragments of a datagram have in common: RFC 791 section 3.2,
// RFC 8200 section 4.5.
type fragmentKey struct {
	net      flow.Net
	src, dst flow.Host
	id       uint32
	version  uint8
	protocol uint8 // of IPv4; 0 for IPv6, where only the first fragment's says something
}

// fragment is one fragment as it came: bytes [from, to) of its datagram, the last ones
// unless more is set.
type fragment struct {
	fragmentKey
	next     uint8 // protocol of what the datagram holds, by this fragment
	from, to int
	more     bool
	data     []byte // what was captured of it
}

// datagram is some fragments of which the rest is to come, or (done) was there, or
// (refused) shall not be read.
type datagram struct {
	key    fragmentKey
	born   flow.Time // by fragments.clock
	pieces []piece   // by from; they do not overlap
	have   int       // bytes in them
	total  int       // bytes of the whole; negative: the last fragment has not come
	next   uint8     // protocol of what it holds; the first fragment decides
	first  bool      // that was there
	count  uint64    // fragments of it, repetitions included
	cost   int
	state  datagramState
	why    loss   // of refused
	doubt  bool   // there were fragments of the same identification that contradict these
	known  bool   // the ports are
	ports  uint32 // source and destination, as they stand in the header
	marks  []flow.Mark

	queue      *queue
	prev, link *datagram
}

type datagramState uint8

const (
	waiting   datagramState = iota
	done                    // was told; kept for duplicates
	refused                 // why was counted; what else comes of it is, too
	dismissed               // it is of no interest
	gone                    // given up
)

// piece is a part of a datagram; of its bytes the first len(data) were captured.
type piece struct {
	from, to int
	data     []byte
}

// fragments is all that waits, bounded. The zero value is ready.
type fragments struct {
	index map[fragmentKey]*datagram
	open  queue // waiting and refused, by age
	whole queue // done and dismissed, by age
	used  int   // cost of all
	last  flow.Time
	clock flow.Time // which steps of the packets' clock do not disturb
	out   []byte    // the datagram that was put together last
	lost  [losses]uint64

	later  bool // a fragment that is not the first of its datagram was seen
	firsts int  // first ones before that
}

// tell advances the clock and gives up what waited too long. A packet that is a bit late
// does not put the clock back; a clock that was put back by more goes on from there.
func (t *fragments) tell(now flow.Time) {
	switch step := now - t.last; {
	case step > 0:
		t.clock += step
		t.last = now
	case step < -fragmentWait:
		t.last = now
	}
	for g := t.whole.first; g != nil && t.clock-g.born > duplicateWait; g = t.whole.first {
		t.drop(g)
	}
	for g := t.open.first; g != nil && t.clock-g.born > fragmentWait; g = t.open.first {
		t.giveUp(g, incomplete)
	}
}

// find returns the datagram that x is of, a new one if there is none.
func (t *fragments) find(x *fragment) *datagram {
	if g := t.index[x.fragmentKey]; g != nil {
		return g
	}
	g := &datagram{key: x.fragmentKey, born: t.clock, total: -1, next: x.next, cost: datagramCost}
	if t.index == nil {
		t.index = map[fragmentKey]*datagram{}
	}
	t.index[g.key] = g
	t.used += g.cost
	t.open.push(g)
	return g
}

// room gives up what is oldest until the limits are kept.
func (t *fragments) room() {
	for t.used > maxFragmentBytes || len(t.index) > maxDatagrams {
		if g := t.whole.first; g != nil {
			t.drop(g)
			continue
		}
		t.giveUp(t.open.first, crowded)
	}
}

// all gives up what is left: at the end.
func (t *fragments) all() {
	for t.open.first != nil {
		t.giveUp(t.open.first, incomplete)
	}
}

func (t *fragments) giveUp(g *datagram, why loss) {
	if g.state == waiting {
		t.lose(g, why)
	}
	t.drop(g)
}

// lose counts the fragments of a datagram. UDP without its first fragment is most likely
// no tunnel.
func (t *fragments) lose(g *datagram, why loss) {
	if g.first || g.next != protoUDP {
		t.lost[why] += g.count
	}
}

func (t *fragments) drop(g *datagram) {
	g.queue.remove(g)
	delete(t.index, g.key)
	t.used -= g.cost
	g.state = gone
}

// refuse gives a datagram up and remembers that, so that what is still to come of it is
// not read either.
func (t *fragments) refuse(g *datagram, why loss) {
	t.lose(g, why)
	g.state, g.why = refused, why
	t.empty(g)
}

// dismiss forgets a datagram that is of no interest but for what is still to come of it.
func (t *fragments) dismiss(g *datagram) {
	g.state, g.born = dismissed, t.clock
	t.empty(g)
	g.queue.remove(g)
	t.whole.push(g)
}

func (t *fragments) empty(g *datagram) {
	g.pieces, g.marks = nil, nil
	t.charge(g, datagramCost-g.cost)
}

// finish puts the datagram together: all of its bytes up to the first that was not
// captured. They are valid until the next one.
func (t *fragments) finish(g *datagram) []byte {
	t.out = t.out[:0]
	for i := range g.pieces {
		p := &g.pieces[i]
		t.out = append(t.out, p.data...)
		if len(p.data) < p.to-p.from {
			break
		}
	}
	g.state, g.born = done, t.clock
	g.queue.remove(g)
	t.whole.push(g)
	return t.out
}

// add puts what of x is not there yet among the pieces.
func (t *fragments) add(g *datagram, x *fragment) {
	if !x.more {
		g.total = x.to
	}
	at := x.from
	for i := 0; i < len(g.pieces) && g.pieces[i].from < x.to; i++ {
		if p := g.pieces[i]; p.to > at {
			if p.from > at {
				t.insert(g, i, x, at, p.from)
				i++
			}
			at = p.to
		}
	}
	if at < x.to {
		i, _ := slices.BinarySearchFunc(g.pieces, at, func(p piece, at int) int { return p.from - at })
		t.insert(g, i, x, at, x.to)
	}
}

// insert makes bytes [from, to) of x the piece i.
func (t *fragments) insert(g *datagram, i int, x *fragment, from, to int) {
	p := piece{from: from, to: to}
	if captured := x.from + len(x.data); captured > from {
		p.data = bytes.Clone(x.data[from-x.from : min(captured, to)-x.from])
	}
	g.pieces = slices.Insert(g.pieces, i, p)
	g.have += to - from
	t.charge(g, cap(p.data)+pieceCost)
}

func (t *fragments) charge(g *datagram, cost int) {
	g.cost += cost
	t.used += cost
}

// mark notes that a packet holds bytes of g; beyond a bound, which only repetitions
// reach, it does not.
func (t *fragments) mark(g *datagram, m flow.Mark) {
	if len(g.marks) < 2*maxPieces {
		g.marks = append(g.marks, m)
		t.charge(g, markCost)
	}
}

// overlap is how a fragment meets those that are there.
type overlap struct {
	covered int  // bytes that are there
	exact   bool // there is one with the same bounds
	differs bool // other bytes at the same place, or another end of the datagram
}

func (g *datagram) overlap(x *fragment) (o overlap) {
	o.differs = g.total >= 0 && (x.to > g.total || x.more == (x.to == g.total))
	for i := range g.pieces {
		p := &g.pieces[i]
		from, to := max(p.from, x.from), min(p.to, x.to)
		o.differs = o.differs || !x.more && p.to > x.to
		if from >= to {
			continue
		}
		o.covered += to - from
		o.exact = o.exact || p.from == x.from && p.to == x.to
		to = min(to, p.from+len(p.data), x.from+len(x.data))
		o.differs = o.differs || from < to && !bytes.Equal(p.data[from-p.from:to-p.from], x.data[from-x.from:to-x.from])
	}
	return o
}

// queue is a list of datagrams, the oldest first.
type queue struct{ first, last *datagram }

func (q *queue) push(g *datagram) {
	g.queue, g.prev, g.link = q, q.last, nil
	if q.last == nil {
		q.first = g
	} else {
		q.last.link = g
	}
	q.last = g
}

func (q *queue) remove(g *datagram) {
	if g.prev == nil {
		q.first = g.link
	} else {
		g.prev.link = g.link
	}
	if g.link == nil {
		q.last = g.prev
	} else {
		g.link.prev = g.prev
	}
	g.queue, g.prev, g.link = nil, nil, nil
}
