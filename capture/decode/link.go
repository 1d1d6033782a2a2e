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

// cooked is a header of Linux's any interface, of size bytes, with a protocol at offset
// at. gopacket has none for version 2, and one for version 1 that slices the address by a
// length that it does not check.
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

// loopbackHeader is gopacket's of BSD's four-byte header: the address family, in the byte
// order of the capturing machine for LINKTYPE_NULL and big-endian for LINKTYPE_LOOP. The
// IP version says the same in any byte order.
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

// readRing is IEEE 802.5: access and frame control, two addresses, of which the source
// says by its first bit whether a route follows, whose first five bits after three others
// are its length.
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

// readFDDI is a frame control and two addresses; asynchronous LLC frames have 0x5 in its
// upper half.
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

// readFrameRelay is RFC 2427: an address, whose bytes but the last have a zero as their
// last bit, a control byte, padding, the identifier of a protocol. Cisco's has an
// EtherType after the address.
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

// Headers of packet filters, logs and capturing cards.
var (
	layerENC   = newLayerType("ENC")
	layerNFLOG = newLayerType("NFLOG")
	layerPKTAP = newLayerType("PKTAP")
	layerPPI   = newLayerType("PPI")
	layerERF   = newLayerType("ERF")
)

func init() {
	register(row{kind: layers.LayerTypePFLog, read: readPFLOG, links: []uint32{LinkPFLOG}})
	register(row{kind: layerENC, read: readENC, links: []uint32{LinkEnc}})
	register(row{kind: layerNFLOG, read: readNFLOG, links: []uint32{LinkNFLOG}})
	register(row{kind: layerPKTAP, read: readPKTAP, links: []uint32{LinkPKTAP, LinkPKTAPOld}})
	register(row{kind: layerPPI, read: readPPI, links: []uint32{LinkPPI}})
	register(row{kind: layerERF, read: readERF, links: []uint32{LinkERF}})
}

// inner is a frame at offset at whose link type a header names.
func (l *layer) inner(link uint32, f Frame, at int) error {
	if !l.d.deeper() {
		return l.tooDeep()
	}
	return l.carry(f, at, l.linkType(link))
}

// readPFLOG is the log of BSD's packet filter: the length of a header without its
// padding, the address family. gopacket's wants 61 bytes, of which older systems have
// fewer.
func readPFLOG(l *layer, f Frame) error {
	const least = 48 // the oldest header that says its length
	if len(f.Data) < 2 {
		return l.undecoded("cut in the PFLOG header")
	}
	size := (int(f.Data[0]) + 3) &^ 3
	switch {
	case size < least:
		return l.undecoded("malformed PFLOG header")
	case len(f.Data) < size:
		return l.undecoded("cut in the PFLOG header")
	}
	return l.carry(f, size, l.family(uint32(f.Data[1])))
}

// readENC is what OpenBSD's enc interface shows of packets before encryption: address
// family, index, flags, in the byte order of the capturing machine.
func readENC(l *layer, f Frame) error {
	const header = 12
	if len(f.Data) < header {
		return l.undecoded("cut in the ENC header")
	}
	return l.carry(f, header, l.family(familyOf(f.Data)))
}

// readNFLOG is the log of Linux's netfilter: address family, version 0, resource; then
// attributes: length with this header and type, in the byte order of the capturing
// machine, and padding to a multiple of four bytes.
func readNFLOG(l *layer, f Frame) error {
	const header, attribute, hardware, payload, typeMask, room = 4, 4, 8, 9, 0x7fff, 8
	if len(f.Data) < header {
		return l.undecoded("cut in the NFLOG header")
	}
	if f.Data[1] != 0 {
		return l.undecoded("unknown version of NFLOG")
	}
	for at := header; len(f.Data) >= at+attribute; {
		b, length := f.Data[at:], LengthLittle
		size, kind := int(binary.LittleEndian.Uint16(b)), binary.LittleEndian.Uint16(b[2:])&typeMask
		if size > len(b) && kind != payload || kind > 0xff {
			size, kind, length = int(binary.BigEndian.Uint16(b)), binary.BigEndian.Uint16(b[2:])&typeMask, Length
		}
		if size < attribute {
			return l.undecoded("malformed NFLOG header")
		}
		if kind == payload {
			l.note(length, at)
			return l.carry(f.cut(at+size), at+attribute, layerIP)
		}
		if kind == hardware && len(b) >= attribute+4+room {
			l.station(at+attribute+4, room, int(b[4]|b[5])) // its length is one byte, in any byte order
		}
		at += (size + 3) &^ 3
	}
	return l.undecoded("cut in the NFLOG header")
}

// readPKTAP is Apple's header: its length, the type of what follows (1: a packet), the
// link type of the packet, all little-endian.
func readPKTAP(l *layer, f Frame) error {
	const least, packet = 12, 1
	b := f.Data
	if len(b) < least {
		return l.undecoded("cut in the PKTAP header")
	}
	size, kind, link := binary.LittleEndian.Uint32(b), binary.LittleEndian.Uint32(b[4:]), binary.LittleEndian.Uint32(b[8:])
	switch {
	case size < least || size > f.Length:
		return l.undecoded("malformed PKTAP header")
	case kind != packet:
		return l.other()
	case int(size) > len(b):
		return l.undecoded("cut in the PKTAP header")
	}
	return l.inner(link, f, int(size))
}

// readPPI is the per-packet information header: version 0, flags, length, link type,
// little-endian.
func readPPI(l *layer, f Frame) error {
	const least = 8
	b := f.Data
	if len(b) < least {
		return l.undecoded("cut in the PPI header")
	}
	size := int(binary.LittleEndian.Uint16(b[2:]))
	switch {
	case b[0] != 0 || size < least || size > int(f.Length):
		return l.undecoded("malformed PPI header")
	case size > len(b):
		return l.undecoded("cut in the PPI header")
	}
	return l.inner(binary.LittleEndian.Uint32(b[4:]), f, size)
}

// readERF is Endace's record: timestamp, type, flags, lengths of record and packet; then
// extension headers of eight bytes, each of which says whether another follows.
func readERF(l *layer, f Frame) error {
	const (
		header    = 16
		extension = 8
		more      = 0x80
		hdlc      = 1 // record types
		ethernet  = 2
		ipv4      = 22
		ipv6      = 23
	)
	if len(f.Data) < header {
		return l.undecoded("cut in the ERF header")
	}
	l.note(Sealed, 0) // two lengths
	kind, at := f.Data[8], header
	for following := kind; following&more != 0; at += extension {
		if len(f.Data) < at+extension {
			return l.undecoded("cut in the ERF header")
		}
		following = f.Data[at]
	}
	switch kind &^ more {
	case hdlc:
		return l.carry(f, at, layerHDLC)
	case ethernet:
		return l.carry(f, at+2, layers.LayerTypeEthernet) // an offset and a byte of padding
	case ipv4, ipv6:
		return l.carry(f, at, layerIP)
	}
	return l.undecodedType("unknown ERF type %d", uint32(kind&^more))
}
