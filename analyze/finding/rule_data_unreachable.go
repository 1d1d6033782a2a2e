package finding

import (
	"net/netip"
	"strconv"

	"ftpscope/analyze/prose"
	"ftpscope/analyze/record"
	"ftpscope/capture/flow"
)

var dataUnreachable = Rule{
	ID: "data-unreachable", Severity: record.High,
	Title:   "data connection met by an ICMP error",
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
		what += " and was told that it is unreachable" + c.packets(r.frames...)
		return draft{message: prose.Clauses(what, c.then(t), c.translated(t)), frames: evidence(t, r.frames...)}, true
	}
	frames := append(r.frames, e.Mark.Pos)
	what += " and " + reporter(c, e.From.Addr(), dst.Addr()) + " answered " + icmpWords(e) + c.packets(frames...)
	return draft{
		message: prose.Clauses(what, c.then(t), c.translated(t)),
		frames:  evidence(t, frames...),
	}, true
}

// reporter names who sent an ICMP error about a SYN to dst.
func reporter(c *Case, from, dst netip.Addr) string {
	switch from {
	case dst:
		return c.party(from) + " itself"
	case c.Client.Addr(), c.Server.Addr():
		return c.party(from) + " itself, not the host that was called,"
	}
	return from.String() + ", a router or firewall on the way,"
}

// icmpWords names type and code: RFC 792 and RFC 1812 section 5.2.7.1; RFC 4443 section
// 3.
func icmpWords(e *flow.ICMP) string {
	name := icmp4Names[[2]uint8{e.Type, e.Code}]
	proto := "ICMP"
	if e.V6 {
		name, proto = icmp6Names[[2]uint8{e.Type, e.Code}], "ICMPv6"
	}
	what := proto + " type " + strconv.Itoa(int(e.Type)) + " code " + strconv.Itoa(int(e.Code))
	if name == "" {
		return what
	}
	return prose.Quote(name) + " (" + what + ")"
}

var icmp4Names = map[[2]uint8]string{
	{3, 0}: "network unreachable", {3, 1}: "host unreachable", {3, 2}: "protocol unreachable", {3, 3}: "port unreachable",
	{3, 4}: "fragmentation needed", {3, 5}: "source route failed", {3, 6}: "network unknown", {3, 7}: "host unknown",
	{3, 8}: "source host isolated", {3, 9}: "network administratively prohibited", {3, 10}: "host administratively prohibited",
	{3, 11}: "network unreachable for this service", {3, 12}: "host unreachable for this service",
	{3, 13}: "communication administratively filtered", {3, 14}: "host precedence violation", {3, 15}: "precedence cutoff",
	{11, 0}: "time to live exceeded", {11, 1}: "fragment reassembly time exceeded",
}

var icmp6Names = map[[2]uint8]string{
	{1, 0}: "no route to destination", {1, 1}: "communication administratively prohibited", {1, 2}: "beyond scope of source address",
	{1, 3}: "address unreachable", {1, 4}: "port unreachable", {1, 5}: "source address failed policy", {1, 6}: "reject route to destination",
	{2, 0}: "packet too big", {3, 0}: "hop limit exceeded", {3, 1}: "fragment reassembly time exceeded",
}
