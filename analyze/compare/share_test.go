package compare

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// What resegmented takes out is what each item finds that looks at each stretch in its
// turn.
func TestResegmented(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 500 {
		var lists, want [2][]*item
		for side := range lists {
			for range r.IntN(40) {
				it := item{kind: payload, off: r.IntN(100)}
				it.end = it.off + r.IntN(30)
				if r.IntN(10) == 0 {
					it.kind = finSent
				}
				it.lost = max(it.end-it.off, 1)
				x, y := it, it
				lists[side], want[side] = append(lists[side], &x), append(want[side], &y)
			}
		}
		resegmented(lists[0], lists[1])
		byEach(want[0], want[1])
		require.Equal(t, want, lists)
	}
}

// byEach does the same, byte for byte.
func byEach(a, b []*item) {
	var have, used [200]int
	each := func(list []*item, do func(it *item, i int)) {
		for _, it := range list {
			for i := it.off; it.kind == payload && i < it.end; i++ {
				do(it, i)
			}
		}
	}
	each(b, func(_ *item, i int) { have[i]++ })
	each(a, func(it *item, i int) {
		if have[i] > 0 {
			have[i]--
			used[i]++
			it.lost--
		}
	})
	each(b, func(it *item, i int) {
		if used[i] > 0 {
			used[i]--
			it.lost--
		}
	})
}

// Items that all overlap each other take copies without a look at each stretch: what
// grows is the number of items.
func BenchmarkResegmented(b *testing.B) {
	const n = 1 << 14
	list := func(odd int) (list []*item) {
		for i := range n {
			list = append(list, &item{kind: payload, end: 2*i + 1 + odd, lost: 2*i + 1 + odd})
		}
		return slices.Clip(list)
	}
	x, y := list(0), list(1)
	for b.Loop() {
		resegmented(x, y)
	}
}
