package finding

import (
	"ftpscope/analyze/session"
	"ftpscope/capture/flow"
)

var tlsRefused = Rule{
	ID: "tls-refused", Severity: Medium,
	Title:   "TLS refused, login in clear text",
	Meaning: "The client asked for TLS by AUTH, the server refused, and the client logged in all the same, in clear text. Someone between who wants to read can bring that about.",
	judge:   once(refusedTLS),
}

func refusedTLS(c *Case) (verdict, bool) {
	if c.TLS != session.TLSRefused {
		return verdict{}, false
	}
	asked := c.Notes.AuthTLS
	for _, l := range c.Notes.Logins {
		if l.Mark.Ord < asked.Ord {
			continue
		}
		return verdict{
			message: "the server " + c.Server.String() + " refused AUTH" + c.packets(asked.Pos) + " and the client went on to log in in clear text" + c.packets(l.Mark.Pos),
			frames:  []flow.Pos{asked.Pos, l.Mark.Pos},
			advice:  "enable TLS at the server (vsftpd ssl_enable, ProFTPD TLSEngine, pure-ftpd --tls), and let the client insist on it (curl --ssl-reqd); if the server has TLS, look for a device on the way that takes AUTH out",
		}, true
	}
	return verdict{}, false
}

var cleartextData = Rule{
	ID: "cleartext-data", Severity: Medium,
	Title:   "data in clear text under TLS",
	Meaning: "The control connection is under TLS, but PROT C left the data connections in clear text (RFC 4217 section 9): names and passwords are hidden, files and listings are not.",
	judge:   once(clearData),
}

func clearData(c *Case) (verdict, bool) {
	at := c.Notes.ProtC
	if !at.Seen() {
		return verdict{}, false
	}
	return verdict{
		message: "PROT C was accepted under TLS" + c.packets(at.Pos) + ": the data connections after it are in clear text",
		frames:  []flow.Pos{at.Pos},
		advice:  "let the client send PBSZ 0 and PROT P, and let the server insist on it (vsftpd force_local_data_ssl, ProFTPD TLSRequired on)",
	}, true
}
