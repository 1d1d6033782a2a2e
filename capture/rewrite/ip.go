package rewrite

import "encoding/binary"

// IP protocol numbers.
const (
	protoHopByHop = 0
	protoICMP     = 1
	protoIPv4     = 4
	protoTCP      = 6
	protoUDP      = 17
	protoIPv6     = 41
	protoRouting  = 43
	protoFragment = 44
	protoGRE      = 47
	protoAH       = 51
	protoICMPv6   = 58
	protoDestOpts = 60
	protoEtherIP  = 97
	protoL2TP     = 115
	protoMPLS     = 137
)

// ip reads either version; end is where the packet ends if its header does not tell.
func (l *layout) ip(at, end int) {
	if !l.has(at + 20) {
		return
	}
	switch l.b[at] >> 4 {
	case 4:
		l.ip4(at, end)
	case 6:
		l.ip6(at, end)
	default:
		l.broken = true
	}
}

func (l *layout) ip4(at, end int) {
	head := int(l.b[at]&15) * 4
	if total := l.u16(at + 2); total != 0 {
		end = at + total
	}
	if head < 20 || !l.has(at+head) || end < at+head {
		l.broken = true
		return
	}
	const more, offset = 0x2000, 0x1fff
	flags := l.u16(at + 6)
	x := layer{kind: ip4, at: at, body: at + head, end: end, next: int(l.b[at+9]), dst: at + 16, fragment: flags&(more|offset) != 0}
	l.add(x)
	if flags&offset == 0 {
		l.upper(x.next, x.body, end)
	}
}

// ip6 walks the extension headers; next is what the last of them says.
func (l *layout) ip6(at, end int) {
	if !l.has(at + 40) {
		return
	}
	if n := l.u16(at + 4); n != 0 {
		end = at + 40 + n
	}
	i := len(l.list)
	l.add(layer{kind: ip6, at: at, end: end, dst: at + 24})
	next, body, later := int(l.b[at+6]), at+40, false
	for range maxLayers {
		size := 0
		switch next {
		case protoHopByHop, protoRouting, protoDestOpts:
			if !l.has(body + 8) {
				return
			}
			size = int(l.b[body+1])*8 + 8
		case protoFragment:
			size = 8
		case protoAH:
			if !l.has(body + 8) {
				return
			}
			size = int(l.b[body+1])*4 + 8
		default:
			l.list[i].body, l.list[i].next = body, next
			if !later {
				l.upper(next, body, end)
			}
			return
		}
		if !l.has(body + size) {
			return
		}
		switch next {
		case protoRouting:
			if dst := l.lastSegment(body, size); dst > 0 {
				l.list[i].dst = dst
			}
		case protoFragment: // RFC 8200 section 4.5
			l.list[i].fragment = l.u16(body+2)&0xfff9 != 0
			later = l.u16(body+2)&0xfff8 != 0
		}
		next, body = int(l.b[body]), body+size
		if later {
			l.list[i].body, l.list[i].next = body, next
			return
		}
	}
	l.broken = true
}

// lastSegment is the offset of the final destination in a routing header that is not used up; 0: there is none.
func (l *layout) lastSegment(at, size int) int {
	switch left := l.b[at+3]; {
	case left == 0 || size < 24:
		return 0
	case l.b[at+2] == 4: // RFC 8754: segments in reverse order
		return at + 8
	default: // type 0 (RFC 5095), type 2 (RFC 6275)
		return at + 8 + (size-8)/16*16 - 16
	}
}

func (l *layout) upper(proto, at, end int) {
	switch proto {
	case protoTCP:
		if l.has(at + 8) {
			l.add(layer{kind: tcp, at: at, end: end})
		}
	case protoICMP:
		l.icmp(layer{kind: icmp, at: at, body: at + 8, end: end})
	case protoICMPv6:
		l.icmp(layer{kind: icmp6, at: at, body: at + 8, end: end})
	case protoUDP:
		l.udp(at, end)
	case protoIPv4, protoIPv6:
		l.ip(at, end)
	case protoGRE:
		l.gre(at, end)
	case protoEtherIP: // RFC 3378
		l.ethernet(at + 2)
	case protoL2TP:
		l.l2tp3(at)
	case protoMPLS:
		l.mpls(at)
	case protoAH: // over IPv4; over IPv6 it is an extension header
		if l.has(at + 8) {
			l.upper(int(l.b[at]), at+int(l.b[at+1])*4+8, end)
		}
	default:
		l.broken = true
	}
}

// icmp reads an error message, which quotes the packet that it is about (RFC 792, RFC 4443).
func (l *layout) icmp(x layer) {
	if !l.has(x.body) || l.quoted {
		l.broken = true
		return
	}
	l.add(x)
	t := l.b[x.at]
	isError := t == 3 || t == 4 || t == 5 || t == 11 || t == 12
	if x.kind == icmp6 {
		isError = t >= 1 && t <= 4
	}
	if !isError {
		l.broken = true
		return
	}
	l.quoted = true
	l.ip(x.body, x.end)
}

// option is one of a list of options that have a kind, a length that counts both, and a value.
type option struct {
	kind  byte
	value []byte
}

// options calls visit for each of a list, as in IPv4 and TCP: 0 ends it, 1 fills. It returns the rest that is none.
func options(b []byte, visit func(o option, whole []byte)) (rest []byte) {
	for len(b) > 0 {
		switch {
		case b[0] == 1:
			b = b[1:]
		case b[0] == 0:
			return b[1:]
		case len(b) < 2 || b[1] < 2 || int(b[1]) > len(b):
			return b
		default:
			o, whole := option{b[0], b[2:b[1]]}, b[:b[1]]
			b = b[b[1]:]
			visit(o, whole)
		}
	}
	return nil
}

func put16(b []byte, v int)    { binary.BigEndian.PutUint16(b, uint16(v)) }
func get32(b []byte) uint32    { return binary.BigEndian.Uint32(b) }
func put32(b []byte, v uint32) { binary.BigEndian.PutUint32(b, v) }
