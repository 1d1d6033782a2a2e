package compare

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/analyze/record"
	"ftpscope/capture/flow"
)

// triedOften is a session of one transfer with n connections that all have the same
// initial sequence number; those at odd places lack their SYN.
func triedOften(n int) *Session {
	s := &Session{Session: &record.Session{Transfers: []record.Transfer{{Method: "PORT"}}}, Control: &Conn{}}
	s.Control.Half[ToServer].Segs = []Seg{{Flags: flow.SYN, Seq: 7}}
	for i := range n {
		c := &Conn{FromClient: true, Start: flow.Time(i), End: flow.Time(i) + 1}
		if i%2 == 0 {
			c.Half[ToServer].Segs = []Seg{{Flags: flow.SYN}}
		}
		s.Data = append(s.Data, Data{Conn: c})
	}
	return s
}

func TestPairDataTriedOften(t *testing.T) {
	const n = 3000
	a, b := triedOften(n), triedOften(n)
	j := pairSession(a, b, &run{clock: Clock{Known: true}})
	both := map[*Conn]bool{}
	for _, d := range j.data {
		if d.a != nil && d.b != nil {
			require.False(t, both[d.b])
			both[d.b] = true
		}
	}
	require.GreaterOrEqual(t, len(both), n/2)
}

// The time for a transfer's connections grows with their number, however alike they are.
func BenchmarkPairData(b *testing.B) {
	for _, n := range []int{1000, 20_000} {
		b.Run(fmt.Sprintf("connections=%d", n), func(b *testing.B) {
			x, y := triedOften(n), triedOften(n)
			for b.Loop() {
				pairSession(x, y, &run{clock: Clock{Known: true}})
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/connection")
		})
	}
}
