package siem

import (
	"encoding/hex"
	"io"
	"net/netip"
	"strings"

	"ftpscope/analyze/record"
	"ftpscope/analyze/report"
	"ftpscope/analyze/report/jsonl"
	"ftpscope/capture/flow"
)

// zeekSSLColumns are ssl.log's; subject and issuer as of its certificate policy, ja3 and ja3s
// as of the package of that name.
var zeekSSLColumns = append(zeekID[:len(zeekID):len(zeekID)], []zeekColumn{
	{"version", "string"}, {"cipher", "string"}, {"curve", "string"}, {"server_name", "string"}, {"resumed", "bool"}, {"last_alert", "string"}, {"next_protocol", "string"},
	{"established", "bool"}, {"ssl_history", "string"}, {"cert_chain_fps", "vector[string]"}, {"client_cert_chain_fps", "vector[string]"}, {"subject", "string"}, {"issuer", "string"},
	{"ja3", "string"}, {"ja3s", "string"},
}...)

func newZeekSSL(json bool) func(io.Writer, report.Options) report.Writer {
	return func(w io.Writer, o report.Options) report.Writer {
		return &zeekLog{Lines: jsonl.Lines{W: w}, opt: o, heading: o.OwnHeading(), json: json, path: "ssl", columns: zeekSSLColumns, session: zeekHandshakes}
	}
}

// zeekHandshakes writes a row for the handshake of the control connection and for each of a
// data connection.
func zeekHandshakes(z *zeekLog, s *record.Session) {
	if s.Handshake != nil {
		z.handshake(s.Handshake, zeekTLS{s, s.Client, s.Server, s.Start.Time, s.Network})
	}
	for i := range s.Transfers {
		t := &s.Transfers[i]
		if t.Handshake == nil || t.Connection == nil {
			continue
		}
		c := t.Notes.Conn
		z.handshake(t.Handshake, zeekTLS{s, c.Src, c.Dst, c.Start.Time, s.Network})
	}
}

// zeekTLS is the connection that a handshake was on.
type zeekTLS struct {
	session  *record.Session
	from, to netip.AddrPort
	start    flow.Time
	network  *record.Network
}

func (z *zeekLog) handshake(h *record.TLSInfo, c zeekTLS) {
	at := h.ClientHello
	if !at.Seen() {
		at = h.ServerHello
	}
	z.id(momentOf(c.session, at).Time, zeekUID(c.from, c.to, c.start, c.network), c.from, c.to)
	z.word(zeekVersion(h.Version))
	z.word(h.Cipher)
	z.unset(1)
	z.word(h.ServerName)
	z.boolean(h.Resumed)
	z.word(strings.ReplaceAll(h.Alert.Name, " ", "_"))
	z.word(h.Protocol)
	z.boolean(h.ServerHello.Seen() && !h.Alert.Fatal && !h.Alert.Guessed)
	z.unset(1) // its letters are Zeek's own
	subject, issuer := "", ""
	var prints []string
	if x := h.Certificate; x != nil {
		prints, subject, issuer = []string{hex.EncodeToString(x.SHA256[:])}, x.Subject, x.Issuer
	}
	z.vector(prints)
	z.unset(1)
	z.word(subject)
	z.word(issuer)
	z.word(h.JA3)
	z.word(h.JA3S)
	z.endRow()
}

// zeekVersion is a version as Zeek names it: TLSv12.
func zeekVersion(name string) string {
	if number, ok := strings.CutPrefix(name, "TLS "); ok {
		return "TLSv" + strings.ReplaceAll(number, ".", "")
	}
	return name
}

// vector writes words that need no escaping.
func (z *zeekLog) vector(list []string) {
	if !z.next(len(list) > 0) {
		return
	}
	if z.json {
		z.Buf = append(append(append(z.Buf, `["`...), strings.Join(list, `","`)...), `"]`...)
		return
	}
	z.Buf = append(z.Buf, strings.Join(list, ",")...)
}
