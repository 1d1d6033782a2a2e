package buffer

import (
	"bytes"
	"fmt"
	"io"
	"testing"
	"testing/iotest"
	"unsafe"

	"github.com/stretchr/testify/require"
)

type readers map[string]func(io.Reader) io.Reader

// chunked are ways to get the same bytes in other pieces.
var chunked = readers{
	"whole":             func(r io.Reader) io.Reader { return r },
	"byte by byte":      iotest.OneByteReader,
	"halves":            iotest.HalfReader,
	"end with the data": iotest.DataErrReader,
	"primes":            func(r io.Reader) io.Reader { return &pieces{r: r} },
}

// pieces reads 1, 4099, 7, 65537 bytes and so on.
type pieces struct {
	r io.Reader
	n int
}

func (p *pieces) Read(b []byte) (int, error) {
	sizes := []int{1, 4099, 7, 65537, 0, 300_007}
	p.n++
	return p.r.Read(b[:min(len(b), sizes[p.n%len(sizes)])])
}

func TestBufferGivesTheSameBytes(t *testing.T) {
	want := make([]byte, 3<<20)
	for i := range want {
		want[i] = byte(i * i >> 8)
	}
	for name, chunk := range chunked {
		t.Run(name, func(t *testing.T) {
			p := Pool{Size: Small}
			b := p.Get(chunk(bytes.NewReader(want)))
			at := 0
			for i := 0; ; i++ {
				need := []int{1, 16, 1500, 70_000, 3, 300_000}[i%6] // below and above the head and the buffer
				if err := b.Fill(need); err != nil {
					require.Equal(t, io.EOF, err)
					break
				}
				require.Equal(t, int64(at), b.Offset())
				require.True(t, bytes.Equal(want[at:at+need], b.Unread()[:need]), "at %d", at)
				b.at += need
				at += need
			}
			require.True(t, bytes.Equal(want[at:], b.Unread()))
			require.LessOrEqual(t, len(b.mem), 2*(300_000+Head))
		})
	}
}

// A length that lies must not cost memory.
func TestBufferGrowsWithTheData(t *testing.T) {
	p := Pool{Size: Small}
	b := p.Get(bytes.NewReader(make([]byte, 100)))
	require.Equal(t, io.EOF, b.Fill(16<<20))
	require.Len(t, b.mem, Head+Small)
	p.Put(b)
	require.Len(t, p.free, 1)
}

func TestBufferWithoutProgress(t *testing.T) {
	p := Pool{Size: Small}
	require.Equal(t, io.ErrNoProgress, p.Get(idle{}).Fill(1))
}

type idle struct{}

func (idle) Read([]byte) (int, error) { return 0, nil }

func TestBufferIsAligned(t *testing.T) {
	p := Pool{Size: Large}
	b := p.Get(nil)
	require.Zero(t, uintptr(unsafe.Pointer(&b.mem[Head]))%4096)
}

func TestDiscard(t *testing.T) {
	p := Pool{Size: Small}
	b := p.Get(bytes.NewReader(make([]byte, 5<<20)))
	require.NoError(t, b.Discard(5<<20-1))
	require.Equal(t, int64(5<<20-1), b.Offset())
	require.Equal(t, io.EOF, b.Discard(2))
	require.Len(t, b.mem, Head+Small)
}

func BenchmarkPool(b *testing.B) {
	for _, kept := range []bool{true, false} {
		b.Run(fmt.Sprintf("kept=%v", kept), func(b *testing.B) {
			p := &Pool{Size: Large}
			src := bytes.NewReader(make([]byte, 4096)) // a small file
			b.ReportAllocs()
			for b.Loop() {
				src.Seek(0, io.SeekStart)
				buf := p.Get(src)
				buf.Fill(4096)
				if kept {
					p.Put(buf)
				}
			}
		})
	}
}
