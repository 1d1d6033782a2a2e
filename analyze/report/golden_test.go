package report

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/analyze/prose"
	"ftpscope/analyze/record"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// write renders sessions in a format.
func write(t *testing.T, format string, o Options, sessions ...*record.Session) string {
	t.Helper()
	f, ok := Find(format)
	require.True(t, ok)
	var out bytes.Buffer
	w := f.New(&out, o)
	for _, s := range sessions {
		require.NoError(t, w.Session(s))
	}
	require.NoError(t, w.Summary(summaryOf(sessions...)))
	return out.String()
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if strings.HasSuffix(name, ".html") {
		got = withoutAssets(got)
	}
	if *update {
		require.NoError(t, os.WriteFile(path, []byte(got), 0o644))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, string(want), got)
}

func TestGolden(t *testing.T) {
	runs := []struct {
		name     string
		sessions []*record.Session
	}{
		{"active", []*record.Session{activeSession()}},
		{"blocked", []*record.Session{blockedSession()}},
		{"mixed", []*record.Session{activeSession(), ipv6Session(), blockedSession()}},
		{"none", nil},
	}
	for _, run := range runs {
		for _, f := range Formats() {
			t.Run(run.name+"/"+f.Name, func(t *testing.T) {
				got := write(t, f.Name, Options{}, run.sessions...)
				golden(t, run.name+"."+f.Name, got)
				require.Equal(t, got, write(t, f.Name, Options{}, run.sessions...), "two runs differ")
				if f.Name == "table" || f.Name == "explain" {
					for _, l := range strings.Split(got, "\n") {
						require.LessOrEqual(t, prose.Columns(l), DefaultWidth, l)
					}
				}
			})
		}
	}
}
