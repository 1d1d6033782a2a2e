package decode

import (
	"encoding/binary"

	"github.com/google/gopacket/layers"
)

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

// readPFLOG is the log of BSD's packet filter: the length of a header without its padding, the address family.
// gopacket's wants 61 bytes, of which older systems have fewer.
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

// readENC is what OpenBSD's enc interface shows of packets before encryption: address family, index, flags, in the byte
// order of the capturing machine.
func readENC(l *layer, f Frame) error {
	const header = 12
	if len(f.Data) < header {
		return l.undecoded("cut in the ENC header")
	}
	return l.carry(f, header, l.family(familyOf(f.Data)))
}

// readNFLOG is the log of Linux's netfilter: address family, version 0, resource; then attributes: length with this
// header and type, in the byte order of the capturing machine, and padding to a multiple of four bytes.
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

// readPKTAP is Apple's header: its length, the type of what follows (1: a packet), the link type of the packet, all
// little-endian.
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

// readPPI is the per-packet information header: version 0, flags, length, link type, little-endian.
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

// readERF is Endace's record: timestamp, type, flags, lengths of record and packet; then extension headers of eight bytes,
// each of which says whether another follows.
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
