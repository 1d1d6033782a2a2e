package match

import (
	"net/netip"
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/analyze/control"
	"ftpscope/analyze/record"
	"ftpscope/capture/flow"
)

func at(second, packet uint64) flow.Mark {
	return flow.Mark{Time: flow.Time(second) * flow.Second, Ord: packet, Pos: flow.At(0, packet)}
}

// seen is a control connection as one point has it.
func seen(changes ...func(*control.Transcript)) *control.Transcript {
	banner := "ready"
	t := &control.Transcript{}
	t.Client, t.Server = netip.MustParseAddrPort("10.0.0.5:40000"), netip.MustParseAddrPort("192.0.2.21:21")
	t.Commands, t.Banner = 7, &banner
	t.Capture = record.Coverage{ClientSide: true, ServerSide: true}
	t.Notes.Control = flow.Conn{Start: at(10, 1), Last: at(90, 50), Numbers: 0x1111111122222222}
	for _, change := range changes {
		change(t)
	}
	return t
}

// beyond is the other side of the NAT.
func beyond(t *control.Transcript) { t.Client = netip.MustParseAddrPort("203.0.113.1:61000") }

// Two sessions of the same initial sequence numbers are one if one end is the same, and they
// begin, end and say alike.
func TestTwins(t *testing.T) {
	type change = func(*control.Transcript)
	both := []change{beyond}
	as := func(c ...change) []change { return append(both, c...) }
	named := func(name string) change { return func(t *control.Transcript) { t.User = &name } }
	for _, x := range []struct {
		name string
		b    []change
		want bool
	}{
		{"the client has another address", both, true},
		{"the server has", []change{func(t *control.Transcript) { t.Server = netip.MustParseAddrPort("10.9.9.9:21") }}, true},
		{"both have", as(func(t *control.Transcript) { t.Server = netip.MustParseAddrPort("10.9.9.9:21") }), false},
		{"none has: it is the same connection", nil, false},
		{"it begins a little later", as(func(t *control.Transcript) { t.Notes.Control.Start.Time += twinApart }), true},
		{"it begins much later", as(func(t *control.Transcript) { t.Notes.Control.Start.Time += twinApart + 1 }), false},
		{"it begins much sooner", as(func(t *control.Transcript) { t.Notes.Control.Start.Time -= twinApart + 1 }), false},
		{"it goes on", as(func(t *control.Transcript) { t.Notes.Control.Last.Time += twinApart + 1 }), false},
		{"it said more", as(func(t *control.Transcript) { t.Commands++ }), false},
		{"it said more, for one lacks commands", as(func(t *control.Transcript) { t.Commands++; t.LostCommands = true }), true},
		{"another user", as(named("bob")), true},
		{"another banner", as(func(t *control.Transcript) { other := "go away"; t.Banner = &other }), false},
		{"no banner was seen", as(func(t *control.Transcript) { t.Banner = nil }), true},
		{"a side is missing, and is no half", as(func(t *control.Transcript) { t.Capture.ServerSide = false }), false},
	} {
		t.Run(x.name, func(t *testing.T) {
			a, b := seen(), seen(x.b...)
			require.Equal(t, x.want, areTwins(a, b))
			require.Equal(t, x.want, areTwins(b, a), "whoever is asked")
		})
	}
	require.False(t, areTwins(seen(named("alice")), seen(beyond, named("bob"))), "each names another")
}

// The index holds who waits, pairs two, and forgets them together.
func TestTwinIndex(t *testing.T) {
	ix := twinIndex{}
	a, b, c := &pendingSession{said: seen()}, &pendingSession{said: seen(beyond)}, &pendingSession{said: seen(beyond)}
	ix.pairUp(&pendingSession{said: seen(func(t *control.Transcript) { t.Notes.Control.Numbers = 0 })})
	require.Empty(t, ix, "without its beginning a connection has no twin")
	ix.pairUp(a)
	ix.pairUp(b)
	require.Same(t, b, a.twin)
	require.Same(t, a, b.twin)
	ix.pairUp(c)
	require.Nil(t, c.twin, "a third one is none of two")
	ix.unpair(b)
	require.Nil(t, a.twin)
	require.Len(t, ix, 1, "the other still waits")
	ix.unpair(a)
	require.Empty(t, ix)
}

// A connection out of its halves: each direction from where its packets are.
func TestJoinedConnection(t *testing.T) {
	half := func(dir flow.Direction, changes ...func(*flow.Conn)) *flow.Conn {
		c := &flow.Conn{ID: uint64(dir) + 1, Src: netip.MustParseAddrPort("10.0.0.5:40000"), Start: at(10, 1+uint64(dir)), Last: at(90, 50-uint64(dir))}
		c.Half[dir] = flow.Half{Packets: 9, Bytes: 100 + uint64(dir), FIN: at(90, 49)}
		if dir == flow.Out {
			c.SYN, c.State = at(10, 1), flow.Unanswered
		} else {
			c.SYNACK = at(10, 2)
		}
		for _, change := range changes {
			change(c)
		}
		return c
	}
	out, in := half(flow.Out), half(flow.In, func(c *flow.Conn) { c.Src = netip.MustParseAddrPort("203.0.113.1:61000") })
	for _, got := range []flow.Conn{joined(out, in), joined(in, out)} {
		require.Equal(t, out.Src, got.Src, "by the ends of who has the SYN")
		require.Equal(t, []uint64{100, 101}, []uint64{got.Half[0].Bytes, got.Half[1].Bytes})
		require.Equal(t, []flow.Mark{at(10, 1), at(90, 50)}, []flow.Mark{got.Start, got.Last})
		require.Equal(t, flow.Established, got.State, "a SYN here, its answer there")
		require.Equal(t, flow.Finned, got.Closing, "each side closed")
	}
	refused := joined(half(flow.Out), half(flow.In, func(c *flow.Conn) { c.State, c.SYNACK = flow.Refused, flow.Mark{} }))
	require.Equal(t, flow.Refused, refused.State)
	require.EqualValues(t, 9, out.Half[0].Packets, "the halves stay as they are")

	told := joined(half(flow.Out), half(flow.In, func(c *flow.Conn) { c.ICMP = &flow.ICMP{Type: 3} }))
	require.NotNil(t, told.ICMP)
}

// Networks have a record each, made once; the plain one has none.
func TestNetworkNames(t *testing.T) {
	made := 0
	names := networkNames{path: func(n flow.Net) flow.Path { made++; return nil }}
	require.Nil(t, names.of(flow.Nets{}))
	two := flow.Nets{1, 2}
	r := names.of(two)
	require.Len(t, r.Paths, 3, "one, two, and the plain one that is among them")
	require.Equal(t, "untagged", r.Paths[0].Name)
	require.Same(t, r, names.of(two))
	require.Equal(t, 3, made)
	for i := range maxNames + 5 {
		names.of(flow.Nets{flow.Net(i + 3)})
		require.LessOrEqual(t, len(names.known), maxNames)
	}
	require.NotSame(t, r, names.of(two), "it was forgotten, and is made again")
	require.Nil(t, (&networkNames{}).of(two), "nobody knows of networks")

	require.True(t, within(&flow.Nets{1, 1}, &flow.Nets{1, 2}))
	require.False(t, within(&flow.Nets{1, 3}, &flow.Nets{1, 2}))

	c := &flow.Conn{Src: netip.MustParseAddrPort("10.0.0.5:1"), Nets: two}
	require.Equal(t, two, seenFrom(c, c.Src))
	require.Equal(t, flow.Nets{2, 1}, seenFrom(c, netip.MustParseAddrPort("10.0.0.6:1")))
}
