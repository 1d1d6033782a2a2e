package rewrite

const (
	etherIPv4     = 0x0800
	etherTEB      = 0x6558 // transparent Ethernet bridging
	etherVLAN     = 0x8100
	etherIPv6     = 0x86dd
	etherPPP      = 0x880b
	etherMPLS     = 0x8847
	etherPPPoE    = 0x8864
	etherQinQ     = 0x88a8
	etherMACsec   = 0x88e5
	etherBackbone = 0x88e7
	etherMetaData = 0x8909
	etherVNTag    = 0x8926
	etherETag     = 0x893f
	etherNSH      = 0x894f
	etherQinQOld  = 0x9100
	etherMinimum  = 0x0600
)

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
	case etherVLAN, etherQinQ, etherQinQOld, etherVNTag:
		size := 4
		if etherType == etherVNTag {
			size = 6
		}
		if l.has(at + size) {
			l.typed(l.u16(at+size-2), at+size)
		}
	case etherETag, etherMetaData:
		if l.has(at + 8) {
			l.typed(l.u16(at+6), at+8)
		}
	case etherMPLS, etherMPLS + 1:
		l.mpls(at)
	case etherPPPoE:
		l.pppoe(at)
	case etherPPP:
		l.ppp(at)
	case etherTEB:
		l.ethernet(at)
	case etherBackbone:
		l.ethernet(at + 4)
	case etherNSH:
		l.nsh(at)
	default:
		if etherType < etherMinimum && l.has(at+8) && l.u16(at) == 0xaaaa { // SNAP (RFC 1042)
			l.add(layer{kind: length, at: at - 2, body: at, end: at + etherType})
			l.typed(l.u16(at+6), at+8)
			return
		}
		l.broken = true // also MACsec: what its check value covers must not change
	}
}

// pppoe is RFC 2516 section 4: code and session, then the length.
func (l *layout) pppoe(at int) {
	if l.has(at + 6) {
		l.add(layer{kind: length, at: at + 4, body: at + 6, end: at + 6 + l.u16(at+4)})
		l.ppp(at + 6)
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
	case proto == 0x0281 || proto == 0x0283:
		l.mpls(at + 2)
	case proto>>8 == 0x21 || proto>>8 == 0x57:
		l.ip(at+1, l.wire)
	default:
		l.broken = true
	}
}

// mpls passes the labels (RFC 3032); what follows the last one is IP, or Ethernet with or without a control word.
func (l *layout) mpls(at int) {
	for bottom := false; !bottom; at += 4 {
		if !l.has(at+4) || at > l.wire {
			return
		}
		bottom = l.b[at+2]&1 != 0
	}
	if l.has(at + 1) {
		l.pseudowire(at, []int{0, 4})
	}
}

// pseudowire reads IP, or Ethernet after one of the numbers of bytes, where nothing tells which it is.
func (l *layout) pseudowire(at int, before []int) {
	for _, n := range before {
		switch {
		case l.isEthernet(at + n):
			l.ethernet(at + n)
			return
		case l.isIP(at + n):
			l.ip(at+n, l.wire)
			return
		}
	}
	l.broken = true
}

// isIP reports whether a packet is at an offset that fits in its frame.
func (l *layout) isIP(at int) bool {
	if len(l.b) < at+20 {
		return false
	}
	switch l.b[at] >> 4 {
	case 4:
		return l.b[at]&15 >= 5 && l.u16(at+2) >= 20 && at+l.u16(at+2) <= l.wire
	case 6:
		return len(l.b) >= at+40 && at+40+l.u16(at+4) <= l.wire
	}
	return false
}

func (l *layout) isEthernet(at int) bool {
	if len(l.b) < at+14 {
		return false
	}
	switch l.u16(at + 12) {
	case etherIPv4, etherIPv6:
		return l.isIP(at + 14)
	case etherVLAN, etherQinQ, etherQinQOld:
		return true
	}
	return false
}
