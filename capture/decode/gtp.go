package decode

import (
	"encoding/binary"

	"ftpscope/capture/flow"
)

// gtpu is the user plane of GTP (3GPP TS 29.281). Each direction has a tunnel endpoint identifier of its own.
func (d *Decoder) gtpu(f Frame, seg *flow.Segment) Verdict {
	const (
		header    = 8
		version1  = 0x30 // and the protocol type that is not GTP'
		reserved  = 0x08
		anyOption = 0x07
		extended  = 0x04
		userData  = 255 // G-PDU
	)
	b := f.Data
	if len(b) < header {
		return d.short(f, header)
	}
	size := header + int(binary.BigEndian.Uint16(b[2:]))
	if b[0]&^anyOption != version1 || b[0]&reserved != 0 || b[1] != userData || size > int(f.Length) {
		return Other
	}
	f = f.cut(size)
	at := header
	if b[0]&anyOption != 0 {
		var found Verdict
		if at, found = d.gtpOptions(f, at, b[0]&extended != 0); at == 0 {
			return found
		}
	}
	if !fitsIP(f, at) {
		return Other // PPP, an Ethernet frame
	}
	if !d.tunnel(flow.StepGTP, uint64(binary.BigEndian.Uint32(b[4:])), seg) {
		return d.tooDeep()
	}
	return d.ip(f, at, seg)
}

// gtpOptions passes over the optional fields at offset at and, if there are any, extension headers (section 5.2.1: the
// first octet is the length in 4-octet units, the last the type of the next). It returns where the user data begins;
// 0 with a verdict if that cannot be known.
func (d *Decoder) gtpOptions(f Frame, at int, extended bool) (int, Verdict) {
	const fields = 4 // sequence number, N-PDU number, type of the next extension header
	at += fields
	if at > len(f.Data) {
		return 0, d.short(f, at)
	}
	for extended && f.Data[at-1] != 0 {
		if at >= len(f.Data) {
			return 0, d.short(f, at+1)
		}
		n := int(f.Data[at]) * 4
		if n == 0 {
			return 0, Other
		}
		if at += n; at > len(f.Data) {
			return 0, d.short(f, at)
		}
	}
	return at, Other
}

// teredo is RFC 4380: IPv6 in UDP, after an authentication or an origin header, or both (sections 5.1.1 and 5.1.2).
func (d *Decoder) teredo(f Frame, seg *flow.Segment) Verdict {
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
		return d.short(f, at+40)
	}
	if !fits6(f, at) || !teredoAddress(f.Data[at+8:]) && !teredoAddress(f.Data[at+24:]) {
		return Other
	}
	if !d.tunnel(flow.StepTeredo, 0, seg) {
		return d.tooDeep()
	}
	return d.ipv6(f, at, seg)
}

// teredoAddress tells the addresses of Teredo clients: 2001::/32 (section 2.6).
func teredoAddress(b []byte) bool { return binary.BigEndian.Uint32(b) == 0x20010000 }
