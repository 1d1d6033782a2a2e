package capture

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/capture/flow"
)

func TestPcapng(t *testing.T) {
	const us, ns = flow.Microsecond, flow.Time(1)
	for _, test := range []struct {
		name string
		file *build
		want []got
	}{
		{"enhanced packets, little-endian", little().section().iface(1, 0).enhanced(0, 1_000_001, []byte("abcde"), 1514),
			[]got{{"abcde", flow.Second + us, 1514, 1, 6, 1}}},
		{"enhanced packets, big-endian", big().section().iface(276, 0).enhanced(0, 1<<40, []byte("abc"), 3),
			[]got{{"abc", 1 << 40 * us, 3, 276, 6, 1}}},
		{"simple packets: cut at the snapshot length, at the time before", little().section().iface(1, 4).
			enhanced(0, 9, []byte("abcd"), 4).simple([]byte("efgh"), 100).simple([]byte("i"), 1),
			[]got{{"abcd", 9 * us, 4, 1, 6, 1}, {"efgh", 9 * us, 100, 1, 6, 2}, {"i", 9 * us, 1, 1, 6, 3}}},
		{"obsolete packets", big().section().iface(1, 0).iface(113, 0).obsolete(1, 5, []byte("abcdef"), 6),
			[]got{{"abcdef", 5 * us, 6, 113, 6, 1}}},
		{"interfaces of several link types and clocks", func() *build {
			w := little()
			w.section().iface(1, 0).iface(113, 0, w.option(optTsResol, 9), w.option(optEnd))
			return w.enhanced(1, 7, nil, 0).enhanced(0, 7, nil, 0).iface(12, 0, w.option(1, []byte("a comment")...), w.option(optTsResol, 3)).enhanced(2, 7, nil, 0)
		}(), []got{{"", 7 * ns, 0, 113, 9, 1}, {"", 7 * us, 0, 1, 6, 2}, {"", 7 * flow.Millisecond, 0, 12, 3, 3}}},
		{"clock with an offset", func() *build {
			w := big()
			w.section().iface(1, 0, w.option(optTsResol, 6), w.option(optTsOffset, w.u64(1_700_000_000)...))
			return w.enhanced(0, 5, nil, 0)
		}(), []got{{"", 1_700_000_000*flow.Second + 5*us, 0, 1, 6, 1}}},
		{"sections of both byte orders", func() *build {
			w := little().section().iface(1, 0).enhanced(0, 1, []byte("a"), 1)
			v := big().section().iface(113, 0).enhanced(0, 2, []byte("b"), 1)
			return w.raw(v.b...).section().iface(276, 0).enhanced(0, 3, []byte("c"), 1)
		}(), []got{{"a", 1 * us, 1, 1, 6, 1}, {"b", 2 * us, 1, 113, 6, 2}, {"c", 3 * us, 1, 276, 6, 3}}},
		{"names, secrets, journal entries, custom and local blocks are passed over", little().section().block(blockNames, make([]byte, 100)).iface(1, 0).
			block(blockCustom, make([]byte, 40)).enhanced(0, 1, []byte("a"), 1).block(blockSecrets, make([]byte, 2<<20)).
			block(blockJournal, []byte("MESSAGE=hello\n")).enhanced(0, 2, []byte("b"), 1).block(blockOwn, nil).block(0x80000001, nil),
			[]got{{"a", 1 * us, 1, 1, 6, 1}, {"b", 2 * us, 1, 1, 6, 2}}},
		{"the length that a section says of itself is no matter", func() *build {
			w := big()
			for i, length := range []uint32{0, 32, 4, 1<<32 - 1} {
				w.block(blockSection, w.body().u32(byteOrderMagic).u16(1, 0).u32(0, length).raw(w.option(1, []byte("a comment")...)...).b)
				w.iface(1, 0).enhanced(0, uint64(i), []byte{byte('a' + i)}, 1)
			}
			return w
		}(), []got{{"a", 0, 1, 1, 6, 1}, {"b", 1 * us, 1, 1, 6, 2}, {"c", 2 * us, 1, 1, 6, 3}, {"d", 3 * us, 1, 1, 6, 4}}},
		{"blocks of the most bytes that make sense", func() *build {
			w := little().section().iface(1, 0).block(blockSecrets, make([]byte, maxBlock-blockFrame))
			w.block(blockInterface, append(w.body().u16(113, 0).u32(0).b, make([]byte, maxBlock-blockFrame-8)...))
			body := w.body().u32(1, 0, 7, 2, 2).raw('h', 'i', 0, 0)
			return w.block(blockEnhanced, append(body.b, make([]byte, maxBlock-blockFrame-len(body.b))...)).enhanced(0, 8, nil, 0)
		}(), []got{{"hi", 7 * us, 2, 113, 6, 1}, {"", 8 * us, 0, 1, 6, 2}}},
		{"a clock of nanoseconds in a section, of 2^-10 s in the next", func() *build {
			w := little()
			w.section().iface(1, 0, w.option(optTsResol, 9)).obsolete(0, 5, nil, 0)
			return w.section().iface(1, 0, w.option(optTsResol, 0x80|10), w.option(optTsOffset, w.u64(100)...)).enhanced(0, 512, nil, 0).simple(nil, 0)
		}(), []got{{"", 5 * ns, 0, 1, 9, 1}, {"", 100*flow.Second + flow.Second/2, 0, 1, 4, 2}, {"", 100*flow.Second + flow.Second/2, 0, 1, 4, 3}}},
		{"clock steps backwards: the order is the file's", little().section().iface(1, 0).enhanced(0, 9, []byte("a"), 1).enhanced(0, 3, []byte("b"), 1).enhanced(0, 8, []byte("c"), 1),
			[]got{{"a", 9 * us, 1, 1, 6, 1}, {"b", 3 * us, 1, 1, 6, 2}, {"c", 8 * us, 1, 1, 6, 3}}},
		{"options of a packet are passed over", func() *build {
			w := little().section().iface(1, 0)
			body := w.body().u32(0, 0, 8, 2, 2).raw('h', 'i', 0, 0).raw(w.option(2, 1, 0, 0, 0)...).raw(w.option(optEnd)...)
			return w.block(blockEnhanced, body.b).enhanced(0, 9, nil, 0)
		}(), []got{{"hi", 8 * us, 2, 1, 6, 1}, {"", 9 * us, 0, 1, 6, 2}}},
		{"no packets", little().section().iface(1, 0), nil},
		{"nothing but a section", big().section(), nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			packets, problems := readBytes(t, test.file.b)
			require.Empty(t, problems)
			require.Equal(t, test.want, packets)
		})
	}
}

