package flow

import (
	"bytes"
	"crypto/sha1"
	"encoding/base64"
	"encoding/binary"
	"net/netip"
)

// CommunityID returns the Community ID v1 (seed 0) of the TCP connection between a and b, in either order.
func CommunityID(a, b netip.AddrPort) string {
	x, y := a.Addr().AsSlice(), b.Addr().AsSlice()
	if c := bytes.Compare(x, y); c > 0 || c == 0 && a.Port() > b.Port() {
		a, b, x, y = b, a, y, x
	}
	const seed, tcp = "\x00\x00", 6
	buf := append(make([]byte, 0, 40), seed...)
	buf = append(buf, x...)
	buf = append(buf, y...)
	buf = append(buf, tcp, 0)
	buf = binary.BigEndian.AppendUint16(buf, a.Port())
	buf = binary.BigEndian.AppendUint16(buf, b.Port())
	sum := sha1.Sum(buf)
	return "1:" + base64.StdEncoding.EncodeToString(sum[:])
}
