package decode

import (
	"encoding/binary"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"

	"ftpscope/capture/flow"
)

// IP protocol numbers.
const (
	protoHopByHop = 0
	protoICMP     = 1
	protoIPv4     = 4
	protoTCP      = 6
	protoUDP      = 17
	protoIPv6     = 41
	protoRouting  = 43
	protoFragment = 44
	protoGRE      = 47
	protoESP      = 50
	protoAH       = 51
	protoICMPv6   = 58
	protoDestOpts = 60
	protoEtherIP  = 97
	protoL2TP     = 115
	protoMPLS     = 137
)

const (
	// maxExtensions bounds IPv6 extension headers: RFC 8200 section 4.1 expects each at
	// most once or twice.
	maxExtensions = 16
	// maxOffload bounds what a frame without a length in its IP header may hold. The most
	// that a machine hands to its network card is 512 KiB (Linux's BIG TCP); a larger
	// frame length is a lie that would derail sequence numbers.
	maxOffload = 1 << 20
	// maxTunnels bounds tunnels in tunnels: clouds have three or four, more than eight
	// are an attack on the parser.
	maxTunnels = 8
)

// Layers over IP and of whichever version a packet names itself.
var (
	layerIP     = newLayerType("IP")
	layerIPIn4  = newLayerType("IPv4 in IP")
	layerIPIn6  = newLayerType("IPv6 in IP")
	layerMPLSIP = newLayerType("MPLS over IP")
)

func init() {
	register(row{kind: layerIP, read: readIP, links: []uint32{LinkRaw, LinkRaw12, LinkRaw14}, head: &Head{Says: ByVersion}})
	register(row{kind: layerIP, links: []uint32{LinkIPv4}, head: &Head{Says: Always4}})
	register(row{kind: layerIP, links: []uint32{LinkIPv6}, head: &Head{Says: Always6}})
	register(row{kind: layers.LayerTypeIPv4, own: func(c *chain) gopacket.DecodingLayer { return &ipv4Header{c: c} },
		etherTypes: []uint16{etherIPv4}, ppp: []uint16{pppIPv4}, gpe: []uint8{gpeIPv4}})
	register(row{kind: layers.LayerTypeIPv6, read: readIPv6, etherTypes: []uint16{etherIPv6}, ppp: []uint16{pppIPv6}, gpe: []uint8{gpeIPv6}})
	register(row{kind: layers.LayerTypeIPv6HopByHop, read: readExtension, over6: []uint8{protoHopByHop}, whole: true})
	register(row{kind: layers.LayerTypeIPv6Routing, read: readExtension, over6: []uint8{protoRouting}, whole: true})
	register(row{kind: layers.LayerTypeIPv6Destination, read: readExtension, over6: []uint8{protoDestOpts}, whole: true})
	register(row{kind: layers.LayerTypeIPv6Fragment, read: readExtension, over6: []uint8{protoFragment}})
	register(row{kind: layers.LayerTypeIPSecAH, read: readAH, over4: []uint8{protoAH}, over6: []uint8{protoAH}, whole: true})
	register(row{kind: layers.LayerTypeIPSecESP, read: readESP, over4: []uint8{protoESP}, over6: []uint8{protoESP}})
	register(row{kind: layerIPIn4, read: inIP(layers.LayerTypeIPv4), over4: []uint8{protoIPv4}, over6: []uint8{protoIPv4}, whole: true})
	register(row{kind: layerIPIn6, read: inIP(layers.LayerTypeIPv6), over4: []uint8{protoIPv6}, over6: []uint8{protoIPv6}, whole: true})
	register(row{kind: layerMPLSIP, read: inIP(layers.LayerTypeMPLS), over4: []uint8{protoMPLS}, over6: []uint8{protoMPLS}, whole: true})
	register(row{kind: layers.LayerTypeEtherIP, own: func(c *chain) gopacket.DecodingLayer { return &etherIPHeader{c: c} },
		over4: []uint8{protoEtherIP}, over6: []uint8{protoEtherIP}, whole: true})
}

