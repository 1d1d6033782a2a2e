package decode

import (
	"bytes"
	"encoding/binary"
	"net/netip"
	"testing"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
	"github.com/stretchr/testify/require"

	"ftpscope/capture/capturetest"
	"ftpscope/capture/flow"
)

// FuzzDecode compares the decoder with gopacket's layers: what both take for TCP says the
// same.
func FuzzDecode(f *testing.F) {
	v4, v6 := tcp4(f), tcp6(f)
	for _, k := range kinds(f) {
		f.Add(k.frame.Data, k.frame.Link, uint32(0))
	}
	f.Add(ethernet([]uint16{etherIPv4}, join(v4, make([]byte, 9))), uint32(LinkEthernet), uint32(0))
	f.Add(ethernet([]uint16{60}, join([]byte{0xaa, 0xaa, 3, 0, 0, 0, 8, 0}, v4)), uint32(LinkEthernet), uint32(0))
	f.Add(join([]byte{0, 4, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0, 8, 0}, v4), uint32(LinkSLL), uint32(0))
	f.Add(join([]byte{30, 0, 0, 0}, v6), uint32(LinkNull), uint32(0))
	f.Add(join([]byte{0, 0, 0, 2}, changed(v4, 2, 0, 0)), uint32(LinkLoop), uint32(70_000))
	f.Add(v6[:70], uint32(LinkIPv6), uint32(2))
	f.Add(extended6(f, protoHopByHop, protoTCP, 0, 1, 4, 0, 0, 0, 0), uint32(LinkRaw), uint32(0))
	f.Add(icmp6(f, 1, 0, v6), uint32(LinkRaw), uint32(0))
	for _, w := range append(capturetest.Wrappings(), capturetest.Teredo()...) {
		f.Add(w.Packet(v4, flow.Out), w.Link, uint32(0))
		f.Add(w.Packet(v6, flow.In), w.Link, uint32(0))
	}
	f.Fuzz(func(t *testing.T, data []byte, link, uncaptured uint32) {
		// Few of 2^32 types are known: mostly choose one of them.
		if !KnowsLink(link) && link%4 != 0 {
			link = links[int(link)%len(links)]
		}
		frame := Frame{Data: data, Length: uint32(len(data)) + min(uncaptured, 1<<31), Link: link}
		var d Decoder
		var seg flow.Segment
		verdict := d.Decode(frame, &seg)
		checkSegment(t, verdict, frame, &seg)
		checkPanics(t, &d)
		if !d.walk.pending && d.rest.frame.Data == nil { // else what came before in the same frame may be undecoded
			require.Equal(t, verdict == Undecoded, d.Undecoded() == 1)
		}
		if verdict == TCP {
			compare(t, frame, &seg)
		}
		for n := 0; d.More(&seg); n++ {
			require.Less(t, n, len(data))
			require.LessOrEqual(t, len(seg.Payload), int(seg.Length))
		}
	})
}

// links are the link types that the fuzzer chooses from, the usual ones more often.
var links = []uint32{
	LinkEthernet, LinkEthernet, LinkEthernet, LinkRaw, LinkSLL, LinkSLL2, LinkNull, LinkLoop, LinkIPv4, LinkIPv6, LinkRaw12, LinkRaw14,
	LinkPPP, LinkPPPHDLC, LinkPPPoE, LinkCHDLC, LinkDot11, LinkEnc, LinkPFLOG, LinkPrism, LinkRadiotap, LinkPKTAPOld, LinkAVS, LinkPPPD,
	LinkPPI, LinkERF, LinkPPPDir, LinkHDLCDir, LinkMPLS, LinkNFLOG, LinkAnalyzer, LinkPKTAP, LinkRing, LinkFDDI, LinkATM, LinkFC, LinkFrame,
}

// checkSegment holds what every segment must hold.
func checkSegment(t *testing.T, verdict Verdict, f Frame, seg *flow.Segment) {
	switch verdict {
	case TCP:
		require.Nil(t, seg.ICMP)
		require.LessOrEqual(t, len(seg.Payload), int(seg.Length))
		require.LessOrEqual(t, seg.Length, uint32(maxOffload))
		require.True(t, bytes.Contains(f.Data, seg.Payload))
		require.True(t, seg.Scale <= 14 || seg.Scale == flow.NoScale)
		require.True(t, seg.Flags&flow.SYN != 0 || seg.Scale == flow.NoScale)
	case ICMP:
		require.NotNil(t, seg.ICMP)
		require.Zero(t, seg.Length)
		require.Nil(t, seg.Payload)
		require.True(t, reports(seg.ICMP.Type, seg.ICMP.V6))
	}
}

// said is what both decoders say of a segment.
type said struct {
	src, dst   netip.AddrPort
	ttl, flags uint8
	seq, ack   uint32
	window     uint16
}

