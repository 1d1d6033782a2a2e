package filter

import (
	"encoding/binary"

	"ftpscope/capture/decode"
)

// frame is what tests look at. It goes by value: a pointer in a call through an interface
// would be an allocation. head is where the decoder's way into the packet begins; behind
// it tcpdump goes its own: it looks at the packet that the frame carries, behind as many
// tags as the expression has the word vlan, and into no tunnel.
type frame struct {
	data   []byte
	length uint32
	head   *decode.Head
}

// verdict is a test's answer. cut ends the matching: the packet ends before the byte that
// decides.
type verdict uint8

const (
	no verdict = iota
	yes
	cut
)

func answer(b bool) verdict {
	if b {
		return yes
	}
	return no
}

// has reports whether the n bytes at offset at were captured.
func (f frame) has(at, n int) bool { return at+n <= len(f.data) }

func (f frame) u16(at int) uint16 { return binary.BigEndian.Uint16(f.data[at:]) }
func (f frame) u32(at int) uint32 { return binary.BigEndian.Uint32(f.data[at:]) }

// payload is where the packet begins behind so many VLAN tags.
func (f frame) payload(tags int) int { return f.head.Size + 4*tags }

// etherType is that of what the frame carries behind so many VLAN tags (whatever tags
// them); false: the frame is cut before.
func (f frame) etherType(tags int) (uint16, bool) {
	switch {
	case tags == 0:
		return f.head.Carries(f.data)
	case f.head.Says != decode.ByEtherType:
		return 0, true
	}
	at := f.payload(tags) - 2
	if !f.has(at, 2) {
		return 0, false
	}
	return f.u16(at), true
}

// carries tells whether the frame carries packets of this type behind so many VLAN tags.
func (f frame) carries(etherType uint16, tags int) verdict {
	if f.head.Says != decode.ByEtherType && etherType != etherIPv4 && etherType != etherIPv6 {
		return no
	}
	is, known := f.etherType(tags)
	if !known {
		return cut
	}
	return answer(is == etherType)
}

// test is a compiled part of an expression.
type test interface{ match(f frame) verdict }

// negation is not.
type negation struct{ of test }

func (t negation) match(f frame) verdict {
	switch t.of.match(f) {
	case no:
		return yes
	case yes:
		return no
	}
	return cut
}

// chain is tests with and and or between them, which bind from left to right: what is
// behind or counts only if all before it is false, what is behind and only if it is true.
type chain []joined

type joined struct {
	or   bool // of the first: true, as if after something false
	test test
}

func (t chain) match(f frame) verdict {
	all := no
	for i := range t {
		if t[i].or == (all == no) {
			if all = t[i].test.match(f); all == cut {
				break
			}
		}
	}
	return all
}

// direction says which of a packet's two addresses or ports must match.
type direction uint8

const (
	eitherEnd direction = iota
	source
	destination
	bothEnds
)

// match asks about the source, the destination or both, by their offsets.
func (d direction) match(src, dst int, ask func(at int) verdict) verdict {
	switch d {
	case source:
		return ask(src)
	case destination:
		return ask(dst)
	}
	first := ask(src)
	if first == cut || first == answer(d == eitherEnd) {
		return first
	}
	return ask(dst)
}

// carried is "ip", "arp", "ether proto 0x88cc": what the frame carries.
type carried struct {
	etherType uint16
	tags      int
}

func (t carried) match(f frame) verdict { return f.carries(t.etherType, t.tags) }

// tagged is "vlan"; id is negative if any will do.
type tagged struct {
	id   int
	tags int // outside of this one
}

func (t tagged) match(f frame) verdict {
	etherType, known := f.etherType(t.tags)
	at := f.payload(t.tags)
	switch {
	case f.head.Says != decode.ByEtherType:
		return no
	case !known:
		return cut
	case t.id < 0 || !decode.IsTag(etherType):
		return answer(decode.IsTag(etherType))
	case !f.has(at, 2):
		return cut
	}
	return answer(int(f.u16(at)&0xfff) == t.id)
}

// sized is "less 100" or "greater 100", which both include 100.
type sized struct {
	greater bool
	than    uint32
}

