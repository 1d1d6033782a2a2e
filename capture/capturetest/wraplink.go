package capturetest

import (
	"encoding/binary"
	"slices"
)

// snap is IEEE 802.2 with SNAP (RFC 1042).
var snap = typed(0xaa, 0xaa, 3, 0, 0, 0)

var le = binary.LittleEndian

// ppp is PPP with address and control, or without; short leaves out the first byte of the
// protocol too.
func ppp(address, short bool) layer {
	return func(c carried) []byte {
		var h []byte
		if address {
			h = append(h, 0xff, 3)
		}
		if !short {
			h = append(h, 0)
		}
		if typeOf(c.data) == typeIPv6 {
			return append(h, 0x57)
		}
		return append(h, 0x21)
	}
}

// dot11 is the header of a data frame from or to a station, or (both) between access
// points; more is what follows the addresses.
func dot11(subtype, flags byte, more ...byte) layer {
	return func(c carried) []byte {
		const toDS, fromDS, both = 1, 2, 3
		f := flags
		if f&both == 0 {
			f |= [2]byte{toDS, fromDS}[c.dir]
		}
		h := []byte{subtype<<4 | 8, f, 0, 0}
		h = append(h, 2, 0, 0, 0, 0, 3, 2, 0, 0, 0, 0, byte(c.dir)+1, 2, 0, 0, 0, 0, 2-byte(c.dir), 0x10, 0)
		if f&both == both {
			h = append(h, 2, 0, 0, 0, 0, 4)
		}
		return append(h, more...)
	}
}

// msdu is the header of a frame in an A-MSDU: addresses and length.
func msdu(c carried) []byte {
	return be.AppendUint16([]byte{2, 0, 0, 0, 0, 2 - byte(c.dir), 2, 0, 0, 0, 0, byte(c.dir) + 1}, uint16(len(c.data)))
}

// radiotap is a header with a timestamp and flags.
func radiotap(flags byte) layer {
	return raw(0, 0, 18, 0, 3, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, flags, 0)
}

// pppoe is a session's header.
func pppoe(c carried) []byte {
	return be.AppendUint16([]byte{0x11, 0, 0x12, 0x34}, uint16(len(c.data)))
}

// nflog is an NFLOG header with a prefix and a payload.
func nflog(order binary.AppendByteOrder) layer {
	return func(c carried) []byte {
		family := byte(2)
		if typeOf(c.data) == typeIPv6 {
			family = 10
		}
		h := []byte{family, 0, 0, 5}
		h = order.AppendUint16(order.AppendUint16(h, 4+5), 10) // prefix
		h = append(h, 'f', 't', 'p', ':', 0, 0, 0, 0)
		h = order.AppendUint16(h, uint16(4+len(c.data)))
		return order.AppendUint16(h, 9)
	}
}

// bsdFamily is the address family of IP on OpenBSD.
func bsdFamily(c carried) byte {
	if typeOf(c.data) == typeIPv6 {
		return 24
	}
	return 2
}

func pflog(c carried) []byte {
	h := make([]byte, 64)
	h[0], h[1] = 61, bsdFamily(c)
	copy(h[4:], "em0")
	h[60] = 1 + byte(c.dir)
	return h
}

func enc(c carried) []byte { return []byte{bsdFamily(c), 0, 0, 0, 0, 0, 0, 7, 0, 0, 0, 0} }

// pktap is Apple's header of a packet of a link type.
func pktap(link uint32) layer {
	const size = 108
	h := le.AppendUint32(nil, size)
	h = le.AppendUint32(h, 1)
	h = le.AppendUint32(h, link)
	h = append(h, "en0"...)
	return raw(append(h, make([]byte, size-len(h))...)...)
}

func prism(c carried) []byte {
	h := le.AppendUint32(nil, 0x44)
	h = le.AppendUint32(h, 144)
	return append(h, make([]byte, 144-len(h))...)
}

func avs(c carried) []byte {
	h := be.AppendUint32(nil, 0x80211001)
	h = be.AppendUint32(h, 64)
	return append(h, make([]byte, 64-len(h))...)
}

