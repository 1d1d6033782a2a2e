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
	v.Text = sentence("the proxy "+c.Server.String()+" refused the data connection to "+prose.Quote(x.Target)+", which the client asked for by "+x.Kind+": it answered "+prose.Quote(x.Answer)+c.packets(x.At.Pos), c.then(t))
	v.Next = steps("let the proxy permit connections to the server's passive ports, not to port 21 alone", "or let the client reach the server without the proxy, or by a protocol that needs one connection (SFTP)")
	return v
}
