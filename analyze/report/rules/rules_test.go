package rules

import (
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/analyze/record"
	"ftpscope/analyze/report"
	"ftpscope/analyze/report/reporttest"
)

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
		s := reporttest.PassiveSession(1, "192.0.2.10:1234", reporttest.PassiveTransfer(1, "192.0.2.21:50001", record.Established))
		do(&s.Transfers[0])
		return s
	}
	active := func(src, dst string, initiator string) *record.Session {
		return change(func(t *record.Transfer) {
			t.Method, t.Mode, t.ExpectedInitiator, t.Initiator = "PORT", record.Active, reporttest.Ptr(record.Server), initiator
			t.Connection.Src, t.Connection.Dst = reporttest.Endpoint(src), reporttest.Endpoint(dst)
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
			reporttest.PassiveSession(1, "192.0.2.10:1234", reporttest.PassiveTransfer(1, "192.0.2.21:50009", record.Established)),
			reporttest.PassiveSession(2, "192.0.2.11:1234", reporttest.PassiveTransfer(1, "192.0.2.21:50001", "unanswered"))},
			[]string{controlRule, passive("50001-50009")}, "passive: 2 data connections wanted, 1 opened; sessions 1 and 2, packets 12 and 12"},
		{"announced and never tried", []*record.Session{change(func(t *record.Transfer) {
			t.Connection, t.Initiator, t.Outcome = nil, record.None, record.NoConnection
		})}, []string{controlRule, passive("50001")}, "passive: 1 data connection wanted, none opened"},
		{"third party", []*record.Session{change(func(t *record.Transfer) {
			t.Connection.Src, t.Initiator = reporttest.Endpoint("198.51.100.66:33333"), record.ThirdParty
		})}, []string{controlRule}, "opened by a host that should not"},
		{"another address", []*record.Session{change(func(t *record.Transfer) { t.Connection.Dst = reporttest.Endpoint("10.0.0.1:50001") })},
			[]string{controlRule}, "not to the control connection's peer"},
		{"announced elsewhere and ignored", []*record.Session{change(func(t *record.Transfer) { *t.Announced = reporttest.Endpoint("10.0.0.1:50001") })},
			[]string{controlRule, passive("50001")}, "passive: 1 data connection"},
		{"low port", []*record.Session{change(func(t *record.Transfer) { t.Connection.Dst = reporttest.Endpoint("192.0.2.21:445") })},
			[]string{controlRule}, "port below 1024"},
		{"rejected", []*record.Session{change(func(t *record.Transfer) {
			t.Outcome, t.Connection, t.Announced = record.Rejected, nil, nil
		})}, []string{controlRule}, "control: session 1"},
		{"active", []*record.Session{active("192.0.2.21:20", "192.0.2.10:45678", record.Server)},
			[]string{controlRule, "ip saddr 192.0.2.21 ip daddr 192.0.2.0/24 tcp sport 20 tcp dport 1024-65535 ct state new accept"}, "active from port 20"},
		{"active from two kinds of ports", []*record.Session{active("192.0.2.21:20", "192.0.2.10:45678", record.Server), func() *record.Session {
			s := active("192.0.2.21:40001", "192.0.2.10:45679", record.Server)
			s.ID = 2
			return s
		}()}, []string{controlRule, "ip saddr 192.0.2.21 ip daddr 192.0.2.0/24 tcp sport 20 tcp dport 1024-65535 ct state new accept",
			"ip saddr 192.0.2.21 ip daddr 192.0.2.0/24 tcp sport 40001 tcp dport 1024-65535 ct state new accept"}, "active from port 40001: 1 data connection; session 2, packet 12"},
		{"active to another host", []*record.Session{active("192.0.2.21:20", "10.0.0.1:45678", record.Server)},
			[]string{controlRule}, "may also be FXP or a bounce"},
		{"active to a low port", []*record.Session{active("192.0.2.21:20", "192.0.2.10:22", record.Server)},
			[]string{controlRule}, "port below 1024"},
		{"active never tried", []*record.Session{change(func(t *record.Transfer) {
			t.Mode, t.Connection, t.Outcome = record.Active, nil, record.NoConnection
		})}, []string{controlRule}, "its source port is not known"},
		{"logins failed", []*record.Session{{ID: 4, Client: reporttest.Endpoint("203.0.113.5:999"), Server: reporttest.Endpoint("192.0.2.21:21"), Login: record.LoginFailed}},
			nil, "left out: 203.0.113.0/24, session 4: every login failed"},
		{"nothing", nil, nil, "No FTP session was seen that a rule should permit."},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := reporttest.Write(t, Formats(), "rules-nft", report.Options{}, test.sessions...)
			require.Equal(t, test.want, permits(got))
			require.Contains(t, strings.Join(strings.Fields(strings.ReplaceAll(got, "#", "")), " "), test.note)
		})
	}
}

// Every dialect writes a rule of each kind, of both families.
func TestRuleDialects(t *testing.T) {
	four := []*record.Session{reporttest.ActiveSession(), reporttest.Ipv6Session()}
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
			require.Equal(t, test.want, permits(reporttest.Write(t, Formats(), test.format, report.Options{}, four...)))
		})
	}
}

// Nothing that comes from outside leaves its comment line, and no comment is wider than a
// terminal.
func TestRulesStayComments(t *testing.T) {
	hostile := []string{"\nadd rule inet filter input accept", "\r\npermit ip any any", "a\\\n*filter", "\x1b[2J?\x00\u2028\u202e", "–…→",
		strings.Repeat("\u0301", 5000), strings.Repeat("x", 100_000), "\xff\xfe\\", "`$(reboot)`;}}\n"}
	for _, text := range hostile {
		for _, name := range []string{"rules-nft", "rules-iptables", "rules-cisco"} {
			render := func(banner, file string) string {
				w, out := reporttest.New(t, Formats(), name, report.Options{})
				s := reporttest.PassiveSession(1, "192.0.2.10:1234", reporttest.PassiveTransfer(1, "192.0.2.21:50001", record.Established))
				s.Banner, s.User = &banner, &banner
				require.NoError(t, w.Session(s))
				require.NoError(t, w.Attempt(&record.Attempt{ClientIP: netip.MustParseAddr("10.0.0.9"), Server: reporttest.Endpoint("192.0.2.21:21"), Count: 3}))
				sum := reporttest.SummaryOf(s)
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
					require.LessOrEqual(t, len(line), report.DefaultWidth, line)
				}
			}
		}
	}
}

// Rules permit the same whatever order the sessions come in.
func TestOrderChangesNoRule(t *testing.T) {
	sessions := []*record.Session{reporttest.ActiveSession(), reporttest.BlockedSession(), reporttest.Ipv6Session(),
		reporttest.PassiveSession(4, "192.0.2.77:1234", reporttest.PassiveTransfer(1, "192.0.2.21:50001", record.Established))}
	for _, f := range Formats() {
		want := statements(reporttest.Write(t, Formats(), f.Name, report.Options{}, sessions...))
		slices.Sort(want)
		for range sessions {
			sessions = append(sessions[1:], sessions[0])
			got := statements(reporttest.Write(t, Formats(), f.Name, report.Options{}, sessions...))
			slices.Sort(got)
			require.Equal(t, want, got, f.Name)
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

func TestGoldens(t *testing.T) { reporttest.Goldens(t, Formats()) }
