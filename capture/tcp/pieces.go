package tcp

import "ftpscope/capture/flow"

// A direction whose capture has a gap of more than maxBridge is in pieces. What lies between them is reported as
// missing; as the direction's bytes only those count that the capture holds at distinct sequence numbers after the
// first one (RFC 9293 section 3.4): of others nothing tells whether they are new, or old ones a wrap later.

// breakUp turns the gaps of a direction into what is held of it.
func (t *Table) breakUp(slot int32, dir flow.Direction) {
	h := &t.slab[slot].half[dir]
	var held holes
	from := h.start
	if g := t.holes[slot]; g != nil {
		for _, x := range g[dir].gaps {
			if x.from != from {
				held.gaps = append(held.gaps, gap{from, x.from})
			}
			from = x.to
		}
	}
	held.gaps = append(held.gaps, gap{from, h.next})
	t.gapsOf(slot)[dir] = held
	h.is |= pieces
}

// countPiece counts what is held of a segment that ends at end.
func (t *Table) countPiece(slot int32, dir flow.Direction, have gap, end uint32) {
	h := &t.slab[slot].half[dir]
	if ahead := end - h.next; ahead < 1<<31 {
		h.bytes += uint64(ahead)
		h.next = end
	}
	if before(have.from, h.start) {
		return
	}
	held := &t.gapsOf(slot)[dir]
	fresh := have.to - have.from
	for _, x := range held.gaps {
		lo, hi := have.from, have.to
		if after(x.from, lo) {
			lo = x.from
		}
		if before(x.to, hi) {
			hi = x.to
		}
		if before(lo, hi) {
			fresh -= min(hi-lo, fresh)
		}
	}
	h.held += uint64(fresh)
	if n := len(held.gaps); n > 0 && held.gaps[n-1].to == have.from {
		held.gaps[n-1].to = have.to
	} else {
		held.append(have)
	}
}
