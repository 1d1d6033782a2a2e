package servers

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/analyze/record"
	"ftpscope/analyze/report/reporttest"
	"ftpscope/capture/flow"
)

// folded is what one session of one transfer tells of its server and client.
func folded(t *testing.T, x record.Transfer) (*Server, *Client) {
	t.Helper()
	g := New()
	s := reporttest.ActiveSession()
	s.ID, s.Transfers = 7, []record.Transfer{x}
	g.Add(s)
	require.Len(t, g.All, 1)
	require.Len(t, g.All[0].Clients, 1)
	return g.All[0], g.All[0].Clients[0]
}

// What looks wrong is left out of what a rule may permit, by kind and with an example.
func TestLeftOut(t *testing.T) {
	passive := func(change func(*record.Transfer)) record.Transfer {
		x := reporttest.PassiveTransfer(1, "192.0.2.21:50001", record.Established)
		change(&x)
		return x
	}
	active := func(change func(*record.Transfer)) record.Transfer {
		x := reporttest.ActiveTransfer(1, "RETR", "a", 10, 43677, 5)
		change(&x)
		return x
	}
	for name, test := range map[string]struct {
		x    record.Transfer
		kind oddKind
		dst  string
	}{
		"passive, from elsewhere": {passive(func(x *record.Transfer) {
			x.Connection.Src = reporttest.Endpoint("192.0.2.66:1")
			x.Initiator = record.ThirdParty
		}), OddHost, "192.0.2.21:50001"},
		"passive, to elsewhere":  {passive(func(x *record.Transfer) { x.Connection.Dst = reporttest.Endpoint("192.168.1.1:50001") }), OddAddress, "192.168.1.1:50001"},
		"passive, to a low port": {passive(func(x *record.Transfer) { x.Connection.Dst = reporttest.Endpoint("192.0.2.21:22") }), OddPort, "192.0.2.21:22"},
		"active, from elsewhere": {active(func(x *record.Transfer) { x.Connection.Src = reporttest.Endpoint("192.0.2.66:20") }), OddHost, "192.0.2.10:43677"},
		"active, to elsewhere":   {active(func(x *record.Transfer) { x.Connection.Dst = reporttest.Endpoint("192.0.2.31:80") }), OddAddress, "192.0.2.31:80"},
		"active, to a low port":  {active(func(x *record.Transfer) { x.Connection.Dst = reporttest.Endpoint("192.0.2.10:22") }), OddPort, "192.0.2.10:22"},
		"active, never tried":    {active(func(x *record.Transfer) { x.Connection, x.Outcome = nil, record.NoConnection }), oddSource, "192.0.2.10:43677"},
	} {
		t.Run(name, func(t *testing.T) {
			f, c := folded(t, test.x)
			require.Len(t, c.Odd, 1)
			require.Equal(t, test.kind, c.Odd[0].Kind)
			require.Equal(t, test.dst, c.Odd[0].Dst.String())
			require.Equal(t, []int{7, 1}, []int{c.Odd[0].Ids[0], c.Odd[0].N})
			require.Zero(t, f.worked.n, "nothing to permit")
			require.Zero(t, c.Active.Evidence.N+c.Passive.Evidence.N)
		})
	}
}

// What went as it should is evidence of ports and modes.
func TestEvidence(t *testing.T) {
	f, c := folded(t, reporttest.PassiveTransfer(1, "192.0.2.21:50001", record.Established))
	require.Equal(t, []int{1, 1, 1}, []int{f.announced.n, f.reached.n, f.worked.n})
	require.Equal(t, []int{1, 1, 0}, []int{c.Passive.Evidence.N, c.Passive.Opened, c.Passive.Inferred})
	f, c = folded(t, reporttest.PassiveTransfer(1, "192.0.2.21:50001", record.Unanswered))
	require.Equal(t, []int{1, 0, 0, 1}, []int{f.announced.n, f.reached.n, f.worked.n, f.missed.n})
	require.Equal(t, []int{1, 0, 1}, []int{c.Passive.Evidence.N, c.Passive.Opened, c.Passive.failed})
	f, c = folded(t, reporttest.ActiveTransfer(1, "RETR", "a", 10, 43677, 5))
	require.Equal(t, []any{uint16(20), 1, 0, 1, 0}, []any{f.Low.Lo, f.Low.n, f.High.n, c.Low.Evidence.N, c.High.Evidence.N})
	x := reporttest.ActiveTransfer(1, "RETR", "a", 10, 43677, 5)
	x.Connection.Src, x.Evidence = reporttest.Endpoint("192.0.2.21:4000"), record.EvidenceInferred
	f, c = folded(t, x)
	require.Equal(t, []any{0, uint16(4000), 0, 1, 1}, []any{f.Low.n, f.High.Hi, c.Low.Evidence.N, c.High.Evidence.N, c.High.Inferred})
	x.Mode = record.Unknown
	_, c = folded(t, x)
	require.Zero(t, c.Active.Evidence.N, "whose connection it is nobody knows")
}

// The packet that shows a transfer is its SYN, else what there is.
func TestShownPacket(t *testing.T) {
	for want, f := range map[uint64]record.Frames{
		3: {Negotiation: flow.At(0, 1), Command: flow.At(0, 2), SYN: flow.At(0, 3), FirstData: flow.At(0, 4)},
		4: {Negotiation: flow.At(0, 1), FirstData: flow.At(0, 4)},
		1: {Negotiation: flow.At(0, 1), Command: flow.At(0, 2)},
		2: {Command: flow.At(0, 2)},
	} {
		require.Equal(t, want, (&folding{t: &record.Transfer{Frames: f}}).shown().Packet())
	}
	require.False(t, (&folding{t: &record.Transfer{}}).shown().Seen())
}

