package capturetest

import (
	"cmp"
	"encoding/binary"
	"net"
	"net/netip"
	"slices"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"

	"ftpscope/capture/flow"
)

// A Wrapping puts IP packets into a link type or into tunnels, as capturing machines and
// networks do.
type Wrapping struct {
	Name   string
	Link   uint32
	Tagged bool                       // the directions are tagged differently: labels and identifiers that each end chooses for itself
	edit   func(packet []byte) []byte // what is done to the packet itself; nil: nothing
	layers []layer
	tail   []byte // what the link layer puts at the end
}

// carried is what a layer gets: the bytes that it is put before, and the direction.
type carried struct {
	data []byte
	dir  flow.Direction
}

// layer makes the header for what it carries.
type layer func(c carried) []byte

// WithIP are the frames with an IP packet in them.
func WithIP(frames []Frame) []Frame {
	var out []Frame
	for _, f := range frames {
		if len(f.Data) > f.head {
			if _, ok := packetSize(f.Data[f.head:]); ok {
				out = append(out, f)
			}
		}
	}
	return out
}

// Wrap wraps the frames' IP packets; frames without IP in them are left out.
func (w Wrapping) Wrap(frames []Frame) []Frame {
	out := WithIP(frames)
	for i := range out {
		f := &out[i]
		packet := f.Data[f.head:]
		size, _ := packetSize(packet)
		packet = packet[:min(size, len(packet))] // without what padded the frame
		data := w.Packet(packet, f.dir())
		head := len(data) - len(w.tail) - len(packet)
		f.body += head - f.head
		if w.edit != nil {
			head -= len(w.edit(packet)) - len(packet)
		}
		f.head, f.Link, f.Data, f.Length = head, w.Link, data, len(data)
	}
	return out
}

// Packet wraps one IP packet.
func (w Wrapping) Packet(packet []byte, dir flow.Direction) []byte {
	data := slices.Clone(packet)
	if w.edit != nil {
		data = w.edit(data)
	}
	for _, l := range slices.Backward(w.layers) {
		data = append(l(carried{data, dir}), data...)
	}
	return append(data, w.tail...)
}

// packetSize is an IP packet's length by its header, or what there is where that has
// none.
func packetSize(packet []byte) (int, bool) {
	_, _, etherType, ok := addresses(packet)
	switch {
	case !ok:
		return 0, false
	case etherType == typeIPv6:
		return 40 + int(binary.BigEndian.Uint16(packet[4:])), true
	}
	size := int(binary.BigEndian.Uint16(packet[2:]))
	if size == 0 {
		size = len(packet)
	}
	return size, true
}

// Wrappings lists all, by name.
func Wrappings() []Wrapping {
	list := slices.Concat(links(), tunnels())
	slices.SortFunc(list, func(a, b Wrapping) int { return cmp.Compare(a.Name, b.Name) })
	return list
}

// The ends of the tunnels.
var (
	end4 = [2]netip.Addr{netip.MustParseAddr("10.99.0.1"), netip.MustParseAddr("10.99.0.2")}
	end6 = [2]netip.Addr{netip.MustParseAddr("2001:db8:99::1"), netip.MustParseAddr("2001:db8:99::2")}
)

// raw is a header that is always the same.
func raw(b ...byte) layer { return func(carried) []byte { return b } }

// each is a header that depends on the direction.
func each(out, in []byte) layer { return func(c carried) []byte { return [2][]byte{out, in}[c.dir] } }

// typed is a header that ends with the EtherType of the IP packet that follows.
func typed(b ...byte) layer {
	return func(c carried) []byte { return be.AppendUint16(slices.Clone(b), typeOf(c.data)) }
}

var be = binary.BigEndian

func typeOf(packet []byte) uint16 {
	if packet[0]>>4 == 6 {
		return typeIPv6
	}
	return typeIPv4
}

// ether is an Ethernet header; type 0 is that of the IP packet that follows.
func ether(etherType uint16) layer {
	return func(c carried) []byte {
		t := etherType
		if t == 0 {
			t = typeOf(c.data)
		}
		macs := []byte{2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2}
		if c.dir == flow.In {
			macs = append(macs[6:], macs[:6]...)
		}
		return be.AppendUint16(macs, t)
	}
}

// ip4 and ip6 are outer headers; protocol 0 is that of the IP packet that follows.
func ip4(proto layers.IPProtocol) layer {
	return func(c carried) []byte {
		ip := &layers.IPv4{Version: 4, TTL: 64, Protocol: protoOf(proto, c.data), SrcIP: from(end4, c.dir), DstIP: to(end4, c.dir)}
		return headers(c.data, ip)
	}
}

func ip6(proto layers.IPProtocol) layer {
	return func(c carried) []byte {
		ip := &layers.IPv6{Version: 6, HopLimit: 64, NextHeader: protoOf(proto, c.data), SrcIP: from(end6, c.dir), DstIP: to(end6, c.dir)}
		return headers(c.data, ip)
	}
}

func protoOf(proto layers.IPProtocol, packet []byte) layers.IPProtocol {
	switch {
	case proto != 0:
		return proto
	case packet[0]>>4 == 6:
		return layers.IPProtocolIPv6
	}
	return layers.IPProtocolIPv4
}

func from(ends [2]netip.Addr, dir flow.Direction) net.IP { return ends[dir].AsSlice() }
func to(ends [2]netip.Addr, dir flow.Direction) net.IP   { return ends[1-dir].AsSlice() }

// udp is IPv4 and UDP.
func udp(src, dst uint16) layer {
	return func(c carried) []byte {
		ip := &layers.IPv4{Version: 4, TTL: 64, Protocol: layers.IPProtocolUDP, SrcIP: from(end4, c.dir), DstIP: to(end4, c.dir)}
		h := &layers.UDP{SrcPort: layers.UDPPort(src), DstPort: layers.UDPPort(dst)}
		must(h.SetNetworkLayerForChecksum(ip))
		return headers(c.data, ip, h)
	}
}

// headers are the layers as they stand before the payload.
func headers(payload []byte, l ...gopacket.SerializableLayer) []byte {
	buf := gopacket.NewSerializeBuffer()
	must(gopacket.SerializeLayers(buf, serialize, append(l, gopacket.Payload(payload))...))
	all := buf.Bytes()
	return slices.Clone(all[:len(all)-len(payload)])
}

// of is a header that gopacket writes.
func of(l gopacket.SerializableLayer) layer {
	return func(c carried) []byte { return headers(c.data, l) }
}
