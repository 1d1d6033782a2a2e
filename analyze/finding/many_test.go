package finding

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/analyze/record"
	"ftpscope/capture/flow"
)

// sessionOf is a session of n transfers.
func sessionOf(n int, transfer func() record.Transfer) *record.Session {
	s := sess()
	for range n {
		with(transfer())(s)
	}
	return s
}

func TestFallbackIsTheNextThatWorked(t *testing.T) {
	rejected := func(code int) record.Transfer {
		return passive(replied(11, code, "no"), func(t *record.Transfer) { t.Outcome, t.Command = record.Rejected, nil })
	}
	underTLS := passive(worked(1), func(t *record.Transfer) { t.Method = record.MethodEncrypted })
	s := sess(with(active(worked(1))), with(rejected(500)), with(rejected(501)), with(underTLS), with(active(worked(1))), with(rejected(502)), with(rejected(501)))
	c := newCase(s, Options{})
	var said []string
	for _, v := range rejections(c) {
		said = append(said, v.message)
	}
	require.Len(t, said, 3)
	require.Contains(t, said[0], "; PORT was used after it and worked")
	require.Contains(t, said[1], "; PORT was used after it and worked")
	require.NotContains(t, said[2], "was used after it")
}

// The time for a session grows with its transfers, and no faster, whatever went wrong
// with all of them.
func BenchmarkJudge(b *testing.B) {
	for _, kind := range []struct {
		name     string
		transfer func() record.Transfer
	}{
		{"unanswered", func() record.Transfer { return passive(met(flow.Unanswered), failed) }},
		{"never-tried", func() record.Transfer { return passive(failed) }},
	} {
		for _, n := range []int{100, 1000, record.MaxSteps} {
			b.Run(fmt.Sprintf("all=%s/transfers=%d", kind.name, n), func(b *testing.B) {
				s := sessionOf(n, kind.transfer)
				for b.Loop() {
					Judge(s, Options{})
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/transfer")
			})
		}
	}
}
