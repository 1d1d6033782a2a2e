package table

import (
	"io"
	"net/netip"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/analyze/prose"
	"ftpscope/analyze/record"
	"ftpscope/analyze/report"
	"ftpscope/analyze/report/reporttest"
	"ftpscope/capture/flow"
)

// crowd makes n sessions, every hundredth of them in trouble.
func crowd(n int) []*record.Session {
	good, bad := reporttest.ActiveSession(), reporttest.BlockedSession()
	var all []*record.Session
	for i := range n {
		s := *good
		if i%100 == 99 {
			s = *bad
		}
		s.ID = i + 1
		all = append(all, &s)
	}
	return all
}

func rows(table string) (ids []string) {
	for line := range strings.SplitSeq(table, "\n") {
		if f := strings.Fields(line); len(f) > 3 && strings.Count(f[1], ":") == 2 {
			ids = append(ids, f[0])
		}
	}
	return ids
}

func TestManySessions(t *testing.T) {
	shown := reporttest.Write(t, tableFormats(), "table", report.Options{}, crowd(1000)...)
	require.Len(t, rows(shown), 50)
	require.Equal(t, []string{"100", "200", "300"}, rows(shown)[:3], "trouble first")
	require.Equal(t, "1", rows(shown)[10])
	require.Contains(t, shown, "── 10 sessions: address-untranslated, look at nat\n")
	require.Contains(t, shown, "── 990 sessions without trouble; 40 shown\n")
	require.Equal(t, 1, strings.Count(shown, "cannot reach;"), "a verdict is told once")
	require.Equal(t, 9, strings.Count(shown, "The same as in session 100.   #15–#16"))
	require.Contains(t, shown, "\n… 950 more sessions; shown are those with failures or findings first; --all shows every one,\n")
	require.Contains(t, shown, "1,000 sessions: 990 active, 10 passive · 1,980 of 1,990 data connections opened")

	all := reporttest.Write(t, tableFormats(), "table", report.Options{All: true}, crowd(1000)...)
	require.Len(t, rows(all), 1000)
	require.Equal(t, "1000", rows(all)[999])
	require.NotContains(t, all, "--all")

	few := reporttest.Write(t, tableFormats(), "table", report.Options{}, crowd(50)...)
	require.NotContains(t, few, "--all")
	require.Equal(t, "1", rows(few)[0])
}

func TestManyTransfers(t *testing.T) {
	s := reporttest.ActiveSession()
	for i := range 998 {
		s.Transfers = append(s.Transfers, reporttest.ActiveTransfer(i+3, "RETR", "f", uint64(i+100), 4000, 1))
	}
	s.Transfers[800].Outcome = record.Aborted
	got := reporttest.Write(t, tableFormats(), "table", report.Options{}, s)
	require.Contains(t, got, "… 980 more transfers: --all shows them")
	require.Contains(t, got, "aborted 226")
	require.Contains(t, got, "999 ok, 1 failed")
}

func TestColorSupportsOnly(t *testing.T) {
	plain := reporttest.Write(t, tableFormats(), "table", report.Options{}, reporttest.BlockedSession())
	colored := reporttest.Write(t, tableFormats(), "table", report.Options{Color: true}, reporttest.BlockedSession())
	require.NotEqual(t, plain, colored)
	require.Equal(t, plain, sgr.ReplaceAllString(colored, ""))
	rich := reporttest.Write(t, tableFormats(), "table", report.Options{Color: true, Rich: true}, reporttest.BlockedSession())
	require.Equal(t, plain, sgr.ReplaceAllString(rich, ""))
	for _, want := range []string{"\x1b[1m203.0.113.10:49640\x1b[0m", "\x1b[36mpassive\x1b[0m", "0 ok, \x1b[31m1 failed\x1b[0m", "\x1b[2m#14–#31\x1b[0m", "\x1b[32mnext\x1b[0m", "\x1b[31mno-connection\x1b[0m"} {
		require.Contains(t, colored, want)
	}
	require.Contains(t, rich, "\x1b[38;5;32mpassive\x1b[0m")
}

var sgr = regexp.MustCompile("\x1b\\[[0-9;]*m")

func TestDays(t *testing.T) {
	a, b := reporttest.ActiveSession(), reporttest.ActiveSession()
	b.ID, b.Start.Time = 2, a.Start.Time+30*24*3600*flow.Second
	got := reporttest.Write(t, tableFormats(), "table", report.Options{}, a, b)
	require.Contains(t, got, "03-01 10:02:15")
	require.Contains(t, got, "03-31 10:02:15")
	b.Start.Time += 365 * 24 * 3600 * flow.Second
	require.Contains(t, reporttest.Write(t, tableFormats(), "table", report.Options{}, a, b), "2025-03-31 10:02:15")
}

