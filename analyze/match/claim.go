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
	if m.opt.Watcher != nil {
		if m.opt.Watcher.Mark(c.Src, c.Dst, c.Nets[0]); !open {
			m.opt.Watcher.Ended(c.Src, c.Dst, c.Nets)
		}
	}
	return cl
}

func (m *Matcher) give(x *expectation, cl *claim) {
	if len(x.session.tried) >= maxTried {
		m.limits["connections of one session"]++
		return
	}
	x.session.tried, cl.used = append(x.session.tried, tried{x.Index, cl}), true
	if m.opt.Claimer != nil {
		m.opt.Claimer.Claimed(&cl.conn[0], x.session.id)
	}
	if !x.met {
		x.met = true
		x.session.unmet--
	}
}

// Watcher hears which data connections sessions have a use for, and of their ends.
type Watcher interface {
	Mark(a, b netip.AddrPort, net flow.Net)
	Ended(a, b netip.AddrPort, nets flow.Nets)
}

// Claimer hears that a session, known by the ID of its control connection, is given a
// connection: once for each time.
type Claimer interface {
	Claimed(c *flow.Conn, control uint64)
}