func TestSample(t *testing.T) {
	var s Sample
	for i := range 10 {
		s.add(i/2+1, flow.At(0, uint64(i+1)))
	}
	require.Equal(t, Sample{N: 10, Sessions: 5, Packets: 10, Ids: [Sampled]int{1, 2, 3}, At: [Sampled]flow.Pos{flow.At(0, 1), flow.At(0, 2), flow.At(0, 3)}, last: 5}, s)
	s.add(6, 0)
	require.Equal(t, []int{11, 6, 10}, []int{s.N, s.Sessions, s.Packets}, "a packet that was not seen is none")
}

// A client's network is what is routed as one, of mapped and zoned addresses too.
func TestNetworkOf(t *testing.T) {
	for in, want := range map[string]string{
		"192.0.2.10": "192.0.2.0/24", "::ffff:192.0.2.10": "192.0.2.0/24", "2001:db8:1:2:3::4": "2001:db8:1:2::/64", "fe80::1%eth0": "fe80::/64",
	} {
		require.Equal(t, want, networkOf(netip.MustParseAddr(in)).String())
	}
}

// What is kept of a banner is its first line's start, and what one server's banners were.
func TestGreetings(t *testing.T) {
	require.Equal(t, "hello", greeting("hello\nworld"))
	require.Len(t, greeting(strings.Repeat("x", 1000)), 60)
	var f Server
	for i := range 2 * MaxBanners {
		f.greet(i+1, strings.Repeat("x", i/2))
	}
	require.Len(t, f.Banners, MaxBanners)
	require.Equal(t, greeted{Text: "x", Sessions: 2, First: 3, Last: 4}, f.Banners[1])
}

// Sessions without endpoints tell nothing; logins that failed make no client plausible.
func TestAdd(t *testing.T) {
	g := New()
	g.Add(&record.Session{})
	require.Empty(t, g.All)
	s := reporttest.ActiveSession()
	s.Login, s.TLS = record.LoginFailed, record.TLSImplicit
	g.Add(s)
	require.Equal(t, []int{1, 1, 0}, []int{g.All[0].Sessions, g.All[0].Encrypted, g.All[0].Clients[0].Plausible})
	shown, more := g.Told(false)
	require.Equal(t, []int{1, 0}, []int{len(shown), more})
}

// Ports are told as announced, reached, or taken by another host.
func TestPortsInWords(t *testing.T) {
	ports := func(list ...uint16) (r Ports) {
		for _, p := range list {
			r.Add(p)
		}
		return r
	}
	for want, f := range map[string]Server{
		"":                                       {},
		"passive port 1 reached":                 {reached: ports(1)},
		"passive port 1 announced, none reached": {announced: ports(1)},
		"passive port 1 announced, whether reached this capture does not show":  {announced: ports(1), unshown: true},
		"passive ports 1 and 2 announced and reached":                           {announced: ports(1, 2), reached: ports(2, 1)},
		"passive ports 1, 2 and 3 announced, 2 reached":                         {announced: ports(1, 2, 3), reached: ports(2)},
		"passive port 1 reached by a third host":                                {taken: ports(1)},
		"passive port 1 announced, reached by a third host":                     {announced: ports(1), taken: ports(1)},
		"passive ports 1 and 2 announced, 1 reached, 2 reached by a third host": {announced: ports(1, 2), reached: ports(1), taken: ports(2)},
		"active from port 20 and ports 4000 and 4001":                           {Low: ports(20), High: ports(4001, 4000)},
		"passive ports between 1 and 7 announced, some between 1 and 8 reached": {announced: ports(1, 2, 3, 4, 5, 6, 7), reached: ports(1, 2, 3, 4, 5, 6, 8)},
	} {
		require.Equal(t, want, f.Ports())
	}
}

// TestPermitted: a port at which nothing answered, far from those that worked, is not in the
// range that a rule names.
func TestPermitted(t *testing.T) {
	server := func(worked, missed []uint16) *Server {
		f := &Server{}
		for _, p := range worked {
			f.worked.Add(p)
		}
		for _, p := range missed {
			f.missed.Add(p)
		}
		return f
	}
	for _, x := range []struct {
		name           string
		worked, missed []uint16
		lo, hi         uint16
		far            []uint16
	}{
		{"one outlier", []uint16{55500, 55503, 55505}, []uint16{38211}, 55500, 55505, []uint16{38211}},
		{"one beside", []uint16{55500, 55503, 55505}, []uint16{55510, 20000}, 55500, 55510, []uint16{20000}},
		{"too few worked", []uint16{55500}, []uint16{38211}, 38211, 55500, nil},
		{"any port works", []uint16{55500, 41000, 33333}, []uint16{20000}, 20000, 55500, nil},
		{"none worked", nil, []uint16{50001, 50007}, 50001, 50007, nil},
		{"all did", []uint16{50001, 50007}, nil, 50001, 50007, nil},
		{"just not far", []uint16{50000, 50001, 50002}, []uint16{51001}, 50000, 51001, nil},
		{"just far", []uint16{50000, 50001, 50002}, []uint16{51002, 49000}, 50000, 50002, []uint16{49000, 51002}},
		{"at the end of all ports", []uint16{65533, 65534, 65535}, []uint16{1024}, 65533, 65535, []uint16{1024}},
	} {
		lo, hi, far := server(x.worked, x.missed).Permitted()
		require.Equal(t, []uint16{x.lo, x.hi}, []uint16{lo, hi}, x.name)
		require.Equal(t, x.far, far, x.name)
	}
}
