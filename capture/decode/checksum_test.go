package decode

import (
	"bytes"
	"testing"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
	"github.com/stretchr/testify/require"

	"ftpscope/capture/flow"
)

// summed is a packet of the layers with checksums, as gopacket calculates them.
func summed(t testing.TB, ip gopacket.SerializableLayer, tcp *layers.TCP, payload string) []byte {
	require.NoError(t, tcp.SetNetworkLayerForChecksum(ip.(gopacket.NetworkLayer)))
	buf := gopacket.NewSerializeBuffer()
	require.NoError(t, gopacket.SerializeLayers(buf, gopacket.SerializeOptions{FixLengths: true, ComputeChecksums: true}, ip, tcp, gopacket.Payload(payload)))
	return bytes.Clone(buf.Bytes())
}

func TestVerifyChecksums(t *testing.T) {
	v4, v6 := summed(t, ip4(layers.IPProtocolTCP), header(), payload), summed(t, ip6(layers.IPProtocolTCP), header(), payload)
	odd := summed(t, ip4(layers.IPProtocolTCP), header(), payload+"x")
	withOptions := ip4(layers.IPProtocolTCP)
	withOptions.Options = []layers.IPv4Option{{OptionType: 1}, {OptionType: 131, OptionLength: 7, OptionData: []byte{4, 192, 0, 2, 99}}}
	routed := summed(t, withOptions, header(), payload)
	route6 := []byte{protoTCP, 2, 0, 1, 0, 0, 0, 0, 15: 0, 23: 9} // RFC 8200 section 4.4, one segment left
	for _, test := range []struct {
		name string
		f    Frame
		want string // reason; empty: read
	}{
		{"IPv4", frame(LinkRaw, v4), ""},
		{"IPv6", frame(LinkRaw, v6), ""},
		{"an odd number of bytes", frame(LinkRaw, odd), ""},
		{"padded", frame(LinkRaw, join(v4, []byte("padding"))), ""},
		{"payload changed", frame(LinkRaw, changed(v4, 45, 'x')), wrongTCP},
		{"the last odd byte changed", frame(LinkRaw, changed(odd, len(odd)-1, 'y')), wrongTCP},
		{"TCP checksum 0", frame(LinkRaw, changed(v4, 36, 0, 0)), wrongTCP},
		{"IPv6, port changed", frame(LinkRaw, changed(v6, 41, 1)), wrongTCP},
		{"TTL changed", frame(LinkRaw, changed(v4, 8, 62)), wrongHeader},
		{"header checksum 0", frame(LinkRaw, changed(v4, 10, 0, 0)), wrongHeader},
		{"wrong, but cut", Frame{Data: changed(v4, 36, 0, 0)[:50], Length: uint32(len(v4)), Link: LinkRaw}, ""},
		{"header wrong and cut", Frame{Data: changed(v4, 10, 0, 0)[:50], Length: uint32(len(v4)), Link: LinkRaw}, wrongHeader},
		{"to be routed to another host", frame(LinkRaw, changed(routed, 28+16, 0, 0)), ""},
		{"IPv6, to be routed to another host", frame(LinkRaw, changed(extended6(t, protoRouting, route6...), 40+24+16, 0, 1)), ""},
		{"IPv6, routed", frame(LinkRaw, changed(extended6(t, protoRouting, changed(route6, 3, 0)...), 40+24+16, 0, 1)), wrongTCP},
	} {
		t.Run(test.name, func(t *testing.T) {
			d := Decoder{Options: Options{VerifyChecksums: true}}
			var seg flow.Segment
			got := ""
			if d.Decode(test.f, &seg) != TCP {
				got = d.Reasons()[0].Text
			}
			require.Equal(t, test.want, got)
			d = Decoder{}
			require.Equal(t, TCP, d.Decode(test.f, &seg), "accepted unless asked for")
		})
	}
}

func TestVerifyChecksumsOfFragments(t *testing.T) {
	right := summed(t, ip4(layers.IPProtocolTCP), header(), string(letters))
	for _, test := range []struct {
		name   string
		packet []byte
		want   []Reason
		told   int
	}{
		{"right", right, []Reason{}, 1},
		{"wrong", changed(right, 100, 'x'), []Reason{{wrongTCP, 1}}, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			d := Decoder{Options: Options{VerifyChecksums: true}}
			got := decodeAll(&d, []arrival{{0, summedHeader(cut(test.packet, 48, wholeSize, false))}, {0, summedHeader(cut(test.packet, 0, 48, true))}})
			require.Equal(t, test.want, got.Reasons)
			require.Len(t, got.Segments, test.told)
		})
	}
	t.Run("first fragments alone", func(t *testing.T) {
		d := Decoder{Options: Options{VerifyChecksums: true}}
		var list []arrival
		for i := range fewFirsts + 1 {
			list = append(list, arrival{0, summedHeader(changed(cut(right, 0, 48, true), 4, 1, byte(i)))})
		}
		require.Len(t, decodeAll(&d, list).Segments, 1)
	})
	t.Run("header of one wrong", func(t *testing.T) {
		d := Decoder{Options: Options{VerifyChecksums: true}}
		got := decodeAll(&d, []arrival{{0, summedHeader(cut(right, 0, 48, true))}, {0, cut(right, 48, wholeSize, false)}})
		require.Equal(t, []Reason{{"IP fragment without the rest of its datagram", 1}, {wrongHeader, 1}}, got.Reasons)
	})
}

// summedHeader is an IPv4 packet with the right header checksum.
func summedHeader(b []byte) []byte {
	b = changed(b, 10, 0, 0)
	sum := ^fold(add(b[:20]))
	return changed(b, 10, byte(sum>>8), byte(sum))
}

// A host most of whose checksums are wrong is one that the capture was made on.
func TestWrongChecksums(t *testing.T) {
	right := summed(t, ip4(layers.IPProtocolTCP), header(), payload)
	from := func(host byte, b []byte) []byte { // 192.0.2.host
		b = changed(b, 15, host)
		old := uint64(b[36])<<8 | uint64(b[37])
		sum := fold(old + 10 + 0xffff - uint64(host)) // the checksum goes down as the address goes up
		return summedHeader(changed(b, 36, byte(sum>>8), byte(sum)))
	}
	d := Decoder{Options: Options{VerifyChecksums: true}}
	var seg flow.Segment
	send := func(host byte, wrong, intact int) {
		for i := range wrong + intact {
			b := from(host, right)
			if i < wrong {
				b = changed(b, 45, '?')
			}
			d.Decode(frame(LinkRaw, b), &seg)
		}
	}
	send(1, fewWrong-1, 0)
	send(2, 50, 50)
	send(3, 51, 50)
	send(4, 90, 1)
	require.Equal(t, []Checksums{
		{flow.Host4(0xc0000204).Addr(), 90, 91}, {flow.Host4(0xc0000203).Addr(), 51, 101},
	}, d.WrongChecksums())
	for i := range 2 * maxSummers {
		d.Decode(frame(LinkRaw, changed(right, 12, byte(i>>8), byte(i))), &seg)
	}
	require.Len(t, d.sums, maxSummers)
}
