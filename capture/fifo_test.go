//go:build unix

package capture

import (
	"bytes"
	"crypto/sha256"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestFIFO(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pipe")
	require.NoError(t, syscall.Mkfifo(path, 0o600))
	go func() {
		w, err := os.OpenFile(path, os.O_WRONLY, 0)
		if err == nil {
			io.Copy(w, bytes.NewReader(zipped(t, one(1, "a"))))
			w.Close()
		}
	}()
	packets, problems, c := readAll(t, nil, path, path)
	require.Equal(t, []string{"warning: " + path + ": named twice; it is read once"}, problems)
	require.Equal(t, "a", data(packets))
	require.Equal(t, []string{path}, c.Files())
}

func TestDigests(t *testing.T) {
	packed := zipped(t, one(1, "a"))
	tests := []struct {
		name string
		data []byte
		want bool
	}{
		{"whole", one(1, "a"), true},
		{"compressed", packed, true},
		{"bytes behind the compressed ones", append(bytes.Clone(packed), make([]byte, 1<<20)...), true},
		{"cut", one(1, "a")[:30], true},
		{"unreadable in the middle", append(one(1, "a"), bytes.Repeat([]byte{0xff}, 1<<20)...), true},
		{"no capture", []byte("hello, this is no capture"), false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c, err := Open([]string{"-"}, Options{Stdin: bytes.NewReader(test.data), Digest: true})
			require.NoError(t, err)
			for err == nil {
				_, err = c.Next()
			}
			want := map[string]Digest{}
			if test.want {
				want[stdinName] = Digest{int64(len(test.data)), sha256.Sum256(test.data)}
			}
			require.Equal(t, want, c.Digests())
		})
	}
	c, err := Open([]string{"-"}, Options{Stdin: bytes.NewReader(one(1, "a"))})
	require.NoError(t, err)
	require.Empty(t, c.Digests(), "not asked for")
}
