package decode

import (
	"encoding/binary"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
)

// Link types, as https://www.tcpdump.org/linktypes.html numbers them.
const (
	LinkNull     = 0
	LinkEthernet = 1
	LinkRing     = 6 // Token Ring, IEEE 802.5
	LinkPPP      = 9
	LinkFDDI     = 10
	LinkRaw12    = 12 // LINKTYPE_RAW as some systems write it
	LinkRaw14    = 14
	LinkPPPHDLC  = 50
	LinkPPPoE    = 51
	LinkATM      = 100 // RFC 1483
	LinkRaw      = 101
	LinkCHDLC    = 104
	LinkDot11    = 105
	LinkFrame    = 107 // Frame Relay
	LinkLoop     = 108
	LinkEnc      = 109
	LinkSLL      = 113
	LinkPFLOG    = 117
	LinkPrism    = 119
	LinkFC       = 122 // IP over Fibre Channel, RFC 2625
	LinkRadiotap = 127
	LinkPKTAPOld = 149 // DLT_USER2, which Apple's tcpdump wrote
	LinkAVS      = 163
	LinkPPPD     = 166
	LinkPPI      = 192
	LinkERF      = 197
	LinkPPPDir   = 204
	LinkHDLCDir  = 205
	LinkMPLS     = 219
	LinkIPv4     = 228
	LinkIPv6     = 229
	LinkNFLOG    = 239
	LinkAnalyzer = 240 // LINKTYPE_NETANALYZER
	LinkPKTAP    = 258
	LinkSLL2     = 276
)

// Layers of captures of one host's own packets, and of old networks.
var (
	layerSLL   = newLayerType("Linux cooked")
	layerSLL2  = newLayerType("Linux cooked, version 2")
	layerRing  = newLayerType("Token Ring")
	layerFDDI  = newLayerType("FDDI")
	layerFC    = newLayerType("IP over Fibre Channel")
	layerFrame = newLayerType("Frame Relay")
)

func init() {
	register(row{kind: layers.LayerTypeLoopback, own: func(c *chain) gopacket.DecodingLayer { return &loopbackHeader{c: c} },
		links: []uint32{LinkNull, LinkLoop}, head: &Head{ByFamily, 0, 4}})
	register(row{kind: layerSLL, read: cooked(14, 16), links: []uint32{LinkSLL}, head: &Head{ByEtherType, 14, 16}})
	register(row{kind: layerSLL2, read: cooked(0, 20), links: []uint32{LinkSLL2}, head: &Head{ByEtherType, 0, 20}})
	register(row{kind: layerRing, read: readRing, links: []uint32{LinkRing}})
	register(row{kind: layerFDDI, read: readFDDI, links: []uint32{LinkFDDI}})
	register(row{kind: layerFC, read: readFC, links: []uint32{LinkFC}})
	register(row{kind: layerFrame, read: readFrameRelay, links: []uint32{LinkFrame}})
}

// cooked is a header of Linux's any interface, of size bytes, with a protocol at offset at. gopacket has none for version
// 2, and one for version 1 that slices the address by a length that it does not check.
func cooked(at, size int) reader {
	return func(l *layer, f Frame) error {
		if len(f.Data) < size {
			return l.undecoded("cut in the Linux cooked header")
		}
		const room = 8
		if at > 0 {
			l.station(6, room, int(binary.BigEndian.Uint16(f.Data[4:])))
		} else {
			l.station(12, room, int(f.Data[11]))
		}
		return l.carry(f, size, l.etherType(binary.BigEndian.Uint16(f.Data[at:])))
	}
}

// loopbackHeader is gopacket's of BSD's four-byte header: the address family, in the byte order of the capturing machine for
// LINKTYPE_NULL and big-endian for LINKTYPE_LOOP. The IP version says the same in any byte order.
type loopbackHeader struct {
	layers.Loopback
	c    *chain
	next gopacket.LayerType
}

func (l *loopbackHeader) NextLayerType() gopacket.LayerType { return l.next }

func (l *loopbackHeader) DecodeFromBytes(b []byte, df gopacket.DecodeFeedback) error {
	const header, largest = 4, 0xff
	if len(b) <= header {
		return l.c.undecoded("cut in the loopback header")
	}
	l.c.head, l.next = header, l.c.family(familyOf(b))
	if familyOf(b) > largest {
		return l.c
	}
	return l.Loopback.DecodeFromBytes(b, df)
}

// readRing is IEEE 802.5: access and frame control, two addresses, of which the source says by its first bit whether a
// route follows, whose first five bits after three others are its length.
func readRing(l *layer, f Frame) error {
	const header, source, routed = 14, 8, 0x80
	b := f.Data
	if len(b) < header+1 {
		return l.undecoded("cut in the Token Ring header")
	}
	const kind, llc = 0xc0, 0x40
	if b[1]&kind != llc {
		return l.other() // of the ring itself
	}
	size := header
	if b[source]&routed != 0 {
		size += int(b[header] & 0x1f)
	}
	l.note(Sealed, 0) // a new name would lose the bit of the route
	return l.carry(f, size, layers.LayerTypeLLC)
}

// readFDDI is a frame control and two addresses; asynchronous LLC frames have 0x5 in its upper half.
func readFDDI(l *layer, f Frame) error {
	const header, address, llc = 13, 6, 5
	if len(f.Data) < header {
		return l.undecoded("cut in the FDDI header")
	}
	if f.Data[0]>>4 != llc {
		return l.other()
	}
	l.station(1, address, address)
	l.station(1+address, address, address)
	return l.carry(f, header, layers.LayerTypeLLC)
}

// readFC has two addresses of eight bytes, which are no others' hardware addresses.
func readFC(l *layer, f Frame) error {
	l.note(Sealed, 0)
	return l.carry(f, 16, layers.LayerTypeLLC)
}

// readFrameRelay is RFC 2427: an address, whose bytes but the last have a zero as their last bit, a control byte, padding,
// the identifier of a protocol. Cisco's has an EtherType after the address.
func readFrameRelay(l *layer, f Frame) error {
	const (
		most         = 4 // bytes of an address
		unnumbered   = 3
		ipv4, ipv6   = 0xcc, 0x8e
		snap         = 0x80
		headerOfSNAP = 5
	)
	b, at := f.Data, 0
	for at < min(len(b), most) && b[at]&1 == 0 {
		at++
	}
	if at++; len(b) < at+2 {
		return l.undecoded("cut in the Frame Relay header")
	}
	if b[at] != unnumbered {
		return l.carry(f, at+2, l.etherType(binary.BigEndian.Uint16(b[at:])))
	}
	if at++; b[at] == 0 { // padding
		at++
	}
	if len(b) < at+1+headerOfSNAP {
		return l.undecoded("cut in the Frame Relay header")
	}
	switch b[at] {
	case ipv4, ipv6:
		return l.carry(f, at+1, layerIP)
	case snap:
		if b := b[at+1:]; b[0]|b[1]|b[2] == 0 {
			return l.carry(f, at+1+headerOfSNAP, l.etherType(binary.BigEndian.Uint16(b[3:])))
		}
	}
	return l.other()
}
