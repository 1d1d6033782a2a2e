package match

import (
	"ftpscope/analyze/control"
	"ftpscope/analyze/record"
	"ftpscope/capture/flow"
)

// An announced endpoint wins over content. A connection to it is data, whatever its bytes
// say, or a file that reads like FTP would hide itself and make sessions up. What such a
// connection leads to expect counts for nothing. Content decides only
//
//   - where no expectation is met: then both sides must have spoken, unless FTP is expected
//     on the port (control.Transcript.IsSession);
//   - where both sides speak FTP on a port for that, or at an endpoint of another host than
//     the one that announced it, to which somebody else connects than should: announcing an
//     endpoint does not hide the sessions of others.
//
// Disorder brings an expectation after its connection, which then may be taken for a
// conversation already: that is revoked.

// overrules reports whether c is the expectation's whatever it says.
func (x *expectation) overrules(c *flow.Conn, opt *Options) bool {
	return x.isSure(c) && !opt.isOnControlPort(c)
}

// isSure reports whether the expectation says what c is: the announcing side named
// itself, or the expected host opened c, or may have.
func (x *expectation) isSure(c *flow.Conn) bool {
	return x.Endpoint.Addr() == x.Peer || c.Src.Addr() == x.Expected || !c.OpenerKnown && c.Dst.Addr() == x.Expected
}

func (o *Options) isOnControlPort(c *flow.Conn) bool {
	return o.ControlPort(c.Dst.Port()) || !c.OpenerKnown && o.ControlPort(c.Src.Port())
}

// isSession reports whether a connection is a control connection by what it said.
func (m *Matcher) isSession(c *flow.Conn, said *control.Transcript) bool {
	cl := m.claims[c.ID]
	switch sure := cl != nil && cl.sure > 0; {
	case said == nil:
		return false
	case said.OnControlPort:
		return said.BothSpoke || !sure
	}
	return said.BothSpoke && !m.isOverruled(c.ID) && !m.index.isFromDataPort(c)
}

// isFromDataPort reports whether c comes from the data port of a server that is expected
// to open a connection, wherever it leads.
func (ix *index) isFromDataPort(c *flow.Conn) bool {
	return c.Src.Port() == flow.PortFTPData && ix.active[c.Src.Addr()] > 0 ||
		!c.OpenerKnown && c.Dst.Port() == flow.PortFTPData && ix.active[c.Dst.Addr()] > 0
}

// spokenOf is what a data connection said of FTP; nil: nothing.
func spokenOf(said *control.Transcript) *record.Spoken {
	if said == nil || !said.Spoken.Mark.Seen() {
		return nil
	}
	return &said.Spoken
}

// isOverruled reports whether what a connection leads to expect counts for nothing.
func (m *Matcher) isOverruled(id uint64) bool {
	cl := m.claims[id]
	return cl != nil && cl.sure > 0 && !m.opt.isOnControlPort(&cl.conn[0])
}

// hasSaid reports whether a connection is over and what it said is a session, so far.
func (m *Matcher) hasSaid(id uint64) bool {
	p := m.sessions[id]
	return p != nil && p.said != nil
}

// revokeAll revokes the sessions whose connection turned out to be data since the last
// time.
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

// revoke takes a session back whose connection is none for control. Its expectations can
// be met no more, and the connections that it was given are looked at anew.
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
	m.foreign.forget(p)
	delete(m.sessions, p.id)
	given, paired := p.tried, p.paired
	p.tried, p.paired = nil, nil
	for _, t := range given {
		if t.sure {
			t.claim.sure--
		}
		m.takeBack(p, t.claim)
	}
	for _, cl := range paired {
		m.takeBack(p, cl)
	}
	m.letGo(p)
	m.twins.unpair(p)
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
