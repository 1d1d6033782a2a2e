package analyze

import (
	"container/heap"
	"math"

	"ftpscope/analyze/finding"
	"ftpscope/analyze/session"
)

// order numbers sessions by their first packet and gives them out as early as it is certain that none before them can
// come: when every connection that is older ended, or showed that it is no control connection.
type order struct {
	out     Records
	waiting sessionHeap
	judged  *finding.Stream // adds the findings, and holds sessions back while their neighbours may matter
	ids     int
	sum     *summary
	err     error // the first of out
}

func newOrder(out Records, opt finding.Options) *order {
	o := &order{out: out, sum: &summary{}}
	o.judged = finding.NewStream(opt, func(s *session.Session) {
		o.sum.add(s)
		o.keep(out.Session(s))
	})
	return o
}

// add takes a finished session.
func (o *order) add(s *session.Session) { heap.Push(&o.waiting, s) }

// release gives out the sessions that began before ord.
func (o *order) release(ord uint64) {
	for len(o.waiting) > 0 && o.waiting[0].First.Ord < ord {
		s := heap.Pop(&o.waiting).(*session.Session)
		o.ids++
		s.ID = o.ids
		o.judged.Add(s)
	}
}

// all gives out the rest.
func (o *order) all() {
	o.release(math.MaxUint64)
	o.judged.Flush()
}

func (o *order) keep(err error) {
	if o.err == nil {
		o.err = err
	}
}

// sessionHeap has the session with the earliest first packet on top.
type sessionHeap []*session.Session

func (h sessionHeap) Len() int           { return len(h) }
func (h sessionHeap) Less(i, j int) bool { return h[i].First.Ord < h[j].First.Ord }
func (h sessionHeap) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *sessionHeap) Push(x any)        { *h = append(*h, x.(*session.Session)) }
func (h *sessionHeap) Pop() any {
	old := *h
	s := old[len(old)-1]
	old[len(old)-1] = nil
	*h = old[:len(old)-1]
	return s
}
