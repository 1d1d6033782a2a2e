package compare

import (
	"cmp"
	"slices"

	"ftpscope/capture/flow"
)

// kind of what a segment carries; one with payload and FIN carries two things.
type kind uint8

const (
	payload kind = iota
	synSent
	finSent
	rstSent
)

// item is one thing that a segment carries, in a's numbers.
type item struct {
	kind     kind
	off, end int // of payload; of FIN its place
	seg      *Seg
	lost     int // bytes of payload, or 1, that have no counterpart on the other side
}

// key is what copies of the same thing have in common. All SYNs of one way are alike.
type key struct {
	kind     kind
	off, end int
}

func (it *item) key() key {
	switch it.kind {
	case synSent:
		return key{kind: it.kind}
	}
	return key{it.kind, it.off, it.end}
}

// items lists what was sent one way, in order of capture. toA turns the numbers into a's.
func items(h *Half, m *mapping, toA func(uint32) uint32) []item {
	list := make([]item, 0, len(h.Segs))
	for i := range h.Segs {
		s := &h.Segs[i]
		if s.Flags&flow.RST != 0 {
			at := 0 // RFC 9293 section 3.10.7.1: 0 answers what acknowledges nothing
			if s.Seq != 0 {
				at = m.offset(toA(s.Seq))
			}
			list = append(list, item{kind: rstSent, off: at, end: at, seg: s})
			continue
		}
		seq := s.Seq
		if s.Flags&flow.SYN != 0 {
			list = append(list, item{kind: synSent, seg: s})
			seq++
		}
		end := m.offset(toA(seq + s.Length))
		if s.Length > 0 {
			off := m.offset(toA(seq))
			list = append(list, item{kind: payload, off: off, end: max(end, off), seg: s})
		}
		if s.Flags&flow.FIN != 0 {
			list = append(list, item{kind: finSent, off: end, end: end, seg: s})
		}
	}
	return list
}

// pairing is one thing seen at both points.
type pairing struct {
	a, b *Seg
	sure bool // there was one copy on each side
}

// matched is what became of what was sent one way.
type matched struct {
	pairs []pairing
	up    []*item // sent, and not (all of it) seen at the other point
	down  []*item // seen at the other point, and not sent
}

// match pairs what was seen at both points. toA is the time on a's clock; nil: not known
// yet.
//
// What a segment carries (items) is the same thing on both sides if kind and place in the
// stream are the same, in a's numbers. As many copies on both sides are paired in their
// order, others each with the copy that is nearest in time (pairUp). What is left over is
// looked at byte by byte, for network cards cut and join segments before they are
// captured (resegmented). What then still has no counterpart is up, if it was seen at the
// sender's side, or down, if only the receiver's side has it; differ says what either
// means.
func match(a, b []item, w Way, toA func(flow.Time) flow.Time) matched {
	var m matched
	groups := map[key][2][]*item{}
	var order []key
	byKey := func(list []item, side int) {
		for i := range list {
			k := list[i].key()
			g, has := groups[k]
			if !has {
				order = append(order, k)
			}
			g[side] = append(g[side], &list[i])
			groups[k] = g
		}
	}
	byKey(a, 0)
	byKey(b, 1)
	var left [2][]*item
	for _, k := range order {
		g := groups[k]
		rest := m.pairUp(g[0], g[1], w, toA)
		for side := range rest {
			for _, it := range rest[side] {
				it.lost = max(it.end-it.off, 1)
				left[side] = append(left[side], it)
			}
		}
	}
	byTime := func(x, y *item) int { return cmp.Compare(x.seg.Time, y.seg.Time) }
	slices.SortStableFunc(left[0], byTime)
	slices.SortStableFunc(left[1], byTime)
	resegmented(left[0], left[1])
	m.up, m.down = left[w], left[1-w]
	dropWhole := func(it *item) bool { return it.lost == 0 }
	m.up, m.down = slices.DeleteFunc(m.up, dropWhole), slices.DeleteFunc(m.down, dropWhole)
	return m
}

