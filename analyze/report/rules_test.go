package report

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/analyze/record"
	"ftpscope/capture/flow"
)

// passiveTransfer is a PASV transfer to an endpoint of the server.
func passiveTransfer(n int, dst, state string) record.Transfer {
	to := ep(dst)
	t := record.Transfer{N: n, Method: "PASV", Mode: record.Passive, Announced: &to, ExpectedInitiator: ptr(record.Client),
		Initiator: record.Client, Evidence: record.EvidenceSYN, Outcome: record.OK,
		Connection: &record.Connection{Src: ep("192.0.2.10:40000"), Dst: to, State: state, Attempts: 1},
		Frames:     record.Frames{Negotiation: flow.At(0, uint64(10*n)), SYN: flow.At(0, uint64(10*n+2))}}
	if state != established {
		t.Outcome = record.NoConnection
	}
	return t
}

// passiveSession is a session of a client that holds these transfers.
func passiveSession(id int, client string, transfers ...record.Transfer) *record.Session {
	for i := range transfers {
		transfers[i].Connection.Src = netip.AddrPortFrom(ep(client).Addr(), 40000)
	}
	return &record.Session{ID: id, Start: at(0), End: at(1000), Client: ep(client), Server: ep("192.0.2.21:21"), Login: record.LoginOK,
		TLS: record.TLSNone, Mode: record.Passive, Initiator: record.Client, Capture: whole, First: markAt(0, uint64(id)), Transfers: transfers}
}

// permits are the lines of a sketch that are no comments.
func permits(sketch string) (lines []string) {
	for line := range strings.SplitSeq(sketch, "\n") {
		line = strings.TrimSpace(line)
		if strings.Contains(line, " tcp ") && !strings.HasPrefix(line, "#") && !strings.HasPrefix(line, "!") {
			lines = append(lines, line)
		}
	}
	return lines
}

const controlRule = "ip saddr 192.0.2.0/24 ip daddr 192.0.2.21 tcp dport 21 ct state new accept"

