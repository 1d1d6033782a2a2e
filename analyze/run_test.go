package analyze_test

import (
	"os"
	"path/filepath"
	"runtime/debug"
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/analyze"
	"ftpscope/analyze/analyzetest"
)

// TestMain collects garbage more rarely: thousands of short analyses make tables of a few megabytes each, and collecting
// after every other one takes longer than the analyses. Tests that hold much say so (plainCollector).
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

func TestFilesAloneAndTogether(t *testing.T) {
	together := analyzetest.Collect(t, analyze.Options{}, nil, samplesDir)
	n := 0
	cases, err := filepath.Glob(casesDir + "/*.pcap")
	require.NoError(t, err)
	for _, f := range append(sampleCaptures(t), cases...) {
		n += len(analyzetest.Collect(t, analyze.Options{}, nil, f).Sessions)
	}
	const split = 2 // sessions in two files of the rotated set
	const twice = 6 // sessions of pairs without NAT: what both sides captured is one connection
	require.InDelta(t, len(together.Sessions)+twice, n, split)
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
