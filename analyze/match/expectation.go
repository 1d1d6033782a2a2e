package match

import (
	"iter"
	"math/bits"
	"net/netip"

	"ftpscope/analyze/control"
	"ftpscope/capture/flow"
)

// live is an offer that connections may still meet.
type expectation struct {
	control.Expectation
	of    *pendingSession
	until flow.Time       // when it was replaced, plus grace; 0: in force
	ended uint64          // Ord of the packet that replaced it
	met   bool            // by a connection
	two   bool            // it has two keys
	keys  [2]endKey       // of the endpoints that a fitting connection may lead to
	older [2]*expectation // the next older one with the same key, and the next newer one
	newer [2]*expectation
}

// endKey stands for an endpoint. Others may have the same: it narrows the search, and Offer.fits decides.
type endKey uint64

// The seed is of this run, or clients could announce endpoints that all have one.
func (m *Matcher) keyOf(end netip.AddrPort) endKey {
	h := flow.HostOf(end.Addr())
	high, low := bits.Mul64(h.Lo^m.seed[0], h.Hi^m.seed[1])
	high, low = bits.Mul64(high^low^uint64(end.Port())<<32, 0x8ebc6af09c88c6e3^m.seed[0])
	return endKey(high ^ low)
}

// live makes an offer live.
func (m *Matcher) expect(o *control.Expectation, g *pendingSession) *expectation {
	var l *expectation
	if n := len(m.free); n > 0 {
		l = m.free[n-1]
		m.free = m.free[:n-1]
	} else {
		l = new(expectation)
	}
	l.Expectation, l.of = *o, g
	l.keys[0] = m.keyOf(o.Endpoint)
	if o.Peer != o.Endpoint.Addr() {
		l.keys[1] = m.keyOf(netip.AddrPortFrom(o.Peer, o.Endpoint.Port()))
		l.two = l.keys[1] != l.keys[0]
	}
	return l
}

// ends are the keys of the endpoint that was announced and, where it differs, of its port at the control peer's address.
func (l *expectation) ends() []endKey {
	if l.two {
		return l.keys[:]
	}
	return l.keys[:1]
}

// alike are the newest offers with a key, at most maxAlike of them.
func (m *Matcher) alike(end endKey) iter.Seq[*expectation] {
	return func(yield func(*expectation) bool) {
		for l, n := m.expectations[end], 0; l != nil; l, n = l.older[l.which(end)], n+1 {
			if n == maxAlike {
				m.limits["offers of one endpoint at a time"]++
				return
			}
			if !yield(l) {
				return
			}
		}
	}
}

// link makes an offer the newest of its keys.
func (m *Matcher) link(l *expectation) {
	for i, end := range l.ends() {
		if old := m.expectations[end]; old != nil {
			l.older[i], old.newer[old.which(end)] = old, l
		}
		m.expectations[end] = l
	}
}

func (l *expectation) which(end endKey) int {
	if l.keys[0] == end {
		return 0
	}
	return 1
}

// join gives an offer the connections that an offer of the same endpoint and the other kind has met already: FXP, where
// the capture shows one server's side of the negotiation late.
func (m *Matcher) join(l *expectation) {
	for x := range m.alike(l.keys[0]) {
		if x.Passive == l.Passive || x.Endpoint != l.Endpoint || x.of == l.of {
			continue
		}
		for _, t := range x.of.tried {
			if c := &t.claim.conn[0]; t.offer == x.Index && c.Start.Time >= l.Mark.Time-early && l.reaches(c) >= 0 {
				m.give(l, t.claim)
			}
		}
	}
}

// replace says that an offer is in force no longer; it is done once.
func (m *Matcher) replace(l *expectation, at flow.Mark) {
	l.until, l.ended = at.Time+grace, at.Ord
	if m.replaced = append(m.replaced, replaced{l.until, l}); len(m.replaced) > maxReplaced {
		m.limits["offers that waited for a connection"]++
		m.forget(m.replaced[0].expectation)
		m.replaced = m.replaced[1:]
	}
}

// isLate reports whether a connection began after the offer was replaced, by its time and its place in the capture: the clock may
// have been set back between.
func (l *expectation) isLate(c *flow.Conn) bool {
	return l.until != 0 && c.Start.Time > l.until && c.Start.Ord > l.ended
}

// reaches tells how well a connection fits the offer; -1: not at all. Without a SYN either end may be the opener.
func (l *expectation) reaches(c *flow.Conn) int {
	if l.isLate(c) {
		return -1
	}
	if !l.of.nets.Meet(&c.Nets) {
		return -1
	}
	if l.Fits(c.Src, c.Dst) {
		return l.Rank(c.Src, c.Dst)
	}
	if !c.OpenerKnown && l.Fits(c.Dst, c.Src) {
		return l.Rank(c.Dst, c.Src)
	}
	return -1
}

// maxFreeLive bounds the offers that are kept for the next ones: as many as a busy capture forgets at once.
const maxFreeLive = 4096

func (m *Matcher) forget(l *expectation) {
	for i, end := range l.ends() {
		m.unlink(l, i, end)
	}
	port := l.Endpoint.Port()
	if m.refs[port]--; m.refs[port] == 0 {
		m.ports[port/64] &^= 1 << (port % 64)
	}
	if len(m.free) < maxFreeLive {
		*l = expectation{}
		m.free = append(m.free, l)
	}
}

// unlink takes an offer out of the list of its i-th key.
func (m *Matcher) unlink(l *expectation, i int, end endKey) {
	older, newer := l.older[i], l.newer[i]
	if older != nil {
		older.newer[older.which(end)] = newer
	}
	switch {
	case newer != nil:
		newer.older[newer.which(end)] = older
	case older != nil:
		m.expectations[end] = older
	default:
		delete(m.expectations, end)
	}
}
