package tail

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/capture/flow"
)

func TestFamily(t *testing.T) {
	for name, want := range map[string]string{
		"a.pcap": "a.pcap", "a.pcap0": "a.pcap", "a.pcap12": "a.pcap", "a_00001_20260102150405.pcap": "a_#_#.pcap", "a_00002_20260102150505.pcap": "a_#_#.pcap",
		"17.pcap": "#.pcap", "b.pcap": "b.pcap",
	} {
		require.Equal(t, want, family(name), name)
	}
}

// watched is a Watch over files that hold the second of their first packet, as text:
// "12"; "packed 12" is compressed, "" may grow, and anything else is no capture.
type watched struct {
	Watch
	t     *testing.T
	dir   string
	found []*Found // given away
	busy  bool
	said  []string
}

func watching(t *testing.T) *watched {
	w := &watched{t: t, dir: t.TempDir()}
	w.Peek = func(path string, file *File) Peeked {
		b, err := io.ReadAll(file)
		require.NoError(t, err)
		text, packed := strings.CutPrefix(string(b), "packed ")
		if second, err := strconv.Atoi(text); err == nil {
			return Peeked{HasPacket: true, First: flow.Time(second) * flow.Second, Packed: packed}
		}
		return Peeked{MayGrow: text == "", Err: errors.New("no capture")}
	}
	w.Take = func(f *Found) { w.found = append(w.found, f) }
	w.Busy = func(*Root) bool { return w.busy }
	w.Problem = func(path string, named bool, err error) {
		w.said = append(w.said, fmt.Sprint(filepath.Base(path), " ", named, " ", err))
	}
	t.Cleanup(w.Close)
	return w
}

// put writes files, name by name.
func (w *watched) put(names ...string) {
	w.t.Helper()
	for _, name := range names {
		name, text, _ := strings.Cut(name, "=")
		path := filepath.Join(w.dir, name)
		require.NoError(w.t, os.MkdirAll(filepath.Dir(path), 0o777))
		write(w.t, path, text)
	}
}

func (w *watched) add(name string) {
	w.t.Helper()
	path := filepath.Join(w.dir, name)
	info, err := os.Stat(path)
	require.NoError(w.t, err)
	w.Add(path, info)
}

// look looks, without waiting for the time when files would be looked for, and tells what
// was given away since.
func (w *watched) look() (names []string) {
	w.t.Helper()
	if w.Forget(""); w.started {
		w.Look(false)
	} else {
		w.Start()
	}
	for _, f := range w.found {
		name, err := filepath.Rel(w.dir, f.Path)
		require.NoError(w.t, err)
		names = append(names, filepath.ToSlash(name))
		f.Release()
	}
	w.found = nil
	return names
}

// Of a directory all files are taken, in the order of their first packets, but for what
// is hidden.
func TestWatchDirectory(t *testing.T) {
	w := watching(t)
	w.put("b=2", "a=30", "deep/c=1", ".hidden=4", ".git/d=5", "none=text", "empty")
	w.AddDirectory(w.dir)
	require.False(t, w.Closed())
	require.Equal(t, []string{"deep/c", "b", "a"}, w.look())
	require.Equal(t, []string{"none false no capture"}, w.said)
	require.Empty(t, w.look())
	w.put("empty=7", "deep/e=1")
	require.Equal(t, []string{"deep/e", "empty"}, w.look())
	require.Len(t, w.said, 1, "each once")
}

// The successors of a file begin where it ends.
func TestWatchSuccessors(t *testing.T) {
	w := watching(t)
	w.put("a.pcap=10", "a.pcap1=5", "b.pcap=11")
	w.add("a.pcap")
	require.Equal(t, []string{"a.pcap"}, w.look())
	root := w.roots[0]
	w.put("a.pcap2=20")
	require.Empty(t, w.look(), "nothing was read yet")
	root.Saw(21 * flow.Second)
	root.Saw(20 * flow.Second) // a packet that came late
	w.busy = true
	require.Empty(t, w.look(), "there is more to read of the first")
	w.busy = false
	require.Equal(t, []string{"a.pcap2"}, w.look(), "a second earlier is near enough; a.pcap1 is older")
	w.put("a.pcap3=19")
	require.Empty(t, w.look(), "from before")
	require.Empty(t, w.said)
}

func TestWatchTakesEachOnce(t *testing.T) {
	w := watching(t)
	w.put("a=1")
	require.NoError(t, os.Link(filepath.Join(w.dir, "a"), filepath.Join(w.dir, "b")))
	w.AddDirectory(w.dir)
	w.AddDirectory(w.dir)
	require.Len(t, w.roots, 1)
	require.Equal(t, []string{"a"}, w.look(), "b is the same file")
	require.NoError(t, os.Rename(filepath.Join(w.dir, "a"), filepath.Join(w.dir, "c")))
	require.Empty(t, w.look(), "a new name")
	w.put("a=9")
	require.Equal(t, []string{"a"}, w.look(), "another file")
	w.Forget(filepath.Join(w.dir, "a"))
	require.Equal(t, []string{"a"}, w.look(), "it was written anew")
}

// What tcpdump -z made of a file that was read is not read again; a compressed file that
// was there is.
func TestWatchCompressed(t *testing.T) {
	w := watching(t)
	w.put("a.gz=packed 1")
	w.AddDirectory(w.dir)
	require.Equal(t, []string{"a.gz"}, w.look())
	w.put("b.gz=packed 2")
	require.Empty(t, w.look())
}

// Few files are kept open until it is their turn, and each is read from its start.
func TestWatchHoldsFew(t *testing.T) {
	w := watching(t)
	for i := range maxHeld + 6 {
		w.put(fmt.Sprintf("%03d=%d", i, i))
	}
	w.AddDirectory(w.dir)
	w.Start()
	require.Len(t, w.found, maxHeld+6)
	require.Equal(t, maxHeld, w.held)
	for i, f := range w.found {
		require.Equal(t, i < maxHeld, f.file != nil)
		if i == 3 {
			require.NoError(t, os.Remove(f.Path), "a ring of files may do so")
		}
		file, err := f.Open()
		require.NoError(t, err)
		b, err := io.ReadAll(file)
		require.NoError(t, err)
		require.Equal(t, strconv.Itoa(i), string(b))
		require.NoError(t, file.Close())
		f.Release()
	}
	require.Zero(t, w.held)
}

func TestWatchWithoutRight(t *testing.T) {
	if os.Getuid() == 0 {
		t.Skip("root may read all")
	}
	w := watching(t)
	w.put("a=1")
	require.NoError(t, os.Chmod(filepath.Join(w.dir, "a"), 0))
	w.add("a")
	require.Empty(t, w.look())
	require.Len(t, w.said, 1)
}

func TestNothingToWatch(t *testing.T) {
	w := watching(t)
	require.Empty(t, w.look())
	require.True(t, w.Closed())
}
