package tcp

import (
	"net/netip"

	"ftpscope/capture/flow"
)

// snapshot fills Table.fact with what is known of the connection now.
func (t *Table) snapshot(slot int32) *flow.Conn {
	c := t.slab.at(slot)
	d := &c.cold
	t.fact = flow.Conn{
		ID: flow.ConnID(d.start.Ord, c.aPort, c.bPort), Src: addrPort(c.a, c.aPort), Dst: addrPort(c.b, c.bPort),
		OpenerKnown: c.what&opener != 0, Start: d.start, Last: c.last, SYN: d.syn, SYNACK: d.synack,
		SYNs: int(d.syns), LastSYN: d.lastSYN, State: c.state(), Closing: c.closing(), Digits: c.digits, ICMP: d.icmp,
	}
	t.fact.Nets, t.fact.ManyFiles = t.nets(slot), c.what&manyFiles != 0
	if t.fact.SYNPos[0] = d.syn.Pos; d.more != nil {
		t.fact.SYNPos = *d.more
	}
	for dir := range t.fact.Half {
		h := &c.half[dir]
		bytes, missing := h.told()
		t.fact.Half[dir] = flow.Half{
			Bytes: bytes, Missing: missing, Packets: h.packets,
			FirstData: d.firstData[dir], FIN: d.fin[dir], RST: d.rst[dir], TTL: h.ttl,
		}
	}
	return &t.fact
}

// told is what to say of a direction's bytes. Of a capture in pieces only what it holds can be vouched for.
func (h *half) told() (bytes, missing uint64) {
	held := min(h.held, h.bytes)
	if h.is&pieces != 0 {
		return held, h.bytes - held
	}
	return h.bytes, h.bytes - held
}

func addrPort(h flow.Host, port uint16) netip.AddrPort { return netip.AddrPortFrom(h.Addr(), port) }

func (c *conn) state() flow.State {
	switch {
	case c.what&agreed != 0:
		return flow.Established
	case c.what&(refused|sawSYNACK) == refused:
		return flow.Refused
	case c.what&(unreached|sawSYNACK) == unreached:
		return flow.Unreachable
	case c.what&sawSYN != 0 && c.what&sawSYNACK == 0 && c.half[flow.In].packets == 0:
		return flow.Unanswered
	}
	return flow.Unknown
}

func (c *conn) closing() flow.Closing {
	switch {
	case c.half[0].is&c.half[1].is&finished != 0: // a reset then tells only that somebody did not wait for the last ACK
		return flow.Finned
	case c.what&reset != 0:
		return flow.ResetBy
	case (c.half[0].is|c.half[1].is)&finished != 0:
		return flow.Finned
	}
	return flow.Cut
}

// close reports the connection and forgets it.
func (t *Table) close(slot int32) {
	c := t.slab.at(slot)
	switch {
	case c.what&halfOpen != 0:
		t.half.remove(&t.slab, slot)
	case c.what&lingering != 0:
		t.linger.remove(&t.slab, slot)
	}
	lost := [2]uint64{t.tail(slot, flow.Out), t.tail(slot, flow.In)}
	var r Reader
	if c.stream != 0 {
		st := t.streams[c.stream-1]
		st.flush(c)
		if t.refused(c); c.stream != 0 { // still a control connection
			r = st.reader
			st.finish(c, lost)
			t.release(c)
		}
	}
	if c.what&followed != 0 {
		t.unfollow(slot, lost)
	}
	fact := t.snapshot(slot)
	fact.Sent, t.sent = t.sent, flow.SentUnknown
	t.sink.Closed(fact, r)
	if c.what&holed != 0 {
		g := t.holes[slot]
		t.gaps -= cap(g[0].gaps) + cap(g[1].gaps)
		delete(t.holes, slot)
	}
	delete(t.copies, slot)
	t.drop(slot)
}

