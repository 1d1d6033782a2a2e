package decode

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"testing"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
	"github.com/stretchr/testify/require"

	"ftpscope/capture/capturetest"
	"ftpscope/capture/flow"
)

// A snapshot length may cut wrapped packets anywhere, too: as soon as the TCP header is
// whole the segment is the same, and before there is none.
func TestCutWrappings(t *testing.T) {
	for _, w := range capturetest.Wrappings() {
		t.Run(w.Name, func(t *testing.T) {
			data := w.Packet(tcp4(t), flow.Out)
			body := bytes.LastIndex(data, []byte(payload))
			for cut := range data {
				got := decodeOne(t, Frame{Data: data[:cut:cut], Length: uint32(len(data)), Link: w.Link})
				if cut < body {
					require.Contains(t, []Verdict{Undecoded, Other}, got.Verdict, cut)
					continue
				}
				got.Path = nil
				want := want4()
				want.Payload = nil
				if held := data[body:min(cut, body+len(payload))]; len(held) > 0 {
					want.Payload = bytes.Clone(held)
				}
				require.Equal(t, segment(want), got, cut)
			}
		})
	}
}

// udpTo is a UDP packet to a port.
func udpTo(t testing.TB, port uint16, payload ...byte) []byte {
	return stack(t, ip4(layers.IPProtocolUDP), &layers.UDP{SrcPort: 50000, DstPort: layers.UDPPort(port)}, gopacket.Payload(payload))
}

