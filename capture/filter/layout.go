package filter

import "encoding/binary"

// Link types, as https://www.tcpdump.org/linktypes.html numbers them, and EtherTypes.
const (
	linkNull     = 0
	linkEthernet = 1
	linkRaw12    = 12 // LINKTYPE_RAW as some systems write it
	linkRaw14    = 14
	linkRaw      = 101
	linkLoop     = 108
	linkSLL      = 113
	linkIPv4     = 228
	linkIPv6     = 229
	linkSLL2     = 276

	etherIPv4    = 0x0800
	etherARP     = 0x0806
	etherRARP    = 0x8035
	etherVLAN    = 0x8100 // IEEE 802.1Q
	etherAARP    = 0x80f3
	etherTalk    = 0x809b
	etherIPv6    = 0x86dd
	etherQinQ    = 0x88a8 // IEEE 802.1ad
	etherQinQOld = 0x9100

	maxIEEE8023 = 1500 // up to here: a length, not a type
)

// layout says how a link type's frames tell what they carry, and where it begins.
type layout struct {
	says    says
	typeAt  int
	payload int
}

type says uint8

const (
	byType    says = iota // an EtherType
	byFamily              // four bytes of address family
	byVersion             // nothing but the packet's own version
	always4
	always6
)

var (
	layoutEthernet = layout{byType, 12, 14}
	layoutSLL      = layout{byType, 14, 16}
	layoutSLL2     = layout{byType, 0, 20}
	layoutLoopback = layout{byFamily, 0, 4}
	layoutRaw      = layout{says: byVersion}
	layoutIPv4     = layout{says: always4}
	layoutIPv6     = layout{says: always6}
)

func layoutOf(link uint32) *layout {
	switch link {
	case linkEthernet:
		return &layoutEthernet
	case linkSLL:
		return &layoutSLL
	case linkSLL2:
		return &layoutSLL2
	case linkNull, linkLoop:
		return &layoutLoopback
	case linkRaw, linkRaw12, linkRaw14:
		return &layoutRaw
	case linkIPv4:
		return &layoutIPv4
	case linkIPv6:
		return &layoutIPv6
	}
	return nil
}

// frame is what tests look at. It goes by value: a pointer in a call through an interface would be an allocation.
type frame struct {
	data   []byte
	length uint32
	link   *layout
}

// verdict is a test's answer. cut ends the matching: the packet ends before the byte that decides.
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
func (f frame) payload(tags int) int { return f.link.payload + 4*tags }

// carries tells whether the frame carries packets of this type behind so many VLAN tags (whatever tags them).
func (f frame) carries(etherType uint16, tags int) verdict {
	ip := etherType == etherIPv4 || etherType == etherIPv6
	switch {
	case f.link.says == byType:
		at := f.link.typeAt
		if tags > 0 {
			at = f.payload(tags) - 2
		}
		if !f.has(at, 2) {
			return cut
		}
		return answer(f.u16(at) == etherType)
	case !ip || tags > 0:
		return no
	case f.link.says == byFamily:
		if !f.has(0, 4) {
			return cut
		}
		return answer(family(f.data) == etherType)
	case f.link.says == byVersion:
		if !f.has(0, 1) {
			return cut
		}
		return answer(f.data[0]>>4 == 4 && etherType == etherIPv4 || f.data[0]>>4 == 6 && etherType == etherIPv6)
	}
	return answer((f.link.says == always4) == (etherType == etherIPv4))
}

// family reads the address family of BSD loopback, in the byte order of whoever captured.
func family(b []byte) uint16 {
	n := binary.LittleEndian.Uint32(b)
	if n > 0xffff {
		n = binary.BigEndian.Uint32(b)
	}
	switch n {
	case 2:
		return etherIPv4
	case 10, 24, 28, 30: // AF_INET6 of Linux, NetBSD and OpenBSD, FreeBSD, Darwin
		return etherIPv6
	}
	return 0
}
