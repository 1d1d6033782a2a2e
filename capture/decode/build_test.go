package decode

import (
	"bytes"
	"encoding/binary"
	"net/netip"
	"testing"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
	"github.com/stretchr/testify/require"

	"ftpscope/capture/flow"
)

var (
	client4, server4 = netip.MustParseAddr("192.0.2.10"), netip.MustParseAddr("198.51.100.21")
	client6, server6 = netip.MustParseAddr("2001:db8::10"), netip.MustParseAddr("2001:db8:1::21")
	router4, router6 = netip.MustParseAddr("203.0.113.1"), netip.MustParseAddr("2001:db8:ffff::1")
)

// EtherTypes that only tests name.
const (
	etherUnknown  = 0x0bad
	etherCDP      = 0x2000
	etherRARP     = 0x8035
	etherSlow     = 0x8809
	etherMPLS     = 0x8847
	etherPPPoED   = 0x8863
	etherPPPoE    = 0x8864
	etherEAPOL    = 0x888e
	etherLLDP     = 0x88cc
	etherMACsec   = 0x88e5
	etherPTP      = 0x88f7
	etherVNTag    = 0x8926
	etherNSH      = 0x894f
	etherLoopback = 0x9000
)

const payload = "RETR a.txt\r\n"

// stack serializes layers, their lengths filled in.
func stack(t testing.TB, l ...gopacket.SerializableLayer) []byte {
	t.Helper()
	buf := gopacket.NewSerializeBuffer()
	require.NoError(t, gopacket.SerializeLayers(buf, gopacket.SerializeOptions{FixLengths: true}, l...))
	return bytes.Clone(buf.Bytes())
}

// header is the TCP header of every packet here, with options.
func header(options ...layers.TCPOption) *layers.TCP {
	return &layers.TCP{SrcPort: 51234, DstPort: 21, Seq: 0xfffffff0, Ack: 77, ACK: true, PSH: true, Window: 502, Options: options}
}

func ip4(proto layers.IPProtocol) *layers.IPv4 {
	return &layers.IPv4{Version: 4, TTL: 63, Protocol: proto, SrcIP: client4.AsSlice(), DstIP: server4.AsSlice()}
}

func ip6(next layers.IPProtocol) *layers.IPv6 {
	return &layers.IPv6{Version: 6, HopLimit: 63, NextHeader: next, SrcIP: client6.AsSlice(), DstIP: server6.AsSlice()}
}

// tcp4 and tcp6 are the usual packet, from the IP header on.
func tcp4(t testing.TB) []byte {
	return stack(t, ip4(layers.IPProtocolTCP), header(), gopacket.Payload(payload))
}

func tcp6(t testing.TB) []byte {
	return stack(t, ip6(layers.IPProtocolTCP), header(), gopacket.Payload(payload))
}

// extended6 puts extension headers, the first of type next, between an IPv6 header and
// the usual segment.
func extended6(t testing.TB, next layers.IPProtocol, headers ...byte) []byte {
	return stack(t, ip6(next), gopacket.Payload(join(headers, tcp6(t)[40:])))
}

// want is what the usual packet says.
func want(src, dst netip.Addr) flow.Segment {
	return flow.Segment{
		Src: flow.HostOf(src), Dst: flow.HostOf(dst), SrcPort: 51234, DstPort: 21, Flags: flow.ACK | flow.PSH, TTL: 63,
		Scale: flow.NoScale, Seq: 0xfffffff0, Ack: 77, Window: 502, Length: uint32(len(payload)), Payload: []byte(payload),
	}
}

func want4() flow.Segment { return want(client4, server4) }
func want6() flow.Segment { return want(client6, server6) }

// ethernet puts b behind an Ethernet header with the EtherTypes of tags and then of b.
func ethernet(types []uint16, b []byte) []byte {
	frame := make([]byte, 12, 64)
	for i, etherType := range types {
		frame = binary.BigEndian.AppendUint16(frame, etherType)
		if i < len(types)-1 {
			frame = append(frame, 0x20, byte(i))
		}
	}
	return append(frame, b...)
}

func join(parts ...[]byte) []byte { return bytes.Join(parts, nil) }

// changed is b with the bytes at offset at replaced.
func changed(b []byte, at int, with ...byte) []byte {
	b = bytes.Clone(b)
	copy(b[at:], with)
	return b
}

// frame is a whole frame.
func frame(link uint32, data []byte) Frame {
	return Frame{Data: data, Length: uint32(len(data)), Link: link}
}

// outcome is what the decoder says of a packet.
type outcome struct {
	Verdict Verdict
	Segment flow.Segment // of TCP and ICMP
	Path    flow.Path    // that the segment was in; its number says little
	Reason  string       // of Undecoded
}

// decodeOne decodes f. The segment is dirty before, as it is in use.
func decodeOne(t testing.TB, f Frame) outcome {
	t.Helper()
	var d Decoder
	seg := flow.Segment{Scale: 9, Payload: []byte("old"), ICMP: &flow.ICMP{}, Flags: 0xff, Length: 99, Ack: 5, Window: 6, Net: 77}
	o := outcome{Verdict: d.Decode(f, &seg)}
	switch o.Verdict {
	case TCP, ICMP:
		o.Path, o.Segment = d.Network(seg.Net), seg
		o.Segment.Net = flow.PlainNet
	case Undecoded:
		require.Equal(t, uint64(1), d.Undecoded())
		require.Len(t, d.Reasons(), 1)
		o.Reason = d.Reasons()[0].Text
	}
	if o.Verdict != Undecoded {
		require.Zero(t, d.Undecoded())
	}
	return o
}

func segment(s flow.Segment) outcome { return outcome{Verdict: TCP, Segment: s} }

// in is the outcome, of a segment in some VLANs.
func (o outcome) in(vlans ...uint64) outcome {
	for _, id := range vlans {
		o.Path = append(o.Path, flow.Step{Kind: flow.StepVLAN, ID: id})
	}
	return o
}

func undecoded(text string) outcome { return outcome{Verdict: Undecoded, Reason: text} }
