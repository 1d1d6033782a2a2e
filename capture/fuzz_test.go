package capture

import (
	"bytes"
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

// sameInPieces reads b whole and in pieces: the packets, what is said of them and of the file must be the same.
func sameInPieces(t *testing.T, b []byte) {
	want, problems := readBytes(t, b)
	require.LessOrEqual(t, len(problems), 1)
	held := 0
	for _, p := range want {
		held += len(p.Data)
	}
	if len(b) > 4 && b[0] != 0x1f && b[0] != 0x28 && b[0]&0xf0 != 0x50 {
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
