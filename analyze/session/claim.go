package session

import "ftpscope/capture/flow"

// claim is a connection that some session has a use for.
type claim struct {
	conn    [1]flow.Conn // an array, for a slice of it is a transfer's list of one
	open    bool
	used    bool // by a session of its network
	control bool // turned out to be a control connection itself
}

func (m *Matcher) claim(c *flow.Conn, open bool) *claim {
	if cl := m.claims[c.ID]; cl != nil {
		return cl
	}
	cl := &claim{conn: [1]flow.Conn{*c}, open: open}
	if open {
		m.claims[c.ID] = cl
	}
	if m.watcher != nil {
		if m.watcher.Mark(c.Src, c.Dst, c.Nets[0]); !open {
			m.watcher.Ended(c.Src, c.Dst, c.Nets)
		}
	}
	return cl
}

func (m *Matcher) give(l *live, cl *claim) {
	if len(l.of.tried) >= maxTried {
		m.limits["connections of one session"]++
		return
	}
	l.of.tried, cl.used = append(l.of.tried, tried{l.Index, cl}), true
	if m.claimer != nil {
		m.claimer.Claimed(&cl.conn[0], l.of.id)
	}
	if !l.met {
		l.met = true
		l.of.unmet--
	}
}