// What only goes to a tunnel's port is none.
func TestNoTunnels(t *testing.T) {
	v4 := tcp4(t)
	inner := ethernet([]uint16{etherIPv4}, v4)
	long := changed(inner, 14+2, 0x40, 0)
	v6 := tcp6(t)
	for _, test := range []struct {
		name    string
		port    uint16
		payload []byte
	}{
		{"no payload", portVXLAN, nil},
		{"VXLAN without a network", portVXLAN, join([]byte{0, 0, 0, 0, 0, 0, 1, 0}, inner)},
		{"VXLAN, reserved flag", portVXLAN, join([]byte{9, 0, 0, 0, 0, 0, 1, 0}, inner)},
		{"VXLAN, reserved byte", portVXLAN, join([]byte{8, 0, 0, 0, 0, 0, 1, 1}, inner)},
		{"VXLAN, an IP packet that is too long", portVXLAN, join([]byte{8, 0, 0, 0, 0, 0, 1, 0}, long)},
		{"VXLAN, IP version 5", portVXLAN, join([]byte{8, 0, 0, 0, 0, 0, 1, 0}, changed(inner, 14, 0x55))},
		{"VXLAN, an unknown EtherType", portVXLAN, join([]byte{8, 0, 0, 0, 0, 0, 1, 0}, ethernet([]uint16{0x1234}, v4))},
		{"VXLAN-GPE, an unknown protocol", portVXLANGPE, join([]byte{12, 0, 0, 77, 0, 0, 1, 0}, v4)},
		{"Geneve, version 1", portGeneve, join([]byte{0x40, 0, 0x65, 0x58, 0, 0, 1, 0}, inner)},
		{"Geneve, options longer than the packet", portGeneve, join([]byte{0x3f, 0, 0x65, 0x58, 0, 0, 1, 0}, inner)},
		{"Geneve, a control packet", portGeneve, join([]byte{0, 0x80, 0x65, 0x58, 0, 0, 1, 0}, inner)},
		{"GTP-U, echo request", portGTPU, []byte{0x32, 1, 0, 4, 0, 0, 0, 0, 0, 1, 0, 0}},
		{"GTP-U, version 2", portGTPU, join([]byte{0x50, 255, 0, byte(len(v4)), 0, 0, 0, 1}, v4)},
		{"GTP-U, longer than the packet", portGTPU, join([]byte{0x30, 255, 1, 0, 0, 0, 0, 1}, v4)},
		{"GTP-U, an empty extension header", portGTPU, join([]byte{0x34, 255, 0, byte(len(v4) + 8), 0, 0, 0, 1, 0, 0, 0, 5, 0, 0, 0, 0}, v4)},
		{"GTP-U, no IP", portGTPU, []byte{0x30, 255, 0, 4, 0, 0, 0, 1, 1, 2, 3, 4}},
		{"Teredo, not a client's", portTeredo, v6},
		{"Teredo, IPv4", portTeredo, v4},
		{"L2TP, control", portL2TP, []byte{0xc8, 2, 0, 12, 0, 1, 0, 0, 0, 1, 0, 0}},
		{"L2TP, version 1", portL2TP, join([]byte{0, 1, 0, 1, 0, 2, 0xff, 3, 0, 0x21}, v4)},
		{"L2TP, no PPP", portL2TP, join([]byte{0, 2, 0, 1, 0, 2, 7, 7, 7, 7}, v4)},
		{"L2TPv3, no packet", portL2TP, join([]byte{0, 3, 0, 0, 0, 0, 0, 1}, bytes.Repeat([]byte{7}, 60))},
		{"MPLS, no packet", portMPLS, join([]byte{0, 0x3e, 0x81, 64}, bytes.Repeat([]byte{7}, 60))},
		{"MPLS, no bottom", portMPLS, bytes.Repeat([]byte{0}, 60)},
		{"IKE", portNAT, join([]byte{0, 0, 0, 0}, bytes.Repeat([]byte{7}, 60))},
		{"keepalive of NAT", portNAT, []byte{0xff}},
		{"TZSP, keepalive", portTZSP, []byte{1, 4, 0, 1, 1}},
		{"TZSP, version 2", portTZSP, join([]byte{2, 0, 0, 1, 1}, inner)},
		{"TZSP, an unknown kind of frame", portTZSP, join([]byte{1, 0, 0, 99, 1}, inner)},
		{"TZSP, tags without end", portTZSP, []byte{1, 0, 0, 1, 10, 1, 200, 0, 0}},
		{"TZSP, an IP packet that is too long", portTZSP, join([]byte{1, 0, 0, 1, 1}, long)},
		{"CAPWAP, keepalive", portCAPWAP, join([]byte{0, 0x10, 2, 8, 0, 0, 0, 0}, inner)},
		{"CAPWAP, another binding", portCAPWAP, join([]byte{0, 0x10, 6, 0, 0, 0, 0, 0}, inner)},
		{"CAPWAP, a header of one word", portCAPWAP, join([]byte{0, 0x08, 2, 0, 0, 0, 0, 0}, inner)},
		{"CAPWAP, handshake of DTLS", portCAPWAP, join([]byte{1, 0, 0, 0, 22, 0xfe, 0xfd}, inner)},
		{"CAPWAP, a beacon", portCAPWAP, join([]byte{0, 0x10, 3, 0, 0, 0, 0, 0, 0x80, 0}, make([]byte, 40))},
		{"CAPWAP, an IP packet that is too long", portCAPWAP, join([]byte{0, 0x10, 2, 0, 0, 0, 0, 0}, long)},
		{"LISP, encrypted", portLISP, join([]byte{0xc1, 1, 2, 3, 0, 0, 0, 1}, v4)},
		{"LISP, no IP", portLISP, join([]byte{0xc0, 1, 2, 3, 0, 0, 0, 1}, bytes.Repeat([]byte{0x45}, 60))},
		{"LISP-GPE, an unknown protocol", portLISP, join([]byte{0x04, 0, 0, 77, 0, 0, 0, 0}, v4)},
		{"DNS", 53, v4},
	} {
		t.Run(test.name, func(t *testing.T) {
			require.Equal(t, outcome{}, decodeOne(t, frame(LinkRaw, udpTo(t, test.port, test.payload...))))
		})
	}
}

