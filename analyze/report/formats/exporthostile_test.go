package formats

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/analyze/record"
	"ftpscope/analyze/report"
	"ftpscope/analyze/report/reporttest"
)

func TestHostileExports(t *testing.T) {
	for _, f := range All() {
		t.Run(f.Name, func(t *testing.T) {
			got := write(t, f.Name, report.Options{}, reporttest.HostileSessions()...)
			reporttest.Harmless(t, got, f.Separator)
			require.NotContains(t, got, "s3cret")
			if name := f.Name; strings.HasPrefix(name, "zeek-ftp") || name == "eve" || name == "csv-sessions" || strings.HasPrefix(name, "timesketch") {
				require.Contains(t, write(t, name, report.Options{ShowPasswords: true}, reporttest.HostileSessions()...), "s3cret")
			}
		})
	}
}

// TestUnknownExports writes records of which nothing is known.
func TestUnknownExports(t *testing.T) {
	for _, f := range All() {
		t.Run(f.Name, func(t *testing.T) {
			empty := &record.Session{ID: 1, Transfers: []record.Transfer{{N: 1}}}
			open := reporttest.ActiveSession()
			open.Open = true
			var out strings.Builder
			w := f.New(&out, report.Options{})
			require.NoError(t, w.Session(empty))
			n := out.Len()
			require.NoError(t, w.Session(open))
			if f.Name != "json" && f.Name != "lines" {
				require.Equal(t, n, out.Len(), "a snapshot is not an event")
			}
			require.NoError(t, w.Attempt(&record.Attempt{}))
			require.NoError(t, w.Orphan(&record.Orphan{}))
			require.NoError(t, w.Summary(&record.Summary{}))
		})
	}
}
