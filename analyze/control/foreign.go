package control

import (
	"bytes"
	"strings"

	"ftpscope/analyze/tlsrec"
)

// Protocols that may stand before FTP.
const (
	protocolTLS   = "TLS"
	protocolPROXY = "PROXY" // a balancer's line that names the client
	protocolPOP3  = "POP3"  // whose clients say USER, PASS, LIST and RETR, too
)

// IsForeign reports whether the first bytes of a side are another protocol's than FTP
// for certain, or a balancer's, and what the other side says is not easily taken for FTP's.
func IsForeign(first []byte) bool {
	p := foreignProtocol(first)
	return p != "" && p != protocolTLS && p != protocolPOP3
}

// foreignProtocol names the protocol, other than FTP, that the first bytes of a side
// begin; empty: none that is known here.
func foreignProtocol(first []byte) string {
	line, _, _ := bytes.Cut(first, []byte("\n"))
	line = bytes.TrimSuffix(line, []byte("\r"))
	switch {
	case len(first) >= 3 && (tlsrec.IsHandshake(first[0]) || tlsrec.IsAlert(first[0])) && first[1] == 3 && first[2] <= 4:
		return protocolTLS
	case bytes.HasPrefix(first, []byte("SSH-")):
		return "SSH"
	case bytes.HasPrefix(first, []byte("HTTP/")):
		return "HTTP"
	case bytes.HasPrefix(first, []byte("PROXY ")), bytes.HasPrefix(first, []byte("\r\n\r\n\x00\r\nQUIT\n")):
		return protocolPROXY
	case isHTTPRequest(line), beginsHTML(line):
		return "HTTP"
	case hasAnyPrefix(line, "EHLO ", "HELO ", "LHLO "):
		return "SMTP"
	case hasAnyPrefix(first, "\x03\x00\x00"):
		return "RDP"
	case hasAnyPrefix(first, "+OK"):
		return protocolPOP3
	case hasAnyPrefix(first, "* OK"):
		return "IMAP"
	case hasAnyPrefix(first, "RFB 0"):
		return "VNC"
	}
	return ""
}

// isHTTPRequest reports whether a line is a request line (RFC 9112 section 3).
func isHTTPRequest(line []byte) bool {
	return hasAnyPrefix(line, "GET ", "POST ", "HEAD ", "PUT ", "OPTIONS ", "CONNECT ") && bytes.Contains(line, []byte(" HTTP/"))
}

// beginsHTML knows a page in any letter case.
func beginsHTML(line []byte) bool {
	for _, p := range [...]string{"<!doctype html", "<html"} {
		if len(line) >= len(p) && strings.EqualFold(string(line[:len(p)]), p) {
			return true
		}
	}
	return false
}

func hasAnyPrefix(b []byte, prefixes ...string) bool {
	for _, p := range prefixes {
		if bytes.HasPrefix(b, []byte(p)) {
			return true
		}
	}
	return false
}
