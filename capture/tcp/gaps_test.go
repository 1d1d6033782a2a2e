package tcp_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/capture/flow"
	"ftpscope/capture/tcp"
	"ftpscope/capture/tcp/reassembly"
)

// Of gaps in very many connections each direction keeps the last one at least, and all
// together are bounded.
func TestGapsOfMany(t *testing.T) {
	const n = 2 * tcp.MaxGapsAll / reassembly.MaxGaps
	sink := &silent{}
	table := tcp.New(sink)
	var s flow.Segment
	fill(table, sink, &s, 0, n, 0)
	most := 0
	for i := range n {
		syn(&s, i)
		s.Flags, s.Length, s.Payload = flow.ACK, 1, zeros[:1]
		for range reassembly.MaxGaps + 1 {
			s.Seq += 10
			table.Segment(stamp(&s))
		}
		most = max(most, table.Gaps())
	}
	require.LessOrEqual(t, most, tcp.MaxGapsAll+n)
	table.Close(math.MaxInt64)
	require.Zero(t, table.Leaks())
}
