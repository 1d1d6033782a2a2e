package decode

import (
	"testing"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
	"github.com/stretchr/testify/require"

	"ftpscope/capture/capturetest"
	"ftpscope/capture/flow"
)

// Whatever announces a layer, there is a decoder for it, under the type that it says.
func TestTables(t *testing.T) {
	var d Decoder
	c := d.walker()
	for _, r := range rows {
		next, ok := c.layers.Decoder(r.kind)
		require.True(t, ok, r.kind)
		require.True(t, next.CanDecode().Contains(r.kind), r.kind)
		require.NotEmpty(t, r.kind.String())
	}
	for link := range uint32(300) {
		require.Equal(t, byLink[link] != 0, KnowsLink(link))
		if h := HeadOf(link); h != nil {
			require.True(t, KnowsLink(link))
		}
	}
	require.Nil(t, HeadOf(1<<31))
}

// A layer that panics costs its packet only, and is named.
func TestPanic(t *testing.T) {
	var d Decoder
	var seg flow.Segment
	c := d.walker()
	c.layers[layers.LayerTypeGRE] = &layer{chain: c, own: layers.LayerTypeGRE, read: func(*layer, Frame) error { panic("index out of range") }}
	gre := over(t, layers.IPProtocolGRE, 0, 0, 8, 0)
	require.Equal(t, Undecoded, d.Decode(frame(LinkRaw, gre), &seg))
	require.Equal(t, Undecoded, d.Decode(frame(LinkRaw, gre), &seg))
	require.Equal(t, TCP, d.Decode(frame(LinkRaw, tcp4(t)), &seg))
	require.Equal(t, []Reason{{"panic in the decoder of GRE", 2}}, d.Reasons())
}

// An error of gopacket's own is a reason by the layer's name.
func TestForeignError(t *testing.T) {
	var d Decoder
	var seg flow.Segment
	c := d.walker()
	c.layers[layers.LayerTypeGRE] = &layers.UDP{}
	require.Equal(t, Undecoded, d.Decode(frame(LinkRaw, over(t, layers.IPProtocolGRE, 0, 0, 8)), &seg))
	require.Equal(t, []Reason{{"malformed GRE header", 1}}, d.Reasons())
}

// Layers that take no bytes cannot keep the chain going.
func TestEndlessLayers(t *testing.T) {
	var d Decoder
	var seg flow.Segment
	c := d.walker()
	c.layers[layers.LayerTypeGRE] = &layer{chain: c, own: layers.LayerTypeGRE, read: func(l *layer, f Frame) error { return l.carry(f, 0, layers.LayerTypeGRE) }}
	require.Equal(t, Undecoded, d.Decode(frame(LinkRaw, over(t, layers.IPProtocolGRE, 0, 0, 8, 0)), &seg))
	require.Equal(t, []Reason{{"too many layers in one another", 1}}, d.Reasons())
}

// gopacket itself reads our layers where nothing is left to be known of those before them.
func TestStandalone(t *testing.T) {
	packet := gopacket.NewPacket(join([]byte{8, 0}, make([]byte, 18), tcp4(t)), layerSLL2, gopacket.Default)
	require.Nil(t, packet.ErrorLayer())
	require.Equal(t, layerSLL2, packet.Layers()[0].LayerType())
	tcp, ok := packet.Layer(layers.LayerTypeTCP).(*layers.TCP)
	require.True(t, ok)
	require.Equal(t, payload, string(tcp.Payload))
	cut := gopacket.NewPacket([]byte{8, 0}, layerSLL2, gopacket.Default)
	require.NotNil(t, cut.ErrorLayer())
	require.Equal(t, "cut in the Linux cooked header", cut.ErrorLayer().Error().Error())
}

// types are the layers of a trail that take bytes.
func types(trail *Trail) (list []gopacket.LayerType) {
	for _, l := range trail.Layers {
		if l.Size > 0 || l.Quoted {
			list = append(list, l.Type)
		}
	}
	return list
}

