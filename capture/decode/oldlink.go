package decode

import (
	"encoding/binary"

	"ftpscope/capture/flow"
)

// tokenRing is IEEE 802.5: access and frame control, two addresses, of which the source says by its first bit whether a
// route follows, whose first five bits after three others are its length.
func (d *Decoder) tokenRing(f Frame, at int, seg *flow.Segment) Verdict {
	const header, source, routed = 14, 8, 0x80
	if len(f.Data) < at+header+1 {
		return d.undecoded("cut in the Token Ring header")
	}
	b := f.Data[at:]
	const kind, llc = 0xc0, 0x40
	if b[1]&kind != llc {
		return Other // of the ring itself
	}
	size := header
	if b[source]&routed != 0 {
		size += int(b[header] & 0x1f)
	}
	return d.llc(f, at+size, seg)
}

// fddi is a frame control and two addresses; asynchronous LLC frames have 0x5 in its upper half.
func (d *Decoder) fddi(f Frame, at int, seg *flow.Segment) Verdict {
	const header, llc = 13, 5
	if len(f.Data) < at+header {
		return d.undecoded("cut in the FDDI header")
	}
	if f.Data[at]>>4 != llc {
		return Other
	}
	return d.llc(f, at+header, seg)
}

// frameRelay is RFC 2427: an address, whose bytes but the last have a zero as their last bit, a control byte, padding, the
// identifier of a protocol. Cisco's has an EtherType after the address.
func (d *Decoder) frameRelay(f Frame, at int, seg *flow.Segment) Verdict {
	const (
		most         = 4 // bytes of an address
		unnumbered   = 3
		ipv4, ipv6   = 0xcc, 0x8e
		snap         = 0x80
		headerOfSNAP = 5
	)
	end := at + most
	for at < min(len(f.Data), end) && f.Data[at]&1 == 0 {
		at++
	}
	if at++; len(f.Data) < at+2 {
		return d.undecoded("cut in the Frame Relay header")
	}
	if f.Data[at] != unnumbered {
		return d.ether(binary.BigEndian.Uint16(f.Data[at:]), f, at+2, seg)
	}
	if at++; f.Data[at] == 0 { // padding
		at++
	}
	if len(f.Data) < at+1+headerOfSNAP {
		return d.undecoded("cut in the Frame Relay header")
	}
	switch f.Data[at] {
	case ipv4, ipv6:
		return d.ip(f, at+1, seg)
	case snap:
		if b := f.Data[at+1:]; b[0]|b[1]|b[2] == 0 {
			return d.ether(binary.BigEndian.Uint16(b[3:]), f, at+1+headerOfSNAP, seg)
		}
	}
	return Other
}
