package explain

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/analyze/prose"
	"ftpscope/analyze/record"
	"ftpscope/analyze/report"
	"ftpscope/analyze/report/reporttest"
)

func explainFormats() []report.Format { return []report.Format{Format()} }

func TestGoldens(t *testing.T) { reporttest.Goldens(t, explainFormats()) }

// Long sessions are shortened, unless all is asked for.
func TestManyTransfers(t *testing.T) {
	s := reporttest.ActiveSession()
	for i := range 998 {
		s.Transfers = append(s.Transfers, reporttest.ActiveTransfer(i+3, "RETR", "f", uint64(i+100), 4000, 1))
	}
	require.Contains(t, reporttest.Write(t, explainFormats(), "explain", report.Options{}, s), "… 980 more transfers of this session: --all explains them")
	require.NotContains(t, reporttest.Write(t, explainFormats(), "explain", report.Options{All: true}, s), "more transfers")
}

// Connections without a session are told at the end, the first few of them.
func TestOthers(t *testing.T) {
	for _, all := range []bool{false, true} {
		w, out := reporttest.New(t, explainFormats(), "explain", report.Options{All: all})
		a, o := reporttest.OtherRecords()
		for range report.MaxTried {
			require.NoError(t, w.Attempt(a))
			require.NoError(t, w.Orphan(o))
		}
		require.NoError(t, w.Summary(&record.Summary{}))
		got := strings.Join(strings.Fields(out.String()), " ")
		require.Contains(t, got, "192.0.2.1 tried to open a control connection to [2001:db8::1]:21 with 3 SYNs from 2024-03-01 10:02:15 UTC: administratively prohibited, says 10.0.0.1.")
		require.Contains(t, got, "192.0.2.21:20 opened a connection to 192.0.2.10:40000 that carried 4,096 bytes and looks like the data connection of an active transfer")
		require.Equal(t, !all, strings.Contains(got, "… 10 more connections without a session: --all lists them"))
		require.Contains(t, got, "No FTP session was found in 0 packets.")
	}
}

// Servers end the explanations; rules are offered unless something critical was found.
func TestServers(t *testing.T) {
	s := reporttest.ActiveSession()
	const offer = "ftpscope analyze -o rules=nft FILE"
	got := reporttest.Write(t, explainFormats(), "explain", report.Options{}, s)
	require.Contains(t, got, "\nServers\n")
	require.Contains(t, got, "192.0.2.21 port 21: ")
	require.NotContains(t, strings.Join(strings.Fields(got), " "), offer, "nothing failed")
	require.Contains(t, strings.Join(strings.Fields(reporttest.Write(t, explainFormats(), "explain", report.Options{}, reporttest.BlockedSession())), " "), offer)
	s = reporttest.BlockedSession()
	s.Findings = []record.Finding{{ID: "third-party-data-connection", Severity: "critical", Message: "a third host came first", Advice: "find it"}}
	got = reporttest.Write(t, explainFormats(), "explain", report.Options{}, s)
	require.Contains(t, got, "● critical: A third host came first. Find it.")
	require.Contains(t, got, "In short: The server announced 192.168.50.2 (packet 15)", "the verdict, whatever was found")
	require.NotContains(t, strings.Join(strings.Fields(got), " "), offer)
}

func TestWidths(t *testing.T) {
	for _, width := range []int{1, 60, 80, 100, 140, 200} {
		got := reporttest.Write(t, explainFormats(), "explain", report.Options{Width: width}, append(reporttest.Failures(), reporttest.ActiveSession(), reporttest.BlockedSession())...)
		for line := range strings.SplitSeq(got, "\n") {
			require.LessOrEqual(t, prose.Columns(line), max(width, 60), line)
		}
	}
}

// A session begins with its verdict: what happened, where to look, what to do. Findings
// come last, habits after all others, and what the verdict says has no advice of its own.
func TestInShort(t *testing.T) {
	s := reporttest.BlockedSession()
	s.Verdict.Certainty, s.Verdict.Or = record.Open, []string{record.CauseDataBlocked}
	s.Findings = append([]record.Finding{reporttest.ClearText, {ID: "x", Severity: "info", Message: "a thing", Advice: "look"}}, s.Findings...)
	got := strings.Join(strings.Fields(reporttest.Write(t, explainFormats(), "explain", report.Options{}, s)), " ")
	at := 0
	for _, part := range []string{
		"1 of 1 session failed: perhaps the server announces", "Session 3 · labuser", "In short: The server announced 192.168.50.2",
		"Look at the NAT or balancer between the two; open, other causes fit too. Other possible causes: data-blocked (",
		"What to do: 1. Announce the public address", "2. Or let the client use EPSV", "The client 203.0.113.10 opened the control connection", "Transfer 1",
		"● high: The client tried 3 times in 7 s to reach 192.168.50.2:50001 and got no answer (packets 16, 22, 31). · info: A thing. Look. ○ medium: The password of user",
	} {
		i := strings.Index(got[at:], part)
		require.GreaterOrEqual(t, i, 0, "%s in %s", part, got)
		at += i
	}
}

// A live page has its answer at the end, since nothing is held back.
func TestLive(t *testing.T) {
	w, out := reporttest.New(t, explainFormats(), "explain", report.Options{Live: true})
	require.NoError(t, w.Session(reporttest.BlockedSession()))
	require.Contains(t, out.String(), "In short: ")
	require.NoError(t, w.Summary(reporttest.SummaryOf(reporttest.BlockedSession())))
	require.True(t, strings.HasSuffix(out.String(), "\n1 of 1 session failed: most likely the server announces 192.168.50.2, an address behind its NAT.\n"), out.String())
}

// What is no session has its verdict once, however many there are of it.
func TestAdvisedOnce(t *testing.T) {
	w, out := reporttest.New(t, explainFormats(), "explain", report.Options{})
	a, o := reporttest.OtherRecords()
	a.Verdict = &record.Verdict{Cause: record.CauseServerUnanswered, At: record.AtFirewall, Certainty: record.Likely, Text: "No SYN was answered.", Next: []string{"look at the firewall"}}
	o.Verdict = &record.Verdict{Cause: record.CauseNone, At: record.AtNone, Certainty: record.Certain, Text: "All went well."}
	for range 3 {
		require.NoError(t, w.Attempt(a))
		require.NoError(t, w.Orphan(o))
	}
	require.NoError(t, w.Summary(&record.Summary{}))
	require.Equal(t, 1, strings.Count(out.String(), "In short: No SYN was answered."))
	require.Contains(t, out.String(), "Look at a firewall between the two; likely, not proven.")
	require.Equal(t, 1, strings.Count(out.String(), " 1. Look at the firewall."))
	require.NotContains(t, out.String(), "All went well.")
}
