package rewrite

import (
	"encoding/binary"
	"slices"
)

// kind of a layer that has something to change in it.
type kind uint8

const (
	ethernet kind = iota // two hardware addresses
	cooked               // LINKTYPE_LINUX_SLL, one
	cooked2              // LINKTYPE_LINUX_SLL2
	length               // a 16-bit length of what follows
	ip4
	ip6
	udp
	gre // with a checksum
	icmp
	icmp6
	tcp
)

// layer is a header within a packet.
type layer struct {
	kind     kind
	at       int  // where it begins
	body     int  // where what it carries begins
	end      int  // where that ends, on the wire
	quoted   bool // by an ICMP error
	fragment bool // of IP: a part of a datagram
	next     int  // of IP: the protocol
	dst      int  // of IPv6: offset of the last destination, which checksums are about
}

// Link types, as https://www.tcpdump.org/linktypes.html numbers them.
const (
	linkNull     = 0
	linkEthernet = 1
	linkPPP      = 9
	linkRaw12    = 12
	linkRaw14    = 14
	linkPPPHDLC  = 50
	linkRaw      = 101
	linkLoop     = 108
	linkSLL      = 113
	linkIPv4     = 228
	linkIPv6     = 229
	linkSLL2     = 276
)

const (
	etherIPv4    = 0x0800
	etherVLAN    = 0x8100
	etherTEB     = 0x6558 // transparent Ethernet bridging
	etherIPv6    = 0x86dd
	etherQinQ    = 0x88a8
	etherQinQOld = 0x9100
	etherMPLS    = 0x8847
	etherPPPoE   = 0x8864
	etherMinimum = 0x0600
	etherERSPAN2 = 0x88be
	etherERSPAN3 = 0x22eb
)

// maxLayers bounds nesting: tunnels are at most a few deep.
const maxLayers = 48

// layout finds the layers of a packet down to TCP.
type layout struct {
	b      []byte
	wire   int // bytes on the wire
	vxlan  []uint16
	list   []layer
	quoted bool
	broken bool // cut within a header, malformed, or of a kind that is not known here
}

func (l *layout) u16(at int) int { return int(binary.BigEndian.Uint16(l.b[at:])) }

// has reports whether the bytes before to are there.
func (l *layout) has(to int) bool {
	if to > len(l.b) || len(l.list) > maxLayers {
		l.broken = true
		return false
	}
	return true
}

func (l *layout) add(x layer) *layer {
	x.quoted = l.quoted
	l.list = append(l.list, x)
	return &l.list[len(l.list)-1]
}

// link begins with the link layer.
func (l *layout) link(link uint32) {
	switch link {
	case linkEthernet:
		l.ethernet(0)
	case linkSLL:
		if l.has(16) {
			l.add(layer{kind: cooked, body: 16, end: l.wire})
			l.typed(l.u16(14), 16)
		}
	case linkSLL2:
		if l.has(20) {
			l.add(layer{kind: cooked2, body: 20, end: l.wire})
			l.typed(l.u16(0), 20)
		}
	case linkRaw, linkRaw12, linkRaw14, linkIPv4, linkIPv6:
		l.ip(0, l.wire)
	case linkNull, linkLoop:
		l.ip(4, l.wire)
	case linkPPP, linkPPPHDLC:
		l.ppp(0)
	default:
		l.broken = true
	}
}

func (l *layout) ethernet(at int) {
	if l.has(at + 14) {
		l.add(layer{kind: ethernet, at: at, body: at + 14, end: l.wire})
		l.typed(l.u16(at+12), at+14)
	}
}

// typed reads what has an EtherType.
func (l *layout) typed(etherType, at int) {
	switch etherType {
	case etherIPv4, etherIPv6:
		l.ip(at, l.wire)
	case etherVLAN, etherQinQ, etherQinQOld:
		if l.has(at + 4) {
			l.typed(l.u16(at+2), at+4)
		}
	case etherMPLS, etherMPLS + 1:
		l.mpls(at)
	case etherPPPoE: // RFC 2516 section 4: code and session, then the length
		if l.has(at + 6) {
			l.add(layer{kind: length, at: at + 4, body: at + 6, end: at + 6 + l.u16(at+4)})
			l.ppp(at + 6)
		}
	case etherTEB:
		l.ethernet(at)
	case etherERSPAN2:
		l.ethernet(at + 8)
	case etherERSPAN3:
		head := 12
		if l.has(at+12) && l.b[at+11]&1 != 0 { // the O bit: a platform-specific header follows
			head = 20
		}
		l.ethernet(at + head)
	default:
		if etherType < etherMinimum && l.has(at+8) && l.u16(at) == 0xaaaa {
			l.add(layer{kind: length, at: at - 2, body: at, end: at + etherType})
			l.typed(l.u16(at+6), at+8)
			return
		}
		l.broken = true
	}
}

