package decode

import (
	"encoding/binary"

	"ftpscope/capture/flow"
)

// GRE's flags (RFC 1701, RFC 2890; the last two RFC 2637's).
const (
	greChecksum = 0x8000
	greRouting  = 0x4000
	greKey      = 0x2000
	greSequence = 0x1000
	greAck      = 0x0080
	greVersion  = 0x0007
)

// Protocol types of GRE that are no EtherTypes.
const (
	greERSPAN3 = 0x22eb
	grePPP     = 0x880b
	greWCCP    = 0x883e
	greERSPAN  = 0x88be
)

// gre is RFC 2784 with the fields of RFC 1701 and RFC 2890, and version 1, PPTP's (RFC 2637).
func (d *Decoder) gre(f Frame, seg *flow.Segment) Verdict {
	b := f.Data
	if len(b) < 4 {
		return d.undecoded("cut in the GRE header")
	}
	flags, protocol := binary.BigEndian.Uint16(b), binary.BigEndian.Uint16(b[2:])
	version := flags & greVersion
	if version > 1 || version == 1 && (protocol != grePPP || flags&greKey == 0) {
		return d.undecoded("unknown version of GRE")
	}
	at, key := 4, 0
	if flags&(greChecksum|greRouting) != 0 {
		at += 4
	}
	if flags&greKey != 0 {
		key = at
		at += 4
	}
	if flags&greSequence != 0 {
		at += 4
	}
	if version == 1 && flags&greAck != 0 {
		at += 4
	}
	if flags&greRouting != 0 && version == 0 {
		at = sourceRoutes(b, at)
	}
	if at > int(f.Length) {
		return d.undecoded("malformed GRE header")
	}
	if at > len(b) {
		return d.undecoded("cut in the GRE header")
	}
	if version == 1 {
		return d.pptp(f, flags, at, seg)
	}
	switch protocol {
	case 0: // a keepalive
		return Other
	case greERSPAN, greERSPAN3:
		return d.erspan(protocol, flags, f, at, seg)
	}
	var network uint32
	if key > 0 {
		network = binary.BigEndian.Uint32(b[key:])
	}
	kind, id := greNetwork(protocol, network)
	if !d.tunnel(kind, id, seg) {
		return d.tooDeep()
	}
	return d.greProtocol(protocol, f, at, seg)
}

// sourceRoutes passes over the source route entries at b[at:], of which the last has neither family nor length
// (RFC 1701). Past the end of b: it is cut or malformed.
func sourceRoutes(b []byte, at int) int {
	for at+4 <= len(b) {
		n := int(b[at+3])
		last := n == 0 && b[at]|b[at+1] == 0
		at += 4 + n
		if last {
			return at
		}
	}
	return at + 4
}

// greNetwork is the network that a key names. NVGRE has 24 bits of network and 8 that spread flows (RFC 7637 section
// 3.2); its networks begin at 4096, so smaller keys are plain ones.
func greNetwork(protocol uint16, key uint32) (flow.StepKind, uint64) {
	const first = 0x1000
	if protocol == etherBridge && key>>8 >= first {
		return flow.StepNVGRE, uint64(key >> 8)
	}
	return flow.StepGRE, uint64(key)
}

func (d *Decoder) greProtocol(protocol uint16, f Frame, at int, seg *flow.Segment) Verdict {
	switch protocol {
	case grePPP:
		return d.ppp(f, at, seg)
	case greWCCP: // version 2 has a header of four bytes before the packet, version 1 none
		if !fitsIP(f, at) {
			at += 4
		}
		return d.ip(f, at, seg)
	}
	return d.ether(protocol, f, at, seg)
}

// pptp is RFC 2637's enhanced GRE: the key is the payload's length and a call, which each direction names by itself,
// so that the network is better told by the ends alone.
func (d *Decoder) pptp(f Frame, flags uint16, at int, seg *flow.Segment) Verdict {
	length := int(binary.BigEndian.Uint16(f.Data[4:]))
	if flags&greSequence == 0 || length == 0 {
		return Other // an acknowledgment
	}
	if at+length > int(f.Length) {
		return d.undecoded("malformed GRE header")
	}
	if !d.tunnel(flow.StepGRE, 0, seg) {
		return d.tooDeep()
	}
	return d.ppp(f.cut(at+length), at, seg)
}

// erspan is a mirrored Ethernet frame (draft-foschiano-erspan): type I has no header of its own and no sequence
// number in GRE's, types II and III say which they are.
func (d *Decoder) erspan(protocol, flags uint16, f Frame, at int, seg *flow.Segment) Verdict {
	const header2, header3, platform, ipFrames = 8, 12, 8, 2
	if flags&greSequence == 0 && protocol == greERSPAN {
		if !d.tunnel(flow.StepERSPAN, 0, seg) {
			return d.tooDeep()
		}
		return d.ethernet(f, at, seg)
	}
	size := header2
	if protocol == greERSPAN3 {
		size = header3
	}
	if len(f.Data) < at+size {
		return d.undecoded("cut in the ERSPAN header")
	}
	h := f.Data[at:]
	switch version := h[0] >> 4; {
	case protocol == greERSPAN && version == 1:
	case protocol == greERSPAN3 && version == 2:
		if h[11]&1 != 0 { // O: the platform's subheader
			size += platform
		}
	default:
		return d.undecodedType("unknown version %d of ERSPAN", uint32(version))
	}
	first := binary.BigEndian.Uint32(h)
	session, vlan := first&0x3ff, first>>16&0xfff
	if !d.tunnel(flow.StepERSPAN, uint64(session), seg) {
		return d.tooDeep()
	}
	at += size
	if protocol == greERSPAN3 && h[10]>>2&0x1f == ipFrames {
		return d.ip(f, at, seg)
	}
	if len(f.Data) < at+14 {
		return d.undecoded("cut in the Ethernet header")
	}
	etherType := binary.BigEndian.Uint16(f.Data[at+12:])
	if vlan != 0 && !isTag(etherType) {
		d.tag(uint16(vlan), seg) // the frame had this tag, and was mirrored without it
	}
	return d.ether(etherType, f, at+14, seg)
}
