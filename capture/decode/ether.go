package decode

import (
	"encoding/binary"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"

	"ftpscope/capture/flow"
)

// EtherTypes that more than one file needs.
const (
	etherIPv4    = 0x0800
	etherARP     = 0x0806
	etherBridge  = 0x6558 // transparent Ethernet bridging: an Ethernet frame follows
	etherVLAN    = 0x8100 // IEEE 802.1Q
	etherIPv6    = 0x86dd
	etherPPP     = 0x880b
	etherQinQ    = 0x88a8 // IEEE 802.1ad
	etherQinQOld = 0x9100
	etherMinimum = 0x0600 // below: an IEEE 802.3 length
)

// noIP are the EtherTypes that are known and can hold no IP packet.
var noIP = []uint16{
	0x0842,   // Wake-on-LAN
	etherARP, // RFC 826
	0x2000,   // Cisco's discovery
	0x22ea,   // IEEE 802.1Qat, stream reservation
	0x22f0,   // IEEE 1722, audio and video
	0x22f4,   // TRILL's routing protocol
	0x6002,   // DEC's maintenance
	0x6003,   // DECnet
	0x6004,   // DEC's LAT
	0x8035,   // RARP, RFC 903
	0x809b,   // AppleTalk
	0x80f3,   // AppleTalk's ARP
	0x8137,   // IPX
	0x8138,   // Novell
	0x8204,   // QNX
	0x8808,   // Ethernet flow control
	0x8809,   // slow protocols: link aggregation
	0x8819,   // CobraNet
	0x8863,   // PPPoE's discovery
	0x886d,   // Intel's teaming
	0x886f,   // Microsoft's load balancing
	0x887b,   // HomePlug
	0x888e,   // IEEE 802.1X
	0x8892,   // PROFINET
	0x889a,   // HyperSCSI
	0x88a2,   // ATA over Ethernet
	0x88a4,   // EtherCAT
	0x88ab,   // Powerlink
	0x88b8,   // GOOSE
	0x88b9,   // GSE
	0x88ba,   // sampled values
	0x88c7,   // IEEE 802.11 before authentication
	0x88ca,   // TIPC
	0x88cc,   // LLDP
	0x88cd,   // Sercos
	0x88dc,   // WAVE short messages
	0x88e1,   // HomePlug AV
	0x88e3,   // media redundancy
	0x88f5,   // IEEE 802.1Q MVRP
	0x88f6,   // IEEE 802.1Q MMRP
	0x88f7,   // precision time
	0x88f8,   // NC-SI
	0x88fb,   // supervision of PRP and HSR
	0x8902,   // connectivity faults, Y.1731
	0x8906,   // Fibre Channel over Ethernet
	0x890d,   // IEEE 802.11 data paths' own
	0x8914,   // FCoE's initialization
	0x8915,   // RoCE
	0x893a,   // IEEE 1905
	0x8940,   // edge control
	0x9000,   // loopback test
	0x9003,   // loop detection of switches
}

// Layers of Ethernet that gopacket has no types for.
var (
	layerQuiet     = newLayerType("no IP")
	layerBridge    = newLayerType("transparent Ethernet bridging")
	layerVNTag     = newLayerType("VN-Tag")
	layerTag6      = newLayerType("E-Tag or Cisco MetaData")
	layerRedundant = newLayerType("HSR")
	layerBackbone  = newLayerType("IEEE 802.1ah")
	layerMACsec    = newLayerType("MACsec")
	layerAnalyzer  = newLayerType("netANALYZER")
)

