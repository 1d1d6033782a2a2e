package control

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestForeignProtocol(t *testing.T) {
	for first, want := range map[string]string{
		"USER bob\r\n": "", "220 ready\r\n": "", "": "", "G": "", "GET\r\n": "", "GET /a HTTP/1.1\r\nHost: a\r\n": "HTTP", "POST / HTTP/1.0\r\n": "HTTP",
		"<!DOCTYPE HTML>\n<html>": "HTTP",
		"GET a.txt\r\n":           "", "HTTP/1.1 200 OK\r\n": "HTTP", "SSH-2.0-OpenSSH_9.6\r\n": "SSH", "EHLO a\r\n": "SMTP", "PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n": "PROXY",
		"\x16\x03\x01\x02\x00": "TLS", "\x16\x03": "", "\x16abc": "", "\x03\x00\x00\x13": "RDP", "+OK ready\r\n": "POP3", "* OK ready\r\n": "IMAP", "RFB 003.008\n": "VNC",
		"\xff\xfd\x18\xff\xfd\x20": "Telnet", "\xff\xf4\xff\xf2": "", "\xff\xfb\x01220 ready\r\n": "", "\x05\x01\x00": "SOCKS", "\x05\x02\x00": "", "\x04\x01\x00\x15\xcb\x00\x71\x15\x00": "SOCKS",
		"@RSYNCD: 31.0\n": "rsync", "-ERR unknown command\r\n": "Redis", "200 news InterNetNews NNRP ready\r\n": "NNTP", "200 ok\r\n": "", "OPTIONS rtsp://x/ RTSP/1.0\r\n": "RTSP",
	} {
		require.Equal(t, want, foreignProtocol([]byte(first)), "%q", first)
		require.Equal(t, want != "" && want != "TLS", IsForeign([]byte(first)), "%q", first)
	}
}
