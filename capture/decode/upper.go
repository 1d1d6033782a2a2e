package decode

import (
	"encoding/binary"

	"ftpscope/capture/flow"
)

// IP protocol numbers of tunnels and of what carries some.
const (
	protoUDP     = 17
	protoEtherIP = 97
	protoL2TP    = 115
	protoMPLS    = 137
)

// maxTunnels bounds tunnels in tunnels: clouds have three or four, more than eight are an attack on the parser.
const maxTunnels = 8

// deeper counts a tunnel (or a layer that may hold another of its kind) that the packet goes through.
func (d *Decoder) deeper() bool {
	d.walk.depth++
	return d.walk.depth <= maxTunnels
}

// tunnel enters a tunnel between the hosts that seg has so far; false: it is one too many.
func (d *Decoder) tunnel(kind flow.StepKind, id uint64, seg *flow.Segment) bool {
	if !d.deeper() {
		return false
	}
	d.enter(flow.Tunnel(kind, id, seg.Src, seg.Dst), seg)
	return true
}

func (d *Decoder) tooDeep() Verdict { return d.undecoded("more than 8 tunnels in one another") }

// upper is any protocol over IP but TCP and ICMP. f begins after the IP header and its extensions and ends where the
// IP packet ends; Link means nothing.
func (d *Decoder) upper(proto int, f Frame, seg *flow.Segment) Verdict {
	switch proto {
	case protoUDP:
		return d.udp(f, seg)
	case protoGRE:
		return d.gre(f, seg)
	case protoIPv4, protoIPv6:
		return d.ipInIP(proto, f, seg)
	case protoAH:
		return d.authenticated(f, seg)
	case protoEtherIP:
		return d.etherIP(f, seg)
	case protoL2TP:
		return d.l2tpIP(f, seg)
	case protoMPLS:
		if !d.tunnel(flow.StepIPIP, 0, seg) {
			return d.tooDeep()
		}
		return d.mpls(f, 0, seg)
	case protoESP:
		return d.undecoded("IPsec ESP")
	}
	return Other
}

// ipInIP is RFC 2003 (IPv4 in IPv4), RFC 4213 (6in4) and RFC 2473 (either in IPv6).
func (d *Decoder) ipInIP(proto int, f Frame, seg *flow.Segment) Verdict {
	if !d.tunnel(flow.StepIPIP, 0, seg) {
		return d.tooDeep()
	}
	if proto == protoIPv4 {
		return d.ipv4(f, 0, seg)
	}
	return d.ipv6(f, 0, seg)
}

// authenticated is what follows IPsec's authentication header over IPv4 (RFC 4302); over IPv6 it is an extension
// header like others. In transport mode the addresses stay, so it is no network of its own.
func (d *Decoder) authenticated(f Frame, seg *flow.Segment) Verdict {
	const spiAndNumber = 12
	b := f.Data
	if len(b) < spiAndNumber {
		return d.undecoded("cut in the IPsec AH header")
	}
	n := extension(protoAH, b)
	if n < spiAndNumber || n > int(f.Length) {
		return d.undecoded("malformed IPsec AH header")
	}
	if n > len(b) {
		return d.undecoded("cut in the IPsec AH header")
	}
	if !d.deeper() {
		return d.tooDeep()
	}
	next, inner := int(b[0]), Frame{Data: b[n:], Length: f.Length - uint32(n)}
	switch next {
	case protoTCP:
		return d.tcp(inner.Data, int(inner.Length), seg)
	case protoICMP, protoICMPv6:
		return d.icmpError(inner, seg, next == protoICMPv6)
	}
	return d.upper(next, inner, seg)
}

// etherIP is RFC 3378: version 3, twelve reserved bits, an Ethernet frame.
func (d *Decoder) etherIP(f Frame, seg *flow.Segment) Verdict {
	if len(f.Data) < 2 {
		return d.undecoded("cut in the EtherIP header")
	}
	if f.Data[0]>>4 != 3 {
		return d.undecoded("malformed EtherIP header")
	}
	if !d.tunnel(flow.StepIPIP, 0, seg) {
		return d.tooDeep()
	}
	return d.ethernet(f, 2, seg)
}

// ethernet reads a whole Ethernet frame at offset at.
func (d *Decoder) ethernet(f Frame, at int, seg *flow.Segment) Verdict {
	if len(f.Data) < at+14 {
		return d.undecoded("cut in the Ethernet header")
	}
	return d.ether(binary.BigEndian.Uint16(f.Data[at+12:]), f, at+14, seg)
}

// cut is f without what comes after the first n bytes on the wire.
func (f Frame) cut(n int) Frame {
	if n < int(f.Length) {
		f.Length = uint32(n)
	}
	if n < len(f.Data) {
		f.Data = f.Data[:n]
	}
	return f
}

// from is f without its first n bytes, of which the capture must hold all.
func (f Frame) from(n int) Frame {
	f.Data, f.Length = f.Data[n:], f.Length-min(f.Length, uint32(n))
	return f
}
