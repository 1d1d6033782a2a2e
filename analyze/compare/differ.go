package compare

import (
	"cmp"
	"slices"

	"ftpscope/capture/flow"
)

// differ finds what is not the same on both sides of a connection.
type differ struct {
	r       *run
	j       *connPair
	control *connPair // of the same session
	list    []Difference
	passed  [2]bool // by Way: a reset was seen at both points
}

// maxFrames bounds the packets that a difference names on each side.
const maxFrames = 50

// event is a packet that makes a difference.
type event struct {
	way   Way
	side  int // that has it
	seg   *Seg
	bytes int
}

// found adds a difference, or to the one of the same kind and way.
func (d *differ) found(kind string, e event) *Difference {
	w, side, s := e.way, e.side, e.seg
	i := slices.IndexFunc(d.list, func(x Difference) bool {
		return x.Kind == kind && x.Way != nil && *x.Way == w && x.detail.side == side && x.detail.syn == (s.Flags&flow.SYN != 0)
	})
	if i < 0 {
		at := s.Time
		if side == 1 {
			at = d.r.clock.Here(at)
		}
		d.list = append(d.list, Difference{
			Kind: kind, Way: &ways[w], At: at, Side: side, Certain: true, detail: detail{side: side, syn: s.Flags&flow.SYN != 0, ttl: s.TTL},
		})
		i = len(d.list) - 1
	}
	x := &d.list[i]
	x.Packets++
	x.Bytes += uint64(e.bytes)
	frames := &x.Here
	if side == 1 {
		frames = &x.There
	}
	if len(*frames) < maxFrames {
		*frames = append(*frames, s.Pos)
	}
	return x
}

var ways = [2]Way{ToServer, ToClient}

// all finds everything about the connection.
func (d *differ) all() []Difference {
	if lacking := d.lacking(); lacking >= 0 {
		c := d.j.conn(1 - lacking)
		s := c.first()
		switch {
		case d.r.covers(event{c.opening(), 1 - lacking, s, 0}, nothing):
			x := d.found(NotCaptured, event{c.opening(), 1 - lacking, s, 0})
			x.detail.lacks, x.detail.whole, x.Certain = lacking, true, false
		default:
			d.found(NotCovered, event{c.opening(), 1 - lacking, s, 0}).detail.whole = true
		}
		return d.list
	}
	for _, w := range ways {
		d.way(w)
	}
	d.icmp()
	d.rewritten()
	if d.j.whole(0).CutAt+d.j.whole(1).CutAt != 0 {
		d.list = append(d.list, Difference{Kind: NotCompared, Way: &ways[ToServer], Certain: true})
	}
	for i := range d.list {
		d.doubt(&d.list[i])
	}
	return d.list
}

// lacking is the side that has nothing of a connection that went on in both ways on the
// other; -1: none. That is no loss.
func (d *differ) lacking() int {
	for side := range 2 {
		c := d.j.conn(1 - side)
		if d.j.conn(side) == nil && c != nil && c.first() != nil && alive(&c.Half[0]) && alive(&c.Half[1]) {
			return side
		}
	}
	return -1
}

// alive reports whether there is anything but resets.
func alive(h *Half) bool { return h.Packets > uint64(resets(h)) }

// first is the first segment that was kept; nil: there is none.
func (c *Conn) first() *Seg {
	var first *Seg
	for w := range c.Half {
		if list := c.Half[w].Segs; len(list) > 0 && (first == nil || list[0].Time < first.Time) {
			first = &list[0]
		}
	}
	return first
}

// doubt takes back what one side's capture does not allow to say: packets that it lost
// itself, and what a filter kept out.
func (d *differ) doubt(x *Difference) {
	verdict := VerdictOf(x.Kind)
	if verdict != Lost && verdict != Between && x.Kind != Repeated {
		return
	}
	lacks := 1 - x.detail.side // the side that should have had it
	s := d.r.sides[lacks]
	switch {
	case d.j.transfer >= 0 && d.j.conn(lacks) == nil && s.Beside == 0:
		x.Kind, x.detail.why, x.Certain = NotCovered, whyFilter, false
	case s.Dropped > 0 && uint64(x.Packets) <= s.Dropped:
		x.Kind, x.detail.why, x.Certain = NotCovered, whyDropped, false
	case x.Kind != Repeated && !d.r.clock.Known:
		x.detail.why, x.Certain = whyClocks, false
	case x.Kind == SYNLost && d.j.conn(lacks) == nil && d.renumbered():
		x.detail.why, x.Certain = whyNumbers, false
	case x.Kind != Repeated && d.r.imperfect[lacks]:
		x.detail.why, x.Certain = whyGaps, false
	}
	x.detail.lacks = lacks
}

