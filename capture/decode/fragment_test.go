package decode

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"runtime"
	"slices"
	"testing"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
	"github.com/stretchr/testify/require"

	"ftpscope/capture/flow"
)

// long4 and long6 are packets of 20 bytes of TCP header and 100 of payload, long enough
// to be cut.
func long4(t testing.TB) []byte {
	return stack(t, ip4(layers.IPProtocolTCP), header(), gopacket.Payload(letters))
}

func long6(t testing.TB) []byte {
	return stack(t, ip6(layers.IPProtocolTCP), header(), gopacket.Payload(letters))
}

var letters = bytes.Repeat([]byte("0123456789"), 10)

const wholeSize = 120 // of what is cut: TCP header and payload

// cut is the fragment [from, to) of packet; more says that others follow.
func cut(packet []byte, from, to int, more bool) []byte {
	be := binary.BigEndian
	if packet[0]>>4 == 4 {
		b := join(packet[:20], packet[20+from:20+to])
		field := uint16(from / 8)
		if more {
			field |= moreFragments4
		}
		be.PutUint16(b[2:], uint16(len(b)))
		be.PutUint16(b[4:], 7)
		be.PutUint16(b[6:], field)
		return b
	}
	field := uint16(from)
	if more {
		field |= moreFragments6
	}
	head := be.AppendUint32(be.AppendUint16([]byte{packet[6], 0}, field), 7)
	b := join(packet[:40], head, packet[40+from:40+to])
	b[6] = protoFragment
	be.PutUint16(b[4:], uint16(len(b)-40))
	return b
}

// arrival is a packet and when it comes.
type arrival struct {
	at   flow.Time
	data []byte
}

// told is what a decoder made of packets: the segments, and what was counted.
type told struct {
	Segments []flow.Segment
	Reasons  []Reason
}

func decodeAll(d *Decoder, list []arrival) (out told) {
	var seg flow.Segment
	for i, a := range list {
		seg.Mark = flow.Mark{Time: a.at, Ord: uint64(i + 1)}
		if v := d.Decode(frame(LinkRaw, a.data), &seg); v == TCP || v == ICMP {
			s := seg
			s.Payload, s.ID = bytes.Clone(s.Payload), 0
			out.Segments = append(out.Segments, s)
		}
	}
	d.Close()
	out.Reasons = d.Reasons()
	return out
}

// wholeAt is the long packet's segment, completed by a packet.
func wholeAt(packet []byte, ord uint64, at flow.Time) flow.Segment {
	s := want4()
	if packet[0]>>4 == 6 {
		s = want6()
	}
	s.Mark = flow.Mark{Time: at, Ord: ord}
	s.Payload, s.Length = letters, uint32(len(letters))
	return s
}

func TestFragments(t *testing.T) {
	const rest, overlaps = "IP fragment without the rest of its datagram", "IP fragment that overlaps others"
	for _, version := range []struct {
		name   string
		packet []byte
	}{{"IPv4", long4(t)}, {"IPv6", long6(t)}} {
		p := version.packet
		is4 := p[0]>>4 == 4
		a, b, c := cut(p, 0, 48, true), cut(p, 48, 96, true), cut(p, 96, wholeSize, false)
		forged := bytes.Clone(p)
		forged[len(forged)-wholeSize+60] ^= 1
		one := func(ord uint64) told { return told{Segments: []flow.Segment{wholeAt(p, ord, 0)}, Reasons: []Reason{}} }
		lost := func(text string, n uint64) told { return told{Reasons: []Reason{{text, n}}} }
		by := func(v4, v6 told) told {
			if is4 {
				return v4
			}
			return v6
		}
		for _, test := range []struct {
			name string
			list [][]byte
			want told
		}{
			{"in order", [][]byte{a, b, c}, one(3)},
			{"reversed", [][]byte{c, b, a}, one(3)},
			{"any order", [][]byte{b, c, a}, one(3)},
			{"repeated", [][]byte{a, a, b, b, c, c}, one(5)},
			{"all again", [][]byte{a, b, c, c, a, b}, one(3)},
			{"another with the same identification", [][]byte{a, b, c, cut(forged, 48, 96, true), a, c},
				told{[]flow.Segment{wholeAt(p, 3, 0), wholeAt(forged, 6, 0)}, []Reason{}}},
			{"the first is missing", [][]byte{b, c}, lost(rest, 2)},
			{"one is missing", [][]byte{a, c}, lost(rest, 2)},
			{"the last is missing", [][]byte{a, b}, lost(rest, 2)},
			{"overlap, the same bytes", [][]byte{a, cut(p, 40, 104, true), c}, by(one(3), lost(overlaps, 3))},
			{"over others, the same bytes", [][]byte{a, c, cut(p, 40, wholeSize, false)}, by(one(3), lost(overlaps, 3))},
			{"overlap, other bytes", [][]byte{a, b, cut(forged, 56, 64, true), c}, by(told{Reasons: []Reason{{overlaps, 2}, {rest, 2}}}, lost(overlaps, 4))},
			{"repeated, other bytes", [][]byte{a, b, cut(forged, 48, 96, true), c}, by(told{Reasons: []Reason{{overlaps, 2}, {rest, 2}}}, lost(overlaps, 4))},
			{"two ends", [][]byte{a, c, cut(p, 48, 72, false)}, by(told{Reasons: []Reason{{overlaps, 2}, {rest, 1}}}, lost(overlaps, 3))},
			{"after the end", [][]byte{cut(p, 48, 72, false), c, a}, by(told{Reasons: []Reason{{rest, 2}, {overlaps, 1}}}, lost(overlaps, 3))},
			{"not by 8", [][]byte{cut(p, 0, 45, true)}, lost("malformed IP fragment", 1)},
			{"empty", [][]byte{cut(p, 48, 48, false)}, lost("malformed IP fragment", 1)},
			{"over 64 KiB", [][]byte{changed(cut(p, 0, 48, true), map[bool]int{true: 6, false: 42}[is4], map[bool][]byte{true: {0x3f, 0xff}, false: {0xff, 0xf9}}[is4]...)},
				lost("malformed IP fragment", 1)},
		} {
			t.Run(version.name+", "+test.name, func(t *testing.T) {
				var d Decoder
				list := make([]arrival, len(test.list))
				for i := range list {
					list[i].data = test.list[i]
				}
				got := decodeAll(&d, list)
				if test.name == "another with the same identification" {
					test.want.Segments[1].Payload = bytes.Clone(letters)
					test.want.Segments[1].Payload[40] ^= 1
				}
				require.Equal(t, test.want, got)
				require.Zero(t, len(d.fragments.index)-d.fragments.whole.len()-d.fragments.open.len())
			})
		}
	}
}

