package capturetest

import (
	"slices"

	"github.com/google/gopacket/layers"
)

const (
	typeBridge = 0x6558
	typeMPLS   = 0x8847
)

func gre(g layers.GRE) layer {
	return func(c carried) []byte {
		g := g
		if g.Protocol == 0 {
			g.Protocol = layers.EthernetType(typeOf(c.data))
		}
		return headers(c.data, &g)
	}
}

func greTunnels() (list []Wrapping) {
	over4 := func(name string, l ...layer) {
		list = append(list, Wrapping{Name: name, Link: LinkEthernet, layers: append([]layer{ether(0), ip4(layers.IPProtocolGRE)}, l...)})
	}
	over4("GRE", gre(layers.GRE{}))
	over4("GRE with checksum", gre(layers.GRE{ChecksumPresent: true}))
	over4("GRE with key", gre(layers.GRE{KeyPresent: true, Key: 77}))
	over4("GRE with sequence number", gre(layers.GRE{SeqPresent: true, Seq: 9}))
	over4("GRE with all", gre(layers.GRE{ChecksumPresent: true, KeyPresent: true, Key: 77, SeqPresent: true, Seq: 9}))
	over4("GRE, source route", gre(layers.GRE{RoutingPresent: true, GRERouting: &layers.GRERouting{
		AddressFamily: 0x800, SRELength: 4, RoutingInformation: []byte{10, 99, 0, 2},
	}}))
	over4("GRE, Ethernet", gre(layers.GRE{Protocol: typeBridge}), ether(0))
	over4("GRE, MPLS", gre(layers.GRE{Protocol: typeMPLS}), label(1000, 1000, true))
	over4("GRE, PPP of PPTP", pptp, ppp(true, false))
	over4("GRE, WCCP", gre(layers.GRE{Protocol: 0x883e}), raw(0, 0, 0, 7))
	over4("NVGRE", gre(layers.GRE{KeyPresent: true, Key: 5000<<8 | 3, Protocol: typeBridge}), ether(0))
	over4("ERSPAN I", gre(layers.GRE{Protocol: 0x88be}), ether(0))
	erspan2 := gre(layers.GRE{Protocol: 0x88be, SeqPresent: true, Seq: 5})
	over4("ERSPAN II", erspan2, of(&layers.ERSPANII{Version: 1, SessionID: 100, Index: 3}), ether(0))
	over4("ERSPAN II of a VLAN", erspan2, of(&layers.ERSPANII{Version: 1, SessionID: 100, VLANIdentifier: 20, TrunkEncap: 2}), ether(0))
	over4("ERSPAN II, tag kept", erspan2, of(&layers.ERSPANII{Version: 1, SessionID: 100, VLANIdentifier: 20, TrunkEncap: 3}),
		ether(typeVLAN), typed(0, 20))
	erspan3 := gre(layers.GRE{Protocol: 0x22eb, SeqPresent: true, Seq: 5})
	over4("ERSPAN III", erspan3, raw(0x20, 0, 0, 100, 1, 2, 3, 4, 0, 0, 0x80, 0), ether(0))
	over4("ERSPAN III, subheader", erspan3, raw(0x20, 0, 0, 100, 1, 2, 3, 4, 0, 0, 0x80, 1, 0, 0, 0, 0, 0, 0, 0, 0), ether(0))
	over6 := Wrapping{Name: "GRE over IPv6", Link: LinkEthernet, layers: []layer{ether(0), ip6(layers.IPProtocolGRE), gre(layers.GRE{})}}
	return append(list, over6)
}

// pptp is enhanced GRE with sequence and acknowledgment numbers; each direction has its
// call.
func pptp(c carried) []byte {
	h := []byte{0x30, 0x81, 0x88, 0x0b}
	h = be.AppendUint16(h, uint16(len(c.data)))
	h = append(h, 0, 7+byte(c.dir))
	return append(h, 0, 0, 0, 1, 0, 0, 0, 2)
}

// label is an entry of a label stack.
func label(out, in uint32, bottom bool) layer {
	return func(c carried) []byte {
		return headers(nil, &layers.MPLS{Label: [2]uint32{out, in}[c.dir], StackBottom: bottom, TTL: 60})
	}
}

