package filter

import (
	"encoding/binary"
	"math/rand/v2"
	"net/netip"

	"ftpscope/capture/capturetest"
	"ftpscope/capture/decode"
)

// The values that the made packets and the generated expressions have in common.
var (
	hosts4  = []string{"10.0.0.1", "10.0.0.2", "10.1.2.3", "192.168.1.7", "192.0.2.10", "192.0.2.21", "0.0.0.5", "172.16.0.0"}
	hosts6  = []string{"::1", "2001:db8::10", "2001:db8::21", "2001:db8:8000::1", "fe80::1", "::ffff:10.0.0.1"}
	numbers = []uint16{20, 21, 22, 53, 80, 990, 1024, 30000, 65535}
	macs    = []string{"02:00:0a:00:00:01", "2:0:a:0:0:2", "0200.0a01.0203", "ffffffffffff"}
)

func pick[T any](r *rand.Rand, list []T) T { return list[r.IntN(len(list))] }

// packet is what a frame carries, with the EtherType that announces it.
type packet struct {
	etherType uint16
	data      []byte
}

// makePackets makes packets of many kinds.
func makePackets(r *rand.Rand, n int) []packet {
	list := make([]packet, n)
	for i := range list {
		switch r.IntN(8) {
		case 0:
			list[i] = makeARP(r)
		case 1, 2, 3:
			list[i] = makeIPv6(r)
		default:
			list[i] = makeIPv4(r)
		}
	}
	return list
}

// upper is some protocol's header: its number and bytes.
func upper(r *rand.Rand) (uint8, []byte) {
	b := binary.BigEndian.AppendUint16(nil, pick(r, numbers))
	b = binary.BigEndian.AppendUint16(b, pick(r, numbers))
	b = append(b, make([]byte, 16+r.IntN(80))...)
	return pick(r, []uint8{protoTCP, protoTCP, protoUDP, protoSCTP, 1, 2, 47, 50, 51, 58, 89, 103, 112}), b
}

func makeIPv4(r *rand.Rand) packet {
	number, body := upper(r)
	options := 4 * r.IntN(3)
	h := make([]byte, 20+options)
	h[0] = 0x45 + uint8(options/4)
	binary.BigEndian.PutUint16(h[2:], uint16(len(h)+len(body)))
	binary.BigEndian.PutUint16(h[6:], pick(r, []uint16{0, 0, 0x4000, 0x2000, 0x2010, 0x1fff, 1}))
	h[8], h[9] = 64, number
	copy(h[12:], netip.MustParseAddr(pick(r, hosts4)).AsSlice())
	copy(h[16:], netip.MustParseAddr(pick(r, hosts4)).AsSlice())
	return packet{etherIPv4, append(h, body...)}
}

func makeIPv6(r *rand.Rand) packet {
	number, body := upper(r)
	if next := pick(r, []uint8{number, number, number, 0, protoFragment, protoFragment, 60}); next != number {
		body = append([]byte{number, 0, 0, 0, 0, 0, 0, 0}, body...)
		number = next
	}
	h := make([]byte, 40)
	h[0], h[6], h[7] = 0x60, number, 64
	binary.BigEndian.PutUint16(h[4:], uint16(len(body)))
	copy(h[8:], netip.MustParseAddr(pick(r, hosts6)).AsSlice())
	copy(h[24:], netip.MustParseAddr(pick(r, hosts6)).AsSlice())
	return packet{etherIPv6, append(h, body...)}
}

func makeARP(r *rand.Rand) packet {
	h := []byte{0, 1, 8, 0, 6, 4, 0, 1}
	for range 2 {
		h = append(append(h, 2, 0, 0, 0, 0, 0), netip.MustParseAddr(pick(r, hosts4)).AsSlice()...)
	}
	return packet{pick(r, []uint16{etherARP, etherRARP}), h}
}

// linkLayer puts a packet behind the header of a link type; false where that cannot carry
// it.
func linkLayer(r *rand.Rand, link uint32, p packet) ([]byte, bool) {
	be := binary.BigEndian
	isIP := p.etherType == etherIPv4 || p.etherType == etherIPv6
	var h []byte
	switch link {
	case decode.LinkEthernet:
		for range 2 {
			a, _ := parseMAC(pick(r, macs))
			h = append(h, a[:]...)
		}
		h = be.AppendUint16(append(h, tags(r)...), pick(r, []uint16{p.etherType, p.etherType, p.etherType, p.etherType, 38, 0x88cc, 0x88a8}))
	case decode.LinkSLL:
		h = be.AppendUint16(append([]byte{0, 4, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0}, tags(r)...), p.etherType)
	case decode.LinkSLL2:
		h = append(be.AppendUint16(nil, p.etherType), 0, 0, 0, 0, 0, 2, 0, 1, 4, 6, 2, 0, 0, 0, 0, 1, 0, 0)
	case decode.LinkNull, decode.LinkLoop:
		n := uint32(2)
		if p.etherType == etherIPv6 {
			n = pick(r, []uint32{24, 28, 30})
		}
		if h = be.AppendUint32(nil, n); link == decode.LinkNull {
			h = binary.LittleEndian.AppendUint32(nil, n)
		}
		return append(h, p.data...), isIP
	case decode.LinkRaw:
		return p.data, isIP
	case decode.LinkIPv4:
		return p.data, p.etherType == etherIPv4
	case decode.LinkIPv6:
		return p.data, p.etherType == etherIPv6
	}
	return append(h, p.data...), true
}

// tags makes no VLAN tag or a few.
func tags(r *rand.Rand) (b []byte) {
	for range max(0, r.IntN(5)-2) {
		b = binary.BigEndian.AppendUint16(b, pick(r, []uint16{0x8100, 0x88a8, 0x9100}))
		b = binary.BigEndian.AppendUint16(b, pick(r, []uint16{5, 100, 100, 0xe064, 200, 4095}))
	}
	return b
}

// made is a capture of such packets, some of them cut short, with a length beyond what
// was captured.
func made(seed uint64, link uint32, n int) []capturetest.Frame {
	r := rand.New(rand.NewPCG(seed, uint64(link)))
	var frames []capturetest.Frame
	for _, p := range makePackets(r, n) {
		data, ok := linkLayer(r, link, p)
		if !ok {
			continue
		}
		f := capturetest.Frame{Link: link, Data: data, Length: len(data)}
		if r.IntN(4) == 0 {
			f.Data = data[:r.IntN(min(len(data), 80))]
		}
		frames = append(frames, f)
	}
	return frames
}