func TestWidths(t *testing.T) {
	all := append(reporttest.Failures(), reporttest.ActiveSession(), reporttest.Ipv6Session(), reporttest.BlockedSession())
	for _, width := range []int{1, 60, 80, 100, 140, 200} {
		got := reporttest.Write(t, tableFormats(), "table", report.Options{Width: width}, all...)
		for line := range strings.SplitSeq(got, "\n") {
			require.LessOrEqual(t, prose.Columns(line), max(width, 60), line)
		}
		for _, whole := range []string{"203.0.113.10:49640", "[2001:db8:1234:5678:9abc:def0:1234:5678]:51234", "бухгалтерия-отдел-продаж"} {
			require.Contains(t, got, whole, "what tells sessions apart is never cut")
		}
		require.Contains(t, strings.Join(strings.Fields(got), " "), "STOR отчёт за первый квартал окончательный (исправленный) 最終版.xlsx")
	}
	require.Contains(t, reporttest.Write(t, tableFormats(), "table", report.Options{Width: 60}, reporttest.BlockedSession()),
		" #  start (UTC)  client → server\n                 user     mode     transfers\n 3  10:02:15     203.0.113.10:49640 → 203.0.113.1:21\n                 labuser  passive  0 ok, 1 failed\n")
}

// Wide pages show more of each session and transfer, not more space.
func TestWidePages(t *testing.T) {
	s := reporttest.ActiveSession()
	s.Transfers[1].Path = reporttest.Ptr("/pub/pictures/photo.bin")
	wide := reporttest.Write(t, tableFormats(), "table", report.Options{Width: 200}, s)
	require.Contains(t, wide, "  opened by  took   ended by  server\n")
	require.Contains(t, wide, "  2 ok, 60.3 kB  server     1.0 s  QUIT      welcome\n")
	require.Contains(t, wide, "RETR /pub/pictures/photo.bin  PORT  server opened 192.0.2.21:20 → 192.0.2.10:43677  60.0 kB ↓ 226  in 130 ms, 461.5 kB/s  #40 #43 #97\n")
	require.Contains(t, reporttest.Write(t, tableFormats(), "table", report.Options{Width: 200}, reporttest.BlockedSession()),
		"no-connection  #14–#31  client tried 203.0.113.10:40608, 3 SYNs, no answer\n")
	require.NotContains(t, reporttest.Write(t, tableFormats(), "table", report.Options{Width: 100}, s), "opened by")
	lines := reporttest.Write(t, tableFormats(), "lines", report.Options{Width: 200}, s)
	require.Equal(t, reporttest.Write(t, tableFormats(), "lines", report.Options{}, s), lines, "a log is the same everywhere")
}

// A name that has no room breaks its row; it is never cut.
func TestLongNames(t *testing.T) {
	a, b := reporttest.ActiveSession(), reporttest.ActiveSession()
	b.ID, b.User = 2, reporttest.Ptr("laboratory-user-17")
	got := reporttest.Write(t, tableFormats(), "table", report.Options{Width: 90}, a, b)
	require.Contains(t, got, " 1  10:02:15     192.0.2.10:51234  192.0.2.21:21  anonymous  active  2 ok, 60.3 kB\n")
	require.Contains(t, got, " 2  10:02:15     192.0.2.10:51234 → 192.0.2.21:21\n                 laboratory-user-17  active  2 ok, 60.3 kB\n")
	b.User = reporttest.Ptr(strings.Repeat("x", 60))
	require.Contains(t, reporttest.Write(t, tableFormats(), "table", report.Options{Width: 80}, a, b),
		"\n                 "+strings.Repeat("x", 60)+"\n                            active  2 ok, 60.3 kB\n")
}

// What one rule found is told together, with its advice once.
func TestRulesTogether(t *testing.T) {
	var all []*record.Session
	for i := range 3 {
		s := reporttest.ActiveSession()
		s.ID, s.Client = i+1, reporttest.Endpoint("192.0.2."+strconv.Itoa(i+1)+":1000")
		s.Findings = []record.Finding{{ID: "x", Severity: "low", Message: "seen " + strconv.Itoa(i), Advice: "look"}, {ID: "y", Severity: "low", Message: "other", Advice: "no"}}
		all = append(all, s)
	}
	got := reporttest.Write(t, tableFormats(), "table", report.Options{}, all...)
	require.Contains(t, got, "\n· low       x × 3\n            #1  seen 0\n            #2  seen 1\n            #3  seen 2\n            check: look\n\n· low       y × 3\n")
	require.Contains(t, reporttest.Write(t, tableFormats(), "table", report.Options{}, all[0]), "\n· low       #1  x  seen 0\n            check: look\n")
}

func TestSeveralFiles(t *testing.T) {
	s := reporttest.ActiveSession()
	s.Transfers[1].Frames.Reply = flow.At(1, 7)
	got := reporttest.Write(t, tableFormats(), "table", report.Options{}, s)
	require.Contains(t, got, "1:#40 #43 2:#7")
	require.Contains(t, got, "packets are numbered in each file, 2:#14 is packet 14 of file 2:\n  1  a.pcap\n")
}

// The table of a large capture costs little more than counting.
func BenchmarkTable(b *testing.B) {
	s := reporttest.ActiveSession()
	w := newTable(io.Discard, report.Options{})
	b.ReportAllocs()
	for b.Loop() {
		_ = w.Session(s)
	}
}

