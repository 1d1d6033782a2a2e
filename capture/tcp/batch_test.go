package tcp_test

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/capture/flow"
	"ftpscope/capture/tcp"
)

// Many connections take turns, and end while segments of theirs and of others wait in the
// same batch: what is told is what is told without batches.
func TestBatch(t *testing.T) {
	const ends = 700
	all, rnd := make([]flow.Segment, 40_000), rand.New(rand.NewPCG(1, 2))
	var s flow.Segment
	for i := range all {
		port, flags := uint16(rnd.IntN(ends)), [...]byte{flow.SYN, flow.ACK, flow.ACK, flow.ACK, flow.ACK | flow.FIN, flow.RST}[rnd.IntN(6)]
		fuzzed(&s, []byte{byte(rnd.IntN(2)), flags, byte(rnd.IntN(200)), byte(rnd.IntN(200)), byte(rnd.IntN(40)), 0, 0})
		s.SrcPort, s.DstPort = s.SrcPort+port, s.DstPort+port
		all[i] = s
	}
	play := func(give func(*tcp.Table)) (closed []string) {
		r := newRecorder(t)
		r.classify = func(c *flow.Conn, _ flow.Direction, _ []byte) tcp.Class { return tcp.Class(c.Src.Port() % 2) }
		r.refuse = func(said string) bool { return len(said) > 50 }
		table := tcp.New(r)
		table.Watch(func(*flow.Segment) bool { return true }, false)
		give(table)
		r.finish(table)
		for _, e := range r.closed {
			closed = append(closed, e.String())
		}
		return closed
	}
	want := play(func(table *tcp.Table) {
		for i := range all {
			table.Segment(&all[i])
		}
	})
	require.Greater(t, len(want), ends)
	require.Equal(t, want, play(func(table *tcp.Table) {
		var batch tcp.Batch
		next := 0
		flush := func() {
			batch.Flush(func(s *flow.Segment) {
				require.Same(t, &all[next], s)
				next++
			})
		}
		for i := range all {
			if batch.Add(table, &all[i]); batch.Len() == tcp.BatchSize || rnd.IntN(500) == 0 {
				flush()
			}
		}
		flush()
		require.Len(t, all, next)
	}))
}
