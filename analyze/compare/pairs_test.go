package compare_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/analyze"
	"ftpscope/analyze/compare"
	"ftpscope/capture"
	"ftpscope/capture/capturetest"
	"ftpscope/capture/flow"
)

const samplesDir = "../../pcaps"

// TestPairs holds what is said of captures made at both sides of real NATs and firewalls against what was arranged.
func TestPairs(t *testing.T) {
	truths, err := filepath.Glob(samplesDir + "/*.pair.json")
	require.NoError(t, err)
	require.NotEmpty(t, truths)
	for _, name := range truths {
		t.Run(filepath.Base(name), func(t *testing.T) {
			var truth struct {
				Client, Server, Verdict string
				Kinds                   []string
				Seen                    []struct{ Syns, Resets int }
			}
			data, err := os.ReadFile(name)
			require.NoError(t, err)
			require.NoError(t, json.Unmarshal(data, &truth))
			r, err := analyze.Compare(sample(truth.Client), sample(truth.Server), analyze.Options{})
			require.NoError(t, err)
			require.Len(t, r.Comparisons, 1)
			c := &r.Comparisons[0]
			require.Equal(t, truth.Verdict, c.Verdict, c.Message)
			counts := map[string]int{}
			for _, d := range c.Differences {
				if d.Kind != compare.Addresses && d.Kind != compare.Duplicated && d.Kind != compare.NotCovered {
					counts[d.Kind] += max(d.Packets, 1)
				}
			}
			for _, k := range truth.Kinds {
				require.Contains(t, counts, k)
			}
			here, there := truth.Seen[0], truth.Seen[1]
			if !c.Attempt {
				require.Equal(t, max(here.Syns-there.Syns, there.Syns-here.Syns), counts[compare.SYNLost])
			}
			if counts[compare.RSTBetween] == 0 {
				require.Equal(t, here.Resets, there.Resets)
			}
			delete(counts, compare.RSTLost) // an answer to the RST from between
			require.Len(t, counts, len(truth.Kinds), "%v", counts)
		})
	}
}

func sample(name string) analyze.Point {
	path := filepath.Join(samplesDir, name)
	return analyze.Point{Name: name, Open: func() (analyze.Source, error) { return capture.Open([]string{path}, capture.Options{}) }}
}

// A capture and its copy by another clock are the same, whatever is in it.
func TestCompareWithItself(t *testing.T) {
	names, err := filepath.Glob(samplesDir + "/*.pcap")
	require.NoError(t, err)
	require.NotEmpty(t, names)
	for _, name := range names {
		t.Run(filepath.Base(name), func(t *testing.T) {
			frames, err := capturetest.ReadPcap(name)
			require.NoError(t, err)
			r := compared(t, frames, capturetest.Shift(frames, 90*flow.Second))
			for i := range r.Comparisons {
				c := &r.Comparisons[i]
				require.Equal(t, compare.Same, c.Verdict, c.Message)
				require.Empty(t, c.Differences)
			}
			require.Equal(t, len(r.Here.Sessions), len(r.There.Sessions))
		})
	}
}

// TestPairsTogether gives all pairs at once, as two captures of many files: each session is what it is alone, also the one
// whose clock was 37 s ahead of what it is in all others.
func TestPairsTogether(t *testing.T) {
	truths, err := filepath.Glob(samplesDir + "/*.pair.json")
	require.NoError(t, err)
	want := map[string]int{}
	var sides [2][]string
	for _, name := range truths {
		var truth struct{ Client, Server, Verdict string }
		data, err := os.ReadFile(name)
		require.NoError(t, err)
		require.NoError(t, json.Unmarshal(data, &truth))
		want[truth.Verdict]++
		sides[0] = append(sides[0], filepath.Join(samplesDir, truth.Client))
		sides[1] = append(sides[1], filepath.Join(samplesDir, truth.Server))
	}
	point := func(files []string) analyze.Point {
		return analyze.Point{Open: func() (analyze.Source, error) { return capture.Open(files, capture.Options{}) }}
	}
	r, err := analyze.Compare(point(sides[0]), point(sides[1]), analyze.Options{})
	require.NoError(t, err)
	require.Equal(t, want, r.Verdicts, verdicts(r))
	require.Equal(t, 1, r.Stepped)
	swapped, err := analyze.Compare(point(sides[1]), point(sides[0]), analyze.Options{})
	require.NoError(t, err)
	require.True(t, swapped.Swapped)
	require.Equal(t, verdicts(r), verdicts(swapped))
}
