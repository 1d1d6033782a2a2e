package analyze_test

import (
	"bytes"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/analyze"
	"ftpscope/analyze/record"
	"ftpscope/capture"
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

// samplesDir is the folder of sample captures.
const samplesDir = "../pcaps"

// collect runs an analysis of files, or of data given as standard input.
func collect(t testing.TB, opt analyze.Options, data []byte, files ...string) *records {
	t.Helper()
	if len(files) == 0 {
		files = []string{"-"}
	}
	c, err := capture.Open(files, capture.Options{Stdin: bytes.NewReader(data)})
	require.NoError(t, err)
	defer c.Close()
	r := &records{}
	_, err = analyze.Run(c, opt, r)
	require.NoError(t, err)
	holds(t, r)
	return r
}

// holds is what is true of every analysis.
func holds(t testing.TB, r *records) {
	t.Helper()
	for i := range r.sessions {
		s := r.sessions[i]
		require.Equal(t, i+1, s.ID)
		require.False(t, i > 0 && s.First.Ord <= r.sessions[i-1].First.Ord, "sessions are in the order of their first packet")
		for n := range s.Transfers {
			x := &s.Transfers[n]
			require.Equal(t, n+1, x.N)
			require.Equal(t, x.Connection == nil, x.Initiator == record.None, "an initiator needs a connection")
			require.Equal(t, x.Connection == nil, x.Evidence == record.None, "evidence needs a connection")
			require.Equal(t, x.Mode == record.Unknown, x.ExpectedInitiator == nil)
			if x.Verdict == nil {
				require.Contains(t, []string{record.OK, record.Unknown}, x.Outcome, "what did not go well has a verdict")
			} else {
				judged(t, x.Verdict)
				failed := []string{record.NoConnection, record.Denied, record.Aborted, record.Rejected}
				require.False(t, x.Verdict.Cause == record.CauseNone && slices.Contains(failed, x.Outcome), "transfer %d failed without a cause", x.N)
			}
		}
		judged(t, s.Verdict)
		require.False(t, s.Login == record.LoginFailed && s.Verdict.Cause == record.CauseNone, "the login failed without a cause")
	}
	for i := range r.attempts {
		judged(t, r.attempts[i].Verdict)
	}
	for i := range r.orphans {
		judged(t, r.orphans[i].Verdict)
	}
	require.Equal(t, len(r.sessions), r.summary.Sessions)
}

// judged is what is true of every verdict.
func judged(t testing.TB, v *record.Verdict) {
	t.Helper()
	is := func(list []record.Meaning, word string) bool {
		return slices.ContainsFunc(list, func(m record.Meaning) bool { return m.Word == word })
	}
	require.NotNil(t, v)
	require.True(t, is(record.Causes, v.Cause) && is(record.Places, v.At) && is(record.Certainties, v.Certainty), "%+v", v)
	require.Equal(t, v.Cause == record.CauseNone, v.At == record.AtNone, "%+v", v)
	require.NotEmpty(t, v.Text)
	require.True(t, v.Cause == record.CauseNone || len(v.Next) > 0, "no next step: %+v", v)
	require.NotContains(t, v.Or, v.Cause)
	for _, or := range v.Or {
		require.True(t, is(record.Causes, or), or)
	}
}

func sampleCaptures(t testing.TB) []string {
	t.Helper()
	files, err := filepath.Glob(samplesDir + "/*.pcap*")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	return files
}

func TestWorkersChangeNothing(t *testing.T) {
	want := collect(t, analyze.Options{Dialogue: true}, nil, samplesDir)
	for _, workers := range []int{1, 2, 3, 8, 16, 100} {
		got := collect(t, analyze.Options{Dialogue: true, Workers: workers}, nil, samplesDir)
		require.Equal(t, want, got, "%d workers", workers)
	}
}

func TestFilesAloneAndTogether(t *testing.T) {
	together := collect(t, analyze.Options{}, nil, samplesDir)
	n := 0
	for _, f := range sampleCaptures(t) {
		n += len(collect(t, analyze.Options{}, nil, f).sessions)
	}
	const split = 2 // sessions in two files of the rotated set
	const twice = 6 // sessions of pairs without NAT: what both sides captured is one connection
	require.InDelta(t, len(together.sessions)+twice, n, split)
}

// FuzzRun gives any bytes as a capture to the whole pipeline.
func FuzzRun(f *testing.F) {
	for _, name := range sampleCaptures(f) {
		if data, err := os.ReadFile(name); err == nil && len(data) < 16<<10 {
			f.Add(data)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		want := collect(t, analyze.Options{Dialogue: true}, data)
		require.Equal(t, want, collect(t, analyze.Options{Dialogue: true, Workers: 3}, data))
	})
}
