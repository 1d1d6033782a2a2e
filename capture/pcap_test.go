package capture

import (
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/capture/flow"
)

func TestPcap(t *testing.T) {
	const at = 1_700_000_000
	for _, test := range []struct {
		name string
		file *build
		want []got
	}{
		{"microseconds, little-endian", little().pcap(pcapMicro, 1).record(at, 999_999, []byte("abc"), 3),
			[]got{{"abc", at*flow.Second + 999_999*flow.Microsecond, 3, 1, 6, 1}}},
		{"microseconds, big-endian", big().pcap(pcapMicro, 276).record(at, 5, []byte("abc"), 1514),
			[]got{{"abc", at*flow.Second + 5*flow.Microsecond, 1514, 276, 6, 1}}},
		{"nanoseconds, little-endian", little().pcap(pcapNano, 113).record(at, 999_999_999, nil, 60),
			[]got{{"", at*flow.Second + 999_999_999, 60, 113, 9, 1}}},
		{"nanoseconds, big-endian", big().pcap(pcapNano, 1).record(at, 7, []byte("x"), 1),
			[]got{{"x", at*flow.Second + 7, 1, 1, 9, 1}}},
		{"modified", little().pcap(pcapModified, 1).u32(at, 1, 2, 2).raw(make([]byte, 8)...).raw([]byte("hi")...),
			[]got{{"hi", at*flow.Second + flow.Microsecond, 2, 1, 6, 1}}},
		{"Ixia's of software", little().pcap(pcapIxiaSoft, 1).u32(17).record(at, 5, []byte("a"), 1),
			[]got{{"a", at*flow.Second + 5*flow.Microsecond, 1, 1, 6, 1}}},
		{"Ixia's of hardware, big-endian", big().pcap(pcapIxiaHard, 113).u32(17).record(at, 5, []byte("a"), 1),
			[]got{{"a", at*flow.Second + 5, 1, 113, 9, 1}}},
		{"modified, big-endian", big().pcap(pcapModified, 1).u32(at, 1, 2, 2).raw(make([]byte, 8)...).raw([]byte("hi")...).u32(at, 2, 0, 60).raw(make([]byte, 8)...),
			[]got{{"hi", at*flow.Second + flow.Microsecond, 2, 1, 6, 1}, {"", at*flow.Second + 2*flow.Microsecond, 60, 1, 6, 2}}},
		{"after 2038", little().pcap(pcapMicro, 1).record(1<<31+7, 0, []byte("a"), 1), []got{{"a", (1<<31 + 7) * flow.Second, 1, 1, 6, 1}}},
		{"clock steps backwards: the order is the file's", little().pcap(pcapMicro, 1).record(9, 0, []byte("a"), 1).record(2, 0, []byte("b"), 1).record(8, 0, []byte("c"), 1),
			[]got{{"a", 9 * flow.Second, 1, 1, 6, 1}, {"b", 2 * flow.Second, 1, 1, 6, 2}, {"c", 8 * flow.Second, 1, 1, 6, 3}}},
		{"packets of no bytes", little().pcap(pcapMicro, 1).record(1, 0, nil, 0).record(2, 0, nil, 0).record(3, 0, []byte("a"), 1),
			[]got{{"", flow.Second, 0, 1, 6, 1}, {"", 2 * flow.Second, 0, 1, 6, 2}, {"a", 3 * flow.Second, 1, 1, 6, 3}}},
		{"frame check sequence bits are not the link type", little().pcap(pcapMicro, 0x44000001).record(0, 0, nil, 0),
			[]got{{"", 0, 0, 1, 6, 1}}},
		{"wire length below the captured one", little().pcap(pcapMicro, 1).record(1, 0, []byte("abcd"), 2),
			[]got{{"abcd", flow.Second, 4, 1, 6, 1}}},
		{"the last second of the format", little().pcap(pcapMicro, 1).record(0xffffffff, 0xffffffff, nil, 0),
			[]got{{"", 0xffffffff*flow.Second + 0xffffffff*flow.Microsecond, 0, 1, 6, 1}}},
		{"joined by cat", little().pcap(pcapMicro, 1).record(1, 0, []byte("a"), 1).raw(little().pcap(pcapMicro, 276).record(2, 0, []byte("b"), 1).b...),
			[]got{{"a", flow.Second, 1, 1, 6, 1}, {"b", 2 * flow.Second, 1, 276, 6, 2}}},
		{"joined by cat, big-endian, the second empty", big().pcap(pcapNano, 1).record(1, 0, []byte("a"), 1).raw(big().pcap(pcapNano, 1).b...),
			[]got{{"a", flow.Second, 1, 1, 9, 1}}},
		{"no packets", little().pcap(pcapMicro, 1), nil},
		{"longer than the snapshot length", little().u32(pcapMicro).u16(2, 4).u32(0, 0, 0, 1).record(1, 0, make([]byte, maxPacket), maxPacket),
			[]got{{string(make([]byte, maxPacket)), flow.Second, maxPacket, 1, 6, 1}}},
	} {
		t.Run(test.name, func(t *testing.T) {
			packets, problems := readBytes(t, test.file.b)
			require.Empty(t, problems)
			require.Equal(t, test.want, packets)
		})
	}
}

