package decode

import (
	"encoding/binary"

	"github.com/google/gopacket/layers"

	"ftpscope/capture/flow"
)

// PPP protocol numbers (RFC 1661 section 2). From 0x8000 on they are those of control protocols.
const (
	pppIPv4    = 0x0021
	pppIPv6    = 0x0057
	pppControl = 0x8000
)

var (
	layerHDLC          = newLayerType("Cisco HDLC")
	layerPPPD          = newLayerType("PPP of pppd")
	layerWithDirection = newLayerType("a byte of direction")
	layerMultilink     = newLayerType("PPP multilink")
	layerVJ            = newLayerType("PPP with compressed headers")
	layerCompressed    = newLayerType("PPP compressed")
	layerEncrypted     = newLayerType("PPP encrypted")
)

func init() {
	register(row{kind: layers.LayerTypePPP, read: readPPP, etherTypes: []uint16{etherPPP}})
	register(row{kind: layers.LayerTypePPPoE, read: readPPPoE, links: []uint32{LinkPPPoE}, etherTypes: []uint16{0x8864}})
	register(row{kind: layerHDLC, read: readHDLC, links: []uint32{LinkPPP, LinkPPPHDLC, LinkCHDLC}})
	register(row{kind: layerWithDirection, links: []uint32{LinkPPPDir, LinkHDLCDir},
		read: func(l *layer, f Frame) error { return l.carry(f, 1, layerHDLC) }})
	register(row{kind: layerPPPD, read: readPPPD, links: []uint32{LinkPPPD}})
	register(row{kind: layerMultilink, read: readMultilink, ppp: []uint16{0x003d}})
	register(row{kind: layerVJ, read: refuse("PPP with compressed headers"), ppp: []uint16{0x002d, 0x002f}}) // RFC 1144: differences to the packet before
	register(row{kind: layerCompressed, read: refuse("PPP compressed"), ppp: []uint16{0x00fd}})
	register(row{kind: layerEncrypted, read: refuse("PPP encrypted"), ppp: []uint16{0x0053}})
}

// refuse is for what is known and cannot be read.
func refuse(text string) reader { return func(l *layer, _ Frame) error { return l.undecoded(text) } }

// readPPP reads address and control (RFC 1662), which may be left out, then the protocol, whose first byte may be left out
// when it is zero (RFC 1661 section 6.5).
func readPPP(l *layer, f Frame) error {
	at, b := 0, f.Data
	if len(b) >= 2 && b[0] == 0xff && b[1] == 3 {
		at = 2
	}
	if len(b) <= at || b[at]&1 == 0 && len(b) == at+1 {
		return l.undecoded("cut in the PPP header")
	}
	protocol := uint16(b[at])
	at++
	if protocol&1 == 0 {
		protocol = protocol<<8 | uint16(b[at])
		at++
	}
	if next := byPPP[protocol]; next != 0 {
		return l.carry(f, at, next)
	}
	if protocol >= pppControl {
		return l.other()
	}
	return l.undecodedType("unknown PPP protocol 0x%04x", uint32(protocol))
}

// readMultilink is RFC 1990 with long sequence numbers: a packet that is whole in one fragment is read.
func readMultilink(l *layer, f Frame) error {
	const header, beginning, end = 4, 0x80, 0x40
	if len(f.Data) < header {
		return l.undecoded("cut in the PPP header")
	}
	if f.Data[0]&(beginning|end) != beginning|end {
		return l.undecoded("PPP multilink fragment")
	}
	if !l.d.deeper() {
		return l.tooDeep()
	}
	return l.carry(f, header, layers.LayerTypePPP)
}

// readPPPoE is a session frame (RFC 2516): version and type 1, code 0, session, length.
func readPPPoE(l *layer, f Frame) error {
	const header, length = 6, 4
	if len(f.Data) < header {
		return l.undecoded("cut in the PPPoE header")
	}
	b := f.Data
	end := header + int(binary.BigEndian.Uint16(b[length:]))
	if b[0] != 0x11 || b[1] != 0 || !f.holds(end) {
		return l.undecoded("malformed PPPoE header")
	}
	if !l.d.deeper() {
		return l.tooDeep()
	}
	l.note(Length, length)
	l.enter(flow.Step{Kind: flow.StepPPPoE, ID: uint64(binary.BigEndian.Uint16(b[2:]))})
	return l.carry(f.cut(end), header, layers.LayerTypePPP)
}

// readHDLC is Cisco's: address (unicast or broadcast), a zero, an EtherType. What begins otherwise is PPP
// (RFC 1662: 0xff) in captures of serial lines.
func readHDLC(l *layer, f Frame) error {
	const unicast, broadcast = 0x0f, 0x8f
	if len(f.Data) < 4 {
		return l.undecoded("cut in the HDLC header")
	}
	switch f.Data[0] {
	case unicast, broadcast:
		return l.carry(f, 4, l.etherType(binary.BigEndian.Uint16(f.Data[2:])))
	}
	return l.carry(f, 0, layers.LayerTypePPP)
}

// readPPPD is what Linux's PPP daemon hands on: direction (0 in, 1 out) in place of the address.
func readPPPD(l *layer, f Frame) error {
	const control = 3
	if len(f.Data) >= 2 && f.Data[1] == control {
		return l.carry(f, 2, layers.LayerTypePPP)
	}
	return l.carry(f, 0, layers.LayerTypePPP)
}
