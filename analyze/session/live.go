package session

import (
	"net/netip"

	"ftpscope/capture/flow"
)

// live is an offer that connections may still meet.
type live struct {
	Offer
	of    *gathering
	until flow.Time // when it was replaced, plus grace; 0: in force
	ended uint64    // Ord of the packet that replaced it
	met   bool      // by a connection
	older [2]*live  // with the same endpoint, for each of Offer.end
}

// next is the next older offer of an endpoint.
func (l *live) next(end netip.AddrPort) *live { return l.older[l.which(end)] }

func (l *live) which(end netip.AddrPort) int {
	if l.Endpoint == end {
		return 0
	}
	return 1
}

// join gives an offer the connections that an offer of the same endpoint and the other kind has met already: FXP, where
// the capture shows one server's side of the negotiation late.
func (m *Matcher) join(l *live) {
	for x := m.offers[l.Endpoint]; x != nil; x = x.next(l.Endpoint) {
		if x.Passive == l.Passive || x.Endpoint != l.Endpoint || x.of == l.of {
			continue
		}
		for _, t := range x.of.tried {
			if c := &t.claim.conn; t.offer == x.Index && c.Start.Time >= l.Mark.Time-early && l.reaches(c) >= 0 {
				m.give(l, t.claim)
			}
		}
	}
}

func (m *Matcher) replace(l *live, at flow.Mark) {
	if l.until == 0 {
		l.until, l.ended = at.Time+grace, at.Ord
		m.replaced = append(m.replaced, l)
	}
}

// reaches tells how well a connection fits the offer; -1: not at all. Without a SYN either end may be the opener.
func (l *live) reaches(c *flow.Conn) int {
	if l.until != 0 && c.Start.Time > l.until {
		return -1
	}
	if l.fits(c.Src, c.Dst) {
		return l.reach(c.Src, c.Dst)
	}
	if !c.OpenerKnown && l.fits(c.Dst, c.Src) {
		return l.reach(c.Dst, c.Src)
	}
	return -1
}

func (m *Matcher) forget(l *live) {
	for i, n := 0, l.ends(); i < n; i++ {
		m.unlink(l, i)
	}
	port := l.Endpoint.Port()
	if m.refs[port]--; m.refs[port] == 0 {
		m.ports[port/64] &^= 1 << (port % 64)
	}
}

// unlink takes an offer out of the list of its i-th endpoint.
func (m *Matcher) unlink(l *live, i int) {
	end := l.end(i)
	newer := m.offers[end]
	switch {
	case newer == l && l.older[i] == nil:
		delete(m.offers, end)
	case newer == l:
		m.offers[end] = l.older[i]
	default:
		for newer.next(end) != l {
			newer = newer.next(end)
		}
		newer.older[newer.which(end)] = l.older[i]
	}
}
