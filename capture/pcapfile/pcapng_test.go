package pcapfile

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/capture/capturetest/rawfile"
	"ftpscope/capture/flow"
)

func TestPcapng(t *testing.T) {
	const us, ns = flow.Microsecond, flow.Time(1)
	for _, test := range []struct {
		name string
		file *rawfile.File
		want []got
	}{
		{"enhanced packets, little-endian", rawfile.Little().Section().Iface(1, 0).Enhanced(0, 1_000_001, []byte("abcde"), 1514),
			[]got{{"abcde", flow.Second + us, 1514, 1, 6, 1}}},
		{"enhanced packets, big-endian", rawfile.Big().Section().Iface(276, 0).Enhanced(0, 1<<40, []byte("abc"), 3),
			[]got{{"abc", 1 << 40 * us, 3, 276, 6, 1}}},
		{"simple packets: cut at the snapshot length, at the time before", rawfile.Little().Section().Iface(1, 4).
			Enhanced(0, 9, []byte("abcd"), 4).Simple([]byte("efgh"), 100).Simple([]byte("i"), 1),
			[]got{{"abcd", 9 * us, 4, 1, 6, 1}, {"efgh", 9 * us, 100, 1, 6, 2}, {"i", 9 * us, 1, 1, 6, 3}}},
		{"obsolete packets", rawfile.Big().Section().Iface(1, 0).Iface(113, 0).Obsolete(1, 5, []byte("abcdef"), 6),
			[]got{{"abcdef", 5 * us, 6, 113, 6, 1}}},
		{"interfaces of several link types and clocks", func() *rawfile.File {
			w := rawfile.Little()
			w.Section().Iface(1, 0).Iface(113, 0, w.Option(optTsResol, 9), w.Option(optEnd))
			return w.Enhanced(1, 7, nil, 0).Enhanced(0, 7, nil, 0).Iface(12, 0, w.Option(1, []byte("a comment")...), w.Option(optTsResol, 3)).Enhanced(2, 7, nil, 0)
		}(), []got{{"", 7 * ns, 0, 113, 9, 1}, {"", 7 * us, 0, 1, 6, 2}, {"", 7 * flow.Millisecond, 0, 12, 3, 3}}},
		{"clock with an offset", func() *rawfile.File {
			w := rawfile.Big()
			w.Section().Iface(1, 0, w.Option(optTsResol, 6), w.Option(optTsOffset, w.U64(1_700_000_000)...))
			return w.Enhanced(0, 5, nil, 0)
		}(), []got{{"", 1_700_000_000*flow.Second + 5*us, 0, 1, 6, 1}}},
		{"sections of both byte orders", func() *rawfile.File {
			w := rawfile.Little().Section().Iface(1, 0).Enhanced(0, 1, []byte("a"), 1)
			v := rawfile.Big().Section().Iface(113, 0).Enhanced(0, 2, []byte("b"), 1)
			return w.Raw(v.Bytes...).Section().Iface(276, 0).Enhanced(0, 3, []byte("c"), 1)
		}(), []got{{"a", 1 * us, 1, 1, 6, 1}, {"b", 2 * us, 1, 113, 6, 2}, {"c", 3 * us, 1, 276, 6, 3}}},
		{"names, secrets, journal entries, custom and local blocks are passed over", rawfile.Little().Section().Block(blockNames, make([]byte, 100)).Iface(1, 0).
			Block(blockCustom, make([]byte, 40)).Enhanced(0, 1, []byte("a"), 1).Block(blockSecrets, make([]byte, 2<<20)).
			Block(blockJournal, []byte("MESSAGE=hello\n")).Enhanced(0, 2, []byte("b"), 1).Block(blockOwn, nil).Block(0x80000001, nil),
			[]got{{"a", 1 * us, 1, 1, 6, 1}, {"b", 2 * us, 1, 1, 6, 2}}},
		{"the length that a section says of itself is no matter", func() *rawfile.File {
			w := rawfile.Big()
			for i, length := range []uint32{0, 32, 4, 1<<32 - 1} {
				w.Block(blockSection, w.Body().U32(byteOrderMagic).U16(1, 0).U32(0, length).Raw(w.Option(1, []byte("a comment")...)...).Bytes)
				w.Iface(1, 0).Enhanced(0, uint64(i), []byte{byte('a' + i)}, 1)
			}
			return w
		}(), []got{{"a", 0, 1, 1, 6, 1}, {"b", 1 * us, 1, 1, 6, 2}, {"c", 2 * us, 1, 1, 6, 3}, {"d", 3 * us, 1, 1, 6, 4}}},
		{"blocks of the most bytes that make sense", func() *rawfile.File {
			w := rawfile.Little().Section().Iface(1, 0).Block(blockSecrets, make([]byte, maxBlock-blockFrame))
			w.Block(blockInterface, append(w.Body().U16(113, 0).U32(0).Bytes, make([]byte, maxBlock-blockFrame-8)...))
			body := w.Body().U32(1, 0, 7, 2, 2).Raw('h', 'i', 0, 0)
			return w.Block(blockEnhanced, append(body.Bytes, make([]byte, maxBlock-blockFrame-len(body.Bytes))...)).Enhanced(0, 8, nil, 0)
		}(), []got{{"hi", 7 * us, 2, 113, 6, 1}, {"", 8 * us, 0, 1, 6, 2}}},
		{"a clock of nanoseconds in a section, of 2^-10 s in the next", func() *rawfile.File {
			w := rawfile.Little()
			w.Section().Iface(1, 0, w.Option(optTsResol, 9)).Obsolete(0, 5, nil, 0)
			return w.Section().Iface(1, 0, w.Option(optTsResol, 0x80|10), w.Option(optTsOffset, w.U64(100)...)).Enhanced(0, 512, nil, 0).Simple(nil, 0)
		}(), []got{{"", 5 * ns, 0, 1, 9, 1}, {"", 100*flow.Second + flow.Second/2, 0, 1, 4, 2}, {"", 100*flow.Second + flow.Second/2, 0, 1, 4, 3}}},
		{"clock steps backwards: the order is the file's", rawfile.Little().Section().Iface(1, 0).Enhanced(0, 9, []byte("a"), 1).Enhanced(0, 3, []byte("b"), 1).Enhanced(0, 8, []byte("c"), 1),
			[]got{{"a", 9 * us, 1, 1, 6, 1}, {"b", 3 * us, 1, 1, 6, 2}, {"c", 8 * us, 1, 1, 6, 3}}},
		{"options of a packet are passed over", func() *rawfile.File {
			w := rawfile.Little().Section().Iface(1, 0)
			body := w.Body().U32(0, 0, 8, 2, 2).Raw('h', 'i', 0, 0).Raw(w.Option(2, 1, 0, 0, 0)...).Raw(w.Option(optEnd)...)
			return w.Block(blockEnhanced, body.Bytes).Enhanced(0, 9, nil, 0)
		}(), []got{{"hi", 8 * us, 2, 1, 6, 1}, {"", 9 * us, 0, 1, 6, 2}}},
		{"no packets", rawfile.Little().Section().Iface(1, 0), nil},
		{"nothing but a section", rawfile.Big().Section(), nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			packets, problems := readBytes(t, test.file.Bytes)
			require.Empty(t, problems)
			require.Equal(t, test.want, packets)
		})
	}
}

