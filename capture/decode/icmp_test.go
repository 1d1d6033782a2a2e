package decode

import (
	"net/netip"
	"testing"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
	"github.com/stretchr/testify/require"

	"ftpscope/capture/flow"
)

// answer is the server's side of the network, or a router in it, sending b to the client.
func answer(t testing.TB, from netip.Addr, proto layers.IPProtocol, b []byte) []byte {
	if from.Is4() {
		ip := ip4(proto)
		ip.SrcIP, ip.DstIP = from.AsSlice(), client4.AsSlice()
		return stack(t, ip, gopacket.Payload(b))
	}
	ip := ip6(proto)
	ip.SrcIP, ip.DstIP = from.AsSlice(), client6.AsSlice()
	return stack(t, ip, gopacket.Payload(b))
}

// message is an ICMP or ICMPv6 error.
func message(kind, code byte, quote []byte) []byte {
	return join([]byte{kind, code, 0, 0, 0, 0, 0, 0}, quote)
}

func icmp4(t testing.TB, kind, code byte, quote []byte) []byte {
	return answer(t, router4, layers.IPProtocolICMPv4, message(kind, code, quote))
}

func icmp6(t testing.TB, kind, code byte, quote []byte) []byte {
	return answer(t, router6, layers.IPProtocolICMPv6, message(kind, code, quote))
}

// refusal is what the decoder says of an error about the usual segment.
func refusal(from netip.Addr, kind, code uint8) outcome {
	s := want4()
	if from.Is6() {
		s = want6()
	}
	s.Flags, s.Ack, s.Window, s.Length, s.Payload = 0, 0, 0, 0, nil
	s.ICMP = &flow.ICMP{From: flow.HostOf(from), V6: from.Is6(), Type: kind, Code: code}
	return outcome{Verdict: ICMP, Segment: s}
}

// tooBig is what it says of an error that names an MTU.
func tooBig(from netip.Addr, kind, code uint8, mtu uint32) outcome {
	o := refusal(from, kind, code)
	o.Segment.ICMP.MTU = mtu
	return o
}

func TestICMP(t *testing.T) {
	v4 := tcp4(t)
	withOptions := ip4(layers.IPProtocolTCP)
	withOptions.Options = []layers.IPv4Option{{OptionType: 148, OptionLength: 4, OptionData: []byte{0, 0}}}
	options := stack(t, withOptions, header())
	for _, test := range []struct {
		name string
		data []byte
		want outcome
	}{
		{"port unreachable", icmp4(t, 3, 3, v4), refusal(router4, 3, 3)},
		{"administratively prohibited, from the server", answer(t, server4, layers.IPProtocolICMPv4, message(3, 13, v4)), refusal(server4, 3, 13)},
		{"time exceeded", icmp4(t, 11, 0, v4), refusal(router4, 11, 0)},
		{"parameter problem", icmp4(t, 12, 0, v4), refusal(router4, 12, 0)},
		{"the least that RFC 792 quotes", icmp4(t, 3, 1, v4[:28]), refusal(router4, 3, 1)},
		{"quote with IP options", icmp4(t, 3, 1, options[:32]), refusal(router4, 3, 1)},
		{"quote cut in the IP options", icmp4(t, 3, 1, options[:23]), outcome{}},
		{"quote cut in the sequence number", icmp4(t, 3, 1, v4[:27]), outcome{}},
		{"quote cut in the IP header", icmp4(t, 3, 1, v4[:19]), outcome{}},
		{"no quote", icmp4(t, 3, 1, nil), outcome{}},
		{"cut", answer(t, router4, layers.IPProtocolICMPv4, []byte{3, 1, 0, 0, 0, 0, 0}), outcome{}},
		{"empty", answer(t, router4, layers.IPProtocolICMPv4, nil), outcome{}},
		{"quote of a header of 16 bytes", icmp4(t, 3, 1, changed(v4, 0, 0x44)), outcome{}},
		{"quote of UDP", icmp4(t, 3, 3, changed(v4, 9, 17)), outcome{}},
		{"quote of a later fragment", icmp4(t, 3, 3, changed(v4, 6, 0, 1)), outcome{}},
		{"quote of IPv6", icmp4(t, 3, 3, tcp6(t)), outcome{}},
		{"fragmentation needed", icmp4(t, 3, 4, v4), refusal(router4, 3, 4)},
		{"fragmentation needed, with its MTU", answer(t, router4, layers.IPProtocolICMPv4, join([]byte{3, 4, 0, 0, 0, 0, 5, 20}, v4)), tooBig(router4, 3, 4, 1300)},
		{"another unreachable, with what is no MTU", answer(t, router4, layers.IPProtocolICMPv4, join([]byte{3, 1, 0, 0, 0, 0, 5, 20}, v4)), refusal(router4, 3, 1)},
		{"quench", icmp4(t, 4, 0, v4), outcome{}},
		{"redirect", icmp4(t, 5, 1, v4), outcome{}},
		{"echo", icmp4(t, 8, 0, v4), outcome{}},
	} {
		t.Run(test.name, func(t *testing.T) {
			require.Equal(t, test.want, decodeOne(t, frame(LinkRaw, test.data)))
		})
	}
}

