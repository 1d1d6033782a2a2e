package match

import (
	"maps"
	"net/netip"
	"slices"

	"ftpscope/analyze/control"
	"ftpscope/capture/flow"
)

// A foreigner is a connection to a server's announced endpoint that neither the client
// nor the server opened, or one that the server opened to another host than the client of
// the session that it was given to, for want of a better one. A host that takes what was
// meant for another is one; so is another client of the server, to which the server
// announced the same port before or after, where the capture lacks, or shows late, what
// tells so. Hence
//
//   - who turns out to expect the connection, because its offer or its need for one comes late, gets it;
//   - a foreigner that is a client of the same server, of whose control connection the capture lacks something, is nobody's.
type foreigners struct {
	list []foreigner // the newest maxForeign of them, in the order of their coming
	lost map[hostPair]loss
}

const (
	maxForeign = 1024               // foreigners that may yet turn out to be another's, the newest
	maxLost    = 64 << 10           // pairs of hosts
	lossLasts  = 3600 * flow.Second // a pair that is over stays so long when there are more
)

// foreigner is where one was given to.
type foreigner struct {
	to          *pendingSession
	negotiation int        // undecided: it is one of the session's connections, whatever for
	other       netip.Addr // the end that is neither the session's client nor its server
	claim       *claim
}

const undecided = -1

// loss is what is known of the control connections between two hosts of which the capture
// lacks something.
type loss struct {
	open  int       // such connections that go on
	until flow.Time // until when those that ended count
}

// opener is the host that opened a connection which fits the offer.
func (x *expectation) opener(c *flow.Conn) netip.Addr {
	if !c.OpenerKnown && !x.Fits(c.Src, c.Dst) {
		return c.Dst.Addr()
	}
	return c.Src.Addr()
}

// isForeign reports whether an offer of a server is met by a host that it was not made
// to.
func (x *expectation) isForeign(c *flow.Conn) bool {
	from := x.opener(c)
	return x.Passive && from != x.Expected && from != x.Peer
}

// note remembers one.
func (f *foreigners) note(x foreigner) {
	gone, since := 0, x.claim.conn[0].Start.Time-2*early
	for gone < len(f.list) && (gone < len(f.list)-maxForeign+1 || f.list[gone].claim.conn[0].Start.Time < since) {
		gone++
	}
	f.list = slices.Delete(f.list, 0, gone)
	f.list = append(f.list, x)
}

// has reports whether a session was given one.
func (f *foreigners) has(g *pendingSession) bool {
	return slices.ContainsFunc(f.list, func(x foreigner) bool { return x.to == g })
}

// forget drops those of a session that is revoked: its connections are taken back
// already.
func (f *foreigners) forget(p *pendingSession) {
	f.list = slices.DeleteFunc(f.list, func(x foreigner) bool { return x.to == p })
}

// take takes those that somebody turns out to have a better use for from whom they were
// given to.
func (f *foreigners) take(since flow.Time, wanted func(other netip.Addr, c *flow.Conn) bool) (list []*claim) {
	for i := len(f.list) - 1; i >= 0; i-- {
		x := &f.list[i]
		if c := &x.claim.conn[0]; c.Start.Time < since || !wanted(x.other, c) {
			continue
		}
		if x.negotiation == undecided {
			x.to.paired = slices.DeleteFunc(x.to.paired, func(cl *claim) bool { return cl == x.claim })
		}
		x.to.tried = slices.DeleteFunc(x.to.tried, func(t tried) bool { return t.negotiation == x.negotiation && t.claim == x.claim })
		x.claim.users--
		list = append(list, x.claim)
		f.list = slices.Delete(f.list, i, i+1)
	}
	return list
}

// expected gives an offer that comes late the connections that were taken for others'
// foreigners.
func (f *foreigners) expected(m *Matcher, x *expectation) {
	if len(f.list) == 0 {
		return
	}
	client := x.Peer
	if x.Passive {
		client = x.Expected
	}
	for _, cl := range f.take(x.Mark.Time-early, func(other netip.Addr, c *flow.Conn) bool { return other == client && x.rank(c) >= 0 }) {
		m.give(x, cl)
	}
}

// needed gives them to a session that needs any connection between its hosts.
func (f *foreigners) needed(m *Matcher, g *pendingSession, w *control.HostExpectation) {
	if len(f.list) == 0 {
		return
	}
	for _, cl := range f.take(w.Mark.Time-early, func(other netip.Addr, c *flow.Conn) bool {
		return other == w.Client && w.Fits(c) && g.nets.Meet(&c.Nets)
	}) {
		m.givePair(g, cl)
	}
}

// lacks notes that the capture lacks something of a session's control connection.
func (f *foreigners) lacks(g *pendingSession, w *control.HostExpectation) {
	if f.lost == nil {
		f.lost = map[hostPair]loss{}
	}
	if len(f.lost) >= maxLost {
		maps.DeleteFunc(f.lost, func(_ hostPair, x loss) bool { return x.open == 0 && x.until < w.Mark.Time-lossLasts })
	}
	if g.lost != nil || len(f.lost) >= maxLost {
		return
	}
	pair := pairOf(w.Client, w.Server)
	g.lost = &pair
	x := f.lost[pair]
	x.open++
	f.lost[pair] = x
}

// over notes that such a control connection is.
func (f *foreigners) over(g *pendingSession, at flow.Time) {
	if g.lost == nil {
		return
	}
	x := f.lost[*g.lost]
	x.open--
	x.until = max(x.until, at+grace)
	f.lost[*g.lost] = x
}

// mayBeOf reports whether a host has a control connection to the server of which the
// capture lacks something, so that what it opened at a time may have been announced to
// it.
func (f *foreigners) mayBeOf(client, server netip.Addr, at flow.Time) bool {
	if len(f.lost) == 0 {
		return false
	}
	x, ok := f.lost[pairOf(client, server)]
	return ok && (x.open > 0 || at <= x.until)
}

// isOthers reports whether a connection that the session was given for want of a better
// one may be another client's.
func (b *builder) isOthers(c *flow.Conn) bool {
	server, other := b.c.Server.Addr(), c.Dst.Addr()
	return c.Src.Addr() == server && other != b.c.Client.Addr() && b.foreign.mayBeOf(other, server, c.Start.Time)
}

// excused reports whether a connection that an offer of the session was given may be
// another client's.
func (b *builder) excused(t *tried) bool {
	n, c := &b.c.Negotiations[t.negotiation], &t.claim.conn[0]
	if !n.Passive || len(b.foreign.lost) == 0 {
		return false
	}
	x := expectation{Expectation: control.Expectation{Passive: true, Endpoint: n.Endpoint}}
	x.Peer, x.Expected = b.c.Parties(n)
	return x.isForeign(c) && b.foreign.mayBeOf(x.opener(c), b.c.Server.Addr(), c.Start.Time)
}
