package tcp

import "ftpscope/capture/flow"

// What tests look at from inside.

// The limits that tests reach.
const (
	MaxConns    = maxConns
	MaxHalfOpen = maxHalfOpen
	MaxControls = maxControls
	MaxLinger   = maxLinger
	MaxHeld     = maxHeld
	MaxHeldAll  = maxHeldAll
	MaxWatched  = maxWatched
	MaxSame     = maxSame
	MaxGapsAll  = maxGapsAll
	MaxDoubts   = maxDoubts

	MaxHeldData    = maxHeldData
	MaxHeldDataAll = maxHeldDataAll
)

// Held is the bytes held over all streams.
func (t *Table) Held() int { return t.controls.group.Held() }

// HeldData is the bytes held over all streams that are followed.
func (t *Table) HeldData() int {
	if t.following.by == nil {
		return 0
	}
	return t.following.group.Held()
}

// Sums recounts what the streams hold; the results must be equal.
func (t *Table) Sums() (held, sum int) {
	for _, x := range t.controls.list {
		if x.Stream != nil {
			sum += x.Stream.Held()
		}
	}
	return t.controls.group.Held(), sum
}

// Leaks counts what an empty table should not hold: slots, list members, gaps, streams,
// index entries.
func (t *Table) Leaks() (n int) {
	n = t.slab.n - 1 - len(t.slab.free) + t.halfOpen.n + t.linger.n + len(t.gaps.of) + len(t.doubts) + len(t.copies) + t.controls.count() + len(t.following.open) + t.gaps.budget.Used()
	for _, e := range t.index.entries {
		if e.slot != 0 {
			n++
		}
	}
	return n
}

// Gaps is how many gaps there is memory for.
func (t *Table) Gaps() int { return t.gaps.budget.Used() }

// Slots is how many connections the slab has room for.
func (t *Table) Slots() int { return t.slab.n }

// Hash is where the index looks for the connection of s.
func (t *Table) Hash(s *flow.Segment) uint32 { return t.index.hash(s) }

// Doubts is how many connections have something in doubt.
func (t *Table) Doubts() int { return len(t.doubts) }

// Len is how many connections there are.
func (t *Table) Len() int { return t.Stats().Open }