func mplsTunnels() []Wrapping {
	word := raw(0, 0, 0, 0)
	stack := []layer{ether(typeMPLS), label(16, 16, false), label(1001, 1001, true)}
	list := []Wrapping{
		{Name: "MPLS", layers: []layer{ether(typeMPLS), label(1000, 1000, true)}},
		{Name: "MPLS, labels by direction", Tagged: true, layers: []layer{ether(typeMPLS), label(1000, 2000, true)}},
		{Name: "MPLS, two labels", layers: stack},
		{Name: "MPLS, explicit null", layers: []layer{ether(typeMPLS), label(1000, 1000, false), label(0, 0, true)}},
		{Name: "MPLS, entropy label", layers: []layer{ether(typeMPLS), label(1000, 1000, false), label(7, 7, false), label(77777, 88888, true)}},
		{Name: "MPLS, Ethernet", layers: slices.Concat(stack, []layer{ether(0)})},
		{Name: "MPLS, Ethernet with a control word", layers: slices.Concat(stack, []layer{word, ether(0)})},
		{Name: "MPLS, Ethernet with a VLAN and a control word", layers: slices.Concat(stack, []layer{word, ether(typeVLAN), typed(0, 9)})},
		{Name: "MPLS over IP", layers: []layer{ether(0), ip4(137), label(1000, 1000, true)}},
		{Name: "MPLS over UDP", layers: []layer{ether(0), udp(50000, 6635), label(1000, 1000, true)}},
	}
	for i := range list {
		list[i].Link = LinkEthernet
	}
	return list
}

// vxlan is a header; next 0 is Ethernet without saying so.
func vxlan(flags, next byte) layer { return raw(flags, 0, 0, next, 0, 0x13, 0x88, 0) }

// VXLAN is VXLAN over some UDP port.
func VXLAN(port uint16) Wrapping {
	return Wrapping{Name: "VXLAN over another port", Link: LinkEthernet, layers: []layer{ether(0), udp(50000, port), vxlan(8, 0), ether(0)}}
}

// gpe is a VXLAN-GPE header for an IP packet.
func gpe(c carried) []byte {
	if typeOf(c.data) == typeIPv6 {
		return vxlan(0x0c, 2)(c)
	}
	return vxlan(0x0c, 1)(c)
}

// geneve has an option, and what it carries by its EtherType, 0 for IP.
func geneve(etherType uint16) layer {
	return func(c carried) []byte {
		t := etherType
		if t == 0 {
			t = typeOf(c.data)
		}
		h := be.AppendUint16([]byte{2, 0}, t)
		return append(h, 0, 0x13, 0x88, 0, 0x01, 0x02, 0x03, 1, 9, 9, 9, 9)
	}
}

// nsh is a service header of type 2 for an Ethernet frame.
var nsh = raw(0, 0x42, 2, 3, 0, 0, 7, 255)

func udpTunnels() []Wrapping {
	vx, gp, gen := udp(50000, 4789), udp(50000, 4790), udp(50000, 6081)
	list := []Wrapping{
		{Name: "VXLAN", layers: []layer{vx, vxlan(8, 0), ether(0)}},
		{Name: "VXLAN with a VLAN", layers: []layer{vx, vxlan(8, 0), ether(typeVLAN), typed(0, 7)}},
		{Name: "VXLAN of Linux", layers: []layer{udp(50000, 8472), vxlan(8, 0), ether(0)}},
		{Name: "VXLAN with group policy", layers: []layer{vx, raw(0x88, 0, 0, 5, 0, 0x13, 0x88, 0), ether(0)}},
		{Name: "VXLAN-GPE, IP", layers: []layer{gp, gpe}},
		{Name: "VXLAN-GPE, Ethernet", layers: []layer{gp, vxlan(0x0c, 3), ether(0)}},
		{Name: "VXLAN-GPE, NSH", layers: []layer{gp, vxlan(0x0c, 4), nsh, ether(0)}},
		{Name: "Geneve, Ethernet", layers: []layer{gen, geneve(typeBridge), ether(0)}},
		{Name: "Geneve, IP", layers: []layer{gen, geneve(0)}},
		{Name: "GTP-U", Tagged: true, layers: []layer{udp(2152, 2152), gtpu(0x30)}},
		{Name: "GTP-U with sequence number", Tagged: true, layers: []layer{udp(2152, 2152), gtpu(0x32, 0, 9, 0, 0)}},
		{Name: "GTP-U with extension headers", Tagged: true, layers: []layer{
			udp(2152, 2152), gtpu(0x34, 0, 0, 0, 0x85, 1, 0x10, 9, 0xc0, 1, 0, 9, 0),
		}},
		{Name: "L2TPv2", Tagged: true, layers: []layer{udp(1701, 1701), each([]byte{0, 2, 0, 1, 0, 2}, []byte{0, 2, 0, 3, 0, 4}), ppp(true, false)}},
		{Name: "L2TPv2 with all fields", layers: []layer{udp(1701, 1701), l2tpAll, ppp(true, false)}},
		{Name: "L2TPv3 over UDP", Tagged: true, layers: []layer{udp(1701, 1701), each([]byte{0, 3, 0, 0, 0, 0, 0, 7}, []byte{0, 3, 0, 0, 0, 0, 0, 8}), ether(0)}},
		{Name: "L2TPv3 over UDP, cookie, sublayer", layers: []layer{udp(1701, 1701), raw(0, 3, 0, 0, 0, 0, 0, 7, 1, 2, 3, 4, 5, 6, 7, 8, 0x40, 0, 0, 1), ether(0)}},
	}
	list = append(list, sites()...)
	for i := range list {
		list[i].Link, list[i].layers = LinkEthernet, append([]layer{ether(0)}, list[i].layers...)
	}
	return list
}

