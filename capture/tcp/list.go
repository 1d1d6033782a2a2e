package tcp

// list is a queue of connections by age, threaded through the slab.
type list struct {
	first, last int32
	n           int
}

func (l *list) push(slab []conn, slot int32) {
	slab[slot].prev, slab[slot].next = l.last, 0
	if l.last == 0 {
		l.first = slot
	} else {
		slab[l.last].next = slot
	}
	l.last = slot
	l.n++
}

func (l *list) remove(slab []conn, slot int32) {
	c := &slab[slot]
	if c.prev == 0 {
		l.first = c.next
	} else {
		slab[c.prev].next = c.next
	}
	if c.next == 0 {
		l.last = c.prev
	} else {
		slab[c.next].prev = c.prev
	}
	c.prev, c.next = 0, 0
	l.n--
}
