package rewrite

import (
	"bytes"
	"encoding/binary"
	"net/netip"
	"testing"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
	"github.com/stretchr/testify/require"

	"ftpscope/capture/cryptopan"
	"ftpscope/capture/decode"
)

var (
	from4, to4, via4 = netip.MustParseAddr("86.75.30.9"), netip.MustParseAddr("150.101.98.211"), netip.MustParseAddr("77.88.99.11")
	from6, to6, via6 = netip.MustParseAddr("2a02:1234:5678::9"), netip.MustParseAddr("2a03:8765:4321::21"), netip.MustParseAddr("2a04:abcd:ef01::77")
)

func made(t *testing.T, list ...gopacket.SerializableLayer) Frame {
	t.Helper()
	buf := gopacket.NewSerializeBuffer()
	require.NoError(t, gopacket.SerializeLayers(buf, gopacket.SerializeOptions{FixLengths: true, ComputeChecksums: true}, list...))
	return Frame{Data: bytes.Clone(buf.Bytes()), Length: uint32(len(buf.Bytes())), Link: decode.LinkRaw}
}

// header is a TCP header over IP from src to dst, with options.
func header(t *testing.T, src, dst netip.Addr, options ...layers.TCPOption) *layers.TCP {
	tcp := &layers.TCP{SrcPort: 4000, DstPort: 21, Seq: 1000, Ack: 5000, ACK: true, Window: 500, Options: options}
	var ip gopacket.NetworkLayer = &layers.IPv6{Version: 6, SrcIP: src.AsSlice(), DstIP: dst.AsSlice()}
	if src.Is4() {
		ip = &layers.IPv4{Version: 4, SrcIP: src.AsSlice(), DstIP: dst.AsSlice()}
	}
	require.NoError(t, tcp.SetNetworkLayerForChecksum(ip))
	return tcp
}

// Options that hold addresses hold none any more, and checksums are right.
func TestOptions(t *testing.T) {
	address := func(a netip.Addr) []byte { return a.AsSlice() }
	joined := func(parts ...[]byte) []byte { return bytes.Join(parts, nil) }
	mptcp := layers.TCPOption{OptionType: 30, OptionLength: 10, OptionData: joined([]byte{0x34, 2}, address(via4), []byte{0, 21})}
	ip4 := func(options ...layers.IPv4Option) *layers.IPv4 {
		return &layers.IPv4{Version: 4, TTL: 60, Protocol: layers.IPProtocolTCP, SrcIP: address(from4), DstIP: address(to4), Options: options}
	}
	ip6 := func(next layers.IPProtocol) *layers.IPv6 {
		return &layers.IPv6{Version: 6, HopLimit: 60, NextHeader: next, SrcIP: address(from6), DstIP: address(to6)}
	}
	// Next header, length in eights less one, then the header's own.
	home := joined([]byte{6, 2, 0xc9, 16}, address(via6), []byte{1, 2, 0, 0})
	route := joined([]byte{6, 2, 0, 1, 0, 0, 0, 0}, address(via6))
	for _, test := range []struct {
		name  string
		frame Frame
		dst   netip.Addr // that checksums are about
	}{
		{"record route", made(t, ip4(layers.IPv4Option{OptionType: 7, OptionLength: 7, OptionData: joined([]byte{8}, address(via4))}, layers.IPv4Option{OptionType: 1}),
			header(t, from4, to4), gopacket.Payload("NOOP\r\n")), to4},
		{"MPTCP", made(t, ip4(), header(t, from4, to4, mptcp), gopacket.Payload("NOOP\r\n")), to4},
		{"home address", made(t, ip6(60), gopacket.Payload(joined(home, made(t, header(t, from6, to6), gopacket.Payload("NOOP\r\n")).Data))), to6},
		{"routing header", made(t, ip6(43), gopacket.Payload(joined(route, made(t, header(t, from6, via6), gopacket.Payload("NOOP\r\n")).Data))), via6},
	} {
		t.Run(test.name, func(t *testing.T) {
			m := cryptopan.New(key)
			r := Rewriter{Names: m}
			got, err := r.Packet(test.frame, nil, 0)
			require.NoError(t, err)
			require.Len(t, got.Data, len(test.frame.Data))
			for _, a := range []netip.Addr{from4, to4, via4, from6, to6, via6} {
				require.NotContains(t, string(got.Data), string(a.AsSlice()), a)
			}
			var d decode.Decoder
			trail, v := d.Trail(Frame{Data: got.Data, Length: uint32(len(got.Data)), Link: decode.LinkRaw})
			require.Equal(t, decode.TCP, v)
			ip := &trail.Layers[1] // the first is the link type's
			require.True(t, isIP(ip.Type))
			src := got.Data[12:16]
			if ip.Type == layers.LayerTypeIPv6 {
				src = got.Data[8:24]
			}
			tcp := trail.Layers[len(trail.Layers)-1]
			require.True(t, zero(fold(sum(sum(sum(pseudo(protoTCP, tcp.End-tcp.At), src), m.Addr(test.dst).AsSlice()), got.Data[tcp.At:tcp.End]))))
			if ip.Type == layers.LayerTypeIPv4 {
				require.True(t, zero(fold(sum(0, got.Data[:ip.Body()]))))
			}
		})
	}
}

// What is acknowledged selectively is what was sent.
func TestSelectiveAcknowledgements(t *testing.T) {
	edges := binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, 5010), 5030)
	f := made(t, &layers.IPv4{Version: 4, TTL: 60, Protocol: layers.IPProtocolTCP, SrcIP: from4.AsSlice(), DstIP: to4.AsSlice()},
		header(t, from4, to4, layers.TCPOption{OptionType: 5, OptionLength: 10, OptionData: edges}))
	c := &Conn{Sides: [2]Side{NewSide(1000, nil), NewSide(5000, []Edit{{At: 2, Old: 3, New: []byte("longer")}, {At: 15, Old: 9, New: []byte("x")}})}}
	r := Rewriter{}
	got, err := r.Packet(f, c, 0)
	require.NoError(t, err)
	tcp := gopacket.NewPacket(got.Data, layers.LayerTypeIPv4, gopacket.Default).Layer(layers.LayerTypeTCP).(*layers.TCP)
	require.Equal(t, uint32(5000), tcp.Ack)
	require.Equal(t, binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, 5013), 5025), tcp.Options[0].OptionData)
}

// Text may grow beyond what a packet can say.
func TestTooLong(t *testing.T) {
	f := made(t, &layers.IPv4{Version: 4, TTL: 60, Protocol: layers.IPProtocolTCP, SrcIP: from4.AsSlice(), DstIP: to4.AsSlice()},
		header(t, from4, to4), gopacket.Payload(make([]byte, 65000)))
	c := &Conn{Sides: [2]Side{NewSide(1000, []Edit{{At: 2, Old: 3, New: make([]byte, 600)}})}}
	r := Rewriter{}
	_, err := r.Packet(f, c, 0)
	require.Equal(t, ErrTooLong, err)
}