// offloaded is the size of a packet at an offset of a frame of so many bytes, by the
// frame; negative if none is that large.
func offloaded(frame, at int) int {
	if frame > maxOffload {
		return -1
	}
	return frame - at
}

func hosts4(h []byte) (src, dst flow.Host) {
	return flow.Host4(binary.BigEndian.Uint32(h[12:])), flow.Host4(binary.BigEndian.Uint32(h[16:]))
}

func hosts6(h []byte) (src, dst flow.Host) {
	return flow.Host{Hi: binary.BigEndian.Uint64(h[8:]), Lo: binary.BigEndian.Uint64(h[16:])},
		flow.Host{Hi: binary.BigEndian.Uint64(h[24:]), Lo: binary.BigEndian.Uint64(h[32:])}
}

// readIP looks at the version that the first byte names.
func readIP(l *layer, f Frame) error {
	if len(f.Data) == 0 {
		return l.undecoded("cut in the IP header")
	}
	switch f.Data[0] >> 4 {
	case 4:
		return l.carry(f, 0, layers.LayerTypeIPv4)
	case 6:
		return l.carry(f, 0, layers.LayerTypeIPv6)
	}
	return l.undecoded("neither IPv4 nor IPv6")
}

// inIP is RFC 2003 (IPv4 in IPv4), RFC 4213 (6in4), RFC 2473 (either in IPv6) and MPLS in
// IP (RFC 4023).
func inIP(next gopacket.LayerType) reader {
	return func(l *layer, f Frame) error {
		if !l.tunnel(flow.StepIPIP, 0) {
			return l.tooDeep()
		}
		return l.carry(f, 0, next)
	}
}

// ipv4Header is gopacket's for the fixed part of the header (RFC 791), of which it gets a
// copy: it refuses options that are not sound, which nobody here looks at, and cuts the
// length that TSO leaves out to 16 bits.
type ipv4Header struct {
	layers.IPv4
	c     *chain
	next  gopacket.LayerType
	fixed [20]byte
}

func (l *ipv4Header) NextLayerType() gopacket.LayerType { return l.next }

func (l *ipv4Header) DecodeFromBytes(h []byte, df gopacket.DecodeFeedback) error {
	c := l.c
	if len(h) < len(l.fixed) {
		return c.undecoded("cut in the IPv4 header")
	}
	size, total := int(h[0]&15)*4, int(binary.BigEndian.Uint16(h[2:]))
	if h[0]>>4 != 4 || size < len(l.fixed) {
		return c.undecoded("malformed IPv4 header")
	}
	if total == 0 { // TSO: the card fills it in after the capture
		total = offloaded(c.at+c.wire, c.at)
	}
	if total < size {
		return c.undecoded("malformed IPv4 header")
	}
	copy(l.fixed[:], h)
	l.fixed[0] = 0x45
	if err := l.IPv4.DecodeFromBytes(l.fixed[:], df); err != nil {
		return err
	}
	c.seg.TTL, c.seg.ID = l.TTL, l.Id
	c.seg.Src, c.seg.Dst = flow.Host4(binary.BigEndian.Uint32(l.SrcIP)), flow.Host4(binary.BigEndian.Uint32(l.DstIP))
	h = h[:min(len(h), total)] // Ethernet pads short frames
	switch {
	case len(h) < size:
		return c.undecoded("cut in the IPv4 header")
	case c.d.VerifyChecksums && c.d.headerIsWrong(h[:size], c.seg):
		return c.undecoded(wrongHeader)
	}
	c.d.walk.v6 = false
	c.head, c.limit = size, total
	l.Contents, l.Payload = h[:size], h[size:]
	l.next = c.protocol(uint8(l.Protocol))
	if l.Flags&layers.IPv4MoreFragments != 0 || l.FragOffset != 0 {
		return l.fragment(h[size:], total-size)
	}
	return nil
}

