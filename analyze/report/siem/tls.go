package siem

import (
	"encoding/hex"
	"strings"
	"time"

	"ftpscope/analyze/record"
	"ftpscope/analyze/report/jsonl"
)

// What a handshake says, by the names of ECS and EVE. What was not seen is left out.

// known writes a text that is known.
func known(b []byte, key, text string) []byte {
	if text == "" {
		return b
	}
	if b[len(b)-1] != '{' {
		b = append(b, ',')
	}
	return jsonl.Quote(b, key, text)
}

// ecsTLS writes the schema's tls.
func ecsTLS(b []byte, s *record.Session) []byte {
	b = jsonl.Boolean(b, `,"tls":{"established":`, s.IsUnderTLS())
	h := s.Handshake
	if h == nil {
		return append(b, '}')
	}
	if name, number, ok := strings.Cut(h.Version, " "); ok {
		b = known(known(b, `"version":`, number), `"version_protocol":`, strings.ToLower(name))
	}
	b = known(known(b, `"cipher":`, h.Cipher), `"next_protocol":`, strings.ToLower(h.Protocol))
	if h.Resumed || h.Full {
		b = jsonl.Boolean(b, `,"resumed":`, h.Resumed)
	}
	b = append(b, `,"client":{`...)
	b = known(known(b, `"server_name":`, h.ServerName), `"ja3":`, h.JA3)
	b = known(append(b, `},"server":{`...), `"ja3s":`, h.JA3S)
	if c := h.Certificate; c != nil {
		b = known(known(b, `"subject":`, c.Subject), `"issuer":`, c.Issuer)
		if c.Read() {
			b = known(known(b, `"not_before":`, c.NotBefore.Format(time.RFC3339)), `"not_after":`, c.NotAfter.Format(time.RFC3339))
		}
		b = append(known(b, `"hash":{"sha256":`, strings.ToUpper(hex.EncodeToString(c.SHA256[:]))), '}')
	}
	return append(b, "}}"...)
}

// tls writes the tls record of a session: Suricata's keys, as far as they are known.
func (e *eve) tls(s *record.Session) {
	h := s.Handshake
	if h == nil {
		return
	}
	at := s.Start
	if h.ClientHello.Seen() {
		at = momentOf(s, h.ClientHello)
	}
	b := eveEnvelope(e.Buf, "tls", eveEnds{at, s.Client, s.Server, s.Start.Time, s.Network, s.Sensor})
	b = append(b, `,"app_proto":"tls","tls":{`...)
	b = known(b, `"sni":`, h.ServerName)
	b = known(b, `"version":`, h.Version)
	if c := h.Certificate; c.Read() {
		const moment = "2006-01-02T15:04:05"
		b = known(known(b, `"subject":`, c.Subject), `"issuerdn":`, c.Issuer)
		b = known(b, `"serial":`, octets(c.Serial))
		b = known(known(b, `"notbefore":`, c.NotBefore.Format(moment)), `"notafter":`, c.NotAfter.Format(moment))
	}
	if h.Resumed {
		if b[len(b)-1] != '{' {
			b = append(b, ',')
		}
		b = append(b, `"session_resumed":true`...)
	}
	if h.JA3 != "" {
		b = append(known(b, `"ja3":{"hash":`, h.JA3), '}')
	}
	if h.JA3S != "" {
		b = append(known(b, `"ja3s":{"hash":`, h.JA3S), '}')
	}
	b = known(b, `"ja4":`, h.JA4)
	b = jsonl.Integer(b, `},"ftpscope":{"session":`, uint64(s.ID))
	b = known(b, `"cipher":`, h.Cipher)
	if c := h.Certificate; c != nil {
		b = known(b, `"certificate_sha256":`, hex.EncodeToString(c.SHA256[:]))
	}
	e.Buf = append(b, "}}\n"...)
}

// octets are hexadecimal digits as Suricata writes serial numbers: 0A:1B.
func octets(digits string) string {
	var pairs []string
	for ; len(digits) > 1; digits = digits[2:] {
		pairs = append(pairs, strings.ToUpper(digits[:2]))
	}
	return strings.Join(pairs, ":")
}