func ppi(c carried) []byte { return []byte{0, 0, 8, 0, 105, 0, 0, 0} }

func erf(c carried) []byte {
	h := le.AppendUint64(nil, 0x5f5e100_00000000)
	h = append(h, 2, 4)
	h = be.AppendUint16(h, uint16(16+2+len(c.data)))
	h = append(h, 0, 0)
	h = be.AppendUint16(h, uint16(len(c.data)))
	return append(h, 0, 0)
}

func direction(c carried) []byte { return []byte{1 - byte(c.dir)} }

// pppd has a direction in place of PPP's address.
func pppd(c carried) []byte { return append([]byte{1 - byte(c.dir), 3}, ppp(false, false)(c)...) }

func cisco(c carried) []byte { return typed(0x0f, 0)(c) }

// relayed is RFC 2427's header of IP.
func relayed(c carried) []byte {
	if typeOf(c.data) == typeIPv6 {
		return []byte{0x18, 0x41, 3, 0x8e}
	}
	return []byte{0x18, 0x41, 3, 0xcc}
}

func links() []Wrapping {
	qos := []byte{0, 0}
	list := []Wrapping{
		{Name: "Ethernet with FCS", Link: LinkEthernet, layers: []layer{ether(0)}, tail: []byte{1, 2, 3, 4}},
		{Name: "Ethernet, SNAP", Link: LinkEthernet, layers: []layer{func(c carried) []byte { return ether(uint16(len(c.data)))(c) }, snap}},
		{Name: "raw 12", Link: 12}, {Name: "raw 14", Link: 14}, {Name: "raw 101", Link: LinkRaw},
		{Name: "PPP", Link: 9, layers: []layer{ppp(true, false)}},
		{Name: "PPP without address and control", Link: 9, layers: []layer{ppp(false, false)}},
		{Name: "PPP with short protocol", Link: 9, layers: []layer{ppp(false, true)}},
		{Name: "PPP, HDLC framing", Link: 50, layers: []layer{ppp(true, false)}},
		{Name: "Cisco HDLC in PPP HDLC", Link: 50, layers: []layer{cisco}},
		{Name: "PPP with direction", Link: 204, layers: []layer{direction, ppp(true, false)}},
		{Name: "PPP of pppd", Link: 166, layers: []layer{pppd}},
		{Name: "Cisco HDLC", Link: 104, layers: []layer{cisco}},
		{Name: "Cisco HDLC with direction", Link: 205, layers: []layer{direction, cisco}},
		{Name: "PPPoE", Link: LinkEthernet, layers: []layer{ether(0x8864), pppoe, ppp(false, false)}},
		{Name: "PPPoE in a VLAN", Link: LinkEthernet, layers: []layer{ether(typeVLAN), raw(0, 7, 0x88, 0x64), pppoe, ppp(false, false)}},
		{Name: "PPPoE link type", Link: 51, layers: []layer{pppoe, ppp(false, false)}},
		{Name: "802.11", Link: 105, layers: []layer{dot11(0, 0), snap}},
		{Name: "802.11 QoS", Link: 105, layers: []layer{dot11(8, 0, qos...), snap}},
		{Name: "802.11 QoS with HT control", Link: 105, layers: []layer{dot11(8, 0x80, append(qos, 0, 0, 0, 0)...), snap}},
		{Name: "802.11 four addresses", Link: 105, layers: []layer{dot11(0, 3), snap}},
		{Name: "802.11 four addresses, QoS", Link: 105, layers: []layer{dot11(8, 3, qos...), snap}},
		{Name: "802.11 A-MSDU", Link: 105, layers: []layer{dot11(8, 0, 0x80, 0), msdu, snap}},
		{Name: "802.11 radiotap", Link: 127, layers: []layer{radiotap(0), dot11(8, 0, qos...), snap}},
		{Name: "802.11 radiotap, FCS", Link: 127, layers: []layer{radiotap(0x10), dot11(0, 0), snap}, tail: []byte{1, 2, 3, 4}},
		{Name: "802.11 radiotap, padded header", Link: 127, layers: []layer{radiotap(0x20), dot11(8, 0, append(qos, 0, 0)...), snap}},
		{Name: "802.11 Prism", Link: 119, layers: []layer{prism, dot11(0, 0), snap}},
		{Name: "802.11 AVS", Link: 163, layers: []layer{avs, dot11(0, 0), snap}},
		{Name: "802.11 PPI", Link: 192, layers: []layer{ppi, dot11(0, 0), snap}},
		{Name: "NFLOG", Link: 239, layers: []layer{nflog(le)}},
		{Name: "NFLOG, big-endian", Link: 239, layers: []layer{nflog(be)}},
		{Name: "PFLOG", Link: 117, layers: []layer{pflog}},
		{Name: "ENC", Link: 109, layers: []layer{enc}},
		{Name: "PKTAP, Ethernet", Link: 258, layers: []layer{pktap(LinkEthernet), ether(0)}},
		{Name: "PKTAP, raw", Link: 258, layers: []layer{pktap(12)}},
		{Name: "PKTAP, loopback", Link: 258, layers: []layer{pktap(LinkNull), func(c carried) []byte { return le.AppendUint32(nil, family(typeOf(c.data))) }}},
		{Name: "PKTAP, DLT_USER2", Link: 149, layers: []layer{pktap(LinkEthernet), ether(0)}},
		{Name: "Token Ring", Link: 6, layers: []layer{raw(0x10, 0x40, 2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2), snap}},
		{Name: "Token Ring with a route", Link: 6, layers: []layer{raw(0x10, 0x40, 2, 0, 0, 0, 0, 1, 0x82, 0, 0, 0, 0, 2, 0x06, 0x30, 0, 0x11, 0, 0x20), snap}},
		{Name: "FDDI", Link: 10, layers: []layer{raw(0x50, 2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2), snap}},
		{Name: "ATM", Link: 100, layers: []layer{snap}},
		{Name: "IP over Fibre Channel", Link: 122, layers: []layer{raw(0x10, 0, 2, 0, 0, 0, 0, 1, 0x10, 0, 2, 0, 0, 0, 0, 2), snap}},
		{Name: "Frame Relay", Link: 107, layers: []layer{relayed}},
		{Name: "Frame Relay, SNAP", Link: 107, layers: []layer{typed(0x18, 0x41, 3, 0, 0x80, 0, 0, 0)}},
		{Name: "Frame Relay, Cisco's", Link: 107, layers: []layer{typed(0x18, 0x41)}},
		{Name: "ERF", Link: 197, layers: []layer{erf, ether(0)}},
		{Name: "MPLS link type", Link: 219, layers: []layer{raw(0, 1, 0x41, 64)}},
	}
	for name, how := range Encapsulations {
		list = append(list, Wrapping{Name: name, Link: how.link(), layers: []layer{func(c carried) []byte {
			h, _ := how.header(c.data, c.dir)
			return h
		}}})
	}
	return slices.Clip(list)
}

// OnlyIP wraps IPv4 or IPv6 alone, by the link types that say so.
func OnlyIP(version int) Wrapping {
	if version == 6 {
		return Wrapping{Name: "IPv6", Link: 229}
	}
	return Wrapping{Name: "IPv4", Link: 228}
}

// Aggregate puts the IP packets of n frames in a row into one IEEE 802.11 frame (A-MSDU),
// which has the time of the first.
func Aggregate(frames []Frame, n int) []Frame {
	var out []Frame
	for group := range slices.Chunk(WithIP(frames), n) {
		f := group[0]
		data := dot11(8, 0, 0x80, 0)(carried{dir: f.dir()})
		for _, member := range group {
			packet := member.Data[member.head:]
			size, _ := packetSize(packet)
			packet = packet[:min(size, len(packet))]
			packet = append(snap(carried{data: packet}), packet...)
			data = append(data, make([]byte, (4-(len(data)-26)%4)%4)...) // all but the last are padded
			data = append(append(data, msdu(carried{packet, f.dir()})...), packet...)
		}
		f.Link, f.Data, f.Length, f.Meta = 105, data, len(data), nil
		out = append(out, f)
	}
	return out
}
