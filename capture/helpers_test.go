package capture

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/capture/flow"
	"ftpscope/capture/pcapfile"
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
			require.LessOrEqual(t, len(p.Data), pcapfile.MaxPacket)
			require.GreaterOrEqual(t, int(p.Length), len(p.Data))
			require.LessOrEqual(t, p.Digits, uint8(9))
			require.True(t, p.Time >= pcapfile.MinTime && p.Time <= pcapfile.MaxTime)
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

// errorReader fails with an error that is none of the usual ones.
type errorReader struct{}

func (errorReader) Read([]byte) (int, error) { return 0, errors.New("input/output error") }
