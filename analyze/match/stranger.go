package match

import "ftpscope/capture/flow"

// A stranger is a connection that is all that an expectation asks for, from the expected
// host, but was seen in another network than the control connection: routers that share
// the load among several links tag the connections of the same two hosts differently. An
// expectation that no connection of its own network met is given it, unless it is another
// session's.

// stranger looks for the expectation that a connection of another network fits best, and
// remembers it there.
func (m *Matcher) stranger(c *flow.Conn, open bool) {
	var best *expectation
	score := -1
	for x := range m.index.alike(m.index.keyOf(c.Dst)) {
		if n := x.rankStranger(c); n > score || n == score && best != nil && x.Mark.Ord > best.Mark.Ord {
			best, score = x, n
		}
	}
	if best != nil {
		m.note(best, c, open)
	}
}

func (m *Matcher) note(x *expectation, c *flow.Conn, open bool) {
	if len(x.session.strangers) < maxTried {
		cl := m.claim(c, open)
		cl.stranger = true
		x.session.strangers = append(x.session.strangers, tried{negotiation: x.Index, claim: cl})
		m.parked.note(c)
	}
}

// rankStranger tells how well a connection of another network fits the expectation; -1:
// not at all, or not well enough.
func (x *expectation) rankStranger(c *flow.Conn) int {
	if x.session.revoked || x.isLate(c) || !c.OpenerKnown || c.Src.Addr() != x.Expected || !x.Fits(c.Src, c.Dst) || x.session.nets.Meet(&c.Nets) {
		return -1
	}
	return x.Rank(c.Src, c.Dst)
}

// strange are those of a session's strangers that nobody else has a use for, for
// expectations that no connection met.
func (p *pendingSession) strange() []tried {
	var list []tried
	for _, t := range p.strangers {
		if t.claim.users == 0 && !p.met(t.negotiation) {
			list = append(list, t)
		}
	}
	return list
}

// letGo gives up the strangers that a session has no use for.
func (m *Matcher) letGo(p *pendingSession) {
	for _, t := range p.strangers {
		if t.claim.users > 0 || t.claim.control || t.claim.open {
			continue
		}
		if p.said == nil || p.revoked || p.met(t.negotiation) {
			t.claim.users++ // it is told once
			m.unclaimed(&t.claim.conn[0])
		}
	}
}

func (p *pendingSession) met(negotiation int) bool {
	for _, t := range p.tried {
		if t.negotiation == negotiation {
			return true
		}
	}
	return false
}