func TestICMPv6(t *testing.T) {
	v6 := tcp6(t)
	for _, test := range []struct {
		name string
		data []byte
		want outcome
	}{
		{"administratively prohibited", icmp6(t, 1, 1, v6), refusal(router6, 1, 1)},
		{"port unreachable, from the server", answer(t, server6, layers.IPProtocolICMPv6, message(1, 4, v6)), refusal(server6, 1, 4)},
		{"time exceeded", icmp6(t, 3, 0, v6), refusal(router6, 3, 0)},
		{"parameter problem", icmp6(t, 4, 1, v6), refusal(router6, 4, 1)},
		{"eight bytes of TCP", icmp6(t, 1, 0, v6[:48]), refusal(router6, 1, 0)},
		{"behind hop-by-hop options", stack(t, ip6(protoHopByHop), gopacket.Payload(join([]byte{protoICMPv6, 0, 1, 4, 0, 0, 0, 0},
			message(1, 0, v6)))), refusal(client6, 1, 0)},
		{"quote with destination options", icmp6(t, 1, 0, extended6(t, protoDestOpts, protoTCP, 0, 1, 4, 0, 0, 0, 0)), refusal(router6, 1, 0)},
		{"quote of an atomic fragment", icmp6(t, 1, 0, extended6(t, protoFragment, protoTCP, 0, 0, 0, 0, 0, 0, 1)), refusal(router6, 1, 0)},
		{"quote of a later fragment", icmp6(t, 1, 0, extended6(t, protoFragment, protoTCP, 0, 0, 8, 0, 0, 0, 1)), outcome{}},
		{"quote cut in an extension header", icmp6(t, 1, 0, extended6(t, protoDestOpts, protoTCP, 9, 1, 4, 0, 0, 0, 0)), outcome{}},
		{"quote of a chain without end", icmp6(t, 1, 0, extended6(t, protoDestOpts, repeat([]byte{protoDestOpts, 0, 1, 4, 0, 0, 0, 0}, 20)...)), outcome{}},
		{"quote cut in the sequence number", icmp6(t, 1, 0, v6[:47]), outcome{}},
		{"quote cut in the IP header", icmp6(t, 1, 0, v6[:39]), outcome{}},
		{"quote of UDP", icmp6(t, 1, 0, changed(v6, 6, 17)), outcome{}},
		{"quote of IPv4", icmp6(t, 1, 0, join(tcp4(t), make([]byte, 20))), outcome{}},
		{"packet too big", answer(t, router6, layers.IPProtocolICMPv6, join([]byte{2, 0, 0, 0, 0, 0, 5, 20}, v6)), tooBig(router6, 2, 0, 1300)},
		{"echo", icmp6(t, 128, 0, v6), outcome{}},
		{"neighbour solicitation", icmp6(t, 135, 0, v6), outcome{}},
	} {
		t.Run(test.name, func(t *testing.T) {
			require.Equal(t, test.want, decodeOne(t, frame(LinkRaw, test.data)))
		})
	}
}

// A snapshot length may cut an error anywhere; from eight quoted bytes of TCP on it says
// all.
func TestICMPSnapLength(t *testing.T) {
	data := icmp4(t, 3, 1, tcp4(t))
	for cut := range data {
		got := decodeOne(t, Frame{Data: data[:cut:cut], Length: uint32(len(data)), Link: LinkRaw})
		switch {
		case cut < 20:
			require.Equal(t, Undecoded, got.Verdict, cut)
		case cut < 20+8:
			require.Equal(t, outcome{}, got, cut)
		case cut < 20+8+28:
			require.Equal(t, undecoded("cut in an ICMP error's quote"), got, cut)
		default:
			require.Equal(t, refusal(router4, 3, 1), got, cut)
		}
	}
}
