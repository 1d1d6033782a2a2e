package pcapfile

import (
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/capture/capturetest/rawfile"
	"ftpscope/capture/flow"
)

func TestPcap(t *testing.T) {
	const at = 1_700_000_000
	for _, test := range []struct {
		name string
		file *rawfile.File
		want []got
	}{
		{"microseconds, little-endian", rawfile.Little().Pcap(pcapMicro, 1).Record(at, 999_999, []byte("abc"), 3),
			[]got{{"abc", at*flow.Second + 999_999*flow.Microsecond, 3, 1, 6, 1}}},
		{"microseconds, big-endian", rawfile.Big().Pcap(pcapMicro, 276).Record(at, 5, []byte("abc"), 1514),
			[]got{{"abc", at*flow.Second + 5*flow.Microsecond, 1514, 276, 6, 1}}},
		{"nanoseconds, little-endian", rawfile.Little().Pcap(pcapNano, 113).Record(at, 999_999_999, nil, 60),
			[]got{{"", at*flow.Second + 999_999_999, 60, 113, 9, 1}}},
		{"nanoseconds, big-endian", rawfile.Big().Pcap(pcapNano, 1).Record(at, 7, []byte("x"), 1),
			[]got{{"x", at*flow.Second + 7, 1, 1, 9, 1}}},
		{"modified", rawfile.Little().Pcap(pcapModified, 1).U32(at, 1, 2, 2).Raw(make([]byte, 8)...).Raw([]byte("hi")...),
			[]got{{"hi", at*flow.Second + flow.Microsecond, 2, 1, 6, 1}}},
		{"Ixia's of software", rawfile.Little().Pcap(pcapIxiaSoft, 1).U32(17).Record(at, 5, []byte("a"), 1),
			[]got{{"a", at*flow.Second + 5*flow.Microsecond, 1, 1, 6, 1}}},
		{"Ixia's of hardware, big-endian", rawfile.Big().Pcap(pcapIxiaHard, 113).U32(17).Record(at, 5, []byte("a"), 1),
			[]got{{"a", at*flow.Second + 5, 1, 113, 9, 1}}},
		{"modified, big-endian", rawfile.Big().Pcap(pcapModified, 1).U32(at, 1, 2, 2).Raw(make([]byte, 8)...).Raw([]byte("hi")...).U32(at, 2, 0, 60).Raw(make([]byte, 8)...),
			[]got{{"hi", at*flow.Second + flow.Microsecond, 2, 1, 6, 1}, {"", at*flow.Second + 2*flow.Microsecond, 60, 1, 6, 2}}},
		{"after 2038", rawfile.Little().Pcap(pcapMicro, 1).Record(1<<31+7, 0, []byte("a"), 1), []got{{"a", (1<<31 + 7) * flow.Second, 1, 1, 6, 1}}},
		{"clock steps backwards: the order is the file's", rawfile.Little().Pcap(pcapMicro, 1).Record(9, 0, []byte("a"), 1).Record(2, 0, []byte("b"), 1).Record(8, 0, []byte("c"), 1),
			[]got{{"a", 9 * flow.Second, 1, 1, 6, 1}, {"b", 2 * flow.Second, 1, 1, 6, 2}, {"c", 8 * flow.Second, 1, 1, 6, 3}}},
		{"packets of no bytes", rawfile.Little().Pcap(pcapMicro, 1).Record(1, 0, nil, 0).Record(2, 0, nil, 0).Record(3, 0, []byte("a"), 1),
			[]got{{"", flow.Second, 0, 1, 6, 1}, {"", 2 * flow.Second, 0, 1, 6, 2}, {"a", 3 * flow.Second, 1, 1, 6, 3}}},
		{"frame check sequence bits are not the link type", rawfile.Little().Pcap(pcapMicro, 0x44000001).Record(0, 0, nil, 0),
			[]got{{"", 0, 0, 1, 6, 1}}},
		{"wire length below the captured one", rawfile.Little().Pcap(pcapMicro, 1).Record(1, 0, []byte("abcd"), 2),
			[]got{{"abcd", flow.Second, 4, 1, 6, 1}}},
		{"the last second of the format", rawfile.Little().Pcap(pcapMicro, 1).Record(0xffffffff, 0xffffffff, nil, 0),
			[]got{{"", 0xffffffff*flow.Second + 0xffffffff*flow.Microsecond, 0, 1, 6, 1}}},
		{"joined by cat", rawfile.Little().Pcap(pcapMicro, 1).Record(1, 0, []byte("a"), 1).Raw(rawfile.Little().Pcap(pcapMicro, 276).Record(2, 0, []byte("b"), 1).Bytes...),
			[]got{{"a", flow.Second, 1, 1, 6, 1}, {"b", 2 * flow.Second, 1, 276, 6, 2}}},
		{"joined by cat, big-endian, the second empty", rawfile.Big().Pcap(pcapNano, 1).Record(1, 0, []byte("a"), 1).Raw(rawfile.Big().Pcap(pcapNano, 1).Bytes...),
			[]got{{"a", flow.Second, 1, 1, 9, 1}}},
		{"no packets", rawfile.Little().Pcap(pcapMicro, 1), nil},
		{"longer than the snapshot length", rawfile.Little().U32(pcapMicro).U16(2, 4).U32(0, 0, 0, 1).Record(1, 0, make([]byte, MaxPacket), MaxPacket),
			[]got{{string(make([]byte, MaxPacket)), flow.Second, MaxPacket, 1, 6, 1}}},
	} {
		t.Run(test.name, func(t *testing.T) {
			packets, problems := readBytes(t, test.file.Bytes)
			require.Empty(t, problems)
			require.Equal(t, test.want, packets)
		})
	}
}

