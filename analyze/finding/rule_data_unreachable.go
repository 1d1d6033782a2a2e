package finding

import (
	"net/netip"

	"ftpscope/analyze/prose"
	"ftpscope/analyze/record"
	"ftpscope/capture/flow"
)

var dataUnreachable = Rule{
	ID: "data-unreachable", Severity: record.High,
	Title:   "data connection answered with an ICMP error",
	Meaning: "A router or host answered the SYN of the data connection with an ICMP error: no route, no such host, or a firewall that rejects and says so.",
	judge:   eachOpening(unreachable),
}

func unreachable(c *Case, t *record.Transfer) (draft, bool) {
	if !shut(t, flow.Unreachable) {
		return draft{}, false
	}
	r := triesOf(t)
	dst := t.Connection.Dst
	what := c.opener(t) + " tried " + prose.Times(r.syns) + r.over() + " to reach " + dst.String()
	e := r.conn.ICMP
	if e == nil {
		what += " and got an ICMP error: unreachable" + c.packets(r.frames...)
		return draft{message: prose.Clauses(what, c.then(t), c.translated(t)), frames: evidence(t, r.frames...)}, true
	}
	frames := append(r.frames, e.Mark.Pos)
	what += " and got " + icmpError(e, reporter(c, e, dst.Addr())) + c.packets(frames...)
	return draft{
		message: prose.Clauses(what, c.then(t), c.translated(t)),
		frames:  evidence(t, frames...),
	}, true
}

// reporter names who sent an ICMP error about a SYN to dst.
func reporter(c *Case, e *flow.ICMP, dst netip.Addr) string {
	from := e.From.Addr()
	if c.forged(from, e.TTL) {
		return c.party(from) + ", which by its TTL did not send it"
	}
	switch from {
	case dst:
		return c.party(from) + " itself"
	case c.Client.Addr(), c.Server.Addr():
		return c.party(from) + " itself, which is not the destination"
	}
	return from.String() + ", a router or firewall on the way"
}

func icmpError(e *flow.ICMP, sender string) string {
	return prose.ICMPError(e.From.Addr(), int(e.Type), int(e.Code), sender)
}
