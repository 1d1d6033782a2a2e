package decode

import (
	"encoding/binary"

	"ftpscope/capture/flow"
)

// PPP protocol numbers (RFC 1661 section 2). From 0x8000 on they are those of control protocols.
const (
	pppIPv4       = 0x0021
	pppIPv6       = 0x0057
	pppVJ         = 0x002d // RFC 1144: headers are differences to the packet before
	pppVJPlain    = 0x002f
	pppMultilink  = 0x003d
	pppEncrypted  = 0x0053
	pppCompressed = 0x00fd
	pppMPLS       = 0x0281
	pppMPLSMulti  = 0x0283
	pppControl    = 0x8000
)

// ppp reads a frame at offset at: address and control (RFC 1662), which may be left out, then the protocol, whose
// first byte may be left out when it is zero (RFC 1661 section 6.5).
func (d *Decoder) ppp(f Frame, at int, seg *flow.Segment) Verdict {
	if b := f.Data; len(b) >= at+2 && b[at] == 0xff && b[at+1] == 3 {
		at += 2
	}
	b := f.Data
	if len(b) <= at || b[at]&1 == 0 && len(b) == at+1 {
		return d.undecoded("cut in the PPP header")
	}
	protocol := uint16(b[at])
	at++
	if protocol&1 == 0 {
		protocol = protocol<<8 | uint16(b[at])
		at++
	}
	switch protocol {
	case pppIPv4:
		return d.ipv4(f, at, seg)
	case pppIPv6:
		return d.ipv6(f, at, seg)
	case pppMPLS, pppMPLSMulti:
		return d.mpls(f, at, seg)
	case pppMultilink:
		return d.multilink(f, at, seg)
	case pppVJ, pppVJPlain:
		return d.undecoded("PPP with compressed headers")
	case pppCompressed:
		return d.undecoded("PPP compressed")
	case pppEncrypted:
		return d.undecoded("PPP encrypted")
	}
	if protocol >= pppControl {
		return Other
	}
	return d.undecodedType("unknown PPP protocol 0x%04x", uint32(protocol))
}

// multilink is RFC 1990 with long sequence numbers: a packet that is whole in one fragment is read.
func (d *Decoder) multilink(f Frame, at int, seg *flow.Segment) Verdict {
	const header, beginning, end = 4, 0x80, 0x40
	if len(f.Data) < at+header {
		return d.undecoded("cut in the PPP header")
	}
	if f.Data[at]&(beginning|end) != beginning|end {
		return d.undecoded("PPP multilink fragment")
	}
	if !d.deeper() {
		return d.tooDeep()
	}
	return d.ppp(f, at+header, seg)
}

// pppoe is a session frame (RFC 2516): version and type 1, code 0, session, length.
func (d *Decoder) pppoe(f Frame, at int, seg *flow.Segment) Verdict {
	const header = 6
	if len(f.Data) < at+header {
		return d.undecoded("cut in the PPPoE header")
	}
	b := f.Data[at:]
	end := at + header + int(binary.BigEndian.Uint16(b[4:]))
	if b[0] != 0x11 || b[1] != 0 || end > int(f.Length) {
		return d.undecoded("malformed PPPoE header")
	}
	if !d.deeper() {
		return d.tooDeep()
	}
	d.enter(flow.Step{Kind: flow.StepPPPoE, ID: uint64(binary.BigEndian.Uint16(b[2:]))}, seg)
	return d.ppp(f.cut(end), at+header, seg)
}

// hdlc is Cisco's: address (unicast or broadcast), a zero, an EtherType. What begins otherwise is PPP
// (RFC 1662: 0xff) in captures of serial lines.
func (d *Decoder) hdlc(f Frame, at int, seg *flow.Segment) Verdict {
	const unicast, broadcast = 0x0f, 0x8f
	if len(f.Data) < at+4 {
		return d.undecoded("cut in the HDLC header")
	}
	switch f.Data[at] {
	case unicast, broadcast:
		return d.ether(binary.BigEndian.Uint16(f.Data[at+2:]), f, at+4, seg)
	}
	return d.ppp(f, at, seg)
}
