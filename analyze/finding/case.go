package finding

import (
	"net/netip"

	"ftpscope/analyze/record"
	"ftpscope/analyze/settings"
	"ftpscope/capture/flow"
)

// Case is a session before its judges, with what is known of its neighbours. Rules ask
// for what sessions still to come may change (links, until) by the methods link, ranOn
// and silentFor, which note that the answer is not certain yet.
type Case struct {
	*record.Session
	files   int
	links   map[int]*link   // FXP: by the transfer's number
	lacking lacking         // sessions around this one of which the capture lacks something
	twin    *record.Session // the same session on a NAT's other side
	series  *series         // a series of logins that ends with this session
	rivals  *Stream         // who knows the others' series; nil: nobody does
	again   bool            // its passwords were rejected, and those of its users were told of before
	until   flow.Time       // the capture certainly ran until then
	open    bool            // what a rule asked for may have another answer later
	found   []record.Finding
	spent   bool       // the rule at work is,
	untold  []string   // and these are what such rules found
	bounces bool       // bounce-attempt is among the rules
	seen    glance     // taken when a rule asks for it
	one     [1]draft   // of the rule at work, where it has one at most
	scratch []flow.Pos // for its packets
}

// ranOn reports whether the capture certainly ran on for so long after a time.
func (c *Case) ranOn(after, long flow.Time) bool {
	if c.until-after >= long {
		return true
	}
	c.open = true
	return false
}

// silentFor is how long the capture certainly ran on after a time.
func (c *Case) silentFor(after flow.Time) flow.Time {
	c.open = true
	return c.until - after
}

// latest is the last time that a session's records speak of.
func latest(s *record.Session) flow.Time {
	end := max(s.Start.Time, s.End.Time)
	for i := range s.Transfers {
		if c := s.Transfers[i].Notes.Conn; c != nil {
			end = max(end, c.Last.Time)
		}
	}
	return end
}

// glance is what rules on one transfer ask about all of them: a session may have
// thousands of each.
type glance struct {
	taken       bool
	lastCommand int          // number of the last transfer that a command began; 0: there is none
	bounced     bool         // scanned is filled in
	scanned     []netip.Addr // hosts of which PORT named a service's port
	unshown     bool         // a transfer succeeded over a connection that the capture does not hold
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
	}
	return g
}

// settings names the server's settings for a purpose.
func (c *Case) settings(p settings.Purpose) string { return settings.For(c.Banner, p) }

// plain reports whether a transfer was certainly sent as the file is: MODE S (RFC 959
// section 3.4.1), and not under TLS that hides it.
func (c *Case) plain(t *record.Transfer) bool {
	return t.Notes.Mode == "S" && !c.encrypted() && !t.IsSealed()
}

// encrypted reports whether the control connection is under TLS, and was not opened.
func (c *Case) encrypted() bool { return c.Hides() }

// mayLink reports whether FXP may explain why a host meets the endpoint of a transfer, or is
// named by it: its client has a session there of which the capture lacks something, which
// may be the other half of the negotiation.
func (c *Case) mayLink(t *record.Transfer, host netip.Addr) bool {
	c.link(t) // that session may yet come
	return host != c.Server.Addr() && t.Announced.Port() >= flow.FirstUnprivileged && c.lacking.has(hosts{c.Client.Addr(), host}, c.Start.Time)
}

// covered reports whether the capture holds what a host of the session sends.
func (c *Case) covered(host netip.Addr) bool {
	switch host {
	case c.Client.Addr():
		return c.Capture.ClientSide
	case c.Server.Addr():
		return c.Capture.ServerSide
	}
	return true
}

// whole reports whether the capture holds the control connection from its start, both
// sides and without gaps.
func (c *Case) whole() bool { return isWhole(c.Session) }

func isWhole(s *record.Session) bool { return s.Capture.FromStart && isGapless(s) }

// gapless reports whether it does so from wherever the capture begins.
func (c *Case) gapless() bool { return isGapless(c.Session) }

func isGapless(s *record.Session) bool {
	return s.Capture.ClientSide && s.Capture.ServerSide && s.Capture.MissingBytes == 0
}

// precedes reports whether a was before b: by their times, unless these are so far apart
// and so contrary to their places in the capture that the clock was set between.
func precedes(a, b flow.Mark) bool {
	if d := a.Time - b.Time; (a.Ord < b.Ord) == (d < 0) || max(d, -d) > flow.Disorder || d == 0 {
		return a.Ord < b.Ord
	}
	return a.Time < b.Time
}

// moved reports whether the transfer carried something or ended well.
func moved(t *record.Transfer) bool {
	return t.Outcome == record.OK || t.Carried() != nil && *t.Carried() > 0
}

// numbering is how many files packets are numbered in.
func (o *Options) numbering() int {
	if o.OneFile {
		return 1
	}
	return o.Files
}
