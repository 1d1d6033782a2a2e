package compare

import (
	"cmp"
	"slices"

	"ftpscope/capture/flow"
)

// Pairing of sessions: addresses say nothing across a NAT, clocks differ. What stays the
// same is
//
//  1. the initial sequence numbers, and payload at its place in them: one chance in 2³² and more that others have the
//     same. Only few firewalls set other numbers.
//  2. what is said. Sessions of programs repeat each other word by word, but for the ports in PORT, 227 and 229; so
//     here a port must be the same, and the times must fit too: the offset that most such pairs agree on, or that of the pairs made by numbers.
const (
	weightISN     = 100
	weightNumber  = 10 // payload at its sequence number
	strong        = 20 // sum of weights that needs no clock
	maxNumbers    = 48
	maxWords      = 256 // each way
	maxAlike      = 64  // marks that more sessions have in common tell nothing
	likeness      = 0.6 // share of the smaller session's marks that the other must have
	offsetBucket  = 2 * flow.Second
	offsetAllowed = 2 * flow.Second
)

// marksOf a session is what it is known by.
type marksOf struct {
	opening uint64   // of both initial sequence numbers; 0: not seen
	numbers []uint64 // depend on sequence numbers
	words   []uint64 // do not
	begin   flow.Time
}

func mix(words ...uint32) uint64 {
	h := uint64(14695981039346656037)
	for _, w := range words {
		for range 4 {
			h = (h ^ uint64(w&0xff)) * 1099511628211
			w >>= 8
		}
	}
	return h
}

// byNumber are the marks that depend on sequence numbers: of many the smallest, which are
// the same on both sides as far as both have them, wherever a capture begins.
func byNumber(c *Conn) marksOf {
	m := marksOf{begin: c.Start}
	x, y := c.Half[ToServer].syn(), c.Half[ToClient].syn()
	if x != nil && y != nil {
		m.opening = max(mix(0, x.Seq, y.Seq), 1)
	}
	for w := range c.Half {
		for i := range c.Half[w].Segs {
			if s := &c.Half[w].Segs[i]; s.Hash != 0 {
				m.numbers = append(m.numbers, mix(1, uint32(w), s.Seq, s.Hash))
			}
		}
	}
	slices.Sort(m.numbers)
	m.numbers = slices.Compact(m.numbers)
	m.numbers = slices.Clone(m.numbers[:min(len(m.numbers), maxNumbers)])
	if m.opening != 0 {
		m.numbers = append(m.numbers, m.opening)
	}
	return m
}

