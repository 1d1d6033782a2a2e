package match

import (
	"net/netip"
	"slices"

	"ftpscope/analyze/control"
	"ftpscope/analyze/record"
	"ftpscope/capture/flow"
)

// Halves are twins of which each has one side of the dialogue. The session is what both say,
// as the client's side sees it; its twin says who its ends are on the NAT's other side. The
// data connections come in halves, too.

// buildHalves makes the session out of both halves, and what is left of the server's.
func buildHalves(m *Matcher, client, server *pendingSession) (whole, rest *record.Session) {
	conn := joined(&client.said.Notes.Control, &server.said.Notes.Control)
	said := control.Joined(client.said, server.said, &conn, m.opt.Reading)
	if said == nil {
		return m.build(client), m.build(server)
	}
	p := &pendingSession{id: client.id, nets: client.nets, said: said}
	p.take(client, func(n *control.Negotiation, old *control.Negotiation) bool {
		return old.Asked.Mark.Seen() && n.Asked.Mark.Ord == old.Asked.Mark.Ord
	})
	p.take(server, func(n *control.Negotiation, old *control.Negotiation) bool {
		return old.Answer.Code != 0 && n.Answer.Pos == old.Answer.Pos
	})
	p.joinHalves()
	p.settlePaired(server.said.Client.Addr())
	whole = m.build(p)
	rest = &server.said.Session
	rest.Mode, rest.Initiator, rest.Login, rest.TLS = record.None, record.None, whole.Login, whole.TLS
	rest.User, rest.Anonymous, rest.Closing = whole.User, whole.Anonymous, whole.Closing
	rest.Network = m.names.of(seenFrom(&rest.Notes.Control, rest.Client))
	rest.Notes.Size, rest.Notes.IsHalf = server.said.Held, true
	return whole, rest
}

// take gives p the connections of one of its halves. Their negotiations are found again by
// is; a connection whose negotiation is not, is one between the two hosts.
func (p *pendingSession) take(from *pendingSession, is func(n, old *control.Negotiation) bool) {
	for _, t := range append(from.tried, from.strange()...) {
		if p.has(t.claim) {
			continue
		}
		old := &from.said.Negotiations[t.negotiation]
		i := slices.IndexFunc(p.said.Negotiations, func(n control.Negotiation) bool { return is(&n, old) })
		if i < 0 {
			p.paired = append(p.paired, t.claim)
			continue
		}
		t.negotiation = i
		p.tried = append(p.tried, t)
	}
	for _, cl := range from.paired {
		if !p.has(cl) {
			p.paired = append(p.paired, cl)
		}
	}
}

func (p *pendingSession) has(cl *claim) bool {
	return slices.Contains(p.paired, cl) || slices.ContainsFunc(p.tried, func(t tried) bool { return t.claim == cl })
}

// joinHalves makes one connection of two that are halves of one: in the place of the one
// that an expectation names, by the ends of the one that has its SYN.
func (p *pendingSession) joinHalves() {
	known := map[uint64]*claim{}
	double := func(cl *claim) bool {
		c := &cl.conn[0]
		one := known[c.Numbers]
		switch {
		case c.Numbers == 0 || cl.control:
			return false
		case one == nil:
			copied := *cl
			known[c.Numbers] = &copied
			return false
		case one.conn[0].ID == c.ID:
			return false
		}
		one.conn[0] = joined(&one.conn[0], c)
		return true
	}
	p.tried = slices.DeleteFunc(p.tried, func(t tried) bool { return double(t.claim) })
	p.paired = slices.DeleteFunc(p.paired, double)
	for i := range p.tried {
		if cl := known[p.tried[i].claim.conn[0].Numbers]; cl != nil {
			p.tried[i].claim = cl
		}
	}
	for i, cl := range p.paired {
		if one := known[cl.conn[0].Numbers]; one != nil {
			p.paired[i] = one
		}
	}
}

// settlePaired gives the connections between the two hosts to the negotiations that announce
// where they lead to. beyond is the client's address on the NAT's other side: what the server
// opens to there, it opens because of the PORT or EPRT before it.
func (p *pendingSession) settlePaired(beyond netip.Addr) {
	p.paired = slices.DeleteFunc(p.paired, func(cl *claim) bool {
		c := &cl.conn[0]
		for i := len(p.said.Negotiations) - 1; i >= 0 && !cl.control; i-- {
			n := &p.said.Negotiations[i]
			x := control.Expectation{Endpoint: n.Endpoint}
			x.Peer, x.Expected = p.said.Parties(n)
			if n.Begin() > c.Start.Time+grace || !n.Endpoint.IsValid() || n.Method == record.MethodDefault {
				continue
			}
			if x.Fits(c.Src, c.Dst) || !n.Passive && c.Src.Addr() == x.Expected && c.Dst.Addr() == beyond {
				p.tried = append(p.tried, tried{negotiation: i, claim: cl})
				return true
			}
		}
		return false
	})
}

// joined is a connection out of its halves: by the ends of the one that has the SYN, each
// direction as the half has it that holds its packets.
func joined(a, b *flow.Conn) flow.Conn {
	if !a.SYN.Seen() && b.SYN.Seen() {
		a, b = b, a
	}
	c := *a
	if b.Start.Ord < c.Start.Ord {
		c.Start = b.Start
	}
	if b.Last.Ord > c.Last.Ord {
		c.Last = b.Last
	}
	for dir := range c.Half {
		if b.Half[dir].Packets > c.Half[dir].Packets {
			c.Half[dir] = b.Half[dir]
		}
	}
	if !c.SYNACK.Seen() {
		c.SYNACK = b.SYNACK
	}
	if b.State == flow.Established || c.State != flow.Established && b.State == flow.Refused {
		c.State = b.State
	}
	if c.State == flow.Unanswered && c.SYNACK.Seen() {
		c.State = flow.Established
	}
	c.Closing = max(c.Closing, b.Closing)
	if c.Half[0].FIN.Seen() && c.Half[1].FIN.Seen() {
		c.Closing = flow.Finned
	}
	if c.Sent == flow.SentUnknown {
		c.Sent = b.Sent
	}
	if c.ICMP == nil {
		c.ICMP = b.ICMP
	}
	return c
}