func TestPcapngTroubles(t *testing.T) {
	// start is a section, an interface and a packet: 28 + 20 + 36 bytes.
	start := func() *build { return little().section().iface(1, 0).enhanced(0, 1, []byte("abcd"), 4) }
	const offset, before = "stdin: offset 84", "; the one packet before it was analyzed"
	patch := func(w *build, at int, v uint32) []byte {
		w.order.PutUint32(w.b[at:], v)
		return w.b
	}
	more := func() *build { return start().enhanced(0, 2, []byte("efgh"), 4) }
	for _, test := range []struct {
		name string
		file []byte
		want string
	}{
		{"cut in a block's header", more().b[:90], offset + ": the file ends inside a block's header: 6 of 12 bytes are there" + before},
		{"cut in a packet", more().b[:110], offset + " (packet 2): the file ends inside this enhanced packet block: 26 of 36 bytes are there" + before},
		{"cut in a skipped block", start().block(10, make([]byte, 100)).b[:100], offset + ": the file ends inside a block of type 10: 16 of 112 bytes are there" + before},
		{"length too large", patch(more(), 88, 0xc0000000), offset + " (packet 2): block says 3221225472 bytes, at most 16777216 make sense" + before},
		{"length too small", patch(more(), 88, 16), offset + " (packet 2): block says 16 bytes, its kind has at least 32" + before},
		{"length zero of an unknown block", start().u32(99, 0, 0).b, offset + ": block says 0 bytes, its kind has at least 12" + before},
		{"length not a multiple of 4", patch(more(), 88, 35), offset + " (packet 2): block says 35 bytes, which is not a multiple of 4" + before},
		{"lengths differ", patch(more(), 116, 40), offset + " (packet 2): block says 36 bytes at its start and 40 at its end" + before},
		{"lengths of a skipped block differ", patch(start().block(10, make([]byte, 4)), 96, 20), offset + ": block says 16 bytes at its start and 20 at its end" + before},
		{"packet longer than its block", patch(more(), 104, 5), offset + " (packet 2): packet says 5 bytes, its block has room for 4" + before},
		{"packet longer than makes sense", patch(more(), 104, 0xffffffff), offset + " (packet 2): packet says 4294967295 bytes, at most 262144 make sense" + before},
		{"simple packet longer than its block", start().simple([]byte("abc"), 9).b, offset + " (packet 2): packet says 9 bytes, its block has room for 4" + before},
		{"length just above the most", patch(more(), 88, maxBlock+4), offset + " (packet 2): block says 16777220 bytes, at most 16777216 make sense" + before},
		{"undeclared interface", patch(more(), 92, 1), offset + " (packet 2): packet names interface 1, its section declares 1 so far" + before},
		{"interface of another section", little().section().iface(1, 0).section().simple(nil, 0).b,
			"stdin: offset 76 (packet 1): packet names interface 0, its section declares 0 so far"},
		{"byte-order magic of a later section", start().block(blockSection, make([]byte, 16)).b,
			offset + ": section's byte-order magic is 0x00000000, not 0x1a2b3c4d in either order" + before},
		{"unknown version", little().block(blockSection, little().u32(byteOrderMagic).u16(2, 0).u32(0, 0).b).b,
			"stdin: offset 0: pcapng version 2.0 is not known, only 1.0 is"},
		{"first section cut", little().section().b[:8], "stdin: offset 0: the file ends inside the first section's header: 8 of 12 bytes are there"},
		{"option longer than its block", start().iface(1, 0, []byte{9, 0, 200, 0}).b,
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
	strange := func(order func() *build) []byte {
		w := order()
		w.section().block(7, nil).iface(1, 0, w.option(optTsOffset, w.u64(1<<63)...)).block(7, nil).enhanced(0, 5, []byte("a"), 1)
		w.section().iface(1, 0).enhanced(0, 6, []byte("b"), 1).enhanced(0, 1<<63, []byte("c"), 1).block(0x77777777, nil)
		return w.b
	}
	for _, order := range []func() *build{little, big} {
		packets, problems := readBytes(t, strange(order))
		require.Equal(t, []got{{"a", minTime, 1, 1, 6, 1}, {"b", 6 * flow.Microsecond, 1, 1, 6, 2}, {"c", maxTime, 1, 1, 6, 3}}, packets)
		require.Equal(t, []string{
			"warning: stdin: 2 packets with times before 1970 or after 2260: they count as the nearest time between",
			"warning: stdin: 2 blocks of unknown type 7 passed over",
			"warning: stdin: 1 block of unknown type 2004318071 passed over",
		}, problems)
	}
	many := little().section()
	for i := range 100 {
		many.block(uint32(1000+i), nil)
	}
	_, problems := readBytes(t, many.b)
	require.Len(t, problems, maxUnknown)
}

// A frame check sequence is said by the interface, or by the packet.
func TestFCS(t *testing.T) {
	flagged := func(w *build, flags uint32) []byte { return w.option(optFlags, w.body().u32(flags).b...) }
	with := func(w *build, kind uint32, options []byte) *build {
		body := w.body().u32(0, 0, 1, 5, 5).raw('a', 'b', 'c', 'd', 'e', 0, 0, 0).raw(options...)
		return w.block(kind, body.b)
	}
	iface := func(order func() *build, length byte) *build {
		w := order()
		return w.section().iface(1, 0, w.option(optFCSLen, length))
	}
	for _, test := range []struct {
		name string
		file *build
		want []uint8
	}{
		{"pcap, none", little().pcap(pcapMicro, 1).record(1, 0, []byte("abcde"), 5), []uint8{0}},
		{"pcap, 32 bits", little().pcap(pcapMicro, 0x24000001).record(1, 0, []byte("abcde"), 5), []uint8{4}},
		{"pcap, 16 bits, big-endian", big().pcap(pcapNano, 0x14000009).record(1, 0, []byte("abcde"), 5), []uint8{2}},
		{"pcap, a length that does not count", little().pcap(pcapMicro, 0x20000001).record(1, 0, []byte("abcde"), 5), []uint8{0}},
		{"pcapng, in bytes", iface(little, 4).enhanced(0, 1, []byte("abcde"), 5).simple([]byte("abcde"), 5).obsolete(0, 1, []byte("abcde"), 5), []uint8{4, 4, 4}},
		{"pcapng, in bits", iface(big, 32).enhanced(0, 1, []byte("abcde"), 5), []uint8{4}},
		{"pcapng, nonsense", iface(little, 255).enhanced(0, 1, []byte("abcde"), 5), []uint8{8}},
		{"flags of packets", with(with(iface(little, 2), blockEnhanced, flagged(little(), 4<<5|1)), blockEnhanced, flagged(little(), 1)), []uint8{4, 2}},
		{"flags of obsolete packets", with(iface(big, 0), blockPacket, append(big().option(1, 'x'), flagged(big(), 4<<5)...)), []uint8{4}},
		{"options that lie", with(iface(little, 2), blockEnhanced, []byte{2, 0, 99, 0}), []uint8{2}},
	} {
		t.Run(test.name, func(t *testing.T) {
			var lengths []uint8
			c, err := Open([]string{"-"}, Options{Stdin: bytes.NewReader(test.file.b), Problem: func(e *FileError) { t.Error(e) }})
			require.NoError(t, err)
			for {
				batch, err := c.Next()
				if err != nil {
					break
				}
				for _, p := range batch {
					require.Equal(t, "abcde", string(p.Data))
					lengths = append(lengths, p.FCS)
				}
			}
			require.Equal(t, test.want, lengths)
		})
	}
}

func TestPcapngInterfaceLimit(t *testing.T) {
	w := little().section()
	for range maxInterfaces {
		w.iface(1, 0)
	}
	w.enhanced(maxInterfaces-1, 1, nil, 0)
	packets, problems := readBytes(t, w.b)
	require.Len(t, packets, 1)
	require.Empty(t, problems)

	_, problems = readBytes(t, w.iface(1, 0).b)
	require.Equal(t, []string{"stdin: offset 1310780: section declares more than 65536 interfaces; the one packet before it was analyzed"}, problems)
}

func TestDropped(t *testing.T) {
	w := little()
	drops := func(ifdrop, osdrop uint64) []byte {
		return append(w.option(optIfDropped, w.u64(ifdrop)...), w.option(optOSDropped, w.u64(osdrop)...)...)
	}
	w.section().iface(1, 0).iface(1, 0).stats(0, drops(5, 1)).enhanced(0, 1, nil, 0).stats(1, drops(10, 0)).stats(0, drops(7, 2)).stats(9, drops(100, 0))
	w.section().iface(1, 0).stats(0, drops(1000, 0)).stats(0, []byte{5, 0, 99, 0}) // an option that lies
	for _, empty := range []bool{false, true} {
		b := w.b
		if empty {
			b = little().section().iface(1, 0).stats(0, drops(1019, 0)).b
		}
		path := write(t, t.TempDir(), "a", b)
		_, problems, c := readAll(t, nil, path)
		require.Empty(t, problems)
		require.Equal(t, uint64(1019), c.Stats().Dropped)
		_, _, c = readAll(t, bytes.NewReader(b), "-")
		require.Equal(t, uint64(1019), c.Stats().Dropped)
	}
}

// pcap and pcapng of the same packets are the same capture.
func TestFormatsAgree(t *testing.T) {
	want, _ := readBytes(t, many("pcap", 1000))
	have, _ := readBytes(t, many("pcapng", 1000))
	for i := range want {
		want[i].Time, have[i].Time = 0, 0
	}
	require.Equal(t, want, have)
}
