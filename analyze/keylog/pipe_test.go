//go:build unix

package keylog

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A pipe that grows is not waited for, and several programs may write to it.
func TestPipe(t *testing.T) {
	name := filepath.Join(t.TempDir(), "keys.pipe")
	require.NoError(t, syscall.Mkfifo(name, 0o600))
	s := New()
	f, err := s.Open(name, true)
	require.NoError(t, err)
	require.NoError(t, f.Read())
	for i := range byte(2) {
		require.NoError(t, os.WriteFile(name, []byte(line("CLIENT_RANDOM", i, 7, 48)), 0))
		require.Eventually(t, func() bool { _, known := s.Lookup(randomOf(i), 1); return known }, time.Minute, time.Millisecond)
	}
	require.NoError(t, f.Close())
}