func TestPcapTroubles(t *testing.T) {
	two := func() *rawfile.File {
		return rawfile.Little().Pcap(pcapMicro, 1).Record(1, 0, make([]byte, 100), 100).Record(2, 0, make([]byte, 60), 60)
	}
	for _, test := range []struct {
		name    string
		file    []byte
		packets int
		want    string
	}{
		{"cut in the file header", two().Bytes[:20], 0, "offset 0: the file ends inside the pcap header: 20 of 24 bytes are there"},
		{"cut in the first packet", two().Bytes[:100], 0, "offset 24 (packet 1): the file ends inside this packet: 76 of 116 bytes are there"},
		{"cut in a record header", two().Bytes[:150], 1,
			"offset 140 (packet 2): the file ends inside a packet's header: 10 of 16 bytes are there; the one packet before it was analyzed"},
		{"cut in a packet", two().Bytes[:200], 1,
			"offset 140 (packet 2): the file ends inside this packet: 60 of 76 bytes are there; the one packet before it was analyzed"},
		{"corrupt length", two().U32(3, 0, 3221225472, 60).Raw(make([]byte, 500)...).Bytes, 2,
			"offset 216 (packet 3): record says 3221225472 bytes, at most 262144 make sense; the 2 packets before it were analyzed"},
		{"length above the limit by one", two().U32(3, 0, MaxPacket+1, 60).Bytes, 2,
			"offset 216 (packet 3): record says 262145 bytes, at most 262144 make sense; the 2 packets before it were analyzed"},
		{"a variant that nobody knows", rawfile.Little().Pcap(0xa12b3c4d, 1).Bytes, 0, "neither pcap, pcapng nor snoop"},
		{"cut in Ixia's header", rawfile.Little().Pcap(pcapIxiaSoft, 1).Bytes, 0, "offset 0: the file ends inside the pcap header: 24 of 28 bytes are there"},
		{"unknown version", rawfile.Little().U32(pcapMicro).U16(3, 7).U32(0, 0, 0, 1).Bytes, 0, "offset 0: pcap version 3.7 is not known, only 2.4 is"},
		{"unknown version, big-endian", rawfile.Big().U32(pcapMicro).U16(3, 7).U32(0, 0, 0, 1).Bytes, 0, "offset 0: pcap version 3.7 is not known, only 2.4 is"},
	} {
		t.Run(test.name, func(t *testing.T) {
			packets, problems := readBytes(t, test.file)
			require.Len(t, packets, test.packets)
			require.Equal(t, []string{test.want}, problems)
		})
	}
	t.Run("the disk fails", func(t *testing.T) {
		f := readAll(t, failing(two().Bytes), 256)
		require.Len(t, f.packets, 2)
		require.Equal(t, []string{"offset 216: input/output error; the 2 packets before it were analyzed"}, f.problems)
	})
}

// Wherever a file is cut, what is whole before the cut is read, and there is one error or
// none.
func TestPcapCutAnywhere(t *testing.T) {
	file := rawfile.Little().Pcap(pcapMicro, 1)
	ends := []int{len(file.Bytes)}
	for i := range 5 {
		ends = append(ends, len(file.Record(uint32(i), 0, make([]byte, i*7), 100).Bytes))
	}
	for n := range file.Bytes {
		packets, problems := readBytes(t, file.Bytes[:n])
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
