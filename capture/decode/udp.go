package decode

import (
	"encoding/binary"

	"ftpscope/capture/flow"
)

// UDP ports of tunnels: IANA's, and 8472, which Linux used for VXLAN before there was one.
const (
	portL2TP     = 1701
	portGTPU     = 2152
	portTeredo   = 3544
	portNAT      = 4500 // IPsec through NAT (RFC 3948)
	portVXLAN    = 4789
	portVXLANGPE = 4790
	portGeneve   = 6081
	portMPLS     = 6635 // RFC 7510
	portVXLANOld = 8472
)

// udp looks for a tunnel (RFC 768). Its ports say which it can be, no more: what it holds must look like it in every
// byte that tells, or else it is a UDP packet of some other kind.
func (d *Decoder) udp(f Frame, seg *flow.Segment) Verdict {
	const header = 8
	if len(f.Data) < header {
		return Other // nothing to be seen of a tunnel either
	}
	src, dst := binary.BigEndian.Uint16(f.Data), binary.BigEndian.Uint16(f.Data[2:])
	read := d.tunnelOf(src, dst)
	if read == nil {
		return Other
	}
	if length := int(binary.BigEndian.Uint16(f.Data[4:])); length != 0 { // 0: more than 65,535 bytes (RFC 2675)
		if length < header || length > int(f.Length) {
			return Other
		}
		f = f.cut(length)
	}
	return read(d, f.from(header), seg)
}

// tunnelOf is the decoder of the tunnel that uses these ports, nil if none does. Tunnels that spread flows over their
// source ports are known by the destination alone.
func (d *Decoder) tunnelOf(src, dst uint16) func(*Decoder, Frame, *flow.Segment) Verdict {
	switch dst {
	case portVXLAN, portVXLANOld, portVXLANGPE:
		return (*Decoder).vxlan
	case portGeneve:
		return (*Decoder).geneve
	case portMPLS:
		return (*Decoder).mplsUDP
	}
	for _, port := range d.VXLANPorts {
		if dst == port {
			return (*Decoder).vxlan
		}
	}
	switch {
	case src == portGTPU || dst == portGTPU:
		return (*Decoder).gtpu
	case src == portTeredo || dst == portTeredo:
		return (*Decoder).teredo
	case src == portL2TP || dst == portL2TP:
		return (*Decoder).l2tpUDP
	case src == portNAT || dst == portNAT:
		return (*Decoder).espUDP
	}
	return nil
}

// espUDP is RFC 3948: a security parameters index, which is not zero (that marks IKE), and a sequence number.
func (d *Decoder) espUDP(f Frame, _ *flow.Segment) Verdict {
	const least = 4 + 4 + 4 + 12 // index, number, one block, integrity check value
	if len(f.Data) < 4 || f.Length < least || binary.BigEndian.Uint32(f.Data) == 0 {
		return Other
	}
	return d.undecoded("IPsec ESP in UDP")
}

// vxlan is RFC 7348, with the group policy bits of draft-smith-vxlan-group-policy and the next protocol of
// draft-ietf-nvo3-vxlan-gpe.
func (d *Decoder) vxlan(f Frame, seg *flow.Segment) Verdict {
	const (
		header       = 8
		flagNetwork  = 0x08
		flagProtocol = 0x04
		flagGroup    = 0x80
	)
	b := f.Data
	if len(b) < header {
		return d.short(f, header)
	}
	flags, id := b[0], uint64(binary.BigEndian.Uint32(b[4:])>>8)
	if flags&flagNetwork == 0 || flags&^(flagNetwork|flagProtocol|flagGroup) != 0 || b[7] != 0 {
		return Other
	}
	next := byte(gpeEthernet)
	if flags&flagProtocol != 0 {
		next = b[3]
	} else if flags&flagGroup == 0 && b[1]|b[2]|b[3] != 0 {
		return Other
	}
	if !d.fitsGPE(next, f, header) {
		return Other
	}
	if !d.tunnel(flow.StepVXLAN, id, seg) {
		return d.tooDeep()
	}
	return d.gpe(next, f, header, seg)
}

// Next protocols of VXLAN-GPE (draft-ietf-nvo3-vxlan-gpe section 3.2) and of NSH (RFC 8300 section 2.2), which agree
// on these.
const (
	gpeIPv4     = 1
	gpeIPv6     = 2
	gpeEthernet = 3
	gpeNSH      = 4
	gpeMPLS     = 5
)

func (d *Decoder) fitsGPE(next byte, f Frame, at int) bool {
	switch next {
	case gpeIPv4:
		return fits4(f, at)
	case gpeIPv6:
		return fits6(f, at)
	case gpeEthernet:
		return fitsEthernet(f, at)
	case gpeNSH:
		return len(f.Data) < at+2 || binary.BigEndian.Uint16(f.Data[at:])>>14 == 0
	case gpeMPLS:
		return int(f.Length) >= at+4
	}
	return false
}

func (d *Decoder) gpe(next byte, f Frame, at int, seg *flow.Segment) Verdict {
	switch next {
	case gpeIPv4:
		return d.ipv4(f, at, seg)
	case gpeIPv6:
		return d.ipv6(f, at, seg)
	case gpeEthernet:
		return d.ethernet(f, at, seg)
	case gpeNSH:
		return d.nsh(f, at, seg)
	case gpeMPLS:
		return d.mpls(f, at, seg)
	}
	return Other
}

// nsh is the service header (RFC 8300). Paths differ by direction, so they are no network.
func (d *Decoder) nsh(f Frame, at int, seg *flow.Segment) Verdict {
	if len(f.Data) < at+8 {
		return d.undecoded("cut in the NSH header")
	}
	b := f.Data[at:]
	size := int(b[1]&0x3f) * 4 // section 2.2: "Length: The total length, in 4-byte words"
	if b[0]>>6 != 0 || size < 8 || at+size > int(f.Length) {
		return d.undecoded("malformed NSH header")
	}
	if b[0]&0x20 != 0 {
		return Other // operations, administration and maintenance
	}
	if len(f.Data) < at+size {
		return d.undecoded("cut in the NSH header")
	}
	if !d.deeper() {
		return d.tooDeep()
	}
	return d.gpe(b[3], f, at+size, seg)
}

// geneve is RFC 8926.
func (d *Decoder) geneve(f Frame, seg *flow.Segment) Verdict {
	const header = 8
	b := f.Data
	if len(b) < header {
		return d.short(f, header)
	}
	if b[0]>>6 != 0 || b[1]&0x3f != 0 || b[7] != 0 { // version, reserved bits
		return Other
	}
	if b[1]&0x80 != 0 {
		return Other // a control packet
	}
	at, next := header+int(b[0]&0x3f)*4, binary.BigEndian.Uint16(b[2:])
	switch {
	case at > int(f.Length) || !fitsType(next, f, at):
		return Other
	case len(b) < at:
		return d.undecoded("cut in the Geneve header")
	case !d.tunnel(flow.StepGeneve, uint64(binary.BigEndian.Uint32(b[4:])>>8), seg):
		return d.tooDeep()
	}
	return d.ether(next, f, at, seg)
}