// fragment goes on with what was put together, or is the end; b is the fragment, of
// length bytes on the wire.
func (l *ipv4Header) fragment(b []byte, length int) error {
	c := l.c
	from := int(l.FragOffset) * 8
	if c.trail != nil {
		if from > 0 {
			l.next = c.stop(Fragment)
		}
		c.d.walk.part = true
		return nil
	}
	whole, protocol, v := c.d.fragment4(&fragment{
		fragmentKey: fragmentKey{net: c.seg.Net, src: c.seg.Src, dst: c.seg.Dst, id: uint32(l.Id), version: 4, protocol: uint8(l.Protocol)},
		next:        uint8(l.Protocol), from: from, to: from + length, more: l.Flags&layers.IPv4MoreFragments != 0, data: b,
	}, binary.BigEndian.Uint16(l.fixed[2:]) != 0, c.seg)
	c.head, c.limit, l.Payload = 0, int(whole.Length), whole.Data
	if l.next = c.protocol(protocol); v != TCP {
		l.next = c.stop(v)
	}
	return nil
}

// readIPv6 reads the header (RFC 8200). gopacket's refuses the length 0 that TSO leaves,
// and allocates for each option.
func readIPv6(l *layer, f Frame) error {
	h := f.Data
	if len(h) < 40 {
		return l.undecoded("cut in the IPv6 header")
	}
	if h[0]>>4 != 6 {
		return l.undecoded("malformed IPv6 header")
	}
	l.seg.TTL, l.seg.ID = h[7], 0
	l.seg.Src, l.seg.Dst = hosts6(h)
	left := int(binary.BigEndian.Uint16(h[4:]))
	if left == 0 {
		left = jumbo(f, l.at)
	}
	if left < 0 {
		return l.undecoded("malformed IPv6 header")
	}
	f.Data, f.Length = h[:min(len(h), 40+left)], uint32(40+left)
	l.d.walk.v6, l.d.walk.extensions = true, 0
	return l.carry(f, 40, l.protocol(h[6]))
}

// jumbo is the length of an IPv6 packet whose header says 0: that of the jumbo payload
// option (RFC 2675), else the frame's, at offset at of which f is, since the sender's
// card fills it in after the capture (TSO). It is negative if no packet is that long.
func jumbo(f Frame, at int) int {
	const jumboOption = 0xc2
	h := f.Data
	if n := extension(protoHopByHop, h[40:]); h[6] == protoHopByHop && n > 0 {
		for o := h[min(42, len(h)):min(40+n, len(h))]; len(o) > 0; {
			switch {
			case o[0] == 0: // Pad1
				o = o[1:]
				continue
			case len(o) >= 6 && o[0] == jumboOption && o[1] == 4:
				if length := binary.BigEndian.Uint32(o[2:]); length <= maxOffload {
					return int(length)
				}
				return -1
			case len(o) < 2:
				return -1
			}
			o = o[min(2+int(o[1]), len(o)):]
		}
	}
	return offloaded(at+int(f.Length), at+40)
}

// readExtension passes an extension header of IPv6, or puts a fragment to the others of
// its datagram.
func readExtension(l *layer, f Frame) error {
	b, protocol := f.Data, protocolOf(l.own)
	n := extension(protocol, b)
	if n < 0 || n > int(f.Length) || n > len(b) {
		return l.undecoded("cut in an IPv6 extension header")
	}
	w := &l.d.walk
	switch {
	case protocol == protoFragment && binary.BigEndian.Uint16(b[2:])&(moreFragments6|fragmentOffset6) != 0:
		return l.fragment6(f)
	case protocol == protoRouting && b[3] != 0:
		w.unsure = true // the checksum is over the last destination (RFC 8200 section 8.1)
	}
	if w.extensions++; w.extensions == maxExtensions {
		return l.undecoded("too many IPv6 extension headers")
	}
	return l.carry(f, n, l.protocol(b[0]))
}

