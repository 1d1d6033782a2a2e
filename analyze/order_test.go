package analyze

import (
	"container/heap"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/analyze/record"
)

func TestSessionHeap(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	var h sessionHeap
	var in []uint64
	for range 2000 {
		if len(in) == 0 || random.IntN(5) > 1 {
			s := &record.Session{}
			s.First.Ord = random.Uint64N(500)
			h.add(s)
			in = append(in, s.First.Ord)
			continue
		}
		slices.Sort(in)
		require.Equal(t, in[0], h[0].ord)
		require.Equal(t, in[0], heap.Pop(&h).(*record.Session).First.Ord)
		in = in[1:]
	}
	slices.Sort(in)
	for _, ord := range in {
		require.Equal(t, ord, heap.Pop(&h).(*record.Session).First.Ord)
	}
	require.Empty(t, h)
}
