package buffer

import (
	"bytes"
	"errors"
	"io"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"
)

// A buffer over it gets the same bytes and the same error at the same place as one that
// reads by itself.
func TestAheadBuffer(t *testing.T) {
	content := make([]byte, 5*Large+123)
	for i := range content {
		content[i] = byte(i * 31 >> 3)
	}
	p, a := &Pool{Size: Large}, newAhead()
	for _, test := range []struct {
		name string
		src  func() io.Reader
	}{
		{"to the end", func() io.Reader { return bytes.NewReader(content) }},
		{"an error", func() io.Reader {
			return io.MultiReader(bytes.NewReader(content), iotest.ErrReader(errors.New("input/output error")))
		}},
		{"nothing, again and again", func() io.Reader { return io.MultiReader(bytes.NewReader(content), idle{}) }},
	} {
		t.Run(test.name, func(t *testing.T) {
			alone, other := p.Get(test.src()), p.Get(nil)
			a.start(test.src())
			other.src, other.ahead = a, a
			for i, need := 0, 1; ; i, need = i+1, (need*7+i)%(2*Large)+1 {
				want, err := alone.Fill(need), other.Fill(need)
				require.Equal(t, want, err)
				n := min(need, len(alone.Unread()))
				require.GreaterOrEqual(t, len(other.Unread()), n)
				require.True(t, bytes.Equal(alone.Unread()[:n], other.Unread()[:n]))
				require.Equal(t, alone.Offset(), other.Offset())
				if err != nil {
					break
				}
				alone.at, other.at = alone.at+n*2/3, other.at+n*2/3
			}
			a.close()
			p.Put(alone)
			p.Put(other)
		})
	}
}

// A block of which only a part was taken comes back too.
func TestAheadCloseInsideBlock(t *testing.T) {
	a := newAhead()
	a.start(idle{})
	a.close()
	a.start(bytes.NewReader(make([]byte, 10*Large)))
	n, err := a.Read(make([]byte, 100))
	require.NoError(t, err)
	require.Equal(t, 100, n)
	a.close()
	require.Len(t, a.free, a.made)
}

// Of very many files one after the other, each takes the blocks of the one before.
func BenchmarkAheads(b *testing.B) {
	var list Aheads
	list.Limit(1)
	p := &Pool{Size: Large}
	src := bytes.NewReader(make([]byte, 3*Large))
	b.ReportAllocs()
	for b.Loop() {
		src.Seek(0, io.SeekStart)
		buf := p.Get(nil)
		a := list.Start(src, buf)
		for buf.Fill(1) == nil {
			buf.Keep(0)
		}
		list.Close(a)
		p.Put(buf)
	}
}

// However far the reading came, Close ends the goroutine, and the blocks come back.
func TestAheadCloseEarly(t *testing.T) {
	var list Aheads
	list.Limit(1)
	p := &Pool{Size: Large}
	for pieces := range 12 {
		b := p.Get(nil)
		a := list.Start(bytes.NewReader(make([]byte, 8*Large)), b)
		for range pieces {
			if b.Fill(1) != nil {
				break
			}
			b.Keep(0)
		}
		list.Close(a)
		_, open := <-a.full
		require.False(t, open, "its goroutine closes it at last")
		require.Len(t, a.free, a.made)
		require.LessOrEqual(t, a.made, aheadBlocks)
		p.Put(b)
	}
	require.Len(t, list.free, 1)
}

func TestAheadsAreBounded(t *testing.T) {
	var list Aheads
	list.Limit(2)
	p := &Pool{Size: Large}
	one, two := list.Start(idle{}, p.Get(nil)), list.Start(idle{}, p.Get(nil))
	require.Nil(t, list.Start(idle{}, p.Get(nil)))
	list.Close(one)
	require.Same(t, one, list.Start(idle{}, p.Get(nil)), "its blocks serve again")
	list.Close(one)
	list.Close(two)
	list.Limit(1000)
	require.Equal(t, MaxAhead, list.left)
}
