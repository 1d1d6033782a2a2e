package reassembly

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sort"
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/capture/flow"
)

// A queue is a row that is kept in order, whatever the order in which its segments come,
// and none of them makes many move.
func TestQueue(t *testing.T) {
	const n = 20 * queueBlock
	r := rand.New(rand.NewPCG(1, 2))
	for name, next := range map[string]func(i int) uint32{
		"forwards":  func(i int) uint32 { return uint32(i) },
		"backwards": func(i int) uint32 { return uint32(-i) },
		"anyhow":    func(int) uint32 { return r.Uint32N(1 << 30) },
		"the same":  func(i int) uint32 { return uint32(i % 3) },
	} {
		t.Run(name, func(t *testing.T) {
			var q queue
			var want []uint32
			for i := range n {
				seq := next(i)
				at := len(want)
				for at > 0 && flow.Before(seq, want[at-1]) {
					at--
				}
				want = slices.Insert(want, at, seq)
				where := q.behind(seq)
				require.Equal(t, at > 0, q.before(where) != nil)
				where = q.insert(where, segment{seq: seq})
				require.Equal(t, seq, q.before(where).seq)
				if after := q.at(where); at+1 < len(want) {
					require.Equal(t, want[at+1], after.seq)
				} else {
					require.Nil(t, after)
				}
				if i%5 == 4 {
					require.Equal(t, want[0], q.shift().seq)
					want = want[1:]
				}
			}
			for _, b := range q.blocks {
				require.NotEmpty(t, b)
				require.LessOrEqual(t, len(b), queueBlock)
			}
			for ; len(want) > 0; want = want[1:] {
				require.Equal(t, want[0], q.shift().seq)
			}
			require.True(t, q.empty())
		})
	}
}

// BenchmarkQueue: ns/op is a segment that comes before all others. In one row
// (blocks=off) each would move those after it.
func BenchmarkQueue(b *testing.B) {
	for _, held := range []uint32{1 << 8, 1 << 12, 1 << 16} {
		b.Run(fmt.Sprintf("blocks=on/held=%d", held), func(b *testing.B) {
			q := queue{}
			for seq := held; b.Loop(); seq-- {
				if seq == 0 {
					seq, q = held, queue{}
				}
				q.insert(q.behind(seq), segment{seq: seq})
			}
		})
		b.Run(fmt.Sprintf("blocks=off/held=%d", held), func(b *testing.B) {
			var row []segment
			for seq := held; b.Loop(); seq-- {
				if seq == 0 {
					seq, row = held, nil
				}
				at := sort.Search(len(row), func(i int) bool { return row[i].seq > seq })
				row = slices.Insert(row, at, segment{seq: seq})
			}
		})
	}
}
