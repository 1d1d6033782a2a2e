package analyze

import (
	"container/heap"
	"math"
	"sync/atomic"

	"ftpscope/analyze/finding"
	"ftpscope/analyze/record"
	"ftpscope/analyze/renumber"
	"ftpscope/analyze/verdict"
)

// order numbers sessions by their first packet and gives them out as early as it is
// certain that none before them can come: when every connection that is older ended, or
// showed that it is no control connection.
type order struct {
	out     Records
	waiting sessionHeap
	held    int             // bytes of those that wait
	early   uint64          // sessions that could not wait for an older one
	judged  *finding.Stream // adds the findings, and holds sessions back while their neighbours may matter
	bench   *verdict.Bench  // adds the verdicts, in the order in which sessions are given out
	ids     int
	drops   drops
	numbers Numbers // nil: packets keep their numbers
	parked  []parked
	live    bool // sessions come in the order of their end, and go as soon as they are judged
	sum     *summary
	err     error       // the first of out
	failed  atomic.Bool // there is one
}

func newOrder(out Records, opt finding.Options) *order {
	o := &order{out: out, sum: &summary{}, live: opt.Live, bench: verdict.NewBench(opt.Files)}
	o.judged = finding.NewStream(opt, func(s *record.Session) {
		o.bench.Session(s)
		o.sum.add(s)
		renumber.Link(s, o.numbers)
		o.keep(out.Session(s))
	})
	return o
}

// add takes a finished session.
func (o *order) add(s *record.Session) {
	if o.live {
		s.Notes.Dropped = o.drops.during(s)
		o.park(parked{session: s})
		return
	}
	o.waiting.add(s)
	for o.held += s.Notes.Size; len(o.waiting) > maxWaiting || o.held > maxWaitingSize; o.early++ {
		o.next()
	}
}

// Limits of the sessions that wait for an older one, which may last as long as the
// capture: then they are numbered before it.
const (
	maxWaiting     = 64 << 10
	maxWaitingSize = 256 << 20
)

func (o *order) next() {
	s := heap.Remove(&o.waiting, 0).(*record.Session)
	o.held -= s.Notes.Size
	o.judge(s)
}

// judge numbers the next session.
func (o *order) judge(s *record.Session) {
	o.ids++
	s.ID = o.ids
	o.judged.Add(s)
}

// snapshot gives out how far a session came that goes on. It has no number yet.
func (o *order) snapshot(s *record.Session) {
	s.Notes.Dropped = o.drops.during(s)
	s = renumber.Copy(s, o.numbers)
	o.judged.Preview(s)
	o.bench.Preview(s)
	renumber.Link(s, o.numbers)
	o.keep(o.out.Session(s))
}

// release gives out the sessions that began before ord.
func (o *order) release(ord uint64) {
	for len(o.waiting) > 0 && o.waiting[0].ord < ord {
		o.next()
	}
}

// all gives out the rest.
func (o *order) all() {
	o.release(math.MaxUint64)
	o.judged.Flush()
}

// files tells how many files the run has by now.
func (o *order) files(n int) {
	o.judged.Files(n)
	if o.numbers == nil {
		o.bench.Files = n
	}
}

// attempt and orphan judge what never became a session, and give it out.
func (o *order) attempt(a *record.Attempt) {
	o.bench.Attempt(a)
	renumber.LinkVerdict(a.Verdict, o.numbers)
	o.keep(o.out.Attempt(a))
}

func (o *order) orphan(x *record.Orphan) {
	o.bench.Orphan(x)
	renumber.LinkVerdict(x.Verdict, o.numbers)
	o.keep(o.out.Orphan(x))
}

func (o *order) keep(err error) {
	if o.err == nil && err != nil {
		o.err = err
		o.failed.Store(true)
	}
}

// sessionHeap has the session with the earliest first packet on top. The key stands
// beside the pointer, since sessions that wait are no longer in the caches.
type sessionHeap []ranked

type ranked struct {
	ord uint64 // of the first packet
	*record.Session
}

func (h sessionHeap) Len() int           { return len(h) }
func (h sessionHeap) Less(i, j int) bool { return h[i].ord < h[j].ord }
func (h sessionHeap) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *sessionHeap) Push(x any)        { *h = append(*h, x.(ranked)) }

// add is heap.Push without an allocation.
func (h *sessionHeap) add(s *record.Session) {
	*h = append(*h, ranked{s.First.Ord, s})
	heap.Fix(h, len(*h)-1)
}

func (h *sessionHeap) Pop() any {
	last := len(*h) - 1
	x := (*h)[last]
	(*h)[last] = ranked{}
	*h = (*h)[:last]
	return x.Session
}
