// Package decode turns a captured packet into the TCP segment that it carries, or into the ICMP error about one.
// The fast path is what nearly every packet is: Ethernet (with any VLAN tags), Linux cooked, BSD loopback or raw IP, then
// IPv4 or IPv6, then TCP. Other link types and tunnels are steps that lead back to it; they do not allocate either. The
// segments go to capture/tcp.
//
// Rejected: gopacket's layers for these steps. It has none for half of them; the others index past the end of cut headers,
// allocate, print, write into the packet (padded 802.11 headers), or read ERSPAN I as II. The tests compare with them.
package decode

import (
	"encoding/binary"

	"ftpscope/capture/flow"
)

// Verdict says what a packet turned out to be.
type Verdict uint8

const (
	Other     Verdict = iota // understood, and nothing that concerns TCP: ARP, UDP, …
	TCP                      // the segment is filled in
	ICMP                     // an ICMP error about a TCP segment, both filled in
	Fragment                 // a part of a datagram that is not whole yet; the ports, if they are known, are filled in
	Undecoded                // not understood or damaged; counted by reason
)

// Frame is what the decoder is given of a packet.
type Frame struct {
	Data   []byte
	Length uint32 // bytes on the wire
	Link   uint32 // LINKTYPE_…
	FCS    uint8  // how many of the Length bytes, at the end, are the link's frame check sequence
}

// maxTags bounds VLAN tags in a row: two are usual, more than eight are an attack on the parser.
const maxTags = 8

// Options of a Decoder; the zero value works.
type Options struct {
	VXLANPorts []uint16 // UDP ports of VXLAN, besides 4789, 4790 (VXLAN-GPE) and 8472
	// VerifyChecksums leaves out packets whose IPv4 header or TCP checksum is wrong. Where the sender's card fills them in, they
	// are in every packet that the capturing host sent.
	VerifyChecksums bool
}

// Decoder decodes packets. It belongs to one goroutine; the zero value is ready.
type Decoder struct {
	Options
	walk      walk
	icmp      flow.ICMP
	reasons   map[reason]uint64
	valued    int // of reasons
	total     uint64
	networks  networks
	rest      rest
	fragments fragments
	sums      map[flow.Host]*Checksums // of VerifyChecksums, by source
	parts     []flow.Mark              // see Parts
}

// walk is how far the way into a packet has come.
type walk struct {
	depth   uint8 // tunnels that it went through so far
	pending bool  // rest is to be read by More
	unsure  bool  // the TCP checksum cannot be checked
}

// Decode reads f. Its Mark stands in seg already, for what waits for its other fragments. For TCP and ICMP seg is filled
// in but for its Digits; it points into f.Data, or is valid until the next call.
func (d *Decoder) Decode(f Frame, seg *flow.Segment) Verdict {
	if f.FCS != 0 {
		f = f.withoutFCS()
	}
	b := f.Data
	d.parts = d.parts[:0]
	seg.Net = flow.PlainNet
	d.walk = walk{}
	switch f.Link {
	case LinkEthernet:
		if len(b) < 14 {
			return d.undecoded("cut in the Ethernet header")
		}
		return d.ether(binary.BigEndian.Uint16(b[12:]), f, 14, seg)
	case LinkSLL:
		if len(b) < 16 {
			return d.undecoded("cut in the Linux cooked header")
		}
		return d.ether(binary.BigEndian.Uint16(b[14:]), f, 16, seg)
	case LinkSLL2:
		if len(b) < 20 {
			return d.undecoded("cut in the Linux cooked header")
		}
		return d.ether(binary.BigEndian.Uint16(b), f, 20, seg)
	case LinkRaw, LinkRaw12, LinkRaw14, LinkIPv4, LinkIPv6:
		return d.ip(f, 0, seg)
	case LinkNull, LinkLoop:
		return d.loopback(f, seg)
	}
	return d.rareLink(f.Link, f, 0, seg)
}

// withoutFCS leaves the frame check sequence away, as far as it was captured: it is no payload.
func (f Frame) withoutFCS() Frame {
	f.Length -= min(uint32(f.FCS), f.Length)
	f.Data = f.Data[:min(uint32(len(f.Data)), f.Length)]
	f.FCS = 0
	return f
}

// ether follows VLAN tags from the EtherType to what they tag; at is the offset after the type.
func (d *Decoder) ether(etherType uint16, f Frame, at int, seg *flow.Segment) Verdict {
	for tags := 0; ; tags++ {
		switch etherType {
		case etherIPv4:
			return d.ipv4(f, at, seg)
		case etherIPv6:
			return d.ipv6(f, at, seg)
		case etherVLAN, etherQinQ, etherQinQOld:
			if tags == maxTags || len(f.Data) < at+4 {
				return d.undecoded("cut or too many VLAN tags")
			}
			d.tag(binary.BigEndian.Uint16(f.Data[at:]), seg)
			etherType = binary.BigEndian.Uint16(f.Data[at+2:])
			at += 4
		default:
			return d.otherEther(etherType, f, at, seg)
		}
	}
}

// loopback reads BSD's four-byte header: the address family, in the byte order of the capturing machine for
// LINKTYPE_NULL and big-endian for LINKTYPE_LOOP. The IP version says the same in any byte order.
func (d *Decoder) loopback(f Frame, seg *flow.Segment) Verdict {
	if len(f.Data) < 5 {
		return d.undecoded("cut in the loopback header")
	}
	family := binary.LittleEndian.Uint32(f.Data)
	if family > 0xffff {
		family = binary.BigEndian.Uint32(f.Data)
	}
	return d.family(family, f, 4, seg)
}

// ip reads whichever IP version the first byte names.
func (d *Decoder) ip(f Frame, at int, seg *flow.Segment) Verdict {
	if len(f.Data) <= at {
		return d.undecoded("cut in the IP header")
	}
	switch f.Data[at] >> 4 {
	case 4:
		return d.ipv4(f, at, seg)
	case 6:
		return d.ipv6(f, at, seg)
	}
	return d.undecoded("neither IPv4 nor IPv6")
}
