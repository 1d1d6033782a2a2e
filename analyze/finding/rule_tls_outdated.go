package finding

import (
	"ftpscope/analyze/record"
	"ftpscope/capture/flow"
)

var tlsOutdated = Rule{
	ID: "tls-outdated", Severity: record.Low,
	Title:   "TLS 1.1 or older",
	Meaning: "Client and server agreed on a version of TLS that must not be used any more (RFC 8996, RFC 7568).",
	judge:   once(outdatedTLS),
}

func outdatedTLS(c *Case) (draft, bool) {
	x := c.Handshake
	if x == nil || x.Version != "TLS 1.1" && x.Version != "TLS 1.0" && x.Version != "SSLv3" {
		return draft{}, false
	}
	who := "compare what both sides can do, and update the older one"
	for _, offered := range x.Offered {
		if offered == "TLS 1.2" || offered == "TLS 1.3" {
			who = "update the server or let it take TLS 1.2: the client offers it"
		}
	}
	return draft{
		message: "the control connection uses " + x.Version + c.packets(x.ServerHello.Pos) + ", which is obsolete",
		frames:  []flow.Pos{x.ServerHello.Pos},
		advice:  who,
	}, true
}
