package match

import (
	"net/netip"

	"ftpscope/capture/flow"
)

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

func (m *Matcher) give(l *expectation, cl *claim) {
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

// Watcher hears which data connections sessions have a use for, and of their ends.
type Watcher interface {
	Mark(a, b netip.AddrPort, net flow.Net)
	Ended(a, b netip.AddrPort, nets flow.Nets)
}

// Watch has the Watcher told; before anything else.
func (m *Matcher) Watch(w Watcher) { m.watcher = w }

// Claimer hears that a session, known by the ID of its control connection, is given a connection: once for each time.
type Claimer interface {
	Claimed(c *flow.Conn, control uint64)
}

// Claims has the Claimer told; before anything else.
func (m *Matcher) Claims(c Claimer) { m.claimer = c }
