package decode

import (
	"encoding/binary"

	"ftpscope/capture/flow"
)

// rareLink reads a packet of a link type that is not among the usual ones, from offset at on.
func (d *Decoder) rareLink(link uint32, f Frame, at int, seg *flow.Segment) Verdict {
	if read := rareReader(link); read != nil {
		return read(d, f, at, seg)
	}
	return d.undecodedType("unknown link type %d", link)
}

// innerLink reads a frame whose link type a header before it names.
func (d *Decoder) innerLink(link uint32, f Frame, at int, seg *flow.Segment) Verdict {
	if !d.deeper() {
		return d.tooDeep()
	}
	switch link {
	case LinkEthernet:
		return d.ethernet(f, at, seg)
	case LinkRaw, LinkRaw12, LinkRaw14, LinkIPv4, LinkIPv6:
		return d.ip(f, at, seg)
	case LinkNull, LinkLoop:
		return d.loopback(f.from(min(at, len(f.Data))), seg)
	}
	return d.rareLink(link, f, at, seg)
}

// family reads the IP packet at offset at that an address family announces.
func (d *Decoder) family(family uint32, f Frame, at int, seg *flow.Segment) Verdict {
	switch family {
	case 2, 10, 24, 28, 30: // AF_INET; AF_INET6 of Linux, NetBSD and OpenBSD, FreeBSD, Darwin
		return d.ip(f, at, seg)
	}
	return d.undecodedType("unknown address family %d", family)
}

// pflog is the log of BSD's packet filter: the length of a header without its padding, the address family.
func (d *Decoder) pflog(f Frame, at int, seg *flow.Segment) Verdict {
	const least = 48 // the oldest header that says its length
	if len(f.Data) < at+2 {
		return d.undecoded("cut in the PFLOG header")
	}
	size := (int(f.Data[at]) + 3) &^ 3
	switch {
	case size < least:
		return d.undecoded("malformed PFLOG header")
	case len(f.Data) < at+size:
		return d.undecoded("cut in the PFLOG header")
	}
	return d.family(uint32(f.Data[at+1]), f, at+size, seg)
}

// enc is what OpenBSD's enc interface shows of packets before encryption: address family, index, flags, in the byte
// order of the capturing machine.
func (d *Decoder) enc(f Frame, at int, seg *flow.Segment) Verdict {
	const header = 12
	if len(f.Data) < at+header {
		return d.undecoded("cut in the ENC header")
	}
	family := binary.LittleEndian.Uint32(f.Data[at:])
	if family > 0xffff {
		family = binary.BigEndian.Uint32(f.Data[at:])
	}
	return d.family(family, f, at+header, seg)
}

// nflog is the log of Linux's netfilter: address family, version 0, resource; then attributes: length with this
// header and type, in the byte order of the capturing machine, and padding to a multiple of four bytes.
func (d *Decoder) nflog(f Frame, at int, seg *flow.Segment) Verdict {
	const header, attribute, payload, typeMask = 4, 4, 9, 0x7fff
	if len(f.Data) < at+header {
		return d.undecoded("cut in the NFLOG header")
	}
	if f.Data[at+1] != 0 {
		return d.undecoded("unknown version of NFLOG")
	}
	for at += header; len(f.Data) >= at+attribute; {
		b := f.Data[at:]
		size, kind := int(binary.LittleEndian.Uint16(b)), binary.LittleEndian.Uint16(b[2:])&typeMask
		if size > len(b) && kind != payload || kind > 0xff {
			size, kind = int(binary.BigEndian.Uint16(b)), binary.BigEndian.Uint16(b[2:])&typeMask
		}
		if size < attribute {
			return d.undecoded("malformed NFLOG header")
		}
		if kind == payload {
			return d.ip(f.cut(at+size), at+attribute, seg)
		}
		at += (size + 3) &^ 3
	}
	return d.undecoded("cut in the NFLOG header")
}

// pktap is Apple's header: its length, the type of what follows (1: a packet), the link type of the packet, all
// little-endian.
func (d *Decoder) pktap(f Frame, at int, seg *flow.Segment) Verdict {
	const least, packet = 12, 1
	if len(f.Data) < at+least {
		return d.undecoded("cut in the PKTAP header")
	}
	b := f.Data[at:]
	size, kind, link := binary.LittleEndian.Uint32(b), binary.LittleEndian.Uint32(b[4:]), binary.LittleEndian.Uint32(b[8:])
	switch {
	case size < least || size > f.Length:
		return d.undecoded("malformed PKTAP header")
	case kind != packet:
		return Other
	case int(size) > len(b):
		return d.undecoded("cut in the PKTAP header")
	}
	return d.innerLink(link, f, at+int(size), seg)
}

// ppi is the per-packet information header: version 0, flags, length, link type, little-endian.
func (d *Decoder) ppi(f Frame, at int, seg *flow.Segment) Verdict {
	const least = 8
	if len(f.Data) < at+least {
		return d.undecoded("cut in the PPI header")
	}
	b := f.Data[at:]
	size := int(binary.LittleEndian.Uint16(b[2:]))
	switch {
	case b[0] != 0 || size < least || size > int(f.Length):
		return d.undecoded("malformed PPI header")
	case size > len(b):
		return d.undecoded("cut in the PPI header")
	}
	return d.innerLink(binary.LittleEndian.Uint32(b[4:]), f, at+size, seg)
}

// pppd is what Linux's PPP daemon hands on: direction (0 in, 1 out) in place of the address.
func (d *Decoder) pppd(f Frame, at int, seg *flow.Segment) Verdict {
	const control = 3
	if len(f.Data) >= at+2 && f.Data[at+1] == control {
		at += 2
	}
	return d.ppp(f, at, seg)
}

// erf is Endace's record: timestamp, type, flags, lengths of record and packet; then extension headers of eight bytes,
// each of which says whether another follows.
func (d *Decoder) erf(f Frame, at int, seg *flow.Segment) Verdict {
	const (
		header    = 16
		extension = 8
		more      = 0x80
		hdlc      = 1 // record types
		ethernet  = 2
		ipv4      = 22
		ipv6      = 23
	)
	if len(f.Data) < at+header {
		return d.undecoded("cut in the ERF header")
	}
	kind := f.Data[at+8]
	following := kind
	for at += header; following&more != 0; at += extension {
		if len(f.Data) < at+extension {
			return d.undecoded("cut in the ERF header")
		}
		following = f.Data[at]
	}
	switch kind &^ more {
	case hdlc:
		return d.hdlc(f, at, seg)
	case ethernet:
		return d.ethernet(f, at+2, seg) // an offset and a byte of padding
	case ipv4, ipv6:
		return d.ip(f, at, seg)
	}
	return d.undecodedType("unknown ERF type %d", uint32(kind&^more))
}