func (t sized) match(f frame) verdict {
	return answer(f.length == t.than || (f.length > t.than) == t.greater)
}

// station is "ether host".
type station struct {
	mac  [6]byte
	ends direction
}

func (t station) match(f frame) verdict {
	if f.head != decode.HeadOf(decode.LinkEthernet) {
		return no
	}
	return t.ends.match(6, 0, func(at int) verdict {
		if !f.has(at, 6) {
			return cut
		}
		return answer([6]byte(f.data[at:]) == t.mac)
	})
}

// addresses4 says where a protocol has its IPv4 addresses.
type addresses4 struct {
	etherType uint16
	src, dst  int
}

// network4 is an IPv4 host or net.
type network4 struct {
	in         []addresses4
	ends       direction
	addr, mask uint32
	tags       int
}

func (t *network4) match(f frame) verdict {
	for _, in := range t.in {
		switch f.carries(in.etherType, t.tags) {
		case cut:
			return cut
		case yes:
			at := f.payload(t.tags)
			return t.ends.match(at+in.src, at+in.dst, func(at int) verdict {
				if !f.has(at, 4) {
					return cut
				}
				return answer(f.u32(at)&t.mask == t.addr)
			})
		}
	}
	return no
}

// network6 is an IPv6 host or net, in words of 32 bits.
type network6 struct {
	ends       direction
	addr, mask [4]uint32
	tags       int
}

func (t *network6) match(f frame) verdict {
	if is := f.carries(etherIPv6, t.tags); is != yes {
		return is
	}
	at := f.payload(t.tags)
	return t.ends.match(at+8, at+24, func(at int) verdict {
		for i := range t.addr {
			switch {
			case !f.has(at+4*i, 4):
				return cut
			case f.u32(at+4*i)&t.mask[i] != t.addr[i]:
				return no
			}
		}
		return yes
	})
}

// above is "ip proto N", "tcp": the protocol that IP carries.
type above struct {
	number uint8
	v4, v6 bool
	tags   int
}

func (t above) match(f frame) verdict {
	at := f.payload(t.tags)
	if t.v4 {
		switch is := f.carries(etherIPv4, t.tags); {
		case is == cut || is == yes && !f.has(at+9, 1):
			return cut
		case is == yes:
			return answer(f.data[at+9] == t.number)
		}
	}
	if !t.v6 {
		return no
	}
	switch is := f.carries(etherIPv6, t.tags); {
	case is == no:
		return no
	case is == cut || !f.has(at+6, 1):
		return cut
	case f.data[at+6] == t.number:
		return yes
	case f.data[at+6] != protoFragment: // the one extension header that tcpdump looks behind
		return no
	case !f.has(at+40, 1):
		return cut
	}
	return answer(f.data[at+40] == t.number)
}

// ports is "port 21" or "portrange 20-21".
type ports struct {
	on         transports
	ends       direction
	first, end uint16 // both included
	tags       int
}

func (t ports) match(f frame) verdict {
	at := f.payload(t.tags)
	switch f.carries(etherIPv6, t.tags) {
	case cut:
		return cut
	case yes:
		if !f.has(at+6, 1) {
			return cut
		}
		return t.behind(f, f.data[at+6], at+40)
	}
	switch is := f.carries(etherIPv4, t.tags); {
	case is == no:
		return no
	case is == cut || !f.has(at+9, 1):
		return cut
	case !t.on.has(f.data[at+9]):
		return no
	case f.u16(at+6)&0x1fff != 0: // not the first fragment
		return no
	}
	return t.behind(f, f.data[at+9], at+int(f.data[at]&15)*4)
}

// behind looks at the ports of a header of this protocol.
func (t ports) behind(f frame, protocol uint8, at int) verdict {
	if !t.on.has(protocol) {
		return no
	}
	return t.ends.match(at, at+2, func(at int) verdict {
		if !f.has(at, 2) {
			return cut
		}
		port := f.u16(at)
		return answer(t.first <= port && port <= t.end)
	})
}

func (on transports) has(protocol uint8) bool {
	switch protocol {
	case protoTCP:
		return on&onTCP != 0
	case protoUDP:
		return on&onUDP != 0
	case protoSCTP:
		return on&onSCTP != 0
	}
	return false
}
