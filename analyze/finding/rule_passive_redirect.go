package finding

import (
	"net/netip"

	"ftpscope/analyze/prose"
	"ftpscope/analyze/record"
	"ftpscope/capture/flow"
)

var passiveRedirect = Rule{
	ID: "passive-redirect", Severity: record.High,
	Title:   "server sends the client elsewhere",
	Meaning: "The replies to PASV name hosts that no NAT explains: several hosts, a host in the client's own network, the client itself, or a port below 1024. A malicious server makes clients connect to hosts that it cannot reach itself, to scan them or to get past a firewall (CVE-2020-8284).",
	judge:   once(redirected),
}

func redirected(c *Case) (draft, bool) {
	var first *record.Transfer
	var at []flow.Pos
	hosts := map[netip.Addr]bool{}
	ports := map[netip.AddrPort]bool{}
	why := ""
	for i := range c.Transfers {
		t := &c.Transfers[i]
		if t.Mode != record.Passive || t.Frames.Negotiation == 0 || !mismatched(c, t) || fxp(c, t) {
			continue
		}
		a := t.Announced.Addr()
		if a.IsUnspecified() || a.IsLoopback() && c.Client.Addr().IsLoopback() || neighbours(a, c.Server.Addr()) {
			continue
		}
		hosts[a], ports[*t.Announced] = true, true
		at = append(at, t.Frames.Negotiation, t.Frames.SYN)
		if reason := lured(c, t); first == nil || why == "" && reason != "" {
			first, why = t, reason
		}
	}
	const several = 3 // a server or a balancer may have two
	switch {
	case first == nil || why == "" && len(hosts) < several:
		return draft{}, false
	case why == "":
		why = "it names " + prose.Many(len(hosts), "host") + " in this session"
	}
	return draft{
		transfer: first.N,
		message: prose.Clauses("the server "+c.Server.Addr().String()+" sent the client to "+first.Announced.String()+" by "+first.Method+c.packets(first.Frames.Negotiation), why,
			prose.Many(len(ports), "endpoint")+" in total", usedInstead(c, first)),
		frames: at,
		advice: "let the client ignore the address in the 227 reply and use the server's address (most do), or use EPSV; find out whose server that is",
	}, true
}

// lured says why an address is none that a NAT announces by mistake; empty: it may be.
func lured(c *Case, t *record.Transfer) string {
	a, client := t.Announced.Addr(), c.Client.Addr()
	switch {
	case a == client:
		return "that is the client itself"
	case a.IsLoopback():
		return ""
	case t.Announced.Port() < flow.FirstUnprivileged:
		return "a port below 1024, where services listen"
	case flow.IsInternal(a) && neighbours(a, client) && !flow.IsInternal(c.Server.Addr()):
		return "a host in the client's own network"
	}
	return ""
}
