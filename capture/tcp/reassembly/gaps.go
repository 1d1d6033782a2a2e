package reassembly

import "ftpscope/capture/flow"

const (
	// MaxGaps bounds the gaps that are remembered in one direction of a connection; the
	// oldest counts as lost for good.
	MaxGaps = 64
	// far is how far back sequence numbers tell gaps from what is to come.
	far = 1 << 30
)

// Gap is a range of sequence numbers, To excluded.
type Gap struct{ From, To uint32 }

// Gaps are the gaps in one direction of a connection, in the order of their numbers; no
// two of them touch. Add notes a gap, Fill takes out what came late. Sequence numbers
// wrap, so Prune has to be called before either.
//
// Invert turns them over: from then on they are what the capture holds of the direction,
// which Merge adds to.
type Gaps struct {
	list   []Gap
	at     uint64 // the direction's bytes when Prune was last called
	budget *flow.Budget
}

// NewGaps makes the gaps of both directions. The budget is of gaps that there is memory
// for.
func NewGaps(budget *flow.Budget) *[2]Gaps { return &[2]Gaps{{budget: budget}, {budget: budget}} }

// All are the gaps, valid until the next change.
func (g *Gaps) All() []Gap { return g.list }

// Release gives their memory back to the budget.
func (g *Gaps) Release() {
	g.budget.Release(cap(g.list))
	g.list = nil
}

// Prune forgets gaps that lie too far back; bytes is how many the direction has, next is
// the number after the last.
func (g *Gaps) Prune(bytes uint64, next uint32) {
	if bytes > g.at+far {
		g.list = g.list[:0]
	}
	g.at = bytes
	for len(g.list) > 0 && next-g.list[0].From > far {
		g.list = append(g.list[:0], g.list[1:]...)
	}
}

// append adds a gap at the end. When there are too many, the oldest goes; each direction
// has room for one at least.
func (g *Gaps) append(x Gap) {
	if n := len(g.list); n >= MaxGaps || n == cap(g.list) && !g.grow() {
		g.list = append(g.list[:0], g.list[1:]...) // what may still fill it will count as a retransmission
	}
	g.list = append(g.list, x)
}

// grow makes room for as many again; false: the budget has none.
func (g *Gaps) grow() bool {
	n := len(g.list)
	if n == 0 {
		g.budget.Overdraw(1)
	} else if !g.budget.Reserve(n) {
		return false
	}
	g.list = append(make([]Gap, 0, n+max(n, 1)), g.list...)
	return true
}

// Add notes a gap.
func (g *Gaps) Add(x Gap) {
	g.append(x)
	i := len(g.list) - 1
	for i > 0 && flow.Before(x.From, g.list[i-1].From) {
		i--
	}
	copy(g.list[i+1:], g.list[i:])
	g.list[i] = x
}

// Fill takes a range out of the gaps and returns how many bytes of them it filled.
func (g *Gaps) Fill(from, to uint32) (n uint32) {
	for i := 0; i < len(g.list); i++ {
		x := g.list[i]
		lo, hi := x.From, x.To
		if flow.After(from, lo) {
			lo = from
		}
		if flow.Before(to, hi) {
			hi = to
		}
		if !flow.Before(lo, hi) {
			continue
		}
		n += hi - lo
		switch left, right := lo != x.From, hi != x.To; {
		case left && right:
			g.list[i].To = lo
			g.Add(Gap{hi, x.To})
			return n
		case left:
			g.list[i].To = lo
		case right:
			g.list[i].From = hi
		default:
			g.list = append(g.list[:i], g.list[i+1:]...)
			i--
		}
	}
	return n
}

// Invert turns the gaps into what lies between them, from start to next.
func (g *Gaps) Invert(start, next uint32) {
	held := Gaps{budget: g.budget}
	from := start
	for _, x := range g.list {
		if flow.After(x.From, from) {
			held.append(Gap{from, x.From})
		}
		from = x.To
	}
	if from != next {
		held.append(Gap{from, next})
	}
	g.Release()
	*g = held
}

// Merge adds a range to what is held and returns how many bytes of it are new.
func (g *Gaps) Merge(have Gap) (fresh uint32) {
	if have.From == have.To {
		return 0
	}
	fresh = have.To - have.From
	rest := g.list[:0]
	for _, x := range g.list {
		if flow.After(x.From, have.To) || flow.Before(x.To, have.From) {
			rest = append(rest, x)
			continue
		}
		whole := have
		if flow.Before(x.From, have.From) {
			whole.From = x.From
		}
		if flow.After(x.To, have.To) {
			whole.To = x.To
		}
		// What both have is what their lengths exceed that of the whole by.
		fresh -= min(fresh, (x.To-x.From)+(have.To-have.From)-(whole.To-whole.From))
		have = whole
	}
	g.list = rest
	g.append(have)
	return fresh
}

// Has reports whether a gap lies in a range, or reaches into it.
func (g *Gaps) Has(from, to uint32) bool {
	for _, x := range g.list {
		if flow.Before(x.From, to) && flow.After(x.To, from) {
			return true
		}
	}
	return false
}
