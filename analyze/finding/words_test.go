package finding

import (
	"net/netip"
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/analyze/record"
	"ftpscope/capture/flow"
)

// TestCalled has transfers called by what the capture tells of them, however little.
func TestCalled(t *testing.T) {
	nothing := func(t *record.Transfer) { t.Command, t.Argument, t.Path = nil, nil, nil }
	method := func(m string) func(*record.Transfer) { return func(t *record.Transfer) { t.Method = m } }
	for _, x := range []struct {
		name            string
		t               record.Transfer
		called, command string
	}{
		{"all", passive(), `"/a.bin"`, `RETR "a.bin"`},
		{"no path", passive(func(t *record.Transfer) { t.Path = nil }), `"a.bin"`, `RETR "a.bin"`},
		{"a listing", passive(func(t *record.Transfer) { t.Command, t.Argument, t.Path = ptr("LIST"), nil, nil }), "LIST", "LIST"},
		{"no command", passive(nothing), "the transfer that PASV negotiated", "the transfer that PASV negotiated"},
		{"under TLS", passive(nothing, method(record.MethodEncrypted)), "a transfer under TLS", "a transfer under TLS"},
		{"without a negotiation", active(nothing, method(record.MethodDefault)), "a transfer", "a transfer"},
		{"what would break a line", passive(func(t *record.Transfer) { t.Path = ptr("/a\x1b[2J\n") }), `"/a\x1b[2J\n"`, `RETR "a.bin"`},
	} {
		t.Run(x.name, func(t *testing.T) {
			require.Equal(t, x.called, nameOf(&x.t))
			require.Equal(t, x.command, named(&x.t))
		})
	}
}

// TestOpeners has who opened a data connection named by its part in the session.
func TestOpeners(t *testing.T) {
	stranger := func(c *flow.Conn) { c.Src = netip.AddrPortFrom(another, 4000) }
	for _, x := range []struct {
		name, want string
		t          record.Transfer
	}{
		{"passive", "the client", passive(met(flow.Established))},
		{"active", "the server", active(met(flow.Refused))},
		{"a third host", "another host, 192.0.2.66,", passive(met(flow.Established, stranger))},
		{"nobody", "nobody", passive()},
	} {
		t.Run(x.name, func(t *testing.T) {
			require.Equal(t, x.want, newCase(sess(with(x.t)), Options{}).opener(&x.t))
		})
	}
}

// TestAnonymous has the login told once, by the login itself or, where the capture lacks it,
// by what the session is known by.
func TestAnonymous(t *testing.T) {
	const told = `low 0 the server 203.0.113.21:21 accepted the anonymous login "anonymous" (packet 5)`
	known := func(s *record.Session) {
		s.Anonymous, s.Login, s.User = true, record.LoginOK, ptr("ftp")
		s.Notes.LoginEnd = at(7)
	}
	check(t, "anonymous-login", []row{
		{"accepted", sess(logins("+anonymous")), told},
		{"after others", sess(logins("-bob", "+anonymous", "+anonymous")), `low 0 the server 203.0.113.21:21 accepted the anonymous login "anonymous" (packet 6)`},
		{"refused", sess(logins("-anonymous")), ""},
		{"a user", sess(logins("+bob")), ""},
		{"the login is not in the capture", sess(known), `low 0 the server 203.0.113.21:21 accepted the anonymous login "ftp" (packet 7)`},
		{"and no more is known", sess(known, func(s *record.Session) { s.User = nil }), ""},
	})
}

// TestLured has the reasons that no NAT explains, and those addresses that one does.
func TestLured(t *testing.T) {
	home := func(s *record.Session) { s.Client = netip.MustParseAddrPort("192.168.7.10:50000") }
	for _, x := range []struct {
		name, want string
		s          *record.Session
		to         netip.AddrPort
	}{
		{"the client itself", "that is the client itself", sess(), netip.AddrPortFrom(client.Addr(), 50001)},
		{"a service", "a port below 1024, where services listen", sess(), netip.AddrPortFrom(another, 22)},
		{"its own network", "a host in the client's own network", sess(home), netip.MustParseAddrPort("192.168.7.1:8080")},
		{"another private network", "", sess(home), netip.MustParseAddrPort("10.0.0.5:8080")},
		{"loopback, as tunnels announce", "", sess(), netip.MustParseAddrPort("127.0.0.1:80")},
		{"a NAT's inside", "", sess(), netip.AddrPortFrom(inside, 50001)},
	} {
		t.Run(x.name, func(t *testing.T) {
			offer := passive(announces(x.to.Addr(), x.to.Port()))
			require.Equal(t, x.want, lured(newCase(x.s, Options{}), &offer))
		})
	}
}

// TestPreview has a session that goes on judged alone, as far as it came.
func TestPreview(t *testing.T) {
	st := NewStream(Options{Live: true}, func(*record.Session) { t.Fatal("a preview gives nothing out") })
	s := sess(logins("+anonymous"), with(passive(met(flow.Unanswered), replied(30, 425, "Failed."))))
	st.Preview(s)
	var ids []string
	for _, f := range s.Findings {
		ids = append(ids, f.ID)
	}
	require.Equal(t, []string{"data-unanswered", "anonymous-login"}, ids)
	st.Preview(s)
	require.Len(t, s.Findings, 2, "a second look tells nothing twice")
}

// TestIdle has a control connection's silence told where there was one.
func TestIdle(t *testing.T) {
	for _, x := range []struct {
		name, want string
		end        lostEnd
	}{
		{"none", "", lostEnd{idle: flow.Second / 2}},
		{"until it ended", "no command or reply had passed on it for 5 min", lostEnd{idle: 300 * flow.Second}},
		{"until a reply was due", "the control connection had been idle for 5 min when the reply was due", lostEnd{idle: 300 * flow.Second, waited: flow.Second}},
	} {
		require.Equal(t, x.want, x.end.ran(), x.name)
	}
}
