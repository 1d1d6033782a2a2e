package capture

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// compressedSet writes files that overlap: sound ones, one with records longer than a buffer, and damaged ones.
func compressedSet(t testing.TB) string {
	dir := t.TempDir()
	plain := many("pcap", 4000)
	for i := range maxAhead + 2 {
		write(t, dir, fmt.Sprintf("%02d.pcap.gz", i), zipped(t, plain))
	}
	long := little().section().iface(1, 0)
	for i := range 40 {
		long.enhanced(0, uint64(i)<<18, bytes.Repeat([]byte{byte(i)}, i*i*i%maxPacket), maxPacket)
		long.block(0x0bad, make([]byte, i*40_000)) // of no known kind: skipped
		if i%10 == 0 {
			long.block(blockInterface, append(long.body().u16(1, 0).u32(0).b, make([]byte, 3*bufferSize)...))
		}
	}
	write(t, dir, "long.pcapng.zst", zstandard(t, long.b))
	noise := make([]byte, 3*bufferSize) // that does not shrink: a cut is in the middle of a block
	for i, v := 0, uint32(1); i < len(noise); i++ {
		v = v*1664525 + 1013904223
		noise[i] = byte(v >> 24)
	}
	for i := range 12 {
		plain = little().raw(plain...).record(uint32(4+i), 0, noise[i<<16:(i+1)<<16], 1<<16).b
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
		require.LessOrEqual(t, len(c.aheads.free), min(max(n, 0), maxAhead))
		for _, a := range c.aheads.free {
			require.Len(t, a.free, a.made, "blocks come back")
			require.LessOrEqual(t, a.made, aheadBlocks)
		}
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

// However far the reading came, Close ends the goroutines.
func TestAheadCloseEarly(t *testing.T) {
	dir := compressedSet(t)
	for calls := 0; calls < 60; calls += 3 {
		c, _ := openAhead(t, maxAhead, dir)
		for range calls {
			_, err := c.Next()
			require.NoError(t, err)
		}
		var used []*ahead
		for _, s := range c.active {
			if s.ahead != nil {
				used = append(used, s.ahead)
			}
		}
		require.Equal(t, calls > 0, len(used) > 0)
		require.NoError(t, c.Close())
		for _, a := range used {
			_, open := <-a.full
			require.False(t, open, "its goroutine closes it at last")
		}
		_, err := c.Next()
		require.Equal(t, io.EOF, err)
	}
}

// A buffer over it gets the same bytes and the same error at the same place as one that reads by itself.
func TestAheadBuffer(t *testing.T) {
	content := make([]byte, 5*bufferSize+123)
	for i := range content {
		content[i] = byte(i * 31 >> 3)
	}
	p, a := &pool{size: bufferSize}, newAhead()
	for _, test := range []struct {
		name string
		src  func() io.Reader
	}{
		{"to the end", func() io.Reader { return bytes.NewReader(content) }},
		{"an error", func() io.Reader { return failing(content) }},
		{"nothing, again and again", func() io.Reader { return io.MultiReader(bytes.NewReader(content), stuck{}) }},
	} {
		t.Run(test.name, func(t *testing.T) {
			alone, other := p.get(test.src()), p.get(nil)
			a.start(test.src())
			other.src, other.ahead = a, a
			for i, need := 0, 1; ; i, need = i+1, (need*7+i)%(2*bufferSize)+1 {
				want, err := alone.fill(need), other.fill(need)
				require.Equal(t, want, err)
				n := min(need, len(alone.unread()))
				require.GreaterOrEqual(t, len(other.unread()), n)
				require.True(t, bytes.Equal(alone.unread()[:n], other.unread()[:n]))
				require.Equal(t, alone.offset(), other.offset())
				if err != nil {
					break
				}
				alone.at, other.at = alone.at+n*2/3, other.at+n*2/3
			}
			a.close()
			p.put(alone)
			p.put(other)
		})
	}
}

// A block of which only a part was taken comes back too.
func TestAheadCloseInsideBlock(t *testing.T) {
	a := newAhead()
	a.start(stuck{})
	a.close()
	a.start(bytes.NewReader(make([]byte, 10*bufferSize)))
	n, err := a.Read(make([]byte, 100))
	require.NoError(t, err)
	require.Equal(t, 100, n)
	a.close()
	require.Len(t, a.free, a.made)
}

// stuck never has anything.
type stuck struct{}

func (stuck) Read([]byte) (int, error) { return 0, nil }
