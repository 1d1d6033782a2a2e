package decode

import (
	"bytes"
	"encoding/binary"

	"github.com/google/gopacket/layers"

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

var layerPrism = newLayerType("Prism or AVS")

func init() {
	register(row{kind: layers.LayerTypeDot11, read: readDot11, links: []uint32{LinkDot11}})
	register(row{kind: layers.LayerTypeRadioTap, read: readRadiotap, links: []uint32{LinkRadiotap}})
	register(row{kind: layerPrism, read: readPrism, links: []uint32{LinkPrism, LinkAVS}})
}

// readDot11 reads a data frame, whose header a driver may have padded to a multiple of
// four bytes. gopacket's wants a check sequence at the end, which it cuts off, and knows
// no aggregates.
func readDot11(l *layer, f Frame) error {
	const control, addresses, address, qos, ht = 2, 24, 6, 2, 4
	b, w := f.Data, &l.d.walk
	padded, swapped := w.padded, w.swapped
	w.padded, w.swapped = false, false
	if len(b) < control {
		return l.undecoded("cut in the 802.11 header")
	}
	kind, flags := b[0], b[1]
	if swapped {
		kind, flags = flags, kind
	}
	switch {
	case kind&dot11Version != 0:
		return l.undecoded("unknown version of 802.11")
	case kind&dot11Type != dot11Data || kind&dot11NoData != 0:
		return l.other()
	}
	size := addresses
	if flags&(dot11ToDS|dot11FromDS) == dot11ToDS|dot11FromDS {
		size += address
	}
	stations, aggregate := size, false
	if kind&dot11QoS != 0 {
		aggregate = len(b) > size && b[size]&0x80 != 0
		size += qos
		if flags&dot11HTControl != 0 {
			size += ht
		}
	}
	if padded {
		size = (size + 3) &^ 3
	}
	if len(b) < size {
		return l.undecoded("cut in the 802.11 header")
	}
	switch fragment := b[22] & 15; {
	case flags&dot11Protected != 0 && !isSNAP(f, size): // some drivers decrypt and leave the bit
		return l.undecoded("802.11 encrypted")
	case fragment != 0 || flags&dot11More != 0:
		return l.undecoded("802.11 fragment")
	case aggregate:
		return l.aggregate(f, size)
	}
	for at := 4; at < addresses-2; at += address {
		l.station(at, address, address)
	}
	if stations > addresses {
		l.station(addresses, address, address)
	}
	return l.carry(f, size, layers.LayerTypeLLC)
}

// aggregate leaves the frames of an A-MSDU to Decode and More.
func (l *layer) aggregate(f Frame, at int) error {
	w := &l.d.walk
	if w.pending {
		return l.undecoded("802.11 aggregate in another")
	}
	l.note(Sealed, 0)
	left := f.from(at)
	if w.moved {
		left.Data = bytes.Clone(left.Data) // the next datagram takes the place of this one
	}
	w.pending = l.trail == nil
	l.d.rest = rest{left, l.seg.Net, *w}
	return l.other()
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

// aggregated reads the frames of an A-MSDU (section 9.3.2.2) from d.rest on, up to one
// that concerns TCP; More goes on. Each has two addresses, a length and, unless it is the
// last, padding to a multiple of four bytes.
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
		d.walk, seg.Net = d.rest.walk, d.rest.net
		d.parts = d.parts[:0]
		member := f.cut(end)
		switch v := d.chain.run(layers.LayerTypeLLC, member.from(min(header, len(member.Data))), seg); v {
		case TCP, ICMP:
			return v
		case Undecoded, Fragment:
			found = v
		}
	}
	d.walk.pending = false
	return found
}

// readRadiotap is the header that most systems put before IEEE 802.11 (radiotap.org):
// version 0, length, which fields are present, little-endian. Two fields come first and
// are all that is needed.
func readRadiotap(l *layer, f Frame) error {
	const (
		least        = 8
		present      = 4
		extended     = 0x80000000
		hasTimestamp = 1
		hasFlags     = 2
		dataPad      = 0x20
		badFCS       = 0x40
	)
	if len(f.Data) < least {
		return l.undecoded("cut in the radiotap header")
	}
	b := f.Data
	size := int(binary.LittleEndian.Uint16(b[2:]))
	switch {
	case b[0] != 0 || size < least:
		return l.undecoded("malformed radiotap header")
	case size > len(b):
		return l.undecoded("cut in the radiotap header")
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
		return l.undecoded("802.11 received damaged")
	}
	l.d.walk.padded = flags&dataPad != 0
	return l.carry(f, size, layers.LayerTypeDot11)
}

// readPrism is the header of early Wi-Fi cards' drivers: a message code and the header's
// length, in the byte order of the capturing machine. Some put AVS's header under its
// link type: version 0x80211001 or 2, length, big-endian.
func readPrism(l *layer, f Frame) error {
	const least, avs, longest = 8, 0x80211000, 4096
	if len(f.Data) < least {
		return l.undecoded("cut in the Prism header")
	}
	b := f.Data
	size := binary.BigEndian.Uint32(b[4:])
	if binary.BigEndian.Uint32(b)&^0xfff != avs && size > longest {
		size = binary.LittleEndian.Uint32(b[4:])
	}
	switch {
	case size < least || size > longest:
		return l.undecoded("malformed Prism header")
	case int(size) > len(b):
		return l.undecoded("cut in the Prism header")
	}
	return l.carry(f, int(size), layers.LayerTypeDot11)
}