func init() {
	register(row{kind: layers.LayerTypeEthernet, own: func(c *chain) gopacket.DecodingLayer { return &ethernetHeader{c: c} },
		links: []uint32{LinkEthernet}, head: &Head{ByEtherType, 12, 14}, gpe: []uint8{gpeEthernet}})
	register(row{kind: layers.LayerTypeDot1Q, own: func(c *chain) gopacket.DecodingLayer { return &vlanHeader{c: c} },
		etherTypes: []uint16{etherVLAN, etherQinQ, etherQinQOld}})
	register(row{kind: layers.LayerTypeLLC, own: func(c *chain) gopacket.DecodingLayer { return &llcHeader{c: c} }, links: []uint32{LinkATM}})
	register(row{kind: layers.LayerTypeSNAP, own: func(c *chain) gopacket.DecodingLayer { return &snapHeader{c: c} }})
	register(row{kind: layerQuiet, read: func(l *layer, _ Frame) error { return l.other() }, etherTypes: noIP})
	register(row{kind: layerBridge, read: skip(0), etherTypes: []uint16{etherBridge}})
	register(row{kind: layerVNTag, read: tagOf(6), etherTypes: []uint16{0x8926}})
	// IEEE 802.1BR; Cisco's security group tags.
	register(row{kind: layerTag6, read: tagOf(8), etherTypes: []uint16{0x893f, 0x8909}})
	// IEC 62439-3: path and size, sequence number.
	register(row{kind: layerRedundant, read: tagOf(6), etherTypes: []uint16{0x892f}})
	register(row{kind: layerBackbone, read: readBackbone, etherTypes: []uint16{0x88e7}})
	register(row{kind: layerMACsec, read: readMACsec, etherTypes: []uint16{0x88e5}})
	register(row{kind: layerAnalyzer, read: readAnalyzer, links: []uint32{LinkAnalyzer}})
}

// IsTag reports whether an EtherType is that of a VLAN tag.
func IsTag(etherType uint16) bool {
	return etherType == etherVLAN || etherType == etherQinQ || etherType == etherQinQOld
}

// ethernetHeader is gopacket's, but that the length of IEEE 802.3 cuts nothing off: IP
// has its own.
type ethernetHeader struct {
	layers.Ethernet
	c    *chain
	next gopacket.LayerType
}

func (l *ethernetHeader) NextLayerType() gopacket.LayerType { return l.next }

func (l *ethernetHeader) DecodeFromBytes(b []byte, df gopacket.DecodeFeedback) error {
	const header, address = 14, 6
	if len(b) < header {
		return l.c.undecoded("cut in the Ethernet header")
	}
	if err := l.Ethernet.DecodeFromBytes(b, df); err != nil {
		return err
	}
	l.c.head, l.Payload = header, b[header:]
	l.c.station(0, address, address)
	l.c.station(address, address, address)
	l.next = l.c.etherType(binary.BigEndian.Uint16(b[12:]))
	return nil
}

// vlanHeader is gopacket's tag of IEEE 802.1Q, for all its types.
type vlanHeader struct {
	layers.Dot1Q
	c    *chain
	next gopacket.LayerType
}

func (l *vlanHeader) NextLayerType() gopacket.LayerType { return l.next }

func (l *vlanHeader) DecodeFromBytes(b []byte, df gopacket.DecodeFeedback) error {
	w := &l.c.d.walk
	if l.c.last != layers.LayerTypeDot1Q {
		w.tags = 0
	}
	if w.tags++; w.tags > maxTags || len(b) < 4 {
		return l.c.undecoded("cut or too many VLAN tags")
	}
	if err := l.Dot1Q.DecodeFromBytes(b, df); err != nil {
		return err
	}
	l.c.head = 4
	l.c.tag(l.VLANIdentifier)
	l.next = l.c.etherType(uint16(l.Type))
	return nil
}

// llcHeader is gopacket's of IEEE 802.2; of what follows only SNAP (RFC 1042) can be IP.
type llcHeader struct {
	layers.LLC
	c    *chain
	next gopacket.LayerType
}

func (l *llcHeader) NextLayerType() gopacket.LayerType { return l.next }

