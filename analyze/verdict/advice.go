package verdict

import (
	"fmt"

	"ftpscope/analyze/record"
	"ftpscope/analyze/settings"
	"ftpscope/capture/flow"
)

// Steps that several causes share.

// settings names the server's settings for a purpose.
func (c *hearing) settings(p settings.Purpose) string { return settings.For(c.Banner, p) }

func (c *hearing) enlarge() string {
	return "enlarge the server's passive range" + c.settings(settings.PassiveRange) + " and permit all of it in the firewalls before it"
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
		return fmt.Sprintf("permit TCP from %s to %s %s, or rather the server's whole passive range%s, in the firewalls before the server and on it%s", client, server, ports, c.settings(settings.PassiveRange), c.helper())
	case t.Mode == record.Active:
		return fmt.Sprintf("permit TCP from %s to %s port %d and the other ports that the client announces, in the firewalls before the client and on it; or use passive mode (EPSV, PASV)%s", t.Connection.Src.Addr(), client, port, c.helper())
	}
	return "permit data connections between " + client.String() + " and " + server.String()
}

// helper says why a firewall that follows FTP does not follow this session.
func (c *hearing) helper() string {
	switch {
	case c.encrypted():
		return "; an FTP helper (ALG) cannot read the control connection under TLS, so the ports have to be open"
	case c.Server.Port() != flow.PortFTP:
		return fmt.Sprintf("; an FTP helper (ALG) follows port 21, not %d, unless it is told to", c.Server.Port())
	}
	return ""
}

// translate says how an announced address is put right.
func (c *hearing) translate(t *record.Transfer) []string {
	if t.Mode == record.Active {
		return steps("let the client use passive mode (EPSV, PASV), in which it opens the data connection itself",
			"or let the NAT before the client rewrite "+t.Method+" (FTP helper, ALG)"+c.helper(), "or let the client announce the address by which the server knows it")
	}
	return steps("let the server announce the address that clients reach"+c.settings(settings.Announce)+", and let the NAT forward its passive ports", "or let the client use EPSV, which names no address, or ignore the address of 227",
		"or let the NAT before the server rewrite the reply (FTP helper, ALG)"+c.helper())
}
