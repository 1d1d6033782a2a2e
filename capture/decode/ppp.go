package decode

import (
	"encoding/binary"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"

	"ftpscope/capture/flow"
)

// PPP protocol numbers (RFC 1661 section 2). From 0x8000 on they are those of control
// protocols.
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
	// RFC 1144: headers are differences to the packet before.
	register(row{kind: layerVJ, read: refuse("PPP with compressed headers"), ppp: []uint16{0x002d, 0x002f}})
	register(row{kind: layerCompressed, read: refuse("PPP compressed"), ppp: []uint16{0x00fd}})
	register(row{kind: layerEncrypted, read: refuse("PPP encrypted"), ppp: []uint16{0x0053}})
}

// refuse is for what is known and cannot be read.
func refuse(text string) reader { return func(l *layer, _ Frame) error { return l.undecoded(text) } }

// readPPP reads address and control (RFC 1662), which may be left out, then the protocol,
// whose first byte may be left out when it is zero (RFC 1661 section 6.5).
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

// readMultilink is RFC 1990 with long sequence numbers: a packet that is whole in one
// fragment is read.
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

// readHDLC is Cisco's: address (unicast or broadcast), a zero, an EtherType. What begins
// otherwise is PPP (RFC 1662: 0xff) in captures of serial lines.
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

// readPPPD is what Linux's PPP daemon hands on: direction (0 in, 1 out) in place of the
// address.
func readPPPD(l *layer, f Frame) error {
	const control = 3
	if len(f.Data) >= 2 && f.Data[1] == control {
		return l.carry(f, 2, layers.LayerTypePPP)
	}
	return l.carry(f, 0, layers.LayerTypePPP)
}

var (
	layerL2TP   = newLayerType("L2TP")
	layerL2TPIP = newLayerType("L2TP over IP")
)

func init() {
	register(row{kind: layerL2TP, read: readL2TP, ports: []uint16{portL2TP}})
	register(row{kind: layerL2TPIP, read: readL2TPIP, over4: []uint8{protoL2TP}, over6: []uint8{protoL2TP}, whole: true})
}

// readL2TP is L2TP over UDP: version 2 (RFC 2661) carries PPP, version 3 (RFC 3931) what
// the two sides agreed on.
func readL2TP(l *layer, f Frame) error {
	const (
		control  = 0x8000
		length   = 0x4000
		sequence = 0x0800
		offset   = 0x0200
		reserved = 0x34f0
		version  = 0x000f
	)
	b := f.Data
	if len(b) < 8 {
		return l.short(f, 8)
	}
	flags := binary.BigEndian.Uint16(b)
	switch {
	case flags&control != 0 || flags&reserved != 0:
		return l.other()
	case flags == 3: // section 4.1.2.1: no other bit is used
		return l.l2tp3(f, 4, false)
	case flags&version != 2:
		return l.other()
	}
	at := 2
	if flags&length != 0 {
		n := int(binary.BigEndian.Uint16(b[2:]))
		if !f.holds(n) {
			return l.other()
		}
		f, at = f.cut(n), 4
	}
	ids := at
	at += 4
	if flags&sequence != 0 {
		at += 4
	}
	if flags&offset != 0 {
		if len(b) < at+2 {
			return l.short(f, at+2)
		}
		at += 2 + int(binary.BigEndian.Uint16(b[at:]))
	}
	if len(f.Data) < at+4 {
		return l.short(f, at+4)
	}
	if !fitsPPP(f, at) {
		return l.other()
	}
	if !l.tunnel(flow.StepL2TP, uint64(binary.BigEndian.Uint32(b[ids:]))) {
		return l.tooDeep()
	}
	if flags&length != 0 {
		l.note(Length, 2)
	}
	return l.carry(f, at, layers.LayerTypePPP)
}

// fitsPPP tells IP in PPP and the usual control protocols. Four bytes at offset at are
// there.
func fitsPPP(f Frame, at int) bool {
	if f.Data[at] == 0xff && f.Data[at+1] == 3 {
		at += 2
	}
	switch b := f.Data[at:]; {
	case b[0] == pppIPv4:
		return fits4(f, at+1)
	case b[0] == pppIPv6:
		return fits6(f, at+1)
	case b[0] == 0 && b[1] == pppIPv4:
		return fits4(f, at+2)
	case b[0] == 0 && b[1] == pppIPv6:
		return fits6(f, at+2)
	default:
		return b[0] == 0 && b[1]&1 == 1 || b[0] == 0xc0 || b[0] == 0xc2 || b[0] == 0x80
	}
}

// readL2TPIP is L2TP version 3 directly over IP (RFC 3931 section 4.1.1); session 0 is
// the control connection.
func readL2TPIP(l *layer, f Frame) error {
	if len(f.Data) < 4 {
		return l.undecoded("cut in the L2TP header")
	}
	if binary.BigEndian.Uint32(f.Data) == 0 {
		return l.other()
	}
	return l.l2tp3(f, 0, true)
}

// l2tp3 reads a data message of version 3 from its session identifier at offset at on.
// The size of the cookie that follows (none, 4 or 8 bytes), whether there is a sublayer
// of 4 bytes, and what is carried were agreed on elsewhere, so each is tried: what
// follows must be a packet in every byte that tells. If none is, it is certain that this
// is L2TP or not.
func (l *layer) l2tp3(f Frame, at int, certain bool) error {
	const session, step, most = 4, 4, 8 + 4
	if len(f.Data) < at+session {
		return l.short(f, at+session)
	}
	id := binary.BigEndian.Uint32(f.Data[at:])
	for body := at + session; body <= at+session+most; body += step {
		next := l2tpPayload(f, body)
		if next == 0 {
			continue
		}
		if !l.tunnel(flow.StepL2TP, uint64(id)) {
			return l.tooDeep()
		}
		return l.carry(f, body, next)
	}
	if certain {
		return l.undecoded("unknown payload of L2TP")
	}
	return l.other()
}

// l2tpPayload is what is at offset at: Ethernet, IP, PPP or HDLC, 0 if it is none of
// them.
func l2tpPayload(f Frame, at int) gopacket.LayerType {
	if exactlyEthernet(f, at) {
		return layers.LayerTypeEthernet
	}
	if exactlyIP(f, at) {
		return layerIP
	}
	if len(f.Data) < at+4 || !exactlyIP(f, at+4) {
		return 0
	}
	switch binary.BigEndian.Uint32(f.Data[at:]) {
	case 0xff030021, 0xff030057:
		return layers.LayerTypePPP
	case 0x0f000800, 0x0f0086dd:
		return layerHDLC
	}
	return 0
}
