package rewrite

import (
	"encoding/binary"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"

	"ftpscope/capture/decode"
)

// IP protocol numbers.
const (
	protoTCP    = 6
	protoUDP    = 17
	protoICMPv6 = 58
)

// packet is a packet as it was, and where its layers are.
type packet struct {
	*decode.Trail
	old  []byte
	wire int // bytes on the wire
}

func (p *packet) inner() *decode.Layer { return &p.Layers[len(p.Layers)-1] }

// canChange reports whether the packet can be rewritten: it is one, all of its headers
// are within its first IP packet, as that one's header tells its length, and none of its
// layers is sealed.
func (p *packet) canChange(v decode.Verdict) bool {
	if v != decode.TCP && v != decode.ICMP && v != decode.Fragment || len(p.Layers) == 0 {
		return false
	}
	for i := range p.Fields {
		if p.Fields[i].Kind == decode.Sealed {
			return false
		}
	}
	end := p.outer().End
	for i := range p.Layers {
		l := &p.Layers[i]
		if l.Type == layers.LayerTypeTCP && l.At+8 > end || l.Type != layers.LayerTypeTCP && l.Body() > end || l.End < l.At {
			return false
		}
	}
	return true
}

// outer is the first IP header, of whose packet all else is a part.
func (p *packet) outer() *decode.Layer {
	for i := range p.Layers {
		if isIP(p.Layers[i].Type) {
			return &p.Layers[i]
		}
	}
	return &p.Layers[0]
}

func isIP(t gopacket.LayerType) bool { return t == layers.LayerTypeIPv4 || t == layers.LayerTypeIPv6 }

// message is the ICMP error that quotes.
func (p *packet) message() *decode.Layer {
	for i := range p.Layers {
		if t := p.Layers[i].Type; t == layers.LayerTypeICMPv4 || t == layers.LayerTypeICMPv6 {
			return &p.Layers[i]
		}
	}
	return p.inner()
}

// carrier is the IP header that carries a layer.
type carrier struct {
	v6       bool
	at       int
	dst      int  // offset of the last destination, which checksums are about
	fragment bool // the packet is a part of a datagram
}

// carrier finds that of the layer with an index; false: there is none.
func (p *packet) carrier(of int) (carrier, bool) {
	const moreAndOffset4, moreAndOffset6 = 0x3fff, 0xfff9
	var c carrier
	for i := of - 1; i >= 0; i-- {
		l := &p.Layers[i]
		switch {
		case l.Quoted != p.Layers[of].Quoted:
			return c, false
		case l.Type == layers.LayerTypeIPv6Routing:
			c.dst = p.lastSegment(l)
		case l.Type == layers.LayerTypeIPv6Fragment: // RFC 8200 section 4.5
			c.fragment = get16(p.old[l.At+2:])&moreAndOffset6 != 0
		case l.Type == layers.LayerTypeIPv4:
			return carrier{at: l.At, dst: l.At + 16, fragment: get16(p.old[l.At+6:])&moreAndOffset4 != 0}, true
		case l.Type == layers.LayerTypeIPv6:
			if c.v6, c.at = true, l.At; c.dst == 0 {
				c.dst = l.At + 24
			}
			return c, true
		}
	}
	return c, false
}

// lastSegment is the offset of the final destination in a routing header that is not used
// up; 0: there is none.
func (p *packet) lastSegment(l *decode.Layer) int {
	switch left := p.old[l.At+3]; {
	case left == 0 || l.Size < 24:
		return 0
	case p.old[l.At+2] == 4: // RFC 8754: segments in reverse order
		return l.At + 8
	default: // type 0 (RFC 5095), type 2 (RFC 6275)
		return l.At + 8 + (l.Size-8)/16*16 - 16
	}
}

// inFragment reports whether the innermost packet is a part of a datagram only, or in one
// that is.
func (p *packet) inFragment() bool {
	for i := range p.Layers {
		if c, ok := p.carrier(i); ok && c.fragment && p.Layers[i].Quoted == p.inner().Quoted {
			return true
		}
	}
	return false
}

// pseudo is the sum of the pseudo-header of what the IP header carries, in the bytes b.
func (c *carrier) pseudo(b []byte, proto, size int) uint32 {
	if c.v6 {
		return sum(sum(pseudo(proto, size), b[c.at+8:c.at+24]), b[c.dst:c.dst+16])
	}
	return sum(sum(pseudo(proto, size), b[c.at+12:c.at+16]), b[c.dst:c.dst+4])
}

// option is one of a list of options that have a kind, a length that counts both, and a
// value.
type option struct {
	kind  byte
	value []byte
}

// options calls visit for each of a list, as in IPv4 and TCP: 0 ends it, 1 fills. It
// returns the rest that is none.
func options(b []byte, visit func(o option, whole []byte)) (rest []byte) {
	for len(b) > 0 {
		switch {
		case b[0] == 1:
			b = b[1:]
		case b[0] == 0:
			return b[1:]
		case len(b) < 2 || b[1] < 2 || int(b[1]) > len(b):
			return b
		default:
			o, whole := option{b[0], b[2:b[1]]}, b[:b[1]]
			b = b[b[1]:]
			visit(o, whole)
		}
	}
	return nil
}

func get16(b []byte) int       { return int(binary.BigEndian.Uint16(b)) }
func put16(b []byte, v int)    { binary.BigEndian.PutUint16(b, uint16(v)) }
func get32(b []byte) uint32    { return binary.BigEndian.Uint32(b) }
func put32(b []byte, v uint32) { binary.BigEndian.PutUint32(b, v) }
