package diagnosis

import (
	"fmt"
	"net/netip"
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/analyze/record"
	"ftpscope/analyze/report/reporttest"
)

// judged are n sessions with a verdict on a passive transfer to ports from 50000 on.
func judged(n int, cause, at, certainty string) (list []*record.Session) {
	for i := range n {
		t := reporttest.PassiveTransfer(1, fmt.Sprintf("192.0.2.21:%d", 50000+20*i), record.Unanswered)
		s := reporttest.PassiveSession(i+1, "192.0.2.10:1234", t)
		s.Verdict = &record.Verdict{Cause: cause, At: at, Certainty: certainty, Transfer: 1}
		list = append(list, s)
	}
	return list
}

// The first line answers for the whole capture, and says no more than is known.
func TestAnswer(t *testing.T) {
	blocked := judged(6, record.CauseDataBlocked, record.AtFirewall, record.Certain)
	well := judged(2, record.CauseNone, record.AtNone, record.Certain)
	untold := judged(1, record.CauseNotCaptured, record.AtCapture, record.Likely)
	rejected := judged(1, record.CauseLoginRejected, record.AtClient, record.Certain)
	slow := judged(1, record.CauseSlow, record.AtPath, record.Likely)
	encrypted := judged(1, record.CauseNone, record.AtNone, record.Likely)
	encrypted[0].TLS = record.TLSExplicit
	elsewhere := judged(1, record.CauseServerBusy, record.AtServer, record.Certain)
	elsewhere[0].Server = reporttest.Endpoint("192.0.2.99:21")
	twoServers := "2 of 2 sessions failed; 1 of them: the server rejects the login (server 192.0.2.21); 1: the server takes no more connections (server 192.0.2.99)"
	for name, test := range map[string]struct {
		sessions [][]*record.Session
		want     string
	}{
		"none":        {nil, ""},
		"one":         {[][]*record.Session{rejected}, "1 of 1 session failed: the server rejects the login"},
		"group":       {[][]*record.Session{blocked, well}, "6 of 8 sessions failed: a firewall drops the client's SYNs to 192.0.2.21 ports 50000–50100"},
		"groups":      {[][]*record.Session{rejected, blocked, well}, "7 of 9 sessions failed; 6 of them: a firewall drops the client's SYNs to 192.0.2.21 ports 50000–50100; 1: the server rejects the login"},
		"perhaps":     {[][]*record.Session{judged(1, record.CauseDataNeverTried, record.AtClient, record.Open)}, "1 of 1 session failed: perhaps the client does not open the data connection to 192.0.2.21 port 50000"},
		"well":        {[][]*record.Session{well}, "2 sessions: nothing failed"},
		"tls":         {[][]*record.Session{encrypted}, "1 session: no sign of failure, as far as TLS shows"},
		"untold":      {[][]*record.Session{untold}, "1 session: the capture does not show how it went"},
		"all untold":  {[][]*record.Session{untold, untold}, "2 sessions: the capture does not show how they went"},
		"some untold": {[][]*record.Session{untold, well}, "3 sessions: no failure is visible, but the capture does not show how 1 went"},
		"slow":        {[][]*record.Session{slow, well, untold}, "1 of 4 sessions worked slowly: most likely the network slows the data down; the capture does not show how 1 went"},
		"servers":     {[][]*record.Session{rejected, elsewhere}, twoServers},
		"many causes": {[][]*record.Session{rejected, elsewhere, blocked, judged(1, record.CauseServerError, record.AtServer, record.Certain)},
			"9 of 9 sessions failed; 6 of them: a firewall drops the client's SYNs to 192.0.2.21 ports 50000–50100 (server 192.0.2.21); 1: the server rejects the login (server 192.0.2.21); " +
				"1: the server takes no more connections (server 192.0.2.99); 1 for other reasons"},
	} {
		t.Run(name, func(t *testing.T) {
			var a Answer
			for _, list := range test.sessions {
				for _, s := range list {
					a.Session(s)
				}
			}
			require.Equal(t, test.want, a.Line())
		})
	}
}

