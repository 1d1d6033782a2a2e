package finding

import (
	"ftpscope/analyze/record"
	"ftpscope/analyze/settings"
	"ftpscope/capture/flow"
)

var tlsRefused = Rule{
	ID: "tls-refused", Severity: record.Medium,
	Title:   "TLS refused, login in clear text",
	Meaning: "The client asked for TLS by AUTH, the server refused, and the client logged in anyway, in clear text. An attacker on the path can cause that.",
	judge:   once(refusedTLS),
}

func refusedTLS(c *Case) (draft, bool) {
	if c.TLS != record.TLSRefused {
		return draft{}, false
	}
	asked := c.Notes.AuthTLS
	for _, l := range c.Notes.Logins {
		if precedes(l.Mark, asked) {
			continue
		}
		return draft{
			message: "the server " + c.Server.String() + " refused AUTH" + c.packets(asked.Pos) + " and the client logged in anyway, in clear text" + c.packets(l.Mark.Pos),
			frames:  []flow.Pos{asked.Pos, l.Mark.Pos},
			advice:  "enable TLS at the server" + c.settings(settings.TLS) + ", and let the client require it (curl --ssl-reqd); if the server has TLS, look for a device on the way that removes AUTH",
		}, true
	}
	return draft{}, false
}
