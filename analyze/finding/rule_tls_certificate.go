package finding

import (
	"ftpscope/analyze/prose"
	"ftpscope/analyze/record"
	"ftpscope/capture/flow"
)

var tlsCertificate = Rule{
	ID: "tls-certificate", Severity: record.Low,
	Title:   "server certificate expired or self-signed",
	Meaning: "The certificate that the server showed was not in force at that time, or it is self-signed: clients that check it refuse, and users learn to click warnings away.",
	judge:   once(poorCertificate),
}

func poorCertificate(c *Case) (draft, bool) {
	if c.Handshake == nil || !c.Handshake.Certificate.Read() {
		return draft{}, false
	}
	const day = "2006-01-02"
	x := c.Handshake.Certificate
	what := "the certificate of the server " + c.Server.String() + " for " + prose.Quote(x.Subject)
	v := draft{frames: []flow.Pos{x.Mark.Pos}}
	switch packets := c.packets(x.Mark.Pos); {
	case x.Expired():
		v.message = what + " had expired on " + x.NotAfter.Format(day) + packets
		v.advice = "give the server a certificate that is in force, and renew it by a program"
	case x.Early():
		v.message = what + " is in force from " + x.NotBefore.Format(day) + " on only" + packets
		v.advice = "compare the clocks of the server and of the machine that made the certificate"
	case x.SelfSigned:
		v.message = what + " is self-signed" + packets
		v.advice = "use a certificate of an authority that the clients trust, or let each client pin this one (SHA-256 fingerprint in -o json)"
	}
	return v, v.message != ""
}
