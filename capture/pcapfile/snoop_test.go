package pcapfile

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/capture/capturetest/rawfile"
	"ftpscope/capture/flow"
)

func TestSnoop(t *testing.T) {
	const us = flow.Microsecond
	for _, test := range []struct {
		name string
		file *rawfile.File
		want []got
	}{
		{"Ethernet", rawfile.Big().Snoop(4).Snooped(1_700_000_000, 7, 0, []byte("abcde"), 1514).Snooped(1_700_000_001, 999_999, 0, []byte("abcd"), 4),
			[]got{{"abcde", 1_700_000_000*flow.Second + 7*us, 1514, 1, 6, 1}, {"abcd", 1_700_000_001*flow.Second + 999_999*us, 4, 1, 6, 2}}},
		{"FDDI, and packets of no bytes", rawfile.Big().Snoop(8).Snooped(1, 0, 0, nil, 0).Snooped(1, 0, 0, nil, 60),
			[]got{{"", flow.Second, 0, 10, 6, 1}, {"", flow.Second, 60, 10, 6, 2}}},
		{"more padding than is needed", rawfile.Big().Snoop(0).U32(1, 1, snoopRecord+100, 0, 1, 0).Raw('a').Raw(make([]byte, 99)...).Snooped(2, 0, 0, []byte("b"), 1),
			[]got{{"a", flow.Second, 1, 1, 6, 1}, {"b", 2 * flow.Second, 1, 1, 6, 2}}},
		{"no packets", rawfile.Big().Snoop(4), nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			packets, problems := readBytes(t, test.file.Bytes)
			require.Empty(t, problems)
			require.Equal(t, test.want, packets)
		})
	}
}

func TestSnoopDrops(t *testing.T) {
	file := rawfile.Big().Snoop(4).Snooped(1, 0, 3, nil, 0).Snooped(2, 0, 3, nil, 0).Snooped(3, 0, 10, nil, 0)
	f := readAll(t, bytes.NewReader(file.Bytes), 256)
	require.Empty(t, f.problems)
	require.Equal(t, uint64(10), f.dropped)
}

func TestSnoopTroubles(t *testing.T) {
	start := func() *rawfile.File { return rawfile.Big().Snoop(4).Snooped(1, 0, 0, []byte("abcd"), 4) } // 16 + 28 bytes
	const before = "; the one packet before it was analyzed"
	for _, test := range []struct {
		name string
		file []byte
		want string
	}{
		{"cut in the file header", start().Bytes[:12], "offset 0: the file ends inside the snoop header: 12 of 16 bytes are there"},
		{"another file that begins so", []byte("snoopy is a dog, this is a text"), "not a capture: it begins as a snoop file does, and is none"},
		{"unknown version", rawfile.Big().Raw([]byte(snoopName)...).U32(3, 4).Bytes, "offset 0: snoop version 3 is not known, only 2 is"},
		{"unknown datalink type", rawfile.Big().Snoop(9).Bytes, "offset 0: snoop datalink type 9 is not known"},
		{"cut in a record header", start().U32(1, 1).Bytes, "offset 44 (packet 2): the file ends inside a packet's header: 8 of 24 bytes are there" + before},
		{"cut in a packet", start().Snooped(2, 0, 0, []byte("abcd"), 4).Bytes[:70], "offset 44 (packet 2): the file ends inside this packet: 26 of 28 bytes are there" + before},
		{"too long", start().U32(1, 1<<30, 1<<30+24, 0, 0, 0).Bytes, "offset 44 (packet 2): record says 1073741824 bytes, at most 262144 make sense" + before},
		{"record shorter than its packet", start().U32(4, 4, 27, 0, 0, 0).Raw(1, 2, 3, 4).Bytes, "offset 44 (packet 2): record says 27 bytes for a packet of 4" + before},
		{"record far longer than its packet", start().U32(4, 4, 5000, 0, 0, 0).Raw(make([]byte, 5000)...).Bytes, "offset 44 (packet 2): record says 5000 bytes for a packet of 4" + before},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, problems := readBytes(t, test.file)
			require.Equal(t, []string{test.want}, problems)
		})
	}
}
