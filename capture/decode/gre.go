package decode

import (
	"encoding/binary"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"

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

var (
	layerPPTP    = newLayerType("PPTP")
	layerWCCP    = newLayerType("WCCP")
	layerERSPAN1 = newLayerType("ERSPAN I")
	layerERSPAN3 = newLayerType("ERSPAN III")
)

// Protocol types of GRE that are no EtherTypes.
const (
	greKeepalive = 0
	greWCCP      = 0x883e
	greERSPAN    = 0x88be // types I and II
	greERSPAN3   = 0x22eb
)

func init() {
	register(row{kind: layers.LayerTypeGRE, read: readGRE, over4: []uint8{protoGRE}, over6: []uint8{protoGRE}, whole: true})
	register(row{kind: layerQuiet, gre: []uint16{greKeepalive}})
	register(row{kind: layerPPTP, read: readPPTP})
	register(row{kind: layerWCCP, read: readWCCP, gre: []uint16{greWCCP}})
	register(row{kind: layerERSPAN1, read: readERSPAN1})
	register(row{kind: layers.LayerTypeERSPANII, own: func(c *chain) gopacket.DecodingLayer { return &erspan2Header{c: c} }, gre: []uint16{greERSPAN}})
	register(row{kind: layerERSPAN3, read: readERSPAN3, gre: []uint16{greERSPAN3}})
}

// readGRE is RFC 2784 with the fields of RFC 1701 and RFC 2890, and version 1, PPTP's
// (RFC 2637). gopacket's looks for fields past the end of what was captured, allocates
// for routes and takes a reserved bit for an acknowledgment.
func readGRE(l *layer, f Frame) error {
	b := f.Data
	if len(b) < 4 {
		return l.undecoded("cut in the GRE header")
	}
	flags, protocol := binary.BigEndian.Uint16(b), binary.BigEndian.Uint16(b[2:])
	version := flags & greVersion
	if version > 1 || version == 1 && (protocol != etherPPP || flags&greKey == 0) {
		return l.undecoded("unknown version of GRE")
	}
	if version == 1 {
		return l.carry(f, 0, layerPPTP)
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
	if flags&greRouting != 0 {
		l.note(Sealed, 0) // the routes may be addresses
		at = sourceRoutes(b, at)
	}
	switch {
	case !f.holds(at):
		return l.undecoded("malformed GRE header")
	case at > len(b):
		return l.undecoded("cut in the GRE header")
	case flags&greChecksum != 0:
		l.note(Checksum, 4)
	}
	next := byGRE[protocol]
	switch {
	case next == layers.LayerTypeERSPANII && flags&greSequence == 0:
		return l.carry(f, at, layerERSPAN1)
	case next != 0 && next != layerWCCP: // which make their own networks, if any
		return l.carry(f, at, next)
	}
	var network uint32
	if key > 0 {
		network = binary.BigEndian.Uint32(b[key:])
	}
	if !l.tunnel(greNetwork(protocol, network)) {
		return l.tooDeep()
	}
	if next == 0 {
		next = l.etherType(protocol)
	}
	return l.carry(f, at, next)
}

// sourceRoutes passes over the source route entries at b[at:], of which the last has
// neither family nor length (RFC 1701). Past the end of b: it is cut or malformed.
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

// greNetwork is the network that a key names. NVGRE has 24 bits of network and 8 that
// spread flows (RFC 7637 section 3.2); its networks begin at 4096, so smaller keys are
// plain ones.
func greNetwork(protocol uint16, key uint32) (flow.StepKind, uint64) {
	const first = 0x1000
	if protocol == etherBridge && key>>8 >= first {
		return flow.StepNVGRE, uint64(key >> 8)
	}
	return flow.StepGRE, uint64(key)
}

// readWCCP is version 2, which has a header of four bytes before the packet, or version
// 1, which has none.
func readWCCP(l *layer, f Frame) error {
	if fitsIP(f, 0) {
		return l.carry(f, 0, layerIP)
	}
	return l.carry(f, 4, layerIP)
}

// readPPTP is RFC 2637's enhanced GRE: the key is the payload's length and a call, which
// each direction names by itself, so that the network is better told by the ends alone.
func readPPTP(l *layer, f Frame) error {
	const length = 4
	flags, at := binary.BigEndian.Uint16(f.Data), 8
	for _, bit := range [...]uint16{greChecksum | greRouting, greSequence, greAck} {
		if flags&bit != 0 {
			at += 4
		}
	}
	switch {
	case !f.holds(at):
		return l.undecoded("malformed GRE header")
	case at > len(f.Data):
		return l.undecoded("cut in the GRE header")
	}
	size := int(binary.BigEndian.Uint16(f.Data[length:]))
	if flags&greSequence == 0 || size == 0 {
		return l.other() // an acknowledgment
	}
	if !f.holds(at + size) {
		return l.undecoded("malformed GRE header")
	}
	if !l.tunnel(flow.StepGRE, 0) {
		return l.tooDeep()
	}
	l.note(Length, length)
	return l.carry(f.cut(at+size), at, layers.LayerTypePPP)
}

// readERSPAN1 has no header of its own and no sequence number in GRE's.
func readERSPAN1(l *layer, f Frame) error {
	if !l.tunnel(flow.StepERSPAN, 0) {
		return l.tooDeep()
	}
	return l.carry(f, 0, layers.LayerTypeEthernet)
}

// erspan2Header is gopacket's of a mirrored Ethernet frame (draft-foschiano-erspan).
type erspan2Header struct {
	layers.ERSPANII
	c *chain
}

func (l *erspan2Header) NextLayerType() gopacket.LayerType { return layers.LayerTypeEthernet }

func (l *erspan2Header) DecodeFromBytes(b []byte, df gopacket.DecodeFeedback) error {
	const header = 8
	if len(b) < header {
		return l.c.undecoded("cut in the ERSPAN header")
	}
	if err := l.ERSPANII.DecodeFromBytes(b, df); err != nil {
		return err
	}
	if l.Version != 1 {
		return l.c.undecodedType("unknown version %d of ERSPAN", uint32(l.Version))
	}
	l.c.head = header
	return l.c.mirrored(b[header:], l.SessionID, l.VLANIdentifier)
}

// mirrored enters the network of a mirrored frame. A VLAN that is not the frame's first
// tag was its tag too: it was mirrored without it.
func (c *chain) mirrored(frame []byte, session, vlan uint16) error {
	if !c.tunnel(flow.StepERSPAN, uint64(session)) {
		return c.tooDeep()
	}
	if vlan != 0 && len(frame) >= 14 && !IsTag(binary.BigEndian.Uint16(frame[12:])) {
		c.tag(vlan)
	}
	return nil
}

// readERSPAN3 may have a second header, the platform's, and carry IP.
func readERSPAN3(l *layer, f Frame) error {
	const header, platform, ipFrames = 12, 8, 2
	h := f.Data
	if len(h) < header {
		return l.undecoded("cut in the ERSPAN header")
	}
	if version := h[0] >> 4; version != 2 {
		return l.undecodedType("unknown version %d of ERSPAN", uint32(version))
	}
	size := header
	if h[11]&1 != 0 { // O: the platform's subheader
		size += platform
	}
	first := binary.BigEndian.Uint32(h)
	session, vlan := uint16(first&0x3ff), uint16(first>>16&0xfff)
	frame := h[min(size, len(h)):]
	if h[10]>>2&0x1f != ipFrames {
		if err := l.mirrored(frame, session, vlan); err != nil {
			return err
		}
		return l.carry(f, size, layers.LayerTypeEthernet)
	}
	if err := l.mirrored(nil, session, vlan); err != nil {
		return err
	}
	return l.carry(f, size, layerIP)
}
