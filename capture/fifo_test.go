//go:build unix

package capture

import (
	"bytes"
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
