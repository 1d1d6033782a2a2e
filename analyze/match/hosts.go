package match

import (
	"iter"
	"net/netip"
	"slices"

	"ftpscope/analyze/control"
	"ftpscope/capture/flow"
)

// Where no expectation tells which connections are a session's (TLS, or a negotiation
// that the capture lacks), its two hosts do.

// hostPair is a pair of hosts, the smaller address first; the second is invalid for
// "any".
type hostPair struct{ a, b netip.Addr }

func pairOf(a, b netip.Addr) hostPair {
	if b.Less(a) {
		a, b = b, a
	}
	return hostPair{a, b}
}

// ExpectHosts marks a session as interested in any connection between its hosts, or no
// longer so.
func (m *Matcher) ExpectHosts(w control.HostExpectation) {
	if m.isOverruled(w.Control) {
		return
	}
	p := m.session(w.Control)
	p.nets = w.Nets
	if w.Lossy {
		m.foreign.lacks(p, &w)
	}
	had := p.expectsHosts
	switch p.expectsHosts = w.On; {
	case had && w.On:
		m.hosts.refresh(p)
	case had:
		m.hosts.unlist(p)
	case w.On:
		p.pair.since = w.Mark.Time
		p.pair.keys = &[2]hostPair{pairOf(w.Client, w.Server), {a: w.Server}}
		m.hosts.list(p)
		m.parked.recent(w.Mark.Time-early, func(c *flow.Conn, open bool) bool {
			if !w.Fits(c) || !p.nets.Meet(&c.Nets) || m.hasSaid(c.ID) {
				return false
			}
			if key, ok := m.hosts.pairFor(c); ok && (key == p.pair.keys[0] || key == p.pair.keys[1]) {
				m.givePair(p, m.claim(c, open))
				return true
			}
			return false
		})
		m.foreign.needed(m, p, &w)
	}
}

// hostLinks is a session's place in the lists of those that want connections, by each of
// its keys: who spoke last comes first.
type hostLinks struct {
	keys         *[2]hostPair
	since        flow.Time // when it began to want some
	older, newer [2]*pendingSession
}

// hostIndex finds the sessions that expect connections by a pair of hosts: who spoke
// last, and from there the older ones.
type hostIndex struct {
	newest map[hostPair]*pendingSession
	limits limits
}

// list puts a session first.
func (ix *hostIndex) list(p *pendingSession) {
	for i, k := range p.pair.keys {
		if old := ix.newest[k]; old != nil {
			p.pair.older[i], old.pair.newer[i] = old, p
		}
		ix.newest[k] = p
	}
}

// unlist takes it out.
func (ix *hostIndex) unlist(p *pendingSession) {
	for i, k := range p.pair.keys {
		older, newer := p.pair.older[i], p.pair.newer[i]
		p.pair.older[i], p.pair.newer[i] = nil, nil
		if older != nil {
			older.pair.newer[i] = newer
		}
		switch {
		case newer != nil:
			newer.pair.older[i] = older
		case older != nil:
			ix.newest[k] = older
		default:
			delete(ix.newest, k)
		}
	}
}

// refresh puts it first again.
func (ix *hostIndex) refresh(p *pendingSession) {
	if p.pair.newer != [2]*pendingSession{} {
		ix.unlist(p)
		ix.list(p)
	}
}

// expecting are the sessions that expect connections by a key, who spoke last first, at
// most maxAlike of them.
func (ix *hostIndex) expecting(k hostPair) iter.Seq[*pendingSession] {
	return func(yield func(*pendingSession) bool) {
		i := 0
		if !k.b.IsValid() {
			i = 1
		}
		for p, n := ix.newest[k], 0; p != nil; p, n = p.pair.older[i], n+1 {
			if n == maxAlike {
				ix.limits["encrypted sessions of the same hosts at a time"]++
				return
			}
			if !yield(p) {
				return
			}
		}
	}
}

func (m *Matcher) givePair(p *pendingSession, cl *claim) {
	if len(p.paired) >= maxTried {
		m.limits["connections of one session"]++
		return
	}
	p.paired = append(p.paired, cl)
	cl.users++
	if m.opt.Claimer != nil {
		m.opt.Claimer.Claimed(&cl.conn[0], p.id)
	}
}

// giveLiveliest gives a connection to who spoke last of those that want it by a key.
func giveLiveliest(m *Matcher, k hostPair, c *flow.Conn, open bool) {
	p, cl := m.hosts.liveliest(k, c), m.claim(c, open)
	m.givePair(p, cl)
	if other := c.Dst.Addr(); !k.b.IsValid() && pairOf(c.Src.Addr(), other) != p.pair.keys[0] {
		m.foreign.note(foreigner{p, undecided, other, cl})
	}
}

// pairFor returns the key under which sessions may want this connection, if any do.
func (ix *hostIndex) pairFor(c *flow.Conn) (hostPair, bool) {
	k := pairOf(c.Src.Addr(), c.Dst.Addr())
	if ix.liveliest(k, c) != nil {
		return k, true
	}
	if c.Src.Port() == flow.PortFTPData {
		k = hostPair{a: c.Src.Addr()}
		return k, ix.liveliest(k, c) != nil
	}
	return k, false
}

// liveliest is the session of the connection's network that spoke last: commands under
// TLS cannot be read, but a data connection follows one.
// One that wanted connections only after this one had begun, which may be told late, comes
// after those that did before.
func (ix *hostIndex) liveliest(k hostPair, c *flow.Conn) (best *pendingSession) {
	for p := range ix.expecting(k) {
		if !p.nets.Meet(&c.Nets) {
			continue
		}
		if p.pair.since <= c.Start.Time+grace {
			return p
		}
		if best == nil {
			best = p
		}
	}
	return best
}

// reclaim gives an expectation that came late the connections that were taken for some
// session's of its hosts meanwhile.
func (m *Matcher) reclaim(x *expectation) {
	m.reclaimFrom(x.session, x)
	if len(m.hosts.newest) == 0 {
		return
	}
	for _, k := range [2]hostPair{pairOf(x.Peer, x.Expected), {a: x.Expected}} {
		for p := range m.hosts.expecting(k) {
			if p != x.session {
				m.reclaimFrom(p, x)
			}
		}
	}
}

func (m *Matcher) reclaimFrom(p *pendingSession, x *expectation) {
	for i, n := len(p.paired)-1, 0; i >= 0 && n < maxLook; i, n = i-1, n+1 {
		c := &p.paired[i].conn[0]
		if c.Start.Time < x.Mark.Time-early {
			return
		}
		if x.rank(c) >= 0 {
			m.give(x, p.paired[i])
			p.paired[i].users--
			p.paired = slices.Delete(p.paired, i, i+1)
		}
	}
}
