package decode

import (
	"slices"
	"testing"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
	"github.com/stretchr/testify/require"
)

// tags is n VLAN tags and then IPv4.
func tags(n int) []uint16 {
	return append(slices.Repeat([]uint16{etherVLAN}, n), etherIPv4)
}

func TestLinks(t *testing.T) {
	v4, v6 := tcp4(t), tcp6(t)
	mac := []byte{2, 0, 0, 0, 0, 1}
	eth := func(next layers.EthernetType) *layers.Ethernet {
		return &layers.Ethernet{SrcMAC: mac, DstMAC: mac, EthernetType: next}
	}
	sll := func(protocol uint16) []byte {
		return []byte{0, 4, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0, byte(protocol >> 8), byte(protocol)}
	}
	sll2 := func(protocol uint16) []byte {
		return []byte{byte(protocol >> 8), byte(protocol), 0, 0, 0, 0, 0, 2, 0, 1, 4, 6, 2, 0, 0, 0, 0, 1, 0, 0}
	}
	snap := func(oui byte, etherType uint16) []byte {
		return []byte{0xaa, 0xaa, 3, 0, 0, oui, byte(etherType >> 8), byte(etherType)}
	}
	for _, test := range []struct {
		name string
		link uint32
		data []byte
		want outcome
	}{
		{"Ethernet, IPv4", LinkEthernet, stack(t, eth(layers.EthernetTypeIPv4), gopacket.Payload(v4)), segment(want4())},
		{"Ethernet, IPv6", LinkEthernet, stack(t, eth(layers.EthernetTypeIPv6), gopacket.Payload(v6)), segment(want6())},
		{"Ethernet, VLAN", LinkEthernet, stack(t, eth(layers.EthernetTypeDot1Q),
			&layers.Dot1Q{VLANIdentifier: 7, Type: layers.EthernetTypeIPv4}, gopacket.Payload(v4)), segment(want4()).in(7)},
		{"Ethernet, QinQ", LinkEthernet, stack(t, eth(layers.EthernetTypeQinQ),
			&layers.Dot1Q{VLANIdentifier: 7, Type: layers.EthernetTypeDot1Q},
			&layers.Dot1Q{VLANIdentifier: 8, Type: layers.EthernetTypeIPv6}, gopacket.Payload(v6)), segment(want6()).in(7, 8)},
		{"Ethernet, QinQ of before the standard", LinkEthernet, ethernet([]uint16{etherQinQOld, etherVLAN, etherIPv4}, v4), segment(want4()).in(1)},
		{"Ethernet, eight tags", LinkEthernet, ethernet(tags(8), v4), segment(want4()).in(1, 2, 3, 4, 5, 6, 7)},
		{"Ethernet, nine tags", LinkEthernet, ethernet(tags(9), v4), undecoded("cut or too many VLAN tags")},
		{"Ethernet, cut in a tag", LinkEthernet, ethernet(tags(2), nil)[:17], undecoded("cut or too many VLAN tags")},
		{"Ethernet, cut in the header", LinkEthernet, make([]byte, 13), undecoded("cut in the Ethernet header")},
		{"Ethernet, empty", LinkEthernet, nil, undecoded("cut in the Ethernet header")},
		{"SNAP, IPv4", LinkEthernet, ethernet([]uint16{100}, join(snap(0, etherIPv4), v4)), segment(want4())},
		{"SNAP, IPv6", LinkEthernet, ethernet([]uint16{100}, join(snap(0, etherIPv6), v6)), segment(want6())},
		{"SNAP, VLAN", LinkEthernet, ethernet([]uint16{etherVLAN, 100}, join(snap(0, etherIPv4), v4)), segment(want4())},
		{"SNAP, AppleTalk", LinkEthernet, ethernet([]uint16{100}, join(snap(0, 0x809b), v4)), outcome{}},
		{"SNAP, an organization's own types", LinkEthernet, ethernet([]uint16{100}, join(snap(12, etherIPv4), v4)), outcome{}},
		{"spanning tree", LinkEthernet, ethernet([]uint16{38}, []byte{0x42, 0x42, 3, 0, 0, 0, 0, 0}), outcome{}},
		{"802.3 without a payload", LinkEthernet, ethernet([]uint16{0}, nil), outcome{}},
		{"SLL, IPv4", LinkSLL, join(sll(etherIPv4), v4), segment(want4())},
		{"SLL, VLAN, IPv6", LinkSLL, join(sll(etherVLAN), []byte{0, 7, 0x86, 0xdd}, v6), segment(want6()).in(7)},
		{"SLL, 802.2", LinkSLL, join(sll(4), []byte{0x42, 0x42, 3}), outcome{}},
		{"SLL, cut", LinkSLL, sll(etherIPv4)[:15], undecoded("cut in the Linux cooked header")},
		{"SLL2, IPv4", LinkSLL2, join(sll2(etherIPv4), v4), segment(want4())},
		{"SLL2, VLAN, IPv6", LinkSLL2, join(sll2(etherVLAN), []byte{0, 7, 0x86, 0xdd}, v6), segment(want6()).in(7)},
		{"SLL2, cut", LinkSLL2, sll2(etherIPv4)[:19], undecoded("cut in the Linux cooked header")},
		{"NULL, little-endian", LinkNull, stack(t, &layers.Loopback{Family: layers.ProtocolFamilyIPv4}, gopacket.Payload(v4)), segment(want4())},
		{"NULL, big-endian", LinkNull, join([]byte{0, 0, 0, 2}, v4), segment(want4())},
		{"NULL, Darwin's IPv6", LinkNull, join([]byte{30, 0, 0, 0}, v6), segment(want6())},
		{"NULL, FreeBSD's IPv6, big-endian", LinkNull, join([]byte{0, 0, 0, 28}, v6), segment(want6())},
		{"NULL, NetBSD's IPv6", LinkNull, join([]byte{24, 0, 0, 0}, v6), segment(want6())},
		{"NULL, unknown family", LinkNull, join([]byte{0, 0, 0, 7}, v4), undecoded("unknown address family 7")},
		{"NULL, cut", LinkNull, []byte{2, 0, 0, 0}, undecoded("cut in the loopback header")},
		{"LOOP, IPv4", LinkLoop, join([]byte{0, 0, 0, 2}, v4), segment(want4())},
		{"LOOP, OpenBSD's IPv6", LinkLoop, join([]byte{0, 0, 0, 24}, v6), segment(want6())},
		{"RAW 12", LinkRaw12, v4, segment(want4())},
		{"RAW 14", LinkRaw14, v6, segment(want6())},
		{"RAW 101, IPv4", LinkRaw, v4, segment(want4())},
		{"RAW 101, IPv6", LinkRaw, v6, segment(want6())},
		{"RAW 101, neither", LinkRaw, changed(v4, 0, 0x55), undecoded("neither IPv4 nor IPv6")},
		{"RAW 101, empty", LinkRaw, nil, undecoded("cut in the IP header")},
		{"IPV4 228", LinkIPv4, v4, segment(want4())},
		{"IPV6 229", LinkIPv6, v6, segment(want6())},
		{"unknown", 147, v4, undecoded("unknown link type 147")},
		{"SLL2 cut to eight bits is not SLL2", LinkSLL2 & 0xff, join(sll2(etherIPv4), v4), undecoded("unknown link type 20")},
	} {
		t.Run(test.name, func(t *testing.T) {
			require.Equal(t, test.want, decodeOne(t, frame(test.link, test.data)))
		})
	}
}

func TestEtherTypes(t *testing.T) {
	for _, test := range []struct {
		etherType uint16
		want      outcome
	}{
		{etherARP, outcome{}},
		{etherRARP, outcome{}},
		{etherLLDP, outcome{}},
		{etherEAPOL, outcome{}},
		{etherLoopback, outcome{}},
		{etherCDP, outcome{}},
		{etherSlow, outcome{}},
		{etherPPPoED, outcome{}},
		{etherPTP, outcome{}},
		{etherUnknown, undecoded("unknown EtherType 0x0bad")},
		{etherMinimum, undecoded("unknown EtherType 0x0600")},
	} {
		require.Equal(t, test.want, decodeOne(t, frame(LinkEthernet, ethernet([]uint16{test.etherType}, tcp4(t)))))
	}
}
