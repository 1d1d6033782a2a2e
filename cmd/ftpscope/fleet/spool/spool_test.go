package spool

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/cmd/ftpscope/fleet/wire"
)

func open(t *testing.T, dir string, limit int64) *Store {
	t.Helper()
	s, err := Open(Options{Dir: dir, Limit: limit, Version: "v1"})
	require.NoError(t, err)
	return s
}

// taken is what a hub got.
type taken struct {
	blocks  []uint64
	records []string
	lost    uint64 // by the numbers of records
	next    uint64
}

// take sends all that is ready.
func (h *taken) take(t *testing.T, s *Store) {
	t.Helper()
	for {
		number, b, ok, err := s.Oldest()
		require.NoError(t, err)
		if !ok {
			return
		}
		top, rest, err := wire.ReadTop(b)
		require.NoError(t, err)
		require.Equal(t, number, top.Number)
		require.Equal(t, s.ID(), top.Store)
		require.GreaterOrEqual(t, top.First, h.next)
		h.lost, h.next = h.lost+top.First-h.next, top.First
		for len(rest) > 0 {
			var kind wire.Kind
			var payload []byte
			kind, payload, rest, err = wire.NextFrame(rest)
			require.NoError(t, err)
			if kind.Begins() {
				h.next++
				h.records = append(h.records, "")
			}
			h.records[len(h.records)-1] += string(payload)
		}
		h.blocks = append(h.blocks, number)
		require.NoError(t, s.Done(number))
	}
}

func TestStore(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "spool")
	s, hub := open(t, dir, 1<<30), &taken{}
	require.NoError(t, s.Append([]byte("one")))
	require.NoError(t, s.Append([]byte("two")))
	hub.take(t, s)
	require.Empty(t, hub.blocks, "the block is not full")
	require.NoError(t, s.Seal())
	<-s.Sealed()
	hub.take(t, s)
	large := string(bytes.Repeat([]byte("large "), wire.BlockSize/4))
	require.NoError(t, s.Append([]byte("three")))
	require.NoError(t, s.Append([]byte(large)))
	require.NoError(t, s.Append([]byte("four")))
	require.NoError(t, s.Close())
	hub.take(t, s)
	require.Equal(t, []string{"one", "two", "three", large, "four"}, hub.records)
	require.Equal(t, []uint64{1, 2, 3, 4, 5}, hub.blocks)
	blocks, size, lost := s.Waiting()
	require.Equal(t, []any{0, int64(0), Lost{}}, []any{blocks, size, lost})

	again := open(t, dir, 1<<30) // numbers go on though all was sent
	require.Equal(t, s.ID(), again.ID())
	require.NoError(t, again.Append([]byte("five")))
	require.NoError(t, again.Seal())
	hub.take(t, again)
	require.Equal(t, uint64(6), hub.blocks[5])
	require.Zero(t, hub.lost)
	info, err := os.Stat(dir)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o700), info.Mode().Perm())
}

// TestKilled wants what was kept to be there after the program was killed, at any byte of
// the last write.
func TestKilled(t *testing.T) {
	from := t.TempDir()
	s := open(t, from, 1<<30)
	require.NoError(t, s.Append([]byte("one")))
	require.NoError(t, s.Append([]byte("two")))
	name := filepath.Base(s.path(1))
	whole, err := os.ReadFile(s.path(1))
	require.NoError(t, err)
	mark, err := os.ReadFile(filepath.Join(from, markFile))
	require.NoError(t, err)
	for cut := range len(whole) + 1 {
		dir := t.TempDir()
		require.NoError(t, os.WriteFile(filepath.Join(dir, markFile), mark, 0o600))
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), whole[:cut], 0o600))
		s, hub := open(t, dir, 1<<30), &taken{}
		require.NoError(t, s.Append([]byte("three")))
		require.NoError(t, s.Seal())
		hub.take(t, s)
		got := fmt.Sprint(hub.records)
		require.Contains(t, []string{"[three]", "[one three]", "[one two three]"}, got)
		require.True(t, cut < len(whole) || got == "[one two three]")
		require.Zero(t, hub.lost, "what was torn is no record that was kept")
		require.NotEqual(t, uint64(1), hub.blocks[len(hub.blocks)-1], "a number is given once")
	}
}

// TestFull discards the oldest blocks, and numbers tell how many records they had.
func TestFull(t *testing.T) {
	s, hub := open(t, t.TempDir(), 4096), &taken{}
	for i := range 100 {
		require.NoError(t, s.Append(bytes.Repeat([]byte{byte(i)}, 1000)))
		require.NoError(t, s.Seal())
		if i == 50 { // it is being sent while others are discarded
			_, _, ok, err := s.Oldest()
			require.NoError(t, err)
			require.True(t, ok)
		}
	}
	_, size, lost := s.Waiting()
	require.LessOrEqual(t, size, int64(4096))
	hub.take(t, s)
	require.Equal(t, uint64(100), hub.next)
	require.Equal(t, uint64(100), uint64(len(hub.records))+hub.lost)
	require.Equal(t, Lost{Discarded: hub.lost}, lost)
	require.Greater(t, hub.lost, uint64(90))
}

// TestUnwritten counts what the disk does not take.
func TestUnwritten(t *testing.T) {
	dir := t.TempDir()
	s, hub := open(t, dir, 1<<30), &taken{}
	require.NoError(t, s.Append([]byte("one")))
	s.Skip()
	require.NoError(t, os.RemoveAll(dir))
	require.Error(t, s.Append([]byte("two")))
	require.Error(t, s.Append(make([]byte, wire.BlockSize)))
	require.NoError(t, os.Mkdir(dir, 0o700))
	require.NoError(t, s.Append([]byte("three")))
	require.NoError(t, s.Seal())
	require.NoError(t, s.Done(1))
	hub.take(t, s)
	require.Equal(t, []string{"three"}, hub.records)
	require.Equal(t, uint64(4), hub.lost)
	_, _, lost := s.Waiting()
	require.Equal(t, Lost{Unwritten: 3}, lost)
}

func TestOpenErrors(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, markFile), []byte(`{"ID":"../../x","Next":1}`), 0o600))
	_, err := Open(Options{Dir: dir})
	require.ErrorContains(t, err, "is not what a sensor wrote")
	_, err = Open(Options{Dir: filepath.Join(dir, markFile)})
	require.Error(t, err)
}
