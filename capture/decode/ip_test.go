package decode

import (
	"net/netip"
	"testing"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
	"github.com/stretchr/testify/require"

	"ftpscope/capture/flow"
)

// with is the usual segment, changed.
func with(s flow.Segment, change func(*flow.Segment)) outcome {
	change(&s)
	return segment(s)
}

// The frame check sequence is no payload, not even where the IP header does not say its
// length.
func TestFrameCheckSequence(t *testing.T) {
	offload := changed(tcp4(t), 2, 0, 0)
	eth := func(b []byte) []byte { return ethernet([]uint16{etherIPv4}, b) }
	for _, test := range []struct {
		name string
		f    Frame
		want outcome
	}{
		{"at the end", Frame{Data: join(eth(offload), []byte("FCS!")), Length: 14 + 40 + uint32(len(payload)) + 4, Link: LinkEthernet, FCS: 4}, segment(want4())},
		{"half captured", Frame{Data: join(eth(offload), []byte("FC")), Length: 14 + 40 + uint32(len(payload)) + 4, Link: LinkEthernet, FCS: 4}, segment(want4())},
		{"not captured", Frame{Data: eth(offload), Length: 14 + 40 + uint32(len(payload)) + 4, Link: LinkEthernet, FCS: 4}, segment(want4())},
		{"longer than the frame", Frame{Data: []byte{1, 2}, Length: 2, Link: LinkEthernet, FCS: 8}, undecoded("cut in the Ethernet header")},
		{"of nothing", Frame{Link: LinkEthernet, FCS: 4}, undecoded("cut in the Ethernet header")},
	} {
		t.Run(test.name, func(t *testing.T) { require.Equal(t, test.want, decodeOne(t, test.f)) })
	}
}

func TestIPv4(t *testing.T) {
	v4 := tcp4(t)
	options := ip4(layers.IPProtocolTCP)
	options.Options = []layers.IPv4Option{{OptionType: 148, OptionLength: 4, OptionData: []byte{0, 0}}}
	first := ip4(layers.IPProtocolTCP)
	first.Flags = layers.IPv4MoreFragments
	for _, test := range []struct {
		name string
		data []byte
		want outcome
	}{
		{"options", stack(t, options, header(), gopacket.Payload(payload)), segment(want4())},
		{"bytes after the total length", join(v4, []byte("padding")), segment(want4())},
		{"padding is no payload", join(v4[:2], []byte{0, 40}, v4[4:40], make([]byte, 6)),
			with(want4(), func(s *flow.Segment) { s.Length, s.Payload = 0, nil })},
		{"total length 0: the frame's", changed(v4, 2, 0, 0), segment(want4())},
		{"total length over the captured bytes", changed(v4, 2, 0x05, 0xdc),
			with(want4(), func(s *flow.Segment) { s.Length = 1500 - 40 })},
		{"total length under the header's", changed(v4, 2, 0, 19), undecoded("malformed IPv4 header")},
		{"total length ends in the TCP header", changed(v4, 2, 0, 39), undecoded("malformed TCP header")},
		{"header length 16", changed(v4, 0, 0x44), undecoded("malformed IPv4 header")},
		{"header length 60 over a total of 52", changed(v4, 0, 0x4f), undecoded("malformed IPv4 header")},
		{"header length over the captured bytes", changed(v4, 0, 0x4f, 0, 1, 0)[:50], undecoded("cut in the IPv4 header")},
		{"cut", v4[:19], undecoded("cut in the IPv4 header")},
		{"first fragment", stack(t, first, header(), gopacket.Payload(payload+"12345678")), outcome{Verdict: Fragment}},
		{"later fragment", changed(v4, 6, 0, 1), outcome{Verdict: Fragment}},
		{"later fragment of UDP: of a tunnel, perhaps", changed(changed(v4, 9, 17), 6, 0, 1), outcome{Verdict: Fragment}},
		{"UDP", changed(v4, 9, 17), outcome{}},
		{"IGMP", changed(v4, 9, 2), outcome{}},
		{"ESP", changed(v4, 9, protoESP), undecoded("IPsec ESP")},
		{"ICMPv6 over IPv4 is nobody's", changed(v4, 9, protoICMPv6), outcome{}},
	} {
		t.Run(test.name, func(t *testing.T) {
			require.Equal(t, test.want, decodeOne(t, frame(LinkRaw, test.data)))
		})
	}
	t.Run("version 6 under the EtherType of IPv4", func(t *testing.T) {
		require.Equal(t, undecoded("malformed IPv4 header"), decodeOne(t, frame(LinkEthernet, ethernet([]uint16{etherIPv4}, tcp6(t)))))
	})
	t.Run("version 4 under the EtherType of IPv6", func(t *testing.T) {
		require.Equal(t, undecoded("malformed IPv6 header"), decodeOne(t, frame(LinkEthernet, ethernet([]uint16{etherIPv6}, v4))))
	})
}

