package live

import (
	"encoding/binary"
	"encoding/hex"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/bpf"
)

// filtered are packets by EtherType and what follows it, in hexadecimal.
var filtered = []struct {
	name string
	hex  string
	pass bool
}{
	{"TCP over IPv4", "0800" + ipv4(6, "0015 c000"), true},
	{"TCP over IPv4 with options", "0800" + strings.Replace(ipv4(6, "01010101 0015 c000"), "45", "46", 1), true},
	{"UDP over IPv4", "0800" + ipv4(17, "0035 c000"), false},
	{"QUIC", "0800" + ipv4(17, "c000 01bb"), false},
	{"first fragment of UDP", "0800" + strings.Replace(ipv4(17, "0035 c000"), "0000 0000", "0000 2000", 1), true},
	{"last fragment of UDP", "0800" + strings.Replace(ipv4(17, "0035 c000"), "0000 0000", "0000 00b9", 1), true},
	{"UDP not to be fragmented", "0800" + strings.Replace(ipv4(17, "0035 c000"), "0000 0000", "0000 4000", 1), false},
	{"echo", "0800" + ipv4(1, "0800 0000"), false},
	{"echo reply", "0800" + ipv4(1, "0000 0000"), false},
	{"unreachable", "0800" + ipv4(1, "0301 0000"), true},
	{"unreachable after options", "0800" + strings.Replace(ipv4(1, "01010101 0301 0000"), "45", "46", 1), true},
	{"quench", "0800" + ipv4(1, "0400 0000"), true},
	{"redirect", "0800" + ipv4(1, "0501 0000"), true},
	{"time exceeded", "0800" + ipv4(1, "0b00 0000"), true},
	{"parameter problem", "0800" + ipv4(1, "0c00 0000"), true},
	{"timestamp", "0800" + ipv4(1, "0d00 0000"), false},
	{"GRE", "0800" + ipv4(47, "0000 0800"), true},
	{"IP in IP", "0800" + ipv4(4, ipv4(6, "")), true},
	{"6in4", "0800" + ipv4(41, ipv6(6, "")), true},
	{"AH", "0800" + ipv4(51, "0600"), true},
	{"ESP", "0800" + ipv4(50, "0600"), false},
	{"SCTP", "0800" + ipv4(132, "0600"), false},
	{"OSPF", "0800" + ipv4(89, "0600"), false},
	{"VXLAN", "0800" + ipv4(17, "c000 12b5"), true},
	{"VXLAN from the port, with options", "0800" + strings.Replace(ipv4(17, "01010101 12b5 c000"), "45", "46", 1), true},
	{"VXLAN of Linux", "0800" + ipv4(17, "c000 2118"), true},
	{"Geneve", "0800" + ipv4(17, "c000 17c1"), true},
	{"GTP-U", "0800" + ipv4(17, "0868 0868"), true},
	{"L2TP", "0800" + ipv4(17, "06a5 c000"), true},
	{"Teredo", "0800" + ipv4(17, "0dd8 c000"), true},
	{"VXLAN-GPE", "0800" + ipv4(17, "c000 12b6"), true},
	{"TCP over IPv6", "86dd" + ipv6(6, "0015 c000"), true},
	{"UDP over IPv6", "86dd" + ipv6(17, "0035 c000"), false},
	{"VXLAN over IPv6", "86dd" + ipv6(17, "c000 12b5"), true},
	{"VXLAN over IPv6 from the port", "86dd" + ipv6(17, "12b5 c000"), true},
	{"unreachable over IPv6", "86dd" + ipv6(58, "0104 0000"), true},
	{"too big", "86dd" + ipv6(58, "0200 0000"), true},
	{"parameter problem over IPv6", "86dd" + ipv6(58, "0400 0000"), true},
	{"echo over IPv6", "86dd" + ipv6(58, "8000 0000"), false},
	{"neighbour solicitation", "86dd" + ipv6(58, "8700 0000"), false},
	{"reserved ICMPv6", "86dd" + ipv6(58, "0000 0000"), false},
	{"no next header", "86dd" + ipv6(59, ""), false},
	{"hop by hop", "86dd" + ipv6(0, "3a00 0502 0000 0100"), true},
	{"routing", "86dd" + ipv6(43, "0600"), true},
	{"fragment", "86dd" + ipv6(44, "0600"), true},
	{"destination options", "86dd" + ipv6(60, "0600"), true},
	{"AH over IPv6", "86dd" + ipv6(51, "0600"), true},
	{"GRE over IPv6", "86dd" + ipv6(47, "0000"), true},
	{"IPv4 in IPv6", "86dd" + ipv6(4, ipv4(6, "")), true},
	{"IPv6 in IPv6", "86dd" + ipv6(41, ipv6(6, "")), true},
	{"ARP", "0806 0001 0800 06 04 0001" + strings.Repeat("00", 20), false},
	{"LLDP", "88cc 0207", false},
	{"VLAN", "8100 0064 0800" + ipv4(6, "0015 c000"), true},
	{"QinQ", "88a8 0064 8100 0064 0800" + ipv4(6, ""), true},
	{"old QinQ", "9100 0064 8100 0064 0800" + ipv4(6, ""), true},
	{"MPLS", "8847 00064140 " + ipv4(6, ""), true},
	{"MPLS multicast", "8848 00064140 " + ipv4(6, ""), true},
	{"PPPoE", "8864 1100 0001 0016 0021" + ipv4(6, ""), true},
	{"VN-Tag", "8926 0000 0005 0800" + ipv4(6, ""), true},
	{"NSH", "894f 0002 0101", true},
	{"EtherIP", "0800" + ipv4(97, "3000"), true},
	{"L2TPv3", "0800" + ipv4(115, "00000007"), true},
	{"MPLS in IP", "0800" + ipv4(137, "00064140"), true},
	{"MPLS in UDP", "0800" + ipv4(17, "c000 19eb"), true},
	{"PPPoE discovery", "8863 1100 0001 0016", false},
}

