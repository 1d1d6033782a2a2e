package match

import (
	"math/rand/v2"
	"net/netip"
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/analyze/control"
	"ftpscope/analyze/record"
	"ftpscope/capture/flow"
)

func tick(n int) flow.Mark {
	return flow.Mark{Time: flow.Time(n) * flow.Millisecond, Ord: uint64(n), Pos: flow.At(0, uint64(n))}
}

// Of thousands of transfers each finds its connection, and none looks at those that the
// ones before it use.
func TestInferredAmongMany(t *testing.T) {
	const n = 3 * maxCandidates
	client, server := netip.MustParseAddrPort("192.0.2.1:40000"), netip.MustParseAddrPort("192.0.2.21:21")
	b := &builder{c: &control.Transcript{}, used: map[uint64]bool{}}
	b.c.Client, b.c.Server, b.c.Notes.Control.Last = client, server, tick(2*n)
	for i := range n {
		b.opened = append(b.opened, flow.Conn{
			ID: uint64(i + 1), Src: netip.AddrPortFrom(client.Addr(), 50000), Dst: netip.AddrPortFrom(server.Addr(), 60000), OpenerKnown: true,
			Start: tick(n + i), State: flow.Established,
		})
	}
	for i := range n {
		tried := b.inferred(&control.TransferCommand{Line: record.Line{Mark: tick(i)}}, nil)
		require.Len(t, b.opened, n-i)
		require.Len(t, tried, 1)
		require.EqualValues(t, i+1, tried[0].ID)
		b.used[tried[0].ID] = true
	}
}

func TestUnderTLSAmongMany(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		b := &builder{c: &control.Transcript{}}
		b.c.Notes.Control.Start = tick(1)
		at := 2
		for i := range 1 + r.IntN(20) {
			from := at + r.IntN(3000)
			at = from + r.IntN(3000)
			b.c.Encrypted = append(b.c.Encrypted, control.Span{From: tick(from), To: tick(at), Serial: int32(i)})
		}
		b.c.Encrypted[len(b.c.Encrypted)-1].To = flow.Mark{}
		c := &flow.Conn{Start: tick(2 + r.IntN(at+4000))}
		if r.IntN(2) == 0 {
			c.Start.Time += flow.Time(r.IntN(4000)-2000) * flow.Millisecond
		}
		want, found := int32(0), false
		for _, s := range b.c.Encrypted {
			if !found && (c.Start.Time >= s.From.Time-grace || c.Start.Ord > s.From.Ord) && (!s.To.Seen() || c.Start.Ord <= s.To.Ord) {
				want, found = s.Serial, true
			}
		}
		got, ok := b.underTLS(c)
		require.Equal(t, found, ok)
		require.Equal(t, want, got)
	}
}
