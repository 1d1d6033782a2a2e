package reassembly

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/capture/flow"
)

func gapsOf(limit int, list ...Gap) *Gaps {
	budget := flow.NewBudget(limit)
	g := &NewGaps(&budget)[0]
	for _, x := range list {
		g.Add(x)
	}
	return g
}

func TestFill(t *testing.T) {
	two := []Gap{{10, 20}, {30, 40}}
	for _, test := range []struct {
		name     string
		from, to uint32
		filled   uint32
		left     []Gap
	}{
		{"nothing", 20, 30, 0, two},
		{"before", 0, 10, 0, two},
		{"behind", 40, 50, 0, two},
		{"all of one", 10, 20, 10, []Gap{{30, 40}}},
		{"more than one", 5, 25, 10, []Gap{{30, 40}}},
		{"its beginning", 5, 15, 5, []Gap{{15, 20}, {30, 40}}},
		{"its end", 15, 25, 5, []Gap{{10, 15}, {30, 40}}},
		{"its middle", 12, 15, 3, []Gap{{10, 12}, {15, 20}, {30, 40}}},
		{"parts of two", 15, 35, 10, []Gap{{10, 15}, {35, 40}}},
		{"both", 0, 100, 20, []Gap{}},
	} {
		t.Run(test.name, func(t *testing.T) {
			g := gapsOf(100, two...)
			require.Equal(t, test.filled, g.Fill(test.from, test.to))
			require.Equal(t, test.left, g.All())
			require.Zero(t, g.Fill(test.from, test.to), "again")
		})
	}
}

func TestGapsWrap(t *testing.T) {
	g := gapsOf(100, Gap{5, 10}, Gap{1<<32 - 10, 2})
	require.Equal(t, []Gap{{1<<32 - 10, 2}, {5, 10}}, g.All())
	require.EqualValues(t, 7, g.Fill(1<<32-5, 2))
	require.Equal(t, []Gap{{1<<32 - 10, 1<<32 - 5}, {5, 10}}, g.All())
}

func TestInvert(t *testing.T) {
	for _, test := range []struct {
		name string
		gaps []Gap
		held []Gap
	}{
		{"no gap", nil, []Gap{{0, 100}}},
		{"one", []Gap{{10, 20}}, []Gap{{0, 10}, {20, 100}}},
		{"at the beginning", []Gap{{0, 20}}, []Gap{{20, 100}}},
		{"at the end", []Gap{{10, 20}, {90, 100}}, []Gap{{0, 10}, {20, 90}}},
	} {
		t.Run(test.name, func(t *testing.T) {
			g := gapsOf(1000, test.gaps...)
			g.Invert(0, 100)
			require.Equal(t, test.held, g.All())
			g.Release()
			require.Zero(t, g.budget.Used())
		})
	}
}

// TestMergeModel compares what is held with a set of numbers.
func TestMergeModel(t *testing.T) {
	const span = 300
	for seed := range uint64(50) {
		rnd, g, model := rand.New(rand.NewPCG(seed, 1)), gapsOf(1000), [span]bool{}
		base := -rnd.Uint32N(span) // some wrap
		for range 40 {
			from := rnd.Uint32N(span)
			to := from + rnd.Uint32N(min(20, span-from))
			fresh := uint32(0)
			for i := from; i < to; i++ {
				if !model[i] {
					model[i], fresh = true, fresh+1
				}
			}
			require.Equal(t, fresh, g.Merge(Gap{base + from, base + to}), "seed %d", seed)
		}
	}
}

// TestGapsModel compares gaps with a set of numbers, as a direction notes and fills them.
func TestGapsModel(t *testing.T) {
	for seed := range uint64(50) {
		rnd, g, missing := rand.New(rand.NewPCG(seed, 2)), gapsOf(1000), map[uint32]bool{}
		next := -rnd.Uint32N(500)
		start, bytes := next, uint64(0)
		for range 60 {
			if rnd.IntN(2) == 0 {
				gap, held := 1+rnd.Uint32N(9), 1+rnd.Uint32N(9)
				g.Prune(bytes, next)
				g.Add(Gap{next, next + gap})
				for i := range gap {
					missing[next+i] = true
				}
				next += gap + held
				bytes += uint64(gap + held)
				continue
			}
			from := start + rnd.Uint32N(uint32(bytes)+1)
			filled := uint32(0)
			for i := from; i != from+15; i++ {
				if missing[i] {
					delete(missing, i)
					filled++
				}
			}
			require.Equal(t, filled, g.Fill(from, from+15), "seed %d", seed)
		}
		left := 0
		for i, x := range g.All() {
			left += int(x.To - x.From)
			require.True(t, i == 0 || flow.Before(g.All()[i-1].To, x.From), "in order, not touching")
		}
		require.Len(t, missing, left)
	}
}

func TestGapsAreBounded(t *testing.T) {
	g := gapsOf(1000)
	for i := range uint32(3 * MaxGaps) {
		g.Add(Gap{10 * i, 10*i + 5})
	}
	require.Len(t, g.All(), MaxGaps)
	require.Equal(t, Gap{20 * MaxGaps, 20*MaxGaps + 5}, g.All()[0], "the oldest are forgotten")

	g = gapsOf(4, Gap{0, 1}, Gap{10, 11}, Gap{20, 21}, Gap{30, 31}, Gap{40, 41})
	require.Equal(t, []Gap{{10, 11}, {20, 21}, {30, 31}, {40, 41}}, g.All(), "the budget has no room for more")
	g.Release()
	require.Equal(t, 0, g.budget.Used())

	g = gapsOf(0, Gap{0, 1}, Gap{10, 11})
	require.Equal(t, []Gap{{10, 11}}, g.All(), "there is always room for one")
}

func TestPrune(t *testing.T) {
	g := gapsOf(100, Gap{100, 200}, Gap{far, far + 1})
	g.Prune(1000, far)
	require.Len(t, g.All(), 2)
	g.Prune(2000, far+101)
	require.Equal(t, []Gap{{far, far + 1}}, g.All(), "the first lies too far back")
	g.Prune(far+2001, far+101)
	require.Empty(t, g.All(), "so much came since that numbers may have come again")
}
