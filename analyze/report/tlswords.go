package report

import (
	"strings"
	"time"

	"ftpscope/analyze/prose"
	"ftpscope/analyze/record"
)

// handshake says, once, what the TLS handshake of the control connection shows although all after it is encrypted.
func handshake(s *record.Session, files bool) string {
	h := s.Notes.TLS
	if h == nil {
		return ""
	}
	var said []string
	if h.Version != "" {
		said = append(said, "it is "+h.Version+" ("+prose.Escape(h.Cipher)+")"+packets(files, h.ServerHello.Pos))
	} else if len(h.Offered) > 0 {
		said = append(said, "the client offers "+strings.Join(h.Offered, ", ")+packets(files, h.ClientHello.Pos))
	}
	if h.ServerName != "" {
		said = append(said, "the client calls the server "+sent(h.ServerName))
	}
	switch {
	case h.Protocol != "":
		said = append(said, "they agree on the protocol "+sent(h.Protocol)+" (ALPN)")
	case len(h.Protocols) > 0:
		said = append(said, "the client offers the protocol "+sent(strings.Join(h.Protocols, ", "))+" (ALPN)")
	}
	if c := certificate(h); c != "" {
		said = append(said, c)
	}
	if len(said) == 0 {
		return ""
	}
	return " What the handshake tells: " + strings.Join(said, "; ") + "."
}

// certificate says what is known of the server's certificate, which nobody has verified.
func certificate(h *record.TLSInfo) string {
	const day = "2006-01-02"
	switch {
	case h.Subject != "" || !h.NotAfter.IsZero():
		issuer := "issued by " + sent(h.Issuer)
		if h.SelfSigned {
			issuer = "which signed itself"
		}
		return "the server shows a certificate for " + sent(h.Subject) + ", " + issuer + ", valid from " +
			h.NotBefore.UTC().Format(day) + " to " + h.NotAfter.UTC().Format(day) + expired(h)
	case h.Encrypted:
		return "the server's certificate is encrypted too"
	case h.Resumed:
		return "no certificate was sent, since an earlier session goes on"
	}
	return ""
}

// expired compares with the packet's time: two runs give the same text.
func expired(h *record.TLSInfo) string {
	if at := time.Unix(0, int64(h.Certificate.Time)); h.Certificate.Seen() && at.After(h.NotAfter) {
		return ", expired"
	}
	return ""
}

// sent is a text of the wire, quoted, escaped and cut.
func sent(text string) string { return "“" + prose.Cut(prose.Escape(text), 80) + "”" }
