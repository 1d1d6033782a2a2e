package rewrite

import "encoding/binary"

// Link types, as https://www.tcpdump.org/linktypes.html numbers them.
const (
	linkNull     = 0
	linkEthernet = 1
	linkPPP      = 9
	linkRaw12    = 12
	linkRaw14    = 14
	linkPPPHDLC  = 50
	linkPPPoE    = 51
	linkRaw      = 101
	linkHDLC     = 104
	linkDot11    = 105
	linkLoop     = 108
	linkEnc      = 109
	linkSLL      = 113
	linkPFLOG    = 117
	linkPrism    = 119
	linkRadiotap = 127
	linkPKTAPOld = 149
	linkAVS      = 163
	linkPPPD     = 166
	linkPPI      = 192
	linkPPPDir   = 204
	linkHDLCDir  = 205
	linkMPLS     = 219
	linkIPv4     = 228
	linkIPv6     = 229
	linkNFLOG    = 239
	linkAnalyzer = 240
	linkPKTAP    = 258
	linkSLL2     = 276
)

// link reads what has a link type, from offset at on.
func (l *layout) link(link uint32, at int) {
	switch link {
	case linkEthernet:
		l.ethernet(at)
	case linkSLL:
		if l.has(at + 16) {
			l.add(layer{kind: cooked, at: at, body: at + 16, end: l.wire})
			l.typed(l.u16(at+14), at+16)
		}
	case linkSLL2:
		if l.has(at + 20) {
			l.add(layer{kind: cooked2, at: at, body: at + 20, end: l.wire})
			l.typed(l.u16(at), at+20)
		}
	case linkRaw, linkRaw12, linkRaw14, linkIPv4, linkIPv6:
		l.ip(at, l.wire)
	case linkNull, linkLoop:
		l.ip(at+4, l.wire)
	case linkPPP, linkPPPHDLC, linkHDLC:
		l.hdlc(at)
	case linkPPPDir, linkHDLCDir: // a byte for the direction
		l.hdlc(at + 1)
	case linkPPPD:
		if l.has(at+2) && l.b[at+1] == 3 {
			at += 2
		}
		l.ppp(at)
	case linkPPPoE:
		l.pppoe(at)
	case linkMPLS:
		l.mpls(at)
	default:
		l.logged(link, at)
	}
}

// logged reads the link types whose header tells its own length.
func (l *layout) logged(link uint32, at int) {
	if !l.has(at + 12) {
		return
	}
	little := binary.LittleEndian
	switch link {
	case linkEnc:
		l.ip(at+12, l.wire)
	case linkPFLOG:
		l.ip(at+(int(l.b[at])+3)&^3, l.wire)
	case linkAnalyzer:
		l.ethernet(at + 4)
	case linkPKTAP, linkPKTAPOld: // of nested ones only the first is known to come at its place
		if size := int(little.Uint32(l.b[at:])); size >= 12 && l.has(at+size) {
			l.link(little.Uint32(l.b[at+8:]), at+size)
		}
	case linkPPI:
		if size := int(little.Uint16(l.b[at+2:])); size >= 8 && l.has(at+size) {
			l.link(little.Uint32(l.b[at+4:]), at+size)
		}
	case linkNFLOG:
		l.nflog(at + 4)
	case linkDot11:
		l.dot11(at, false)
	case linkRadiotap:
		l.radiotap(at)
	case linkPrism, linkAVS: // the length is in the byte order of the capturing machine, AVS's big-endian
		const longest = 4096
		size := binary.BigEndian.Uint32(l.b[at+4:])
		if size > longest {
			size = little.Uint32(l.b[at+4:])
		}
		if size > longest {
			l.broken = true
			return
		}
		l.dot11(at+int(size), false)
	default:
		l.broken = true
	}
}

// nflog passes the attributes of Linux's log; the hardware address among them is renamed, the payload is the packet.
func (l *layout) nflog(at int) {
	const hardware, payload, mask = 8, 9, 0x7fff
	for l.has(at + 4) {
		size, kind := int(binary.LittleEndian.Uint16(l.b[at:])), binary.LittleEndian.Uint16(l.b[at+2:])&mask
		if kind > 0xff {
			size, kind = l.u16(at), uint16(l.u16(at+2)&mask)
			if kind == payload {
				l.add(layer{kind: length, at: at, body: at + 4, end: at + size})
			}
		} else if kind == payload {
			l.add(layer{kind: lengthLittle, at: at, body: at + 4, end: at + size})
		}
		switch {
		case size < 4:
			l.broken = true
			return
		case kind == payload:
			l.ip(at+4, at+size)
			return
		case kind == hardware && l.has(at+16):
			l.add(layer{kind: cookedAddress, at: at + 8, body: at + 16, end: at + 16})
		}
		at += (size + 3) &^ 3
	}
}

// hdlc is Cisco's, or PPP.
func (l *layout) hdlc(at int) {
	if l.has(at+4) && l.b[at]&0x7f == 0x0f {
		l.typed(l.u16(at+2), at+4)
		return
	}
	l.ppp(at)
}

// dot11 is an IEEE 802.11 data frame with one packet in it.
func (l *layout) dot11(at int, padded bool) {
	if !l.has(at + 24) {
		return
	}
	kind, flags := l.b[at], l.b[at+1]
	size := 24
	if flags&3 == 3 {
		size += 6
	}
	aggregate := false
	if kind&0x80 != 0 { // QoS
		aggregate = l.has(at+size+1) && l.b[at+size]&0x80 != 0
		size += 2
		if flags&0x80 != 0 {
			size += 4
		}
	}
	if padded {
		size = (size + 3) &^ 3
	}
	if kind&0x0c != 8 || aggregate || !l.has(at+size+8) || l.u16(at+size) != 0xaaaa {
		l.broken = true
		return
	}
	l.add(layer{kind: wireless, at: at, body: at + size, end: l.wire})
	l.typed(l.u16(at+size+6), at+size+8)
}

// radiotap tells by its flags whether the header of IEEE 802.11 after it is padded.
func (l *layout) radiotap(at int) {
	little := binary.LittleEndian
	size := int(little.Uint16(l.b[at+2:]))
	if size < 8 || !l.has(at+size) {
		l.broken = true
		return
	}
	present, field := little.Uint32(l.b[at+4:]), 4
	for field+4 <= size && little.Uint32(l.b[at+field:])>>31 != 0 {
		field += 4
	}
	field += 4
	if present&1 != 0 { // a timestamp comes first
		field = (field+7)&^7 + 8
	}
	l.dot11(at+size, present&2 != 0 && field < size && l.b[at+field]&0x20 != 0)
}
