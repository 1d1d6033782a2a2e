package decode

import (
	"encoding/binary"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
)

// row says of a layer how it is read and what announces it. Each file of layers has its
// rows beside its decoders: a new link type or tunnel is one such file.
type row struct {
	kind gopacket.LayerType
	read reader                              // our decoder of it
	own  func(*chain) gopacket.DecodingLayer // or gopacket's own

	links      []uint32 // link types
	head       *Head    // of each of them
	etherTypes []uint16
	over4      []uint8  // IP protocols over IPv4
	over6      []uint8  // over IPv6
	whole      bool     // over IP: fragments of it are worth waiting for
	ports      []uint16 // of UDP, at either end
	portsTo    []uint16 // of UDP, at the destination: the other end only spreads flows
	ppp        []uint16 // protocol numbers
	gre        []uint16 // protocol types of GRE that are no EtherTypes
	gpe        []uint8  // next protocols of VXLAN-GPE and NSH
}

// The tables that rows fill before anything is decoded, by what announces a layer.
var (
	rows        []row
	byLink      = map[uint32]gopacket.LayerType{}
	heads       []*Head // by link type; what lies beyond has none
	byEtherType [1 << 16]uint16
	byProtocol4 [1 << 8]gopacket.LayerType
	byProtocol6 [1 << 8]gopacket.LayerType
	wholeOverIP [1 << 8]bool
	byPort      [1 << 16]uint16
	byPortTo    [1 << 16]uint16
	byPPP       = map[uint16]gopacket.LayerType{}
	byGRE       = map[uint16]gopacket.LayerType{}
	byGPE       [1 << 8]gopacket.LayerType
	newestType  = 1500 // gopacket leaves 1000 to 1999 to others
)

// newLayerType registers a layer type that gopacket has none for, with a decoder for
// gopacket.NewPacket.
func newLayerType(name string) gopacket.LayerType {
	newestType++
	kind := gopacket.LayerType(newestType)
	return gopacket.RegisterLayerType(newestType, gopacket.LayerTypeMetadata{
		Name: name, Decoder: gopacket.DecodeFunc(func(data []byte, p gopacket.PacketBuilder) error { return standalone(kind, data, p) }),
	})
}

// standalone decodes one layer of ours for gopacket.
func standalone(kind gopacket.LayerType, data []byte, p gopacket.PacketBuilder) error {
	var d Decoder
	c := d.walker()
	c.start(&d.scratch, Frame{Data: data, Length: uint32(len(data))})
	l, ok := c.layers[kind].(*layer)
	if !ok {
		return gopacket.DecodePayload.Decode(data, p)
	}
	if err := l.DecodeFromBytes(data, p); err != nil {
		return err
	}
	p.AddLayer(l)
	return p.NextDecoder(l.next)
}

// register enters a layer into the tables.
func register(r row) {
	rows = append(rows, r)
	for _, link := range r.links {
		byLink[link] = r.kind
		if r.head != nil {
			for uint32(len(heads)) <= link {
				heads = append(heads, nil)
			}
			heads[link] = r.head
		}
	}
	for _, t := range r.etherTypes {
		byEtherType[t] = uint16(r.kind)
	}
	for _, n := range r.over4 {
		byProtocol4[n], wholeOverIP[n] = r.kind, r.whole
	}
	for _, n := range r.over6 {
		byProtocol6[n], wholeOverIP[n] = r.kind, r.whole
	}
	for _, port := range r.ports {
		byPort[port] = uint16(r.kind)
	}
	for _, port := range r.portsTo {
		byPortTo[port] = uint16(r.kind)
	}
	for _, n := range r.ppp {
		byPPP[n] = r.kind
	}
	for _, t := range r.gre {
		byGRE[t] = r.kind
	}
	for _, n := range r.gpe {
		byGPE[n] = r.kind
	}
}

// KnowsLink reports whether packets of a link type can be decoded.
func KnowsLink(link uint32) bool { return byLink[link] != 0 }