const (
	// maxLooks bounds the looks for the nearest copy: a flood of resets is paired in
	// order.
	maxLooks = 1 << 20
	// A reset or FIN that arrived before it was sent, or much later, is another one,
	// however alike they are: what a firewall made up is followed by the real one. early
	// is what the clocks may be wrong by.
	early = flow.Second / 2
	late  = 5 * flow.Second
)

// pairUp pairs copies of the same thing and returns those that are left over on each
// side. As many on both sides are paired in their order; else by time, each with the copy
// that is nearest.
func (m *matched) pairUp(a, b []*item, w Way, toA func(flow.Time) flow.Time) (rest [2][]*item) {
	ends := a[:min(len(a), 1)]
	timed := toA != nil && len(ends)*len(b) > 0 && (ends[0].kind == rstSent || ends[0].kind == finSent)
	used := [2][]bool{make([]bool, len(a)), make([]bool, len(b))}
	few, many := 0, 1
	lists := [2][]*item{a, b}
	if len(a) > len(b) {
		few, many = 1, 0
	}
	inOrder := toA == nil || len(a)*len(b) > maxLooks || len(a) == len(b) && !timed
	for i := range lists[few] {
		k := i
		if !inOrder {
			k = nearest(lists[few][i], lists[many], used[many], few, toA)
		}
		at := [2]int{}
		at[few], at[many] = i, k
		x, y := a[at[0]], b[at[1]]
		if timed && !possible(x, y, w, toA) {
			continue
		}
		used[few][i], used[many][k] = true, true
		m.pairs = append(m.pairs, pairing{x.seg, y.seg, len(a)*len(b) == 1})
	}
	for side, list := range lists {
		for i, it := range list {
			if !used[side][i] {
				rest[side] = append(rest[side], it)
			}
		}
	}
	return rest
}

// nearest is the copy that is nearest in time to one of the other side, few, of those
// that are not used.
func nearest(x *item, list []*item, used []bool, few int, toA func(flow.Time) flow.Time) int {
	best := -1
	for k, y := range list {
		if !used[k] && (best < 0 || apart(x, y, few, toA) < apart(x, list[best], few, toA)) {
			best = k
		}
	}
	return best
}

// apart is how far two copies are from each other in time; few is the side of the first.
func apart(x, y *item, few int, toA func(flow.Time) flow.Time) flow.Time {
	if few == 1 {
		x, y = y, x
	}
	d := toA(y.seg.Time) - x.seg.Time
	return max(d, -d)
}

// possible reports whether two can be the same packet by their times.
func possible(a, b *item, w Way, toA func(flow.Time) flow.Time) bool {
	d := toA(b.seg.Time) - a.seg.Time
	if w == ToClient {
		d = -d
	}
	return -early <= d && d <= late
}

// resegmented takes out of what is left over the payload that both sides have in segments
// of other sizes: network cards and their drivers join and cut segments before they are
// captured.
func resegmented(a, b []*item) {
	var edges []int
	for _, list := range [][]*item{a, b} {
		for _, it := range list {
			if it.kind == payload {
				edges = append(edges, it.off, it.end)
			}
		}
	}
	slices.Sort(edges)
	edges = slices.Compact(edges)
	if len(edges) < 2 {
		return
	}
	over := func(it *item) (lo, hi int) {
		lo, _ = slices.BinarySearch(edges, it.off)
		hi, _ = slices.BinarySearch(edges, it.end)
		return lo, hi
	}
	// each stretch between two edges: how many of a list have it
	count := func(list []*item) []int {
		n := make([]int, len(edges))
		for _, it := range list {
			if it.kind == payload {
				lo, hi := over(it)
				n[lo]++
				n[hi]--
			}
		}
		for i := 1; i < len(n); i++ {
			n[i] += n[i-1]
		}
		return n
	}
	both := count(a)
	for i, n := range count(b) {
		both[i] = min(both[i], n)
	}
	for _, list := range [][]*item{a, b} {
		s := newShare(both, edges)
		for _, it := range list {
			if it.kind == payload {
				it.lost -= s.take(over(it))
			}
		}
	}
}
