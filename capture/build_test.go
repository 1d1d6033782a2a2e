package capture

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/capture/flow"
)

// build writes capture files by hand: bytes and numbers in one byte order.
type build struct {
	order binary.ByteOrder
	b     []byte
}

func little() *build { return &build{order: binary.LittleEndian} }
func big() *build    { return &build{order: binary.BigEndian} }

func (w *build) u16(v ...uint16) *build {
	for _, v := range v {
		w.b = append(w.b, 0, 0)
		w.order.PutUint16(w.b[len(w.b)-2:], v)
	}
	return w
}

func (w *build) u32(v ...uint32) *build {
	for _, v := range v {
		w.b = append(w.b, 0, 0, 0, 0)
		w.order.PutUint32(w.b[len(w.b)-4:], v)
	}
	return w
}

func (w *build) u64(v uint64) []byte {
	var b [8]byte
	w.order.PutUint64(b[:], v)
	return b[:]
}

func (w *build) raw(b ...byte) *build {
	w.b = append(w.b, b...)
	return w
}

// pcap writes a file header.
func (w *build) pcap(magic, network uint32) *build {
	return w.u32(magic).u16(2, 4).u32(0, 0, 65535, network)
}

// record writes a packet of a pcap file, length bytes on the wire.
func (w *build) record(sec, frac uint32, data []byte, length uint32) *build {
	return w.u32(sec, frac, uint32(len(data)), length).raw(data...)
}

// block writes a pcapng block; the body is padded.
func (w *build) block(kind uint32, body []byte) *build {
	for len(body)%4 != 0 {
		body = append(body[:len(body):len(body)], 0)
	}
	size := uint32(len(body) + blockFrame)
	return w.u32(kind, size).raw(body...).u32(size)
}

func (w *build) body() *build { return &build{order: w.order} }

func (w *build) section() *build {
	return w.block(blockSection, w.body().u32(byteOrderMagic).u16(1, 0).u32(0xffffffff, 0xffffffff).b)
}

// option is one option of a block, padded.
func (w *build) option(code uint16, v ...byte) []byte {
	o := w.body().u16(code, uint16(len(v))).raw(v...)
	for len(o.b)%4 != 0 {
		o.raw(0)
	}
	return o.b
}

func (w *build) iface(link uint16, snap uint32, options ...[]byte) *build {
	return w.block(blockInterface, w.body().u16(link, 0).u32(snap).raw(bytes.Join(options, nil)...).b)
}

func (w *build) enhanced(id uint32, ticks uint64, data []byte, length uint32) *build {
	return w.block(blockEnhanced, w.body().u32(id, uint32(ticks>>32), uint32(ticks), uint32(len(data)), length).raw(data...).b)
}

func (w *build) obsolete(id uint16, ticks uint64, data []byte, length uint32) *build {
	return w.block(blockPacket, w.body().u16(id, 0xffff).u32(uint32(ticks>>32), uint32(ticks), uint32(len(data)), length).raw(data...).b)
}

func (w *build) simple(data []byte, length uint32) *build {
	return w.block(blockSimple, w.body().u32(length).raw(data...).b)
}

func (w *build) stats(id uint32, options ...[]byte) *build {
	return w.block(blockStats, w.body().u32(id, 0, 0).raw(bytes.Join(options, nil)...).b)
}

// got is a packet that outlives its batch.
type got struct {
	Data   string
	Time   flow.Time
	Length uint32
	Link   uint32
	Digits uint8
	Pos    flow.Pos
}

// all reads a capture to its end and holds what every capture must hold.
func all(t testing.TB, c *Capture) (packets []got) {
	t.Helper()
	ord := uint64(0)
	for {
		batch, err := c.Next()
		if err != nil {
			require.Equal(t, io.EOF, err)
			break
		}
		require.NotEmpty(t, batch)
		for _, p := range batch {
			ord++
			require.Equal(t, ord, p.Ord)
			require.LessOrEqual(t, len(p.Data), maxPacket)
			require.GreaterOrEqual(t, int(p.Length), len(p.Data))
			require.LessOrEqual(t, p.Digits, uint8(9))
			require.True(t, p.Time >= minTime && p.Time <= maxTime)
			require.Less(t, p.Pos.File(), len(c.Files()))
			packets = append(packets, got{string(p.Data), p.Time, p.Length, p.Link, p.Digits, p.Pos})
		}
	}
	require.Equal(t, ord, c.Stats().Packets)
	_, err := c.Next()
	require.Equal(t, io.EOF, err, "again")
	require.NoError(t, c.Close())
	return packets
}

// readAll reads args and returns the problems as text.
func readAll(t testing.TB, stdin io.Reader, args ...string) ([]got, []string, *Capture) {
	t.Helper()
	var problems []string
	c, err := Open(args, Options{Stdin: stdin, Problem: func(e *FileError) {
		text := e.Error()
		if e.Warning {
			text = "warning: " + text
		}
		problems = append(problems, text)
	}})
	require.NoError(t, err)
	packets := all(t, c)
	return packets, problems, c
}

func isWarning(problem string) bool { return strings.HasPrefix(problem, "warning: ") }

// readBytes reads one file from memory.
func readBytes(t testing.TB, b []byte) ([]got, []string) {
	t.Helper()
	packets, problems, _ := readAll(t, bytes.NewReader(b), "-")
	return packets, problems
}

// write makes a file in a test's directory.
func write(t testing.TB, dir, name string, b []byte) string {
	t.Helper()
	path := filepath.Join(dir, name)
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o777))
	require.NoError(t, os.WriteFile(path, b, 0o666))
	return path
}

// failing gives b, then an error that is none of the usual ones.
func failing(b []byte) io.Reader {
	return io.MultiReader(bytes.NewReader(b), errorReader{})
}

type errorReader struct{}

func (errorReader) Read([]byte) (int, error) { return 0, errors.New("input/output error") }
