package capturetest

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/capture/capturetest/rawfile"
	"ftpscope/capture/flow"
)

// all is every script's packets, at the times of one capture.
func all(t *testing.T) []Frame {
	var lists [][]Frame
	for _, name := range []string{"passive", "active, IPv6, wrap, FIN with the data", "unreachable", "synch, half closed"} {
		lists = append(lists, MustFrames(t, scripts[name]))
	}
	return Interleave(lists...)
}

func TestPcapIsReadBack(t *testing.T) {
	frames := all(t)
	for name, how := range Encapsulations {
		t.Run(name, func(t *testing.T) {
			frames := Encapsulate(frames, how)
			requireSound(t, frames)
			for _, o := range []PcapOptions{{}, {Nanos: true}, {BigEndian: true}, {Nanos: true, BigEndian: true}} {
				var file, zipped bytes.Buffer
				require.NoError(t, WritePcap(&file, frames, o))
				require.NoError(t, WriteGzip(&zipped, frames, o))
				requireSame(t, frames, reread(t, file.Bytes()))
				requireSame(t, frames, reread(t, zipped.Bytes()))
			}
		})
	}
}

func reread(t *testing.T, file []byte) []Frame {
	t.Helper()
	path := filepath.Join(t.TempDir(), "x.pcap")
	require.NoError(t, os.WriteFile(path, file, 0o600))
	frames, err := ReadPcap(path)
	require.NoError(t, err)
	return frames
}

// requireSame compares frames with those read from a file, where connections have other names and ICMP has no Meta.
func requireSame(t *testing.T, want, got []Frame) {
	t.Helper()
	require.Len(t, got, len(want))
	for i := range want {
		w, g := want[i], got[i]
		require.Equal(t, w.Data, g.Data)
		require.Equal(t, []any{w.Time, w.Link, w.Length}, []any{g.Time, g.Link, g.Length})
		if w.Meta != nil && w.Meta.ICMP == nil {
			require.Equal(t, Segments(want[i:i+1]), Segments(got[i:i+1]))
			require.Equal(t, []any{w.Meta.Dir, w.head, w.body}, []any{g.Meta.Dir, g.head, g.body}, "frame %d", i+1)
			require.Equal(t, w.Data, g.with(*g.Meta).Data, "made anew")
		}
	}
}

func TestMutatorsWorkOnWhatWasRead(t *testing.T) {
	var file bytes.Buffer
	require.NoError(t, WritePcap(&file, Encapsulate(all(t), SLL2), PcapOptions{}))
	frames := reread(t, file.Bytes())
	want := reassemble(t, frames)
	for name, m := range mutations {
		t.Run(name, func(t *testing.T) {
			got := m.do(frames)
			requireSound(t, got)
			require.Equal(t, want, reassemble(t, got))
		})
	}
}

func TestReadPcapSnapped(t *testing.T) {
	var file bytes.Buffer
	frames := Snap(MustFrames(t, scripts["passive"]), 60)
	require.NoError(t, WritePcap(&file, frames, PcapOptions{}))
	got := reread(t, file.Bytes())
	require.Equal(t, Segments(frames), Segments(got))
}

func TestReadPcapErrors(t *testing.T) {
	var whole bytes.Buffer
	require.NoError(t, WritePcap(&whole, MustFrames(t, "S: 220"), PcapOptions{}))
	huge := append(bytes.Clone(whole.Bytes()[:32]), 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0)
	for name, file := range map[string][]byte{
		"empty": nil, "text": []byte("this is no capture at all, is it?"), "cut": whole.Bytes()[:whole.Len()-1],
		"cut header": whole.Bytes()[:30], "huge": huge, "gzip": {0x1f, 0x8b, 8},
	} {
		_, err := readPcap(bytes.NewReader(file))
		require.Error(t, err, name)
	}
}