func (q *queue) len() (n int) {
	for g := q.first; g != nil; g = g.link {
		n++
	}
	return n
}

// Time is the packets' own.
func TestFragmentTime(t *testing.T) {
	const s = flow.Second
	p := long4(t)
	summed := bytes.Clone(p)
	b := summed[20:]
	binary.BigEndian.PutUint16(b[16:], 0)
	binary.BigEndian.PutUint16(b[16:], ^fold(pseudo(flow.HostOf(client4), flow.HostOf(server4), uint32(len(b)))+add(b)))
	for _, test := range []struct {
		name    string
		packet  []byte
		at      [2]flow.Time
		between []flow.Time // of fragments of other datagrams
		want    []Reason
	}{
		{"at once, checksum wrong", p, [2]flow.Time{0, flow.Millisecond}, nil, []Reason{}},
		{"later, checksum right", summed, [2]flow.Time{0, 29 * s}, nil, []Reason{}},
		{"later, checksum wrong", p, [2]flow.Time{0, s}, nil, []Reason{{"IP fragment of another datagram than the others", 2}}},
		{"too late", summed, [2]flow.Time{0, 31 * s}, nil, []Reason{{"IP fragment without the rest of its datagram", 2}}},
		{"the clock stepped back", summed, [2]flow.Time{1000 * s, 10 * s}, nil, []Reason{}},
		{"the clock stepped back, too late", summed, [2]flow.Time{1000 * s, 50 * s}, []flow.Time{10 * s}, []Reason{{"IP fragment without the rest of its datagram", 3}}},
		{"out of order", summed, [2]flow.Time{10 * s, 9 * s}, nil, []Reason{}},
	} {
		t.Run(test.name, func(t *testing.T) {
			var d Decoder
			list := []arrival{{test.at[0], cut(test.packet, 48, wholeSize, false)}}
			for _, at := range test.between {
				list = append(list, arrival{at, changed(cut(test.packet, 48, wholeSize, false), 4, 9, 9)})
			}
			list = append(list, arrival{test.at[1], cut(test.packet, 0, 48, true)})
			got := decodeAll(&d, list)
			require.Equal(t, test.want, got.Reasons)
			require.Len(t, got.Segments, map[bool]int{true: 1, false: 0}[len(test.want) == 0])
		})
	}
}

