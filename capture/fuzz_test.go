package capture

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func FuzzPcap(f *testing.F) {
	f.Add(many("pcap", 3))
	f.Add(big().pcap(pcapNano, 276).record(1, 2, []byte("abc"), 100).b)
	f.Add(little().pcap(pcapMicro, 1).u32(3, 0, 3221225472, 60).raw(make([]byte, 100)...).b)
	f.Add(zipped(f, many("pcap", 3)))
	f.Fuzz(sameInPieces)
}

func FuzzPcapng(f *testing.F) {
	f.Add(many("pcapng", 3))
	w := big()
	w.section().iface(1, 4, w.option(optTsResol, 0x8a), w.option(optTsOffset, w.u64(1000)...)).iface(113, 0, w.option(optTsResol, 12))
	w.enhanced(1, 1<<40, []byte("abcde"), 9).simple([]byte("abcd"), 9).obsolete(0, 77, []byte("x"), 1).stats(0, w.option(optIfDropped, w.u64(9)...))
	f.Add(append(w.b, many("pcapng", 3)...))
	f.Add(little().section().block(10, make([]byte, 200)).iface(1, 0).enhanced(0, 1, nil, 0).block(0xbad, nil).b)
	f.Add(zstandard(f, many("pcapng", 3)))
	f.Fuzz(sameInPieces)
}

func FuzzSnoop(f *testing.F) {
	f.Add(big().snoop(4).snooped(1, 2, 3, []byte("abc"), 100).snooped(1, 2, 9, nil, 0).b)
	f.Add(big().snoop(8).u32(4, 4, 5000, 0, 0, 0).raw(make([]byte, 5000)...).b)
	f.Fuzz(sameInPieces)
}

func FuzzUnpack(f *testing.F) {
	for _, b := range packings(f) {
		f.Add(b)
	}
	f.Add(xzAsking(40, xzLZMA2))
	f.Fuzz(func(t *testing.T, b []byte) {
		sameInPieces(t, reseal(b))
	})
}

// reseal lets changed xz data have right sums in its headers, or nothing behind them would ever be tried.
func reseal(b []byte) []byte {
	if !strings.HasPrefix(string(b), xzMagic) || len(b) < xzHead+1 {
		return b
	}
	b = bytes.Clone(b)
	binary.LittleEndian.PutUint32(b[8:], crc32.ChecksumIEEE(b[6:8]))
	if size := int(b[xzHead])*4 + 4; b[xzHead] != 0 && len(b) >= xzHead+size {
		head := b[xzHead:][:size]
		binary.LittleEndian.PutUint32(head[size-4:], crc32.ChecksumIEEE(head[:size-4]))
	}
	return b
}

func rawOf(b []byte) *buffer {
	p := pool{size: smallBuffer}
	raw := p.get(bytes.NewReader(append(bytes.Clone(b), make([]byte, magicSize)...)))
	raw.fill(magicSize)
	return raw
}

// sameInPieces reads b whole and in pieces: the packets, what is said of them and of the file must be the same.
func sameInPieces(t *testing.T, b []byte) {
	want, problems := readBytes(t, b)
	require.LessOrEqual(t, len(slices.DeleteFunc(slices.Clone(problems), isWarning)), 1)
	held := 0
	for _, p := range want {
		held += len(p.Data)
	}
	if packed, _ := unpack(rawOf(b)); packed == nil {
		require.LessOrEqual(t, held, len(b))
	}
	for name, chunk := range chunked {
		packets, said, _ := readAll(t, chunk(bytes.NewReader(b)), "-")
		require.Equal(t, want, packets, name)
		if len(want) > 0 {
			require.Equal(t, problems, said, name)
		}
		require.Equal(t, len(problems), len(said), name)
	}
}

// FuzzFollow lets a file grow in two pieces, in the middle of anything: it is read as it is when it is whole.
func FuzzFollow(f *testing.F) {
	for _, b := range growing() {
		f.Add(b, uint16(len(b)/2))
	}
	f.Add(many("pcapng", 3), uint16(100))
	f.Fuzz(func(t *testing.T, b []byte, cut uint16) {
		if packed, _ := unpack(rawOf(b)); packed != nil {
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