func ipv4(proto byte, upper string) string {
	return "45 00 0400 0000 0000 40" + hex.EncodeToString([]byte{proto}) + "0000 0a090001 0a090002" + upper
}

func ipv6(next byte, upper string) string {
	return "60000000 0400" + hex.EncodeToString([]byte{next}) + "40" + strings.Repeat("fd00000000000000000000000000000a", 2) + upper
}

func unhex(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	require.NoError(t, err)
	return b
}

// snapped puts what a packet's type says into an 802.3 frame (RFC 1042).
func snapped(b []byte) []byte {
	return append(binary.BigEndian.AppendUint16(nil, uint16(len(b)+6)), append([]byte{0xaa, 0xaa, 3, 0, 0, 0}, b...)...)
}

func TestKernelFilter(t *testing.T) {
	run := func(code []bpf.Instruction, b []byte) int {
		for i, ins := range code { // the machine knows no extensions
			if ins == (bpf.LoadExtension{Num: bpf.ExtProto}) {
				code[i] = bpf.LoadConstant{Dst: bpf.RegA, Val: uint32(binary.BigEndian.Uint16(b))}
				b = b[2:]
				break
			}
		}
		vm, err := bpf.NewVM(code)
		require.NoError(t, err)
		n, err := vm.Run(b)
		require.NoError(t, err)
		return n
	}
	for _, test := range filtered {
		want := 0
		if test.pass {
			want = snapLen
		}
		b := unhex(t, test.hex)
		padded := append(b, make([]byte, 64)...)
		require.Equal(t, want, run(kernelFilter(frames{}), append(make([]byte, 12), padded...)), test.name)
		require.Equal(t, want, run(kernelFilter(frames{cooked: true}), padded), "%s, cooked", test.name)
	}
	ip := unhex(t, "0800"+ipv4(6, "0015 c000"))
	require.Equal(t, snapLen, run(kernelFilter(frames{}), append(make([]byte, 12), snapped(ip)...)))
	spanningTree := unhex(t, "0026 424203 0000")
	require.Zero(t, run(kernelFilter(frames{}), append(make([]byte, 12), spanningTree...)))
	require.Zero(t, run(nothing, ip))
	more := frames{ports: make([]uint16, MaxTunnelPorts)}
	for i := range more.ports {
		more.ports[i] = uint16(20_000 + i)
	}
	for port, want := range map[string]int{"4e1f": 0, "4e20": snapLen, "4e2f": snapLen, "4e30": 0, "12b5": snapLen} {
		for _, packet := range []string{"0800" + ipv4(17, "c000"+port), "0800" + ipv4(17, port+"c000"), "86dd" + ipv6(17, "c000"+port), "86dd" + ipv6(17, port+"c000")} {
			require.Equal(t, want, run(kernelFilter(more), append(make([]byte, 12), unhex(t, packet)...)), packet)
		}
	}
	require.Zero(t, run(kernelFilter(frames{}), make([]byte, 13)), "too short")
}