// sites are tunnels of sniffers, access points and routers of sites.
func sites() []Wrapping {
	tz, cap, lisp := udp(50000, 37008), udp(5247, 5247), udp(50000, 4341)
	return []Wrapping{
		{Name: "TZSP", layers: []layer{tz, raw(1, 0, 0, 1, 1), ether(0)}},
		{Name: "TZSP with tags", layers: []layer{tz, raw(1, 0, 0, 1, 10, 1, 200, 0, 60, 6, 2, 0, 0, 0, 0, 9, 1), ether(0)}},
		{Name: "TZSP, 802.11", layers: []layer{tz, raw(1, 0, 0, 18, 10, 1, 200, 1), dot11(0, 0), snap}},
		{Name: "CAPWAP", layers: []layer{cap, raw(0, 0x10, 2, 0, 0, 0, 0, 0), ether(0)}},
		{Name: "CAPWAP, 802.11", layers: []layer{cap, raw(0, 0x20, 0x43, 0x10, 0, 0, 0, 0, 6, 2, 0, 0, 0, 0, 8, 0), dot11(8, 0, 0, 0), snap}},
		{Name: "CAPWAP, 802.11 with exchanged control", layers: []layer{cap, raw(0, 0x10, 0x43, 0, 0, 0, 0, 0), exchanged(dot11(8, 0, 0, 0)), snap}},
		{Name: "LISP", layers: []layer{lisp, raw(0xc0, 1, 2, 3, 0, 0, 0, 1)}},
		{Name: "LISP with an instance", layers: []layer{lisp, raw(0x88, 1, 2, 3, 0, 0x13, 0x88, 1)}},
		{Name: "LISP-GPE, Ethernet", layers: []layer{lisp, raw(0x0c, 0, 0, 3, 0, 0x13, 0x88, 0), ether(0)}},
	}
}

// exchanged is a header whose first two bytes changed places.
func exchanged(of layer) layer {
	return func(c carried) []byte {
		h := of(c)
		h[0], h[1] = h[1], h[0]
		return h
	}
}

// gtpu is a G-PDU with these flags; more are the optional fields and extension headers.
func gtpu(flags byte, more ...byte) layer {
	return func(c carried) []byte {
		h := be.AppendUint16([]byte{flags, 255}, uint16(len(more)+len(c.data)))
		return append(append(h, 0, 0, 1, byte(c.dir)), more...)
	}
}

// l2tpAll has length, sequence numbers and an offset of two.
func l2tpAll(c carried) []byte {
	h := be.AppendUint16([]byte{0x4a, 2}, uint16(16+len(c.data)))
	return append(h, 0, 1, 0, 2, 0, 1, 0, 0, 0, 2, 0, 0)
}

// authenticated is IPsec's authentication header before an IP packet.
func authenticated(c carried) []byte {
	h := []byte{byte(protoOf(0, c.data)), 4, 0, 0}
	return append(append(h, 0, 0, 1, byte(c.dir), 0, 0, 0, 9), make([]byte, 12)...)
}

