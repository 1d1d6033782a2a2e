package decode

import (
	"encoding/binary"
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/capture/flow"
)

type kind struct {
	name  string
	frame Frame
}

// kinds are packets whose cost matters.
func kinds(t testing.TB) []kind {
	full := ethernet([]uint16{etherIPv4}, changed(join(tcp4(t), make([]byte, 1460)), 2, 0x05, 0xdc))
	return []kind{
		{"full", frame(LinkEthernet, full[:1514])},
		{"short", frame(LinkEthernet, ethernet([]uint16{etherIPv4}, tcp4(t)))},
		{"qinq", frame(LinkEthernet, ethernet([]uint16{etherQinQ, etherVLAN, etherIPv4}, tcp4(t)))},
		{"ipv6", frame(LinkEthernet, ethernet([]uint16{etherIPv6}, tcp6(t)))},
		{"extensions", frame(LinkRaw, extended6(t, protoDestOpts, protoTCP, 0, 1, 4, 0, 0, 0, 0))},
		{"cooked", frame(LinkSLL2, join([]byte{8, 0}, make([]byte, 18), tcp4(t)))},
		{"icmp", frame(LinkRaw, icmp4(t, 3, 1, tcp4(t)))},
		{"udp", frame(LinkRaw, changed(tcp4(t), 9, 17))},
		{"undecoded", frame(LinkEthernet, ethernet([]uint16{0x0bae}, nil))},
	}
}

func BenchmarkDecode(b *testing.B) {
	for _, k := range kinds(b) {
		b.Run("packet="+k.name, func(b *testing.B) {
			var d Decoder
			var seg flow.Segment
			b.SetBytes(int64(k.frame.Length))
			b.ReportAllocs()
			for b.Loop() {
				d.Decode(k.frame, &seg)
			}
		})
	}
}

// BenchmarkFragments puts datagrams of two fragments together, all in different states of
// being forgotten.
func BenchmarkFragments(b *testing.B) {
	var d Decoder
	var seg flow.Segment
	full := join(long4(b), make([]byte, 1400))
	parts := [2][]byte{cut(full, 0, 1000, true), cut(full, 1000, 1500, false)}
	b.SetBytes(int64(len(parts[0]) + len(parts[1])))
	b.ReportAllocs()
	id := uint32(0)
	for b.Loop() {
		id++
		for _, p := range parts {
			binary.BigEndian.PutUint16(p[4:], uint16(id))
			binary.BigEndian.PutUint16(p[12:], uint16(id>>16))
			d.Decode(frame(LinkRaw, p), &seg)
		}
	}
}

func TestNoAllocation(t *testing.T) {
	for _, k := range kinds(t) {
		t.Run(k.name, func(t *testing.T) {
			var d Decoder
			var seg flow.Segment
			d.Decode(k.frame, &seg) // the first undecoded packet makes the table
			require.Zero(t, testing.AllocsPerRun(100, func() { d.Decode(k.frame, &seg) }))
			d.VerifyChecksums = true
			require.Zero(t, testing.AllocsPerRun(100, func() { d.Decode(k.frame, &seg) }))
		})
	}
}
