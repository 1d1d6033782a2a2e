package analyze_test

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/analyze"
	"ftpscope/analyze/compare"
	"ftpscope/capture"
	"ftpscope/capture/capturetest"
	"ftpscope/capture/flow"
)

// What two captures show together does not change where the packets of one or both are in
// disorder.
func TestCompareInDisorder(t *testing.T) {
	files, err := filepath.Glob(samplesDir + "/pair-*-client.pcap")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range some(files) {
		here, there := framesOf(t, file), framesOf(t, strings.Replace(file, "-client", "-server", 1))
		want := whatIsSaid(compared(t, here, there))
		for _, d := range disorders[:2] {
			for _, most := range lateness {
				for seed := range uint64(3) {
					x, y := d.do(here, most, seed), d.do(there, most, seed+1)
					require.Equal(t, want, whatIsSaid(compared(t, x, there)), "%s, %s here, %d ms, seed %d", file, d.name, most/flow.Millisecond, seed)
					require.Equal(t, want, whatIsSaid(compared(t, here, y)), "%s, %s there, %d ms, seed %d", file, d.name, most/flow.Millisecond, seed)
					require.Equal(t, want, whatIsSaid(compared(t, x, y)), "%s, %s on both sides, %d ms, seed %d", file, d.name, most/flow.Millisecond, seed)
				}
			}
		}
	}
}

// A capture in disorder is the same as in order.
func TestCompareWithItselfInDisorder(t *testing.T) {
	for _, s := range samples(t) {
		if s.name == "stray-segments" || s.name == "overlap-conflict" {
			continue // which packet came first decides what counts
		}
		for seed := range uint64(4) {
			r := compared(t, s.frames, capturetest.Delay(capturetest.Shift(s.frames, 90*flow.Second), 1900*flow.Millisecond, seed))
			for i := range r.Comparisons {
				if c := &r.Comparisons[i]; c.Verdict != compare.Same {
					t.Errorf("%s, seed %d: %s: %s", s.name, seed, c.Verdict, c.Message)
				}
			}
			require.Equal(t, len(r.Here.Sessions), len(r.There.Sessions), s.name)
		}
	}
}

// compared compares what both sides captured.
func compared(t testing.TB, here, there []capturetest.Frame) *compare.Result {
	t.Helper()
	point := func(frames []capturetest.Frame) analyze.Point {
		return analyze.Point{Open: func() (analyze.Source, error) {
			return capture.Open([]string{"-"}, capture.Options{Stdin: bytes.NewReader(pcapOf(frames)[0])})
		}}
	}
	r, err := analyze.Compare(point(here), point(there), analyze.Options{})
	require.NoError(t, err)
	return r
}

// whatIsSaid are the verdicts, with their words.
func whatIsSaid(r *compare.Result) (list []string) {
	for i := range r.Comparisons {
		c := &r.Comparisons[i]
		list = append(list, c.Verdict+" "+c.Message)
		for k := range c.Transfers {
			list = append(list, c.Transfers[k].Verdict+" "+c.Transfers[k].Message)
		}
	}
	return list
}