func TestPcapngTroubles(t *testing.T) {
	// start is a section, an interface and a packet: 28 + 20 + 36 bytes.
	start := func() *rawfile.File { return rawfile.Little().Section().Iface(1, 0).Enhanced(0, 1, []byte("abcd"), 4) }
	const offset, before = "offset 84", "; the one packet before it was analyzed"
	patch := func(w *rawfile.File, at int, v uint32) []byte {
		w.Order.PutUint32(w.Bytes[at:], v)
		return w.Bytes
	}
	more := func() *rawfile.File { return start().Enhanced(0, 2, []byte("efgh"), 4) }
	for _, test := range []struct {
		name string
		file []byte
		want string
	}{
		{"cut in a block's header", more().Bytes[:90], offset + ": the file ends inside a block's header: 6 of 12 bytes are there" + before},
		{"cut in a packet", more().Bytes[:110], offset + " (packet 2): the file ends inside this enhanced packet block: 26 of 36 bytes are there" + before},
		{"cut in a skipped block", start().Block(10, make([]byte, 100)).Bytes[:100], offset + ": the file ends inside a block of type 10: 16 of 112 bytes are there" + before},
		{"length too large", patch(more(), 88, 0xc0000000), offset + " (packet 2): block says 3221225472 bytes, at most 16777216 make sense" + before},
		{"length too small", patch(more(), 88, 16), offset + " (packet 2): block says 16 bytes, its kind has at least 32" + before},
		{"length zero of an unknown block", start().U32(99, 0, 0).Bytes, offset + ": block says 0 bytes, its kind has at least 12" + before},
		{"length not a multiple of 4", patch(more(), 88, 35), offset + " (packet 2): block says 35 bytes, which is not a multiple of 4" + before},
		{"lengths differ", patch(more(), 116, 40), offset + " (packet 2): block says 36 bytes at its start and 40 at its end" + before},
		{"lengths of a skipped block differ", patch(start().Block(10, make([]byte, 4)), 96, 20), offset + ": block says 16 bytes at its start and 20 at its end" + before},
		{"packet longer than its block", patch(more(), 104, 5), offset + " (packet 2): packet says 5 bytes, its block has room for 4" + before},
		{"packet longer than makes sense", patch(more(), 104, 0xffffffff), offset + " (packet 2): packet says 4294967295 bytes, at most 262144 make sense" + before},
		{"simple packet longer than its block", start().Simple([]byte("abc"), 9).Bytes, offset + " (packet 2): packet says 9 bytes, its block has room for 4" + before},
		{"length just above the most", patch(more(), 88, maxBlock+4), offset + " (packet 2): block says 16777220 bytes, at most 16777216 make sense" + before},
		{"undeclared interface", patch(more(), 92, 1), offset + " (packet 2): packet names interface 1, its section declares 1 so far" + before},
		{"interface of another section", rawfile.Little().Section().Iface(1, 0).Section().Simple(nil, 0).Bytes,
			"offset 76 (packet 1): packet names interface 0, its section declares 0 so far"},
		{"byte-order magic of a later section", start().Block(blockSection, make([]byte, 16)).Bytes,
			offset + ": section's byte-order magic is 0x00000000, not 0x1a2b3c4d in either order" + before},
		{"unknown version", rawfile.Little().Block(blockSection, rawfile.Little().U32(byteOrderMagic).U16(2, 0).U32(0, 0).Bytes).Bytes,
			"offset 0: pcapng version 2.0 is not known, only 1.0 is"},
		{"first section cut", rawfile.Little().Section().Bytes[:8], "offset 0: the file ends inside the first section's header: 8 of 12 bytes are there"},
		{"option longer than its block", start().Iface(1, 0, []byte{9, 0, 200, 0}).Bytes,
			offset + ": option 9 of the interface description says 200 bytes, its block has room for 0" + before},
	} {
		t.Run(test.name, func(t *testing.T) {
			packets, problems := readBytes(t, test.file)
			require.Equal(t, []string{test.want}, problems)
			require.Len(t, packets, strings.Count(test.want, before))
		})
	}
}

