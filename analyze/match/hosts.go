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
type hosts struct{ a, b netip.Addr }

func pairOf(a, b netip.Addr) hosts {
	if b.Less(a) {
		a, b = b, a
	}
	return hosts{a, b}
}

// Wanted marks a session as interested in any connection between its hosts, or no longer so.
func (m *Matcher) ExpectHosts(w control.HostExpectation) {
	g := m.session(w.Control)
	g.nets = w.Nets
	had := g.expectsHosts
	switch g.expectsHosts = w.On; {
	case had && w.On:
		m.refresh(g)
	case had:
		m.unlist(g)
	case w.On:
		g.pair.keys = &[2]hosts{pairOf(w.Client, w.Server), {a: w.Server}}
		m.list(g)
		m.parked.recent(w.Mark.Time-early, func(c *flow.Conn, open bool) bool {
			if !w.Fits(c) || !g.nets.Meet(&c.Nets) {
				return false
			}
			if key, ok := m.pairFor(c); ok && (key == g.pair.keys[0] || key == g.pair.keys[1]) {
				m.givePair(g, m.claim(c, open))
				return true
			}
			return false
		})
	}
}

// wanting is a session's place in the lists of those that want connections, by each of its keys: who spoke last comes first.
type hostLinks struct {
	keys         *[2]hosts
	older, newer [2]*pendingSession
}

// list puts a session first.
func (m *Matcher) list(g *pendingSession) {
	for i, k := range g.pair.keys {
		if old := m.pairs[k]; old != nil {
			g.pair.older[i], old.pair.newer[i] = old, g
		}
		m.pairs[k] = g
	}
}

// unlist takes it out.
func (m *Matcher) unlist(g *pendingSession) {
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
			m.pairs[k] = older
		default:
			delete(m.pairs, k)
		}
	}
}

// refresh puts it first again.
func (m *Matcher) refresh(g *pendingSession) {
	if g.pair.newer != [2]*pendingSession{} {
		m.unlist(g)
		m.list(g)
	}
}

// wanters are the sessions that want connections by a key, who spoke last first, at most maxAlike of them.
func (m *Matcher) expecting(k hosts) iter.Seq[*pendingSession] {
	return func(yield func(*pendingSession) bool) {
		i := 0
		if !k.b.IsValid() {
			i = 1
		}
		for g, n := m.pairs[k], 0; g != nil; g, n = g.pair.older[i], n+1 {
			if n == maxAlike {
				m.limits["encrypted sessions of the same hosts at a time"]++
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
	if m.claimer != nil {
		m.claimer.Claimed(&cl.conn[0], g.id)
	}
}

// pairFor returns the key under which sessions may want this connection, if any do.
func (m *Matcher) pairFor(c *flow.Conn) (hosts, bool) {
	k := pairOf(c.Src.Addr(), c.Dst.Addr())
	if m.liveliest(k, c) != nil {
		return k, true
	}
	if c.Src.Port() == flow.PortFTPData {
		k = hosts{a: c.Src.Addr()}
		return k, m.liveliest(k, c) != nil
	}
	return k, false
}

// liveliest is the session of the connection's network that spoke last: commands under TLS cannot be read, but a data
// connection follows one.
func (m *Matcher) liveliest(k hosts, c *flow.Conn) *pendingSession {
	for g := range m.expecting(k) {
		if g.nets.Meet(&c.Nets) {
			return g
		}
	}
	return nil
}

// reclaim gives an offer that came late the connections that were taken for some session's of its hosts meanwhile.
func (m *Matcher) reclaim(l *expectation) {
	m.reclaimFrom(l.of, l)
	if len(m.pairs) == 0 {
		return
	}
	for _, k := range [2]hosts{pairOf(l.Peer, l.Expected), {a: l.Expected}} {
		for g := range m.expecting(k) {
			if g != l.of {
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
		if l.reaches(c) >= 0 {
			m.give(l, g.paired[i])
			g.paired = slices.Delete(g.paired, i, i+1)
		}
	}
}
