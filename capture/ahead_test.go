package capture

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/capture/buffer"
	"ftpscope/capture/capturetest/rawfile"
	"ftpscope/capture/pcapfile"
)

// compressedSet writes files that overlap: sound ones, one with records longer than a
// buffer, and damaged ones.
func compressedSet(t testing.TB) string {
	dir := t.TempDir()
	plain := rawfile.Many("pcap", 4000)
	for i := range buffer.MaxAhead + 2 {
		write(t, dir, fmt.Sprintf("%02d.pcap.gz", i), zipped(t, plain))
	}
	long := rawfile.Little().Section().Iface(1, 0)
	for i := range 40 {
		long.Enhanced(0, uint64(i)<<18, bytes.Repeat([]byte{byte(i)}, i*i*i%pcapfile.MaxPacket), pcapfile.MaxPacket)
		long.Block(0x0bad, make([]byte, i*40_000)) // of no known kind: skipped
		if i%10 == 0 {
			long.Block(rawfile.Interface, append(long.Body().U16(1, 0).U32(0).Bytes, make([]byte, 3*buffer.Large)...))
		}
	}
	write(t, dir, "long.pcapng.zst", zstandard(t, long.Bytes))
	noise := make([]byte, 3*buffer.Large) // that does not shrink: a cut is in the middle of a block
	for i, v := 0, uint32(1); i < len(noise); i++ {
		v = v*1664525 + 1013904223
		noise[i] = byte(v >> 24)
	}
	for i := range 12 {
		plain = rawfile.Little().Raw(plain...).Record(uint32(4+i), 0, noise[i<<16:(i+1)<<16], 1<<16).Bytes
	}
	gz, zst := zipped(t, plain), zstandard(t, plain)
	write(t, dir, "cut.pcap.gz", gz[:len(gz)-100_000])
	write(t, dir, "cut.pcap.zst", zst[:len(zst)-300_000])
	gz[len(gz)-5] ^= 1
	write(t, dir, "checksum.pcap.gz", gz)
	write(t, dir, "capture-cut.pcap.gz", zipped(t, plain[:len(plain)-77]))
	write(t, dir, "later.pcap.gz", zipped(t, one(100, "a"))) // when goroutines are free again
	write(t, dir, "plain.pcap", plain)
	write(t, dir, "plain-cut.pcap", plain[:len(plain)-78])
	return dir
}

func openAhead(t testing.TB, n int, dir string) (*Capture, *strings.Builder) {
	var told strings.Builder
	c, err := Open([]string{dir}, Options{Ahead: n, Problem: func(e *FileError) {
		require.NotNil(t, e)
		fmt.Fprintf(&told, "%v %+v\n", e, *e)
	}})
	require.NoError(t, err)
	return c, &told
}

// Packets, problems and their order are the same, whatever is read ahead.
func TestAheadChangesNothing(t *testing.T) {
	dir := compressedSet(t)
	read := func(n int) ([]got, string, Stats) {
		c, told := openAhead(t, n, dir)
		packets := all(t, c)
		return packets, told.String(), c.Stats()
	}
	packets, told, stats := read(0)
	require.Equal(t, 5, stats.Errors)
	require.Equal(t, stats.BytesTotal, stats.BytesRead)
	for _, n := range []int{-1, 1, 2, 1000} {
		p, d, s := read(n)
		require.Equal(t, told, d)
		require.Equal(t, stats, s)
		require.Equal(t, len(packets), len(p))
		for i := range p {
			require.Equal(t, packets[i], p[i])
		}
	}
}

// However far the reading came, Close ends it.
func TestAheadCloseEarly(t *testing.T) {
	dir := compressedSet(t)
	for calls := 0; calls < 60; calls += 3 {
		c, _ := openAhead(t, buffer.MaxAhead, dir)
		for range calls {
			_, err := c.Next()
			require.NoError(t, err)
		}
		require.Equal(t, calls > 0, slices.ContainsFunc(c.active, func(s *source) bool { return s.ahead != nil }))
		require.NoError(t, c.Close())
		_, err := c.Next()
		require.Equal(t, io.EOF, err)
	}
}
