package finding

import (
	"net/netip"
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/analyze/record"
	"ftpscope/capture/flow"
)

// Of two marks the times decide; the order in the capture does where they are the same, or
// where they are so far apart the wrong way round that the clock was set.
func TestPrecedes(t *testing.T) {
	const s = flow.Second
	for _, test := range []struct {
		name string
		a, b flow.Mark
		want bool
	}{
		{"before", markAt(1, s), markAt(2, 2*s), true}, {"after", markAt(2, 2*s), markAt(1, s), false},
		{"in disorder", markAt(2, s), markAt(1, 2*s), true}, {"in disorder, the other way round", markAt(1, 2*s), markAt(2, s), false},
		{"the clock was set back", markAt(1, 9*s), markAt(2, s), true}, {"and the other way round", markAt(2, s), markAt(1, 9*s), false},
		{"as much as disorder makes", markAt(2, s), markAt(1, s+flow.Disorder), true}, {"at once", markAt(1, s), markAt(2, s), true}, {"itself", markAt(1, s), markAt(1, s), false},
	} {
		require.Equal(t, test.want, precedes(test.a, test.b), test.name)
	}
}

func TestGlance(t *testing.T) {
	unused := func(t *record.Transfer) { t.Command = nil }
	port := func(n uint16) func(*record.Transfer) { return announces(server.Addr(), n) }
	for _, test := range []struct {
		name string
		s    *record.Session
		want glance
	}{
		{"nothing", sess(), glance{taken: true}},
		{"ports", sess(with(passive(port(50009))), with(passive(port(50001), unused)), with(passive(port(50020)))), glance{taken: true, lastCommand: 3}},
		{"one port", sess(with(passive(port(7)))), glance{taken: true, lastCommand: 1}},
		{"active has none", sess(with(active()), with(active(unused))), glance{taken: true, lastCommand: 1}},
		{"one that worked is not shown", sess(with(active(worked(1), func(t *record.Transfer) { t.Connection = nil })), with(active(failed))), glance{taken: true, lastCommand: 2, unshown: true}},
	} {
		c := newCase(test.s, Options{})
		require.Equal(t, test.want, *c.glance(), test.name)
		require.Same(t, &c.seen, c.glance())
	}
}

// What a rule asks of the time after a session makes it wait, unless the answer cannot change.
func TestCaseIsOpen(t *testing.T) {
	c := newCase(sess(), Options{})
	require.True(t, c.ranOn(at(50).Time, 50*flow.Second))
	require.False(t, c.open, "that is certain")
	require.False(t, c.ranOn(at(50).Time, 51*flow.Second))
	require.True(t, c.open)
	c = newCase(sess(with(passive(met(flow.Established, func(c *flow.Conn) { c.Last = at(130) })))), Options{})
	require.Equal(t, 30*flow.Second, c.silentFor(at(100).Time), "a data connection went on after the session")
	require.True(t, c.open)
}

func TestCovered(t *testing.T) {
	for name, s := range map[string]*record.Session{"both": sess(), "client": sess(onlyClient), "server": sess(onlyServer)} {
		c := newCase(s, Options{})
		require.Equal(t, name != "server", c.covered(client.Addr()), name)
		require.Equal(t, name != "client", c.covered(server.Addr()), name)
		require.True(t, c.covered(another), name)
		require.Equal(t, name == "both", c.gapless(), name)
	}
	require.False(t, newCase(sess(gappy), Options{}).gapless())
	require.True(t, newCase(sess(midStart), Options{}).gapless())
	require.False(t, newCase(sess(midStart), Options{}).whole())
}

// A packet with another TTL than its host's others came from elsewhere, if the TTLs are known.
func TestForged(t *testing.T) {
	c := newCase(sess(ttls(60, 128)), Options{})
	require.False(t, c.forged(client.Addr(), 60))
	require.False(t, c.forged(client.Addr(), 124), "a reset of the same host may begin with another TTL")
	require.True(t, c.forged(client.Addr(), 62))
	require.True(t, c.forged(server.Addr(), 250))
	require.False(t, c.forged(another, 62))
	require.False(t, c.forged(client.Addr(), 0))
	require.False(t, newCase(sess(), Options{}).forged(client.Addr(), 62))
}

// Who opened the control connection is its client, also where both are one host.
func TestHalves(t *testing.T) {
	s := sess(ttls(1, 2))
	c := newCase(s, Options{})
	of := func(src, dst netip.AddrPort) uint8 {
		conn := flow.Conn{Src: src, Dst: dst}
		conn.Half[flow.Out].TTL, conn.Half[flow.In].TTL = 1, 2
		x, _ := c.Halves(&conn)
		return x.TTL
	}
	require.EqualValues(t, 1, of(client, server))
	require.EqualValues(t, 2, of(server, client))
	require.EqualValues(t, 1, of(netip.AddrPortFrom(client.Addr(), 9), netip.AddrPortFrom(server.Addr(), 50001)), "passive")
	require.EqualValues(t, 2, of(netip.AddrPortFrom(server.Addr(), 20), netip.AddrPortFrom(client.Addr(), 40001)), "active")
	s.Server = netip.AddrPortFrom(client.Addr(), 21)
	require.EqualValues(t, 1, of(client, s.Server), "one host")
	require.EqualValues(t, 2, of(s.Server, client), "seen the other way round")
}

func TestNeighbours(t *testing.T) {
	for pair, want := range map[[2]string]bool{
		{"192.0.2.1", "192.0.2.254"}: true, {"192.0.2.1", "192.0.3.1"}: false, {"2001:db8::1", "2001:db8::ffff:1"}: true, {"2001:db8::1", "2001:db8:0:1::1"}: false,
		{"192.0.2.1", "2001:db8::1"}: false,
	} {
		require.Equal(t, want, neighbours(netip.MustParseAddr(pair[0]), netip.MustParseAddr(pair[1])), pair)
	}
}

// Six numbers in a reply are an endpoint; five or seven, or one that is no byte, are none.
func TestEndpointIn(t *testing.T) {
	for text, want := range map[string]string{
		"PORT (192,0,2,10,195,80) ok": "192.0.2.10:50000", "1,2,3,4,5,6": "1.2.3.4:1286", "port,1,2,3,4,5,6,": "1.2.3.4:1286", "1,2,3,4,5 and 1,2,3,4,5,7": "1.2.3.4:1287",
		"1,2,3,4,5": "", "1,2,3,4,5,6,7": "", "1,2,3,4,5,256": "", "1,2,3,4,,5,6": "", "": "", "200 PORT command successful": "",
	} {
		got, ok := endpointIn(text)
		require.Equal(t, want != "", ok, text)
		if ok {
			require.Equal(t, want, got.String(), text)
		}
	}
}
