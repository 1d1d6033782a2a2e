package main

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestVersion(t *testing.T) {
	require.Equal(t, "devel", version(nil))
	info := &debug.BuildInfo{Main: debug.Module{Version: "v1.2.3"}, Settings: []debug.BuildSetting{
		{Key: "vcs.revision", Value: "0123456789abcdef"}, {Key: "vcs.modified", Value: "true"}, {Key: "vcs.time", Value: "2026-01-02T03:04:05Z"}}}
	require.Contains(t, version(info), "v1.2.3 (commit 0123456789ab, 2026-01-02T03:04:05Z, modified) go")
	info.Main.Version = "v0.0.0-20260102030405-0123456789ab+dirty"
	require.Contains(t, version(info), "devel (commit 0123456789ab, ")
}

func TestPace(t *testing.T) {
	p := pace{"analyzing", "a.pcap", 4_100_000_000, 10_000_000_000, 1204, 2 * time.Second}
	require.Equal(t, "analyzing a.pcap   41 %  4.1 GB of 10.0 GB   2.0 GB/s   3.0 s left   1,204 sessions", p.String())
	p.total = 0
	require.Equal(t, "analyzing a.pcap   4.1 GB   2.0 GB/s   1,204 sessions", p.String())
}

// Every page fits a screen and ends with two examples.
func TestUsagePages(t *testing.T) {
	pages := map[string]func() string{}
	for _, c := range commands() {
		pages[c.name] = c.usage
	}
	for name, page := range pages {
		t.Run(name, func(t *testing.T) {
			lines := strings.Split(strings.TrimSuffix(page(), "\n"), "\n")
			require.LessOrEqual(t, len(lines), 40)
			require.Equal(t, "Examples:", lines[len(lines)-3])
			for _, l := range lines {
				require.LessOrEqual(t, len([]rune(l)), 100, l)
			}
		})
	}
}

// timeout(1) signals a program, and then the group that it is in.
func TestEndRequests(t *testing.T) {
	var r endRequests
	start := time.Unix(1_700_000_000, 0)
	require.Equal(t, endFirst, r.take(start))
	require.Equal(t, endEcho, r.take(start.Add(oneRequest-1)))
	require.Equal(t, endAgain, r.take(start.Add(oneRequest)))
}

type failingWriter struct{ err error }

func (f failingWriter) Write([]byte) (int, error) { return 0, f.err }

func TestClosedOutput(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.pcap")
	require.NoError(t, os.WriteFile(path, pcapRecord(header(1), 0, syn), 0o644))
	tests := []struct {
		name string
		err  error
		code int
		says string
	}{
		{"nobody reads", io.ErrClosedPipe, exitDone, ""},
		{"disk full", errors.New("no space left on device"), exitRead, "ftpscope: error: standard output: no space left on device\n"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var errs strings.Builder
			copied := filepath.Join(t.TempDir(), "copy.jsonl")
			code := run([]string{"-o", "json", "-o", "json=" + copied, path}, strings.NewReader(""), failingWriter{test.err}, &errs)
			require.Equal(t, test.code, code)
			require.Equal(t, test.says, errs.String())
			b, err := os.ReadFile(copied)
			require.NoError(t, err, "the other output goes on")
			require.Contains(t, string(b), `"type":"summary"`)
		})
	}
}

func TestPortsFlag(t *testing.T) {
	tests := []struct {
		name, in string
		want     ports
	}{
		{"one", "2121", ports{2121}},
		{"several", "2121,990", ports{2121, 990}},
		{"zero", "0", nil},
		{"too large", "65536", nil},
		{"no number", "ftp", nil},
		{"empty", "", nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var p ports
			err := p.Set(test.in)
			require.Equal(t, test.want == nil, err != nil)
			require.Equal(t, test.want, p)
		})
	}
}
