package siem

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/analyze/report"
	"ftpscope/analyze/report/reporttest"
)

// largest is a file that knows the largest piece that was written.
type largest struct{ piece, sum int }

func (l *largest) Write(b []byte) (int, error) {
	l.piece, l.sum = max(l.piece, len(b)), l.sum+len(b)
	return len(b), nil
}

// A session of thousands of lines is not held as text until its end.
func TestLinesGoWhenThereAreEnough(t *testing.T) {
	s := reporttest.ActiveSession()
	one := s.Transfers[0]
	for i := range 3000 {
		x := one
		x.N, x.Reply = i+2, reporttest.Reply(30, 30, 226, strings.Repeat("x", 1000))
		s.Transfers = append(s.Transfers, x)
	}
	for _, name := range []string{"eve", "timesketch-jsonl"} {
		to := &largest{}
		all := Formats()
		i := slices.IndexFunc(all, func(f report.Format) bool { return f.Name == name })
		w := all[i].New(to, report.Options{})
		require.NoError(t, w.Session(s))
		require.Less(t, to.piece, 1<<20, name)
		require.Greater(t, to.sum, 3<<20, name)
	}
	to := &largest{}
	require.NoError(t, newECS(to, report.Options{}).Session(s))
	require.Less(t, to.piece, to.sum/2, "a document holds all of the session, the others go before it and after")
}

func TestGoldens(t *testing.T) { reporttest.Goldens(t, Formats()) }