func TestTrail(t *testing.T) {
	v4, v6 := tcp4(t), tcp6(t)
	first, later := changed(long4(t), 6, 0x20, 0), changed(long4(t), 6, 0, 2)
	eth, ip4Type, tcpType := layers.LayerTypeEthernet, layers.LayerTypeIPv4, layers.LayerTypeTCP
	for _, test := range []struct {
		name    string
		frame   Frame
		verdict Verdict
		types   []gopacket.LayerType
	}{
		{"raw", frame(LinkRaw, v4), TCP, []gopacket.LayerType{ip4Type, tcpType}},
		{"VLANs", frame(LinkEthernet, ethernet([]uint16{etherQinQ, etherVLAN, etherIPv4}, v4)), TCP,
			[]gopacket.LayerType{eth, layers.LayerTypeDot1Q, layers.LayerTypeDot1Q, ip4Type, tcpType}},
		{"IPv6 with options", frame(LinkRaw, extended6(t, protoHopByHop, protoTCP, 0, 1, 4, 0, 0, 0, 0)), TCP,
			[]gopacket.LayerType{layers.LayerTypeIPv6, layers.LayerTypeIPv6HopByHop, tcpType}},
		{"first fragment", frame(LinkRaw, first), TCP, []gopacket.LayerType{ip4Type, tcpType}},
		{"later fragment", frame(LinkRaw, later), Fragment, []gopacket.LayerType{ip4Type}},
		{"ICMP error", frame(LinkRaw, icmp4(t, 3, 1, v4)), ICMP, []gopacket.LayerType{ip4Type, layers.LayerTypeICMPv4, ip4Type, tcpType}},
		{"ICMPv6 error", frame(LinkRaw, icmp6(t, 1, 0, v6)), ICMP,
			[]gopacket.LayerType{layers.LayerTypeIPv6, layers.LayerTypeICMPv6, layers.LayerTypeIPv6, tcpType}},
		{"ARP", frame(LinkEthernet, ethernet([]uint16{etherARP}, make([]byte, 28))), Other, []gopacket.LayerType{eth}},
		{"unknown", frame(147, v4), Undecoded, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			var d Decoder
			trail, v := d.Trail(test.frame)
			require.Equal(t, test.verdict, v)
			require.Equal(t, test.types, types(trail))
			require.Zero(t, d.Undecoded())
			require.Empty(t, d.networks.list)
		})
	}
}

// In every wrapping the trail leads to the segment: its layers follow each other, and say the lengths of the IP packet.
func TestTrailOfWrappings(t *testing.T) {
	v4 := tcp4(t)
	for _, w := range capturetest.Wrappings() {
		if w.Name == "802.11 A-MSDU" {
			continue // More goes on where a trail ends
		}
		t.Run(w.Name, func(t *testing.T) {
			var d Decoder
			data := w.Packet(v4, flow.Out)
			trail, v := d.Trail(frame(w.Link, data))
			require.Equal(t, TCP, v)
			for i := 1; i < len(trail.Layers); i++ {
				require.Equal(t, trail.Layers[i-1].Body(), trail.Layers[i].At)
			}
			tcp := trail.Layers[len(trail.Layers)-1]
			require.Equal(t, layers.LayerTypeTCP, tcp.Type)
			require.Equal(t, payload, string(data[tcp.Body():tcp.End]))
			for _, f := range trail.Fields {
				require.LessOrEqual(t, f.At, tcp.At)
			}
			require.Zero(t, testing.AllocsPerRun(10, func() { d.Trail(frame(w.Link, data)) }))
		})
	}
}

func TestFields(t *testing.T) {
	for name, want := range map[string][]Field{
		"raw 101":           nil,
		"vlan":              {{Station, 0, 6, 6}, {Station, 6, 6, 6}},
		"PPPoE":             {{Station, 0, 6, 6}, {Station, 6, 6, 6}, {Kind: Length, At: 14 + 4}},
		"NFLOG":             {{Kind: LengthLittle, At: 16}},
		"NFLOG, big-endian": {{Kind: Length, At: 16}},
		"GRE with checksum": {{Station, 0, 6, 6}, {Station, 6, 6, 6}, {Kind: Checksum, At: 14 + 20 + 4}},
		"802.11":            {{Station, 4, 6, 6}, {Station, 10, 6, 6}, {Station, 16, 6, 6}},
		"Token Ring":        {{Kind: Sealed, At: 0}},
	} {
		for _, w := range capturetest.Wrappings() {
			if w.Name == name {
				var d Decoder
				trail, _ := d.Trail(frame(w.Link, w.Packet(tcp4(t), flow.Out)))
				require.Equal(t, want, append([]Field(nil), trail.Fields...), name)
			}
		}
	}
}