func TestPcapngBlocks(t *testing.T) {
	frames := MustFrames(t, "S: 220 hello")[:2]
	const section, iface, packet, simple, obsolete, stats, unknown = rawfile.Section, rawfile.Interface, rawfile.Enhanced, rawfile.Simple, rawfile.Obsolete, rawfile.Stats, ngUnknown
	for _, test := range []struct {
		name string
		o    NgOptions
		want []uint32
	}{
		{"plain", NgOptions{}, []uint32{section, iface, packet, packet}},
		{"big-endian", NgOptions{BigEndian: true}, []uint32{section, iface, packet, packet}},
		{"sections", NgOptions{Sections: 2, Alternate: true, SectionLength: true}, []uint32{section, iface, packet, section, iface, packet}},
		{"interfaces", NgOptions{Interfaces: 2, Resolutions: []byte{9, 6}}, []uint32{section, iface, iface, packet, packet}},
		{"simple", NgOptions{Block: Simple}, []uint32{section, iface, simple, simple}},
		{"obsolete", NgOptions{Block: Obsolete}, []uint32{section, iface, obsolete, obsolete}},
		{"drops", NgOptions{Drops: []uint64{5, 6}}, []uint32{section, iface, packet, packet, stats}},
		{"extras", NgOptions{Extras: true, Offset: 9}, []uint32{section, iface, unknown, packet, unknown, packet}},
	} {
		t.Run(test.name, func(t *testing.T) {
			var file bytes.Buffer
			require.NoError(t, WritePcapng(&file, frames, test.o))
			require.Equal(t, test.want, blocks(t, file.Bytes()))
		})
	}
}

// blocks lists the types of a pcapng file's blocks and demands that each has its length twice.
func blocks(t *testing.T, file []byte) (types []uint32) {
	t.Helper()
	bo := binary.ByteOrder(binary.LittleEndian)
	for len(file) > 0 {
		if binary.BigEndian.Uint32(file) == rawfile.Section {
			bo = binary.LittleEndian
			if binary.BigEndian.Uint32(file[8:]) == rawfile.ByteOrder {
				bo = binary.BigEndian
			}
		}
		n := bo.Uint32(file[4:])
		require.Zero(t, n%4)
		require.Equal(t, n, bo.Uint32(file[n-4:]))
		types, file = append(types, bo.Uint32(file)), file[n:]
	}
	return types
}

func TestPcapngBytes(t *testing.T) {
	frames := []Frame{{Time: 1<<32*flow.Microsecond + 2000, Link: LinkSLL2, Data: []byte("abcde"), Length: 9}}
	var file bytes.Buffer
	require.NoError(t, WritePcapng(&file, frames, NgOptions{BigEndian: true, Resolutions: []byte{6}, SnapLen: 5}))
	require.Equal(t, strings.Join([]string{
		"0a0d0d0a 0000001c 1a2b3c4d 0001 0000 ffffffffffffffff 0000001c",
		"00000001 00000020 0114 0000 00000005 0009 0001 06000000 0000 0000 00000020",
		"00000006 00000028 00000000 00000001 00000002 00000005 00000009 6162636465000000 00000028",
	}, " "), group(file.Bytes()))
}

// group writes hexadecimal in the groups that TestPcapngBytes expects.
func group(b []byte) string {
	var out []string
	for _, n := range []int{4, 4, 4, 2, 2, 8, 4, 4, 4, 2, 2, 4, 2, 2, 4, 2, 2, 4, 4, 4, 4, 4, 4, 4, 4, 8, 4} {
		out = append(out, hex.EncodeToString(b[:n]))
		b = b[n:]
	}
	return strings.Join(out, " ")
}

func TestPcapngTimestamps(t *testing.T) {
	const at = Start + 123456789
	for _, test := range []struct {
		resolution byte
		want       uint64
	}{
		{0, 1700000000}, {3, 1700000000123}, {6, 1700000000123456}, {9, 1700000000123456789},
		{10, 17000000001234567890}, {0x80, 1700000001}, {0x80 | 8, 1700000000<<8 + 32},
	} {
		got, err := timestamp(at, test.resolution)
		require.NoError(t, err)
		require.Equal(t, test.want, got, test.resolution)
	}
	for _, resolution := range []byte{12, 19, 127, 0x80 | 40, 0x80 | 63, 0xff} {
		_, err := timestamp(at, resolution)
		require.Error(t, err, resolution)
	}
	_, err := timestamp(-1, 6)
	require.Error(t, err)
}

func TestSimplePacketsNeedOneLinkType(t *testing.T) {
	frames := MustFrames(t, "S: 220")
	mixed := append(frames, Encapsulate(frames, Raw)...)
	require.EqualError(t, WritePcapng(io.Discard, mixed, NgOptions{Block: Simple}), "frame 5: link type 101 in a Simple Packet Block")
	require.NoError(t, WritePcapng(io.Discard, mixed, NgOptions{Block: Obsolete}))
}
