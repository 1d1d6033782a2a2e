package decode

import (
	"encoding/binary"

	"github.com/google/gopacket/layers"

	"ftpscope/capture/flow"
)

var layerTeredo = newLayerType("Teredo")

func init() {
	register(row{kind: layers.LayerTypeGTPv1U, read: readGTP, ports: []uint16{portGTPU}})
	register(row{kind: layerTeredo, read: readTeredo, ports: []uint16{portTeredo}})
}

// readGTP is the user plane of GTP (3GPP TS 29.281). Each direction has a tunnel endpoint identifier of its own.
// gopacket's prints, and keeps the extension headers of all packets.
func readGTP(l *layer, f Frame) error {
	const (
		header    = 8
		length    = 2
		version1  = 0x30 // and the protocol type that is not GTP'
		reserved  = 0x08
		anyOption = 0x07
		extended  = 0x04
		userData  = 255 // G-PDU
	)
	b := f.Data
	if len(b) < header {
		return l.short(f, header)
	}
	size := header + int(binary.BigEndian.Uint16(b[length:]))
	if b[0]&^anyOption != version1 || b[0]&reserved != 0 || b[1] != userData || !f.holds(size) {
		return l.other()
	}
	f = f.cut(size)
	at := header
	if b[0]&anyOption != 0 {
		var known bool
		if at, known = gtpOptions(f, at, b[0]&extended != 0); at == 0 {
			return l.other()
		} else if !known {
			return l.short(f, at)
		}
	}
	if !fitsIP(f, at) {
		return l.other() // PPP, an Ethernet frame
	}
	if !l.tunnel(flow.StepGTP, uint64(binary.BigEndian.Uint32(b[4:]))) {
		return l.tooDeep()
	}
	l.note(Length, length)
	return l.carry(f, at, layerIP)
}

// gtpOptions passes over the optional fields at offset at and, if there are any, extension headers (section 5.2.1: the
// first octet is the length in 4-octet units, the last the type of the next). It returns where the user data begins, or
// how many bytes would tell that; 0 if it is malformed.
func gtpOptions(f Frame, at int, extended bool) (size int, known bool) {
	const fields = 4 // sequence number, N-PDU number, type of the next extension header
	at += fields
	if at > len(f.Data) {
		return at, false
	}
	for extended && f.Data[at-1] != 0 {
		if at >= len(f.Data) {
			return at + 1, false
		}
		n := int(f.Data[at]) * 4
		if n == 0 {
			return 0, false
		}
		if at += n; at > len(f.Data) {
			return at, false
		}
	}
	return at, true
}

// readTeredo is RFC 4380: IPv6 in UDP, after an authentication or an origin header, or both (sections 5.1.1 and 5.1.2).
func readTeredo(l *layer, f Frame) error {
	const (
		authenticated = 1
		origin        = 0
		originSize    = 8
	)
	at := 0
	if b := f.Data; len(b) >= 4 && binary.BigEndian.Uint16(b) == authenticated {
		at = 4 + int(b[2]) + int(b[3]) + 9 // client identifier, authentication value, nonce, confirmation
	}
	if len(f.Data) >= at+2 && binary.BigEndian.Uint16(f.Data[at:]) == origin {
		at += originSize
	}
	if len(f.Data) < at+40 {
		return l.short(f, at+40)
	}
	if !fits6(f, at) || !teredoAddress(f.Data[at+8:]) && !teredoAddress(f.Data[at+24:]) {
		return l.other()
	}
	if !l.tunnel(flow.StepTeredo, 0) {
		return l.tooDeep()
	}
	return l.carry(f, at, layers.LayerTypeIPv6)
}

// teredoAddress tells the addresses of Teredo clients: 2001::/32 (section 2.6).
func teredoAddress(b []byte) bool { return binary.BigEndian.Uint32(b) == 0x20010000 }
