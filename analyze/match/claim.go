package match

import (
	"net/netip"

	"ftpscope/analyze/record"
	"ftpscope/capture/flow"
)

// claim is a connection that some session has a use for.
type claim struct {
	conn     [1]flow.Conn // an array, for a slice of it is a transfer's list of one
	users    int32        // sessions of its network that it was given to
	sure     int32        // expectations of theirs that it met and that say what it is
	open     bool
	control  bool // turned out to be a control connection itself
	stranger bool // noted as one

	tunnel *record.Tunnel // the proxy's that it went through; nil: none
	spoken *record.Spoken // what it said of FTP; nil: nothing, or it is not over
}

func (m *Matcher) claim(c *flow.Conn, open bool) *claim {
	if cl := m.claims[c.ID]; cl != nil {
		return cl
	}
	cl := &claim{conn: [1]flow.Conn{*c}, open: open}
	if open {
		m.claims[c.ID] = cl
	} else {
		cl.spoken = m.parked.spoken(c)
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
	t := tried{negotiation: x.Index, claim: cl, sure: x.isSure(&cl.conn[0])}
	x.session.tried = append(x.session.tried, t)
	if cl.users++; t.sure {
		cl.sure++
	}
	if id := cl.conn[0].ID; m.sessions[id] != nil && x.overrules(&cl.conn[0], &m.opt) {
		cl.control = false
		m.overruled = append(m.overruled, id)
	}
	if m.opt.Claimer != nil {
		m.opt.Claimer.Claimed(&cl.conn[0], x.session.id)
	}
	if x.isForeign(&cl.conn[0]) {
		m.foreign.note(foreigner{x.session, x.Index, x.opener(&cl.conn[0]), cl})
	}
	if !x.met {
		x.met = true
		x.session.unmet--
	}
}

// Watcher hears which data connections sessions have a use for, and of their ends.
type Watcher interface {
	Expect(end netip.AddrPort) // a data connection may be tried there
	Mark(a, b netip.AddrPort, net flow.Net)
	Ended(a, b netip.AddrPort, nets flow.Nets)
}

// Claimer hears that a session, known by the ID of its control connection, is given a
// connection: once for each time; and that it is taken back, for the session is none.
type Claimer interface {
	Claimed(c *flow.Conn, control uint64)
	Unclaimed(c *flow.Conn, control uint64)
}
