package capture

import (
	"bytes"
	"io"
	"os"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAgain(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	t.Setenv("TMP", dir)
	files := t.TempDir()
	b := write(t, files, "b.pcap", one(2, "bb"))
	a := write(t, files, "a.pcap", zipped(t, one(1, "aa")))
	stream := append(one(3, "cc"), one(4, "dd")[24:]...)
	var told, spooled []string
	problem := func(e *FileError) { told = append(told, e.Error()) }
	c, err := Open([]string{b, "-", "missing.pcap", a}, Options{
		Stdin: bytes.NewReader(stream[:len(stream)-1]), Problem: problem, Spool: func(name string) { spooled = append(spooled, name) },
	})
	require.NoError(t, err)
	require.Equal(t, []string{"stdin"}, spooled)
	require.Len(t, told, 1, "the missing file")
	again := c.Again(problem)
	first := all(t, again)
	require.Equal(t, "aabbcc", data(first))
	require.Equal(t, c.Files(), again.Files())
	require.Len(t, told, 2, "the end of stdin")
	require.Equal(t, 2, again.Stats().Errors)
	require.Equal(t, []string{"stdin"}, again.Stats().Truncated)
	require.Equal(t, first, all(t, c.Again(nil)), "a second time")
	require.Equal(t, first, all(t, c))

	left, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Empty(t, left)
}

func TestSpoolOfNoCapture(t *testing.T) {
	var told []string
	c, err := Open([]string{"-"}, Options{
		Stdin: io.MultiReader(bytes.NewReader(one(1, "aa")), errorReader{}), Spool: func(string) {},
		Problem: func(e *FileError) { told = append(told, e.Error()) },
	})
	require.NoError(t, err)
	require.Empty(t, c.Files())
	require.Equal(t, []string{"stdin: input/output error"}, told)
}
