package pcapfile

import (
	"bytes"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/capture/capturetest/rawfile"
)

func FuzzPcap(f *testing.F) {
	f.Add(rawfile.Many("pcap", 3))
	f.Add(rawfile.Big().Pcap(pcapNano, 276).Record(1, 2, []byte("abc"), 100).Bytes)
	f.Add(rawfile.Little().Pcap(pcapMicro, 1).U32(3, 0, 3221225472, 60).Raw(make([]byte, 100)...).Bytes)
	f.Fuzz(sameInPieces)
}

func FuzzPcapng(f *testing.F) {
	f.Add(rawfile.Many("pcapng", 3))
	w := rawfile.Big()
	w.Section().Iface(1, 4, w.Option(optTsResol, 0x8a), w.Option(optTsOffset, w.U64(1000)...)).Iface(113, 0, w.Option(optTsResol, 12))
	w.Enhanced(1, 1<<40, []byte("abcde"), 9).Simple([]byte("abcd"), 9).Obsolete(0, 77, []byte("x"), 1).Stats(0, w.Option(optIfDropped, w.U64(9)...))
	f.Add(append(w.Bytes, rawfile.Many("pcapng", 3)...))
	f.Add(rawfile.Little().Section().Block(10, make([]byte, 200)).Iface(1, 0).Enhanced(0, 1, nil, 0).Block(0xbad, nil).Bytes)
	f.Fuzz(sameInPieces)
}

func FuzzSnoop(f *testing.F) {
	f.Add(rawfile.Big().Snoop(4).Snooped(1, 2, 3, []byte("abc"), 100).Snooped(1, 2, 9, nil, 0).Bytes)
	f.Add(rawfile.Big().Snoop(8).U32(4, 4, 5000, 0, 0, 0).Raw(make([]byte, 5000)...).Bytes)
	f.Fuzz(sameInPieces)
}

// sameInPieces reads b whole and in pieces: the packets, what is said of them and of the
// file must be the same.
func sameInPieces(t *testing.T, b []byte) {
	want := readAll(t, bytes.NewReader(b), 256)
	require.LessOrEqual(t, len(slices.DeleteFunc(slices.Clone(want.problems), isWarning)), 1)
	held := 0
	for _, p := range want.packets {
		held += len(p.Data)
	}
	require.LessOrEqual(t, held, len(b))
	for name, chunk := range chunked {
		have := readAll(t, chunk(bytes.NewReader(b)), 7)
		if len(want.packets) == 0 { // a damaged header may be judged by as much of it as is there
			require.Equal(t, len(want.problems), len(have.problems), name)
			have.problems = want.problems
		}
		require.Equal(t, want, have, name)
	}
}
