package match

import "ftpscope/capture/flow"

// A stranger is a connection that is all that an offer asks for, from the expected host, but was seen in another network
// than the control connection: routers that share the load among several links tag the connections of the same two hosts
// differently. An offer that no connection of its own network met is given it, unless it is another session's.

// stranger looks for the offer that a connection of another network fits best, and remembers it there.
func (m *Matcher) stranger(c *flow.Conn, open bool) {
	var best *expectation
	score := -1
	for l := range m.index.alike(m.index.keyOf(c.Dst)) {
		if n := l.rankStranger(c); n > score || n == score && best != nil && l.Mark.Ord > best.Mark.Ord {
			best, score = l, n
		}
	}
	if best != nil {
		m.note(best, c, open)
	}
}

func (m *Matcher) note(l *expectation, c *flow.Conn, open bool) {
	if len(l.session.strangers) < maxTried {
		l.session.strangers = append(l.session.strangers, tried{l.Index, m.claim(c, open)})
		m.parked.note(c)
	}
}

// estranged tells how well a connection of another network fits the offer; -1: not at all, or not well enough.
func (l *expectation) rankStranger(c *flow.Conn) int {
	if l.isLate(c) || !c.OpenerKnown || c.Src.Addr() != l.Expected || !l.Fits(c.Src, c.Dst) || l.session.nets.Meet(&c.Nets) {
		return -1
	}
	return l.Rank(c.Src, c.Dst)
}

// strange are those of a session's strangers that nobody else has a use for, for offers that no connection met.
func (g *pendingSession) strange() []tried {
	var list []tried
	for _, t := range g.strangers {
		if !t.claim.used && !g.met(t.offer) {
			list = append(list, t)
		}
	}
	return list
}

// letGo gives up the strangers that a session has no use for.
func (m *Matcher) letGo(g *pendingSession) {
	for _, t := range g.strangers {
		if t.claim.used || t.claim.control || t.claim.open {
			continue
		}
		if g.said == nil || g.met(t.offer) {
			t.claim.used = true // it is told once
			m.unclaimed(&t.claim.conn[0])
		}
	}
}

func (g *pendingSession) met(offer int) bool {
	for _, t := range g.tried {
		if t.offer == offer {
			return true
		}
	}
	return false
}