// renumbered reports whether the control connection's numbers are not the same on both
// sides: then those of a SYN do not tell that it is not there as another connection.
func (d *differ) renumbered() bool {
	if d.control == nil {
		return false
	}
	x, y := d.control.whole(0).Half[ToServer].syn(), d.control.whole(1).Half[ToServer].syn()
	return x != nil && y != nil && x.Seq != y.Seq
}

// way is what happened to what was sent one way.
func (d *differ) way(w Way) {
	m := &d.j.matched[w]
	d.passed[w] = d.paired(w, flow.RST)
	arrived, sent := coverage(d.itemsOf(int(1-w), w)), coverage(d.itemsOf(int(w), w))
	for _, it := range m.up {
		d.left(it, w, arrived)
	}
	for _, it := range m.down {
		d.appeared(it, w, sent)
	}
	for i := range d.list {
		x := &d.list[i]
		if *x.Way != w || x.Kind != Repeated && x.Kind != SYNLost {
			continue
		}
		if x.RTOs = repeats(d.itemsOf(int(w), w)); x.Kind == SYNLost {
			x.RTOs = x.Packets - 1
		}
	}
}

// itemsOf is what a side has of one way.
func (d *differ) itemsOf(side int, w Way) []item {
	m := &d.j.ways[w]
	h := &d.j.whole(side).Half[w]
	if side == 0 {
		return items(h, m, func(n uint32) uint32 { return n })
	}
	return items(h, m, m.toA)
}

// covered is what a side has of one way: payload as spans, and whether there is any SYN,
// FIN or RST.
type covered struct {
	spans []span
	has   [rstSent + 1]bool
}

func coverage(list []item) covered {
	var c covered
	for i := range list {
		it := &list[i]
		c.has[it.kind] = true
		if it.kind == payload {
			c.spans = append(c.spans, span{it.off, it.end})
		}
	}
	slices.SortFunc(c.spans, func(x, y span) int { return cmp.Compare(x.from, y.from) })
	merged := c.spans[:0]
	for _, s := range c.spans {
		if n := len(merged); n > 0 && s.from <= merged[n-1].to {
			merged[n-1].to = max(merged[n-1].to, s.to)
			continue
		}
		merged = append(merged, s)
	}
	c.spans = merged
	return c
}

// holds reports whether the side has it, or a copy of it.
func (c *covered) holds(it *item) bool {
	if it.kind != payload {
		return c.has[it.kind]
	}
	i, _ := slices.BinarySearchFunc(c.spans, it.off, func(s span, off int) int { return cmp.Compare(s.to, off+1) })
	return i < len(c.spans) && c.spans[i].from <= it.off && it.end <= c.spans[i].to
}

// left tells of something that left one side and was not seen at the other.
func (d *differ) left(it *item, w Way, arrived covered) {
	up, down := int(w), int(1-w)
	n := 0
	if it.kind == payload {
		n = it.lost
	}
	switch {
	case !d.r.covers(event{w, up, it.seg, n}, d.j.whole(down)):
		d.found(NotCovered, event{w, up, it.seg, n})
	case it.kind == rstSent:
		if !d.passed[w] {
			d.found(RSTLost, event{w, up, it.seg, 0})
		}
	case arrived.holds(it):
		d.found(Repeated, event{w, up, it.seg, n})
	case d.received(it, w):
		d.r.imperfect[down] = true
		d.found(NotCaptured, event{w, up, it.seg, n}).detail.lacks = down
	case it.kind == synSent:
		d.found(SYNLost, event{w, up, it.seg, 0})
	case it.kind == finSent:
		d.found(FINLost, event{w, up, it.seg, 0})
	default:
		d.found(DataLost, event{w, up, it.seg, n})
	}
}

// paired reports whether a segment of that kind, sent that way, was seen at both points.
func (d *differ) paired(w Way, flag uint8) bool {
	return slices.ContainsFunc(d.j.matched[w].pairs, func(p pairing) bool { return p.a.Flags&flag != 0 })
}

