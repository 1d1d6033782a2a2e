package report

import (
	"net/netip"
	"slices"
	"strings"

	"ftpscope/analyze/record"
	"ftpscope/capture/flow"
)

// How a transfer counts among its server's facts.

// folding is a transfer on its way into the facts of its server and client.
type folding struct {
	f *serverFacts
	c *clientFacts
	s *record.Session
	t *record.Transfer
}

// firstHigh is the lowest port that a data connection should lead to: below are the system ports (RFC 6335 section 6),
// and a peer that names one may want to be let in to another service.
const firstHigh = 1024

func (x *folding) fold() {
	switch x.t.Mode {
	case record.Passive:
		x.count(&x.c.passive, record.Client)
		x.passive()
	case record.Active:
		if m := &x.c.active; elsewhere(x.s, x.t) {
			x.tally(&x.c.elsewhere, record.Server)
		} else {
			x.count(m, record.Server)
		}
		x.active()
	}
}

// count says how the mode fared: whether a connection came to be, not whether the file was there.
func (x *folding) count(m *modeFacts, opener string) {
	before := m.failed
	if x.tally(m, opener); m.failed > before {
		x.f.failed = true
	}
}

func (x *folding) tally(m *modeFacts, opener string) {
	switch {
	case x.t.Outcome == record.Rejected:
		m.rejected++
	case opened(x.t) && x.t.Initiator == opener:
		m.worked++
	case x.t.Outcome == record.NoConnection:
		m.failed++
	}
}

// elsewhere reports whether an active data connection was meant for another host than the client, and not because NAT
// hides the client's address: the session has a finding that says so.
func elsewhere(s *record.Session, t *record.Transfer) bool {
	to, known := target(t)
	if t.Connection != nil {
		to = t.Connection.Dst
	}
	if t.Mode != record.Active || !known || plain(to.Addr()) == plain(s.Client.Addr()) {
		return false
	}
	return slices.ContainsFunc(s.Findings, func(f record.Finding) bool { return f.ID == bounceID || f.ID == fxpID })
}

// Findings that tell of connections to other hosts than the client.
const (
	bounceID = "bounce-attempt"
	fxpID    = "fxp-transfer"
)

func (x *folding) passive() {
	t, server := x.t, plain(x.s.Server.Addr())
	if t.Announced != nil {
		x.f.announced.add(t.Announced.Port())
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
	case t.Connection != nil && (t.Initiator != record.Client || plain(t.Connection.Src.Addr()) != plain(x.s.Client.Addr())):
		if t.Initiator == record.ThirdParty && opened(t) && plain(to.Addr()) == server {
			x.f.taken.add(to.Port())
		}
		x.leaveOut(oddHost, to)
	case plain(to.Addr()) != server:
		x.leaveOut(oddAddress, to)
	case to.Port() < firstHigh:
		x.leaveOut(oddPort, to)
	default:
		x.f.permit.add(to.Port())
		if opened(t) {
			x.f.reached.add(to.Port())
		}
		x.evidence(&x.c.passive)
	}
}

func (x *folding) active() {
	t, client := x.t, plain(x.s.Client.Addr())
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
	case t.Initiator != record.Server || plain(c.Src.Addr()) != plain(x.s.Server.Addr()):
		x.leaveOut(oddHost, c.Dst)
	case plain(c.Dst.Addr()) != client:
		x.leaveOut(oddAddress, c.Dst)
	case c.Dst.Port() < firstHigh:
		x.leaveOut(oddPort, c.Dst)
	default:
		if c.Src.Port() < firstHigh {
			x.f.low.add(c.Src.Port())
			x.c.low = true
		} else {
			x.f.high.add(c.Src.Port())
			x.c.high = true
		}
		x.evidence(&x.c.active)
	}
}

// evidence adds the transfer's connection to those that a rule may permit.
func (x *folding) evidence(m *modeFacts) {
	m.evidence.add(x.s.ID, x.shown())
	if opened(x.t) {
		m.opened++
	}
	if x.t.Connection != nil && x.t.Evidence == record.EvidenceInferred {
		m.inferred++
	}
}

// leaveOut notes a connection to an endpoint that no rule permits.
func (x *folding) leaveOut(kind oddKind, to netip.AddrPort) {
	i := 0
	for i < len(x.c.odd) && x.c.odd[i].kind != kind {
		i++
	}
	if i == len(x.c.odd) {
		odd := leftOut{kind: kind, dst: to}
		if x.t.Connection != nil {
			odd.src = x.t.Connection.Src
		}
		x.c.odd = append(x.c.odd, odd)
	}
	x.c.odd[i].add(x.s.ID, x.shown())
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
