package tcp

import "ftpscope/capture/flow"

// Follow has the Follower asked for readers, of connections whose first segment with payload may be of interest, for their
// beginning; nil: of all, for all of it.
// It is called before the first segment.
func (t *Table) Follow(f Follower, may func(*flow.Segment) bool) {
	t.follower, t.mayFollow, t.followed = f, may, map[int32]*stream{}
	if may != nil {
		t.follows = shared{one: maxHeldBegun, all: maxHeldBegunAll}
	}
}

// follow passes a segment with payload to the connection's reader, if it has one.
func (t *Table) follow(slot int32, dir flow.Direction, seq uint32, s *flow.Segment) {
	c := t.slab.at(slot)
	if c.what&(followed|passedOver) == 0 {
		var r Reader
		if t.mayFollow == nil || len(t.followed) < maxBegun && t.mayFollow(s) {
			r = t.follower.Follow(t.snapshot(slot))
		}
		if r == nil {
			c.what |= passedOver
			return
		}
		c.what |= followed
		t.followed[slot] = newStream(r, c, &t.follows)
	}
	if c.what&followed != 0 {
		st := t.followed[slot]
		st.take(c, dir, seq, s)
		t.passOver(slot, st)
	}
}

// passOver forgets a stream that its reader refused.
func (t *Table) passOver(slot int32, st *stream) {
	if st.over {
		delete(t.followed, slot)
		c := t.slab.at(slot)
		c.what = c.what&^followed | passedOver
	}
}

// settleFollowed gives up waiting where the wait is over.
func (t *Table) settleFollowed(slot int32, now flow.Time) {
	if st := t.followed[slot]; st.held > 0 {
		st.settle(t.slab.at(slot), now)
		t.passOver(slot, st)
	}
}

// unfollow gives what is left of a connection that is over; lost bytes are missing at the ends.
func (t *Table) unfollow(slot int32, lost [2]uint64) {
	st, c := t.followed[slot], t.slab.at(slot)
	if st.flush(c); !st.over {
		st.finish(c, lost)
		if r, ok := st.reader.(Teller); ok {
			if t.sent = r.Sent(); st.turned != 0 {
				t.sent = t.sent.Turned()
			}
		}
		t.follower.Followed(t.snapshot(slot), st.reader)
		st.end()
	}
	delete(t.followed, slot)
	c.what &^= followed
}
