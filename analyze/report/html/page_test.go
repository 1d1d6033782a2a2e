package html

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/analyze/record"
	"ftpscope/analyze/report"
	"ftpscope/analyze/report/reporttest"
	"ftpscope/analyze/report/servers"
	"ftpscope/capture/flow"
)

// thirdPartySession is a download that a third host took, with the dialogue kept.
func thirdPartySession() *record.Session {
	s := reporttest.ActiveSession()
	s.ID, s.Mode, s.Initiator = 4, record.Passive, record.ThirdParty
	s.Transfers = s.Transfers[1:]
	t := &s.Transfers[0]
	announced := reporttest.Endpoint("192.0.2.21:50000")
	t.Mode, t.Method, t.Initiator, t.ExpectedInitiator, t.Announced = record.Passive, "PASV", record.ThirdParty, reporttest.Ptr(record.Client), &announced
	t.Connection.Src, t.Connection.Dst = reporttest.Endpoint("192.0.2.66:40000"), announced
	t.Notes.Asked, t.Notes.Answer = reporttest.Line(360, 36, "PASV"), reporttest.Reply(380, 38, 227, "Entering Passive Mode (192,0,2,21,195,80).")
	s.Findings = []record.Finding{{ID: "third-party-data-connection", Severity: "critical", Transfer: 2, Message: "192.0.2.66 connected to 192.0.2.21:50000", Advice: "use TLS"}}
	s.Dialogue = []record.Exchange{
		{Replies: []record.Reply{*reporttest.Reply(10, 4, 220, "ready")}},
		{Time: reporttest.At(20), Pos: flow.At(0, 6), Command: "USER", Argument: reporttest.Ptr("anonymous"), Replies: []record.Reply{*reporttest.Reply(22, 7, 331, "send a password")}},
		{Time: reporttest.At(40), Pos: flow.At(0, 10), Command: "PASS", Argument: reporttest.Ptr("me@example.org"), Replies: []record.Reply{*reporttest.Reply(50, 12, 230, "welcome")}},
		{Time: reporttest.At(360), Pos: flow.At(0, 36), Command: "PASV", Replies: []record.Reply{*t.Notes.Answer}},
		{Time: reporttest.At(990), Pos: flow.At(0, 104), Command: "QUIT", Replies: []record.Reply{*reporttest.Reply(995, 105, 221, "bye")}},
	}
	return s
}

func htmlOf(t *testing.T, o report.Options, sessions ...*record.Session) string {
	t.Helper()
	return reporttest.Write(t, htmlFormats(), "html", o, sessions...)
}

func TestHTMLPolicyNamesItsAssets(t *testing.T) {
	page := htmlOf(t, report.Options{}, reporttest.ActiveSession())
	policy := regexp.MustCompile(`http-equiv="Content-Security-Policy" content="([^"]*)"`).FindStringSubmatch(page)
	require.NotNil(t, policy)
	said := strings.NewReplacer("&#39;", "'", "&#43;", "+").Replace(policy[1])
	require.Regexp(t, `^default-src 'none'; script-src 'sha256-[^ ]{44}'; style-src 'sha256-[^ ]{44}'; img-src data:; `, said)
	styles := regexp.MustCompile(`(?s)<style>(.*?)</style>`).FindAllStringSubmatch(page, -1)
	scripts := regexp.MustCompile(`(?s)<script>(.*?)</script>`).FindAllStringSubmatch(page, -1)
	require.Len(t, styles, 1)
	require.Len(t, scripts, 1)
	require.Contains(t, said, "style-src "+hashOf(styles[0][1]))
	require.Contains(t, said, "script-src "+hashOf(scripts[0][1]))
	require.NotRegexp(t, `(?i)<[a-z][^>]* on[a-z]+=|style="|<(img|iframe|object|embed|base)|url\(|@import`, reporttest.WithoutAssets(page))
	require.NotRegexp(t, `(?i)innerHTML|outerHTML|insertAdjacent|document\.write|eval\(|url\(|@import|fetch\(|XMLHttp`, style+script)
}

func TestHTMLHidesPasswords(t *testing.T) {
	page := htmlOf(t, report.Options{}, thirdPartySession())
	page = reporttest.WithoutAssets(page)
	require.NotContains(t, page, "me@example.org")
	require.Contains(t, page, "PASS (hidden)")
	shown := reporttest.WithoutAssets(htmlOf(t, report.Options{ShowPasswords: true}, thirdPartySession()))
	require.Contains(t, shown, "PASS me@example.org")
	require.Contains(t, shown, `["Password","me@example.org"]`)
}

func TestHTMLHostileTextStaysText(t *testing.T) {
	page := hostilePage(t)
	require.Equal(t, 4, strings.Count(strings.ToLower(page), "<script"), "meta, rows, details, script")
	require.Equal(t, 4, strings.Count(strings.ToLower(page), "</script"))
	for _, hidden := range []string{"<!--", "<img", "<b><b>", "\u202e", "\u2066", "\u2028", "\u2029", "\u200b", "\x00", "\x1b", "\x7f", "\ufeff"} {
		require.False(t, strings.Contains(page, hidden), "%q", hidden)
	}
	require.Less(t, len(page), 600<<10, "long lines are cut")
}

func TestHTMLOrigin(t *testing.T) {
	sum := strings.Repeat("0123456789abcdef", 4)
	page := htmlOf(t, report.Options{Version: "v1.2.3", CommandLine: []string{"ftpscope", "it's.pcap", "-o", "html=out.html"},
		Inputs: func() []report.Input {
			return []report.Input{{Name: "it's.pcap", Size: 1234567, SHA256: sum}, {Name: "b.pcap"}}
		}}, reporttest.ActiveSession())
	for _, want := range []string{"ftpscope v1.2.3", "ftpscope &#39;it&#39;\\&#39;&#39;s.pcap&#39; -o html=out.html", "1,234,567", sum, "2:#14 is packet 14 of file 2"} {
		require.Contains(t, page, want)
	}
}

