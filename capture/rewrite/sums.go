package rewrite

import (
	"encoding/binary"
	"math/bits"
)

// Internet checksums (RFC 1071) are sums of 16-bit words in one's complement arithmetic.
// What a capture holds of a packet is summed; what its snapshot length cut off, or
// another fragment has, is told by the checksum itself: so checksums stay right without
// the bytes, as long as those do not change, and wrong ones stay wrong by the same amount
// (RFC 1624).

// sum adds b, which begins at an even offset, to s.
func sum(s uint32, b []byte) uint32 {
	for ; len(b) > 1; b = b[2:] {
		if s += uint32(binary.BigEndian.Uint16(b)); s > 1<<31 {
			s = uint32(fold(s))
		}
	}
	if len(b) == 1 {
		s += uint32(b[0]) << 8
	}
	return uint32(fold(s))
}

func fold(s uint32) uint16 {
	for s > 0xffff {
		s = s>>16 + s&0xffff
	}
	return uint16(s)
}

// zero reports whether a sum is zero, of which there are two forms.
func zero(s uint16) bool { return s == 0 || s == 0xffff }

// covered is what a checksum covers, before or after a change.
type covered struct {
	bytes  []byte // those that are there
	pseudo uint32 // sum of a pseudo-header
}

// changed is what a checksum covers, before and after. Its own place is at offset field
// of both; whole: all is there.
type changed struct {
	old, now covered
	field    int
	whole    bool
}

// checksum says how to write it. Where all is there, one that was right becomes right,
// and one that the network card had still to fill in (Linux leaves the pseudo-header's
// sum there, others 0) is filled in; what was wrong stays wrong.
func (c *changed) checksum() uint16 {
	old, now, whole := &c.old, &c.now, c.whole
	had := binary.BigEndian.Uint16(old.bytes[c.field:])
	before, after := old.partial(c.field), now.partial(c.field)
	unfinished := old.pseudo != 0 && had == fold(old.pseudo)
	switch {
	case !whole && unfinished:
		return fold(now.pseudo)
	case whole && (unfinished || had == 0):
		return ^after
	}
	rest := fold(uint32(^had) + uint32(^before)) // what is not there, or by how much it is wrong
	if zero(rest) {
		return ^after
	}
	if (len(old.bytes)-len(now.bytes))%2 != 0 {
		rest = bits.ReverseBytes16(rest) // RFC 1071 section 2 (B): it stands at an odd distance now
	}
	return ^fold(uint32(after) + uint32(rest))
}

// partial is the sum of all but the checksum itself, at an offset.
func (c *covered) partial(at int) uint16 {
	return fold(sum(sum(c.pseudo, c.bytes[:at]), c.bytes[at+2:]))
}

// pseudo is the sum of the pseudo-header of TCP, UDP and ICMPv6 (RFC 9293 section 3.1,
// RFC 8200 section 8.1) but for the addresses.
func pseudo(proto, length int) uint32 {
	return uint32(proto) + uint32(length>>16) + uint32(length&0xffff)
}
