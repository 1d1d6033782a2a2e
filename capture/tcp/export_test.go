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
	MaxHoles    = maxHoles
	MaxSame     = maxSame
	MaxGaps     = maxGaps

	MaxHeldData    = maxHeldData
	MaxHeldDataAll = maxHeldDataAll
)

// Held is the bytes held over all streams.
func (t *Table) Held() int { return t.controls.held }

// HeldData is the bytes held over all streams that are followed.
func (t *Table) HeldData() int { return t.follows.held }

// Sums recounts what lists and sums say; the results must be equal.
func (t *Table) Sums() (held, sum int) {
	for _, st := range t.streams {
		if st == nil {
			continue
		}
		for i := range st.dir {
			for _, b := range st.dir[i].held.blocks {
				for _, p := range b {
					sum += len(p.data) + overhead
				}
			}
		}
	}
	return t.controls.held, sum
}

// Leaks counts what an empty table should not hold: slots, list members, gaps, streams, index entries.
func (t *Table) Leaks() (n int) {
	n = t.slab.n - 1 - len(t.free) + t.half.n + t.linger.n + len(t.holes) + len(t.copies) + len(t.streams) - len(t.idle) + len(t.followed) + t.gaps
	for _, e := range t.index {
		if e.slot != 0 {
			n++
		}
	}
	return n
}

// Gaps is how many gaps there are places for.
func (t *Table) Gaps() int { return t.gaps }

// Slots is how many connections the slab has room for.
func (t *Table) Slots() int { return t.slab.n }

// Hash is where the index looks for the connection of s.
func (t *Table) Hash(s *flow.Segment) uint32 { return t.hash(s) }