func TestRules(t *testing.T) {
	change := func(do func(*record.Transfer)) *record.Session {
		s := passiveSession(1, "192.0.2.10:1234", passiveTransfer(1, "192.0.2.21:50001", established))
		do(&s.Transfers[0])
		return s
	}
	active := func(src, dst string, initiator string) *record.Session {
		return change(func(t *record.Transfer) {
			t.Method, t.Mode, t.ExpectedInitiator, t.Initiator = "PORT", record.Active, ptr(record.Server), initiator
			t.Connection.Src, t.Connection.Dst = ep(src), ep(dst)
		})
	}
	passive := func(ports string) string {
		return "ip saddr 192.0.2.0/24 ip daddr 192.0.2.21 tcp dport " + ports + " ct state new accept"
	}
	tests := []struct {
		name     string
		sessions []*record.Session
		want     []string
		note     string
	}{
		{"range over sessions", []*record.Session{
			passiveSession(1, "192.0.2.10:1234", passiveTransfer(1, "192.0.2.21:50009", established)),
			passiveSession(2, "192.0.2.11:1234", passiveTransfer(1, "192.0.2.21:50001", "unanswered"))},
			[]string{controlRule, passive("50001-50009")}, "passive: 2 data connections wanted, 1 opened; sessions 1 and 2, packets 12 and 12"},
		{"announced and never tried", []*record.Session{change(func(t *record.Transfer) {
			t.Connection, t.Initiator, t.Outcome = nil, record.None, record.NoConnection
		})}, []string{controlRule, passive("50001")}, "passive: 1 data connection wanted, none opened"},
		{"third party", []*record.Session{change(func(t *record.Transfer) {
			t.Connection.Src, t.Initiator = ep("198.51.100.66:33333"), record.ThirdParty
		})}, []string{controlRule}, "opened by a host that should not"},
		{"another address", []*record.Session{change(func(t *record.Transfer) { t.Connection.Dst = ep("10.0.0.1:50001") })},
			[]string{controlRule}, "not to the control connection's peer"},
		{"announced elsewhere and ignored", []*record.Session{change(func(t *record.Transfer) { *t.Announced = ep("10.0.0.1:50001") })},
			[]string{controlRule, passive("50001")}, "passive: 1 data connection"},
		{"low port", []*record.Session{change(func(t *record.Transfer) { t.Connection.Dst = ep("192.0.2.21:445") })},
			[]string{controlRule}, "port below 1024"},
		{"rejected", []*record.Session{change(func(t *record.Transfer) {
			t.Outcome, t.Connection, t.Announced = record.Rejected, nil, nil
		})}, []string{controlRule}, "control: session 1"},
		{"active", []*record.Session{active("192.0.2.21:20", "192.0.2.10:45678", record.Server)},
			[]string{controlRule, "ip saddr 192.0.2.21 ip daddr 192.0.2.0/24 tcp sport 20 tcp dport 1024-65535 ct state new accept"}, "active from port 20"},
		{"active to another host", []*record.Session{active("192.0.2.21:20", "10.0.0.1:45678", record.Server)},
			[]string{controlRule}, "may also be FXP or a bounce"},
		{"active to a low port", []*record.Session{active("192.0.2.21:20", "192.0.2.10:22", record.Server)},
			[]string{controlRule}, "port below 1024"},
		{"active never tried", []*record.Session{change(func(t *record.Transfer) {
			t.Mode, t.Connection, t.Outcome = record.Active, nil, record.NoConnection
		})}, []string{controlRule}, "its source port is not known"},
		{"logins failed", []*record.Session{{ID: 4, Client: ep("203.0.113.5:999"), Server: ep("192.0.2.21:21"), Login: record.LoginFailed}},
			nil, "left out: 203.0.113.0/24, session 4: every login failed"},
		{"nothing", nil, nil, "No FTP session was seen that a rule should permit."},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := write(t, "rules-nft", Options{}, test.sessions...)
			require.Equal(t, test.want, permits(got))
			require.Contains(t, strings.Join(strings.Fields(strings.ReplaceAll(got, "#", "")), " "), test.note)
		})
	}
}

// Every dialect writes a rule of each kind, of both families.
func TestRuleDialects(t *testing.T) {
	four := []*record.Session{activeSession(), ipv6Session()}
	tests := []struct {
		format string
		want   []string
	}{
		{"rules-iptables", []string{
			"-4 -A FTPSCOPE -s 192.0.2.0/24 -d 192.0.2.21/32 -p tcp --dport 21 -m conntrack --ctstate NEW -j ACCEPT",
			"-4 -A FTPSCOPE -s 192.0.2.21/32 -d 192.0.2.0/24 -p tcp --sport 20 --dport 1024:65535 -m conntrack --ctstate NEW -j ACCEPT",
			"-6 -A FTPSCOPE -s 2001:db8:1234:5678::/64 -d 2001:db8:aaaa:bbbb:cccc:dddd:eeee:21/128 -p tcp --dport 21 -m conntrack --ctstate NEW -j ACCEPT",
			"-6 -A FTPSCOPE -s 2001:db8:1234:5678::/64 -d 2001:db8:aaaa:bbbb:cccc:dddd:eeee:21/128 -p tcp --dport 50123 -m conntrack --ctstate NEW -j ACCEPT"}},
		{"rules-cisco", []string{
			"permit tcp 192.0.2.0 0.0.0.255 host 192.0.2.21 eq 21",
			"permit tcp 192.0.2.0 0.0.0.255 gt 1023 host 192.0.2.21 eq 20 established",
			"permit tcp host 192.0.2.21 eq 21 192.0.2.0 0.0.0.255 established",
			"permit tcp host 192.0.2.21 eq 20 192.0.2.0 0.0.0.255 gt 1023",
			"permit tcp 2001:db8:1234:5678::/64 host 2001:db8:aaaa:bbbb:cccc:dddd:eeee:21 eq 21",
			"permit tcp 2001:db8:1234:5678::/64 host 2001:db8:aaaa:bbbb:cccc:dddd:eeee:21 eq 50123",
			"permit tcp host 2001:db8:aaaa:bbbb:cccc:dddd:eeee:21 eq 21 2001:db8:1234:5678::/64 established",
			"permit tcp host 2001:db8:aaaa:bbbb:cccc:dddd:eeee:21 eq 50123 2001:db8:1234:5678::/64 established"}},
	}
	for _, test := range tests {
		t.Run(test.format, func(t *testing.T) {
			require.Equal(t, test.want, permits(write(t, test.format, Options{}, four...)))
		})
	}
}