// Random packets are no tunnels, whatever port they go to.
func TestRandomUDP(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	packet := udpTo(t, 0, make([]byte, 60)...)
	var d Decoder
	var seg flow.Segment
	for range 5_000 {
		for _, port := range []uint16{portVXLAN, portVXLANOld, portVXLANGPE, portGeneve, portGTPU, portTeredo, portL2TP, portMPLS, portTZSP, portCAPWAP, portLISP} {
			binary.BigEndian.PutUint16(packet[22:], port)
			for i := 28; i < len(packet); i += 4 {
				binary.LittleEndian.PutUint32(packet[i:], random.Uint32())
			}
			require.Equal(t, Other, d.Decode(frame(LinkRaw, packet), &seg), "%x", packet)
		}
	}
}

// A mirror may cut packets before it puts them into the tunnel, whose lengths are then
// right.
func TestCutBeforeTunnel(t *testing.T) {
	v4 := tcp4(t)
	binary.BigEndian.PutUint16(v4[10:], ^uint16(sum(v4[:20])))
	for _, name := range []string{"VXLAN", "Geneve, Ethernet", "Geneve, IP", "GRE, Ethernet", "ERSPAN II", "GTP-U", "MPLS, Ethernet with a control word", "L2TPv3 over IP"} {
		for _, w := range capturetest.Wrappings() {
			if w.Name != name {
				continue
			}
			t.Run(name, func(t *testing.T) {
				got := decodeOne(t, frame(w.Link, w.Packet(v4[:44], flow.Out)))
				want := want4()
				want.Payload = []byte(payload)[:4]
				got.Path = nil
				require.Equal(t, segment(want), got)
			})
		}
	}
	for _, w := range capturetest.Wrappings() {
		if w.Name == "VXLAN" {
			got := decodeOne(t, frame(w.Link, w.Packet(tcp6(t)[:64], flow.Out)))
			require.Equal(t, TCP, got.Verdict)
			require.Equal(t, uint32(len(payload)), got.Segment.Length)
		}
	}
}

// over is a packet of an IP protocol.
func over(t testing.TB, proto layers.IPProtocol, payload ...byte) []byte {
	return stack(t, ip4(proto), gopacket.Payload(payload))
}

