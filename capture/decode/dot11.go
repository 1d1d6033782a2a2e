package decode

import (
	"encoding/binary"

	"ftpscope/capture/flow"
)

// What IEEE 802.11-2020 section 9.2.4.1 says of the frame control field's two bytes.
const (
	dot11Version   = 0x03 // first byte
	dot11Type      = 0x0c
	dot11Data      = 0x08
	dot11NoData    = 0x40 // of the subtype: Null and the like
	dot11QoS       = 0x80
	dot11ToDS      = 0x01 // second byte
	dot11FromDS    = 0x02
	dot11More      = 0x04
	dot11Protected = 0x40
	dot11HTControl = 0x80
)

// dot11 reads a frame at offset at; padded: its header was padded to a multiple of four bytes.
func (d *Decoder) dot11(f Frame, at int, padded bool, seg *flow.Segment) Verdict {
	const control, addresses, address, qos, ht = 2, 24, 6, 2, 4
	b := f.Data[min(at, len(f.Data)):]
	if len(b) < control {
		return d.undecoded("cut in the 802.11 header")
	}
	switch {
	case b[0]&dot11Version != 0:
		return d.undecoded("unknown version of 802.11")
	case b[0]&dot11Type != dot11Data || b[0]&dot11NoData != 0:
		return Other
	}
	size := addresses
	if b[1]&(dot11ToDS|dot11FromDS) == dot11ToDS|dot11FromDS {
		size += address
	}
	aggregate := false
	if b[0]&dot11QoS != 0 {
		aggregate = len(b) > size && b[size]&0x80 != 0
		size += qos
		if b[1]&dot11HTControl != 0 {
			size += ht
		}
	}
	if padded {
		size = (size + 3) &^ 3
	}
	if len(b) < size {
		return d.undecoded("cut in the 802.11 header")
	}
	at += size
	switch fragment := b[22] & 15; {
	case b[1]&dot11Protected != 0 && !isSNAP(f, at): // some drivers decrypt and leave the bit
		return d.undecoded("802.11 encrypted")
	case fragment != 0 || b[1]&dot11More != 0:
		return d.undecoded("802.11 fragment")
	case aggregate:
		d.rest = rest{f.from(at), seg.Net, d.walk.depth}
		return d.aggregated(seg)
	}
	return d.llc(f, at, seg)
}

// isSNAP reports whether IP follows at offset at.
func isSNAP(f Frame, at int) bool {
	const header = 8
	if len(f.Data) < at+header || binary.BigEndian.Uint32(f.Data[at:]) != 0xaaaa0300 || f.Data[at+4]|f.Data[at+5] != 0 {
		return false
	}
	etherType := binary.BigEndian.Uint16(f.Data[at+6:])
	return etherType == etherIPv4 || etherType == etherIPv6
}

// llc reads IEEE 802.2 and SNAP (RFC 1042) at offset at.
func (d *Decoder) llc(f Frame, at int, seg *flow.Segment) Verdict {
	const header = 8
	if len(f.Data) < at+3 {
		return d.undecoded("cut in the LLC header")
	}
	b := f.Data[at:]
	if b[0] != 0xaa || b[1] != 0xaa || b[2] != 3 {
		return Other // spanning tree and the like
	}
	if len(b) < header {
		return d.undecoded("cut in the LLC header")
	}
	switch oui := uint32(b[3])<<16 | uint32(b[4])<<8 | uint32(b[5]); oui {
	case 0, 0x0000f8: // RFC 1042; IEEE 802.1H for the few protocols that would clash
		etherType := binary.BigEndian.Uint16(b[6:])
		if etherType < etherMinimum {
			return Other
		}
		if !d.deeper() {
			return d.tooDeep()
		}
		return d.ether(etherType, f, at+header, seg)
	}
	return Other
}

// rest is what is left of a packet that holds several.
type rest struct {
	frame Frame
	net   flow.Net
	depth uint8
}

// aggregated reads the frames of an A-MSDU (section 9.3.2.2) from d.rest on, up to one that concerns TCP; More goes on.
// Each has two addresses, a length and, unless it is the last, padding to a multiple of four bytes.
func (d *Decoder) aggregated(seg *flow.Segment) Verdict {
	const header = 14
	found := Other
	for len(d.rest.frame.Data) >= header {
		f := d.rest.frame
		end := header + int(binary.BigEndian.Uint16(f.Data[12:]))
		if end > int(f.Length) {
			break
		}
		d.rest.frame = f.from(min((end+3)&^3, len(f.Data)))
		d.walk.depth, seg.Net = d.rest.depth, d.rest.net
		d.parts = d.parts[:0]
		switch v := d.llc(f.cut(end), header, seg); v {
		case TCP, ICMP:
			d.walk.pending = true
			return v
		case Undecoded, Fragment:
			found = v
		}
	}
	d.walk.pending = false
	return found
}

// More goes on with a packet that holds several others, as IEEE 802.11 has them: after Decode, until it reports false.
// The segment is as from Decode. What could not be decoded is counted.
func (d *Decoder) More(seg *flow.Segment) bool {
	if !d.walk.pending {
		return false
	}
	v := d.aggregated(seg)
	return v == TCP || v == ICMP
}

// radiotap is the header that most systems put before IEEE 802.11 (radiotap.org): version 0, length, which fields are
// present, little-endian. Two fields come first and are all that is needed.
func (d *Decoder) radiotap(f Frame, at int, seg *flow.Segment) Verdict {
	const (
		least        = 8
		present      = 4
		extended     = 0x80000000
		hasTimestamp = 1
		hasFlags     = 2
		dataPad      = 0x20
		badFCS       = 0x40
	)
	if len(f.Data) < at+least {
		return d.undecoded("cut in the radiotap header")
	}
	b := f.Data[at:]
	size := int(binary.LittleEndian.Uint16(b[2:]))
	switch {
	case b[0] != 0 || size < least:
		return d.undecoded("malformed radiotap header")
	case size > len(b):
		return d.undecoded("cut in the radiotap header")
	}
	fields, b := binary.LittleEndian.Uint32(b[present:]), b[:size]
	field := present
	for field+4 <= size && binary.LittleEndian.Uint32(b[field:])&extended != 0 {
		field += 4
	}
	field += 4
	if fields&hasTimestamp != 0 {
		field = (field+7)&^7 + 8
	}
	var flags byte
	if fields&hasFlags != 0 && field < size {
		flags = b[field]
	}
	if flags&badFCS != 0 {
		return d.undecoded("802.11 received damaged")
	}
	return d.dot11(f, at+size, flags&dataPad != 0, seg)
}

// prism is the header of early Wi-Fi cards' drivers: a message code and the header's length, in the byte order of the
// capturing machine. Some put AVS's header under its link type: version 0x80211001 or 2, length, big-endian.
func (d *Decoder) prism(f Frame, at int, seg *flow.Segment) Verdict {
	const least, avs, longest = 8, 0x80211000, 4096
	if len(f.Data) < at+least {
		return d.undecoded("cut in the Prism header")
	}
	b := f.Data[at:]
	size := binary.BigEndian.Uint32(b[4:])
	if binary.BigEndian.Uint32(b)&^0xfff != avs && size > longest {
		size = binary.LittleEndian.Uint32(b[4:])
	}
	switch {
	case size < least || size > longest:
		return d.undecoded("malformed Prism header")
	case int(size) > len(b):
		return d.undecoded("cut in the Prism header")
	}
	return d.dot11(f, at+int(size), false, seg)
}
