package report

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// largest is a file that knows the largest piece that was written.
type largest struct{ piece, sum int }

func (l *largest) Write(b []byte) (int, error) {
	l.piece, l.sum = max(l.piece, len(b)), l.sum+len(b)
	return len(b), nil
}

// A session of thousands of lines is not held as text until its end.
func TestLinesGoWhenThereAreEnough(t *testing.T) {
	s := activeSession()
	one := s.Transfers[0]
	for i := range 3000 {
		x := one
		x.N, x.Reply = i+2, reply(30, 30, 226, strings.Repeat("x", 1000))
		s.Transfers = append(s.Transfers, x)
	}
	for _, name := range []string{"eve", "timesketch-jsonl"} {
		f, ok := Find(name)
		require.True(t, ok)
		to := &largest{}
		w := f.New(to, Options{})
		require.NoError(t, w.Session(s))
		require.Less(t, to.piece, maxKeptLine, name)
		require.Greater(t, to.sum, 3*maxKeptLine, name)
	}
	to := &largest{}
	require.NoError(t, newECS(to, Options{}).Session(s))
	require.Less(t, to.piece, to.sum/2, "a document holds all of the session, the others go before it and after")
}
