package tail

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"

	"ftpscope/capture/buffer"
)

// write makes a file, or more of it.
func write(t *testing.T, path, text string) {
	t.Helper()
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o666)
	require.NoError(t, err)
	_, err = file.WriteString(text)
	require.NoError(t, err)
	require.NoError(t, file.Close())
}

// followed is a file that begins with text, of which all was read.
func followed(t *testing.T, text string) (*File, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "a")
	write(t, path, text)
	file, err := os.Open(path)
	require.NoError(t, err)
	t.Cleanup(func() { file.Close() })
	f := NewFile(file, path)
	f.Follow()
	require.Equal(t, text, there(t, f, buffer.ErrPending))
	return f, path
}

// there is what can be read now; end is what a read says after it.
func there(t *testing.T, r io.Reader, end error) string {
	t.Helper()
	var all bytes.Buffer
	b := make([]byte, 3)
	for {
		n, err := r.Read(b)
		all.Write(b[:n])
		if err != nil {
			require.Equal(t, end, err)
			return all.String()
		}
	}
}

func TestFileGrows(t *testing.T) {
	f, path := followed(t, "first")
	require.Equal(t, Still, f.Look())
	write(t, path, " and more")
	require.Equal(t, Grown, f.Look())
	require.Equal(t, " and more", there(t, f, buffer.ErrPending))
	require.Equal(t, Still, f.Look())
	f.Finish()
	require.Empty(t, there(t, f, io.EOF))
}

func TestFileIsNotFollowedAtFirst(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a")
	write(t, path, "all")
	file, err := os.Open(path)
	require.NoError(t, err)
	defer file.Close()
	require.Equal(t, "all", there(t, NewFile(file, path), io.EOF))
}

// What is written after Stop is of no interest.
func TestFileStops(t *testing.T) {
	f, path := followed(t, "first")
	write(t, path, " last")
	f.Stop()
	write(t, path, " too late")
	f.Stop()
	require.Equal(t, Grown, f.Look())
	require.Equal(t, " last", there(t, f, buffer.ErrPending))
	require.Equal(t, Still, f.Look())
}

func TestFates(t *testing.T) {
	for _, test := range []struct {
		name string
		do   func(t *testing.T, path string)
		want Fate
	}{
		{"emptied", func(t *testing.T, path string) { require.NoError(t, os.Truncate(path, 0)) }, Renewed},
		{"written anew, as long", func(t *testing.T, path string) { require.NoError(t, os.WriteFile(path, []byte("other"), 0o666)) }, Renewed},
		{"written anew, longer", func(t *testing.T, path string) { require.NoError(t, os.WriteFile(path, []byte("others"), 0o666)) }, Renewed},
		{"removed", func(t *testing.T, path string) { require.NoError(t, os.Remove(path)) }, Gone},
		{"renamed", func(t *testing.T, path string) { require.NoError(t, os.Rename(path, path+".1")) }, Gone},
		{"another file has its name", func(t *testing.T, path string) {
			require.NoError(t, os.Rename(path, path+".1"))
			write(t, path, "first")
		}, Gone},
		{"grown and renamed", func(t *testing.T, path string) {
			write(t, path, " and more")
			require.NoError(t, os.Rename(path, path+".1"))
		}, Grown},
	} {
		t.Run(test.name, func(t *testing.T) {
			f, path := followed(t, "first")
			test.do(t, path)
			require.Equal(t, test.want, f.Look())
		})
	}
}

// blocking gives the texts that are sent, and waits for them.
type blocking chan string

func (c blocking) Read(b []byte) (int, error) {
	text, open := <-c
	if !open {
		return 0, io.EOF
	}
	return copy(b, text), nil
}

// A pipe gives what came, and never waits.
func TestPipe(t *testing.T) {
	src := make(blocking)
	p := NewPipe(src)
	require.Empty(t, there(t, p, buffer.ErrPending))
	var all string
	for _, text := range []string{"some", "", "more", "of it"} {
		src <- text
		for want := all + text; all != want; {
			all += there(t, p, buffer.ErrPending)
		}
	}
	close(src)
	for err := error(nil); err != io.EOF; {
		_, err = p.Read(make([]byte, 1))
	}
	require.Equal(t, "somemoreof it", all)
	require.Empty(t, there(t, p, io.EOF))
}

func TestPipeFails(t *testing.T) {
	broken := errors.New("input/output error")
	p := NewPipe(io.MultiReader(bytes.NewReader(make([]byte, 10*buffer.Small)), iotest.ErrReader(broken)))
	n := 0
	for {
		got, err := p.Read(make([]byte, 1000))
		if n += got; err != nil && err != buffer.ErrPending {
			require.Equal(t, broken, err)
			break
		}
	}
	require.Equal(t, 10*buffer.Small, n)
}
