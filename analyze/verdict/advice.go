package verdict

import (
	"fmt"
	"slices"
	"strings"

	"ftpscope/analyze/record"
	"ftpscope/analyze/settings"
	"ftpscope/capture/flow"
)

// Steps that several causes share.

// advise gives the findings about failures the next steps of the verdict on the same
// transfer, or on the session: a finding says what was observed, and one place what to do.
func (c *hearing) advise() {
	for i := range c.Findings {
		f := &c.Findings[i]
		if f.Advice != "" {
			continue
		}
		v := c.Verdict
		if f.Transfer > 0 && f.Transfer <= len(c.Transfers) && c.Transfers[f.Transfer-1].Verdict != nil {
			v = c.Transfers[f.Transfer-1].Verdict
		}
		f.Advice, f.Shared = strings.Join(v.Next, "; "), true
	}
}

// settings names the server's settings for a purpose.
func (c *hearing) settings(p settings.Purpose) string { return settings.For(c.Banner, p) }

func enlarge(c *hearing) string {
	return "enlarge the server's passive range" + c.settings(settings.PassiveRange) + " and permit all of it in the firewalls in front of it"
}

// permit names the firewall rule that would let a transfer's data connection through.
func (c *hearing) permit(t *record.Transfer) string {
	client, server := c.Client.Addr(), c.Server.Addr()
	if t.Connection == nil {
		return ""
	}
	port := t.Connection.Dst.Port()
	switch {
	case t.Mode == record.Passive:
		ports := "port " + fmt.Sprint(port)
		if w := c.ports; w != nil && w.high-w.low < maxSpread && port+maxSpread > w.low && port < w.high+maxSpread {
			ports = fmt.Sprintf("ports %d to %d", min(port, w.low), max(port, w.high))
		}
		return fmt.Sprintf("permit TCP from %s to %s %s, or better the server's whole passive range%s, in the firewalls in front of the server and on it%s", client, server, ports, c.settings(settings.PassiveRange), helper(c))
	case t.Mode == record.Active:
		return fmt.Sprintf("permit TCP from %s to %s port %d and to the other ports that the client announces, in the firewalls in front of the client and on it%s%s", t.Connection.Src.Addr(), client, port, helper(c), semicolon(orPassive(c)))
	}
	return "permit data connections between " + client.String() + " and " + server.String()
}

// helper says why a firewall that follows FTP does not follow this session.
func helper(c *hearing) string {
	switch {
	case c.IsUnderTLS():
		return "; an FTP helper (ALG) cannot read the control connection under TLS, so the ports must be open"
	case c.Server.Port() != flow.PortFTP:
		return fmt.Sprintf("; an FTP helper (ALG) follows port 21; it has to be configured for port %d", c.Server.Port())
	}
	return ""
}

// translate says how an announced address is put right.
func (c *hearing) translate(t *record.Transfer) []string {
	const blind = "; an FTP helper (ALG) on the NAT cannot do that under TLS"
	switch {
	case t.Mode == record.Active && c.IsUnderTLS():
		return steps(strings.TrimPrefix(orPassive(c), "or "), "or let the client announce the address by which the server knows it, and a fixed range of ports that its NAT forwards"+blind)
	case c.IsUnderTLS():
		return steps("let the server announce the address that clients reach"+c.settings(settings.Announce)+", with a fixed range of passive ports, and let the NAT forward that"+blind,
			"or let the client use EPSV, which names no address, or ignore the address in the 227 reply")
	case t.Mode == record.Active:
		return steps(strings.TrimPrefix(orPassive(c), "or "), "let the NAT in front of the client rewrite "+t.Method+" (FTP helper, ALG)"+helper(c), "or let the client announce the address by which the server knows it")
	}
	return steps("let the server announce the address that clients reach"+c.settings(settings.Announce)+", and let the NAT forward its passive ports", "or let the client use EPSV, which names no address, or ignore the address in the 227 reply",
		"or let the NAT in front of the server rewrite the reply (FTP helper, ALG)"+helper(c))
}

// orPassive advises passive mode where the client did not try it.
func orPassive(c *hearing) string {
	for i := range c.Transfers {
		if t := &c.Transfers[i]; t.Mode == record.Passive {
			return ""
		}
	}
	return "or let the client use passive mode (" + passives(c) + "), in which it opens the data connection itself"
}

