package flow

import (
	"crypto/sha1"
	"encoding/base64"
	"encoding/binary"
	"net/netip"
)

// CommunityID returns the Community ID v1 (seed 0) of the TCP connection between a and b, in either order.
func CommunityID(a, b netip.AddrPort) string { return string(AppendCommunityID(nil, a, b)) }

// AppendCommunityID appends what CommunityID returns.
func AppendCommunityID(out []byte, a, b netip.AddrPort) []byte {
	if c := a.Addr().Compare(b.Addr()); c > 0 || c == 0 && a.Port() > b.Port() {
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