func TestIPv6(t *testing.T) {
	v6 := tcp6(t)
	pad := []byte{1, 4, 0, 0, 0, 0} // PadN over six bytes
	ext := func(next byte) []byte { return join([]byte{next, 0}, pad) }
	fragment := func(offset, more byte) []byte { return []byte{protoTCP, 0, 0, offset<<3 | more, 0, 0, 0, 1} }
	routing := []byte{protoTCP, 2, 4, 0, 0, 0, 0, 0, 15: 0, 23: 0}              // RFC 8754, one segment
	ah := []byte{protoTCP, 4, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 23: 0}              // RFC 4302, a 12-byte check value
	jumbo := []byte{protoTCP, 0, 0xc2, 4, 0, 0, 0, byte(8 + 20 + len(payload))} // RFC 2675
	for _, test := range []struct {
		name string
		data []byte
		want outcome
	}{
		{"none", v6, segment(want6())},
		{"bytes after the payload", join(v6, []byte("padding")), segment(want6())},
		{"hop-by-hop", extended6(t, protoHopByHop, ext(protoTCP)...), segment(want6())},
		{"destination options", extended6(t, protoDestOpts, ext(protoTCP)...), segment(want6())},
		{"routing", extended6(t, protoRouting, routing...), segment(want6())},
		{"AH", extended6(t, protoAH, ah...), segment(want6())},
		{"all", extended6(t, protoHopByHop, join(ext(protoDestOpts), ext(protoRouting), changed(routing, 0, protoFragment),
			changed(fragment(0, 0), 0, protoAH), changed(ah, 0, protoDestOpts), ext(protoTCP))...), segment(want6())},
		{"atomic fragment", extended6(t, protoFragment, fragment(0, 0)...), segment(want6())},
		{"first fragment", extended6(t, protoFragment, fragment(0, 1)...), outcome{Verdict: Fragment}},
		{"later fragment", extended6(t, protoFragment, fragment(1, 1)...), outcome{Verdict: Fragment}},
		{"later fragment of UDP: of a tunnel, perhaps", extended6(t, protoFragment, changed(fragment(1, 0), 0, 17)...), outcome{Verdict: Fragment}},
		{"jumbogram", changed(extended6(t, protoHopByHop, jumbo...), 4, 0, 0), segment(want6())},
		{"jumbogram and a trailer", join(changed(extended6(t, protoHopByHop, jumbo...), 4, 0, 0), []byte("trailer")), segment(want6())},
		{"jumbogram, cut", changed(extended6(t, protoHopByHop, changed(jumbo, 5, 1, 0, 0)...), 4, 0, 0),
			with(want6(), func(s *flow.Segment) { s.Length = 1<<16 - 8 - 20 })},
		{"jumbogram over the limit", changed(extended6(t, protoHopByHop, changed(jumbo, 4, 0xff)...), 4, 0, 0), undecoded("malformed IPv6 header")},
		{"jumbogram, length too short", changed(extended6(t, protoHopByHop, changed(jumbo, 7, 7)...), 4, 0, 0), undecoded("cut in an IPv6 extension header")},
		{"length 0, other options: the frame's", changed(extended6(t, protoHopByHop, ext(protoTCP)...), 4, 0, 0), segment(want6())},
		{"length 0: the frame's", changed(v6, 4, 0, 0), segment(want6())},
		{"length over the captured bytes", changed(v6, 4, 0x05, 0xb4), with(want6(), func(s *flow.Segment) { s.Length = 1460 - 20 })},
		{"length ends in the TCP header", changed(v6, 4, 0, 19), undecoded("malformed TCP header")},
		{"length ends in an extension header", changed(extended6(t, protoHopByHop, ext(protoTCP)...), 4, 0, 7), undecoded("cut in an IPv6 extension header")},
		{"extension header over the end", changed(extended6(t, protoHopByHop, ext(protoTCP)...), 41, 255), undecoded("cut in an IPv6 extension header")},
		{"cut in AH", extended6(t, protoAH, ah...)[:41], undecoded("cut in an IPv6 extension header")},
		{"cut in the fragment header", extended6(t, protoFragment, fragment(0, 0)...)[:47], undecoded("cut in an IPv6 extension header")},
		{"cut", v6[:39], undecoded("cut in the IPv6 header")},
		{"a chain without end", extended6(t, protoDestOpts, join(repeat(ext(protoDestOpts), 20))...), undecoded("too many IPv6 extension headers")},
		{"no next header", changed(v6, 6, 59), outcome{}},
		{"UDP", changed(v6, 6, 17), outcome{}},
		{"ESP", changed(v6, 6, protoESP), undecoded("IPsec ESP")},
		{"ICMP over IPv6 is nobody's", changed(v6, 6, protoICMP), outcome{}},
	} {
		t.Run(test.name, func(t *testing.T) {
			require.Equal(t, test.want, decodeOne(t, frame(LinkRaw, test.data)))
		})
	}
}

