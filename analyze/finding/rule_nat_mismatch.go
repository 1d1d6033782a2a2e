package finding

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"ftpscope/analyze/prose"
	"ftpscope/analyze/record"
	"ftpscope/analyze/settings"
	"ftpscope/capture/flow"
)

var natMismatch = Rule{
	ID: "nat-mismatch", Severity: record.Low,
	Title:   "announced address is not the peer's",
	Meaning: "A PORT, EPRT, 227 or 229 names an address that is not the one by which the other side knows the host. NAT is in between, and a connection to the announced address leads nowhere. High if the transfer failed, low if it worked anyway.",
	judge:   translation,
}

// mismatched reports whether a transfer's announced address is not that of the host which
// announced it.
func mismatched(c *Case, t *record.Transfer) bool {
	if t.Announced == nil || c.RealServer != "" { // a proxy has no part in what is announced
		return false
	}
	return t.Announced.Addr() != announcer(c, t).Addr()
}

// announcer is the control connection's end that announced the endpoint.
func announcer(c *Case, t *record.Transfer) netip.AddrPort {
	if t.Mode == record.Passive {
		return c.Server
	}
	return c.Client
}

// translation has one draft for each address announced wrongly: the first failed
// transfer's, or the first one's; one if commands were rewritten on the way, and one if
// another capture shows the session on a NAT's other side.
func translation(c *Case) []draft {
	type group struct {
		example *record.Transfer
		count   int
	}
	type key struct {
		mode string
		addr netip.Addr
	}
	var groups map[key]*group
	var order []key
	rewrote := false
	var list []draft
	for i := range c.Transfers {
		t := &c.Transfers[i]
		if v, ok := rewritten(c, t); ok && !rewrote {
			rewrote = true
			list = append(list, v)
		}
		if !mismatched(c, t) || fxp(c, t) || t.Mode == record.Active && foreign(c, t) != byNAT {
			continue
		}
		k := key{t.Mode, t.Announced.Addr()}
		g := groups[k]
		if g == nil {
			if groups == nil {
				groups = map[key]*group{}
			}
			g = &group{example: t}
			groups[k] = g
			order = append(order, k)
		}
		g.count++
		if g.example.Outcome != record.NoConnection && t.Outcome == record.NoConnection {
			g.example = t
		}
	}
	for _, k := range order {
		list = append(list, translatedDraft(c, groups[k].example, groups[k].count))
	}
	if v, ok := acrossNAT(c); ok {
		list = append(list, v)
	}
	return list
}

// passives are the commands of passive mode: PASV names an IPv4 address (RFC 2428).
func passives(c *Case) string {
	if c.Server.Addr().Is6() {
		return "EPSV"
	}
	return "EPSV, PASV"
}

func translatedDraft(c *Case, t *record.Transfer, count int) draft {
	who, whom, advice := "server", " to a client that reaches it as ", c.announceAdvice()
	if t.Mode == record.Active {
		who, whom = "client", " to a server that sees it as "
		advice = "use passive mode (" + passives(c) + "), or let the client's NAT rewrite " + t.Method + " (an FTP ALG)" + c.unread()
	}
	announced, seen := t.Announced.Addr(), announcer(c, t).Addr()
	if otherFamily(c, t) {
		advice = "over IPv6 PASV and PORT cannot name the right address: let the client use EPSV or EPRT (RFC 2428)"
		if seen.Is4() {
			advice = "let the client name an address of the control connection's family, or use EPSV, which names none (RFC 2428)"
		}
	}
	if flow.IsInternal(seen) && !flow.IsInternal(announced) {
		whom = ", while here, on the inner side of its NAT, it is "
		advice = "nothing, if " + announced.String() + " is the address under which the other side of the NAT reaches the " + who
	}
	if seen.IsLoopback() && !announced.IsLoopback() && !announced.IsUnspecified() {
		whom = " on a control connection through the loopback address "
		advice = tunnelAdvice
	}
	if conn := t.Connection; conn != nil && conn.State == established && conn.Dst.Addr() == announced {
		advice = "nothing, if " + announced.String() + " and " + seen.String() + " both belong to the " + who + "; a firewall that follows FTP may not expect the first"
	}
	what := fmt.Sprintf("the %s announced %s%s by %s%s%s%s", who, prose.InternalKind(announced), announced, t.Method,
		c.packets(t.Frames.Negotiation), whom, seen)
	if count > 1 {
		what += fmt.Sprintf(" (%d transfers)", count)
	}
	v := draft{
		transfer: t.N, message: prose.Clauses(what, usedInstead(c, t)),
		frames: evidence(t, t.Frames.SYN),
		advice: advice,
	}
	if t.Outcome == record.NoConnection {
		v.severity, v.advice = record.High, ""
	}
	return v
}

