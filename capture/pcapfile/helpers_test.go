package pcapfile

import (
	"bytes"
	"errors"
	"io"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"

	"ftpscope/capture/buffer"
	"ftpscope/capture/flow"
)

// got is a packet that outlives its batch.
type got struct {
	Data   string
	Time   flow.Time
	Length uint32
	Link   uint32
	Digits uint8
	Pos    flow.Pos
}

// file is what was read of a file.
type file struct {
	packets    []got
	fcs        []uint8
	ifaces     []uint16
	problems   []string // the error that ended it, and the notes
	dropped    uint64
	interfaces []Interface
}

// readAll reads a file to its end, in batches of size, and holds what every file must
// hold.
func readAll(t testing.TB, src io.Reader, size int) (f file) {
	t.Helper()
	var dropped atomic.Uint64
	described := 0
	p := buffer.Pool{Size: buffer.Small}
	buf := p.Get(src)
	if err := buf.Fill(MagicSize); err != nil {
		f.problems = []string{err.Error()}
		return f
	}
	r, err := NewReader(buf, Shared{Dropped: &dropped, Described: &described})
	if err != nil {
		f.problems = []string{err.Error()}
		return f
	}
	batch, n := make([]Packet, size), 0
	for {
		if n, err = r.Read(batch, uint64(len(f.packets)+1)); err != nil {
			break
		}
		require.Positive(t, n)
		for _, p := range batch[:n] {
			require.EqualValues(t, len(f.packets)+1, p.Ord)
			require.LessOrEqual(t, len(p.Data), MaxPacket)
			require.GreaterOrEqual(t, int(p.Length), len(p.Data))
			require.LessOrEqual(t, p.Digits, uint8(9))
			require.True(t, p.Time >= MinTime && p.Time <= MaxTime)
			require.Equal(t, p.Link, r.Interfaces().List()[p.Iface].Link)
			f.packets = append(f.packets, got{string(p.Data), p.Time, p.Length, p.Link, p.Digits, p.Pos})
			f.fcs, f.ifaces = append(f.fcs, p.FCS), append(f.ifaces, p.Iface)
		}
	}
	if err != io.EOF {
		f.problems = append(f.problems, err.Error())
	}
	for _, note := range r.Notes() {
		f.problems = append(f.problems, "warning: "+note.Error())
	}
	f.dropped, f.interfaces = dropped.Load(), r.Interfaces().List()
	return f
}

func isWarning(problem string) bool { return strings.HasPrefix(problem, "warning: ") }

// readBytes reads one file from memory.
func readBytes(t testing.TB, b []byte) ([]got, []string) {
	t.Helper()
	f := readAll(t, bytes.NewReader(b), 256)
	return f.packets, f.problems
}

// readFile reads a file that has no problems.
func readFile(t testing.TB, path string) file {
	t.Helper()
	src, err := os.Open(path)
	require.NoError(t, err)
	defer src.Close()
	f := readAll(t, src, 256)
	require.Empty(t, f.problems)
	return f
}

// chunked are ways to get the same bytes in other pieces.
var chunked = map[string]func(io.Reader) io.Reader{
	"byte by byte":      iotest.OneByteReader,
	"halves":            iotest.HalfReader,
	"end with the data": iotest.DataErrReader,
}

// failing gives b, then an error that is none of the usual ones.
func failing(b []byte) io.Reader {
	return io.MultiReader(bytes.NewReader(b), iotest.ErrReader(errors.New("input/output error")))
}