func TestHTMLSnapshotsAreNotSessions(t *testing.T) {
	open := reporttest.ActiveSession()
	open.Open = true
	require.Equal(t, htmlOf(t, report.Options{}), htmlOf(t, report.Options{}, open))
}

// TestHTMLKeepsTheTroubled fills a small page: sessions with failures stay, quiet ones
// go, and all are counted.
func TestHTMLKeepsTheTroubled(t *testing.T) {
	var out bytes.Buffer
	h := newWriter(&out, report.Options{}).(*writer)
	h.limits = limits{sessions: 4, details: maxDetails, ladder: maxLadder}
	for i := range 12 {
		s := reporttest.ActiveSession()
		if i%3 == 2 {
			s = reporttest.BlockedSession()
		}
		s.ID = i + 1
		require.NoError(t, h.Session(s))
	}
	var kept []int
	for _, e := range h.entries() {
		kept = append(kept, e.row.ID)
	}
	require.Equal(t, []int{3, 6, 9, 12}, kept)
	require.NoError(t, h.Summary(reporttest.SummaryOf()))
	page := reporttest.WithoutAssets(out.String())
	require.Contains(t, page, "This page holds 4 of 12 sessions")
	require.Contains(t, page, "12 FTP sessions with 20 transfers: 16 worked and 4 without a data connection.")
}

func TestHTMLDetailsHaveABudget(t *testing.T) {
	h := newWriter(&bytes.Buffer{}, report.Options{}).(*writer)
	one := len(h.detail(reporttest.ActiveSession()))
	h.limits.details = 2 * one
	for i := range 4 {
		s := reporttest.ActiveSession()
		s.ID = i + 1
		require.NoError(t, h.Session(s))
	}
	require.NoError(t, h.Session(reporttest.BlockedSession()))
	var with []bool
	for _, e := range h.entries() {
		with = append(with, e.detail != nil)
	}
	require.Equal(t, []bool{true, false, false, false, true}, with, "the troubled session took the place of the last quiet one")
	require.LessOrEqual(t, h.bytes, h.limits.details)
}

// TestHTMLLadderIsBounded has more transfers and commands than a page shows: it says how
// many are left out.
func TestHTMLLadderIsBounded(t *testing.T) {
	s := thirdPartySession()
	for n := range 200 {
		s.Transfers = append(s.Transfers, reporttest.ActiveTransfer(n+3, "RETR", fmt.Sprint(n), uint64(200+100*n), 40000, 1))
	}
	for n := range 5000 {
		s.Dialogue = append(s.Dialogue, record.Exchange{Time: reporttest.At(n), Pos: flow.At(0, uint64(50000+2*n)), Command: "NOOP", Replies: []record.Reply{*reporttest.Reply(n, uint64(50001+2*n), 200, "ok")}})
	}
	list, more := newSessionLadder(s, report.Options{}, maxLadder).blocks()
	rungs := 0
	for _, b := range list {
		rungs += len(b.Rungs)
	}
	require.LessOrEqual(t, rungs, maxLadder+4, "what opens and ends the control connection is always there")
	require.Regexp(t, `^Not shown: 141 more transfers and 9,\d\d\d more lines of the control connection; -o json has them all\.$`, more)
}

// TestHTMLLadderOrder reads the whole conversation: what the control connection carried
// stands before, between and after the transfers, nothing twice.
func TestHTMLLadderOrder(t *testing.T) {
	list, more := newSessionLadder(thirdPartySession(), report.Options{}, maxLadder).blocks()
	require.Empty(t, more)
	var lines []string
	for _, b := range list {
		for _, r := range b.Rungs {
			r = append(r, "", "", "")
			lines = append(lines, fmt.Sprintf("%d %v %v %v", b.N, r[0], r[3], r[5]))
		}
	}
	require.Equal(t, []string{
		"0 #1 SYN: opens the control connection ", "0 #4 220 ready ", "0 #6 USER anonymous ", "0 #7 331 send a password ", "0 #10 PASS (hidden) ", "0 #12 230 welcome ",
		"2 #36 PASV ", "2 #38 227 Entering Passive Mode (192,0,2,21,195,80). ", "2 #40 RETR photo.bin ", "2 #43 SYN 192.0.2.66:40000", "2 #46 150 Opening BINARY mode data connection ",
		"2 #47 60,000 bytes 192.0.2.66:40000", "2 #97 226 Transfer complete ",
		"0 #104 QUIT ", "0 #105 221 bye ",
	}, lines)
}

// TestServersBanners: a server that greets in another way is another program, or another
// host.
func TestServersBanners(t *testing.T) {
	g := servers.New()
	for i, banner := range []string{"(vsFTPd 3.0.3)", "---- Welcome to Pure-FTPd ----\nYou are user 1", "(vsFTPd 3.0.3)"} {
		s := reporttest.ActiveSession()
		s.ID, s.Banner = i+1, &banner
		g.Add(s)
	}
	require.Equal(t, []banner{{"(vsFTPd 3.0.3)", "2 sessions, 1 to 3"}, {"Welcome to Pure-FTPd", "session 2"}}, greetings(g.All[0]))
}

func htmlFormats() []report.Format { return []report.Format{Format()} }

func TestGoldens(t *testing.T) { reporttest.Goldens(t, htmlFormats()) }