func TestTunnelReasons(t *testing.T) {
	v4 := tcp4(t)
	inner := ethernet([]uint16{etherIPv4}, v4)
	gre := func(header ...byte) []byte { return over(t, layers.IPProtocolGRE, join(header, inner)...) }
	tunnels := func(n int) []byte {
		b := v4
		for range n {
			b = over(t, layers.IPProtocolIPv4, b...)
		}
		return b
	}
	eth := func(etherType uint16, parts ...[]byte) []byte { return ethernet([]uint16{etherType}, join(parts...)) }
	for _, test := range []struct {
		name string
		link uint32
		data []byte
		want outcome
	}{
		{"nine tunnels", LinkRaw, tunnels(9), undecoded("more than 8 tunnels in one another")},
		{"GRE, cut", LinkRaw, over(t, layers.IPProtocolGRE, 0, 0), undecoded("cut in the GRE header")},
		{"GRE, key missing", LinkRaw, over(t, layers.IPProtocolGRE, 0x20, 0, 8, 0), undecoded("malformed GRE header")},
		{"GRE, version 2", LinkRaw, gre(0, 2, 8, 0), undecoded("unknown version of GRE")},
		{"GRE, source route without an end", LinkRaw, over(t, layers.IPProtocolGRE, 0x40, 0, 8, 0, 0, 0, 0, 0, 8, 0, 0, 200, 1, 2, 3, 4), undecoded("malformed GRE header")},
		{"GRE, keepalive", LinkRaw, over(t, layers.IPProtocolGRE, 0, 0, 0, 0), outcome{}},
		{"GRE, unknown protocol", LinkRaw, gre(0, 0, 0x99, 0x99), undecoded("unknown EtherType 0x9999")},
		{"PPTP, acknowledgment", LinkRaw, over(t, layers.IPProtocolGRE, 0x20, 0x81, 0x88, 0x0b, 0, 0, 0, 7, 0, 0, 0, 1), outcome{}},
		{"PPTP, longer than the packet", LinkRaw, over(t, layers.IPProtocolGRE, 0x30, 1, 0x88, 0x0b, 9, 0, 0, 7, 0, 0, 0, 1), undecoded("malformed GRE header")},
		{"ERSPAN, version 7", LinkRaw, gre(0x10, 0, 0x88, 0xbe, 0, 0, 0, 1, 0x70, 0, 0, 0, 0, 0, 0, 0), undecoded("unknown version 7 of ERSPAN")},
		{"ERSPAN, cut", LinkRaw, over(t, layers.IPProtocolGRE, 0x10, 0, 0x88, 0xbe, 0, 0, 0, 1, 0x10, 0), undecoded("cut in the ERSPAN header")},
		{"ESP", LinkRaw, over(t, layers.IPProtocolESP, 1, 2, 3, 4), undecoded("IPsec ESP")},
		{"ESP in UDP", LinkRaw, udpTo(t, portNAT, bytes.Repeat([]byte{7}, 60)...), undecoded("IPsec ESP in UDP")},
		{"CAPWAP, encrypted", LinkRaw, udpTo(t, portCAPWAP, join([]byte{1, 0, 0, 0, 23, 0xfe, 0xfd}, make([]byte, 60))...), undecoded("CAPWAP encrypted")},
		{"CAPWAP, a fragment", LinkRaw, udpTo(t, portCAPWAP, join([]byte{0, 0x10, 2, 0x80, 0, 7, 0, 0}, inner)...), undecoded("CAPWAP fragment")},
		{"HSR, cut", LinkEthernet, eth(0x892f, []byte{0, 0, 0}), undecoded("cut in a tag")},
		{"AH, shorter than its fields", LinkRaw, over(t, layers.IPProtocolAH, join([]byte{6, 0, 0, 0}, make([]byte, 40))...), undecoded("malformed IPsec AH header")},
		{"AH, longer than the packet", LinkRaw, over(t, layers.IPProtocolAH, join([]byte{6, 200, 0, 0}, make([]byte, 40))...), undecoded("malformed IPsec AH header")},
		{"EtherIP, version 4", LinkRaw, over(t, 97, join([]byte{0x40, 0}, inner)...), undecoded("malformed EtherIP header")},
		{"L2TPv3, control", LinkRaw, over(t, 115, 0, 0, 0, 0, 0xc8, 3), outcome{}},
		{"L2TPv3, no packet", LinkRaw, over(t, 115, 0, 0, 0, 7, 1, 2, 3, 4), undecoded("unknown payload of L2TP")},
		{"MPLS, OAM", LinkMPLS, []byte{0, 0, 0xd1, 64, 1, 2, 3, 4}, outcome{}},
		{"MPLS, channel of a pseudowire", LinkMPLS, join([]byte{0, 0x3e, 0x81, 64, 0x10, 0, 0, 7}, make([]byte, 40)), outcome{}},
		{"MPLS, unknown", LinkMPLS, join([]byte{0, 0x3e, 0x81, 64, 0x70, 0, 0, 7}, bytes.Repeat([]byte{7}, 40)), undecoded("unknown payload of MPLS")},
		{"MPLS, 33 labels", LinkMPLS, bytes.Repeat([]byte{0, 0x3e, 0x80, 64}, 40), undecoded("more than 32 MPLS labels")},
		{"MPLS, Ethernet whose address begins like IPv4", LinkMPLS, join([]byte{0, 0x3e, 0x81, 64}, changed(inner, 0, 0x45)),
			outcome{Verdict: TCP, Segment: want4(), Path: flow.Path{{Kind: flow.StepMPLS, ID: 1000}}}},
		{"PPP, compressed headers", LinkPPP, []byte{0xff, 3, 0, 0x2d, 1, 2}, undecoded("PPP with compressed headers")},
		{"PPP, compressed", LinkPPP, []byte{0xff, 3, 0, 0xfd, 1, 2}, undecoded("PPP compressed")},
		{"PPP, encrypted", LinkPPP, []byte{0xff, 3, 0, 0x53, 1, 2}, undecoded("PPP encrypted")},
		{"PPP, link control", LinkPPP, []byte{0xff, 3, 0xc0, 0x21, 1, 2}, outcome{}},
		{"PPP, AppleTalk", LinkPPP, []byte{0xff, 3, 0, 0x29, 1, 2}, undecoded("unknown PPP protocol 0x0029")},
		{"PPP, a whole multilink packet", LinkPPP, join([]byte{0xff, 3, 0, 0x3d, 0xc0, 0, 0, 1, 0x21}, v4), segment(want4())},
		{"PPP, a part of a multilink packet", LinkPPP, join([]byte{0xff, 3, 0, 0x3d, 0x80, 0, 0, 1, 0x21}, v4), undecoded("PPP multilink fragment")},
		{"PPPoE, discovery", LinkEthernet, eth(etherPPPoED, []byte{0x11, 9, 0, 0, 0, 0}), outcome{}},
		{"PPPoE, longer than the frame", LinkEthernet, eth(etherPPPoE, []byte{0x11, 0, 0, 1, 9, 0, 0, 0x21}, v4), undecoded("malformed PPPoE header")},
		{"Cisco HDLC, keepalive", LinkCHDLC, []byte{0x8f, 0, 0x80, 0x35, 0, 0, 0, 2}, outcome{}},
		{"MACsec, encrypted", LinkEthernet, eth(etherMACsec, []byte{0x2c, 0, 0, 0, 0, 1}, make([]byte, 40)), undecoded("MACsec encrypted")},
		{"NSH, no length", LinkEthernet, eth(etherNSH, make([]byte, 40)), undecoded("malformed NSH header")},
		{"VN-Tags without end", LinkEthernet, eth(etherVNTag, bytes.Repeat([]byte{0, 0, 0, 1, 0x89, 0x26}, 20)), undecoded("more than 8 tunnels in one another")},
		{"NFLOG, version 1", LinkNFLOG, []byte{2, 1, 0, 0, 8, 0, 9, 0, 1, 2, 3, 4}, undecoded("unknown version of NFLOG")},
		{"NFLOG, no payload", LinkNFLOG, []byte{2, 0, 0, 0, 8, 0, 1, 0, 1, 2, 3, 4}, undecoded("cut in the NFLOG header")},
		{"NFLOG, an attribute of no length", LinkNFLOG, []byte{2, 0, 0, 0, 0, 0, 1, 0, 1, 2, 3, 4}, undecoded("malformed NFLOG header")},
		{"PFLOG, ARP", LinkPFLOG, join([]byte{61, 77}, make([]byte, 62), v4), undecoded("unknown address family 77")},
		{"PKTAP, of PKTAP", LinkPKTAP, bytes.Repeat([]byte{12, 0, 0, 0, 1, 0, 0, 0, 2, 1, 0, 0}, 12), undecoded("more than 8 tunnels in one another")},
		{"PKTAP, unknown link type", LinkPKTAP, []byte{12, 0, 0, 0, 1, 0, 0, 0, 99, 0, 0, 0}, undecoded("unknown link type 99")},
		{"ERF, unknown type", LinkERF, append([]byte{0, 0, 0, 0, 0, 0, 0, 0, 30}, make([]byte, 40)...), undecoded("unknown ERF type 30")},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := decodeOne(t, frame(test.link, test.data))
			if test.want.Path == nil {
				got.Path = nil
			}
			require.Equal(t, test.want, got)
		})
	}
}

