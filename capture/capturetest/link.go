package capturetest

import (
	"encoding/binary"
	"fmt"
	"net/netip"

	"ftpscope/capture/flow"
)

// The link types that Encapsulate writes, by their LINKTYPE values
// (tcpdump.org/linktypes.html).
const (
	LinkNull     = 0
	LinkEthernet = 1
	LinkRaw      = 101
	LinkLoop     = 108
	LinkSLL      = 113
	LinkSLL2     = 276
)

// Encapsulation is how Encapsulate wraps IP packets.
type Encapsulation uint8

// The encapsulations. Ethernet is what Parse makes.
const (
	Ethernet Encapsulation = iota
	VLAN                   // one IEEE 802.1Q tag, VLAN 100
	QinQ                   // an IEEE 802.1ad service tag 200 around a tag 100
	SLL                    // Linux cooked capture
	SLL2                   // Linux cooked capture v2
	Null                   // BSD loopback, the family in little-endian order, as macOS and x86 BSDs write it
	NullBig                // the same by a big-endian host
	Loop                   // OpenBSD loopback, the family in network order
	Raw                    // no header
)

// Encapsulations lists them all, with the names that tests show.
var Encapsulations = map[string]Encapsulation{
	"ethernet": Ethernet, "vlan": VLAN, "qinq": QinQ, "sll": SLL, "sll2": SLL2,
	"null": Null, "null-big-endian": NullBig, "loop": Loop, "raw": Raw,
}

// Encapsulate gives the frames another link layer. Frames without IP in them pass as they
// are.
func Encapsulate(frames []Frame, how Encapsulation) []Frame {
	out := make([]Frame, 0, len(frames))
	for _, f := range frames {
		if len(f.Data) > f.head {
			packet := f.Data[f.head:]
			if head, ok := how.header(packet, f.dir()); ok {
				f.Length += len(head) - f.head
				f.body += len(head) - f.head
				f.head, f.Link = len(head), how.link()
				f.Data = append(head, packet...)
			}
		}
		out = append(out, f)
	}
	return out
}

func (f *Frame) dir() flow.Direction {
	if f.Meta == nil {
		return flow.Out
	}
	return f.Meta.Dir
}

func (e Encapsulation) link() uint32 {
	switch e {
	case SLL:
		return LinkSLL
	case SLL2:
		return LinkSLL2
	case Null, NullBig:
		return LinkNull
	case Loop:
		return LinkLoop
	case Raw:
		return LinkRaw
	}
	return LinkEthernet
}

const (
	typeIPv4 = 0x0800
	typeIPv6 = 0x86dd
	typeVLAN = 0x8100
	typeQinQ = 0x88a8

	vlanInner, vlanOuter = 100, 200

	arpEthernet = 1 // ARPHRD_ETHER
)

// header makes the link layer's header for an IP packet; false when it is none.
func (e Encapsulation) header(packet []byte, dir flow.Direction) ([]byte, bool) {
	src, dst, etherType, ok := addresses(packet)
	if !ok {
		return nil, false
	}
	be := binary.BigEndian
	switch e {
	case SLL:
		h := be.AppendUint16(nil, cooked(dir))
		h = be.AppendUint16(h, arpEthernet)
		h = be.AppendUint16(h, 6)
		h = append(append(h, mac(src)...), 0, 0)
		return be.AppendUint16(h, etherType), true
	case SLL2:
		h := be.AppendUint16(nil, etherType)
		h = append(h, 0, 0, 0, 0, 0, 2) // reserved, interface index
		h = be.AppendUint16(h, arpEthernet)
		h = append(h, byte(cooked(dir)), 6)
		return append(append(h, mac(src)...), 0, 0), true
	case Null:
		return binary.LittleEndian.AppendUint32(nil, family(etherType)), true
	case NullBig, Loop:
		return be.AppendUint32(nil, family(etherType)), true
	case Raw:
		return nil, true
	}
	h := append(mac(dst), mac(src)...)
	if e == QinQ {
		h = be.AppendUint16(be.AppendUint16(h, typeQinQ), vlanOuter)
	}
	if e == QinQ || e == VLAN {
		h = be.AppendUint16(be.AppendUint16(h, typeVLAN), vlanInner)
	}
	return be.AppendUint16(h, etherType), true
}

// addresses reads an IP packet's addresses and the EtherType it goes by.
func addresses(packet []byte) (src, dst netip.Addr, etherType uint16, ok bool) {
	switch {
	case len(packet) >= 20 && packet[0]>>4 == 4:
		return netip.AddrFrom4([4]byte(packet[12:16])), netip.AddrFrom4([4]byte(packet[16:20])), typeIPv4, true
	case len(packet) >= 40 && packet[0]>>4 == 6:
		return netip.AddrFrom16([16]byte(packet[8:24])), netip.AddrFrom16([16]byte(packet[24:40])), typeIPv6, true
	}
	return src, dst, 0, false
}

// mac is a locally administered address made of the IP address's last bytes.
func mac(a netip.Addr) []byte {
	b := a.As16()
	return append([]byte{2, 0}, b[12:]...)
}

// cooked is the packet type of a cooked capture: 4 sent by us, 0 sent to us. We are who
// opened the connection.
func cooked(dir flow.Direction) uint16 {
	if dir == flow.Out {
		return 4
	}
	return 0
}

// family is the protocol family of BSD loopback: AF_INET is 2 everywhere, AF_INET6 30 on
// macOS.
func family(etherType uint16) uint32 {
	if etherType == typeIPv6 {
		return 30
	}
	return 2
}

// linkHeader finds the IP packet in a frame: the length of the link layer's header; false
// when there is no IP.
func linkHeader(link uint32, data []byte) (int, bool) {
	var n int
	switch link {
	case LinkEthernet:
		return etherHeader(data)
	case LinkSLL:
		n = 16
	case LinkSLL2:
		n = 20
	case LinkNull, LinkLoop:
		n = 4
	case LinkRaw, 12, 14, 228, 229: // 12 and 14: DLT_RAW of some systems; 228 and 229: IPv4 and IPv6 alone
	default:
		return 0, false
	}
	if len(data) < n {
		return 0, false
	}
	_, _, _, ok := addresses(data[n:])
	return n, ok
}

func etherHeader(data []byte) (int, bool) {
	for n := 12; n+2 <= len(data); n += 4 {
		switch binary.BigEndian.Uint16(data[n:]) {
		case typeVLAN, typeQinQ:
			continue
		case typeIPv4, typeIPv6:
			_, _, _, ok := addresses(data[n+2:])
			return n + 2, ok
		default:
			return 0, false
		}
	}
	return 0, false
}

// String is the encapsulation's name.
func (e Encapsulation) String() string {
	for name, v := range Encapsulations {
		if v == e {
			return name
		}
	}
	return fmt.Sprint(uint8(e))
}
