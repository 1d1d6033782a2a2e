package rewrite

import (
	"encoding/binary"
	"slices"
)

// udp reads the tunnels that run over UDP, by their ports.
func (l *layout) udp(at, end int) {
	if !l.has(at + 8) {
		return
	}
	l.add(layer{kind: udp, at: at, body: at + 8, end: end})
	src, dst, at := l.u16(at), l.u16(at+2), at+8
	if !l.has(at + 8) {
		return
	}
	switch {
	case dst == 4789, dst == 8472, dst == 4790, slices.Contains(l.vxlan, uint16(dst)): // VXLAN: RFC 7348 section 5
		next := 3
		if l.b[at]&4 != 0 { // VXLAN-GPE
			next = int(l.b[at+3])
		}
		l.carried(next, at+8)
	case dst == 6081: // Geneve: RFC 8926 section 3.4
		l.typed(l.u16(at+2), at+8+4*int(l.b[at]&0x3f))
	case dst == 6635: // RFC 7510
		l.mpls(at)
	case src == 2152, dst == 2152: // GTP-U: 3GPP TS 29.281 section 5.1
		l.gtp(at)
	case src == 3544, dst == 3544: // Teredo: RFC 4380, where no indication precedes the packet
		l.ip(at, end)
	case src == 1701, dst == 1701:
		l.l2tp(at)
	default:
		l.broken = true
	}
}

// carried is a next protocol of VXLAN-GPE and of NSH.
func (l *layout) carried(proto, at int) {
	switch proto {
	case 1, 2:
		l.ip(at, l.wire)
	case 3:
		l.ethernet(at)
	case 4:
		l.nsh(at)
	case 5:
		l.mpls(at)
	default:
		l.broken = true
	}
}

// nsh is RFC 8300; its length is in words.
func (l *layout) nsh(at int) {
	if l.has(at + 8) {
		l.carried(int(l.b[at+3]), at+4*int(l.b[at+1]&0x3f))
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

// l2tp is version 2 (RFC 2661), which may tell its length, or version 3 over UDP (RFC 3931).
func (l *layout) l2tp(at int) {
	flags := l.u16(at)
	if flags&15 == 3 {
		l.l2tp3(at + 4)
		return
	}
	head := at + 2
	if flags&0x4000 != 0 {
		l.add(layer{kind: length, at: at + 2, body: at + 4, end: at + l.u16(at+2)})
		head += 2
	}
	head += 4
	if flags&0x0800 != 0 {
		head += 4
	}
	if flags&0x0200 != 0 {
		if !l.has(head + 2) {
			return
		}
		head += 2 + l.u16(head)
	}
	l.ppp(head)
}

// l2tp3 reads from the session on: a cookie and a sublayer follow, of a length that was agreed on elsewhere.
func (l *layout) l2tp3(at int) {
	for n := 4; n <= 16; n += 4 {
		if len(l.b) > at+n+4 && l.isIP(at+n+4) {
			switch get32(l.b[at+n:]) {
			case 0xff030021, 0xff030057, 0x0f000800, 0x0f0086dd:
				l.hdlc(at + n)
				return
			}
		}
	}
	l.pseudowire(at, []int{4, 8, 12, 16})
}

// gre reads RFC 2784, RFC 2890 and RFC 1701; a checksum covers the header and all that follows.
func (l *layout) gre(at, end int) {
	if !l.has(at + 8) {
		return
	}
	const checksum, routing, key, sequence, ack = 0x8000, 0x4000, 0x2000, 0x1000, 0x0080
	flags, etherType := l.u16(at), l.u16(at+2)
	head := at + 4
	if flags&checksum != 0 {
		l.add(layer{kind: gre, at: at, body: at + 8, end: end})
	}
	for _, bits := range [3]int{checksum | routing, key, sequence} {
		if flags&bits != 0 {
			head += 4
		}
	}
	switch {
	case flags&7 == 1: // PPTP: RFC 2637
		if flags&ack != 0 {
			head += 4
		}
		l.add(layer{kind: length, at: at + 4, body: head, end: end})
		l.ppp(head)
	case flags&routing != 0: // RFC 1701: the routes may be addresses
		l.broken = true
	case etherType == 0x883e: // WCCP, with or without a header
		if !l.isIP(head) {
			head += 4
		}
		l.ip(head, end)
	case etherType == 0x88be, etherType == 0x22eb:
		l.erspan(etherType, flags&sequence != 0, head)
	default:
		l.typed(etherType, head)
	}
}

// erspan is a mirrored frame; type I has no header of its own, type III may have a second one.
func (l *layout) erspan(etherType int, numbered bool, at int) {
	if etherType == 0x88be {
		if numbered {
			at += 8
		}
		l.ethernet(at)
		return
	}
	if !l.has(at + 12) {
		return
	}
	ipFrames := l.b[at+10]>>2&0x1f == 2
	size := 12
	if l.b[at+11]&1 != 0 {
		size = 20
	}
	if ipFrames {
		l.ip(at+size, l.wire)
		return
	}
	l.ethernet(at + size)
}

func put16little(b []byte, v int) { binary.LittleEndian.PutUint16(b, uint16(v)) }
