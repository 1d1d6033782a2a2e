package verdict_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/capture/capturetest"
)

// A client that begins TLS before the server greets in clear text gives up by an alert of its own.
func TestTLSBeforeTheGreeting(t *testing.T) {
	const hello = ends + `
		C! \x16\x03\x01\x00\x05\x01\x00\x00\x01\x00
	`
	for name, x := range map[string][2]string{
		"it leaves":         {hello + "S: 220 hi\nwait 5s\nclose C", "tls-mismatch client certain"},
		"it alerts":         {hello + "S: 220 hi\nC! \\x15\\x03\\x01\\x00\\x02\\x02\\x46\nclose C", "tls-mismatch client certain"},
		"it resets":         {hello + "S: 220 hi\nC! \\x15\\x03\\x01\\x00\\x02\\x02\\x46\nrst C", "tls-mismatch client certain"},
		"it is turned away": {hello + "S: 421 Too many connections.\nclose S", "server-busy server certain"},
	} {
		t.Run(name, func(t *testing.T) {
			got := analyzed(t, capturetest.MustFrames(t, x[0])).sessions
			require.Len(t, got, 1)
			v := got[0].Verdict
			require.Equal(t, x[1], v.Cause+" "+v.At+" "+v.Certainty)
		})
	}
}

// A proxy that refuses the control connection: a session that never began, if it is FTP that
// was asked for.
func TestRefusedByProxy(t *testing.T) {
	const (
		proxy = `
			client 198.51.100.10:51234
			server 203.0.113.21:3128
		`
		socks = proxy + `
			C! \x05\x01\x00
			S! \x05\x00
			C! \x05\x01\x00\x01\xc0\x00\x02\x4d\x00\x15
		`
	)
	for _, x := range []struct {
		name, script, want string
		says               []string
	}{
		{"CONNECT that is forbidden", proxy + `
			C! CONNECT 192.0.2.77:21 HTTP/1.1\r\nHost: x\r\n\r\n
			S! HTTP/1.1 403 Forbidden by policy\r\n\r\n
			close S`, "server-refused firewall certain", []string{"203.0.113.21:3128", "192.0.2.77:21", "403 Forbidden by policy"}},
		{"CONNECT that fails", proxy + `
			C! CONNECT ftp.example.net:21 HTTP/1.1\r\nHost: x\r\n\r\n
			S! HTTP/1.1 504 Gateway Timeout\r\n\r\n
			close S`, "server-unreachable path likely", []string{"ftp.example.net:21", "504 Gateway Timeout", "did not reach the server"}},
		{"SOCKS5 that is not allowed", socks + `
			S! \x05\x02\x00\x01\x00\x00\x00\x00\x00\x00
			close S`, "server-refused firewall certain", []string{"SOCKS5 reply 2"}},
		{"SOCKS5 whose host is unreachable", socks + `
			S! \x05\x04\x00\x01\x00\x00\x00\x00\x00\x00
			close S`, "server-unreachable path likely", []string{"SOCKS5 reply 4"}},
		{"SOCKS4", proxy + `
			C! \x04\x01\x00\x15\xc0\x00\x02\x4d\x00
			S! \x04\x5b\x00\x00\x00\x00\x00\x00
			close S`, "server-refused firewall certain", []string{"SOCKS4 reply 91"}},
		{"the web", proxy + `
			C! CONNECT 192.0.2.77:443 HTTP/1.1\r\nHost: x\r\n\r\n
			S! HTTP/1.1 403 Forbidden\r\n\r\n
			close S`, "", nil},
	} {
		t.Run(x.name, func(t *testing.T) {
			got := analyzed(t, capturetest.MustFrames(t, x.script)).sessions
			if x.want == "" {
				require.Empty(t, got)
				return
			}
			require.Len(t, got, 1)
			v := got[0].Verdict
			require.Equal(t, x.want, v.Cause+" "+v.At+" "+v.Certainty)
			for _, s := range x.says {
				require.Contains(t, v.Text, s)
			}
		})
	}
}
