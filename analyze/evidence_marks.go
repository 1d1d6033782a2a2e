package analyze

import (
	"cmp"
	"container/list"
	"net/netip"
	"sync"

	"ftpscope/capture/flow"
)

const (
	// maxMarks bounds the marked connections, as the tables of connections are bounded.
	maxMarks = 1 << 20
	// linger is how long a connection is kept after its end: late acknowledgements, FINs that are repeated.
	linger = 5 * flow.Second
)

// pair is the two ends of a connection, in an order that is the same for both directions.
type pair struct {
	a, b         flow.Host
	aPort, bPort uint16
}

func pairOf(a, b flow.Host, aPort, bPort uint16) pair {
	if cmp.Or(cmp.Compare(a.Hi, b.Hi), cmp.Compare(a.Lo, b.Lo), cmp.Compare(aPort, bPort)) > 0 {
		a, b, aPort, bPort = b, a, bPort, aPort
	}
	return pair{a, b, aPort, bPort}
}

func pairOfAddr(a, b netip.AddrPort) pair {
	return pairOf(flow.HostOf(a.Addr()), flow.HostOf(b.Addr()), a.Port(), b.Port())
}

// marks is the bounded set of marked connections.
type marks struct {
	mu    sync.Mutex
	most  int
	set   map[pair]*list.Element // of a *mark
	open  *list.List             // by the time of the mark
	ended *list.List             // by until
	lost  uint64
}

type mark struct {
	pair  pair
	uses  int
	over  bool
	until flow.Time // when it is over: of the last packet that is kept
}

func newMarks(most int) marks {
	return marks{most: most, set: map[pair]*list.Element{}, open: list.New(), ended: list.New()}
}

// add marks a connection, once more if it is marked. A full set loses its oldest mark, of those that are over first.
func (s *marks) add(p pair) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if e := s.set[p]; e != nil {
		if m := e.Value.(*mark); !m.over {
			m.uses++
			return
		}
		s.drop(e) // a new connection between the same ends
	}
	if len(s.set) >= s.most {
		oldest := s.ended.Front()
		if oldest == nil {
			oldest = s.open.Front()
		}
		s.drop(oldest)
		s.lost++
	}
	s.set[p] = s.open.PushBack(&mark{pair: p, uses: 1})
}

func (s *marks) remove(p pair) {
	s.mu.Lock()
	defer s.mu.Unlock()
	e := s.set[p]
	if e == nil {
		return
	}
	if m := e.Value.(*mark); !m.over {
		if m.uses--; m.uses == 0 {
			s.drop(e)
		}
	}
}

func (s *marks) end(p pair, until flow.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	e := s.set[p]
	if e == nil {
		return
	}
	if m := e.Value.(*mark); !m.over {
		m.over, m.until = true, until
		s.open.Remove(e)
		s.set[p] = s.ended.PushBack(m)
	}
}

// has reports whether a packet of that time is of a marked connection. Times do not decrease: what ended before is
// forgotten.
func (s *marks) has(p pair, at flow.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for e := s.ended.Front(); e != nil && e.Value.(*mark).until < at; e = s.ended.Front() {
		s.drop(e)
	}
	return s.set[p] != nil
}

func (s *marks) drop(e *list.Element) {
	m := e.Value.(*mark)
	delete(s.set, m.pair)
	if m.over {
		s.ended.Remove(e)
	} else {
		s.open.Remove(e)
	}
}

func (s *marks) counts() (now int, lost uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.set), s.lost
}
