package rewrite

import "encoding/binary"

// kind of a layer that has something to change in it.
type kind uint8

const (
	ethernet      kind = iota // two hardware addresses
	cooked                    // LINKTYPE_LINUX_SLL, one
	cooked2                   // LINKTYPE_LINUX_SLL2
	cookedAddress             // one of NFLOG: eight bytes, the length before them
	wireless                  // IEEE 802.11: three or four of them
	length                    // a 16-bit length of what follows
	lengthLittle              // the same, little-endian
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
