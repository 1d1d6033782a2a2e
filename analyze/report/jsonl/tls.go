package jsonl

import (
	"encoding/hex"
	"time"

	"ftpscope/analyze/record"
)

// appendHandshake appends what a TLS handshake says, and its key, if one was seen.
func appendHandshake(b []byte, h *record.TLSInfo, files bool) []byte {
	if h == nil {
		return b
	}
	b = Word(b, `,"handshake":{"version":`, h.Version)
	b = Word(b, `,"cipher":`, h.Cipher)
	if h.Resumed || h.Full {
		b = Boolean(b, `,"resumed":`, h.Resumed)
	} else {
		b = append(b, `,"resumed":null`...)
	}
	b = Word(b, `,"server_name":`, h.ServerName)
	b = words(b, `,"offered_versions":`, h.Offered)
	b = words(b, `,"offered_protocols":`, h.Protocols)
	b = Word(b, `,"protocol":`, h.Protocol)
	b = Word(b, `,"ja3":`, h.JA3)
	b = Word(b, `,"ja4":`, h.JA4)
	b = Word(b, `,"ja3s":`, h.JA3S)
	b = appendCertificate(b, h.Certificate)
	return append(appendAlert(b, &h.Alert, files), '}')
}

func appendCertificate(b []byte, c *record.Certificate) []byte {
	if c == nil {
		return append(b, `,"certificate":null`...)
	}
	b = Word(b, `,"certificate":{"sha256":`, hex.EncodeToString(c.SHA256[:]))
	if !c.Read() {
		return append(b, '}')
	}
	b = Word(b, `,"serial":`, c.Serial)
	b = Word(b, `,"subject":`, c.Subject)
	b = Word(b, `,"issuer":`, c.Issuer)
	b = words(b, `,"names":`, c.Names)
	b = Word(b, `,"not_before":`, c.NotBefore.Format(time.RFC3339))
	b = Word(b, `,"not_after":`, c.NotAfter.Format(time.RFC3339))
	return append(Boolean(b, `,"self_signed":`, c.SelfSigned), '}')
}

func appendAlert(b []byte, a *record.TLSAlert, files bool) []byte {
	if !a.Mark.Seen() {
		return append(b, `,"alert":null`...)
	}
	b = Term(b, `,"alert":{"by":`, a.By())
	b = Word(b, `,"name":`, a.Name)
	b = Boolean(b, `,"fatal":`, a.Fatal)
	return append(packetPlace(b, a.Mark.Pos, files), '}')
}