// linkType is the layer of a link type.
func (c *chain) linkType(link uint32) gopacket.LayerType {
	if kind := byLink[link]; kind != 0 {
		return kind
	}
	return c.unknown("unknown link type %d", link)
}

// etherType is the layer that an EtherType announces.
func (c *chain) etherType(etherType uint16) gopacket.LayerType {
	if etherType < etherMinimum {
		c.d.walk.byLength = true
		return layers.LayerTypeLLC
	}
	if kind := byEtherType[etherType]; kind != 0 {
		return gopacket.LayerType(kind)
	}
	return c.unknown("unknown EtherType 0x%04x", uint32(etherType))
}

// protocol is the layer that an IP protocol announces; others carry no TCP.
func (c *chain) protocol(n uint8) gopacket.LayerType {
	kind := byProtocol4[n]
	if c.d.walk.v6 {
		kind = byProtocol6[n]
	}
	if kind == 0 {
		return gopacket.LayerTypePayload
	}
	return kind
}

// family is the layer that an address family announces.
func (c *chain) family(family uint32) gopacket.LayerType {
	if etherTypeOf(family) == 0 {
		return c.unknown("unknown address family %d", family)
	}
	return layerIP
}

// tunnelOf is the tunnel that uses these UDP ports, 0 if none does.
func (d *Decoder) tunnelOf(src, dst uint16) gopacket.LayerType {
	if kind := byPortTo[dst]; kind != 0 {
		return gopacket.LayerType(kind)
	}
	for _, port := range d.VXLANPorts {
		if dst == port {
			return layers.LayerTypeVXLAN
		}
	}
	if kind := byPort[dst]; kind != 0 {
		return gopacket.LayerType(kind)
	}
	return gopacket.LayerType(byPort[src])
}

// Head says how the frames of a link type tell which IP packet they carry, for those that
// need no more than a look. The shortcut and capture/filter go by it.
type Head struct {
	Says   Says
	TypeAt int // offset of what says it
	Size   int // of the header
}

// Says is how a header announces what it carries.
type Says uint8

const (
	ByEtherType Says = iota // with VLAN tags that may follow
	ByFamily                // four bytes of address family, in either byte order
	ByVersion               // nothing but the packet's own version
	Always4                 // IPv4
	Always6                 // IPv6
)

// HeadOf is the head of a link type, nil if it takes more than a look.
func HeadOf(link uint32) *Head {
	if link < uint32(len(heads)) {
		return heads[link]
	}
	return nil
}

// Carries is the EtherType of what a frame carries, as its header says it: a VLAN tag's
// if there is one, 0 for none. known is false if the frame is cut before that.
func (h *Head) Carries(frame []byte) (etherType uint16, known bool) {
	if h.Says == ByEtherType {
		if len(frame) < h.TypeAt+2 {
			return 0, false
		}
		return binary.BigEndian.Uint16(frame[h.TypeAt:]), true
	}
	return h.announced(frame)
}

// announced is Carries where there is no EtherType.
func (h *Head) announced(frame []byte) (etherType uint16, known bool) {
	switch h.Says {
	case ByFamily:
		if len(frame) < 4 {
			return 0, false
		}
		return etherTypeOf(familyOf(frame)), true
	case ByVersion:
		if len(frame) == 0 {
			return 0, false
		}
		switch frame[0] >> 4 {
		case 4:
			return etherIPv4, true
		case 6:
			return etherIPv6, true
		}
		return 0, true
	case Always4:
		return etherIPv4, true
	}
	return etherIPv6, true
}

// familyOf reads an address family in the byte order of whoever captured.
func familyOf(b []byte) uint32 {
	family := binary.LittleEndian.Uint32(b)
	if family > 0xffff {
		family = binary.BigEndian.Uint32(b)
	}
	return family
}

// etherTypeOf is what an address family announces: AF_INET; AF_INET6 of Linux, NetBSD and
// OpenBSD, FreeBSD, Darwin.
func etherTypeOf(family uint32) uint16 {
	switch family {
	case 2:
		return etherIPv4
	case 10, 24, 28, 30:
		return etherIPv6
	}
	return 0
}
