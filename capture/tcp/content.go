package tcp

import (
	"ftpscope/capture/flow"
	"ftpscope/capture/tcp/reassembly"
)

// content is what connections carry: the bytes of control connections and of those that
// somebody follows, in order, and what the capture lacks of any.
type content struct {
	gaps      gaps
	controls  controls
	following following
}

func newContent() content {
	return content{
		gaps:     gaps{of: map[int32]*[2]reassembly.Gaps{}, budget: flow.NewBudget(maxGapsAll)},
		controls: controls{group: reassembly.NewGroup(maxHeld, maxHeldAll, true)},
	}
}

// eachStream calls f with the streams of a connection: it may be a control connection,
// and be followed.
func (k *content) eachStream(slot int32, c *conn, f func(*reassembly.Stream)) {
	if c.stream != 0 {
		f(k.controls.of(c).Stream)
	}
	if c.flags&followed != 0 {
		f(k.following.open[slot].Stream)
	}
}

// swapEnds exchanges the two ends of a connection in all that is known of it.
func (k *content) swapEnds(slot int32, c *conn) {
	c.swapEnds()
	k.eachStream(slot, c, (*reassembly.Stream).Swap)
	k.gaps.swap(slot)
}

// exactStart sets a direction's first payload byte now that its SYN is known, also when
// payload overtook the SYN.
func (k *content) exactStart(w way, c *conn, seq uint32) {
	h := w.half
	switch {
	case h.flags&started == 0:
		h.begin(seq, exact)
	case h.flags&exact == 0 && !flow.Before(h.start, seq):
		if h.start != seq {
			h.bytes += uint64(h.start - seq)
			k.gaps.add(w, seq, h.start)
		}
		h.start = seq
		h.flags |= exact
	default:
		return
	}
	k.eachStream(w.slot, c, func(st *reassembly.Stream) { st.Begins(w.dir, seq) })
}

// isWhole reports whether all of a connection was seen, so that stragglers can be no more
// than repetitions and acknowledgements.
func (k *content) isWhole(slot int32, c *conn) bool {
	if c.flags&refused != 0 {
		return true
	}
	if c.half[0].flags&c.half[1].flags&exact == 0 || (c.half[0].flags|c.half[1].flags)&pieces != 0 {
		return false
	}
	return !k.gaps.has(slot)
}

// gaps are what the capture lacks of the directions of connections, as far as it has their
// rest: few connections have any.
type gaps struct {
	of     map[int32]*[2]reassembly.Gaps // by slot
	budget flow.Budget
}

// way is a direction of the connection in a slot.
type way struct {
	slot int32
	dir  flow.Direction
	*half
}

// find returns a connection's gaps, nil: it has none.
func (k *gaps) find(w way) *reassembly.Gaps {
	if g := k.of[w.slot]; g != nil {
		return &g[w.dir]
	}
	return nil
}

// make returns a connection's gaps, which may have been none so far.
func (k *gaps) make(w way) *reassembly.Gaps {
	if k.of[w.slot] == nil {
		k.of[w.slot] = reassembly.NewGaps(&k.budget)
	}
	return &k.of[w.slot][w.dir]
}

// swap exchanges the directions of a connection.
func (k *gaps) swap(slot int32) {
	if g := k.of[slot]; g != nil {
		g[0], g[1] = g[1], g[0]
	}
}

// has reports whether a connection has any.
func (k *gaps) has(slot int32) bool {
	g := k.of[slot]
	return g != nil && len(g[0].All())+len(g[1].All()) > 0
}

// release forgets those of a connection.
func (k *gaps) release(slot int32) {
	if g := k.of[slot]; g != nil {
		g[0].Release()
		g[1].Release()
		delete(k.of, slot)
	}
}

// add notes that the bytes from … to were not seen yet.
func (k *gaps) add(w way, from, to uint32) {
	g := k.make(w)
	g.Prune(w.bytes, w.next)
	g.Add(reassembly.Gap{From: from, To: to})
}

// count counts a segment that does not begin at the next byte.
func (k *gaps) count(w way, seq uint32, s *flow.Segment) {
	n, have := s.Length, uint32(len(s.Payload))
	ahead := int32(seq - w.next)
	switch {
	case w.flags&pieces != 0:
		k.countPiece(w, reassembly.Gap{From: seq, To: seq + have}, seq+n)
	case ahead > maxBridge || ahead < -maxBridge:
		k.breakUp(w)
		k.countPiece(w, reassembly.Gap{From: seq, To: seq + have}, seq+n)
	case ahead > 0:
		k.add(w, w.next, seq)
		w.bytes += uint64(ahead) + uint64(n)
		w.held += uint64(have)
		w.next = seq + n
	default:
		k.countAgain(w, seq, s)
	}
}

