package tcp

// slab holds connections in pages, so that it grows without copying them. Slot 0 is not
// used.
type slab struct {
	pages []*[pageSize]conn
	n     int // slots that were ever in use
}

const (
	pageBits = 7
	pageSize = 1 << pageBits // connections: 60 KB, little beside what even a small capture takes
)

func newSlab() slab { return slab{pages: []*[pageSize]conn{new([pageSize]conn)}, n: 1} }

func (s *slab) at(slot int32) *conn { return &s.pages[slot>>pageBits][slot&(pageSize-1)] }

// grow returns a slot that was never used.
func (s *slab) grow() int32 {
	if s.n == len(s.pages)<<pageBits {
		s.pages = append(s.pages, new([pageSize]conn))
	}
	s.n++
	return int32(s.n - 1)
}

// list is a queue of connections by age, threaded through the slab: a connection leaves
// it from the middle without an allocation, which container/list makes for each member
// (BenchmarkTable/kind=short).
type list struct {
	first, last int32
	n           int
}

func (l *list) push(s *slab, slot int32) {
	c := s.at(slot)
	c.prev, c.next = l.last, 0
	if l.last == 0 {
		l.first = slot
	} else {
		s.at(l.last).next = slot
	}
	l.last = slot
	l.n++
}

func (l *list) remove(s *slab, slot int32) {
	c := s.at(slot)
	if c.prev == 0 {
		l.first = c.next
	} else {
		s.at(c.prev).next = c.next
	}
	if c.next == 0 {
		l.last = c.prev
	} else {
		s.at(c.next).prev = c.prev
	}
	c.prev, c.next = 0, 0
	l.n--
}
