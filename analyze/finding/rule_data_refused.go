package finding

import (
	"ftpscope/analyze/prose"
	"ftpscope/analyze/record"
	"ftpscope/capture/flow"
)

var dataRefused = Rule{
	ID: "data-refused", Severity: record.High,
	Title:   "data connection refused",
	Meaning: "The SYN of the data connection was answered by RST: nothing listened on the announced port any more, or a firewall rejects with resets.",
	judge:   eachOpening(refused),
}

func refused(c *Case, t *record.Transfer) (draft, bool) {
	if !shut(t, flow.Refused) {
		return draft{}, false
	}
	r := triesOf(t)
	dst := t.Connection.Dst
	answer := &r.conn.Half[flow.In]
	frames := append(r.frames, answer.RST.Pos)
	what := c.opener(t) + " tried " + prose.Times(r.syns) + r.over() + " to reach " + dst.String() + " and was refused by RST" + c.packets(frames...)
	origin := ""
	advice := c.openingAdvice(t)
	replaced := ""
	switch newer := newer(c, t, r.first); {
	case newer != nil:
		replaced = "before that, a newer " + newer.Method + c.packets(newer.Frames.Negotiation) + " had taken the place of this one"
		advice = "servers listen on the port that they announced last, and close the others: let the client connect to that one, or not ask twice"
	case t.Method == record.MethodDefault:
		advice = "the client sent neither PORT nor PASV, so the server tried the port that holds without (RFC 959 section 3.2), and nobody listened there or a firewall refused: let the client negotiate each data connection"
	case dst.Addr().IsLoopback() && t.Mode == record.Passive && (t.Method == "EPSV" || mismatched(c, t)):
		advice = "is the server on this host? Else " + tunnelAdvice
	case foreign(c, t) != byBounce:
		advice = "is something still listening on that port, and does a host firewall reject with resets? " + advice
	}
	if replaced == "" && c.forged(dst.Addr(), answer.TTL) {
		origin = "by its TTL the RST did not come from where " + c.party(dst.Addr()) + " is: a firewall on the way sent it"
		advice = c.openingAdvice(t)
	}
	return draft{
		message: prose.Clauses(what, replaced, c.then(t), c.translated(t), origin),
		frames:  evidence(t, frames...),
		advice:  advice,
	}, true
}

// newer is another passive negotiation that came after t's and before its connection was
// tried; nil: there is none.
func newer(c *Case, t *record.Transfer, tried flow.Mark) *record.Transfer {
	if t.Mode != record.Passive || t.Command != nil || t.Notes.Asked == nil {
		return nil
	}
	for i := range c.Transfers {
		o := &c.Transfers[i]
		if asked := o.Notes.Asked; asked != nil && o.Mode == record.Passive && asked.Mark.Ord > t.Notes.Asked.Mark.Ord && asked.Mark.Ord < tried.Ord {
			return o
		}
	}
	return nil
}
