package decode

import (
	"bytes"
	"testing"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
	"github.com/stretchr/testify/require"

	"ftpscope/capture/flow"
)

func TestTCP(t *testing.T) {
	v4 := tcp4(t)
	for _, test := range []struct {
		name string
		data []byte
		want outcome
	}{
		{"options", stack(t, ip4(layers.IPProtocolTCP), header(layers.TCPOption{OptionType: 8, OptionLength: 10, OptionData: make([]byte, 8)}), gopacket.Payload(payload)), segment(want4())},
		{"all flags", changed(v4, 33, 0xff), with(want4(), func(s *flow.Segment) { s.Flags = 0xff })},
		{"no flags", changed(v4, 33, 0), with(want4(), func(s *flow.Segment) { s.Flags = 0 })},
		{"reserved bits", changed(v4, 32, 0x5f), segment(want4())},
		{"data offset 0", changed(v4, 32, 0), undecoded("malformed TCP header")},
		{"data offset 4", changed(v4, 32, 0x40), undecoded("malformed TCP header")},
		{"data offset 8: all is header", changed(v4, 32, 0x80), with(want4(), func(s *flow.Segment) { s.Length, s.Payload = 0, nil })},
		{"data offset over the end", changed(v4, 32, 0x90), undecoded("malformed TCP header")},
		{"data offset over what is captured", changed(v4, 32, 0x70)[:41], with(want4(), func(s *flow.Segment) { s.Length, s.Payload = 4, nil })},
		{"ports 0", changed(v4, 20, 0, 0, 0, 0), with(want4(), func(s *flow.Segment) { s.SrcPort, s.DstPort = 0, 0 })},
	} {
		t.Run(test.name, func(t *testing.T) {
			require.Equal(t, test.want, decodeOne(t, frame(LinkRaw, test.data)))
		})
	}
}

func TestWindowScale(t *testing.T) {
	for _, test := range []struct {
		name    string
		options []byte
		flags   uint8
		want    uint8
	}{
		{"Linux", []byte{2, 4, 5, 0xb4, 4, 2, 8, 10, 0, 0, 0, 0, 0, 0, 0, 0, 1, 3, 3, 7}, flow.SYN, 7},
		{"SYN-ACK", []byte{3, 3, 9, 0}, flow.SYN | flow.ACK, 9},
		{"zero", []byte{3, 3, 0, 0}, flow.SYN, 0},
		{"over 14", []byte{3, 3, 200, 0}, flow.SYN, 14},
		{"not on a SYN", []byte{3, 3, 7, 0}, flow.ACK, flow.NoScale},
		{"none", nil, flow.SYN, flow.NoScale},
		{"after the end of the list", []byte{0, 3, 3, 7}, flow.SYN, flow.NoScale},
		{"wrong length", []byte{3, 4, 7, 0}, flow.SYN, flow.NoScale},
		{"length 0", []byte{2, 0, 3, 3, 7, 0, 0, 0}, flow.SYN, flow.NoScale},
		{"length 1", []byte{2, 1, 3, 3, 7, 0, 0, 0}, flow.SYN, flow.NoScale},
		{"length over the header", []byte{2, 60, 3, 3}, flow.SYN, flow.NoScale},
		{"length missing", []byte{1, 1, 1, 3}, flow.SYN, flow.NoScale},
	} {
		t.Run(test.name, func(t *testing.T) {
			head := changed(tcp4(t)[20:40], 12, byte(5+len(test.options)/4)<<4, test.flags)
			data := stack(t, ip4(layers.IPProtocolTCP), gopacket.Payload(join(head, test.options)))
			got := decodeOne(t, frame(LinkRaw, data))
			require.Equal(t, TCP, got.Verdict)
			require.Equal(t, test.want, got.Segment.Scale)
			require.Zero(t, got.Segment.Length)
		})
	}
}

// A snapshot length may cut anywhere: what was on the wire is told by the IP header as
// soon as the TCP header is whole.
func TestSnapLength(t *testing.T) {
	timestamps := layers.TCPOption{OptionType: 8, OptionLength: 10, OptionData: make([]byte, 8)}
	for _, test := range []struct {
		name string
		link uint32
		data []byte
		head int // where the payload begins
		want flow.Segment
	}{
		{"Ethernet, IPv4", LinkEthernet, ethernet([]uint16{etherIPv4}, tcp4(t)), 54, want4()},
		{"Ethernet, two tags, IPv6", LinkEthernet, ethernet([]uint16{etherQinQ, etherVLAN, etherIPv6}, tcp6(t)), 14 + 8 + 60, want6()},
		{"NULL, IPv4, TCP options", LinkNull, join([]byte{2, 0, 0, 0}, stack(t, ip4(layers.IPProtocolTCP), header(timestamps),
			gopacket.Payload(payload))), 4 + 52, want4()},
		{"RAW, IPv6, destination options", LinkRaw, extended6(t, protoDestOpts, protoTCP, 0, 1, 4, 0, 0, 0, 0), 68, want6()},
	} {
		t.Run(test.name, func(t *testing.T) {
			base := test.head - 20
			if test.name == "NULL, IPv4, TCP options" {
				base -= 12
			}
			for cut := range test.data {
				got := decodeOne(t, Frame{Data: test.data[:cut:cut], Length: uint32(len(test.data)), Link: test.link})
				if cut < base+20 {
					require.Equal(t, Undecoded, got.Verdict, cut)
					continue
				}
				want := test.want
				want.Payload = nil
				if cut > test.head {
					want.Payload = bytes.Clone(test.data[test.head:cut])
				}
				got.Path = nil
				require.Equal(t, segment(want), got, cut)
			}
		})
	}
}

func TestMSS(t *testing.T) {
	for _, test := range []struct {
		name    string
		options []byte
		flags   uint8
		want    uint16
	}{
		{"Linux", []byte{2, 4, 5, 0xb4, 4, 2, 8, 10, 0, 0, 0, 0, 0, 0, 0, 0, 1, 3, 3, 7}, flow.SYN, 1460},
		{"SYN-ACK", []byte{2, 4, 4, 0xb0}, flow.SYN | flow.ACK, 1200},
		{"the first counts", []byte{2, 4, 4, 0xb0, 2, 4, 5, 0xb4}, flow.SYN, 1200},
		{"not on a SYN", []byte{2, 4, 5, 0xb4}, flow.ACK, 0},
		{"none", nil, flow.SYN, 0},
		{"wrong length", []byte{2, 3, 5, 0}, flow.SYN, 0},
		{"cut", []byte{1, 1, 2, 4}, flow.SYN, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			head := changed(tcp4(t)[20:40], 12, byte(5+len(test.options)/4)<<4, test.flags)
			data := stack(t, ip4(layers.IPProtocolTCP), gopacket.Payload(join(head, test.options)))
			require.Equal(t, test.want, decodeOne(t, frame(LinkRaw, data)).Segment.MSS)
		})
	}
}
