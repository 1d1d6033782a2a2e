package servers

import (
	"net/netip"
	"slices"
	"strings"

	"ftpscope/analyze/prose"
	"ftpscope/analyze/record"
	"ftpscope/analyze/report/diagnosis"
	"ftpscope/capture/flow"
)

// How a transfer counts among its server's facts.

// folding is a transfer on its way into the facts of its server and client.
type folding struct {
	f *Server
	c *Client
	s *record.Session
	t *record.Transfer
}

func (x *folding) fold() {
	switch x.t.Mode {
	case record.Passive:
		x.count(&x.c.Passive, record.Client)
		x.passive()
	case record.Active:
		if m := &x.c.Active; Elsewhere(x.s, x.t) {
			x.tally(&x.c.elsewhere, record.Server)
		} else {
			x.count(m, record.Server)
		}
		x.active()
	}
}

// count says how the mode fared: whether a connection came to be, not whether the file
// was there.
func (x *folding) count(m *Mode, opener string) {
	before := m.failed
	if x.tally(m, opener); m.failed > before {
		x.f.failed = true
	}
}

func (x *folding) tally(m *Mode, opener string) {
	switch {
	case x.t.Outcome == record.Rejected:
		m.rejected++
	case x.t.Opened() && x.t.Initiator == opener:
		m.worked++
	case x.t.Outcome == record.NoConnection:
		m.failed++
	}
}

// Elsewhere reports whether an active data connection was meant for another host than the
// client, and not because NAT hides the client's address: the session has a finding that
// says so.
func Elsewhere(s *record.Session, t *record.Transfer) bool {
	to, known := diagnosis.Target(t)
	if t.Connection != nil {
		to = t.Connection.Dst
	}
	if t.Mode != record.Active || !known || prose.Plain(to.Addr()) == prose.Plain(s.Client.Addr()) {
		return false
	}
	return slices.ContainsFunc(s.Findings, func(f record.Finding) bool { return f.ID == record.BounceID || f.ID == record.FXPID })
}

func (x *folding) passive() {
	t, server := x.t, prose.Plain(x.s.Server.Addr())
	if t.Announced != nil {
		x.f.announced.Add(t.Announced.Port())
		x.f.unshown = x.f.unshown || !t.Opened() && (t.Outcome == record.OK || t.Outcome == record.Incomplete)
	}
	var to netip.AddrPort
	switch {
	case t.Connection != nil:
		to = t.Connection.Dst
	case t.Announced != nil:
		to = *t.Announced
	default:
		return
	}
	switch {
	case t.Connection != nil && (t.Initiator != record.Client || prose.Plain(t.Connection.Src.Addr()) != prose.Plain(x.s.Client.Addr())):
		if t.Initiator == record.ThirdParty && t.Opened() && prose.Plain(to.Addr()) == server {
			x.f.taken.Add(to.Port())
		}
		x.leaveOut(OddHost, to)
	case prose.Plain(to.Addr()) != server:
		x.leaveOut(OddAddress, to)
	case to.Port() < flow.FirstUnprivileged:
		x.leaveOut(OddPort, to)
	default:
		if t.Opened() || t.Outcome == record.OK {
			x.f.worked.Add(to.Port())
		} else {
			x.f.missed.Add(to.Port())
		}
		if t.Opened() {
			x.f.reached.Add(to.Port())
		}
		x.evidence(&x.c.Passive)
	}
}

func (x *folding) active() {
	t, client := x.t, prose.Plain(x.s.Client.Addr())
	c := t.Connection
	if c == nil {
		if t.Outcome == record.NoConnection {
			to := netip.AddrPort{}
			if t.Announced != nil {
				to = *t.Announced
			}
			x.leaveOut(oddSource, to)
		}
		return
	}
	switch {
	case t.Initiator != record.Server || prose.Plain(c.Src.Addr()) != prose.Plain(x.s.Server.Addr()):
		x.leaveOut(OddHost, c.Dst)
	case prose.Plain(c.Dst.Addr()) != client:
		x.leaveOut(OddAddress, c.Dst)
	case c.Dst.Port() < flow.FirstUnprivileged:
		x.leaveOut(OddPort, c.Dst)
	default:
		if c.Src.Port() < flow.FirstUnprivileged {
			x.f.Low.Add(c.Src.Port())
			x.evidence(&x.c.Low)
		} else {
			x.f.High.Add(c.Src.Port())
			x.evidence(&x.c.High)
		}
	}
}

// evidence adds the transfer's connection to those that a rule may permit.
func (x *folding) evidence(m *Mode) {
	m.Evidence.add(x.s.ID, x.shown())
	if x.t.Opened() {
		m.Opened++
	}
	if x.t.Connection != nil && x.t.Evidence == record.EvidenceInferred {
		m.Inferred++
	}
}

// leaveOut notes a connection to an endpoint that no rule permits.
func (x *folding) leaveOut(kind oddKind, to netip.AddrPort) {
	i := 0
	for i < len(x.c.Odd) && x.c.Odd[i].Kind != kind {
		i++
	}
	if i == len(x.c.Odd) {
		odd := LeftOut{Kind: kind, Dst: to}
		if x.t.Connection != nil {
			odd.Src = x.t.Connection.Src
		}
		x.c.Odd = append(x.c.Odd, odd)
	}
	x.c.Odd[i].add(x.s.ID, x.shown())
}

// shown is the packet that shows the transfer best: its SYN, else what there is.
func (x *folding) shown() flow.Pos {
	for _, p := range []flow.Pos{x.t.Frames.SYN, x.t.Frames.FirstData, x.t.Frames.Negotiation, x.t.Frames.Command} {
		if p.Seen() {
			return p
		}
	}
	return 0
}

// greeting is what is kept of a banner: the start of its first line, a copy.
func greeting(banner string) string {
	const most = 60
	line, _, _ := strings.Cut(banner, "\n")
	return strings.Clone(line[:min(len(line), most)])
}
