package decode

import (
	"encoding/binary"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"

	"ftpscope/capture/flow"
)

// UDP ports of tunnels: IANA's, and 8472, which Linux used for VXLAN before there was
// one.
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

// Next protocols of VXLAN-GPE (draft-ietf-nvo3-vxlan-gpe section 3.2) and of NSH (RFC
// 8300 section 2.2), which agree on these.
const (
	gpeIPv4     = 1
	gpeIPv6     = 2
	gpeEthernet = 3
	gpeNSH      = 4
	gpeMPLS     = 5
)

var (
	layerESPUDP = newLayerType("ESP over UDP")
	layerNSH    = newLayerType("NSH")
)

func init() {
	register(row{kind: layers.LayerTypeUDP, own: func(c *chain) gopacket.DecodingLayer { return &udpHeader{c: c} },
		over4: []uint8{protoUDP}, over6: []uint8{protoUDP}, whole: true})
	register(row{kind: layerESPUDP, read: readESPUDP, ports: []uint16{portNAT}})
	register(row{kind: layers.LayerTypeVXLAN, own: func(c *chain) gopacket.DecodingLayer { return &vxlanHeader{c: c} },
		portsTo: []uint16{portVXLAN, portVXLANGPE, portVXLANOld}})
	register(row{kind: layerNSH, read: readNSH, etherTypes: []uint16{0x894f}, gpe: []uint8{gpeNSH}})
	register(row{kind: layers.LayerTypeGeneve, read: readGeneve, portsTo: []uint16{portGeneve}})
}

// udpHeader is gopacket's (RFC 768), and looks for a tunnel. The ports say which it can
// be, no more: what it holds must look like it in every byte that tells, or else it is a
// UDP packet of some other kind.
type udpHeader struct {
	layers.UDP
	c    *chain
	next gopacket.LayerType
}

func (l *udpHeader) NextLayerType() gopacket.LayerType { return l.next }

func (l *udpHeader) DecodeFromBytes(b []byte, df gopacket.DecodeFeedback) error {
	const header = 8
	c := l.c
	l.next, l.Payload = gopacket.LayerTypePayload, nil
	if len(b) < header {
		return nil // nothing to be seen of a tunnel either
	}
	next := c.d.tunnelOf(binary.BigEndian.Uint16(b), binary.BigEndian.Uint16(b[2:]))
	length := int(binary.BigEndian.Uint16(b[4:])) // 0: more than 65,535 bytes (RFC 2675)
	if next == 0 || length != 0 && (length < header || length > c.wire && !c.d.walk.part) {
		return nil
	}
	if err := l.UDP.DecodeFromBytes(b, df); err != nil {
		return err
	}
	if c.head = header; length != 0 {
		c.limit = min(length, c.wire)
	}
	l.next = next
	return nil
}

// readESPUDP is RFC 3948: a security parameters index, which is not zero (that marks
// IKE), and a sequence number.
func readESPUDP(l *layer, f Frame) error {
	const least = 4 + 4 + 4 + 12 // index, number, one block, integrity check value
	if len(f.Data) < 4 || f.Length < least || binary.BigEndian.Uint32(f.Data) == 0 {
		return l.other()
	}
	return l.undecoded("IPsec ESP in UDP")
}

// vxlanHeader is gopacket's of RFC 7348, with the group policy bits of
// draft-smith-vxlan-group-policy, and the next protocol of draft-ietf-nvo3-vxlan-gpe.
type vxlanHeader struct {
	layers.VXLAN
	c    *chain
	next gopacket.LayerType
}

func (l *vxlanHeader) NextLayerType() gopacket.LayerType { return l.next }

func (l *vxlanHeader) DecodeFromBytes(b []byte, df gopacket.DecodeFeedback) error {
	const (
		header       = 8
		flagNetwork  = 0x08
		flagProtocol = 0x04
		flagGroup    = 0x80
	)
	c := l.c
	f := Frame{Data: b, Length: uint32(c.wire), part: c.d.walk.part}
	l.next = gopacket.LayerTypePayload
	if len(b) < header {
		if l.Payload = nil; !f.holds(header) {
			return nil
		}
		return c.undecoded("cut in the header of a tunnel")
	}
	if err := l.VXLAN.DecodeFromBytes(b, df); err != nil {
		return err
	}
	flags := b[0]
	if !l.ValidIDFlag || flags&^(flagNetwork|flagProtocol|flagGroup) != 0 || b[7] != 0 {
		return nil
	}
	next := byte(gpeEthernet)
	if flags&flagProtocol != 0 {
		next = b[3]
	} else if !l.GBPExtension && b[1]|b[2]|b[3] != 0 {
		return nil
	}
	if !fitsGPE(next, f, header) {
		return nil
	}
	if !c.tunnel(flow.StepVXLAN, uint64(l.VNI)) {
		return c.tooDeep()
	}
	c.head, l.next = header, byGPE[next]
	return nil
}

