package flow

import (
	"net/netip"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestSequenceNumbers(t *testing.T) {
	for _, test := range []struct {
		name          string
		a, b          uint32
		before, after bool
	}{
		{"the same", 7, 7, false, false},
		{"before", 6, 7, true, false},
		{"after", 7, 6, false, true},
		{"before, over the wrap", 1<<32 - 1, 0, true, false},
		{"after, over the wrap", 5, 1<<32 - 5, false, true},
		{"far before", 0, 1<<31 - 1, true, false},
		{"far after", 1<<31 - 1, 0, false, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			require.Equal(t, test.before, Before(test.a, test.b))
			require.Equal(t, test.after, After(test.a, test.b))
		})
	}
}

func TestPayloadSeq(t *testing.T) {
	for name, test := range map[string]struct {
		s    Segment
		want uint32
	}{
		"data":          {Segment{Seq: 100, Flags: ACK, Length: 5}, 100},
		"data in a SYN": {Segment{Seq: 100, Flags: SYN, Length: 5}, 101},
		"over the wrap": {Segment{Seq: 1<<32 - 1, Flags: SYN | ACK}, 0},
		"a FIN":         {Segment{Seq: 100, Flags: FIN | ACK}, 100},
	} {
		require.Equal(t, test.want, test.s.PayloadSeq(), name)
	}
}

func TestBudget(t *testing.T) {
	b := NewBudget(10)
	require.True(t, b.Reserve(6))
	require.False(t, b.Reserve(5), "there is no room")
	require.Equal(t, 6, b.Used(), "and nothing was taken")
	require.True(t, b.Reserve(4), "all that is left")
	require.False(t, b.Exceeded())
	b.Overdraw(1)
	require.True(t, b.Exceeded())
	require.False(t, b.Reserve(0), "nothing fits any more")
	b.Release(1)
	require.False(t, b.Exceeded())
	b.Release(10)
	require.Zero(t, b.Used())
	require.False(t, new(Budget).Reserve(1), "the zero Budget has room for nothing")
}

func TestSent(t *testing.T) {
	require.Equal(t, SentOut, SentBy(Out))
	require.Equal(t, SentIn, SentBy(In))
	for s, want := range map[Sent]Sent{SentUnknown: SentUnknown, SentOut: SentIn, SentIn: SentOut, SentNothing: SentNothing} {
		require.Equal(t, want, s.Swapped())
		require.Equal(t, s, s.Swapped().Swapped())
	}
}

// A SYN that stayed alone is a connection that was not answered, with all that its repetitions tell.
func TestLoneSYN(t *testing.T) {
	first := Mark{Time: Second, Ord: 7, Pos: At(0, 5)}
	last := Mark{Time: 4 * Second, Ord: 9, Pos: At(1, 2)}
	s := LoneSYN{
		Src: Host4(0x0a000001), Dst: Host4(0x0a000002), SrcPort: 40000, DstPort: PortFTP,
		First: first, TTL: 64, Digits: 6, Net: 3,
	}
	ends := [2]netip.AddrPort{netip.MustParseAddrPort("10.0.0.1:40000"), netip.MustParseAddrPort("10.0.0.2:21")}
	want := Conn{
		ID: ConnID(7, 40000, PortFTP), Src: ends[0], Dst: ends[1], OpenerKnown: true, State: Unanswered, Digits: 6,
		Start: first, Last: first, SYN: first, LastSYN: first, SYNs: 1, Nets: Net(3).Nets(),
	}
	want.Half[Out] = Half{Packets: 1, TTL: 64}
	require.Equal(t, want, s.Conn(), "one")

	s.Again = &Repeated{Count: 2, Last: last, At: SYNs{first.Pos, last.Pos}}
	want.Last, want.LastSYN, want.SYNs, want.SYNPos = last, last, 2, &SYNs{first.Pos, last.Pos}
	want.ManyFiles, want.Half[Out].Packets = true, 2
	require.Equal(t, want, s.Conn(), "repeated, in the next file")
}

// Connections that begin in one packet differ by their ports; a connection's two directions do not.
func TestConnID(t *testing.T) {
	require.Equal(t, ConnID(7, 40000, 21), ConnID(7, 21, 40000))
	require.NotEqual(t, ConnID(7, 40000, 21), ConnID(7, 40001, 21))
	require.NotEqual(t, ConnID(7, 40000, 21), ConnID(8, 40000, 21))
}

// Hosts are ordered as addresses are; an IPv4 address is ::ffff:a.b.c.d.
func TestHostCompare(t *testing.T) {
	list := []string{"::1", "10.0.0.1", "10.0.0.2", "192.0.2.1", "2001:db8::1", "2001:db8::2", "2001:db8:1::"}
	for i, a := range list {
		for j, b := range list {
			x, y := HostOf(netip.MustParseAddr(a)), HostOf(netip.MustParseAddr(b))
			require.Equal(t, i < j, x.Compare(y) < 0, "%s, %s", a, b)
			require.Equal(t, i == j, x.Compare(y) == 0, "%s, %s", a, b)
			require.Equal(t, [2]Host{HostOf(netip.MustParseAddr(list[min(i, j)])), HostOf(netip.MustParseAddr(list[max(i, j)]))}, Hosts(x, y))
		}
	}
}

func TestPathInWords(t *testing.T) {
	a, b := Host4(0xc0000202), Host4(0xc0000201)
	for _, test := range []struct {
		path Path
		want string
	}{
		{nil, ""},
		{Path{{Kind: StepVLAN, ID: 10}}, "VLAN 10"},
		{Path{{Kind: StepVLAN, ID: 10}, Tunnel(StepVXLAN, 5000, a, b)}, "VLAN 10, VXLAN 5000 (192.0.2.1 – 192.0.2.2)"},
		{Path{Tunnel(StepGRE, 0, a, b)}, "GRE (192.0.2.1 – 192.0.2.2)"},
		{Path{Tunnel(StepGRE, 7, b, a)}, "GRE 7 (192.0.2.1 – 192.0.2.2)"},
		{Path{{Kind: StepOther}}, "other networks"},
	} {
		require.Equal(t, test.want, test.path.String())
	}
}
