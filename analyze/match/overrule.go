package match

import (
	"ftpscope/analyze/control"
	"ftpscope/analyze/record"
	"ftpscope/capture/flow"
)

// An announced endpoint wins over content. A connection that its expected host opened to an
// announced endpoint is data, whatever its bytes say, or a file that reads like FTP would hide
// itself and make sessions up. What such a connection leads to expect counts for nothing.
// Content decides only
//
//   - where no expectation is met: then both sides must have spoken, unless FTP is expected
//     on the port (control.Transcript.IsSession);
//   - where both sides speak FTP on a port for that, or on one that somebody else than the
//     expected host connected to: announcing an endpoint does not hide the sessions of others.
//
// Disorder brings an expectation after its connection, which then may be taken for a
// conversation already: that is revoked.

// overrules reports whether c is the expectation's whatever it says.
func (m *Matcher) overrules(x *expectation, c *flow.Conn) bool {
	return x.isOpener(c) && !m.isOnControlPort(c)
}

// isOpener reports whether the expected host opened c, or may have.
func (x *expectation) isOpener(c *flow.Conn) bool {
	return c.Src.Addr() == x.Expected || !c.OpenerKnown && c.Dst.Addr() == x.Expected
}

func (m *Matcher) isOnControlPort(c *flow.Conn) bool {
	return m.opt.ControlPort(c.Dst.Port()) || !c.OpenerKnown && m.opt.ControlPort(c.Src.Port())
}

// isSession reports whether a connection is a control connection by what it said.
func (m *Matcher) isSession(c *flow.Conn, said *control.Transcript) bool {
	cl := m.claims[c.ID]
	switch met := cl != nil && cl.expected > 0; {
	case said == nil:
		return false
	case said.OnControlPort:
		return said.BothSpoke || !met
	}
	return said.BothSpoke && !m.isOverruled(c.ID) && !m.isFromDataPort(c)
}

// isFromDataPort reports whether c comes from the data port of a server that is expected to
// open a connection, wherever it leads.
func (m *Matcher) isFromDataPort(c *flow.Conn) bool {
	if m.isOnControlPort(c) {
		return false
	}
	return c.Src.Port() == flow.PortFTPData && m.index.active[c.Src.Addr()] > 0 ||
		!c.OpenerKnown && c.Dst.Port() == flow.PortFTPData && m.index.active[c.Dst.Addr()] > 0
}

// spokenOf is what a data connection said of FTP; nil: nothing.
func spokenOf(said *control.Transcript) *record.Spoken {
	if said == nil || !said.Spoken.Mark.Seen() {
		return nil
	}
	s := said.Spoken
	s.Both = said.BothSpoke
	return &s
}

// isOverruled reports whether what a connection leads to expect counts for nothing.
func (m *Matcher) isOverruled(id uint64) bool {
	cl := m.claims[id]
	return cl != nil && cl.expected > 0 && !m.isOnControlPort(&cl.conn[0])
}

// hasSaid reports whether a connection is over and what it said is a session, so far.
func (m *Matcher) hasSaid(id uint64) bool {
	p := m.sessions[id]
	return p != nil && p.said != nil
}

// revokeAll revokes the sessions whose connection turned out to be data since the last time.
func (m *Matcher) revokeAll() {
	for len(m.overruled) > 0 {
		last := len(m.overruled) - 1
		id := m.overruled[last]
		m.overruled = m.overruled[:last]
		if p := m.sessions[id]; p != nil {
			m.revoke(p)
		}
	}
}

// revoke takes a session back whose connection is none for control. Its expectations can be
// met no more, and the connections that it was given are looked at anew.
func (m *Matcher) revoke(p *pendingSession) {
	p.revoked = true
	if p.last != nil {
		m.replace(p.last, flow.Mark{Time: m.now})
		p.last = nil
	}
	if p.expectsHosts {
		p.expectsHosts = false
		m.hosts.unlist(p)
	}
	m.foreign.over(p, m.now)
	delete(m.sessions, p.id)
	given, paired := p.tried, p.paired
	p.tried, p.paired = nil, nil
	for _, t := range given {
		if t.expected {
			t.claim.expected--
		}
		m.takeBack(p, t.claim)
	}
	for _, cl := range paired {
		m.takeBack(p, cl)
	}
	m.letGo(p)
}

// takeBack takes a connection from a session, and offers it to the others.
func (m *Matcher) takeBack(p *pendingSession, cl *claim) {
	c := &cl.conn[0]
	if cl.users--; cl.users == 0 && !cl.control && !m.place(c, cl.open) && !cl.open {
		m.unclaimed(c)
	}
	if m.opt.Claimer != nil {
		m.opt.Claimer.Unclaimed(c, p.id)
	}
}
