package capture

import (
	"fmt"
	"io"
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"

	"ftpscope/capture/buffer"
	"ftpscope/capture/capturetest/rawfile"
	"ftpscope/capture/flow"
)

// merged is the order that Next promises, by the simplest way: again and again the file
// whose next packet is earliest.
func merged(files [][]got) (out []got) {
	for {
		best := -1
		for i, f := range files {
			if len(f) > 0 && (best < 0 || f[0].Time < files[best][0].Time) {
				best = i
			}
		}
		if best < 0 {
			return out
		}
		out = append(out, files[best][0])
		files[best] = files[best][1:]
	}
}

func TestMerge(t *testing.T) {
	for _, test := range []struct {
		name             string
		files, packets   int
		span, length     int // when files begin, and how long each is
		backwards, equal bool
	}{
		{"rotated", 20, 1000, 100_000, 4_000, false, false},
		{"overlapping", 20, 1000, 1_000, 4_000, false, false},
		{"all at once", 40, 300, 1, 4_000, false, false},
		{"times that step back", 10, 1000, 5_000, 4_000, true, false},
		{"equal times", 10, 600, 1, 3, false, true},
		{"two", 2, 5000, 10, 4_000, false, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			rng := rand.New(rand.NewPCG(1, 2))
			dir := t.TempDir()
			var paths []string
			for i := range test.files {
				begin := i * test.span / test.files
				w := rawfile.Little().Pcap(rawfile.Micro, 1)
				var times []int
				for range test.packets {
					times = append(times, begin+rng.IntN(test.length))
				}
				if !test.backwards {
					slices.Sort(times)
				}
				for j, at := range times {
					w.Record(uint32(at), 0, fmt.Appendf(nil, "%d:%d", i, j), 0)
				}
				paths = append(paths, write(t, dir, fmt.Sprintf("%02d", rng.IntN(1_000_000)), w.Bytes))
			}
			packets, problems, c := readAll(t, nil, paths...)
			require.Empty(t, problems)

			var each [][]got
			for i, path := range c.Files() {
				one, _, _ := readAll(t, nil, path)
				for j := range one {
					one[j].Pos = flow.At(i, one[j].Pos.Packet())
				}
				each = append(each, one)
			}
			require.Equal(t, merged(each), packets)
			require.Equal(t, c.Stats().BytesTotal, c.Stats().BytesRead)
		})
	}
}

// A rotated set of many files must keep few of them open, and use few buffers.
func TestRotatedSetIsFlat(t *testing.T) {
	const files = 300
	dir := t.TempDir()
	for i := range files {
		w := rawfile.Little().Pcap(rawfile.Micro, 1)
		for j := range 20 {
			w.Record(uint32(i*10+j), 0, nil, 0) // half of it overlaps with the next file
		}
		write(t, dir, fmt.Sprintf("a.pcap%03d", i), w.Bytes)
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	c, err := Open([]string{dir}, Options{})
	require.NoError(t, err)
	require.Len(t, c.Files(), files)
	for most := 0; ; {
		_, err := c.Next()
		if err == io.EOF {
			break
		}
		most = max(most, len(c.active))
		require.LessOrEqual(t, most, 3)
	}
	runtime.ReadMemStats(&after)
	require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(16<<20))
}

// The more files are read at the same time the less each takes: ten thousand of them fit
// into 400 MB.
func TestBuffersOfMany(t *testing.T) {
	c := newCapture(Options{})
	total, packet := 0, int(unsafe.Sizeof(Packet{}))
	for open := range 10_000 {
		p, batch := c.buffers(open)
		total += p.Size + min(p.Size, buffer.Head) + batch*packet
	}
	require.Less(t, total, 400<<20)
}

// A file with an error ends where the error is; the others go on.
func TestMergeWithTroubles(t *testing.T) {
	dir := t.TempDir()
	bad := write(t, dir, "bad", append(one(1, "a"), 1, 2, 3))
	good := write(t, dir, "good", append(one(2, "b"), rawfile.Little().Record(3, 0, []byte("c"), 1).Bytes...))
	cutAtOnce := write(t, dir, "cut", one(1, "x")[:30])
	packets, problems, c := readAll(t, nil, good, bad, cutAtOnce, dir+"/missing")
	require.Equal(t, "abc", data(packets))
	require.Equal(t, []string{
		cutAtOnce + ": offset 24 (packet 1): the file ends inside a packet's header: 6 of 16 bytes are there",
		dir + "/missing: no such file or directory",
		bad + ": offset 41 (packet 2): the file ends inside a packet's header: 3 of 16 bytes are there; the one packet before it was analyzed",
	}, problems)
	require.Equal(t, []string{bad, good, cutAtOnce}, c.Files())
	require.Equal(t, []string{cutAtOnce, bad}, c.Stats().Truncated)
	require.Equal(t, 3, c.Stats().Errors)
}

func TestCloseEarly(t *testing.T) {
	dir := t.TempDir()
	c, err := Open([]string{write(t, dir, "a", rawfile.Many("pcap", 1000)), write(t, dir, "b", rawfile.Many("pcapng", 1000))}, Options{})
	require.NoError(t, err)
	_, err = c.Next()
	require.NoError(t, err)
	require.NoError(t, c.Close())
	require.NoError(t, c.Close())
	_, err = c.Next()
	require.Equal(t, io.EOF, err)
}

// Progress is shown by another goroutine.
func TestStatsMeanwhile(t *testing.T) {
	c, err := Open([]string{write(t, t.TempDir(), "a", rawfile.Many("pcap", 20_000))}, Options{})
	require.NoError(t, err)
	done := make(chan bool)
	go func() {
		for s := c.Stats(); s.BytesRead < s.BytesTotal; s = c.Stats() {
		}
		close(done)
	}()
	require.Len(t, all(t, c), 20_000)
	<-done
}
