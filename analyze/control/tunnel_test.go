package control

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/analyze/record"
	"ftpscope/capture/flow"
)

func TestTunnels(t *testing.T) {
	const client, proxy = 0, 1
	type words struct {
		side int
		text string
	}
	for name, x := range map[string]struct {
		said []words
		want record.Tunnel
		rest string
	}{
		"CONNECT": {[]words{{client, "CONNECT ftp.example.net:21 HTTP/1.1\r\nHost: x\r\n\r\n"}, {proxy, "HTTP/1.1 200 Ok\r\n\r\n220 hi\r\n"}},
			record.Tunnel{Kind: "HTTP CONNECT", Target: "ftp.example.net:21", Answer: "200 Ok"}, "220 hi\r\n"},
		"CONNECT in pieces": {[]words{{client, "CONNECT h:1 HTTP/1.1\r\n"}, {client, "\r\n"}, {proxy, "HTTP/1.1 403 No"}, {proxy, "\r\n\r\n"}},
			record.Tunnel{Kind: "HTTP CONNECT", Target: "h:1", Answer: "403 No", Refused: true}, ""},
		"CONNECT without a status": {[]words{{client, "CONNECT h:1 HTTP/1.1\r\n\r\n"}, {proxy, "HTTP/1.1 \r\n\r\n"}},
			record.Tunnel{Kind: "HTTP CONNECT", Target: "h:1", Refused: true}, ""},
		"SOCKS4": {[]words{{client, "\x04\x01\x00\x15\xcb\x00\x71\x15me\x00"}, {proxy, "\x00\x5a\x00\x15\xcb\x00\x71\x15"}},
			record.Tunnel{Kind: "SOCKS4", Target: "203.0.113.21:21", Answer: "SOCKS4 reply 90"}, ""},
		"SOCKS4a": {[]words{{client, "\x04\x01\x00\x15\x00\x00\x00\x01\x00ftp.example.net\x00"}, {proxy, "\x00\x5b\x00\x00\x00\x00\x00\x00"}},
			record.Tunnel{Kind: "SOCKS4a", Target: "ftp.example.net:21", Answer: "SOCKS4a reply 91", Refused: true}, ""},
		"SOCKS5": {[]words{{client, "\x05\x01\x00"}, {proxy, "\x05\x00"}, {client, "\x05\x01\x00\x03\x03ftp\x00\x15"}, {proxy, "\x05\x00\x00\x01\xcb\x00\x71\x15\x00\x15220 hi"}},
			record.Tunnel{Kind: "SOCKS5", Target: "ftp:21", Answer: "SOCKS5 reply 0"}, "220 hi"},
		"SOCKS5 with a password, IPv6": {[]words{{client, "\x05\x02\x00\x02"}, {proxy, "\x05\x02"}, {client, "\x01\x01u\x01p"}, {proxy, "\x01\x00"},
			{client, "\x05\x01\x00\x04\x20\x01\x0d\xb8\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x00\x15"}, {proxy, "\x05\x02\x00\x01\x00\x00\x00\x00\x00\x00"}},
			record.Tunnel{Kind: "SOCKS5", Target: "[2001:db8::1]:21", Answer: "SOCKS5 reply 2", Refused: true}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			require.True(t, IsTunnel([]byte(x.said[0].text)))
			tu, rest := &tunnel{}, ""
			for _, w := range x.said {
				require.False(t, tu.answered)
				rest = string(tu.take(w.side, []byte(w.text), flow.Mark{}))
			}
			require.True(t, tu.answered)
			require.Equal(t, x.want, tu.Tunnel)
			require.Equal(t, x.rest, rest)
		})
	}
	for _, other := range []string{"USER bob\r\n", "GET / HTTP/1.1\r\n", "\x05\x00", "\x04\x02\x00\x15\xcb\x00\x71\x15\x00", "\x05"} {
		require.False(t, IsTunnel([]byte(other)), "%q", other)
	}
	t.Run("endless", func(t *testing.T) {
		tu := &tunnel{}
		for range 2 * maxTunnel {
			tu.take(client, []byte("CC"), flow.Mark{})
		}
		require.True(t, tu.answered)
	})
	t.Run("cut anywhere", func(t *testing.T) {
		for _, text := range []string{"\x05\x01\x00\x05\x01\x00\x03\x03ftp\x00\x15", "\x04\x01\x00\x15\x00\x00\x00\x01\x00ftp\x00"} {
			for n := range len(text) {
				tu := &tunnel{}
				tu.take(client, []byte(text[:n]), flow.Mark{})
				tu.take(client, []byte(text[n:]), flow.Mark{})
				tu.take(proxy, []byte("\x05"), flow.Mark{})
			}
		}
	})
}