// passives and offers are the commands by which a client may negotiate: PASV and PORT name
// IPv4 addresses (RFC 2428).
func passives(c *hearing) string {
	if c.Server.Addr().Is6() {
		return "EPSV"
	}
	return "EPSV, PASV"
}

func offers(c *hearing) string {
	if c.Server.Addr().Is6() {
		return "EPSV or EPRT"
	}
	return "EPSV, PASV, EPRT or PORT"
}

// semicolon sets a clause off from those before it.
func semicolon(clause string) string {
	if clause == "" {
		return ""
	}
	return "; " + clause
}

// throughTunnel is what to do where the control connection goes through a tunnel that the
// data connections do not take.
func throughTunnel() []string {
	return steps("is the server on this host? If not, a tunnel or forwarded port (ssh -L, stunnel, socat) carries only the control connection: forward the server's passive ports too, to the same ports here",
		"or use a tunnel that carries every connection (ssh -D, a VPN), or SFTP")
}

// instead is what to use instead of a command that the server rejected: RFC 959 section
// 4.2, RFC 2428 sections 3 and 4, RFC 2577 section 3.
func instead(c *hearing, t *record.Transfer) []string {
	switch {
	case t.Mode == record.Active && t.Announced != nil && thirdHost(c, t):
		return steps("nothing to change at the server, which was right to refuse: "+t.Method+" names "+t.Announced.String()+", which is not the client", "look at what else this client did")
	case t.Mode == record.Active && t.Announced != nil && t.Announced.Port() < flow.FirstUnprivileged:
		return steps("let the client announce another port: servers refuse ports below 1024, which belong to services", "look at what else this client did")
	case strings.Contains(strings.ToUpper(t.Reply.Text), "EPSV ALL"):
		return steps("let the client stay with EPSV: after EPSV ALL a server accepts nothing else (RFC 2428 section 4)")
	case t.Method == "LPRT" || t.Method == "LPSV":
		return steps("let the client use EPSV or EPRT, which replaced " + t.Method)
	}
	for i := range c.Transfers {
		o := &c.Transfers[i]
		if o.N > t.N && o.Outcome == record.OK && o.Method != t.Method && o.Method != record.MethodEncrypted && o.Method != record.MethodDefault {
			return steps("nothing, unless " + t.Method + " is needed: " + o.Method + " worked after it")
		}
	}
	return steps(otherMethod(c), "let the server permit "+t.Method+c.settings(settings.Modes),
		"a firewall that inspects FTP may have changed the command: compare with a capture at the server")
}

// otherMethod names the methods that the server did not reject; empty: it rejected all.
func otherMethod(c *hearing) string {
	var passive, active []string
	for _, m := range []string{"EPSV", "PASV", "EPRT", "PORT"} {
		rejected := slices.ContainsFunc(c.Transfers, func(t record.Transfer) bool { return t.Outcome == record.Rejected && t.Method == m })
		switch v4 := m == "PASV" || m == "PORT"; {
		case rejected || v4 && c.Server.Addr().Is6():
		case m[1] == 'A' || m[2] == 'S':
			passive = append(passive, m)
		default:
			active = append(active, m)
		}
	}
	switch {
	case len(passive) > 0:
		return "let the client use passive mode (" + strings.Join(passive, " or ") + ")"
	case len(active) > 0:
		return "let the client use active mode (" + strings.Join(active, " or ") + ")"
	}
	return ""
}

// newer is another offer of the server that came after t's and before the client connected.
func newer(c *hearing, t *record.Transfer) *record.Transfer {
	if t.Mode != record.Passive || t.Command != nil || t.Notes.Asked == nil {
		return nil
	}
	for i := range c.Transfers {
		o := &c.Transfers[i]
		if asked := o.Notes.Asked; asked != nil && o.Mode == record.Passive && asked.Mark.Ord > t.Notes.Asked.Mark.Ord && asked.Mark.Ord < t.Notes.Conn.SYN.Ord {
			return o
		}
	}
	return nil
}

// older is an earlier offer of the server to which the client connected after t's came.
func older(c *hearing, t *record.Transfer) *record.Transfer {
	if t.Mode != record.Passive || t.Notes.Asked == nil || t.Announced == nil {
		return nil
	}
	for i := range c.Transfers[:t.N-1] {
		o := &c.Transfers[i]
		if o.Mode == record.Passive && o.Command == nil && o.Connection != nil && o.Notes.Conn.SYN.Ord > t.Notes.Asked.Mark.Ord {
			return o
		}
	}
	return nil
}
