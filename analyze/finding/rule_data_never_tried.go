package finding

import (
	"ftpscope/analyze/prose"
	"ftpscope/analyze/record"
)

var dataNeverTried = Rule{
	ID: "data-never-tried", Severity: record.High,
	Title:   "data connection never tried",
	Meaning: "A transfer command waited for a data connection that nobody tried to open in this capture: the side that had to open it did not, or its SYN was dropped before it came to the place of capture.",
	judge:   eachOpening(neverTried),
}

func neverTried(c *Case, t *record.Transfer) (draft, bool) {
	if t.Outcome != record.NoConnection || t.Connection != nil || t.ExpectedInitiator == nil || !showsData(c, t) || fxp(c, t) {
		return draft{}, false
	}
	if o := c.Notes.Twin; o != nil && t.N <= len(o.Transfers) && o.Transfers[t.N-1].Connection != nil {
		return draft{}, false // it was, on the other side of the NAT
	}
	who := "the " + *t.ExpectedInitiator
	to := ""
	if t.Announced != nil {
		to = " to " + t.Announced.String()
	}
	what := who + " should have opened the data connection" + to + " for " + named(t) + ", but this capture holds no SYN of it" +
		c.packets(t.Frames.Negotiation, t.Frames.Command)
	return draft{
		message: prose.Clauses(what, c.then(t), whose(c, t), c.translated(t)),
		frames:  evidence(t),
	}, true
}

// showsData reports whether the capture can be trusted to hold data connections: it holds
// what the side sends that had to open this one, and no other transfer succeeded without
// one that it shows.
func showsData(c *Case, t *record.Transfer) bool {
	if !c.gapless() || !c.Capture.FromStart && t.Method == record.MethodDefault {
		return false
	}
	return !c.glance().unshown
}

// whose says what the place of capture tells of a SYN that is not there.
func whose(c *Case, t *record.Transfer) string {
	p := c.point()
	near, far := p.client, p.server
	if *t.ExpectedInitiator == record.Server {
		near, far = far, near
	}
	who := "the " + *t.ExpectedInitiator
	switch {
	case near == 0 && far >= 0:
		return "according to the TTLs, no router is between " + who + " and the place of capture, so " + who + " did not try, or a firewall on it or next to it dropped the SYN"
	case near > 0:
		return "the capture was taken " + prose.Many(near, "router") + " away from " + who + " (by the TTLs), so a firewall in front of it may have dropped the SYN"
	}
	return ""
}
