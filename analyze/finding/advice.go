package finding

import (
	"fmt"

	"ftpscope/analyze/record"
	"ftpscope/analyze/settings"
	"ftpscope/capture/flow"
)

// Advice for data connections: which rule is missing in whose firewall, which address is
// announced wrongly.

// settings names the server's settings for a purpose.
func (c *Case) settings(p settings.Purpose) string { return settings.For(c.Banner, p) }

// announceAdvice is how the server is told of the address that clients reach.
func (c *Case) announceAdvice() string {
	return "announce the address that clients reach" + c.settings(settings.Announce) + " and let the NAT forward the passive ports to the server; EPSV names no address, and needs the same ports; an FTP helper (ALG) on the NAT that rewrites the reply does both, unless TLS hides it"
}

// permit names the firewall rule that would let a transfer's data connection through.
func (c *Case) permit(t *record.Transfer) string {
	client, server := c.Client.Addr(), c.Server.Addr()
	switch {
	case t.Mode == record.Passive:
		return fmt.Sprintf("permit TCP from %s (any port) to %s %s, inbound where the server is: its own firewall and those before it%s",
			client, server, c.passivePorts(t), c.helper(t))
	case t.Mode == record.Active:
		to := ""
		if t.Connection != nil {
			to = fmt.Sprintf(" (here %d)", t.Connection.Dst.Port())
		} else if t.Announced != nil {
			to = fmt.Sprintf(" (here %d)", t.Announced.Port())
		}
		return fmt.Sprintf("permit TCP from %s %s to %s, the port that the client announces for each transfer%s, inbound where the client is: the client's own firewall and those before it; or use passive mode (EPSV, PASV), in which the client opens%s",
			server, c.activePort(t), client, to, c.helper(t))
	}
	return "permit data connections between " + client.String() + " and " + server.String()
}

// passivePorts names the port of a transfer, and the range if the session shows more.
func (c *Case) passivePorts(t *record.Transfer) string {
	g := c.glance()
	low, high := g.low, g.high
	if !g.passive {
		if t.Connection == nil {
			return "and the server's passive ports"
		}
		low, high = t.Connection.Dst.Port(), t.Connection.Dst.Port()
	}
	ranges := "the server's whole passive range" + c.settings(settings.PassiveRange)
	if low == high {
		return fmt.Sprintf("port %d, or rather %s", low, ranges)
	}
	return fmt.Sprintf("ports %d to %d as seen here, or rather %s", low, high, ranges)
}

// activePort is where the server's data connections come from: RFC 959 section 3.2 has
// the port below the control port.
func (c *Case) activePort(t *record.Transfer) string {
	usual := c.Server.Port() - 1
	if t.Connection != nil && t.Connection.Src.Port() != usual && t.Initiator == record.Server {
		return "any port (not from 20)"
	}
	return fmt.Sprintf("port %d", usual)
}

// helper says why a firewall that follows FTP does not follow this session.
func (c *Case) helper(t *record.Transfer) string {
	what := "the " + t.Method + " command"
	switch t.Method {
	case "PASV":
		what = "the 227 reply"
	case "EPSV":
		what = "the 229 reply"
	case "LPSV":
		what = "the 228 reply"
	case record.MethodDefault:
		return ""
	}
	switch {
	case c.encrypted():
		return "; an FTP helper (ALG, nf_conntrack_ftp) cannot read the control connection under TLS, so the ports have to be open"
	case c.Server.Port() != flow.PortFTP:
		return fmt.Sprintf("; an FTP helper (ALG, nf_conntrack_ftp) that follows %s watches port 21 unless it is told of port %d", what, c.Server.Port())
	}
	return "; an FTP helper (ALG, nf_conntrack_ftp) that follows " + what + " does the same"
}

// openingAdvice is what to check when the way to the announced endpoint is shut.
func (c *Case) openingAdvice(t *record.Transfer) string {
	switch {
	case foreign(c, t) == byBounce:
		return "nothing has to be opened: the server should have refused this " + t.Method + ", which names another host than the client"
	case c.misled(t) && t.Mode == record.Passive:
		return "the announced address is the cause: see nat-mismatch"
	case c.misled(t) && foreign(c, t) == byNAT:
		return "use passive mode (EPSV, PASV), or let the client's NAT rewrite " + t.Method + " (an FTP ALG)" + c.unread()
	}
	return c.permit(t)
}

// unread says why a NAT does not rewrite the negotiation.
func (c *Case) unread() string {
	switch {
	case c.encrypted():
		return "; under TLS it cannot"
	case c.Server.Port() != flow.PortFTP:
		return fmt.Sprintf("; it has to be told of port %d", c.Server.Port())
	}
	return ""
}
