package extract

import (
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestFolder(t *testing.T) {
	dir := t.TempDir() + "/made"
	f, err := OpenFolder(dir, false)
	require.NoError(t, err)
	names := func() (list []string) {
		entries, err := os.ReadDir(dir)
		require.NoError(t, err)
		for _, e := range entries {
			list = append(list, e.Name())
		}
		return list
	}
	_, err = OpenFolder(dir, false)
	require.Equal(t, ErrUsed, err)

	w := f.begin(key{conn: 1}, 1<<20)
	w.write(2, []byte("c"))
	w.write(4, []byte("e"))
	w.write(0, []byte("ab"))
	w.end(7)
	at := time.Unix(1700000000, 0)
	w.at = at
	name, err := f.keep(w, "a", "")
	require.NoError(t, err)
	data, err := os.ReadFile(dir + "/" + name)
	require.NoError(t, err)
	require.Equal(t, "abc\x00e\x00\x00", string(data))
	info, err := os.Stat(dir + "/" + name)
	require.NoError(t, err)
	require.True(t, info.ModTime().Equal(at))
	require.Zero(t, info.Mode().Perm()&0o111)

	var many []*file // more than may stay open
	for i := range uint64(maxOpen + 50) {
		w := f.begin(key{conn: 10 + i}, 1<<20)
		w.write(0, make([]byte, bufferMost))
		many = append(many, w)
	}
	require.LessOrEqual(t, f.opened, maxOpen)
	for _, w := range many {
		w.write(bufferMost, make([]byte, bufferMost))
		w.end(2 * bufferMost)
		require.NoError(t, w.err)
		require.EqualValues(t, 2*bufferMost, w.size)
		w.discard()
	}
	require.Equal(t, []string{"a", ManifestName}, names())
	require.Zero(t, f.opened+f.writing)

	broken := f.begin(key{conn: 2}, 1<<20)
	broken.write(0, make([]byte, bufferMost))
	require.NoError(t, broken.handle.Close()) // what is written next fails
	broken.write(bufferMost, make([]byte, bufferMost))
	broken.end(2 * bufferMost)
	require.Error(t, broken.err)
	require.Equal(t, []string{"a", ManifestName}, names(), "what could not be written is gone")

	f.begin(key{conn: 3}, 1<<20).write(0, make([]byte, bufferMost))
	require.Len(t, names(), 3)
	f.Abort()
	require.Equal(t, []string{"a"}, names())
	require.NoError(t, f.Close())
}