// wifi is a data frame from a station; more follows its addresses.
func wifi(control, flags byte, more ...[]byte) []byte {
	return join([]byte{control, flags, 0, 0, 2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 3, 0x10, 0}, join(more...))
}

func TestWiFi(t *testing.T) {
	snap := []byte{0xaa, 0xaa, 3, 0, 0, 0, 8, 0}
	v4 := tcp4(t)
	for _, test := range []struct {
		name string
		data []byte
		want outcome
	}{
		{"data", wifi(0x08, 1, snap, v4), segment(want4())},
		{"beacon", wifi(0x80, 0, make([]byte, 40)), outcome{}},
		{"acknowledgment", []byte{0xd4, 0, 0, 0, 2, 0, 0, 0, 0, 1}, outcome{}},
		{"null", wifi(0x48, 1), outcome{}},
		{"QoS null", wifi(0xc8, 1, []byte{0, 0}), outcome{}},
		{"encrypted", wifi(0x08, 0x41, make([]byte, 60)), undecoded("802.11 encrypted")},
		{"decrypted by the driver, the bit left", wifi(0x08, 0x41, snap, v4), segment(want4())},
		{"first fragment", wifi(0x08, 5, snap, v4), undecoded("802.11 fragment")},
		{"last fragment", changed(wifi(0x08, 1, snap, v4), 22, 0x11), undecoded("802.11 fragment")},
		{"version 1", wifi(0x09, 1, snap, v4), undecoded("unknown version of 802.11")},
		{"spanning tree", wifi(0x08, 1, []byte{0x42, 0x42, 3, 0, 0, 0}), outcome{}},
		{"ARP", wifi(0x08, 1, snap[:6], []byte{8, 6}, make([]byte, 28)), outcome{}},
		{"cut", wifi(0x08, 1)[:20], undecoded("cut in the 802.11 header")},
		{"empty", nil, undecoded("cut in the 802.11 header")},
	} {
		t.Run(test.name, func(t *testing.T) {
			require.Equal(t, test.want, decodeOne(t, frame(LinkDot11, test.data)))
		})
	}
	damaged := join([]byte{0, 0, 9, 0, 2, 0, 0, 0, 0x40}, wifi(0x08, 1, snap, v4))
	require.Equal(t, undecoded("802.11 received damaged"), decodeOne(t, frame(LinkRadiotap, damaged)))
}