// countAgain counts a segment that begins before the highest byte seen: a retransmission
// (nothing new), a late packet that fills a gap, an overlap with something new at its
// end, or what preceded the first packet of a late capture.
func (k *gaps) countAgain(w way, seq uint32, s *flow.Segment) {
	end, have := seq+s.Length, seq+uint32(len(s.Payload))
	if flow.Before(seq, w.start) && w.flags&exact == 0 && w.start-seq <= leastWindow && w.bytes < 1<<31 {
		k.add(w, seq, w.start)
		w.bytes += uint64(w.start - seq)
		w.start = seq
	}
	if g := k.find(w); g != nil {
		g.Prune(w.bytes, w.next)
		w.held += uint64(g.Fill(seq, have))
	}
	if flow.After(end, w.next) {
		fresh := end - w.next
		if flow.After(have, w.next) {
			w.held += uint64(have - w.next)
		}
		w.bytes += uint64(fresh)
		w.next = end
	}
}

// A direction whose capture has a gap of more than maxBridge is in pieces. What lies
// between them is reported as missing; as the direction's bytes only those count that the
// capture holds at distinct sequence numbers after the first one (RFC 9293 section 3.4),
// or right after the highest: of others nothing tells whether they are new, or old ones a
// wrap later.

// breakUp turns the gaps of a direction into what is held of it.
func (k *gaps) breakUp(w way) {
	const far = 1 << 30
	g := k.make(w)
	if w.bytes > far { // what was before is counted; sequence numbers do not reach so far back
		w.start = w.next - far
	}
	g.Prune(w.bytes, w.next)
	g.Invert(w.start, w.next)
	w.flags |= pieces
}

// countPiece counts what is held of a segment that ends at end.
func (k *gaps) countPiece(w way, have reassembly.Gap, end uint32) {
	follows := have.From == w.next
	if ahead := end - w.next; ahead < 1<<31 {
		w.bytes += uint64(ahead)
		w.next = end
	}
	fresh := uint32(0)
	if !flow.Before(have.From, w.start) {
		fresh = k.make(w).Merge(have)
	}
	if follows {
		fresh = have.To - have.From
	}
	w.held += uint64(fresh)
}

// uncount takes back the last number of a direction, that of a FIN, if no payload had it:
// the ACK after the FIN was the first that was seen of this side.
func (k *gaps) uncount(w way) {
	if w.bytes == 0 && w.flags&exact == 0 {
		w.begin(w.next-1, 0)
	} else if g := k.find(w); g != nil && w.flags&pieces == 0 && g.Fill(w.next-1, w.next) > 0 {
		w.next--
		w.bytes--
	}
}

// begins reports whether a segment comes before all that was seen of a direction by its
// numbers, whatever the clocks of several interfaces say: the first data are of it.
func (k *gaps) begins(w way, seq uint32) bool {
	if flow.Before(seq, w.start) {
		return w.flags&exact == 0 && w.start-seq <= leastWindow
	}
	g := k.find(w)
	return g != nil && w.flags&pieces == 0 && len(g.All()) > 0 && g.All()[0].From == w.start
}

// lacksEnd reports whether a side said of the next byte it would send that it is one of
// which the capture does not have the one before: that may have been its FIN.
func (h *half) lacksEnd() bool {
	return h.flags&(finished|started) == started && flow.After(h.finSeq, h.next)
}

// hasClosed reports whether the other side acknowledged one number more than was seen,
// which is the FIN's where a side has nothing else to say.
func (h *half) hasClosed() bool {
	return h.flags&(started|isAcked|finished) == started|isAcked && h.acked == h.next+1
}

// settle settles a direction's byte count: what the other side acknowledged was sent,
// though the capture lacks it; a gap that nobody acknowledged was never received, so what
// came after it is all that counts. Without packets of the other side nothing is known of
// acknowledgements, and gaps count. It returns how much is missing at the end.
func (k *gaps) settle(w way, other *half) (missing uint64) {
	h := w.half
	if h.flags&(started|isAcked|pieces) != started|isAcked || h.packets == 0 || other.packets == 0 {
		return 0
	}
	if lost := h.acked - h.limit(h.next); flow.After(h.acked, h.limit(h.next)) && lost < maxBridge {
		// The FIN takes a sequence number too; unseen, it is one of those acknowledged if
		// the other side closed too, or may have, or this one knew of no connection any more.
		if h.flags&finished == 0 && (lost == 1 || h.flags&closed != 0 || other.flags&finished != 0 || other.hasClosed() || other.lacksEnd()) {
			lost--
		}
		missing = uint64(lost)
		h.bytes += missing
	}
	if g := k.find(w); g != nil {
		g.Prune(h.bytes, h.next)
		for _, gap := range g.All() {
			if flow.After(gap.To, h.acked) {
				from := gap.From
				if flow.After(h.acked, from) {
					from = h.acked
				}
				h.bytes -= min(uint64(gap.To-from), h.bytes)
				if gap.To == h.next { // a FIN was all that lay behind it
					h.next = from
				}
			}
		}
	}
	return missing
}
