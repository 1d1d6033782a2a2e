package traffic

import "slices"

const (
	disorderedSegment = 9 // bytes of a control line in one segment, at most
	disorderedFile    = 256 << 10
	disorderedEvery   = 64  // chores between transfers
	disorderedRun     = 100 // packets that change places: no more than 50 gaps at once
	repeatEvery       = 7   // one packet in so many comes twice
	perRound          = 320 << 10
)

// reorder is one session whose lines come in pieces of a few bytes and whose segments
// come in hardly any order. The order between the two directions of the control
// connection stays: a reply is not seen before its command.
func (g *generator) reorder() {
	n := max(1, int(g.plan.Bytes/perRound))
	t := g.newTalk(false, 2*millisecond, 10*microsecond)
	g.start(0, g.newSession(t, script{chores: n * disorderedEvery, every: disorderedEvery, transfers: n, batch: true,
		size: func() int64 { return g.between(disorderedFile-disorderedFile/8, disorderedFile) }, think: millisecond}))
}

// disordered plans an act whose packets arrive in disorder.
func (t *talk) disordered(a act) {
	t.add(act{do: doHold})
	t.add(a)
	t.add(act{do: doFree})
}

func (g *generator) hold() { g.holding, g.heldFrom = true, g.now }

// free lets the held packets go, each way in its turn: backwards, the first one last,
// every other one first, at random.
func (g *generator) free() {
	held := g.held
	g.holding, g.held = false, nil
	for i := repeatEvery; i < len(held); i += repeatEvery { // each makes the rest one longer
		held = append(held, held[i])
		g.packets++
		g.captured += int64(len(held[i]) - recordHead)
		g.written += int64(len(held[i]))
	}
	order := make([]int, len(held))
	for i := range order {
		order[i] = i
	}
	g.shuffle(order)
	from, took := g.heldFrom, g.now-g.heldFrom
	for n, i := range order {
		if len(g.buf)-g.used < longest {
			g.flush()
		}
		rec := g.buf[g.used : g.used+copy(g.buf[g.used:], held[i])]
		g.now = from + took*int64(n+1)/int64(len(order))
		g.stamp(rec)
		g.used += len(rec)
	}
}

// shuffle puts 0, 1, 2, … in another order.
func (g *generator) shuffle(order []int) {
	switch g.rnd.IntN(4) {
	case 0:
		slices.Reverse(order)
	case 1: // the first one last
		for i := range order {
			order[i] = (i + 1) % len(order)
		}
	case 2: // every other one first
		odd := len(order) / 2
		for i := range order {
			order[i] = 2*i + 1
			if i >= odd {
				order[i] = 2 * (i - odd)
			}
		}
	default:
		g.rnd.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
	}
}
