package flow

import (
	"net/netip"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestPos(t *testing.T) {
	for _, test := range []struct {
		name   string
		file   int
		packet uint64
	}{
		{"first packet of the first file", 0, 1},
		{"a later file", 7, 1_000_000},
		{"the last packet", 0, 1<<packetBits - 1},
		{"the last file", 1<<(64-packetBits) - 1, 1<<packetBits - 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := At(test.file, test.packet)
			require.Equal(t, test.file, p.File())
			require.Equal(t, test.packet, p.Packet())
			require.True(t, p.Seen())
			require.True(t, Mark{Pos: p}.Seen())
		})
	}
	require.False(t, Pos(0).Seen())
	require.False(t, Mark{Time: 1, Ord: 1}.Seen())
	require.Less(t, At(0, 2), At(1, 1), "files come one after the other")
}

func TestHost(t *testing.T) {
	for _, test := range []struct {
		address string
		want    Host
		back    string
		is4     bool
	}{
		{"192.0.2.10", Host4(0xc000020a), "192.0.2.10", true},
		{"::ffff:192.0.2.10", Host4(0xc000020a), "192.0.2.10", true},
		{"255.255.255.255", Host4(0xffffffff), "255.255.255.255", true},
		{"0.0.0.0", Host4(0), "0.0.0.0", true},
		{"::", Host{}, "::", false},
		{"::192.0.2.10", Host{Lo: 0xc000020a}, "::c000:20a", false},
		{"2001:db8::1:21", Host{0x20010db800000000, 0x10021}, "2001:db8::1:21", false},
		{"fe80::1%eth0", Host{0xfe80000000000000, 1}, "fe80::1", false},
		{"1::ffff:192.0.2.10", Host{0x0001000000000000, 0xffffc000020a}, "1::ffff:c000:20a", false},
	} {
		t.Run(test.address, func(t *testing.T) {
			h := HostOf(netip.MustParseAddr(test.address))
			require.Equal(t, test.want, h)
			require.Equal(t, test.back, h.Addr().String())
			require.Equal(t, test.is4, h.Is4())
			require.Equal(t, h, HostOf(h.Addr()))
		})
	}
}

func TestSegmentEnd(t *testing.T) {
	for _, test := range []struct {
		name string
		s    Segment
		want uint32
	}{
		{"bare ACK", Segment{Seq: 100, Flags: ACK}, 100},
		{"data", Segment{Seq: 100, Flags: ACK | PSH, Length: 12}, 112},
		{"SYN", Segment{Seq: 100, Flags: SYN}, 101},
		{"SYN with data (RFC 7413)", Segment{Seq: 100, Flags: SYN, Length: 12}, 113},
		{"FIN with data", Segment{Seq: 100, Flags: FIN | ACK, Length: 12}, 113},
		{"SYN and FIN", Segment{Seq: 100, Flags: SYN | FIN}, 102},
		{"RST with a reason in it", Segment{Seq: 100, Flags: RST, Length: 3}, 103},
		{"over the wrap", Segment{Seq: 0xfffffffe, Flags: FIN | ACK, Length: 4}, 3},
	} {
		t.Run(test.name, func(t *testing.T) { require.Equal(t, test.want, test.s.End()) })
	}
}

// The first is one of the published test vectors; the others were computed by a separate program.
func TestCommunityID(t *testing.T) {
	for _, test := range []struct{ a, b, want string }{
		{"128.232.110.120:34855", "66.35.250.204:80", "1:LQU9qZlK+B5F3KDmev6m5PMibrg="},
		{"[2001:db8::10]:51234", "[2001:db8:1::21]:21", "1:saDWlLltLan7psBGazNfHV+AOG4="},
		{"[fe80::1]:20", "[fe80::2]:40000", "1:ks8yGCfEeoP5cEEPA0U1FKQEc54="},
		{"127.0.0.1:50000", "127.0.0.1:21", "1:mBcMhUDOT1n6CQbLoeesf2VUlh4="}, // one host: the ports decide
	} {
		t.Run(test.a, func(t *testing.T) {
			a, b := netip.MustParseAddrPort(test.a), netip.MustParseAddrPort(test.b)
			require.Equal(t, test.want, CommunityID(a, b))
			require.Equal(t, test.want, CommunityID(b, a), "the other way")
		})
	}
}

func TestNames(t *testing.T) {
	require.Equal(t, "unreachable", Unreachable.String())
	require.Equal(t, "unknown", State(0).String())
	require.Equal(t, "cut", Closing(0).String())
	require.Equal(t, "rst", ResetBy.String())
}

func TestPath(t *testing.T) {
	a, b := Host4(0xc0000201), Host4(0xc0000202)
	for _, test := range []struct {
		path Path
		want string
	}{
		{nil, ""},
		{Path{{Kind: StepVLAN, ID: 10}}, "VLAN 10"},
		{Path{{Kind: StepVLAN, ID: 10}, Tunnel(StepVXLAN, 0, b, a)}, "VLAN 10, VXLAN 0 (192.0.2.1 – 192.0.2.2)"},
		{Path{{Kind: StepMPLS, ID: 16}, {Kind: StepMPLS, ID: 0}}, "MPLS 16, MPLS 0"},
		{Path{Tunnel(StepGRE, 0, a, b)}, "GRE (192.0.2.1 – 192.0.2.2)"},
		{Path{{Kind: StepOther}}, "other networks"},
	} {
		require.Equal(t, test.want, test.path.String())
	}
	require.Equal(t, "vlan", StepVLAN.String())
	require.Equal(t, "pbb", (stepKinds - 1).String())
}
