package flow

import (
	"cmp"
	"crypto/sha1"
	"encoding/base64"
	"encoding/binary"
	"net/netip"
)

// Host is an IP address in two words: IPv6 as it is, IPv4 as ::ffff:a.b.c.d (so both
// compare and hash alike).
type Host struct{ Hi, Lo uint64 }

const mapped4 = 0xffff << 32

// Host4 is the Host of an IPv4 address (big-endian, as on the wire).
func Host4(a uint32) Host { return Host{Lo: mapped4 | uint64(a)} }

// HostOf converts an address; its zone is dropped.
func HostOf(a netip.Addr) Host {
	b := a.As16()
	return Host{binary.BigEndian.Uint64(b[:8]), binary.BigEndian.Uint64(b[8:])}
}

// Is4 reports whether h is an IPv4 address.
func (h Host) Is4() bool { return h.Hi == 0 && h.Lo>>32 == 0xffff }

// Addr returns the address, IPv4 unmapped.
func (h Host) Addr() netip.Addr {
	if h.Is4() {
		return netip.AddrFrom4([4]byte{byte(h.Lo >> 24), byte(h.Lo >> 16), byte(h.Lo >> 8), byte(h.Lo)})
	}
	var b [16]byte
	binary.BigEndian.PutUint64(b[:8], h.Hi)
	binary.BigEndian.PutUint64(b[8:], h.Lo)
	return netip.AddrFrom16(b)
}

// Compare orders hosts by their addresses, IPv4 as ::ffff:a.b.c.d.
func (h Host) Compare(o Host) int { return cmp.Or(cmp.Compare(h.Hi, o.Hi), cmp.Compare(h.Lo, o.Lo)) }

// Hosts are two hosts, the smaller one first: both directions of what they say have the
// same.
func Hosts(a, b Host) [2]Host {
	if a.Compare(b) > 0 {
		return [2]Host{b, a}
	}
	return [2]Host{a, b}
}

// The ports of FTP.
const (
	PortFTPData = 20  // servers connect from it (RFC 959 section 3.2: L-1, where L is 21), if they keep to it
	PortFTP     = 21  // RFC 959
	PortFTPS    = 990 // IANA: FTP over TLS from the first byte
	// FirstUnprivileged is the first port that is none of the well-known ones (RFC 6335
	// section 6), on which only services listen.
	FirstUnprivileged = 1024
)

// Tuple is the canonical 4-tuple of a connection: its two ends, the smaller one first, so
// that it is the same for both directions.
type Tuple struct {
	a, b         Host
	aPort, bPort uint16
}

// Tuple is the one of the segment's connection.
func (s *Segment) Tuple() Tuple { return tuple(s.Src, s.Dst, s.SrcPort, s.DstPort) }

// End is the smaller end (0) or the other one (1).
func (t Tuple) End(i int) (Host, uint16) {
	if i == 0 {
		return t.a, t.aPort
	}
	return t.b, t.bPort
}

// TupleOf is the one of the connection between two ends.
func TupleOf(a, b netip.AddrPort) Tuple {
	return tuple(HostOf(a.Addr()), HostOf(b.Addr()), a.Port(), b.Port())
}

func tuple(a, b Host, aPort, bPort uint16) Tuple {
	if cmp.Or(a.Compare(b), cmp.Compare(aPort, bPort)) > 0 {
		a, b, aPort, bPort = b, a, bPort, aPort
	}
	return Tuple{a, b, aPort, bPort}
}

// Hosts are the hosts of its ends.
func (t Tuple) Hosts() [2]Host { return [2]Host{t.a, t.b} }

// CommunityID returns the Community ID v1 (seed 0) of the TCP connection between a and b,
// in either order.
func CommunityID(a, b netip.AddrPort) string { return string(AppendCommunityID(nil, a, b)) }

// AppendCommunityID appends what CommunityID returns.
func AppendCommunityID(out []byte, a, b netip.AddrPort) []byte {
	if a.Compare(b) > 0 {
		a, b = b, a
	}
	const seed, tcp = "\x00\x00", 6
	var space [40]byte
	buf := appendAddr(append(space[:0], seed...), a.Addr())
	buf = appendAddr(buf, b.Addr())
	buf = append(buf, tcp, 0)
	buf = binary.BigEndian.AppendUint16(buf, a.Port())
	buf = binary.BigEndian.AppendUint16(buf, b.Port())
	sum := sha1.Sum(buf)
	return base64.StdEncoding.AppendEncode(append(out, "1:"...), sum[:])
}

func appendAddr(b []byte, a netip.Addr) []byte {
	if a.Is4() {
		x := a.As4()
		return append(b, x[:]...)
	}
	x := a.As16()
	return append(b, x[:]...)
}