// readNSH is the service header (RFC 8300). Paths differ by direction, so they are no
// network.
func readNSH(l *layer, f Frame) error {
	const least = 8
	b := f.Data
	if len(b) < least {
		return l.undecoded("cut in the NSH header")
	}
	size := int(b[1]&0x3f) * 4 // section 2.2: "Length: The total length, in 4-byte words"
	if b[0]>>6 != 0 || size < least || !f.holds(size) {
		return l.undecoded("malformed NSH header")
	}
	next := byGPE[b[3]]
	if b[0]&0x20 != 0 {
		return l.other() // operations, administration and maintenance
	}
	if len(b) < size {
		return l.undecoded("cut in the NSH header")
	}
	if !l.d.deeper() {
		return l.tooDeep()
	}
	if next == 0 {
		return l.other()
	}
	return l.carry(f, size, next)
}

// readGeneve is RFC 8926. gopacket's keeps the options of all packets.
func readGeneve(l *layer, f Frame) error {
	const header = 8
	b := f.Data
	if len(b) < header {
		return l.short(f, header)
	}
	if b[0]>>6 != 0 || b[1]&0x3f != 0 || b[7] != 0 { // version, reserved bits
		return l.other()
	}
	if b[1]&0x80 != 0 {
		return l.other() // a control packet
	}
	at, next := header+int(b[0]&0x3f)*4, binary.BigEndian.Uint16(b[2:])
	switch {
	case !f.holds(at) || !fitsType(next, f, at):
		return l.other()
	case len(b) < at:
		return l.undecoded("cut in the Geneve header")
	case !l.tunnel(flow.StepGeneve, uint64(binary.BigEndian.Uint32(b[4:])>>8)):
		return l.tooDeep()
	}
	return l.carry(f, at, l.etherType(next))
}

var layerTeredo = newLayerType("Teredo")

func init() {
	register(row{kind: layers.LayerTypeGTPv1U, read: readGTP, ports: []uint16{portGTPU}})
	register(row{kind: layerTeredo, read: readTeredo, ports: []uint16{portTeredo}})
}

// readGTP is the user plane of GTP (3GPP TS 29.281). Each direction has a tunnel endpoint
// identifier of its own. gopacket's prints, and keeps the extension headers of all
// packets.
func readGTP(l *layer, f Frame) error {
	const (
		header    = 8
		length    = 2
		version1  = 0x30 // and the protocol type that is not GTP'
		reserved  = 0x08
		anyOption = 0x07
		extended  = 0x04
		userData  = 255 // G-PDU
	)
	b := f.Data
	if len(b) < header {
		return l.short(f, header)
	}
	size := header + int(binary.BigEndian.Uint16(b[length:]))
	if b[0]&^anyOption != version1 || b[0]&reserved != 0 || b[1] != userData || !f.holds(size) {
		return l.other()
	}
	f = f.cut(size)
	at := header
	if b[0]&anyOption != 0 {
		var known bool
		if at, known = gtpOptions(f, at, b[0]&extended != 0); at == 0 {
			return l.other()
		} else if !known {
			return l.short(f, at)
		}
	}
	if !fitsIP(f, at) {
		return l.other() // PPP, an Ethernet frame
	}
	if !l.tunnel(flow.StepGTP, uint64(binary.BigEndian.Uint32(b[4:]))) {
		return l.tooDeep()
	}
	l.note(Length, length)
	return l.carry(f, at, layerIP)
}

// gtpOptions passes over the optional fields at offset at and, if there are any,
// extension headers (section 5.2.1: the first octet is the length in 4-octet units, the
// last the type of the next). It returns where the user data begins, or how many bytes
// would tell that; 0 if it is malformed.
func gtpOptions(f Frame, at int, extended bool) (size int, known bool) {
	const fields = 4 // sequence number, N-PDU number, type of the next extension header
	at += fields
	if at > len(f.Data) {
		return at, false
	}
	for extended && f.Data[at-1] != 0 {
		if at >= len(f.Data) {
			return at + 1, false
		}
		n := int(f.Data[at]) * 4
		if n == 0 {
			return 0, false
		}
		if at += n; at > len(f.Data) {
			return at, false
		}
	}
	return at, true
}

// readTeredo is RFC 4380: IPv6 in UDP, after an authentication or an origin header, or
// both (sections 5.1.1 and 5.1.2).
func readTeredo(l *layer, f Frame) error {
	const (
		authenticated = 1
		origin        = 0
		originSize    = 8
	)
	at := 0
	if b := f.Data; len(b) >= 4 && binary.BigEndian.Uint16(b) == authenticated {
		at = 4 + int(b[2]) + int(b[3]) + 9 // client identifier, authentication value, nonce, confirmation
	}
	if len(f.Data) >= at+2 && binary.BigEndian.Uint16(f.Data[at:]) == origin {
		at += originSize
	}
	if len(f.Data) < at+40 {
		return l.short(f, at+40)
	}
	if !fits6(f, at) || !teredoAddress(f.Data[at+8:]) && !teredoAddress(f.Data[at+24:]) {
		return l.other()
	}
	if !l.tunnel(flow.StepTeredo, 0) {
		return l.tooDeep()
	}
	return l.carry(f, at, layers.LayerTypeIPv6)
}

// teredoAddress tells the addresses of Teredo clients: 2001::/32 (section 2.6).
func teredoAddress(b []byte) bool { return binary.BigEndian.Uint32(b) == 0x20010000 }
