package verdict

import (
	"ftpscope/analyze/prose"
	"ftpscope/analyze/record"
)

// proxyRefused is a data connection that the client asked a proxy for, and did not get.
func proxyRefused(c *hearing, t *record.Transfer) *record.Verdict {
	x := t.Notes.Tunnel
	if x == nil || !x.Refused {
		return nil
	}
	v := opening(t, record.CauseDataRejected, record.AtFirewall)
	v.Certainty = record.Certain
	v.Frames = append(v.Frames, x.At.Pos)
	v.Text = sentence("the proxy "+c.Server.String()+" refused the data connection to "+prose.Quote(x.Target)+", which the client requested with "+x.Kind+": it answered "+prose.Quote(x.Answer)+c.packets(x.At.Pos), c.then(t))
	v.Next = steps("let the proxy permit connections to the server's passive ports, not to port 21 alone", "or let the client reach the server without the proxy, or use a protocol that needs only one connection (SFTP)")
	return v
}

// turnedDownByProxy is a control connection that the client asked a proxy for, and did not get:
// the proxy does not permit it, or did not get through.
func turnedDownByProxy(c *hearing) *record.Verdict {
	x := c.Notes.Refused
	if x == nil {
		return nil
	}
	v := begin(record.CauseServerRefused, record.AtFirewall, record.Certain, x.At.Pos)
	v.Text = sentence("the proxy " + c.Server.String() + " refused the connection to the FTP server " + prose.Quote(x.Target) + ", which the client requested with " + x.Kind + ": it answered " + prose.Quote(x.Answer) + c.packets(x.At.Pos))
	v.Next = steps("let the proxy permit connections to FTP servers, and to their passive ports", "does the proxy require a login that the client does not send?", "or let the client reach the server without the proxy")
	if notThrough().MatchString(x.Answer) {
		v.Cause, v.At, v.Certainty, v.Or = record.CauseServerUnreachable, record.AtPath, record.Likely, []string{record.CauseServerRefused}
		v.Text = sentence(v.Text[:len(v.Text)-1], "so the proxy did not reach the server")
		v.Next = steps("does the server answer on that port when you connect from the proxy?", "look at the proxy's log, and at the firewalls between it and the server")
	}
	return v
}

// notThrough finds the answers of a proxy that tried and failed: HTTP's of gateways (RFC 9110
// section 15.6), SOCKS5's of networks and hosts that are unreachable or refuse (RFC 1928
// section 6).
var notThrough = pattern(`^50[234]|^SOCKS5 reply [3456]$`)
