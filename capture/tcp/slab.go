package tcp

import (
	"cmp"
	"slices"
)

// slab holds connections in pages, so that it grows without copying them. Slot 0 is not
// used.
type slab struct {
	pages []*[pageSize]conn
	n     int     // slots that were ever in use
	free  []int32 // of them, those that are not in use
}

const (
	pageBits = 7
	pageSize = 1 << pageBits // connections: 60 KB, little beside what even a small capture takes
)

func newSlab() slab { return slab{pages: []*[pageSize]conn{new([pageSize]conn)}, n: 1} }

func (s *slab) at(slot int32) *conn { return &s.pages[slot>>pageBits][slot&(pageSize-1)] }

// take returns a free slot, the last that was freed first.
func (s *slab) take() int32 {
	if n := len(s.free); n > 0 {
		slot := s.free[n-1]
		s.free = s.free[:n-1]
		return slot
	}
	if s.n == len(s.pages)<<pageBits {
		s.pages = append(s.pages, new([pageSize]conn))
	}
	s.n++
	return int32(s.n - 1)
}

// release frees a slot.
func (s *slab) release(slot int32) {
	s.at(slot).flags = 0
	s.free = append(s.free, slot)
}

// order lists the connections in use by their first packet.
func (s *slab) order() []int32 {
	slots := make([]int32, 0, s.n-len(s.free))
	for slot := range int32(s.n) {
		if s.at(slot).flags&inUse != 0 {
			slots = append(slots, slot)
		}
	}
	slices.SortFunc(slots, func(x, y int32) int {
		return cmp.Compare(s.at(x).cold.start.Ord, s.at(y).cold.start.Ord)
	})
	return slots
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
