package control

import (
	"bytes"
	"strings"

	"ftpscope/analyze/tlsrec"
)

// Protocols that may stand before FTP.
const (
	protocolTLS    = "TLS"
	protocolPROXY  = "PROXY"  // a balancer's line that names the client
	protocolPOP3   = "POP3"   // whose clients say USER, PASS, LIST and RETR, too
	protocolTelnet = "Telnet" // whose commands clients of FTP may send (RFC 959 section 3.1)
)

// IsForeign reports whether the first bytes of a side are another protocol's than FTP
// for certain, or a balancer's, and what the other side says is not easily taken for FTP's.
func IsForeign(first []byte) bool {
	p := foreignProtocol(first)
	return p != "" && p != protocolTLS
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
	case len(first) >= 3 && first[0] == 0xff && 0xfb <= first[1] && first[1] <= 0xfe && !bytes.Contains(first, []byte("220")):
		return protocolTelnet // WILL, WONT, DO, DONT (RFC 854)
	case isSOCKS(first):
		return "SOCKS"
	case hasAnyPrefix(first, "@RSYNCD:"):
		return "rsync"
	case hasAnyPrefix(first, "-ERR ", "-NOAUTH "):
		return "Redis"
	case hasAnyPrefix(line, "200 ", "201 ") && hasAny(line, "NNRP", "NNTP", "InterNetNews"):
		return "NNTP"
	case bytes.HasSuffix(line, []byte(" RTSP/1.0")):
		return "RTSP"
	case hasAnyPrefix(first, "* OK"):
		return "IMAP"
	case hasAnyPrefix(first, "RFB 0"):
		return "VNC"
	case isSMTPGreeting(line):
		return "SMTP"
	case bytes.HasSuffix(line, []byte(" SIP/2.0")):
		return "SIP"
	case len(first) >= 8 && first[0] == 0 && (bytes.Equal(first[4:8], []byte("\xffSMB")) || bytes.Equal(first[4:8], []byte("\xfeSMB"))):
		return "SMB"
	case len(first) > 6 && first[2] == 0 && first[3] == 0 && first[4] == 10 && '3' <= first[5] && first[5] <= '9' && first[6] == '.':
		return "MySQL" // the protocol's version 10, then the server's, in text
	}
	return ""
}

// isSMTPGreeting reports whether a line is how a mail server greets: it names its protocol
// (RFC 5321 section 4.2), or begins with a status code of mail (RFC 3463 section 2).
func isSMTPGreeting(line []byte) bool {
	if !hasAnyPrefix(line, "220 ", "220-", "421 ", "421-", "554 ", "554-") || bytes.Contains(line, []byte("FTP")) {
		return false
	}
	status := line[4:]
	return bytes.Contains(line, []byte("SMTP")) || len(status) > 5 && status[0] == line[0] && status[1] == '.' && isDigit(status[2]) && status[3] == '.' && isDigit(status[4])
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

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

// isSOCKS reports whether a client asks for a proxy of SOCKS: version 5 with the ways of
// authentication that it knows, version 4 with where to and as whom.
func isSOCKS(first []byte) bool {
	const ways = 9 // that are assigned (RFC 1928 section 3, and IANA's after it)
	if len(first) < 3 || first[1] == 0 {
		return false
	}
	return first[0] == 5 && first[1] <= ways && len(first) >= 2+int(first[1]) || first[0] == 4 && first[1] <= 2 && len(first) >= 9 && bytes.IndexByte(first[8:], 0) >= 0
}

func hasAny(b []byte, words ...string) bool {
	for _, w := range words {
		if bytes.Contains(b, []byte(w)) {
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
