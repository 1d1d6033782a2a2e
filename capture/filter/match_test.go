package filter

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/capture/decode"
)

// A TCP segment from 10.0.0.1:40000 to 10.0.0.2:21, in IPv4 and in IPv6.
var (
	tcp4 = join([]byte{0x45, 0, 0, 40, 0, 0, 0, 0, 64, 6, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2, 156, 64, 0, 21}, make([]byte, 16))
	tcp6 = join([]byte{0x60, 0, 0, 0, 0, 20, 6, 64}, make([]byte, 15), []byte{1}, make([]byte, 15), []byte{2}, []byte{156, 64, 0, 21}, make([]byte, 16))
)

func join(parts ...[]byte) []byte { return slices.Concat(parts...) }

// TestMatch is what tcpdump cannot be asked: it refuses the expression, or looks at fewer
// address families.
func TestMatch(t *testing.T) {
	mac := []byte{2, 0, 0, 0, 0, 1}
	sll := []byte{0, 4, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0}
	sll2 := func(etherType ...byte) []byte {
		return append(etherType, 0, 0, 0, 0, 0, 2, 0, 1, 4, 6, 2, 0, 0, 0, 0, 1, 0, 0)
	}
	tag := []byte{0x81, 0, 0, 100}
	for _, test := range []struct {
		name, expr string
		link       uint32
		data       []byte
		want       bool
	}{
		{"nothing is asked", "", decode.LinkEthernet, nil, true},
		{"nothing is asked of an unknown link type", " \t", 147, nil, true},
		{"unknown link type", "tcp", 147, tcp4, false},
		{"unknown link type, negated", "not tcp", 147, tcp4, false},
		{"unknown link type, any length", "greater 0", 147, tcp4, false},
		{"raw, by its other numbers", "tcp port 21", decode.LinkRaw12, tcp4, true},
		{"raw, by its other numbers", "ip6 and port 21", decode.LinkRaw14, tcp6, true},
		{"SLL, VLAN", "vlan 100 and port 21", decode.LinkSLL, join(sll, tag, []byte{8, 0}, tcp4), true},
		{"SLL, other VLAN", "vlan 101", decode.LinkSLL, join(sll, tag, []byte{8, 0}, tcp4), false},
		{"SLL, no VLAN asked for", "port 21", decode.LinkSLL, join(sll, tag, []byte{8, 0}, tcp4), false},
		{"SLL2, two tags", "vlan and vlan 100 and tcp port 21", decode.LinkSLL2, join(sll2(0x88, 0xa8), []byte{0, 5}, tag, []byte{0x86, 0xdd}, tcp6), true},
		{"SLL2, one tag", "vlan and vlan", decode.LinkSLL2, join(sll2(0x81, 0), []byte{0, 5, 8, 0}, tcp4), false},
		{"raw, VLAN", "vlan", decode.LinkRaw, tcp4, false},
		{"raw, not VLAN", "not vlan", decode.LinkRaw, tcp4, true},
		{"raw, behind a VLAN", "vlan or ip", decode.LinkRaw, tcp4, false},
		{"SLL, Ethernet address", "ether host 02:00:00:00:00:01", decode.LinkSLL, join(sll, []byte{8, 0}, tcp4), false},
		{"SLL, not an Ethernet address", "not ether host 02:00:00:00:00:01", decode.LinkSLL, join(sll, []byte{8, 0}, tcp4), true},
		{"loopback of Linux", "ip6 and port 21", decode.LinkNull, join([]byte{10, 0, 0, 0}, tcp6), true},
		{"loopback of Darwin, big-endian", "ip6 and port 21", decode.LinkNull, join([]byte{0, 0, 0, 30}, tcp6), true},
		{"loopback of OpenBSD", "ip6 and port 21", decode.LinkLoop, join([]byte{0, 0, 0, 24}, tcp6), true},
		{"loopback, IPv4, big-endian", "tcp port 21", decode.LinkNull, join([]byte{0, 0, 0, 2}, tcp4), true},
		{"loopback, no such family", "ip or ip6", decode.LinkNull, join([]byte{7, 0, 0, 0}, tcp4), false},
		{"empty packet", "ip", decode.LinkEthernet, nil, false},
		{"empty packet, negated", "not ip", decode.LinkEthernet, nil, false},
		{"cut before the ports", "port 21", decode.LinkRaw, tcp4[:21], false},
		{"cut before the ports, negated", "not port 21", decode.LinkRaw, tcp4[:21], false},
		{"cut behind what decides", "src port 40000", decode.LinkRaw, tcp4[:22], true},
		{"many tags", "vlan and vlan and vlan and vlan and vlan and vlan and vlan and vlan and vlan and ip", decode.LinkEthernet,
			join(mac, mac, slices.Repeat(tag, 9), []byte{8, 0}, tcp4), true},
	} {
		t.Run(test.name, func(t *testing.T) {
			f, err := Parse(test.expr)
			require.NoError(t, err)
			require.Equal(t, test.want, f.Match(test.data, uint32(len(test.data)), test.link))
		})
	}
}

// busy asks for much and is false of what it is asked about at the very end.
const busy = "(host 192.0.2.1 or 192.0.2.2 or net 192.168.0.0/16 or 2001:db8::/32) or not (tcp and portrange 20-21) and vlan"

func TestMatchDoesNotAllocate(t *testing.T) {
	f, err := Parse(busy + " or ether host 02:00:00:00:00:01 or ip6 src and dst host ::1")
	require.NoError(t, err)
	for _, link := range []uint32{decode.LinkEthernet, decode.LinkSLL, decode.LinkNull, decode.LinkRaw} {
		for _, p := range made(5, link, 40) {
			require.Zero(t, testing.AllocsPerRun(10, func() { f.Match(p.Data, uint32(p.Length), link) }))
		}
	}
}

func BenchmarkMatch(b *testing.B) {
	ethernet := join(make([]byte, 12), []byte{8, 0}, tcp4)
	for _, expr := range []string{"tcp", "host 10.0.0.5 and not port 22", "host 10.0.0.1 and not port 22", "port 21", busy} {
		b.Run("expr="+expr[:min(len(expr), 30)], func(b *testing.B) {
			f, err := Parse(expr)
			require.NoError(b, err)
			b.ReportAllocs()
			for b.Loop() {
				f.Match(ethernet, uint32(len(ethernet)), decode.LinkEthernet)
			}
		})
	}
}
