package tcp

import "ftpscope/capture/flow"

// A direction whose capture has a gap of more than maxBridge is in pieces. What lies between them is reported as
// missing; as the direction's bytes only those count that the capture holds at distinct sequence numbers after the
// first one (RFC 9293 section 3.4), or right after the highest: of others nothing tells whether they are new, or old ones
// a wrap later.

// breakUp turns the gaps of a direction into what is held of it.
func (t *Table) breakUp(slot int32, dir flow.Direction) {
	h := &t.slab.at(slot).half[dir]
	held := holes{places: &t.gaps}
	const far = 1 << 30
	if h.bytes > far { // what was before is counted; sequence numbers do not reach so far back
		h.start = h.next - far
	}
	from := h.start
	if g := t.holes[slot]; g != nil {
		g[dir].prune(h)
		for _, x := range g[dir].gaps {
			if after(x.from, from) {
				held.append(gap{from, x.from})
			}
			from = x.to
		}
	}
	if from != h.next {
		held.append(gap{from, h.next})
	}
	g := &t.gapsOf(slot)[dir]
	t.gaps -= cap(g.gaps)
	*g = held
	h.is |= pieces
}

// countPiece counts what is held of a segment that ends at end.
func (t *Table) countPiece(slot int32, dir flow.Direction, have gap, end uint32) {
	h := &t.slab.at(slot).half[dir]
	follows := have.from == h.next
	if ahead := end - h.next; ahead < 1<<31 {
		h.bytes += uint64(ahead)
		h.next = end
	}
	fresh := uint32(0)
	if !before(have.from, h.start) {
		fresh = t.gapsOf(slot)[dir].join(have)
	}
	if follows {
		fresh = have.to - have.from
	}
	h.held += uint64(fresh)
}

// join adds have to what is held and returns how many bytes of it are new.
func (h *holes) join(have gap) (fresh uint32) {
	if have.from == have.to {
		return 0
	}
	fresh = have.to - have.from
	rest := h.gaps[:0]
	for _, x := range h.gaps {
		if after(x.from, have.to) || before(x.to, have.from) {
			rest = append(rest, x)
			continue
		}
		whole := have
		if before(x.from, have.from) {
			whole.from = x.from
		}
		if after(x.to, have.to) {
			whole.to = x.to
		}
		// What both have is what their lengths exceed that of the whole by.
		fresh -= min(fresh, (x.to-x.from)+(have.to-have.from)-(whole.to-whole.from))
		have = whole
	}
	h.gaps = rest
	h.append(have)
	return fresh
}