func (l *llcHeader) DecodeFromBytes(b []byte, df gopacket.DecodeFeedback) error {
	const header, withSNAP = 3, 8
	byLength := l.c.d.walk.byLength
	l.c.d.walk.byLength, l.next = false, gopacket.LayerTypePayload
	switch {
	case byLength && len(b) < withSNAP:
		return nil
	case len(b) < header:
		return l.c.undecoded("cut in the LLC header")
	case b[0] != 0xaa || b[1] != 0xaa || b[2] != 3:
		return nil // spanning tree and the like
	case len(b) < withSNAP:
		return l.c.undecoded("cut in the LLC header")
	}
	if l.c.last == layers.LayerTypeEthernet || l.c.last == layers.LayerTypeDot1Q {
		l.c.note(Length, -2)
	}
	l.c.head, l.next = header, layers.LayerTypeSNAP
	return l.LLC.DecodeFromBytes(b, df)
}

// snapHeader is gopacket's.
type snapHeader struct {
	layers.SNAP
	c    *chain
	next gopacket.LayerType
}

func (l *snapHeader) NextLayerType() gopacket.LayerType { return l.next }

func (l *snapHeader) DecodeFromBytes(b []byte, df gopacket.DecodeFeedback) error {
	l.c.head, l.next = 5, gopacket.LayerTypePayload
	if err := l.SNAP.DecodeFromBytes(b, df); err != nil {
		return err
	}
	o := l.OrganizationalCode
	switch oui := uint32(o[0])<<16 | uint32(o[1])<<8 | uint32(o[2]); oui {
	case 0, 0x0000f8: // RFC 1042; IEEE 802.1H for the few protocols that would clash
		if l.Type < etherMinimum {
			return nil
		}
		if !l.c.d.deeper() {
			return l.c.tooDeep()
		}
		l.next = l.c.etherType(uint16(l.Type))
	}
	return nil
}

// skip passes over n bytes before an Ethernet frame.
func skip(n int) reader {
	return func(l *layer, f Frame) error {
		if !l.d.deeper() {
			return l.tooDeep()
		}
		return l.carry(f, n, layers.LayerTypeEthernet)
	}
}

// readAnalyzer is Hilscher's header of four bytes.
func readAnalyzer(l *layer, f Frame) error { return l.carry(f, 4, layers.LayerTypeEthernet) }

// tagOf is a tag of n bytes that ends with an EtherType and names no network: the ports
// of an extended switch, which differ by direction, a security group, one of two ways
// around a ring.
func tagOf(n int) reader {
	return func(l *layer, f Frame) error {
		if len(f.Data) < n {
			return l.undecoded("cut in a tag")
		}
		if !l.d.deeper() {
			return l.tooDeep()
		}
		return l.carry(f, n, l.etherType(binary.BigEndian.Uint16(f.Data[n-2:])))
	}
}

// readBackbone is a provider backbone's service tag (IEEE 802.1ah): flags, 24 bits of
// service, the customer's frame.
func readBackbone(l *layer, f Frame) error {
	const tag = 4
	if len(f.Data) < tag {
		return l.undecoded("cut in a tag")
	}
	if !l.d.deeper() {
		return l.tooDeep()
	}
	l.enter(flow.Step{Kind: flow.StepBackbone, ID: uint64(binary.BigEndian.Uint32(f.Data) & 0xffffff)})
	return l.carry(f, tag, layers.LayerTypeEthernet)
}

// readMACsec is IEEE 802.1AE: what is authenticated only can be read, but not changed.
func readMACsec(l *layer, f Frame) error {
	const (
		tag       = 6 // control, short length, packet number
		channel   = 8 // the secure channel identifier, if there is one
		explicit  = 0x20
		encrypted = 0x0c // E: encrypted, C: changed
	)
	if len(f.Data) < tag {
		return l.undecoded("cut in a tag")
	}
	control, size := f.Data[0], tag
	if control&encrypted != 0 {
		return l.undecoded("MACsec encrypted")
	}
	if control&explicit != 0 {
		size += channel
	}
	l.note(Sealed, 0)
	return tagOf(size+2)(l, f)
}
