package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
)

// A sealed download is a capture with a key log: of TLS 1.3 four lines a connection, before
// one.
func TestSeal(t *testing.T) {
	for i, s := range tlsSuites {
		t.Run(s.name, func(t *testing.T) {
			pcap, log := filepath.Join(t.TempDir(), "a.pcap"), filepath.Join(t.TempDir(), "a.log")
			require.NoError(t, seal([]string{strconv.Itoa(i), "100000", pcap, log}))
			b, err := os.ReadFile(pcap)
			require.NoError(t, err)
			require.Equal(t, "\xd4\xc3\xb2\xa1", string(b[:4]))
			require.Greater(t, len(b), 100_000)
			require.Less(t, len(b), 120_000)
			require.Contains(t, string(b), "AUTH TLS\r\n")
			require.NotContains(t, string(b), "RETR")
			keys, err := os.ReadFile(log)
			require.NoError(t, err)
			lines := map[bool]int{true: 2, false: 2 * 4}[s.id != 0]
			require.Equal(t, lines, bytes.Count(keys, []byte("\n")))
		})
	}
	require.Error(t, seal(nil))
}
