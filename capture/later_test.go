package capture

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/capture/capturetest/rawfile"
)

// Secrets that stand behind their packets are found before those are read, in compressed
// files too, and are there again when their place is reached.
func TestLaterSecrets(t *testing.T) {
	log := []byte("CLIENT_RANDOM 00 11\n\n\n\n")
	w := rawfile.Little()
	block := w.Body().U32(0x544c534b, uint32(len(log))).Raw(log...).Bytes
	file := w.Section().Iface(1, 0).Enhanced(0, 1, []byte("a"), 1).Enhanced(0, 2, []byte("b"), 1).Block(rawfile.Secrets, block).Enhanced(0, 3, []byte("c"), 1).Bytes
	dir := t.TempDir()
	for name, b := range map[string][]byte{"a.pcapng": file, "b.pcapng.gz": zipped(t, file), "c.pcap": one(9, "x")} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), b, 0o600))
	}
	var found []uint64
	c, err := Open([]string{dir}, Options{Secrets: func(b []byte, ord uint64) {
		require.Equal(t, string(log), string(b))
		found = append(found, ord)
	}})
	require.NoError(t, err)
	defer c.Close()
	c.LaterSecrets()
	require.Equal(t, []uint64{0, 0}, found)
	n := 0
	for batch, err := c.Next(); err == nil; batch, err = c.Next() {
		n += len(batch)
	}
	require.Equal(t, 7, n)
	require.Len(t, found, 4)
	c, err = Open([]string{"-"}, Options{Stdin: bytes.NewReader(file), Secrets: func([]byte, uint64) {}})
	require.NoError(t, err)
	c.secrets = func([]byte, uint64) { require.Fail(t, "a pipe is read once") }
	c.LaterSecrets()
}
