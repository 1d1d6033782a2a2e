package pick

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/capture/flow"
)

var findEnds = [2]netip.AddrPort{netip.MustParseAddrPort("192.0.2.1:1000"), netip.MustParseAddrPort("192.0.2.2:2000")}

func between(net flow.Net, first, last uint64) Conn {
	return Conn{A: findEnds[0], B: findEnds[1], Nets: net.Nets(), First: first, Last: last}
}

func segmentAt(net flow.Net, ord uint64) *flow.Segment {
	return &flow.Segment{
		Src: flow.HostOf(findEnds[0].Addr()), Dst: flow.HostOf(findEnds[1].Addr()), SrcPort: findEnds[0].Port(), DstPort: findEnds[1].Port(),
		Net: net, Mark: flow.Mark{Ord: ord},
	}
}

// Of the connections of the same ends that a packet may belong to the one that began last
// is found, as a look at all finds it.
func TestFindAmongMany(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		var list []Conn
		for range r.IntN(20) {
			first := 1 + r.Uint64N(100)
			list = append(list, between(flow.Net(r.IntN(3)), first, first+r.Uint64N(60)))
		}
		set := NewSet(list)
		order := make([]int, len(list))
		for i := range order {
			order[i] = i
		}
		slices.SortStableFunc(order, func(x, y int) int { return cmp.Compare(list[x].First, list[y].First) })
		for ord := range uint64(180) {
			for net := range flow.Net(3) {
				want, found := 0, false
				for _, i := range order {
					if c := &list[i]; c.First <= ord && ord <= c.Last && c.Nets.Has(net) {
						want, found = i, true
					}
				}
				index, ok := set.Find(segmentAt(net, ord))
				require.Equal(t, found, ok)
				require.Equal(t, want, index)
			}
		}
	}
}

// One connection that lasts, and very many of the same ends in another network, one after
// the other.
func BenchmarkFind(b *testing.B) {
	for _, n := range []int{1000, 4000, 16_000} {
		list := []Conn{between(1, 1, uint64(2*n+10))}
		for i := range uint64(n) {
			list = append(list, between(2, 2*i+2, 2*i+3))
		}
		set := NewSet(list)
		b.Run(fmt.Sprintf("n=%d", n), func(b *testing.B) {
			for b.Loop() {
				set.Find(segmentAt(1, uint64(2*n+5)))
			}
		})
	}
}