func TestManyServers(t *testing.T) {
	var all []*record.Session
	for i := range 8 {
		s := reporttest.PassiveSession(i+1, "192.0.2.10:1234", reporttest.PassiveTransfer(1, "192.0.2.21:50009", record.Established))
		s.Server = netip.AddrPortFrom(s.Server.Addr(), uint16(2100+i))
		all = append(all, s)
	}
	require.NotContains(t, reporttest.Write(t, tableFormats(), "table", report.Options{}, all...), "\nservers")
	require.NotContains(t, reporttest.Write(t, tableFormats(), "table", report.Options{All: true}, all...), "more server")
	all[7].Transfers[0].Connection.State, all[7].Transfers[0].Outcome = "refused", record.NoConnection
	got := reporttest.Write(t, tableFormats(), "table", report.Options{}, all...)
	require.Contains(t, got, "passive failed (1)")
	require.Contains(t, got, "… 3 more servers: --all names them")
	_, after, _ := strings.Cut(got, "\nservers")
	_, after, _ = strings.Cut(after, "\n")
	require.True(t, strings.HasPrefix(after, " 192.0.2.21:2107\n"), "trouble first")
}

func tableFormats() []report.Format { return []report.Format{Format(), Lines()} }

func TestGoldens(t *testing.T) { reporttest.Goldens(t, tableFormats()) }

// Too many sessions for a page are grouped by verdict, and of each group something shows.
func TestGroups(t *testing.T) {
	var all []*record.Session
	for i := range 120 {
		s := reporttest.BlockedSession()
		if s.ID = i + 1; i%4 == 3 {
			s.Verdict = &record.Verdict{Cause: record.CauseDataBlocked, At: record.AtFirewall, Certainty: record.Likely, Transfer: 1, Text: "No answer."}
		}
		if i == 118 {
			s.Verdict = &record.Verdict{Cause: record.CauseServerBusy, At: record.AtServer, Certainty: record.Certain, Text: "Too many."}
		}
		all = append(all, s)
	}
	got := reporttest.Write(t, tableFormats(), "table", report.Options{}, all...)
	require.Contains(t, strings.Join(strings.Fields(got), " "), "120 of 120 sessions failed; 89 of them: most likely the server announces 192.168.50.2, an address behind its NAT; 30: most likely a firewall drops")
	require.Len(t, rows(got), report.MaxShown)
	got = strings.Join(strings.Fields(got), " ")
	require.Contains(t, got, "── 89 sessions: address-untranslated, look at nat; 25 shown, all with --cause address-untranslated")
	require.Contains(t, got, "── 30 sessions: data-blocked, look at firewall; 24 shown, all with --cause data-blocked --at firewall")
	require.Contains(t, got, "── 1 session: server-busy, look at server 119 ")
}

// Pages of all sessions are written as they fill, once they are too long to be held.
func TestLongPages(t *testing.T) {
	var out strings.Builder
	w := newTable(&out, report.Options{All: true})
	s := reporttest.ActiveSession()
	for range 30_000 {
		require.NoError(t, w.Session(s))
	}
	require.True(t, strings.HasPrefix(out.String(), "the answer for the whole capture stands at the end\n\n"))
	require.NoError(t, w.Summary(reporttest.SummaryOf(s)))
	require.True(t, strings.HasSuffix(out.String(), "\n30,000 sessions: nothing failed\n"))
}

// What a row says of logins, refusals and sessions in which nothing came to be.
func TestRowWords(t *testing.T) {
	s := reporttest.Failures()[8]
	for i := range s.Notes.Logins {
		s.Notes.Logins[i] = record.Login{Code: 530, Reply: reporttest.Reply(1, 1, 530, "Login incorrect.")}
	}
	r := newSessionRow(s, report.Options{})
	require.Equal(t, []string{"–", "login failed", "", "client · certain"}, []string{r.mode, r.sums, r.logins, r.place})
	s.Verdict = nil
	require.Equal(t, "3 logins failed: 530 Login incorrect.", newSessionRow(s, report.Options{}).logins)
	s.Login = record.LoginOK
	require.Equal(t, "3 logins failed before one succeeded: 530 Login incorrect.", newSessionRow(s, report.Options{}).logins)
	s.Notes.Logins, s.Verdict = nil, &record.Verdict{Cause: record.CauseServerBusy}
	r = newSessionRow(s, report.Options{})
	require.Equal(t, []string{"failed", ""}, []string{r.sums, r.logins})

	denied := reporttest.ActiveTransfer(1, "RETR", "/etc/shadow", 10, 43677, 0)
	denied.Outcome, denied.Reply = record.Denied, reporttest.Reply(1, 40, 550, "/etc/shadow: Permission denied")
	require.Equal(t, `550 "/etc/shadow: Permission denied"`, newTransferRow(reporttest.ActiveSession(), &denied, false, false).detail)
	denied.Verdict = &record.Verdict{Cause: record.CauseFileDenied, At: record.AtServer, Text: `The server denied it: 550 "no" (packet 40).`}
	require.Equal(t, `server: The server denied it: 550 "no".`, newTransferRow(reporttest.ActiveSession(), &denied, false, false).detail)
}