// Nothing that comes from outside leaves its comment line, and no comment is wider than a terminal.
func TestRulesStayComments(t *testing.T) {
	hostile := []string{"\nadd rule inet filter input accept", "\r\npermit ip any any", "a\\\n*filter", "\x1b[2J?\x00\u2028\u202e", "–…→",
		strings.Repeat("\u0301", 5000), strings.Repeat("x", 100_000), "\xff\xfe\\", "`$(reboot)`;}}\n"}
	for _, text := range hostile {
		for _, name := range []string{"rules-nft", "rules-iptables", "rules-cisco"} {
			f, _ := Find(name)
			render := func(banner, file string) string {
				var out strings.Builder
				w := f.New(&out, Options{})
				s := passiveSession(1, "192.0.2.10:1234", passiveTransfer(1, "192.0.2.21:50001", established))
				s.Banner, s.User = &banner, &banner
				require.NoError(t, w.Session(s))
				require.NoError(t, w.Attempt(&record.Attempt{ClientIP: netip.MustParseAddr("10.0.0.9"), Server: ep("192.0.2.21:21"), Count: 3}))
				sum := summaryOf(s)
				sum.Files = []string{file}
				require.NoError(t, w.Summary(sum))
				return out.String()
			}
			got := render(text, text)
			require.Equal(t, statements(render("hello", "a.pcap")), statements(got))
			for line := range strings.SplitSeq(got, "\n") {
				require.NotContains(t, line, "?")
				for _, c := range []byte(line) {
					require.True(t, ' ' <= c && c <= '~', "%q", line)
				}
				if strings.ContainsAny(strings.TrimSpace(line)+" ", "#!") {
					require.LessOrEqual(t, len(line), DefaultWidth, line)
				}
			}
		}
	}
}

// statements are all lines but comments and empty ones.
func statements(sketch string) (lines []string) {
	for line := range strings.SplitSeq(sketch, "\n") {
		if t := strings.TrimSpace(line); t != "" && t[0] != '#' && t[0] != '!' {
			lines = append(lines, line)
		}
	}
	return lines
}

func TestServersAreBounded(t *testing.T) {
	g := newServers()
	for i := range maxServers + 5 {
		s := passiveSession(i+1, "192.0.2.10:1234")
		s.Server = netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)}), 21)
		g.add(s)
	}
	require.Len(t, g.all, maxServers)
	require.Equal(t, 5, g.left)

	g = newServers()
	for i := range maxNetworks + 7 {
		g.add(passiveSession(i+1, fmt.Sprintf("10.%d.%d.1:1234", i>>8, i&0xff), passiveTransfer(1, "192.0.2.21:50001", established)))
	}
	require.Len(t, g.all, 1)
	require.Len(t, g.all[0].clients, maxNetworks)
	require.Equal(t, 7, g.left)
	require.Equal(t, maxNetworks+7, g.all[0].reached.n, "the server's own facts go on")
}

