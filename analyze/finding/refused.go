package finding

import (
	"ftpscope/analyze/session"
	"ftpscope/capture/flow"
)

var dataRefused = Rule{
	ID: "data-refused", Severity: High,
	Title:   "data connection refused",
	Meaning: "The SYN of the data connection was answered by RST: nothing listened on the announced port any more, or a firewall rejects with resets.",
	judge:   eachOpening(refused),
}

func refused(c *Case, t *session.Transfer) (verdict, bool) {
	if !shut(t, flow.Refused) {
		return verdict{}, false
	}
	r := triesOf(t)
	dst := t.Connection.Dst
	answer := &r.conn.Half[flow.In]
	frames := append(r.frames, answer.RST.Pos)
	what := c.opener(t) + " tried " + times(r.syns) + r.over() + " to reach " + dst.String() + " and was refused by RST" + c.packets(frames...)
	origin := ""
	advice := c.openingAdvice(t)
	if c.foreign(t) != byBounce {
		advice = "is something still listening on that port, and does a host firewall reject with resets? " + advice
	}
	if c.forged(dst.Addr(), answer.TTL) {
		origin = "by its TTL the RST did not come from where " + c.party(dst.Addr()) + " is: a firewall on the way sent it"
		advice = c.openingAdvice(t)
	}
	return verdict{
		message: clauses(what, c.then(t), c.translated(t), origin),
		frames:  evidence(t, frames...),
		advice:  advice,
	}, true
}