func repeat(b []byte, n int) (out []byte) {
	for range n {
		out = append(out, b...)
	}
	return out
}

// An IPv4-mapped source in an IPv6 header is the IPv4 host; nobody else may send from it.
func TestMappedAddress(t *testing.T) {
	mapped := netip.MustParseAddr("::ffff:192.0.2.10")
	b := changed(tcp6(t), 8, mapped.AsSlice()...)
	require.Equal(t, segment(want(client4, server6)), decodeOne(t, frame(LinkRaw, b)))
}

// Large segments that the sender's card cuts: the IP header says 0, the frame says how
// long it is.
func TestOffload(t *testing.T) {
	for _, test := range []struct {
		name   string
		length uint32 // of the frame
		want   uint32 // of the payload; 0: malformed
	}{
		{"64 KiB and more", 14 + 40 + 200_000, 200_000},
		{"the limit", maxOffload, maxOffload - 54},
		{"over the limit", maxOffload + 1, 0},
		{"all of 32 bits", 0xffffffff, 0},
		{"under the headers' length", 33, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			data := ethernet([]uint16{etherIPv4}, changed(tcp4(t), 2, 0, 0))
			want := with(want4(), func(s *flow.Segment) { s.Length = test.want })
			if test.want == 0 {
				want = undecoded("malformed IPv4 header")
			}
			require.Equal(t, want, decodeOne(t, Frame{Data: data, Length: test.length, Link: LinkEthernet}))
		})
	}
	t.Run("IPv6, over the limit", func(t *testing.T) {
		data := changed(tcp6(t), 4, 0, 0)
		require.Equal(t, undecoded("malformed IPv6 header"), decodeOne(t, Frame{Data: data, Length: 0xffffffff, Link: LinkRaw}))
	})
}
