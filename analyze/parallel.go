package analyze

import (
	"cmp"
	"math"
	"sync"

	"ftpscope/analyze/control"
	"ftpscope/capture/flow"
	"ftpscope/capture/tcp"
)

// With several workers the caller's goroutine reads and decodes, each worker has the
// shards whose number is its own modulo their count, and one goroutine puts what they
// learned back into the order of the packets for the Matcher. Work is handed on in
// batches that own their bytes; a batch ends at the latest where the clock is looked at.
const (
	batchSegments = 4096
	batchBytes    = 1 << 20
	// batchesAhead bounds what is under way: enough for reading, tracking and matching to
	// overlap.
	batchesAhead = 6
)

// batch is some packets' segments on their way through the workers.
type batch struct {
	segments []flow.Segment
	shards   []uint8
	bytes    []byte
	tick     bool
	shot     bool // with tick: sessions that go on tell how far they came
	end      bool // of the capture: the tables are closed
	oldest   [tcp.Shards]horizon
	now      flow.Time
	last     uint64 // Ord of the last packet
	count    counts // up to it
	learned  [][]event
	done     sync.WaitGroup
}

// event is one thing that a shard learned, with its place in the order of all: packet,
// then (for ticks) shard.
type event struct {
	ord      uint64
	shard    int // of a tick, +1; 0: a packet's
	kind     eventKind
	conn     flow.Conn
	syn      flow.LoneSYN
	said     *control.Transcript
	expected control.Expectation
	hosts    control.HostExpectation
}

type eventKind uint8

const (
	opened eventKind = iota
	unanswered
	closed
	expected
	hostsExpected
	progress
)

// recorder is one worker's events; it stands in for the Matcher.
type recorder struct {
	list  []event
	ord   uint64
	shard int
}

func (r *recorder) add(kind eventKind) *event {
	r.list = append(r.list, event{ord: r.ord, shard: r.shard, kind: kind})
	return &r.list[len(r.list)-1]
}

func (r *recorder) Opened(c *flow.Conn)        { r.add(opened).conn = *c }
func (r *recorder) Unanswered(s *flow.LoneSYN) { r.add(unanswered).syn = *s }
func (r *recorder) Closed(c *flow.Conn, said *control.Transcript) {
	e := r.add(closed)
	e.conn, e.said = *c, said
}
func (r *recorder) Progress(c *flow.Conn, said *control.Transcript) {
	e := r.add(progress)
	e.conn, e.said = *c, said
}
func (r *recorder) Expect(x *control.Expectation)         { r.add(expected).expected = *x }
func (r *recorder) ExpectHosts(x control.HostExpectation) { r.add(hostsExpected).hosts = x }

// parallel runs the analysis with several workers.
func (a *analysis) parallel(workers int) {
	free, sent := make(chan *batch, batchesAhead), make(chan *batch, batchesAhead)
	for range batchesAhead {
		free <- &batch{learned: make([][]event, workers)}
	}
	inputs := make([]chan *batch, workers)
	all := make([]*shard, tcp.Shards)
	for w := range inputs {
		inputs[w] = make(chan *batch, batchesAhead)
		go a.worker(w, workers, inputs[w], all)
	}
	finished := make(chan struct{})
	go func() {
		for b := range sent {
			a.deliver(b)
			free <- b
		}
		close(finished)
	}()
	send := func(b *batch) {
		b.done.Add(workers)
		for _, in := range inputs {
			in <- b
		}
		sent <- b
	}
	a.read(free, send)
	for _, in := range inputs {
		close(in)
	}
	close(sent)
	<-finished
	a.tally(all)
}