// What a snapshot length cut off a fragment is not there; what follows it is of no use.
// Lengths are the headers'.
func TestFragmentsAreCut(t *testing.T) {
	p := long4(t)
	for _, test := range []struct {
		name       string
		keep       [3]int // bytes after the IP header that are captured
		wantLength int
	}{
		{"whole", [3]int{48, 48, 24}, 100},
		{"the last", [3]int{48, 48, 10}, 86},
		{"the middle", [3]int{48, 10, 24}, 38},
		{"the first", [3]int{30, 48, 24}, 10},
		{"all but the header", [3]int{20, 0, 0}, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			var d Decoder
			var seg flow.Segment
			for i, b := range [][]byte{cut(p, 0, 48, true), cut(p, 48, 96, true), cut(p, 96, wholeSize, false)} {
				n := 20 + test.keep[i]
				v := d.Decode(Frame{Data: b[:n:n], Length: uint32(len(b)), Link: LinkRaw}, &seg)
				require.Equal(t, i == 2, v == TCP)
			}
			want := wholeAt(p, 0, 0)
			want.Payload = nil
			if test.wantLength > 0 {
				want.Payload = letters[:test.wantLength]
			}
			seg.ID = 0
			require.Equal(t, want, seg)
		})
	}
}

// A capture filter such as "tcp port 21" keeps first fragments only. They are read as far
// as they go.
func TestFirstFragmentsAlone(t *testing.T) {
	p := changed(long4(t), 33, flow.ACK|flow.FIN)
	var list []arrival
	for i := range fewFirsts + 2 {
		list = append(list, arrival{0, changed(cut(p, 0, 48, true), 4, 1, byte(i))})
	}
	var d Decoder
	got := decodeAll(&d, slices.Clone(list))
	require.Equal(t, []Reason{{"IP fragment without the rest of its datagram", fewFirsts + 2}}, got.Reasons)
	require.Len(t, got.Segments, 2)
	want := wholeAt(p, fewFirsts+1, 0)
	want.Flags, want.Length, want.Payload = flow.ACK, 28, letters[:28] // the FIN comes after bytes that are not there
	require.Equal(t, want, got.Segments[0])

	d = Decoder{}
	got = decodeAll(&d, slices.Insert(list, fewFirsts, arrival{0, changed(cut(p, 48, wholeSize, false), 4, 1, fewFirsts-1)}))
	require.Equal(t, []Reason{{"IP fragment without the rest of its datagram", fewFirsts + 1}}, got.Reasons)
	require.Len(t, got.Segments, 1)
	require.Equal(t, uint32(len(letters)), got.Segments[0].Length)
}

// The packets that a segment was made of are told when it is whole, or when its ports are
// known.
func TestParts(t *testing.T) {
	p := long4(t)
	a, b, c := cut(p, 0, 48, true), cut(p, 48, 96, true), cut(p, 96, wholeSize, false)
	var d Decoder
	seg := flow.Segment{SrcPort: 9, DstPort: 9, Flags: flow.SYN}
	for i, step := range []struct {
		data  []byte
		want  Verdict
		parts string
		port  uint16
	}{{c, Fragment, "", 0}, {a, Fragment, "1 2", 21}, {a, Fragment, "", 21}, {long4(t), TCP, "", 21}, {b, TCP, "1 2 3 5", 21}, {c, Fragment, "", 21}} {
		seg.Mark = flow.Mark{Ord: uint64(i + 1)}
		require.Equal(t, step.want, d.Decode(frame(LinkRaw, step.data), &seg), i)
		var parts []byte
		for _, m := range d.Parts() {
			parts = fmt.Append(parts, " ", m.Ord)
		}
		require.Equal(t, step.parts, string(bytes.TrimSpace(bytes.ReplaceAll(parts, []byte("  "), []byte(" ")))), i)
		require.Equal(t, step.port, seg.DstPort, i)
		require.True(t, step.want == TCP || seg.Flags == 0)
	}
}

// Fragments of the same identification in different networks, between other hosts, or of
// another protocol or version are of different datagrams.
func TestFragmentKey(t *testing.T) {
	p := long4(t)
	a, b := cut(p, 0, 48, true), cut(p, 48, wholeSize, false)
	var d Decoder
	var seg flow.Segment
	for i, data := range [][]byte{
		ethernet([]uint16{etherIPv4}, a), ethernet([]uint16{etherVLAN, etherIPv4}, b), // VLAN 0: priority only
		ethernet([]uint16{etherVLAN, etherVLAN, etherIPv4}, a), ethernet([]uint16{etherIPv4}, b),
		ethernet([]uint16{etherIPv4}, changed(b, 15, 99)), ethernet([]uint16{etherIPv4}, changed(a, 19, 99)),
		ethernet([]uint16{etherIPv4}, changed(a, 5, 99)),
	} {
		require.Equal(t, i == 1, d.Decode(frame(LinkEthernet, data), &seg) == TCP, i)
	}
}