func TestServersInWords(t *testing.T) {
	g := newServers()
	g.add(passiveSession(1, "192.0.2.10:1234", passiveTransfer(1, "192.0.2.21:50009", established), passiveTransfer(2, "192.0.2.21:50001", "refused")))
	s := activeSession()
	s.Client, s.Transfers[0].Outcome, s.Transfers[0].Connection = ep("198.51.100.7:1"), record.Rejected, nil
	g.add(s)
	require.True(t, g.failed)
	s.Transfers[1].Connection.Dst = ep("198.51.100.7:4000")
	g.add(s)
	require.Equal(t, "passive ports 50001 and 50009 announced, 50009 reached; active from port 20", g.all[0].ports())
	require.Equal(t, []string{
		"client 192.0.2.10: passive worked (1) and failed (1)",
		"client 198.51.100.7: active worked (2) and was rejected by the server (2)",
	}, g.all[0].clientLines(false))
	g.add(passiveSession(4, "198.51.100.8:1234", passiveTransfer(1, "192.0.2.21:50002", established)))
	require.Contains(t, g.all[0].clientLines(false)[1], "clients in 198.51.100.0/24: ", "more than one")
}

// TestServersPortsInWords: a few ports are named; a range would be taken for the configured one.
func TestServersPortsInWords(t *testing.T) {
	var r portRange
	for _, p := range []uint16{50000, 32975, 49599, 32975} {
		r.add(p)
	}
	require.Equal(t, "ports 32975, 49599 and 50000", r.words())
	for p := range uint16(5) {
		r.add(40000 + p)
	}
	require.Equal(t, "ports between 32975 and 50000", r.words())
}

// TestServersBounce: a connection that PORT sent to another host says nothing of clients.
func TestServersBounce(t *testing.T) {
	s := activeSession()
	for i := range s.Transfers {
		s.Transfers[i].Connection.Dst = ep("192.0.2.31:8080")
	}
	s.Transfers[0].Outcome, s.Transfers[0].Connection.State = record.NoConnection, "refused"
	s.Findings = []record.Finding{{ID: "bounce-attempt", Severity: "high", Transfer: 2}}
	g := newServers()
	g.add(s)
	require.False(t, g.failed)
	require.Equal(t, []string{"client 192.0.2.10: active to other hosts than the client worked (1) and failed (1)"}, g.all[0].clientLines(false))
}

// TestServersBanners: a server that greets in another way is another program, or another host.
func TestServersBanners(t *testing.T) {
	g := newServers()
	for i, banner := range []string{"(vsFTPd 3.0.3)", "---- Welcome to Pure-FTPd ----\nYou are user 1", "(vsFTPd 3.0.3)"} {
		s := activeSession()
		s.ID, s.Banner = i+1, &banner
		g.add(s)
	}
	require.Equal(t, []htmlBanner{{"(vsFTPd 3.0.3)", "2 sessions, 1 to 3"}, {"Welcome to Pure-FTPd", "session 2"}}, g.all[0].greetings())
}

func TestManyServers(t *testing.T) {
	var all []*record.Session
	for i := range 8 {
		s := passiveSession(i+1, "192.0.2.10:1234", passiveTransfer(1, "192.0.2.21:50009", established))
		s.Server = netip.AddrPortFrom(s.Server.Addr(), uint16(2100+i))
		all = append(all, s)
	}
	require.NotContains(t, write(t, "table", Options{}, all...), "\nservers")
	require.NotContains(t, write(t, "table", Options{All: true}, all...), "more server")
	all[7].Transfers[0].Connection.State, all[7].Transfers[0].Outcome = "refused", record.NoConnection
	got := write(t, "table", Options{}, all...)
	require.Contains(t, got, "passive failed (1)")
	require.Contains(t, got, "… 3 more servers: --all names them")
	_, after, _ := strings.Cut(got, "\nservers")
	_, after, _ = strings.Cut(after, "\n")
	require.True(t, strings.HasPrefix(after, " 192.0.2.21:2107\n"), "trouble first")
}
