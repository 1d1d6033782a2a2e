package tcp

// list is a queue of connections by age, threaded through the slab.
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
