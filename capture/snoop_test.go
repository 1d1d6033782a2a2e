package capture

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/capture/flow"
)

// snoop writes a snoop file's header.
func (w *build) snoop(kind uint32) *build { return w.raw([]byte(snoopName)...).u32(snoopVersion, kind) }

// snooped writes a packet of a snoop file.
func (w *build) snooped(sec, micro, drops uint32, data []byte, length uint32) *build {
	pad := -len(data) & 3
	return w.u32(length, uint32(len(data)), uint32(snoopRecord+len(data)+pad), drops, sec, micro).raw(data...).raw(make([]byte, pad)...)
}

func TestSnoop(t *testing.T) {
	const us = flow.Microsecond
	for _, test := range []struct {
		name string
		file *build
		want []got
	}{
		{"Ethernet", big().snoop(4).snooped(1_700_000_000, 7, 0, []byte("abcde"), 1514).snooped(1_700_000_001, 999_999, 0, []byte("abcd"), 4),
			[]got{{"abcde", 1_700_000_000*flow.Second + 7*us, 1514, 1, 6, 1}, {"abcd", 1_700_000_001*flow.Second + 999_999*us, 4, 1, 6, 2}}},
		{"FDDI, and packets of no bytes", big().snoop(8).snooped(1, 0, 0, nil, 0).snooped(1, 0, 0, nil, 60),
			[]got{{"", flow.Second, 0, 10, 6, 1}, {"", flow.Second, 60, 10, 6, 2}}},
		{"more padding than is needed", big().snoop(0).u32(1, 1, snoopRecord+100, 0, 1, 0).raw('a').raw(make([]byte, 99)...).snooped(2, 0, 0, []byte("b"), 1),
			[]got{{"a", flow.Second, 1, 1, 6, 1}, {"b", 2 * flow.Second, 1, 1, 6, 2}}},
		{"no packets", big().snoop(4), nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			packets, problems := readBytes(t, test.file.b)
			require.Empty(t, problems)
			require.Equal(t, test.want, packets)
		})
	}
}

func TestSnoopDrops(t *testing.T) {
	file := big().snoop(4).snooped(1, 0, 3, nil, 0).snooped(2, 0, 3, nil, 0).snooped(3, 0, 10, nil, 0)
	_, problems, c := readAll(t, bytes.NewReader(file.b), "-")
	require.Empty(t, problems)
	require.Equal(t, uint64(10), c.Stats().Dropped)
}

func TestSnoopTroubles(t *testing.T) {
	start := func() *build { return big().snoop(4).snooped(1, 0, 0, []byte("abcd"), 4) } // 16 + 28 bytes
	const before = "; the one packet before it was analyzed"
	for _, test := range []struct {
		name string
		file []byte
		want string
	}{
		{"cut in the file header", start().b[:12], "stdin: offset 0: the file ends inside the snoop header: 12 of 16 bytes are there"},
		{"another file that begins so", []byte("snoopy is a dog, this is a text"), "stdin: not a capture: it begins as a snoop file does, and is none"},
		{"unknown version", big().raw([]byte(snoopName)...).u32(3, 4).b, "stdin: offset 0: snoop version 3 is not known, only 2 is"},
		{"unknown datalink type", big().snoop(9).b, "stdin: offset 0: snoop datalink type 9 is not known"},
		{"cut in a record header", start().u32(1, 1).b, "stdin: offset 44 (packet 2): the file ends inside a packet's header: 8 of 24 bytes are there" + before},
		{"cut in a packet", start().snooped(2, 0, 0, []byte("abcd"), 4).b[:70], "stdin: offset 44 (packet 2): the file ends inside this packet: 26 of 28 bytes are there" + before},
		{"too long", start().u32(1, 1<<30, 1<<30+24, 0, 0, 0).b, "stdin: offset 44 (packet 2): record says 1073741824 bytes, at most 262144 make sense" + before},
		{"record shorter than its packet", start().u32(4, 4, 27, 0, 0, 0).raw(1, 2, 3, 4).b, "stdin: offset 44 (packet 2): record says 27 bytes for a packet of 4" + before},
		{"record far longer than its packet", start().u32(4, 4, 5000, 0, 0, 0).raw(make([]byte, 5000)...).b, "stdin: offset 44 (packet 2): record says 5000 bytes for a packet of 4" + before},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, problems := readBytes(t, test.file)
			require.Equal(t, []string{test.want}, problems)
		})
	}
}
