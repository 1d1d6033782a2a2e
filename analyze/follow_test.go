package analyze_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/analyze"
	"ftpscope/analyze/analyzetest"
	"ftpscope/capture"
)

// writing is a capture that is followed while it is written: a piece of odd size a call.
type writing struct {
	*capture.Following
	t     *testing.T
	todo  []chunk
	calls int
}

// chunk is what is yet to be written to a file.
type chunk struct {
	path string
	rest []byte
}

func (w *writing) Next() ([]capture.Packet, error) {
	if w.calls++; len(w.todo) > 0 {
		c := &w.todo[0]
		n := min(len(c.rest), []int{5000, 1, 12000, 30, 3001, 700, 60000}[w.calls%7])
		file, err := os.OpenFile(c.path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
		require.NoError(w.t, err)
		_, err = file.Write(c.rest[:n])
		require.NoError(w.t, err)
		require.NoError(w.t, file.Close())
		if c.rest = c.rest[n:]; len(c.rest) == 0 {
			w.todo = w.todo[1:]
		}
	} else {
		w.Stop()
	}
	return w.Following.Next()
}

// followed analyzes captures while they are written.
func followed(t *testing.T, workers int, paths ...string) *analyzetest.Records {
	t.Helper()
	dir := t.TempDir()
	var todo []chunk
	for _, path := range paths {
		b, err := os.ReadFile(path)
		require.NoError(t, err)
		todo = append(todo, chunk{filepath.Join(dir, filepath.Base(path)), b})
	}
	require.NoError(t, os.WriteFile(todo[0].path, todo[0].rest[:7], 0o600))
	todo[0].rest = todo[0].rest[7:]
	c, err := capture.Follow([]string{todo[0].path}, capture.Options{Problem: func(e *capture.FileError) { t.Error(e) }})
	require.NoError(t, err)
	defer c.Close()
	r := &analyzetest.Records{}
	_, err = analyze.Run(&writing{Following: c, t: t, todo: todo}, analyze.Options{Workers: workers}, r)
	require.NoError(t, err)
	return r.Ordered()
}

// TestFollowSaysTheSame: a capture that grows, and goes on in other files, gives the
// records of the whole.
func TestFollowSaysTheSame(t *testing.T) {
	set := func(names ...string) (paths []string) {
		for _, name := range names {
			paths = append(paths, filepath.Join(samplesDir, name))
		}
		return paths
	}
	for _, paths := range [][]string{
		set("active-port.pcap"), set("mixed-modes.pcapng"), set("passive-dropped.pcap"), set("several-clients.pcap"), set("loss-and-reordering.pcap"),
		set("brute-force.pcap"), set("rotated-1.pcap", "rotated-2.pcap", "rotated-3.pcap"),
	} {
		t.Run(filepath.Base(paths[0]), func(t *testing.T) {
			want := analyzetest.Collect(t, analyze.Options{}, nil, paths...).Named(paths...).JSON(t)
			for _, workers := range []int{1, 3} {
				require.Equal(t, want, followed(t, workers, paths...).Named(paths...).JSON(t), "%d workers", workers)
			}
		})
	}
}
