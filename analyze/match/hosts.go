package match

import (
	"iter"
	"net/netip"
	"slices"

	"ftpscope/analyze/control"
	"ftpscope/capture/flow"
)

// Where no offer tells which connections are a session's (TLS, or a negotiation that the capture lacks), its two hosts do.

// hosts is a pair of hosts, the smaller address first; the second is invalid for "any".
type hostPair struct{ a, b netip.Addr }

func pairOf(a, b netip.Addr) hostPair {
	if b.Less(a) {
		a, b = b, a
	}
	return hostPair{a, b}
}

// Wanted marks a session as interested in any connection between its hosts, or no longer so.
func (m *Matcher) ExpectHosts(w control.HostExpectation) {
	g := m.session(w.Control)
	g.nets = w.Nets
	had := g.expectsHosts
	switch g.expectsHosts = w.On; {
	case had && w.On:
		m.hosts.refresh(g)
	case had:
		m.hosts.unlist(g)
	case w.On:
		g.pair.keys = &[2]hostPair{pairOf(w.Client, w.Server), {a: w.Server}}
		m.hosts.list(g)
		m.parked.recent(w.Mark.Time-early, func(c *flow.Conn, open bool) bool {
			if !w.Fits(c) || !g.nets.Meet(&c.Nets) {
				return false
			}
			if key, ok := m.hosts.pairFor(c); ok && (key == g.pair.keys[0] || key == g.pair.keys[1]) {
				m.givePair(g, m.claim(c, open))
				return true
			}
			return false
		})
	}
}

// wanting is a session's place in the lists of those that want connections, by each of its keys: who spoke last comes first.
type hostLinks struct {
	keys         *[2]hostPair
	older, newer [2]*pendingSession
}

// hostIndex finds the sessions that expect connections by a pair of hosts: who spoke last, and
// from there the older ones.
type hostIndex struct {
	newest map[hostPair]*pendingSession
	limits limits
}

// list puts a session first.
func (x *hostIndex) list(g *pendingSession) {
	for i, k := range g.pair.keys {
		if old := x.newest[k]; old != nil {
			g.pair.older[i], old.pair.newer[i] = old, g
		}
		x.newest[k] = g
	}
}

// unlist takes it out.
func (x *hostIndex) unlist(g *pendingSession) {
	for i, k := range g.pair.keys {
		older, newer := g.pair.older[i], g.pair.newer[i]
		g.pair.older[i], g.pair.newer[i] = nil, nil
		if older != nil {
			older.pair.newer[i] = newer
		}
		switch {
		case newer != nil:
			newer.pair.older[i] = older
		case older != nil:
			x.newest[k] = older
		default:
			delete(x.newest, k)
		}
	}
}

// refresh puts it first again.
func (x *hostIndex) refresh(g *pendingSession) {
	if g.pair.newer != [2]*pendingSession{} {
		x.unlist(g)
		x.list(g)
	}
}

// wanters are the sessions that want connections by a key, who spoke last first, at most maxAlike of them.
func (x *hostIndex) expecting(k hostPair) iter.Seq[*pendingSession] {
	return func(yield func(*pendingSession) bool) {
		i := 0
		if !k.b.IsValid() {
			i = 1
		}
		for g, n := x.newest[k], 0; g != nil; g, n = g.pair.older[i], n+1 {
			if n == maxAlike {
				x.limits["encrypted sessions of the same hosts at a time"]++
				return
			}
			if !yield(g) {
				return
			}
		}
	}
}

func (m *Matcher) givePair(g *pendingSession, cl *claim) {
	if len(g.paired) >= maxTried {
		m.limits["connections of one session"]++
		return
	}
	g.paired, cl.used = append(g.paired, cl), true
	if m.opt.Claimer != nil {
		m.opt.Claimer.Claimed(&cl.conn[0], g.id)
	}
}

// pairFor returns the key under which sessions may want this connection, if any do.
func (x *hostIndex) pairFor(c *flow.Conn) (hostPair, bool) {
	k := pairOf(c.Src.Addr(), c.Dst.Addr())
	if x.liveliest(k, c) != nil {
		return k, true
	}
	if c.Src.Port() == flow.PortFTPData {
		k = hostPair{a: c.Src.Addr()}
		return k, x.liveliest(k, c) != nil
	}
	return k, false
}

// liveliest is the session of the connection's network that spoke last: commands under TLS cannot be read, but a data
// connection follows one.
func (x *hostIndex) liveliest(k hostPair, c *flow.Conn) *pendingSession {
	for g := range x.expecting(k) {
		if g.nets.Meet(&c.Nets) {
			return g
		}
	}
	return nil
}

// reclaim gives an offer that came late the connections that were taken for some session's of its hosts meanwhile.
func (m *Matcher) reclaim(l *expectation) {
	m.reclaimFrom(l.session, l)
	if len(m.hosts.newest) == 0 {
		return
	}
	for _, k := range [2]hostPair{pairOf(l.Peer, l.Expected), {a: l.Expected}} {
		for g := range m.hosts.expecting(k) {
			if g != l.session {
				m.reclaimFrom(g, l)
			}
		}
	}
}

func (m *Matcher) reclaimFrom(g *pendingSession, l *expectation) {
	for i, n := len(g.paired)-1, 0; i >= 0 && n < maxLook; i, n = i-1, n+1 {
		c := &g.paired[i].conn[0]
		if c.Start.Time < l.Mark.Time-early {
			return
		}
		if l.rank(c) >= 0 {
			m.give(l, g.paired[i])
			g.paired = slices.Delete(g.paired, i, i+1)
		}
	}
}
