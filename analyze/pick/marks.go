package pick

import (
	"container/list"
	"slices"
	"sync"

	"ftpscope/capture/flow"
)

const (
	// maxMarks bounds the marked connections, as the tables of connections are bounded.
	maxMarks = 1 << 20
	// linger is how long a connection is kept after its end: late acknowledgements, FINs
	// that are repeated.
	linger = 5 * flow.Second
	// maxUses bounds the networks of which marks are told apart for two ends; the others'
	// end with them.
	maxUses = 64
	// maxExpected bounds the endpoints of which connections are expected, and expectedFor how
	// long they are after they were announced.
	maxExpected = 64 << 10
	expectedFor = 600 * flow.Second
	// tryFor is how long a connection that was tried is kept, unless it is marked: a SYN that
	// is repeated later begins that anew.
	tryFor = 30 * flow.Second
)

// marks is the bounded set of marked connections.
type marks struct {
	mu    sync.Mutex
	most  int
	set   map[flow.Tuple]*list.Element // of a *mark
	open  *list.List                   // by the time of the mark
	ended *list.List                   // by until
	lost  uint64

	expected map[expectedEnd]flow.Time // until when
	inOrder  []expectedEnd             // of the announcement, the oldest first; some may have been announced again
}

type expectedEnd struct {
	host flow.Host
	port uint16
}

// mark is of the connections of two ends: one, or one in each of several networks.
type mark struct {
	tuple flow.Tuple
	uses  []use
	over  bool
	until flow.Time // when it is over: of the last packet that is kept
}

// use is how often the connection of a network is marked.
type use struct {
	net flow.Net
	n   int
}

func newMarks(most int) marks {
	return marks{most: most, set: map[flow.Tuple]*list.Element{}, open: list.New(), ended: list.New(), expected: map[expectedEnd]flow.Time{}}
}

// add marks a connection, once more if it is marked. A full set loses its oldest mark, of
// those that are over first.
func (s *marks) add(p flow.Tuple, net flow.Net) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if e := s.set[p]; e != nil {
		if m := e.Value.(*mark); !m.over {
			m.use(net)
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
	s.set[p] = s.open.PushBack(&mark{tuple: p, uses: []use{{net, 1}}})
}

func (m *mark) use(net flow.Net) {
	for i := range m.uses {
		if m.uses[i].net == net {
			m.uses[i].n++
			return
		}
	}
	if len(m.uses) < maxUses {
		m.uses = append(m.uses, use{net, 1})
	}
}

// remove takes a mark of a network's connection back.
func (s *marks) remove(p flow.Tuple, net flow.Net) {
	s.mu.Lock()
	defer s.mu.Unlock()
	e := s.set[p]
	if e == nil {
		return
	}
	m := e.Value.(*mark)
	for i := range m.uses {
		if m.uses[i].net == net {
			m.uses[i].n--
		}
	}
	m.uses = slices.DeleteFunc(m.uses, func(u use) bool { return u.n == 0 })
	if len(m.uses) == 0 && !m.over {
		s.drop(e)
	}
}

// end says that a connection is over; other networks' of the same ends go on.
func (s *marks) end(p flow.Tuple, nets *flow.Nets, until flow.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	e := s.set[p]
	if e == nil {
		return
	}
	m := e.Value.(*mark)
	m.uses = slices.DeleteFunc(m.uses, func(u use) bool { return nets.Has(u.net) })
	if len(m.uses) == 0 && !m.over {
		m.over, m.until = true, until
		s.open.Remove(e)
		s.set[p] = s.ended.PushBack(m)
	}
}

// has reports whether a packet of that time is of a marked connection. Times do not
// decrease: what ended before is forgotten.
func (s *marks) has(p flow.Tuple, at flow.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for e := s.ended.Front(); e != nil && e.Value.(*mark).until < at; e = s.ended.Front() {
		s.drop(e)
	}
	return s.set[p] != nil
}

func (s *marks) drop(e *list.Element) {
	m := e.Value.(*mark)
	delete(s.set, m.tuple)
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

// expect notes an endpoint that was announced.
func (s *marks) expect(end expectedEnd, now flow.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.expected[end] < now+expectedFor/2 { // else it is noted well enough
		s.inOrder = append(s.inOrder, end)
		s.expected[end] = now + expectedFor
	}
	for len(s.inOrder) > 0 && (s.expected[s.inOrder[0]] < now || len(s.inOrder) > maxExpected) {
		delete(s.expected, s.inOrder[0])
		s.inOrder = s.inOrder[1:]
	}
}

// tried reports whether a SYN is sent to an endpoint that was announced; then the connection
// is kept for a while.
func (s *marks) tried(h *keptHead) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	host, port := h.tuple.End(int(h.to))
	if until, ok := s.expected[expectedEnd{host, port}]; !ok || until < h.at {
		return false
	}
	if len(s.set) < s.most {
		s.set[h.tuple] = s.ended.PushBack(&mark{tuple: h.tuple, over: true, until: h.at + tryFor})
	}
	return true
}