// read fills batches; the last one, which may be empty, closes the shards' tables.
func (a *analysis) read(free chan *batch, send func(*batch)) {
	b := <-free
	hand := func(b *batch) *batch {
		last := b.last
		b.count = a.count
		send(b)
		next := <-free
		next.reset()
		next.last = last
		return next
	}
	var s flow.Segment
	for {
		packets, err := a.source.Next()
		if err != nil {
			break
		}
		for i := range packets {
			p := &packets[i]
			b.last = p.Ord
			for ok := a.segment(p, &s); ok; ok = a.more(p, &s) {
				b.add(&s)
			}
			b.tick, b.now = p.Ord%tickEvery == 0, p.Time
			if b.tick || b.full() {
				b = hand(b)
			}
		}
		if now, ok := a.heart.beats(); ok {
			b.tick, b.now, b.shot = true, now, a.heart.shot(now, a.opt.Interval)
			b = hand(b)
		}
		if a.heart.live != nil && a.order.failed.Load() {
			break // nobody hears
		}
	}
	b.tick, b.end, b.last, b.now = false, true, math.MaxUint64, a.count.last.Time
	send(b)
}

func (b *batch) full() bool {
	return len(b.segments) >= batchSegments || len(b.bytes) >= batchBytes
}

func (b *batch) reset() {
	b.segments, b.shards, b.bytes = b.segments[:0], b.shards[:0], b.bytes[:0]
	b.tick, b.shot = false, false
}

// add copies a segment.
func (b *batch) add(s *flow.Segment) {
	b.shards = append(b.shards, uint8(tcp.Shard(s.Src, s.Dst)))
	b.segments = append(b.segments, *s)
	c := &b.segments[len(b.segments)-1]
	if s.ICMP != nil {
		icmp := *s.ICMP
		c.ICMP = &icmp
	}
	if n := len(s.Payload); n > 0 {
		from := len(b.bytes)
		b.bytes = append(b.bytes, s.Payload...) // growing leaves earlier payloads in the old array, which they keep
		c.Payload = b.bytes[from : from+n : from+n]
	}
}

// worker tracks the connections of its shards.
func (a *analysis) worker(w, workers int, in <-chan *batch, all []*shard) {
	rec := &recorder{}
	reading := a.readingOptions(rec)
	for i := w; i < len(all); i += workers {
		all[i] = a.shard(rec, reading)
	}
	var together tcp.Batch
	before := func(s *flow.Segment) { rec.ord = s.Ord }
	for b := range in {
		rec.list, rec.shard = b.learned[w][:0], 0
		for i := range b.segments {
			if l := int(b.shards[i]); l%workers == w {
				if together.Add(all[l].table, &b.segments[i]); together.Len() == tcp.BatchSize {
					together.Flush(before)
				}
			}
		}
		together.Flush(before)
		rec.ord = b.last
		for i := w; i < len(all); i += workers {
			rec.shard = i + 1
			switch {
			case b.end:
				all[i].table.Close(b.now)
			case b.tick:
				all[i].tick(b.now)
				b.oldest[i] = all[i].oldest
				if b.shot {
					all[i].table.Progress()
				}
			}
		}
		b.learned[w] = rec.list
		b.done.Done()
	}
}

// deliver gives the Matcher what the workers learned, in order.
func (a *analysis) deliver(b *batch) {
	b.done.Wait()
	next := make([]int, len(b.learned))
	for {
		best := -1
		for w, list := range b.learned {
			if next[w] < len(list) && (best < 0 || list[next[w]].before(&b.learned[best][next[best]])) {
				best = w
			}
		}
		if best < 0 {
			break
		}
		b.learned[best][next[best]].tell(a.log)
		next[best]++
	}
	for w := range b.learned {
		clear(b.learned[w]) // let go of what the events point to
	}
	if b.tick {
		a.tick(b.now, b.oldest[:], &b.count)
		if b.shot {
			a.matcher.Snapshots(a.order.snapshot)
		}
	}
}

func (e *event) before(x *event) bool {
	return cmp.Or(cmp.Compare(e.ord, x.ord), cmp.Compare(e.shard, x.shard)) < 0
}

func (e *event) tell(m events) {
	switch e.kind {
	case opened:
		m.Opened(&e.conn)
	case unanswered:
		m.Unanswered(&e.syn)
	case closed:
		m.Closed(&e.conn, e.said)
	case expected:
		m.Expect(&e.expected)
	case hostsExpected:
		m.ExpectHosts(e.hosts)
	case progress:
		m.Progress(&e.conn, e.said)
	}
}