func TestPcapngNotes(t *testing.T) {
	strange := func(order func() *rawfile.File) []byte {
		w := order()
		w.Section().Block(7, nil).Iface(1, 0, w.Option(optTsOffset, w.U64(1<<63)...)).Block(7, nil).Enhanced(0, 5, []byte("a"), 1)
		w.Section().Iface(1, 0).Enhanced(0, 6, []byte("b"), 1).Enhanced(0, 1<<63, []byte("c"), 1).Block(0x77777777, nil)
		return w.Bytes
	}
	for _, order := range []func() *rawfile.File{rawfile.Little, rawfile.Big} {
		packets, problems := readBytes(t, strange(order))
		require.Equal(t, []got{{"a", MinTime, 1, 1, 6, 1}, {"b", 6 * flow.Microsecond, 1, 1, 6, 2}, {"c", MaxTime, 1, 1, 6, 3}}, packets)
		require.Equal(t, []string{
			"warning: 2 packets with times before 1970 or after 2260: they count as the nearest time between",
			"warning: 2 blocks of unknown type 7 passed over",
			"warning: 1 block of unknown type 2004318071 passed over",
		}, problems)
	}
	many := rawfile.Little().Section()
	for i := range 100 {
		many.Block(uint32(1000+i), nil)
	}
	_, problems := readBytes(t, many.Bytes)
	require.Len(t, problems, maxUnknown)
}

