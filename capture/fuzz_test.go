package capture

import (
	"bytes"
	"io"
	"slices"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"

	"ftpscope/capture/capturetest/rawfile"
	"ftpscope/capture/unpack"
)

// FuzzOpen reads anything as a capture; the packages below fuzz the formats and the
// compressions.
func FuzzOpen(f *testing.F) {
	f.Add(rawfile.Many("pcap", 3))
	f.Add(rawfile.Many("pcapng", 3))
	f.Add(rawfile.Big().Snoop(4).Snooped(1, 2, 3, []byte("abc"), 100).Snooped(1, 2, 9, nil, 0).Bytes)
	f.Add(zipped(f, rawfile.Many("pcap", 3)))
	f.Add(zstandard(f, rawfile.Many("pcapng", 3)))
	f.Fuzz(sameInPieces)
}

// packed reports whether b begins as compressed data does.
func packed(b []byte) bool {
	u, _ := unpack.New(b, bytes.NewReader(b))
	return u != nil
}

// sameInPieces reads b whole and in pieces: the packets, what is said of them and of the
// file must be the same.
func sameInPieces(t *testing.T, b []byte) {
	want, problems := readBytes(t, b)
	require.LessOrEqual(t, len(slices.DeleteFunc(slices.Clone(problems), isWarning)), 1)
	held := 0
	for _, p := range want {
		held += len(p.Data)
	}
	if !packed(b) {
		require.LessOrEqual(t, held, len(b))
	}
	for name, chunk := range map[string]func(io.Reader) io.Reader{"bytes": iotest.OneByteReader, "halves": iotest.HalfReader, "end with the data": iotest.DataErrReader} {
		packets, said, _ := readAll(t, chunk(bytes.NewReader(b)), "-")
		require.Equal(t, want, packets, name)
		if len(want) > 0 {
			require.Equal(t, problems, said, name)
		}
		require.Equal(t, len(problems), len(said), name)
	}
}

// FuzzFollow lets a file grow in two pieces, in the middle of anything: it is read as it
// is when it is whole.
func FuzzFollow(f *testing.F) {
	for _, b := range growing() {
		f.Add(b, uint16(len(b)/2))
	}
	f.Add(rawfile.Many("pcapng", 3), uint16(100))
	f.Fuzz(func(t *testing.T, b []byte, cut uint16) {
		if packed(b) {
			return // is not followed
		}
		want, said := readBytes(t, b)
		at := min(int(cut), len(b))
		path := write(t, t.TempDir(), "a", b[:at])
		c := follow(t, nil, path)
		c.read()
		grow(t, path, b[at:])
		c.read()
		c.end()
		require.Equal(t, len(want), len(c.packets))
		for i := range want {
			require.Equal(t, want[i], c.packets[i])
		}
		require.LessOrEqual(t, len(c.problems), len(said)) // half a record at the end is none
	})
}
