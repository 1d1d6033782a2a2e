package decode

import (
	"encoding/binary"

	"ftpscope/capture/flow"
)

// maxTags bounds VLAN tags in a row: two are usual, more than eight are an attack on the
// parser.
const maxTags = 8

// shortcut decodes what nearly every packet is, without the chain: TCP in a whole IP
// packet without extension headers, and UDP that is no tunnel's. Of any other packet it
// says unaccepted and has changed nothing but seg.
//
// FuzzShortcut proves that the chain says the same of what it accepts.
func (d *Decoder) shortcut(f Frame, seg *flow.Segment) Verdict {
	h, b := HeadOf(f.Link), f.Data
	if h == nil || len(b) < h.Size {
		return unaccepted
	}
	var etherType uint16
	if h.Says == ByEtherType {
		etherType = binary.BigEndian.Uint16(b[h.TypeAt:])
	} else {
		etherType, _ = h.announced(b)
	}
	at := h.Size
	tags := at
	for IsTag(etherType) {
		if at-tags == 4*maxTags || len(b) < at+4 {
			return unaccepted
		}
		etherType = binary.BigEndian.Uint16(b[at+2:])
		at += 4
	}
	v := unaccepted
	switch etherType {
	case etherIPv4:
		v = d.short4(b[at:], ipAt{at, f.Length}, seg)
	case etherIPv6:
		v = d.short6(b[at:], seg)
	}
	for ; tags < at && v != unaccepted; tags += 4 {
		d.tag(binary.BigEndian.Uint16(b[tags:]), seg)
	}
	return v
}

// ipAt is where in a frame of so many bytes on the wire an IP packet begins.
type ipAt struct {
	offset int
	frame  uint32
}

// short4 reads the IPv4 header at h (RFC 791).
func (d *Decoder) short4(h []byte, at ipAt, seg *flow.Segment) Verdict {
	if len(h) < 20 || h[0]>>4 != 4 || binary.BigEndian.Uint16(h[6:])&(moreFragments4|fragmentOffset4) != 0 {
		return unaccepted
	}
	size, total := int(h[0]&15)*4, int(binary.BigEndian.Uint16(h[2:]))
	if total == 0 { // TSO: the card fills it in after the capture
		total = offloaded(int(at.frame), at.offset)
	}
	if size < 20 || total < size || len(h) < size {
		return unaccepted
	}
	b := h[size:min(len(h), total)] // Ethernet pads short frames
	switch h[9] {
	case protoTCP:
		seg.TTL, seg.ID = h[8], binary.BigEndian.Uint16(h[4:])
		seg.Src, seg.Dst = hosts4(h)
		return shortTCP(b, total-size, seg)
	case protoUDP:
		return d.shortUDP(b)
	}
	return unaccepted
}

// short6 reads the IPv6 header at h (RFC 8200).
func (d *Decoder) short6(h []byte, seg *flow.Segment) Verdict {
	if len(h) < 40 {
		return unaccepted
	}
	left := int(binary.BigEndian.Uint16(h[4:]))
	if h[0]>>4 != 6 || left == 0 {
		return unaccepted
	}
	b := h[40:min(len(h), 40+left)]
	switch h[6] {
	case protoTCP:
		seg.TTL, seg.ID = h[7], 0
		seg.Src, seg.Dst = hosts6(h)
		return shortTCP(b, left, seg)
	case protoUDP:
		return d.shortUDP(b)
	}
	return unaccepted
}

// shortUDP knows what is no tunnel by its ports (RFC 768).
func (d *Decoder) shortUDP(b []byte) Verdict {
	if len(b) < 8 || d.tunnelOf(binary.BigEndian.Uint16(b), binary.BigEndian.Uint16(b[2:])) == 0 {
		return Other
	}
	return unaccepted
}

// shortTCP reads the header at b (RFC 9293); length is that of header and payload on the
// wire.
func shortTCP(b []byte, length int, seg *flow.Segment) Verdict {
	if length < 20 || len(b) < 20 {
		return unaccepted
	}
	size := int(b[12]>>4) * 4
	if size < 20 || size > length {
		return unaccepted
	}
	ports := binary.BigEndian.Uint32(b)
	seg.SrcPort, seg.DstPort = uint16(ports>>16), uint16(ports)
	seg.Seq, seg.Ack = binary.BigEndian.Uint32(b[4:]), binary.BigEndian.Uint32(b[8:])
	seg.Flags = b[13]
	seg.Window = binary.BigEndian.Uint16(b[14:])
	seg.Length = uint32(length - size)
	seg.Payload = nil
	seg.ICMP = nil
	seg.Scale, seg.MSS = flow.NoScale, 0
	if len(b) > size {
		seg.Payload = b[size:]
	}
	if seg.Flags&flow.SYN != 0 {
		synOptions(b[20:min(size, len(b))], seg)
	}
	return TCP
}
