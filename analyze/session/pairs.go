package session

import (
	"net/netip"
	"slices"

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
func (m *Matcher) Wanted(w Want) {
	g := m.session(w.Control)
	g.pinged, g.nets = w.Mark.Ord, w.Nets
	if g.wants == w.On {
		return
	}
	g.wants = w.On
	g.pairKey = &[2]hosts{pairOf(w.Client, w.Server), {a: w.Server}}
	for _, k := range g.pairKey {
		if w.On {
			m.pairs[k] = append(m.pairs[k], g)
		} else {
			m.forgetPair(k, g)
		}
	}
	if w.On {
		m.parked.recent(w.Mark.Time-early, func(c *flow.Conn, open bool) bool {
			if !w.mayBe(c) || !g.nets.Meet(&c.Nets) {
				return false
			}
			if key, ok := m.pairFor(c); ok && (key == g.pairKey[0] || key == g.pairKey[1]) {
				m.givePair(g, m.claim(c, open))
				return true
			}
			return false
		})
	}
}

// mayBe reports whether a connection can have one of the keys that the session is wanted by. It is asked of a thousand
// connections in turn where much was lost, and nearly all are other hosts'.
func (w *Want) mayBe(c *flow.Conn) bool {
	switch w.Server {
	case c.Src.Addr():
		return c.Src.Port() == ftpData || c.Dst.Addr() == w.Client
	case c.Dst.Addr():
		return c.Src.Addr() == w.Client
	}
	return false
}

func (m *Matcher) forgetPair(k hosts, g *gathering) {
	list := slices.DeleteFunc(m.pairs[k], func(x *gathering) bool { return x == g })
	if len(list) == 0 {
		delete(m.pairs, k)
		return
	}
	m.pairs[k] = list
}

func (m *Matcher) givePair(g *gathering, cl *claim) {
	if len(g.pair) >= maxTried {
		m.limits["connections of one session"]++
		return
	}
	g.pair, cl.used = append(g.pair, cl), true
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
	if c.Src.Port() == ftpData {
		k = hosts{a: c.Src.Addr()}
		return k, m.liveliest(k, c) != nil
	}
	return k, false
}

// liveliest is the session of the connection's network that spoke last: commands under TLS cannot be read, but a data
// connection follows one.
func (m *Matcher) liveliest(k hosts, c *flow.Conn) (g *gathering) {
	for _, x := range m.pairs[k] {
		if (g == nil || x.pinged >= g.pinged) && x.nets.Meet(&c.Nets) {
			g = x
		}
	}
	return g
}

// reclaim gives an offer that came late the connections that were taken for some session's of its hosts meanwhile.
func (m *Matcher) reclaim(l *live) {
	m.reclaimFrom(l.of, l)
	if len(m.pairs) == 0 {
		return
	}
	for _, k := range [2]hosts{pairOf(l.Peer, l.Expected), {a: l.Expected}} {
		for _, g := range m.pairs[k] {
			if g != l.of {
				m.reclaimFrom(g, l)
			}
		}
	}
}

func (m *Matcher) reclaimFrom(g *gathering, l *live) {
	for i, n := len(g.pair)-1, 0; i >= 0 && n < maxLook; i, n = i-1, n+1 {
		c := &g.pair[i].conn[0]
		if c.Start.Time < l.Mark.Time-early {
			return
		}
		if l.reaches(c) >= 0 {
			m.give(l, g.pair[i])
			g.pair = slices.Delete(g.pair, i, i+1)
		}
	}
}
