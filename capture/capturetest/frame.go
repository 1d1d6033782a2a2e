// Package capturetest makes packets for tests, benchmarks and sample captures: Parse
// turns a conversation in text into frames, the mutators turn frames into what a network
// or a capture makes of them, the writers put them into files. Everything is
// deterministic: the same text and seed give the same bytes.
//
//	frames := capturetest.MustFrames(t, `
//	S: 220 ready
//	C: USER bob
//	data d1 192.0.2.10:40000 > 192.0.2.21:50000
//	d1< 5000
//	d1 fin <`)
//
// The next step is capture/decode, which reads the frames; Segments does its work for
// tests of capture/tcp.
package capturetest

import (
	"encoding/binary"
	"fmt"
	"net"
	"net/netip"
	"slices"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"

	"ftpscope/capture/flow"
)

// Frame is one captured packet. Mutators never write into a frame's slices or its Meta:
// frames may share them.
type Frame struct {
	Time   flow.Time
	Link   uint32 // LINKTYPE of the capture
	Data   []byte // from the link layer on, as captured
	Length int    // bytes on the wire; more than len(Data) when the capture was cut short by a snaplen
	Conn   string // the connection's name; of a capture that was read: its endpoints
	Meta   *Meta  // nil: not a TCP segment (or ICMP error about one) that could be taken apart; mutators let it pass
	head   int    // length of the link layer's header
	body   int    // offset of the TCP payload; of an ICMP error, of what the quoted segment's sequence number is followed by
}

// Meta is what a frame says above the link layer, taken apart.
type Meta struct {
	Src, Dst netip.AddrPort
	Dir      flow.Direction // relative to who opened the connection
	ID       uint16         // of the IPv4 header
	TTL      uint8
	Flags    uint8
	Seq, Ack uint32
	Window   uint16
	Urgent   uint16
	Options  []layers.TCPOption
	Payload  []byte
	Cut      int   // payload bytes that were on the wire but not captured
	ICMP     *ICMP // the packet is this error about a segment; of the fields above Src, Dst, Seq, ID and TTL count
}

// ICMP is an ICMP or ICMPv6 error about the segment that Meta describes.
type ICMP struct {
	From       netip.Addr
	Type, Code uint8
	MTU        uint16 // of fragmentation needed and packet too big
	Quote      []byte // the packet it quotes, from the IP header on
}

// end is the sequence number after the segment.
func (m *Meta) end() uint32 {
	n := uint32(len(m.Payload) + m.Cut)
	if m.Flags&flow.SYN != 0 {
		n++
	}
	if m.Flags&flow.FIN != 0 {
		n++
	}
	return m.Seq + n
}

// connection tells connections apart also when scripts that use the same names are
// interleaved.
type connection struct {
	name          string
	opener, other netip.AddrPort
}

func (f *Frame) connection() connection {
	m := f.Meta
	if m.Dir == flow.In {
		return connection{f.Conn, m.Dst, m.Src}
	}
	return connection{f.Conn, m.Src, m.Dst}
}

// whole reports whether the frame is a TCP segment that can be taken apart and put
// together again.
func (f *Frame) whole() bool { return f.Meta != nil && f.Meta.ICMP == nil && f.Length <= len(f.Data) }

// data reports whether the frame is such a segment and has payload.
func (f *Frame) data() bool { return f.whole() && len(f.Meta.Payload) > 0 }

// with is the frame with other contents: the link layer's header stays, all above it is
// made anew.
func (f Frame) with(m Meta) Frame {
	f.Data = append(slices.Clip(slices.Clone(f.Data[:f.head])), m.packet()...)
	f.Length, f.Meta = len(f.Data), &m
	f.body = m.body(&f)
	return f
}

// body is the offset of what a capture can lose without losing Meta.
func (m *Meta) body(f *Frame) int {
	const icmpHeader, upToSeq = 8, 8
	switch {
	case m.ICMP == nil:
		return f.Length - len(m.Payload) - m.Cut
	case m.ICMP.From.Is4():
		return f.head + 2*20 + icmpHeader + upToSeq
	}
	return f.head + 2*40 + icmpHeader + upToSeq
}

// maxPacket bounds a packet by the length field of IPv4; that of IPv6 without jumbograms
// allows 40 bytes more.
const maxPacket = 65535

var serialize = gopacket.SerializeOptions{FixLengths: true, ComputeChecksums: true}

// packet builds the IP packet. It panics if there is none: a test asked for the
// impossible.
func (m *Meta) packet() []byte {
	if m.ICMP != nil {
		return m.icmpPacket()
	}
	ip, network := m.ip(m.Src.Addr(), m.Dst.Addr(), layers.IPProtocolTCP)
	tcp := &layers.TCP{
		SrcPort: layers.TCPPort(m.Src.Port()), DstPort: layers.TCPPort(m.Dst.Port()),
		Seq: m.Seq, Ack: m.Ack, Window: m.Window, Urgent: m.Urgent, Options: m.Options,
		FIN: m.Flags&flow.FIN != 0, SYN: m.Flags&flow.SYN != 0, RST: m.Flags&flow.RST != 0,
		PSH: m.Flags&flow.PSH != 0, ACK: m.Flags&flow.ACK != 0, URG: m.Flags&flow.URG != 0,
		ECE: m.Flags&0x40 != 0, CWR: m.Flags&0x80 != 0,
	}
	must(tcp.SetNetworkLayerForChecksum(network))
	return build(ip, tcp, gopacket.Payload(m.Payload))
}

func (m *Meta) icmpPacket() []byte {
	e := m.ICMP
	if e.From.Is4() {
		ip, _ := m.ip(e.From, m.Src.Addr(), layers.IPProtocolICMPv4)
		head := &layers.ICMPv4{TypeCode: layers.CreateICMPv4TypeCode(e.Type, e.Code), Seq: e.MTU}
		return build(ip, head, gopacket.Payload(e.Quote))
	}
	ip, network := m.ip(e.From, m.Src.Addr(), layers.IPProtocolICMPv6)
	head := &layers.ICMPv6{TypeCode: layers.CreateICMPv6TypeCode(e.Type, e.Code)}
	must(head.SetNetworkLayerForChecksum(network))
	mtu := binary.BigEndian.AppendUint32(nil, uint32(e.MTU)) // RFC 4443 section 3
	return build(ip, head, gopacket.Payload(append(mtu, e.Quote...)))
}

// ip is the IP header from src to dst, once to be written and once for the checksum above
// it.
func (m *Meta) ip(src, dst netip.Addr, next layers.IPProtocol) (gopacket.SerializableLayer, gopacket.NetworkLayer) {
	if src.Is4() {
		ip := &layers.IPv4{
			Version: 4, TTL: m.TTL, Id: m.ID, Flags: layers.IPv4DontFragment, Protocol: next,
			SrcIP: net.IP(src.AsSlice()), DstIP: net.IP(dst.AsSlice()),
		}
		return ip, ip
	}
	ip := &layers.IPv6{Version: 6, HopLimit: m.TTL, NextHeader: next, SrcIP: net.IP(src.AsSlice()), DstIP: net.IP(dst.AsSlice())}
	return ip, ip
}

func build(parts ...gopacket.SerializableLayer) []byte {
	buf := gopacket.NewSerializeBuffer()
	must(gopacket.SerializeLayers(buf, serialize, parts...))
	if n := len(buf.Bytes()); n > maxPacket {
		panic(fmt.Sprintf("capturetest: a packet of %d bytes", n))
	}
	return buf.Bytes()
}

func must(err error) {
	if err != nil {
		panic("capturetest: " + err.Error())
	}
}
