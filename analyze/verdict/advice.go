package verdict

import (
	"fmt"
	"slices"
	"strings"

	"ftpscope/analyze/record"
	"ftpscope/capture/flow"
)

// Steps that several causes share.

// servers are the programs that steps have settings for, by what their greetings say.
var servers = []struct{ greeting, name string }{
	{"vsftpd", "vsftpd "}, {"proftpd", "ProFTPD "}, {"pure-ftpd", "pure-ftpd "}, {"microsoft ftp", "IIS "}, {"pyftpdlib", "pyftpdlib "},
}

// settings lists settings, each behind its server's name; where the greeting names the
// server, those of others are left out, unless none would be left.
func (c *hearing) settings(all ...string) string {
	if c.Banner != nil {
		banner := strings.ToLower(*c.Banner)
		for _, s := range servers {
			if !strings.Contains(banner, s.greeting) {
				continue
			}
			own := slices.DeleteFunc(slices.Clone(all), func(x string) bool { return !strings.HasPrefix(x, s.name) })
			if len(own) > 0 {
				return strings.Join(own, ", ")
			}
		}
	}
	return strings.Join(all, ", ")
}

// passiveRange names the setting of the server's passive ports.
func (c *hearing) passiveRange() string {
	return c.settings("vsftpd pasv_min_port and pasv_max_port", "ProFTPD PassivePorts", "pure-ftpd -p", "IIS Data Channel Port Range")
}

func (c *hearing) enlarge() string {
	return "enlarge the server's passive range (" + c.passiveRange() + ") and permit all of it in the firewalls before it"
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
		return fmt.Sprintf("permit TCP from %s to %s %s, or rather the server's whole passive range (%s), in the firewalls before the server and on it%s", client, server, ports, c.passiveRange(), c.helper())
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
	return steps("let the server announce the address that clients reach ("+c.settings("vsftpd pasv_address", "ProFTPD MasqueradeAddress", "pure-ftpd -P", "IIS External IP Address of Firewall")+
		"), and let the NAT forward its passive ports", "or let the client use EPSV, which names no address, or ignore the address of 227",
		"or let the NAT before the server rewrite the reply (FTP helper, ALG)"+c.helper())
}