// A frame check sequence is said by the interface, or by the packet.
func TestFCS(t *testing.T) {
	flagged := func(w *rawfile.File, flags uint32) []byte { return w.Option(optFlags, w.Body().U32(flags).Bytes...) }
	with := func(w *rawfile.File, kind uint32, options []byte) *rawfile.File {
		body := w.Body().U32(0, 0, 1, 5, 5).Raw('a', 'b', 'c', 'd', 'e', 0, 0, 0).Raw(options...)
		return w.Block(kind, body.Bytes)
	}
	iface := func(order func() *rawfile.File, length byte) *rawfile.File {
		w := order()
		return w.Section().Iface(1, 0, w.Option(optFCSLen, length))
	}
	for _, test := range []struct {
		name string
		file *rawfile.File
		want []uint8
	}{
		{"pcap, none", rawfile.Little().Pcap(pcapMicro, 1).Record(1, 0, []byte("abcde"), 5), []uint8{0}},
		{"pcap, 32 bits", rawfile.Little().Pcap(pcapMicro, 0x24000001).Record(1, 0, []byte("abcde"), 5), []uint8{4}},
		{"pcap, 16 bits, big-endian", rawfile.Big().Pcap(pcapNano, 0x14000009).Record(1, 0, []byte("abcde"), 5), []uint8{2}},
		{"pcap, a length that does not count", rawfile.Little().Pcap(pcapMicro, 0x20000001).Record(1, 0, []byte("abcde"), 5), []uint8{0}},
		{"pcapng, in bytes", iface(rawfile.Little, 4).Enhanced(0, 1, []byte("abcde"), 5).Simple([]byte("abcde"), 5).Obsolete(0, 1, []byte("abcde"), 5), []uint8{4, 4, 4}},
		{"pcapng, in bits", iface(rawfile.Big, 32).Enhanced(0, 1, []byte("abcde"), 5), []uint8{4}},
		{"pcapng, nonsense", iface(rawfile.Little, 255).Enhanced(0, 1, []byte("abcde"), 5), []uint8{8}},
		{"flags of packets", with(with(iface(rawfile.Little, 2), blockEnhanced, flagged(rawfile.Little(), 4<<5|1)), blockEnhanced, flagged(rawfile.Little(), 1)), []uint8{4, 2}},
		{"flags of obsolete packets", with(iface(rawfile.Big, 0), blockPacket, append(rawfile.Big().Option(1, 'x'), flagged(rawfile.Big(), 4<<5)...)), []uint8{4}},
		{"options that lie", with(iface(rawfile.Little, 2), blockEnhanced, []byte{2, 0, 99, 0}), []uint8{2}},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := readAll(t, bytes.NewReader(test.file.Bytes), 256)
			require.Empty(t, f.problems)
			for _, p := range f.packets {
				require.Equal(t, "abcde", p.Data)
			}
			require.Equal(t, test.want, f.fcs)
		})
	}
}

func TestPcapngInterfaceLimit(t *testing.T) {
	w := rawfile.Little().Section()
	for range maxInterfaces {
		w.Iface(1, 0)
	}
	w.Enhanced(maxInterfaces-1, 1, nil, 0)
	packets, problems := readBytes(t, w.Bytes)
	require.Len(t, packets, 1)
	require.Empty(t, problems)

	_, problems = readBytes(t, w.Iface(1, 0).Bytes)
	require.Equal(t, []string{"offset 1310780: section declares more than 65536 interfaces; the one packet before it was analyzed"}, problems)
}

func TestDropped(t *testing.T) {
	w := rawfile.Little()
	drops := func(ifdrop, osdrop uint64) []byte {
		return append(w.Option(optIfDropped, w.U64(ifdrop)...), w.Option(optOSDropped, w.U64(osdrop)...)...)
	}
	w.Section().Iface(1, 0).Iface(1, 0).Stats(0, drops(5, 1)).Enhanced(0, 1, nil, 0).Stats(1, drops(10, 0)).Stats(0, drops(7, 2)).Stats(9, drops(100, 0))
	w.Section().Iface(1, 0).Stats(0, drops(1000, 0)).Stats(0, []byte{5, 0, 99, 0}) // an option that lies
	for _, empty := range []bool{false, true} {
		b := w.Bytes
		if empty {
			b = rawfile.Little().Section().Iface(1, 0).Stats(0, drops(1019, 0)).Bytes
		}
		f := readAll(t, bytes.NewReader(b), 256)
		require.Empty(t, f.problems)
		require.Equal(t, uint64(1019), f.dropped)
	}
}

// pcap and pcapng of the same packets are the same capture.
func TestFormatsAgree(t *testing.T) {
	want, _ := readBytes(t, rawfile.Many("pcap", 1000))
	have, _ := readBytes(t, rawfile.Many("pcapng", 1000))
	for i := range want {
		want[i].Time, have[i].Time = 0, 0
	}
	require.Equal(t, want, have)
}