// Every cause has its words, at every place and whatever the mode.
func TestHeadlines(t *testing.T) {
	for _, m := range record.Causes {
		if StandingOf(&record.Verdict{Cause: m.Word}) < Slow {
			continue
		}
		for _, p := range record.Places {
			for _, mode := range []string{record.Active, record.Passive, record.Unknown} {
				a := Answer{}
				x := judged(1, m.Word, p.Word, record.Certain)[0]
				x.Transfers[0].Mode = mode
				a.Session(x)
				require.NotContains(t, a.Line(), "{", m.Word)
				require.NotContains(t, a.Line(), "see below", m.Word)
			}
		}
	}
}

// Attempts and orphans are told beside the sessions.
func TestAnswerBeside(t *testing.T) {
	var a Answer
	x, o := reporttest.OtherRecords()
	x.Verdict = &record.Verdict{Cause: record.CauseServerUnanswered, At: record.AtFirewall, Certainty: record.Open}
	a.Attempt(x)
	o.Verdict = &record.Verdict{Cause: record.CauseNone}
	a.Orphan(o)
	require.Equal(t, "1 host could not open a control connection: perhaps 2001:db8::1 port 21 does not answer", a.Line())
	o.Verdict = &record.Verdict{Cause: record.CauseDataReset, At: record.AtServer, Certainty: record.Certain}
	a.Orphan(o)
	x.Server = netip.MustParseAddrPort("192.0.2.1:2121")
	a.Attempt(x)
	require.Equal(t, "2 hosts could not open a control connection: perhaps several servers do not answer; 1 data connection without a session failed: the server resets the data connection", a.Line())
}

// A finding that says what a verdict says is known as such; habits are apart.
func TestTold(t *testing.T) {
	s := reporttest.BlockedSession()
	require.True(t, Told(s, &s.Findings[0]))
	require.False(t, Told(s, &reporttest.ClearText))
	require.True(t, Habit(&reporttest.ClearText))
	s.Transfers[0].Verdict = nil
	s.Verdict.Cause = record.CauseLoginRejected
	require.False(t, Told(s, &s.Findings[0]), "another cause")
	s.Verdict.Cause, s.Verdict.Transfer = record.CauseDataBlocked, 2
	require.False(t, Told(s, &s.Findings[0]), "another transfer")
	s.Transfers[0].Verdict = &record.Verdict{Cause: record.CauseDataBlocked}
	require.True(t, Told(s, &s.Findings[0]), "its own verdict")
}

func TestVerdictWords(t *testing.T) {
	v := &record.Verdict{At: record.AtNAT, Certainty: record.Open, Or: []string{record.CauseDataBlocked, "?"}, Text: "Refused; it replied 530 \"No (packet 7).\" (packet 8).", Next: []string{"or wait", "or go"}}
	require.Equal(t, "nat · open", Place(v))
	require.Equal(t, `Refused; it replied 530 "No (packet 7)."`, VerdictText(v))
	require.Equal(t, "Other possible causes: data-blocked (the SYN of the data connection was not answered).", AlsoFits(v))
	require.Equal(t, []string{"wait", "or go"}, Steps(v))
	require.Empty(t, AlsoFits(&record.Verdict{}))
	require.Equal(t, Untold, StandingOf(nil))
}

func TestAnswerBounce(t *testing.T) {
	x := judged(1, record.CauseDataRefused, record.AtClient, record.Likely)[0]
	there := reporttest.Endpoint("10.1.2.3:80")
	x.Transfers[0].Mode, x.Transfers[0].Announced, x.Transfers[0].Connection = record.Active, &there, nil
	x.Findings = []record.Finding{{ID: record.BounceID, Severity: "high", Transfer: 1}}
	for cause, want := range map[string]string{
		record.CauseDataRefused:  "1 of 1 session failed: the client makes the server connect to another host (FTP bounce): 10.1.2.3 port 80; 1 grave finding (bounce-attempt)",
		record.CauseModeRejected: "1 of 1 session failed: the server rejects PORT to a host that is not the client (FTP bounce): 10.1.2.3 port 80; 1 grave finding (bounce-attempt)",
	} {
		var a Answer
		x.Verdict.Cause = cause
		a.Session(x)
		require.Equal(t, want, a.Line())
	}
	x.Findings = append(x.Findings, record.Finding{ID: record.NATID, Transfer: 1})
	require.False(t, x.Bounces(&x.Transfers[0]), "a NAT explains it")
}
