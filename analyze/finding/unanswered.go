package finding

import (
	"ftpscope/analyze/session"
	"ftpscope/capture/flow"
)

var dataUnanswered = Rule{
	ID: "data-unanswered", Severity: High,
	Title:   "data connection without an answer",
	Meaning: "The side that had to open the data connection sent SYNs to the announced endpoint and nobody answered: a firewall drops them or the answers, or the address leads nowhere.",
	judge:   each(unanswered),
}

func unanswered(c *Case, t *session.Transfer) (verdict, bool) {
	if !shut(t, flow.Unanswered) {
		return verdict{}, false
	}
	r := triesOf(t)
	if c.tooEarly(t, &r) {
		return verdict{}, false
	}
	dst := t.Connection.Dst
	what := c.opener(t) + " tried " + times(r.syns) + r.over() + " to reach " + dst.String()
	if c.covered(dst.Addr()) {
		what += " and got no answer" + c.packets(r.frames...)
	} else {
		what += c.packets(r.frames...) + "; this capture lacks the packets of " + c.party(dst.Addr()) +
			", but that the SYN was repeated says that no answer came"
	}
	fate := c.translated(t)
	if fate == "" {
		fate = c.fate(t.Connection.Src.Addr(), dst.Addr())
	}
	return verdict{
		message: clauses(what, c.then(t), fate),
		frames:  evidence(t, r.frames...),
		advice:  c.openingAdvice(t),
	}, true
}

// tooEarly reports whether the capture cannot show that no answer came: it ends soon after a single SYN, or it lacks
// the side that would have answered.
func (c *Case) tooEarly(t *session.Transfer, r *tries) bool {
	const patience = 3 * flow.Second // a SYN is repeated after 1 s (RFC 6298 section 2), 3 s on old systems
	if r.syns > 1 {
		return false
	}
	if !c.covered(t.Connection.Dst.Addr()) {
		return true
	}
	concluded := t.Reply != nil && t.Reply != t.Notes.Answer || c.Capture.ToEnd
	return !concluded && c.until-r.first.Time < patience
}
