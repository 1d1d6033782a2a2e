package control

import (
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/capture/flow"
)

// The longest silence is measured from a word that was heard, not from the beginning of time.
func TestSilences(t *testing.T) {
	type end struct{ idle, heard flow.Time }
	for _, x := range []struct {
		name, spoken string // who spoke, a second each
		want         end    // asked 10 s after the beginning
	}{
		{"nobody", "", end{}},
		{"the client, once", "C", end{9, 0}},
		{"the client, twice", "CC", end{1, 0}},
		{"the client, with a pause", "C..C", end{3, 0}},
		{"the server's greeting", "S", end{9, 0}},
		{"nothing after the reply", "SCS", end{7, 2}},
		{"a command after a pause", "S...C", end{4, 0}},
		{"several, the longest pause", "S..C.C", end{3, 0}},
		{"the server ends it", "S...CS", end{4, 5}},
	} {
		t.Run(x.name, func(t *testing.T) {
			const start = 1_700_000_000 * flow.Second
			var s silences
			for i, who := range x.spoken {
				if who != '.' {
					s.spoke(who == 'C', start+flow.Time(i+1)*flow.Second)
				}
			}
			got := end{s.end(start+10*flow.Second) / flow.Second, s.heard / flow.Second}
			if got.heard != 0 {
				got.heard -= start / flow.Second
			}
			require.Equal(t, x.want, got)
		})
	}
}
