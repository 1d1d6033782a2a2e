package finding

import "ftpscope/analyze/record"

// glance is what rules on one transfer ask about all of them: a session may have thousands of each.
type glance struct {
	taken       bool
	lastCommand int    // number of the last transfer that a command began; 0: there is none
	unshown     bool   // a transfer succeeded over a connection that the capture does not hold
	passive     bool   // a server's endpoint is known
	low, high   uint16 // the ports of these
}

// glance is taken once.
func (c *Case) glance() *glance {
	g := &c.seen
	if g.taken {
		return g
	}
	g.taken = true
	for i := range c.Transfers {
		t := &c.Transfers[i]
		if t.Command != nil {
			g.lastCommand = t.N
			g.unshown = g.unshown || t.Outcome == record.OK && t.Connection == nil
		}
		if t.Mode != record.Passive || t.Announced == nil {
			continue
		}
		port := t.Announced.Port()
		if !g.passive {
			g.low, g.high, g.passive = port, port, true
		}
		g.low, g.high = min(g.low, port), max(g.high, port)
	}
	return g
}