// What is no TCP is not held.
func TestOtherFragments(t *testing.T) {
	p := long4(t)
	for proto, want := range map[byte][2]Verdict{
		17: {Other, Other}, protoICMP: {Other, Other}, protoESP: {Undecoded, Undecoded}, 2: {Other, Other}, protoTCP: {Fragment, TCP},
	} {
		var d Decoder
		var seg flow.Segment
		require.Equal(t, want, [2]Verdict{
			d.Decode(frame(LinkRaw, changed(cut(p, 0, 48, true), 9, proto)), &seg),
			d.Decode(frame(LinkRaw, changed(cut(p, 48, wholeSize, false), 9, proto)), &seg),
		}, proto)
	}
}

// An ICMP error about a datagram in fragments quotes one of them; only the first has the
// ports.
func TestICMPAboutFragments(t *testing.T) {
	p, p6 := long4(t), long6(t)
	require.Equal(t, refusal(router4, 3, 1), decodeOne(t, frame(LinkRaw, icmp4(t, 3, 1, cut(p, 0, 48, true)))))
	require.Equal(t, outcome{}, decodeOne(t, frame(LinkRaw, icmp4(t, 3, 1, cut(p, 48, 96, true)))))
	require.Equal(t, refusal(router6, 1, 0), decodeOne(t, frame(LinkRaw, icmp6(t, 1, 0, cut(p6, 0, 48, true)))))
	require.Equal(t, outcome{}, decodeOne(t, frame(LinkRaw, icmp6(t, 1, 0, cut(p6, 48, 96, true)))))
}

// A million fragments cost no more memory than the limit says, and all are counted.
func TestFragmentFlood(t *testing.T) {
	const million, many = 1_000_000, 200_000
	full := stack(t, ip4(layers.IPProtocolTCP), header(), gopacket.Payload(make([]byte, 1460)))
	four, six := cut(full, 0, 1480, true), cut(stack(t, ip6(layers.IPProtocolTCP), header(), gopacket.Payload(make([]byte, 1460))), 0, 8, true)
	be := binary.BigEndian
	for _, test := range []struct {
		name    string
		packets int
		next    func(i int) []byte
		want    string
	}{
		{"of as many datagrams, large", many, func(i int) []byte {
			be.PutUint16(four[4:], uint16(i))
			be.PutUint32(four[12:], uint32(i>>16))
			be.PutUint16(four[6:], moreFragments4|100)
			return four
		}, "IP fragment, too many waiting at once"},
		{"of as many datagrams, small", million, func(i int) []byte {
			be.PutUint32(six[44:], uint32(i))
			be.PutUint16(six[42:], 8|moreFragments6)
			return six
		}, "IP fragment, too many waiting at once"},
		{"of one datagram, all different", million, func(i int) []byte {
			be.PutUint16(six[42:], uint16(i%8000*8)|moreFragments6)
			return six
		}, "IP fragment, one of too many of its datagram"},
		{"of one datagram, the same", million, func(int) []byte { return four }, "IP fragment without the rest of its datagram"},
		{"of one datagram, contradicting", many, func(i int) []byte {
			be.PutUint32(four[60:], uint32(i))
			return four
		}, "IP fragment that overlaps others"},
		{"whole datagrams", many, func(i int) []byte {
			be.PutUint16(four[4:], uint16(i/2))
			be.PutUint32(four[12:], uint32(i>>17))
			be.PutUint16(four[6:], [2]uint16{moreFragments4, 185}[i%2])
			return four
		}, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			var d Decoder
			var seg flow.Segment
			var most uint64
			before := heap()
			for i := range test.packets {
				d.Decode(Frame{Data: test.next(i), Length: 1500, Link: LinkRaw}, &seg)
				if d.fragments.used > maxFragmentBytes {
					t.Fatal(d.fragments.used)
				}
				if i%(test.packets/2) == test.packets/4 {
					most = max(most, heap())
				}
			}
			const slack = 2 << 20 // the index, the datagram that was put together last
			require.LessOrEqual(t, most, before+maxFragmentBytes+slack)
			d.Close()
			require.Zero(t, d.fragments.open.len())
			if test.want == "" {
				require.Empty(t, d.Reasons())
				return
			}
			require.Equal(t, test.want, d.Reasons()[0].Text)
			require.Equal(t, uint64(test.packets), d.Undecoded())
		})
	}
}

func heap() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// What is put together of fragments is in the decoder's memory, which it uses again.
func TestStays(t *testing.T) {
	p := long4(t)
	var d Decoder
	var seg flow.Segment
	require.Equal(t, TCP, d.Decode(frame(LinkRaw, p), &seg))
	require.True(t, d.Stays())
	for i, b := range [][]byte{cut(p, 0, 48, true), cut(p, 48, wholeSize, false)} {
		require.Equal(t, []Verdict{Fragment, TCP}[i], d.Decode(frame(LinkRaw, b), &seg))
		require.False(t, d.Stays())
	}
}