// byWord are those that do not.
func byWord(c *Conn) []uint64 {
	var list []uint64
	for w := range c.Half {
		n := 0
		for i := range c.Half[w].Segs {
			if s := &c.Half[w].Segs[i]; s.Hash != 0 && n < maxWords {
				list = append(list, mix(2, uint32(w), s.Hash))
				n++
			}
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// couple is a pair of sessions, by index.
type couple struct {
	a, b  int
	score float64
	diff  flow.Time // b's begin − a's
}

// candidates are the couples that have marks in common, the likeliest first.
func candidates(a, b []marksOf, marks func(*marksOf) []uint64, weigh func(of, common int, opened bool) float64) []couple {
	where := map[uint64][]int{}
	for i := range b {
		for _, k := range marks(&b[i]) {
			where[k] = append(where[k], i)
		}
	}
	var list []couple
	for i := range a {
		common := map[int]int{}
		for _, k := range marks(&a[i]) {
			if alike := where[k]; len(alike) <= maxAlike {
				for _, j := range alike {
					common[j]++
				}
			}
		}
		for j, n := range common {
			opened := a[i].opening != 0 && a[i].opening == b[j].opening
			if s := weigh(min(len(marks(&a[i])), len(marks(&b[j]))), n, opened); s > 0 {
				list = append(list, couple{i, j, s, b[j].begin - a[i].begin})
			}
		}
	}
	slices.SortFunc(list, func(x, y couple) int {
		return cmp.Or(cmp.Compare(y.score, x.score), cmp.Compare(x.a, y.a), cmp.Compare(x.b, y.b))
	})
	return list
}

// pairing of the sessions of two sides.
type pairs struct {
	a, b    []marksOf
	to      []int // for each of a's the index of b's, or -1
	from    []int
	sampled []bool // of a's
}

func newPairs(a, b []*Session) *pairs {
	p := &pairs{a: make([]marksOf, len(a)), b: make([]marksOf, len(b)), to: make([]int, len(a)), from: make([]int, len(b)), sampled: make([]bool, len(a))}
	for i, s := range a {
		p.a[i], p.to[i] = byNumber(s.Control), -1
	}
	for i, s := range b {
		p.b[i], p.from[i] = byNumber(s.Control), -1
	}
	return p
}

func (p *pairs) take(list []couple) {
	for _, c := range list {
		if p.to[c.a] < 0 && p.from[c.b] < 0 {
			p.to[c.a], p.from[c.b] = c.b, c.a
		}
	}
}

// byNumbers pairs sessions that need no clock.
func (p *pairs) byNumbers() {
	p.take(candidates(p.a, p.b, func(m *marksOf) []uint64 { return m.numbers }, func(_, n int, opened bool) float64 {
		s := float64(n * weightNumber)
		if opened {
			s += weightISN
		}
		if s < strong {
			return 0
		}
		return s
	}))
}

// byWords pairs the others by what was said, where the times fit.
func (p *pairs) byWords(a, b []*Session, c *Clock) {
	for i, k := range p.to {
		if k < 0 {
			p.a[i].words = byWord(a[i].Control)
		}
	}
	for i, k := range p.from {
		if k < 0 {
			p.b[i].words = byWord(b[i].Control)
		}
	}
	list := candidates(p.a, p.b, func(m *marksOf) []uint64 { return m.words }, func(of, n int, _ bool) float64 {
		if s := float64(n) / float64(of); s >= likeness {
			return s
		}
		return 0
	})
	ports := announced{}
	list = slices.DeleteFunc(list, func(c couple) bool { return !ports.kin(a[c.a], b[c.b]) })
	p.take(inTime(list, p.a, c))
}

// announced are the ports that sessions announced, in order.
type announced map[*Session][]uint16

func (p announced) of(s *Session) []uint16 {
	list, has := p[s]
	if !has {
		for i := range s.Transfers {
			if x := s.Transfers[i].Announced; x != nil {
				list = append(list, x.Port())
			}
		}
		slices.Sort(list)
		list = slices.Compact(list)
		p[s] = list
	}
	return list
}

// kin reports whether two sessions have a port in common that programs do not choose
// twice: the client's, which most NATs leave as it is, or one that was announced, which
// most ALGs do. Without one, what repeats itself may be another session.
func (p announced) kin(a, b *Session) bool {
	if a.Client.Port() == b.Client.Port() {
		return true
	}
	for x, y := p.of(a), p.of(b); len(x) > 0 && len(y) > 0; {
		switch {
		case x[0] == y[0]:
			return true
		case x[0] < y[0]:
			x = x[1:]
		default:
			y = y[1:]
		}
	}
	return false
}

// inTime keeps the couples whose times fit.
func inTime(list []couple, a []marksOf, c *Clock) []couple {
	if !c.Known {
		d, ok := commonest(list)
		if !ok {
			return nil
		}
		c = &Clock{Known: true, Offset: d}
	}
	away := func(x couple) flow.Time {
		d := x.diff - c.at(a[x.a].begin)
		return max(d, -d)
	}
	list = slices.DeleteFunc(list, func(x couple) bool { return away(x) > offsetAllowed })
	slices.SortStableFunc(list, func(x, y couple) int {
		return cmp.Or(cmp.Compare(y.score, x.score), cmp.Compare(away(x), away(y)))
	})
	return list
}

// commonest is the difference that most couples agree on.
func commonest(list []couple) (flow.Time, bool) {
	if len(list) == 0 {
		return 0, false
	}
	diffs := make([]flow.Time, len(list))
	for i, c := range list {
		diffs[i] = c.diff
	}
	slices.Sort(diffs)
	best, at, from := 0, 0, 0
	for to := range diffs {
		for diffs[to]-diffs[from] > offsetBucket {
			from++
		}
		if n := to - from + 1; n > best {
			best, at = n, from+n/2
		}
	}
	return diffs[at], true
}
