package tcp

import "ftpscope/capture/flow"

// close reports the connection and forgets it.
func (t *Table) close(slot int32) {
	c := t.slab.at(slot)
	t.unlist(slot)
	if c.flags&doubted != 0 {
		admitRest(t, slot)
		if lone := t.doubts.believe(slot, c); lone != nil {
			defer t.sink.Unanswered(lone)
		}
	}
	if c.flags&reset != 0 {
		c.overrule()
	}
	lost := [2]uint64{
		t.gaps.settle(way{slot, flow.Out, &c.half[flow.Out]}, &c.half[flow.In]),
		t.gaps.settle(way{slot, flow.In, &c.half[flow.In]}, &c.half[flow.Out]),
	}
	var r Reader
	if c.stream != 0 {
		r = t.controls.finish(c, lost)
	}
	told, conflict := flow.Told{}, (*flow.Mark)(nil)
	if c.flags&followed != 0 {
		told, conflict = t.following.finish(slot, c, func() *flow.Conn { return t.snapshot(slot) }, lost)
	}
	fact := t.told(c, t.snapshot(slot))
	fact.Told, fact.Conflict = told, conflict
	t.unwatch(c)
	if r != nil {
		r.Closed(fact)
	} else {
		t.sink.Closed(fact)
	}
	t.past.note(c)
	t.gaps.release(slot)
	delete(t.copies, slot)
	t.index.remove(entry{c.tag, slot})
	t.slab.release(slot)
}

// Tick tells the table the time, between packets: connections whose wait is over end. It
// looks at a bounded part of the table a call. For the same packets and ticks the same
// connections end, whatever else runs.
func (t *Table) Tick(now flow.Time) {
	const part = 4096
	t.tickSYNs(now)
	for n := t.linger.n; n > 0 && now-t.slab.at(t.linger.first).last.Time > lingerTime; n-- {
		if first := t.linger.first; !waits(t, first, now) {
			t.close(first)
		} else {
			t.linger.remove(&t.slab, first)
			t.linger.push(&t.slab, first)
		}
	}
	for range min(part, t.slab.n) {
		if t.hand++; int(t.hand) >= t.slab.n {
			t.hand = 0
			continue
		}
		c := t.slab.at(t.hand)
		if c.flags&inUse == 0 {
			continue
		}
		limit := flow.Time(idleLimit)
		if c.stream != 0 {
			t.controls.settle(c, now)
		}
		if c.flags&followed != 0 {
			t.following.settle(t.hand, c, now)
		}
		if c.stream != 0 {
			if limit = t.controlIdle; limit == 0 {
				continue
			}
		}
		if now-c.last.Time > limit {
			t.close(t.hand)
		}
	}
}

// waits reports whether the reader of a connection that has ended waits for something.
func waits(t *Table, slot int32, now flow.Time) bool {
	var w Waiter
	switch c := t.slab.at(slot); {
	case c.stream != 0:
		w, _ = t.controls.of(c).reader.(Waiter)
	case c.flags&followed != 0:
		w, _ = t.following.open[slot].reader.(Waiter)
	}
	return w != nil && w.Waits(now)
}

// Progress tells the readers of the control connections that are open how these stand,
// and the Sink of all other connections between the same hosts.
func (t *Table) Progress() {
	between := map[[2]flow.Host]bool{}
	for slot := range int32(t.slab.n) {
		if c := t.slab.at(slot); c.flags&(inUse|ended) == inUse && c.stream != 0 {
			between[flow.Hosts(c.a, c.b)] = true
		}
	}
	if len(between) == 0 {
		return
	}
	for slot := range int32(t.slab.n) {
		switch c := t.slab.at(slot); {
		case c.flags&inUse == 0 || c.stream != 0 && c.flags&ended != 0:
		case c.stream != 0:
			t.controls.of(c).reader.Progress(t.snapshot(slot))
		case between[flow.Hosts(c.a, c.b)]:
			t.sink.Progress(t.told(c, t.snapshot(slot)))
		}
	}
}

// Close ends all connections that are left, in the order in which they began. The last
// packet of the capture is of the time end: a SYN that an answer could still have come to
// is not unanswered.
func (t *Table) Close(end flow.Time) {
	t.until = end
	for i := t.syns.first; i != t.syns.next; i++ {
		t.giveUp(i)
	}
	for _, slot := range t.slab.order() {
		t.close(slot)
	}
}

// sample is how many connections are looked at for the most idle one.
const sample = 64

// evictControl makes room for another control connection: the most idle of a sample goes.
func (t *Table) evictControl() {
	t.evicted++
	victim := int32(0)
	for i := 0; i < sample; {
		if t.hand++; int(t.hand) >= t.slab.n {
			t.hand = 1
		}
		c := t.slab.at(t.hand)
		if c.flags&inUse == 0 || c.stream == 0 {
			continue
		}
		if victim == 0 || c.last.Ord < t.slab.at(victim).last.Ord {
			victim = t.hand
		}
		i++
	}
	t.close(victim)
}

// evict makes room: the oldest half-open connection, then an ended one, then the most
// idle of a sample, control connections last.
func (t *Table) evict() {
	t.evicted++
	if t.syns.trim(); t.syns.first != t.syns.next {
		t.giveUp(t.syns.first)
		return
	}
	if t.halfOpen.first != 0 {
		t.close(t.halfOpen.first)
		return
	}
	if t.linger.first != 0 {
		t.close(t.linger.first)
		return
	}
	victim := int32(0)
	for i := 0; i < sample || victim == 0; i++ {
		if t.hand++; int(t.hand) >= t.slab.n {
			t.hand = 1
		}
		c := t.slab.at(t.hand)
		if c.flags&inUse == 0 {
			continue
		}
		if v := t.slab.at(victim); victim == 0 || v.stream != 0 && c.stream == 0 ||
			(v.stream != 0) == (c.stream != 0) && c.last.Ord < v.last.Ord {
			victim = t.hand
		}
	}
	t.close(victim)
}

// Oldest is the Ord of the first packet of the oldest connection in the table that is, or
// may still turn out to be, a control connection; math.MaxUint64 when there is none. It
// looks at the whole table.
func (t *Table) Oldest() uint64 {
	oldest := t.syns.oldest()
	for i := range int32(t.slab.n) {
		if c := t.slab.at(i); c.flags&(inUse|counted) == inUse {
			oldest = min(oldest, c.cold.start.Ord)
		}
	}
	return oldest
}