// transport puts IPsec's authentication header between IP and what it carries.
func transport(packet []byte) []byte {
	const size, proto4, proto6, ah = 24, 9, 6, 51
	at, field := 40, proto6
	if typeOf(packet) == typeIPv4 {
		at, field = int(packet[0]&15)*4, proto4
	}
	const hopByHop, fragment, parts = 0, 44, 0x3fff
	if packet[field] == hopByHop || packet[field] == fragment || field == proto4 && be.Uint16(packet[6:])&parts != 0 {
		return packet // the header stands after hop-by-hop options, which are not TCP's, and is put in before packets are cut
	}
	header := append([]byte{packet[field], size/4 - 2, 0, 0, 0, 0, 1, 0, 0, 0, 0, 9}, make([]byte, 12)...)
	out := slices.Concat(packet[:at], header, packet[at:])
	out[field] = ah
	if typeOf(packet) == typeIPv6 {
		be.PutUint16(out[4:], be.Uint16(out[4:])+size)
		return out
	}
	be.PutUint16(out[2:], be.Uint16(out[2:])+size)
	be.PutUint16(out[10:], 0)
	sum := uint32(0)
	for i := 0; i < at; i += 2 {
		sum += uint32(be.Uint16(out[i:]))
	}
	for sum>>16 != 0 {
		sum = sum>>16 + sum&0xffff
	}
	be.PutUint16(out[10:], ^uint16(sum))
	return out
}

func tunnels() []Wrapping {
	list := []Wrapping{
		{Name: "IP in IPv4", layers: []layer{ether(0), ip4(0)}},
		{Name: "IP in IPv6", layers: []layer{ether(0), ip6(0)}},
		{Name: "IPsec AH, tunnel mode", layers: []layer{ether(0), ip4(layers.IPProtocolAH), authenticated}},
		{Name: "IPsec AH, transport mode", edit: transport, layers: []layer{ether(0)}},
		{Name: "IPsec AH over IPv6", layers: []layer{ether(0), ip6(layers.IPProtocolAH), authenticated}},
		{Name: "EtherIP", layers: []layer{ether(0), ip4(97), raw(0x30, 0), ether(0)}},
		{Name: "L2TPv3 over IP", layers: []layer{ether(0), ip4(115), raw(0, 0, 0, 7), ether(0)}},
		{Name: "L2TPv3 over IP, cookie", layers: []layer{ether(0), ip4(115), raw(0, 0, 0, 7, 1, 2, 3, 4), ether(0)}},
		{Name: "L2TPv3 over IP, PPP", layers: []layer{ether(0), ip4(115), raw(0, 0, 0, 7), ppp(true, false)}},
		{Name: "L2TPv3 over IP, Cisco HDLC", layers: []layer{ether(0), ip4(115), raw(0, 0, 0, 7), cisco}},
		{Name: "VN-Tag", layers: []layer{ether(0x8926), each([]byte{0, 0, 0, 5}, []byte{0x80, 7, 0, 0}), typed()}},
		{Name: "E-Tag", layers: []layer{ether(0x893f), typed(0, 0, 0, 5, 0, 0)}},
		{Name: "Cisco MetaData", layers: []layer{ether(0x8909), typed(1, 1, 0, 1, 0, 5)}},
		{Name: "HSR", layers: []layer{ether(0x892f), typed(0x10, 0, 0, 7)}},
		{Name: "provider backbone", layers: []layer{ether(0x88e7), raw(0, 0, 0x13, 0x88), ether(0)}},
		{Name: "MACsec, authenticated", layers: []layer{ether(0x88e5), typed(0x20, 0, 0, 0, 0, 9, 2, 0, 0, 0, 0, 1, 0, 1)}, tail: make([]byte, 16)},
		{Name: "eight tunnels", layers: append([]layer{ether(0)}, slices.Repeat([]layer{ip4(4)}, 7)...)},
	}
	list[len(list)-1].layers = append(list[len(list)-1].layers, ip4(0))
	for i := range list {
		list[i].Link = LinkEthernet
	}
	return slices.Concat(list, greTunnels(), mplsTunnels(), udpTunnels())
}

// Teredo wraps IPv6 packets whose client has a Teredo address.
func Teredo() []Wrapping {
	port := udp(50000, 3544)
	back := udp(3544, 50000)
	both := func(c carried) []byte {
		if c.dir == 0 {
			return port(c)
		}
		return back(c)
	}
	return []Wrapping{
		{Name: "Teredo", Link: LinkEthernet, layers: []layer{ether(0), both}},
		{Name: "Teredo with origin", Link: LinkEthernet, layers: []layer{ether(0), both, raw(0, 0, 1, 2, 3, 4, 5, 6)}},
		{Name: "Teredo with authentication and origin", Link: LinkEthernet, layers: []layer{
			ether(0), both, raw(0, 1, 2, 2, 1, 1, 2, 2, 1, 2, 3, 4, 5, 6, 7, 8, 0, 0, 0, 1, 2, 3, 4, 5, 6),
		}},
	}
}