// An A-MSDU holds several packets: all are read, each in the network that the frame is
// in.
func TestAggregated(t *testing.T) {
	member := func(etherType uint16, b []byte) []byte {
		head := append(make([]byte, 12), byte((len(b)+8)>>8), byte(len(b)+8), 0xaa, 0xaa, 3, 0, 0, 0, byte(etherType>>8), byte(etherType))
		all := append(head, b...)
		return append(all, make([]byte, (4-len(all)%4)%4)...)
	}
	v4, v6 := tcp4(t), tcp6(t)
	tagged := join([]byte{0, 7, 8, 0}, v4)
	data := wifi(0x88, 1, []byte{0x80, 0}, member(etherARP, make([]byte, 28)), member(etherIPv4, v4), member(0x0bae, v4),
		member(etherVLAN, tagged), member(etherIPv6, v6), member(etherARP, make([]byte, 28)))
	var d Decoder
	var seg flow.Segment
	require.Equal(t, TCP, d.Decode(frame(LinkDot11, data), &seg))
	require.Equal(t, want4(), seg)
	require.True(t, d.More(&seg))
	require.Equal(t, "VLAN 7", d.Network(seg.Net).String())
	seg.Net = flow.PlainNet
	require.Equal(t, want4(), seg)
	require.True(t, d.More(&seg))
	require.Equal(t, want6(), seg)
	require.False(t, d.More(&seg))
	require.False(t, d.More(&seg))
	require.Equal(t, []Reason{{"unknown EtherType 0x0bae", 1}}, d.Reasons())

	lying := wifi(0x88, 1, []byte{0x80, 0}, member(etherIPv4, v4), changed(member(etherIPv4, v4), 12, 0xff, 0xff))
	require.Equal(t, TCP, d.Decode(frame(LinkDot11, lying), &seg))
	require.False(t, d.More(&seg))
	require.Equal(t, TCP, d.Decode(frame(LinkDot11, data), &seg))
	require.Equal(t, TCP, d.Decode(frame(LinkRaw, v4), &seg))
	require.False(t, d.More(&seg), "what was left of an earlier packet")
}
