package unpack

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"
)

// What the compressors' own tools make of a real capture that was cut after it had been
// compressed, is unpacked too, in whatever pieces it comes: as a file, by a pipe, slowly.
func TestCutAsTools(t *testing.T) {
	const dir = "../../pcaps/.damaged"
	said, err := os.ReadFile(filepath.Join(dir, "packed-cut.txt"))
	require.NoError(t, err)
	lines := strings.Split(strings.TrimSpace(string(said)), "\n")
	require.Len(t, lines, 5)
	var longest []byte
	for _, line := range lines {
		var name string
		var bytesOf, want int
		_, err := fmt.Sscan(line, &name, &bytesOf, &want)
		require.NoError(t, err)
		t.Run(name, func(t *testing.T) {
			b, err := os.ReadFile(filepath.Join(dir, name))
			require.NoError(t, err)
			file, told := unpacked(t, b, asIs)
			require.ErrorContains(t, told, "data is cut, its end is missing")
			require.GreaterOrEqual(t, len(file)+3, bytesOf, "the tool gives more than a few bits")
			require.GreaterOrEqual(t, packetsIn(file), want, "the tool gives more packets")
			for _, slow := range []func(io.Reader) io.Reader{iotest.OneByteReader, iotest.HalfReader, iotest.DataErrReader} {
				piped, again := unpacked(t, b, slow)
				require.True(t, bytes.Equal(file, piped))
				require.Equal(t, told, again)
			}
			if len(file) > len(longest) {
				require.True(t, bytes.HasPrefix(file, longest))
				longest = file
			}
			require.True(t, bytes.HasPrefix(longest, file), "it is no beginning of what the others give")
		})
	}
	require.Greater(t, len(longest), 90_000)
}

// packetsIn counts the whole packets in a pcap file's first bytes.
func packetsIn(b []byte) (n int) {
	const fileHead, packetHead = 24, 16
	for at := fileHead; at+packetHead <= len(b); n++ {
		if at += packetHead + int(binary.LittleEndian.Uint32(b[at+8:])); at > len(b) {
			break
		}
	}
	return n
}
