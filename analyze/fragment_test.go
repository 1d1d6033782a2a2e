package analyze_test

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/analyze/analyzetest"
	"ftpscope/capture/capturetest"
)

// What IP does to large packets on the way changes nothing of what was said.

// cuttings are ways in which the fragments of packets arrive.
var cuttings = []struct {
	name          string
	size, overlap int
	arrange       func([][]capturetest.Frame) []capturetest.Frame
}{
	{"in order", 576, 0, inOrder},
	{"small", 272, 0, inOrder},
	{"reversed", 576, 0, reversed},
	{"interleaved", 128, 0, interleaved},
	{"each twice", 400, 0, func(lists [][]capturetest.Frame) []capturetest.Frame { return capturetest.Duplicate(inOrder(lists)) }},
	{"all twice", 400, 0, func(lists [][]capturetest.Frame) (out []capturetest.Frame) {
		for _, l := range lists {
			out = slices.Concat(out, l, l)
		}
		return out
	}},
	{"overlapping", 512, 64, inOrder},
	{"overlapping, reversed", 512, 64, reversed},
}

func inOrder(lists [][]capturetest.Frame) []capturetest.Frame { return slices.Concat(lists...) }

func reversed(lists [][]capturetest.Frame) (out []capturetest.Frame) {
	for _, l := range lists {
		for i := range l {
			out = append(out, l[len(l)-1-i])
		}
	}
	return out
}

// interleaved lets the fragments of two packets that follow each other take turns, so
// that the last ones stay in order.
func interleaved(lists [][]capturetest.Frame) (out []capturetest.Frame) {
	for pair := range slices.Chunk(lists, 2) {
		if len(pair) == 1 || len(pair[0]) < 2 || len(pair[1]) < 2 {
			out = append(out, inOrder(pair)...)
			continue
		}
		a, b := pair[0], pair[1]
		for i := 0; i < max(len(a), len(b)); i++ {
			if i < len(a)-1 {
				out = append(out, a[i])
			}
			if i < len(b)-1 {
				out = append(out, b[i])
			}
		}
		out = append(out, a[len(a)-1], b[len(b)-1])
	}
	return out
}

func requireSameInFragments(t *testing.T, frames []capturetest.Frame) {
	want := recordsOf(t, pcapOf(frames))
	six := slices.ContainsFunc(frames, func(f capturetest.Frame) bool { return f.Meta != nil && f.Meta.Src.Addr().Is6() })
	for _, c := range cuttings {
		if six && c.overlap > 0 {
			continue // RFC 5722: such datagrams are dropped
		}
		t.Run(c.name, func(t *testing.T) {
			lists := capturetest.Fragment(frames, c.size, c.overlap, 1)
			if d := differences(want, recordsOf(t, pcapOf(c.arrange(lists)))); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestFragmentsOfSamples(t *testing.T) {
	files, err := filepath.Glob("../pcaps/*.pcap")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range some(files) {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".pcap"), func(t *testing.T) {
			frames, err := capturetest.ReadPcap(file)
			require.NoError(t, err)
			requireSameInFragments(t, frames)
		})
	}
}

// Fragments are put together before the packets are shared out.
func TestFragmentsWithWorkers(t *testing.T) {
	for _, c := range varied {
		t.Run(c.Name, func(t *testing.T) {
			cut := interleaved(capturetest.Fragment(c.Frames(t), 256, 0, 1))
			opt := options
			want := analyzetest.Analyzed(t, cut, opt)
			opt.Workers = 4
			require.Equal(t, want, analyzetest.Analyzed(t, cut, opt))
		})
	}
}

// A datagram may begin in one file of a rotated set and end in another.
func TestFragmentsInSeveralFiles(t *testing.T) {
	for _, c := range varied {
		t.Run(c.Name, func(t *testing.T) {
			frames := c.Frames(t)
			cut := inOrder(capturetest.Fragment(frames, 24, 0, 1))
			if d := differences(recordsOf(t, pcapOf(frames)), recordsOf(t, pcapOf(capturetest.Rotate(cut, 7)...))); d != "" {
				t.Error(d)
			}
		})
	}
}

// A fragment that the capture lacks is as a packet that it lacks.
func TestMissingFragment(t *testing.T) {
	for _, c := range varied {
		t.Run(c.Name, func(t *testing.T) {
			frames := c.Frames(t)
			lists := capturetest.Fragment(frames, 40, 0, 1)
			for i, list := range lists {
				if len(list) == 1 {
					continue
				}
				lacking := slices.Clone(lists)
				lacking[i] = capturetest.Drop(list, i%len(list))
				want, got := recordsOf(t, pcapOf(capturetest.Drop(frames, i))), recordsOf(t, pcapOf(inOrder(lacking)))
				if d := differences(want, got); d != "" {
					t.Errorf("packet %d: %s", i+1, d)
				}
			}
		})
	}
}
