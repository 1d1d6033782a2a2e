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

// key is what copies of the same thing have in common. The numbers of resets depend on what they answer, so all resets of
// one way are alike, as are all SYNs.
type key struct {
	kind     kind
	off, end int
}

func (it *item) key() key {
	switch it.kind {
	case synSent, rstSent:
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
			list = append(list, item{kind: rstSent, seg: s})
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

// match pairs what was seen at both points. toA is the time on a's clock; nil: not known yet.
func match(a, b []item, w Way, toA func(flow.Time) flow.Time) matched {
	var m matched
	groups := map[key][2][]*item{}
	var order []key
	gather := func(list []item, side int) {
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
	gather(a, 0)
	gather(b, 1)
	var left [2][]*item
	for _, k := range order {
		g := groups[k]
		rest := pairUp(&m, g[0], g[1], toA)
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

// pairUp pairs copies of the same thing and returns those that are left over on each side. As many on both sides are
// paired in their order; else by time, each with the copy that is nearest.
func pairUp(m *matched, a, b []*item, toA func(flow.Time) flow.Time) (rest [2][]*item) {
	if len(a) == len(b) {
		for i := range a {
			m.pairs = append(m.pairs, pairing{a[i].seg, b[i].seg, len(a) == 1})
		}
		return rest
	}
	few, many, turned := a, b, false
	if len(few) > len(many) {
		few, many, turned = many, few, true
	}
	used := make([]bool, len(many))
	for i, x := range few {
		best := -1
		for k, y := range many {
			if used[k] || k > len(many)-(len(few)-i) && toA == nil {
				continue
			}
			if best < 0 || toA != nil && apart(x, y, turned, toA) < apart(x, many[best], turned, toA) {
				best = k
			}
		}
		used[best] = true
		p := pairing{x.seg, many[best].seg, false}
		if turned {
			p.a, p.b = p.b, p.a
		}
		m.pairs = append(m.pairs, p)
	}
	for k, y := range many {
		switch {
		case used[k]:
		case turned:
			rest[0] = append(rest[0], y)
		default:
			rest[1] = append(rest[1], y)
		}
	}
	return rest
}

// apart is how far two copies are from each other in time; x is b's when turned.
func apart(x, y *item, turned bool, toA func(flow.Time) flow.Time) flow.Time {
	if turned {
		x, y = y, x
	}
	d := toA(y.seg.Time) - x.seg.Time
	return max(d, -d)
}

// resegmented takes out of what is left over the payload that both sides have in segments of other sizes: network cards
// and their drivers join and cut segments before they are captured.
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
	have := make([]int, len(edges)) // copies of the bytes from edge i to the next that b has and a did not use
	each := func(it *item, do func(i, size int)) {
		if it.kind != payload {
			return
		}
		i, _ := slices.BinarySearch(edges, it.off)
		for ; i+1 < len(edges) && edges[i] < it.end; i++ {
			do(i, edges[i+1]-edges[i])
		}
	}
	for _, it := range b {
		each(it, func(i, _ int) { have[i]++ })
	}
	used := make([]int, len(edges))
	for _, it := range a {
		each(it, func(i, size int) {
			if have[i] > 0 {
				have[i]--
				used[i]++
				it.lost -= size
			}
		})
	}
	for _, it := range b {
		each(it, func(i, size int) {
			if used[i] > 0 {
				used[i]--
				it.lost -= size
			}
		})
	}
}
