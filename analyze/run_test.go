package analyze_test

import (
	"net/netip"
	"os"
	"path/filepath"
	"runtime/debug"
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/analyze"
	"ftpscope/analyze/analyzetest"
	"ftpscope/capture/flow"
)

// TestMain collects garbage more rarely: thousands of short analyses make tables of a few
// megabytes each, and collecting after every other one takes longer than the analyses.
// Tests that hold much say so (plainCollector).
func TestMain(m *testing.M) {
	debug.SetGCPercent(800)
	os.Exit(m.Run())
}

// plainCollector is the collector as it is by default, for a test that holds much.
func plainCollector(t *testing.T) {
	before := debug.SetGCPercent(100)
	t.Cleanup(func() { debug.SetGCPercent(before) })
}

// options are the usual ones.
var options analyze.Options

// samplesDir is the folder of sample captures.
const samplesDir = "../pcaps"

func sampleCaptures(t testing.TB) []string {
	t.Helper()
	files, err := filepath.Glob(samplesDir + "/*.pcap*")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	return files
}

func TestWorkersChangeNothing(t *testing.T) {
	want := analyzetest.Collect(t, analyze.Options{Dialogue: true}, nil, samplesDir)
	for _, workers := range []int{1, 2, 3, 8, 16, 100} {
		got := analyzetest.Collect(t, analyze.Options{Dialogue: true, Workers: workers}, nil, samplesDir)
		require.Equal(t, want, got, "%d workers", workers)
	}
}

// TestFilesAloneAndTogether: what two files have of one connection is one session
// together.
func TestFilesAloneAndTogether(t *testing.T) {
	type key struct {
		client, server netip.AddrPort
		inNetwork      bool
		second         flow.Time
	}
	sessions := func(files ...string) map[key]bool {
		found := map[key]bool{}
		for _, f := range files {
			for _, s := range analyzetest.Collect(t, analyze.Options{}, nil, f).Sessions {
				found[key{s.Client, s.Server, s.Network != nil, s.Start.Time / flow.Second}] = true
			}
		}
		return found
	}
	below, err := filepath.Glob(samplesDir + "/*/*.pcap*")
	require.NoError(t, err)
	require.Equal(t, sessions(append(sampleCaptures(t), below...)...), sessions(samplesDir))
	require.Len(t, analyzetest.Collect(t, analyze.Options{}, nil, samplesDir).Sessions, len(sessions(samplesDir)))
}

// FuzzRun gives any bytes as a capture to the whole pipeline.
func FuzzRun(f *testing.F) {
	for _, name := range sampleCaptures(f) {
		if data, err := os.ReadFile(name); err == nil && len(data) < 16<<10 {
			f.Add(data)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		want := analyzetest.Collect(t, analyze.Options{Dialogue: true}, data)
		require.Equal(t, want, analyzetest.Collect(t, analyze.Options{Dialogue: true, Workers: 3}, data))
	})
}