// ppp reads the protocol (RFC 1661 section 2; one byte when compressed), after the address and control field if there is one.
func (l *layout) ppp(at int) {
	if l.has(at+2) && l.u16(at) == 0xff03 {
		at += 2
	}
	if !l.has(at + 2) {
		return
	}
	switch proto := l.u16(at); {
	case proto == 0x0021 || proto == 0x0057:
		l.ip(at+2, l.wire)
	case proto>>8 == 0x21 || proto>>8 == 0x57:
		l.ip(at+1, l.wire)
	default:
		l.broken = true
	}
}

// mpls passes the labels (RFC 3032); what follows the last one is IP, or Ethernet with or without a control word.
func (l *layout) mpls(at int) {
	for {
		if !l.has(at + 4) {
			return
		}
		bottom := l.b[at+2]&1 != 0
		at += 4
		if bottom {
			break
		}
		if at > maxLayers*4 {
			l.broken = true
			return
		}
	}
	if !l.has(at + 1) {
		return
	}
	switch l.b[at] >> 4 {
	case 4, 6:
		l.ip(at, l.wire)
	case 0:
		l.ethernet(at + 4) // RFC 4385: the control word's first nibble
	default:
		l.ethernet(at)
	}
}

// tunnels over UDP, by their port: the length of the header is fixed, or told by it.
func (l *layout) udp(at, end int) {
	if !l.has(at + 8) {
		return
	}
	l.add(layer{kind: udp, at: at, body: at + 8, end: end})
	port, at := l.u16(at+2), at+8
	if !l.has(at + 8) {
		return
	}
	switch {
	case port == 4789, port == 8472, slices.Contains(l.vxlan, uint16(port)): // RFC 7348 section 5
		l.ethernet(at + 8)
		return
	}
	switch port {
	case 4790: // VXLAN-GPE
		l.carried(int(l.b[at+3]), at+8)
	case 6081: // Geneve: RFC 8926 section 3.4
		l.typed(l.u16(at+2), at+8+4*int(l.b[at]&0x3f))
	case 2152: // GTP-U: 3GPP TS 29.281 section 5.1
		l.gtp(at)
	case 3544: // Teredo: RFC 4380
		l.ip(at, end)
	default:
		l.broken = true
	}
}

func (l *layout) carried(proto, at int) {
	switch proto {
	case 1, 2:
		l.ip(at, l.wire)
	case 3:
		l.ethernet(at)
	default:
		l.broken = true
	}
}

func (l *layout) gtp(at int) {
	const gpdu, optional, extension = 255, 0x07, 0x04
	if l.b[at+1] != gpdu {
		l.broken = true
		return
	}
	l.add(layer{kind: length, at: at + 2, body: at + 8, end: at + 8 + l.u16(at+2)})
	head := at + 8
	if l.b[at]&optional != 0 {
		head += 4
		if !l.has(head) {
			return
		}
		for next := l.b[at]&extension != 0 && l.b[head-1] != 0; next; next = l.b[head-1] != 0 {
			if !l.has(head+1) || l.b[head] == 0 || !l.has(head+4*int(l.b[head])) {
				l.broken = true
				return
			}
			head += 4 * int(l.b[head])
		}
	}
	l.ip(head, l.wire)
}

// gre reads RFC 2784 and RFC 2890; a checksum covers the header and all that follows.
func (l *layout) gre(at, end int) {
	if !l.has(at + 4) {
		return
	}
	flags, etherType := l.u16(at), l.u16(at+2)
	head := at + 4
	if flags&0x8000 != 0 {
		l.add(layer{kind: gre, at: at, body: at + 8, end: end})
		head += 4
	}
	for _, bit := range [2]int{0x2000, 0x1000} { // key, sequence number
		if flags&bit != 0 {
			head += 4
		}
	}
	if flags&7 == 1 { // version 1, PPTP: RFC 2637
		if flags&0x0080 != 0 {
			head += 4
		}
		if l.has(at + 6) {
			l.add(layer{kind: length, at: at + 4, body: head, end: end})
			l.ppp(head)
		}
		return
	}
	if etherType == etherERSPAN2 && flags&0x1000 == 0 { // type I has no header
		etherType = etherTEB
	}
	l.typed(etherType, head)
}