const tunnelAdvice = "a tunnel or forwarded port (ssh -L, stunnel, socat) carries only the control connection: let the client use the announced address, if it can reach it,  " +
	"forward the server's passive ports to the same ports here, or use a tunnel that carries every connection (ssh -D, a VPN) or SFTP"

// usedInstead says which address was used in the end.
func usedInstead(c *Case, t *record.Transfer) string {
	conn := t.Connection
	if conn == nil && t.Outcome == record.Rejected {
		return "the server rejected it"
	}
	if conn == nil {
		return "nobody tried to open the data connection in this capture"
	}
	way := c.opener(t) + " used " + conn.Dst.Addr().String() + " instead"
	if conn.Dst.Addr() == t.Announced.Addr() {
		way = c.opener(t) + " used that address"
	} else if conn.State == established {
		way += " (it ignored the address, or a NAT translated it before the packets came here)"
	}
	return way + ", and " + opened(conn.State)
}

const established = "established" // Connection.State

// opened says what became of a data connection.
func opened(state string) string {
	switch state {
	case established:
		return "the data connection was opened"
	case "unanswered":
		return "got no answer"
	case "refused":
		return "was refused"
	case "unreachable":
		return "got an ICMP error: unreachable"
	}
	return "the capture does not show how it ended"
}

// rewritten tells of a server that repeats another endpoint in its reply than the client
// sent: something between the place of capture and the server rewrote the command. That
// is well if the data connection came.
func rewritten(c *Case, t *record.Transfer) (draft, bool) {
	a := t.Notes.Answer
	if t.Mode != record.Active || t.Announced == nil || a == nil || a.Code >= 400 {
		return draft{}, false
	}
	echo, ok := endpointIn(a.Text)
	if !ok || echo == *t.Announced {
		return draft{}, false
	}
	done := "no data connection followed in this capture"
	if t.Connection != nil {
		done = c.opener(t) + " used " + t.Connection.Dst.String() + ", and " + opened(t.Connection.State)
	}
	v := draft{
		transfer: t.N,
		message: prose.Clauses(fmt.Sprintf("%s named %s%s but the server understood %s%s: a NAT with an FTP helper (ALG) on the way rewrote it", t.Method, t.Announced,
			c.packets(t.Frames.Negotiation), echo, c.packets(a.Pos)), done),
		frames: []flow.Pos{t.Frames.Negotiation, a.Pos, t.Frames.SYN},
		advice: "nothing, if transfers work; if not, switch the helper off, or use EPSV, which names no address",
	}
	if t.Outcome == record.NoConnection {
		v.severity = record.High
	}
	return v, true
}

// endpointIn finds six numbers with commas between in a reply's text, as PORT's argument
// has them (RFC 959 section 4.1.2).
func endpointIn(text string) (netip.AddrPort, bool) {
	const most = 1024 // characters that are looked at
	if len(text) > most {
		text = text[:most]
	}
	if strings.Count(text, ",") < 5 {
		return netip.AddrPort{}, false
	}
	for field := range strings.FieldsFuncSeq(text, func(r rune) bool { return r != ',' && (r < '0' || r > '9') }) {
		parts := strings.Split(strings.Trim(field, ","), ",")
		if len(parts) != 6 {
			continue
		}
		var n [6]byte
		valid := true
		for i, p := range parts {
			v, err := strconv.ParseUint(p, 10, 8)
			n[i] = byte(v)
			valid = valid && err == nil
		}
		if valid {
			return netip.AddrPortFrom(netip.AddrFrom4([4]byte(n[:4])), uint16(n[4])<<8|uint16(n[5])), true
		}
	}
	return netip.AddrPort{}, false
}

// announceAdvice is how the server is told of the address that clients reach.
func (c *Case) announceAdvice() string {
	advice := "announce the address that clients reach" + c.settings(settings.Announce) + " and let the NAT forward the passive ports to the server; EPSV names no address, and needs the same ports; an FTP helper (ALG) on the NAT "
	if c.IsUnderTLS() {
		return advice + "can do neither under TLS"
	}
	return advice + "that rewrites the reply does both, unless TLS hides it"
}

// unread says why a NAT does not rewrite the negotiation.
func (c *Case) unread() string {
	switch {
	case c.IsUnderTLS():
		return "; under TLS it cannot"
	case c.Server.Port() != flow.PortFTP:
		return fmt.Sprintf("; it has to be configured for port %d", c.Server.Port())
	}
	return ""
}
