package html

import (
	"encoding/hex"
	"slices"
	"strings"
	"time"

	"ftpscope/analyze/prose"
	"ftpscope/analyze/record"
)

// handshake adds what the TLS handshake of the control connection says.
func (f *facts) handshake(h *record.TLSInfo) {
	if h == nil {
		return
	}
	begun := ""
	switch {
	case h.Resumed:
		begun = "resumed"
	case h.Full:
		begun = "a full handshake"
	}
	f.add("TLS handshake", listed(h.Version, h.Cipher, h.Protocol, begun))
	f.add("Server name (SNI)", listed(h.ServerName))
	if c := h.Certificate; c != nil {
		f.add("Certificate", certificateText(c))
		f.add("Its SHA-256", hex.EncodeToString(c.SHA256[:]))
	}
	f.add("JA3, JA4", listed(h.JA3, h.JA4))
	f.add("JA3S", h.JA3S)
}

func certificateText(c *record.Certificate) string {
	if !c.Read() {
		return "it could not be read"
	}
	issuer := "issued by " + c.Issuer
	if c.SelfSigned {
		issuer = "self-signed"
	}
	return listed(c.Subject, issuer, "valid from "+c.NotBefore.Format(time.DateOnly)+" to "+c.NotAfter.Format(time.DateOnly))
}

// listed are the texts that are not empty, as the page can show them.
func listed(texts ...string) string {
	return prose.CutEnd(prose.EscapeLines(strings.Join(slices.DeleteFunc(texts, func(s string) bool { return s == "" }), ", ")), maxText)
}
