package tcp

import "ftpscope/capture/flow"

// registry is which connections a table has: a slab of connections whose slots are used
// again, last freed first, and lone SYNs, both behind an index. (Tried before: one big
// table of all connections ever seen costs a cache miss a packet; a Go map twice that.)
type registry struct {
	index    index
	slab     slab
	syns     syns
	halfOpen list
	linger   list
	copies   map[int32]*copies // by slot
}

func newRegistry() registry {
	return registry{index: newIndex(), slab: newSlab(), copies: map[int32]*copies{}}
}

// find returns the slot of the connection of s, or 0; then others tells whether there are
// connections of the same ends in other networks.
func (r *registry) find(s *flow.Segment, tag uint32) (slot int32, dir flow.Direction, others bool) {
	mask := len(r.index.entries) - 1
	for i := int(tag) & mask; ; i = (i + 1) & mask {
		e := r.index.entries[i]
		if e.slot == 0 {
			return 0, 0, others
		}
		if e.tag != tag {
			continue
		}
		if e.slot < 0 {
			l := &r.syns.ring[-e.slot-1]
			if dir, ok := l.direction(s); ok {
				if l.Net == s.Net {
					return e.slot, dir, false
				}
				others = true
			}
			continue
		}
		c := r.slab.at(e.slot)
		if dir, ok := c.direction(s); ok {
			if c.net[dir] == s.Net || len(r.copies) > 0 && r.copies[e.slot].has(s.Net) {
				return e.slot, dir, false
			}
			others = true
		}
	}
}

// candidate tells whether an entry of the index is of the ends of s, and whether s proves
// to belong to it.
func (r *registry) candidate(slot int32, s *flow.Segment) (dir flow.Direction, same, proves bool) {
	if slot < 0 {
		e := &r.syns.ring[-slot-1]
		dir, same = e.direction(s)
		return dir, same, same && isNear(e.Last(), s) && e.proves(dir, s)
	}
	c := r.slab.at(slot)
	dir, same = c.direction(s)
	k := r.copies[slot]
	full := k != nil && k.n == len(k.list) && c.half[dir].packets > 0
	return dir, same, same && !full && isNear(c.last, s) && c.proves(dir, s)
}

// began is the Ord of an entry's first packet.
func (r *registry) began(slot int32) uint64 {
	if slot < 0 {
		return r.syns.ring[-slot-1].First.Ord
	}
	return r.slab.at(slot).cold.start.Ord
}

// nets are the networks of a connection.
func (r *registry) nets(slot int32) flow.Nets {
	c := r.slab.at(slot)
	nets := c.net[0].Nets()
	nets[1] = c.net[1]
	if k := r.copies[slot]; k != nil {
		copy(nets[2:], k.list[:k.n])
	}
	return nets
}

// unlist takes a connection out of the list that it is in.
func (r *registry) unlist(slot int32) {
	c := r.slab.at(slot)
	switch {
	case c.flags&halfOpen != 0:
		r.halfOpen.remove(&r.slab, slot)
	case c.flags&lingering != 0:
		r.linger.remove(&r.slab, slot)
	}
	c.flags &^= halfOpen | lingering
}

// agree notes that the connection is established: a side goes on after its SYN or SYN-ACK
// (that may come later, when it was overtaken), or there is payload, which both sides
// must have agreed to.
func (r *registry) agree(slot int32, dir flow.Direction, s *flow.Segment) {
	c := r.slab.at(slot)
	plain := s.Flags&(flow.SYN|flow.RST) == 0
	if plain && s.Flags&flow.ACK != 0 {
		c.half[dir].flags |= spoke
	}
	opened := c.half[flow.Out].flags&spoke != 0 && c.flags&opener != 0
	accepted := c.half[flow.In].flags&spoke != 0 && c.flags&sawSYNACK != 0
	if !opened && !accepted && !(plain && s.Length > 0) {
		return
	}
	c.flags |= agreed
	if c.flags&halfOpen != 0 {
		r.unlist(slot)
	}
}

// revive takes back the end of a connection whose first SYN a closed port refused: a
// later one was accepted (Windows tries three times), with the same sequence number.
func (r *registry) revive(slot int32) {
	c := r.slab.at(slot)
	c.half[flow.In].flags &^= closed
	c.cold.rst[flow.In] = flow.Mark{}
	if c.flags&lingering != 0 {
		r.unlist(slot)
		r.halfOpen.push(&r.slab, slot)
		c.flags |= halfOpen
	}
	c.flags &^= refused | reset | ended
}

// goOn takes back the end of a connection.
func (r *registry) goOn(slot int32) {
	c := r.slab.at(slot)
	r.unlist(slot)
	c.flags &^= ended
}

// forget takes a lone SYN out of the index; its place in the ring waits for its turn.
func (r *registry) forget(i int32) *lone {
	e := &r.syns.ring[i]
	r.index.remove(entry{e.tag, -1 - i})
	e.live = false
	return e
}
