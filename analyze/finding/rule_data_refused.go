package finding

import (
	"ftpscope/analyze/prose"
	"ftpscope/analyze/record"
	"ftpscope/capture/flow"
)

var dataRefused = Rule{
	ID: "data-refused", Severity: record.High,
	Title:   "data connection refused",
	Meaning: "The SYN of the data connection was answered with RST: nothing listened on the announced port any more, or a firewall rejects with resets.",
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
	what := c.opener(t) + " tried " + prose.Times(r.syns) + r.over() + " to reach " + dst.String() + " and was refused with RST" + c.packets(frames...)
	origin := ""
	replaced := ""
	if newer := newer(c, t, r.first); newer != nil {
		replaced = "before that, a newer " + newer.Method + c.packets(newer.Frames.Negotiation) + " had replaced this one"
	}
	if replaced == "" && c.forged(dst.Addr(), answer.TTL) {
		origin = "by its TTL the RST did not come from " + c.party(dst.Addr()) + ": a firewall on the way sent it"
	}
	return draft{
		message: prose.Clauses(what, replaced, c.then(t), c.translated(t), origin),
		frames:  evidence(t, frames...),
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
