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
		{"the last file", 1<<(61-packetBits) - 1, 1<<packetBits - 1},
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

// A packet of an interface has a place in a file only where one keeps it.
func TestPosOfLinks(t *testing.T) {
	for _, x := range []struct {
		name               string
		p                  Pos
		point, file        int
		packet             uint64
		inFile, seenAtThat bool
	}{
		{"of a file", At(7, 9), 7, 7, 9, true, true},
		{"of an interface", OnLink(3, 9), 3, 3, 9, false, true},
		{"kept in the one file", Kept(3, 9), 3, 0, 9, true, true},
		{"beside those that are kept", OnLink(3, 9).Apart(), 3, 0, 0, false, true},
		{"found in the file after all", Kept(3, 9).Apart().Rejoined(), 3, 0, 9, true, true},
		{"none", 0, 0, 0, 0, false, false},
		{"the last of the last", Kept(1<<(61-packetBits)-1, 1<<packetBits-1), 1<<(61-packetBits) - 1, 0, 1<<packetBits - 1, true, true},
	} {
		t.Run(x.name, func(t *testing.T) {
			require.Equal(t, []any{x.point, x.file, x.packet, x.inFile, x.seenAtThat}, []any{x.p.Point(), x.p.File(), x.p.Packet(), x.p.InFile(), x.p.Seen()})
		})
	}
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

func TestTuple(t *testing.T) {
	ends := func(list ...string) (all []netip.AddrPort) {
		for _, s := range list {
			all = append(all, netip.MustParseAddrPort(s))
		}
		return all
	}
	for name, p := range map[string][]netip.AddrPort{
		"two hosts":        ends("192.0.2.10:40000", "192.0.2.21:21"),
		"the larger first": ends("192.0.2.21:40000", "192.0.2.10:21"),
		"one host":         ends("192.0.2.10:40000", "192.0.2.10:21"),
		"one end":          ends("192.0.2.10:21", "192.0.2.10:21"),
		"IPv6":             ends("[2001:db8::2]:21", "[2001:db8::1]:40000"),
		"no address":       {{}, netip.MustParseAddrPort("192.0.2.10:21")},
	} {
		t.Run(name, func(t *testing.T) {
			s := Segment{Src: HostOf(p[0].Addr()), Dst: HostOf(p[1].Addr()), SrcPort: p[0].Port(), DstPort: p[1].Port()}
			require.Equal(t, TupleOf(p[0], p[1]), TupleOf(p[1], p[0]))
			require.Equal(t, TupleOf(p[0], p[1]), s.Tuple())
			require.Equal(t, Hosts(s.Src, s.Dst), s.Tuple().Hosts())
			require.Equal(t, Hosts(s.Dst, s.Src), s.Tuple().Hosts())
		})
	}
	p := ends("192.0.2.10:40000", "192.0.2.21:21", "[::ffff:192.0.2.10]:40000", "192.0.2.10:21", "192.0.2.21:40000", "192.0.2.11:40000")
	require.Equal(t, TupleOf(p[0], p[1]), TupleOf(p[1], p[2]), "an address in its other form")
	require.NotEqual(t, TupleOf(p[0], p[1]), TupleOf(p[3], p[4]), "the ports exchanged")
	require.NotEqual(t, TupleOf(p[0], p[1]), TupleOf(p[5], p[1]))
}

// The first is one of the published test vectors; the others were computed by a separate
// program.
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

func TestStep(t *testing.T) {
	a, b := Host4(1), Host4(2)
	require.Equal(t, Tunnel(StepGRE, 7, a, b), Tunnel(StepGRE, 7, b, a))
	for _, test := range []struct {
		name      string
		step      Step
		id, hosts bool
	}{
		{"VLAN", Step{Kind: StepVLAN, ID: 10}, true, false},
		{"VXLAN", Tunnel(StepVXLAN, 0, a, b), true, true},
		{"GRE without a key", Tunnel(StepGRE, 0, a, b), false, true},
		{"GRE with a key", Tunnel(StepGRE, 1, a, b), true, true},
		{"IP in IP", Tunnel(StepIPIP, 0, a, b), false, true},
		{"too many", Step{Kind: StepOther}, false, false},
	} {
		require.Equal(t, test.id, test.step.HasID(), test.name)
		require.Equal(t, test.hosts, test.step.HasEnds(), test.name)
	}
	for _, kind := range StepKinds() {
		require.NotEmpty(t, kind.String())
	}
	require.Equal(t, "vlan", StepVLAN.String())
	require.Equal(t, "lisp", (stepKinds - 1).String())
}

func TestNets(t *testing.T) {
	one, asymmetric := Net(1).Nets(), Nets{3, 2, 3, 3, 3, 3}
	copied := Nets{1, 1, 2, 1, 1, 1}
	require.True(t, one.Meet(&copied))
	require.True(t, asymmetric.Meet(&copied))
	require.False(t, one.Meet(&asymmetric))
	require.True(t, (&Nets{}).Meet(&Nets{}))
	require.False(t, (&Nets{}).Meet(&one))
	require.Equal(t, Net(2), asymmetric.First())
	require.Equal(t, PlainNet, (&Nets{5, 0, 5, 5, 5, 5}).First())
}