// appeared tells of something that was seen at one side and not sent at the other.
func (d *differ) appeared(it *item, w Way, sent covered) {
	up, down := int(w), int(1-w)
	n := 0
	if it.kind == payload {
		n = it.lost
	}
	switch {
	case !d.r.covers(event{w, down, it.seg, n}, d.j.whole(up)):
		d.found(NotCovered, event{w, down, it.seg, n})
	case it.kind == rstSent:
		x := d.found(RSTBetween, event{w, down, it.seg, 0})
		usual := &d.j.whole(down).Half[w]
		if !usual.HasTTL && d.control != nil {
			usual = &d.control.whole(down).Half[w]
		}
		x.detail.usual, x.detail.hasUsual = usual.TTL, usual.HasTTL
	case sent.holds(it):
		d.found(Duplicated, event{w, down, it.seg, n})
	case d.wasSent(it, w):
		d.r.imperfect[up] = true
		d.found(NotCaptured, event{w, down, it.seg, n}).detail.lacks = up
	case it.kind == synSent:
		d.found(SYNBetween, event{w, down, it.seg, 0})
	case it.kind == finSent:
		d.found(FINBetween, event{w, down, it.seg, 0})
	default:
		d.found(DataBetween, event{w, down, it.seg, n})
	}
}

// received reports whether the receiver acknowledged it, although the capture on its side
// does not hold it.
func (d *differ) received(it *item, w Way) bool {
	if it.kind == synSent {
		// An answer, or anything that follows a handshake, says that the SYN arrived.
		near, far := &d.j.whole(int(w)).Half, &d.j.whole(int(1-w)).Half
		return alive(&near[1-w]) || far[w].Packets > 0 || alive(&far[1-w])
	}
	end := it.end
	if it.kind == finSent {
		end++
	}
	return d.acknowledged(0, 1-w, end) || d.acknowledged(1, 1-w, end)
}

// wasSent reports whether the sender's side knows of it: it was acknowledged there, or a
// SYN's connection went on.
func (d *differ) wasSent(it *item, w Way) bool {
	near := int(w)
	if it.kind == synSent {
		h := &d.j.whole(near).Half
		return alive(&h[w]) || alive(&h[1-w])
	}
	end := it.end
	if it.kind == finSent {
		end++
	}
	return d.acknowledged(near, 1-w, end)
}

// acknowledged reports whether a side saw an acknowledgement, sent that way, of the other
// way's payload up to end.
func (d *differ) acknowledged(side int, w Way, end int) bool {
	h := &d.j.whole(side).Half[w]
	m := &d.j.ways[1-w]
	if !h.HasAck || !m.known {
		return false
	}
	ack := h.Acked
	if side == 1 {
		ack = m.toA(ack)
	}
	return m.offset(ack) >= end
}

func resets(h *Half) int {
	n := 0
	for i := range h.Segs {
		if h.Segs[i].Flags&flow.RST != 0 {
			n++
		}
	}
	return n
}

// icmp compares the errors about the connection.
func (d *differ) icmp() {
	type what struct {
		about Way
		typ   uint8
		code  uint8
	}
	var seen [2]map[what][]ICMP
	var order []what
	for side := range seen {
		seen[side] = map[what][]ICMP{}
		for _, e := range d.j.whole(side).ICMP {
			k := what{e.About, e.Type, e.Code}
			if len(seen[0][k])+len(seen[1][k]) == 0 {
				order = append(order, k)
			}
			seen[side][k] = append(seen[side][k], e)
		}
	}
	for _, k := range order {
		for side := range seen {
			for _, e := range seen[side][k][min(len(seen[side][k]), len(seen[1-side][k])):] {
				d.error(e, side)
			}
		}
	}
}

// error tells of an ICMP error that only one side has. It goes the way back of what it is
// about, so the side nearer to where it comes from is the other end's.
func (d *differ) error(e ICMP, side int) {
	w := 1 - e.About
	kind := ICMPLost
	about := event{w, side, &Seg{Time: e.Time, Pos: e.Pos, TTL: e.TTL}, 0}
	switch {
	case !d.r.covers(about, d.j.whole(1-side)):
		kind = NotCovered
	case int(w) != side:
		kind = ICMPBetween
	}
	x := d.found(kind, about)
	if x.detail.icmp == nil {
		x.detail.icmp = &e
	}
}

// repeats counts the segments of a side that send again what it sent before.
func repeats(list []item) int {
	n, high := 0, 0
	begun := false
	for i := range list {
		it := &list[i]
		if it.kind != payload {
			continue
		}
		if begun && it.end <= high {
			n++
		}
		high, begun = max(high, it.end), true
	}
	return n
}