func TestPROXY(t *testing.T) {
	const v2 = "\r\n\r\n\x00\r\nQUIT\n\x21"
	for _, x := range []struct{ first, client, rest string }{
		{"PROXY TCP4 192.0.2.1 203.0.113.21 40000 21\r\nUSER a\r\n", "192.0.2.1:40000", "USER a\r\n"},
		{"PROXY TCP6 2001:db8::1 2001:db8::2 40000 21\r\n", "[2001:db8::1]:40000", ""},
		{v2 + "\x11\x00\x0c\xc0\x00\x02\x01\xcb\x00\x71\x15\x9c\x40\x00\x15", "192.0.2.1:40000", ""},
		{v2 + "\x11\x00\x0c\xc0\x00", "", v2 + "\x11\x00\x0c\xc0\x00"},
		{"PROXY TCP4 x y\r\n", "", "PROXY TCP4 x y\r\n"},
		{"USER a\r\n", "", "USER a\r\n"},
	} {
		client, rest := proxyLine([]byte(x.first))
		require.Equal(t, []string{x.client, x.rest}, []string{client, string(rest)}, "%q", x.first)
	}
}

// Through a proxy a conversation is read as without it; what the proxy refused is a session
// only where FTP was wanted.
func TestConversationThroughTunnel(t *testing.T) {
	const talk = "S: 220 ready|C: USER bob|S: 331 p|C: PASS x|S: 230 in"
	for _, x := range []struct {
		name, said    string
		session       bool
		target        string
		refused, data bool
	}{
		{"FTP", "C! CONNECT ftp.example.net:21 HTTP/1.1\r\n\r\n|S! HTTP/1.1 200 Ok\r\n\r\n|" + talk, true, "ftp.example.net:21", false, true},
		{"FTP, said with the answer", "C! CONNECT ftp.example.net:21 HTTP/1.1\r\n\r\n|S! HTTP/1.1 200 Ok\r\n\r\n220 ready\r\n|C: USER bob|S: 331 p", true, "ftp.example.net:21", false, true},
		{"refused to FTP's port", "C! CONNECT ftp.example.net:21 HTTP/1.1\r\n\r\n|S! HTTP/1.1 403 No\r\n\r\n", true, "ftp.example.net:21", true, true},
		{"refused elsewhere", "C! CONNECT ftp.example.net:50000 HTTP/1.1\r\n\r\n|S! HTTP/1.1 403 No\r\n\r\n", false, "ftp.example.net:50000", true, true},
		{"data", "C! CONNECT ftp.example.net:50000 HTTP/1.1\r\n\r\n|S! HTTP/1.1 200 Ok\r\n\r\n|S! \x00\x01\x02", false, "ftp.example.net:50000", false, true},
		{"the web", "C! CONNECT www.example.net:443 HTTP/1.1\r\n\r\n|S! HTTP/1.1 200 Ok\r\n\r\n|C! \x00\x01", false, "www.example.net:443", false, false},
		{"SOCKS5", "C! \x05\x01\x00|S! \x05\x00|C! \x05\x01\x00\x03\x03ftp\x00\x15|S! \x05\x00\x00\x01\xcb\x00\x71\x15\x00\x15|" + talk, true, "ftp:21", false, true},
	} {
		t.Run(x.name, func(t *testing.T) {
			h := hear(true, 3128)
			for line := range strings.SplitSeq(x.said, "|") {
				h.say(line)
			}
			require.Equal(t, x.data, h.tunnel.mayCarryData())
			got := h.finish()
			require.Equal(t, x.target, got.Tunnel.Target)
			require.Equal(t, x.refused, got.Tunnel.Refused)
			require.Equal(t, x.session, got.IsSession())
			if x.session {
				require.Equal(t, x.target, got.RealServer)
				require.Equal(t, x.refused, got.Notes.Refused != nil)
			}
		})
	}
	h := hear(true, 3128)
	h.say("C! CONNECT ftp.example.net:21 HTTP/1.1\r\n\r\n")
	require.Nil(t, h.finish(), "nobody answered")
}