// compare asks gopacket about a frame that the decoder took for TCP. Where gopacket finds
// no TCP there is nothing to compare: it knows no SLL2, no tags of type 0x9100 and no
// IPv6 routing headers, and leaves first fragments alone.
func compare(t *testing.T, f Frame, seg *flow.Segment) {
	first := firstLayer(f)
	if first == nil {
		return
	}
	packet := gopacket.NewPacket(f.Data, first, gopacket.DecodeOptions{Lazy: true}) // a copy: it writes into what it reads
	tcp, ok := packet.Layer(layers.LayerTypeTCP).(*layers.TCP)                      // Lazy: decodes no further
	if !ok || tcp.Contents == nil || misread(packet) {
		return
	}
	theirs := said{seq: tcp.Seq, ack: tcp.Ack, window: tcp.Window, flags: tcpFlags(tcp)}
	length, exact := 0, true
	switch ip := innermost(packet).(type) {
	case *layers.IPv4:
		theirs.src, theirs.dst, theirs.ttl = endpoint(ip.SrcIP, tcp.SrcPort), endpoint(ip.DstIP, tcp.DstPort), ip.TTL
		length = int(binary.BigEndian.Uint16(ip.Contents[2:])) - len(ip.Contents) - int(tcp.DataOffset)*4
		exact = ip.Protocol == layers.IPProtocolTCP && binary.BigEndian.Uint16(ip.Contents[2:]) != 0 // gopacket takes the length from what is captured, cut to 16 bits
	case *layers.IPv6:
		theirs.src, theirs.dst, theirs.ttl = endpoint(ip.SrcIP, tcp.SrcPort), endpoint(ip.DstIP, tcp.DstPort), ip.HopLimit
		length = int(ip.Length) - int(tcp.DataOffset)*4
		exact = ip.NextHeader == layers.IPProtocolTCP && ip.Length != 0 // gopacket does not take extension headers off the length
	}
	require.Equal(t, theirs, said{
		netip.AddrPortFrom(seg.Src.Addr(), seg.SrcPort), netip.AddrPortFrom(seg.Dst.Addr(), seg.DstPort),
		seg.TTL, seg.Flags, seg.Seq, seg.Ack, seg.Window,
	})
	if exact {
		require.Equal(t, length, int(seg.Length))
	}
	// gopacket's payload may be cut by an IEEE 802.3 length, or go on into what pads the
	// frame: see above.
	ours, their := seg.Payload, tcp.Payload
	if exact && packet.Layer(layers.LayerTypeLLC) == nil {
		require.True(t, bytes.Equal(ours, their), "payload %q, gopacket %q", ours, their)
	}
	n := min(len(ours), len(their))
	require.True(t, bytes.Equal(ours[:n], their[:n]))
}

// innermost is the IP header that TCP follows.
func innermost(packet gopacket.Packet) (ip gopacket.Layer) {
	for _, l := range packet.Layers() {
		switch l.LayerType() {
		case layers.LayerTypeIPv4, layers.LayerTypeIPv6:
			ip = l
		case layers.LayerTypeTCP:
			return ip
		}
	}
	return ip
}

// misread tells the tunnels that gopacket reads wrongly: ERSPAN I as if it were II, GTP-U
// with extension headers that are not there, PPTP beyond its length.
func misread(packet gopacket.Packet) bool {
	for _, l := range packet.Layers() {
		if gre, ok := l.(*layers.GRE); ok && gre.Version == 1 || l.LayerType() == layers.LayerTypeERSPANII || l.LayerType() == layers.LayerTypeGTPv1U {
			return true
		}
	}
	return false
}

// firstLayer is gopacket's decoder for the frame's link type, nil if it has none.
func firstLayer(f Frame) gopacket.Decoder {
	switch f.Link {
	case LinkEthernet:
		return layers.LayerTypeEthernet
	case LinkSLL:
		return layers.LayerTypeLinuxSLL
	case LinkNull, LinkLoop:
		return layers.LayerTypeLoopback
	case LinkPPPoE:
		return layers.LayerTypePPPoE
	case LinkDot11:
		return layers.LayerTypeDot11
	case LinkRadiotap:
		return layers.LayerTypeRadioTap
	case LinkPFLOG:
		return layers.LayerTypePFLog
	case LinkMPLS:
		return layers.LayerTypeMPLS
	case LinkPPP, LinkPPPHDLC:
		if f.Data[0] == 0xff {
			return layers.LayerTypePPP
		}
	case LinkRaw, LinkRaw12, LinkRaw14, LinkIPv4, LinkIPv6:
		if f.Data[0]>>4 == 4 {
			return layers.LayerTypeIPv4
		}
		return layers.LayerTypeIPv6
	}
	return nil
}

func endpoint(ip []byte, port layers.TCPPort) netip.AddrPort {
	addr, _ := netip.AddrFromSlice(ip)
	return netip.AddrPortFrom(addr.Unmap(), uint16(port))
}

func tcpFlags(tcp *layers.TCP) (flags uint8) {
	for i, set := range []bool{tcp.FIN, tcp.SYN, tcp.RST, tcp.PSH, tcp.ACK, tcp.URG, tcp.ECE, tcp.CWR} {
		if set {
			flags |= 1 << i
		}
	}
	return flags
}