// protocolOf is the protocol number of an extension header.
func protocolOf(kind gopacket.LayerType) int {
	switch kind {
	case layers.LayerTypeIPv6HopByHop:
		return protoHopByHop
	case layers.LayerTypeIPv6Routing:
		return protoRouting
	case layers.LayerTypeIPv6Fragment:
		return protoFragment
	case layers.LayerTypeIPSecAH:
		return protoAH
	}
	return protoDestOpts
}

// fragment6 is the same for IPv6; f begins with the fragment's header.
func (l *layer) fragment6(f Frame) error {
	b := f.Data
	field := binary.BigEndian.Uint16(b[2:])
	from := int(field & fragmentOffset6)
	if l.trail != nil {
		if from > 0 {
			return l.carry(f, 8, l.stop(Fragment))
		}
		l.d.walk.part = true
		return l.carry(f, 8, l.protocol(b[0]))
	}
	x := &fragment{
		fragmentKey: fragmentKey{net: l.seg.Net, src: l.seg.Src, dst: l.seg.Dst, id: binary.BigEndian.Uint32(b[4:]), version: 6},
		next:        b[0], from: from, to: from + int(f.Length) - 8, more: field&moreFragments6 != 0, data: b[8:],
	}
	whole, protocol, v := l.d.fragment6(x, l.seg)
	switch {
	case v != TCP:
		return l.carry(f, 8, l.stop(v))
	case inFragments(b[0]) && extension(int(protocol), x.data) != 0 && !l.d.deeper():
		// It may hold a fragment, which holds a fragment.
		return l.tooDeep()
	}
	l.d.walk.extensions = 0
	return l.carry(whole, 0, l.protocol(protocol))
}

// extension returns the size of the extension header at b: 0 if next is none, -1 if b is
// too short to tell.
func extension(next int, b []byte) int {
	switch next {
	case protoHopByHop, protoRouting, protoDestOpts:
		if len(b) < 2 {
			return -1
		}
		return int(b[1])*8 + 8
	case protoFragment:
		if len(b) < 8 {
			return -1
		}
		return 8
	case protoAH: // RFC 4302: in 4-octet units, less 2
		if len(b) < 2 {
			return -1
		}
		return int(b[1])*4 + 8
	}
	return 0
}

// readAH is IPsec's authentication header (RFC 4302), over IPv6 an extension header like
// others. In transport mode the addresses stay, so it is no network of its own.
func readAH(l *layer, f Frame) error {
	const spiAndNumber = 12
	if l.d.walk.v6 {
		return readExtension(l, f)
	}
	b := f.Data
	if len(b) < spiAndNumber {
		return l.undecoded("cut in the IPsec AH header")
	}
	n := extension(protoAH, b)
	if n < spiAndNumber || !f.holds(n) {
		return l.undecoded("malformed IPsec AH header")
	}
	if n > len(b) {
		return l.undecoded("cut in the IPsec AH header")
	}
	if !l.d.deeper() {
		return l.tooDeep()
	}
	if b[0] == protoICMPv6 {
		return l.carry(f, n, layers.LayerTypeICMPv6)
	}
	return l.carry(f, n, l.protocol(b[0]))
}

// readESP is encrypted, unless both ends agreed otherwise (RFC 4303).
func readESP(l *layer, _ Frame) error { return l.undecoded("IPsec ESP") }

// etherIPHeader is gopacket's of RFC 3378: version 3, twelve reserved bits, an Ethernet
// frame.
type etherIPHeader struct {
	layers.EtherIP
	c *chain
}

func (l *etherIPHeader) NextLayerType() gopacket.LayerType { return layers.LayerTypeEthernet }

func (l *etherIPHeader) DecodeFromBytes(b []byte, df gopacket.DecodeFeedback) error {
	l.c.head = 2
	if len(b) < l.c.head {
		return l.c.undecoded("cut in the EtherIP header")
	}
	if err := l.EtherIP.DecodeFromBytes(b, df); err != nil {
		return err
	}
	if l.Version != 3 {
		return l.c.undecoded("malformed EtherIP header")
	}
	if !l.c.tunnel(flow.StepIPIP, 0) {
		return l.c.tooDeep()
	}
	return nil
}