// tail settles a direction's byte count: what the other side acknowledged was sent, though the capture lacks it; a gap
// that nobody acknowledged was never received, so what came after it is all that counts. Without packets of
// the other side nothing is known of acknowledgements, and gaps count. It returns how much is missing at the end.
func (t *Table) tail(slot int32, dir flow.Direction) (missing uint64) {
	c := t.slab.at(slot)
	h, other := &c.half[dir], &c.half[dir^1]
	if h.is&(started|isAcked|pieces) != started|isAcked || other.packets == 0 {
		return 0
	}
	if lost := h.acked - h.limit(h.next); after(h.acked, h.limit(h.next)) && lost < maxBridge {
		// The FIN takes a sequence number too; unseen, it is one of those acknowledged if the other side closed too.
		if h.is&finished == 0 && (other.is&finished != 0 || lost == 1) {
			lost--
		}
		missing = uint64(lost)
		h.bytes += missing
	}
	if g := t.holes[slot]; g != nil {
		g[dir].prune(h)
		for _, gap := range g[dir].gaps {
			if after(gap.to, h.acked) {
				from := gap.from
				if after(h.acked, from) {
					from = h.acked
				}
				h.bytes -= min(uint64(gap.to-from), h.bytes)
			}
		}
	}
	return missing
}

// Tick tells the table the time, between packets: connections whose wait is over end. It looks at a bounded part of
// the table a call. For the same packets and ticks the same connections end, whatever else runs.
func (t *Table) Tick(now flow.Time) {
	const part = 4096
	t.tickSYNs(now)
	for t.linger.first != 0 && now-t.slab.at(t.linger.first).last.Time > lingerTime {
		t.close(t.linger.first)
	}
	for range min(part, t.slab.n) {
		if t.hand++; int(t.hand) >= t.slab.n {
			t.hand = 0
			continue
		}
		c := t.slab.at(t.hand)
		if c.what&inUse == 0 {
			continue
		}
		limit := flow.Time(idleLimit)
		if c.stream != 0 {
			t.settle(c, now)
		}
		if c.what&followed != 0 {
			t.settleFollowed(t.hand, now)
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

// Progress gives the control connections that are open, with their readers, and all other connections between the same hosts.
func (t *Table) Progress(f func(*flow.Conn, Reader)) {
	between := map[[2]flow.Host]bool{}
	for slot := range int32(t.slab.n) {
		if c := t.slab.at(slot); c.what&(inUse|ended) == inUse && c.stream != 0 {
			between[flow.Hosts(c.a, c.b)] = true
		}
	}
	if len(between) == 0 {
		return
	}
	for slot := range int32(t.slab.n) {
		switch c := t.slab.at(slot); {
		case c.what&inUse == 0 || c.stream != 0 && c.what&ended != 0:
		case c.stream != 0:
			f(t.snapshot(slot), t.streams[c.stream-1].reader)
		case between[flow.Hosts(c.a, c.b)]:
			f(t.snapshot(slot), nil)
		}
	}
}

// Close ends all connections that are left, in the order in which they began.
func (t *Table) Close() {
	for i := t.syns.first; i != t.syns.next; i++ {
		t.giveUp(i)
	}
	for _, slot := range t.order() {
		t.close(slot)
	}
}

// sample is how many connections are looked at for the most idle one.
const sample = 64

// evictControl makes room for another control connection: the most idle of a sample goes.
func (t *Table) evictControl() {
	t.stats.Evicted++
	victim := int32(0)
	for i := 0; i < sample; {
		if t.hand++; int(t.hand) >= t.slab.n {
			t.hand = 1
		}
		c := t.slab.at(t.hand)
		if c.what&inUse == 0 || c.stream == 0 {
			continue
		}
		if victim == 0 || c.last.Ord < t.slab.at(victim).last.Ord {
			victim = t.hand
		}
		i++
	}
	t.close(victim)
}

// evict makes room: the oldest half-open connection, then an ended one, then the most idle of a sample, control
// connections last.
func (t *Table) evict() {
	t.stats.Evicted++
	if t.syns.trim(); t.syns.first != t.syns.next {
		t.giveUp(t.syns.first)
		return
	}
	if t.half.first != 0 {
		t.close(t.half.first)
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
		if c.what&inUse == 0 {
			continue
		}
		if v := t.slab.at(victim); victim == 0 || v.stream != 0 && c.stream == 0 ||
			(v.stream != 0) == (c.stream != 0) && c.last.Ord < v.last.Ord {
			victim = t.hand
		}
	}
	t.close(victim)
}