func TestPcapTroubles(t *testing.T) {
	two := func() *build {
		return little().pcap(pcapMicro, 1).record(1, 0, make([]byte, 100), 100).record(2, 0, make([]byte, 60), 60)
	}
	for _, test := range []struct {
		name    string
		file    []byte
		packets int
		want    string
	}{
		{"cut in the file header", two().b[:20], 0, "stdin: offset 0: the file ends inside the pcap header: 20 of 24 bytes are there"},
		{"cut in the first packet", two().b[:100], 0, "stdin: offset 24 (packet 1): the file ends inside this packet: 76 of 116 bytes are there"},
		{"cut in a record header", two().b[:150], 1,
			"stdin: offset 140 (packet 2): the file ends inside a packet's header: 10 of 16 bytes are there; the one packet before it was analyzed"},
		{"cut in a packet", two().b[:200], 1,
			"stdin: offset 140 (packet 2): the file ends inside this packet: 60 of 76 bytes are there; the one packet before it was analyzed"},
		{"corrupt length", two().u32(3, 0, 3221225472, 60).raw(make([]byte, 500)...).b, 2,
			"stdin: offset 216 (packet 3): record says 3221225472 bytes, at most 262144 make sense; the 2 packets before it were analyzed"},
		{"length above the limit by one", two().u32(3, 0, maxPacket+1, 60).b, 2,
			"stdin: offset 216 (packet 3): record says 262145 bytes, at most 262144 make sense; the 2 packets before it were analyzed"},
		{"a variant that nobody knows", little().pcap(0xa12b3c4d, 1).b, 0,
			"stdin: not a capture (neither pcap, pcapng nor snoop): it looks like a capture in Navtel's variant of pcap, which is not published"},
		{"another", big().pcap(0xa1b234cd, 1).b, 0,
			"stdin: not a capture (neither pcap, pcapng nor snoop): it looks like a capture in Mesquita's variant of pcap, which is not published"},
		{"cut in Ixia's header", little().pcap(pcapIxiaSoft, 1).b, 0, "stdin: offset 0: the file ends inside the pcap header: 24 of 28 bytes are there"},
		{"unknown version", little().u32(pcapMicro).u16(3, 7).u32(0, 0, 0, 1).b, 0, "stdin: offset 0: pcap version 3.7 is not known, only 2.4 is"},
		{"unknown version, big-endian", big().u32(pcapMicro).u16(3, 7).u32(0, 0, 0, 1).b, 0, "stdin: offset 0: pcap version 3.7 is not known, only 2.4 is"},
	} {
		t.Run(test.name, func(t *testing.T) {
			packets, problems := readBytes(t, test.file)
			require.Len(t, packets, test.packets)
			require.Equal(t, []string{test.want}, problems)
		})
	}
	t.Run("the disk fails", func(t *testing.T) {
		packets, problems, c := readAll(t, failing(two().b), "-")
		require.Len(t, packets, 2)
		require.Equal(t, []string{"stdin: offset 216: input/output error; the 2 packets before it were analyzed"}, problems)
		require.Equal(t, []string{"stdin"}, c.Stats().Truncated)
		require.Equal(t, 1, c.Stats().Errors)
	})
}

// Wherever a file is cut, what is whole before the cut is read, and there is one error or none.
func TestPcapCutAnywhere(t *testing.T) {
	file := little().pcap(pcapMicro, 1)
	ends := []int{len(file.b)}
	for i := range 5 {
		ends = append(ends, len(file.record(uint32(i), 0, make([]byte, i*7), 100).b))
	}
	for n := range file.b {
		packets, problems := readBytes(t, file.b[:n])
		whole := 0
		for whole < 5 && ends[whole+1] <= n {
			whole++
		}
		require.Len(t, packets, whole, "%d bytes", n)
		if n == ends[whole] {
			require.Empty(t, problems, "%d bytes", n)
		} else {
			require.Len(t, problems, 1, "%d bytes", n)
		}
	}
}
