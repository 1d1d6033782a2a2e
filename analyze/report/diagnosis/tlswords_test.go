package diagnosis

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ftpscope/analyze/record"
	"ftpscope/capture/flow"
)

func TestHandshake(t *testing.T) {
	day := func(n int) time.Time { return time.Date(2026, 1, n, 0, 0, 0, 0, time.UTC) }
	at := flow.Mark{Time: flow.Time(day(9).UnixNano()), Ord: 1, Pos: flow.At(0, 14)}
	for _, c := range []struct {
		name string
		tls  *record.TLSInfo
		want string
	}{
		{"none", nil, ""},
		{"nothing in clear", &record.TLSInfo{}, ""},
		{"TLS 1.3", &record.TLSInfo{ServerHello: at, Version: "TLS 1.3", Cipher: "TLS_AES_128_GCM_SHA256", ServerName: "ftp.example", Protocols: []string{"ftp"}, Encrypted: true},
			" The handshake shows: it is TLS 1.3 (TLS_AES_128_GCM_SHA256) (packet 14); the client names the server “ftp.example”; the client offers the protocol “ftp” (ALPN); the server's certificate is encrypted too."},
		{"TLS 1.2, expired", &record.TLSInfo{ServerHello: at, Version: "TLS 1.2", Cipher: "0x1234", Certificate: &record.Certificate{Mark: at, Subject: "CN=a\x1b[2J", Issuer: "CN=ca", NotBefore: day(1), NotAfter: day(8)}},
			" The handshake shows: it is TLS 1.2 (0x1234) (packet 14); the server sent a certificate for “CN=a\\x1b[2J”, issued by “CN=ca”, valid from 2026-01-01 to 2026-01-08, expired."},
		{"not yet in force", &record.TLSInfo{Certificate: &record.Certificate{Mark: at, Subject: "CN=a", SelfSigned: true, NotBefore: day(10), NotAfter: day(20)}},
			" The handshake shows: the server sent a certificate for “CN=a”, self-signed, valid from 2026-01-10 to 2026-01-20, not in force yet."},
		{"the server's side is missing", &record.TLSInfo{ClientHello: at, Offered: []string{"TLS 1.3", "TLS 1.2"}}, " The handshake shows: the client offers TLS 1.3, TLS 1.2 (packet 14)."},
		{"resumed", &record.TLSInfo{ServerHello: at, Version: "TLS 1.2", Cipher: "X", Resumption: record.Resumption{Resumed: true}}, " The handshake shows: it is TLS 1.2 (X) (packet 14); no certificate was sent, because an earlier session was resumed."},
	} {
		t.Run(c.name, func(t *testing.T) {
			require.Equal(t, c.want, handshake(&record.Session{Said: record.Said{Handshake: c.tls}}, false))
		})
	}
}

// What protects a session otherwise is not called TLS.
func TestOtherSecurity(t *testing.T) {
	s := &record.Session{TLS: record.TLSExplicit, Closing: "fin", Notes: record.Notes{Heard: record.Heard{Security: "GSSAPI"}}}
	require.Equal(t, "The client asked for protection by GSSAPI, which is not TLS, with AUTH and the server agreed: commands (MIC, CONF, ENC) and replies (631, 632, 633) after that are protected and cannot be read, so transfers are told by their connections alone.", tlsSentence(s, false))
	require.Equal(t, "left (GSSAPI hides whether with QUIT): the connection was closed", farewell(s, false))
	s.TLS = record.TLSRefused
	require.Equal(t, "The client asked for protection by GSSAPI with AUTH and the server refused: everything went in clear text.", tlsSentence(s, false))
}
