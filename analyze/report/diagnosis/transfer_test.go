package diagnosis

import (
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/analyze/record"
	"ftpscope/analyze/report"
	"ftpscope/analyze/report/reporttest"
	"ftpscope/capture/flow"
)

// Failed transfers are shown first, in their order.
func TestShown(t *testing.T) {
	all := make([]record.Transfer, 25)
	for i := range all {
		all[i].Outcome = record.OK
	}
	all[3].Outcome, all[24].Outcome = record.Denied, record.Aborted
	shown := Shown(all, report.Options{})
	require.Len(t, shown, maxTransfers)
	require.Equal(t, []int{0, 17, 18, 24}, []int{shown[0], shown[17], shown[18], shown[19]})
	require.Len(t, Shown(all, report.Options{All: true}), 25)
	require.Equal(t, []int{3, 24}, ShownOf(all, 2))
	require.Empty(t, ShownOf(all, 0))
}

func TestOutcomes(t *testing.T) {
	ok, open := record.Transfer{Outcome: record.OK}, &record.Connection{State: record.Established}
	of := func(outcome string) record.Transfer { return record.Transfer{Outcome: outcome} }
	taken := record.Transfer{Outcome: record.OK, Connection: open, Initiator: record.ThirdParty}
	for name, test := range map[string]struct {
		list []record.Transfer
		want []string
	}{
		"none":          {nil, nil},
		"ok":            {[]record.Transfer{ok, ok}, []string{"2 ok"}},
		"failed":        {[]record.Transfer{of(record.Denied), of(record.Aborted), of(record.NoConnection)}, []string{"0 ok", "3 failed"}},
		"taken":         {[]record.Transfer{taken}, []string{"1 by a third party"}},
		"not all ended": {[]record.Transfer{ok, of(record.Incomplete), of(record.Unknown)}, []string{"1 ok", "1 incomplete", "1 unknown"}},
		"minor":         {[]record.Transfer{ok, of(record.Rejected), of(record.Unused)}, []string{"1 ok"}},
		"minor only":    {[]record.Transfer{of(record.Rejected), of(record.Unused)}, []string{"1 rejected", "1 unused"}},
	} {
		t.Run(name, func(t *testing.T) { require.Equal(t, test.want, Outcomes(&record.Session{Transfers: test.list})) })
	}
	require.EqualValues(t, 60266, Carried(reporttest.ActiveSession()))
	require.Zero(t, Carried(reporttest.BlockedSession()))
}

func TestResult(t *testing.T) {
	list, reply := reporttest.Ptr("LIST"), func(code int) *record.Reply { return &record.Reply{Code: code} }
	for name, test := range map[string]struct {
		record.Transfer
		want string
	}{
		"ok":                {record.Transfer{Outcome: record.OK, Reply: reply(226)}, "226"},
		"ok without a code": {record.Transfer{Outcome: record.OK}, "ok"},
		"denied":            {record.Transfer{Command: list, Outcome: record.Denied, Reply: reply(550)}, "denied 550"},
		"under TLS":         {record.Transfer{Method: record.MethodEncrypted, Outcome: record.Unknown, Reply: reply(226)}, "unknown"},
		"negotiated":        {record.Transfer{Outcome: record.Unused, Reply: reply(227)}, "unused"},
		"rejected":          {record.Transfer{Outcome: record.Rejected, Reply: reply(500)}, "rejected 500"},
	} {
		t.Run(name, func(t *testing.T) { require.Equal(t, test.want, Result(&test.Transfer)) })
	}
}

// What --hash and --extract found is said in parts and in a sentence.
func TestContent(t *testing.T) {
	x := &record.Transfer{}
	require.Empty(t, Content(x))
	require.Empty(t, ContentSentence(x))
	x.MIMEType, x.SHA256, x.MD5, x.File = reporttest.Ptr("text/\x1bplain"), reporttest.Ptr("9f"), reporttest.Ptr("ab"), reporttest.Ptr("a.txt")
	require.Equal(t, []string{`text/\x1bplain`, "sha256:9f", "md5:ab", "file a.txt"}, Content(x))
	require.Equal(t, `Its content is text/\x1bplain, its SHA-256 is 9f, its MD5 is ab, it was written to a.txt.`, ContentSentence(x))
	require.Equal(t, "550 no", ReplyLine(&record.Reply{Code: 550, Text: "no"}))
	require.Equal(t, "550", ReplyLine(&record.Reply{Code: 550}))
	require.Equal(t, "no …", ReplyLine(&record.Reply{Text: "no\nreally"}))
	require.Equal(t, `RETR a\nb`, CommandLine(&record.Transfer{Command: reporttest.Ptr("RETR"), Argument: reporttest.Ptr("a\nb")}))
	require.Empty(t, CommandLine(x))
	require.Equal(t, "third party", Party(record.ThirdParty))
}

func TestNetwork(t *testing.T) {
	one, two := reporttest.InVLANs([]uint64{10, 20}), reporttest.InVLANs([]uint64{20}, []uint64{10})
	require.Equal(t, []string{"", "VLAN 10, VLAN 20", "VLAN 20 and VLAN 10"}, []string{Network(nil), Network(one), Network(two)})
	require.Equal(t, []string{"", "VLAN 10, VLAN 20", "VLAN 10"}, []string{OneNetwork(nil), OneNetwork(one), OneNetwork(two)})
	require.Equal(t, []uint64{10, 20}, VLANs(one))
	require.Empty(t, VLANs(nil))
	require.Equal(t, "a", Placed("a", ""))
	require.Equal(t, "a, in VLAN 10", Placed("a", "VLAN 10"))
	require.Equal(t, ", in VLAN 20 and VLAN 10", InNetwork(two))
	require.Empty(t, InNetwork(nil))
	s := &record.Session{Network: one}
	require.Equal(t, "Its packets were in VLAN 10, VLAN 20.", networkSentence(s))
	require.Same(t, one, SeenIn(s, &record.Connection{}))
	require.Same(t, two, SeenIn(s, &record.Connection{Network: two}))
	s.Network = two
	require.Equal(t, "Its packets were seen in several networks: VLAN 20 and VLAN 10.", networkSentence(s))
	require.Empty(t, networkSentence(&record.Session{}))
}

func TestSummary(t *testing.T) {
	sum := reporttest.SummaryOf(reporttest.ActiveSession())
	require.Equal(t, "That is the only session in 34 packets over 7.2 s.", Summary(sum))
	sum = reporttest.SummaryOf(reporttest.ActiveSession(), reporttest.BlockedSession())
	require.Equal(t, "In total, 2 sessions and 3 transfers (2 active, 1 passive, 0 unknown) in 34 packets over 7.2 s.", Summary(sum))
	sum.Hidden = &record.Hidden{Sessions: 1, Attempts: 1}
	require.Contains(t, Summary(sum), " Of them 1 session not shown, as requested, and 1 connection without one.")
	require.Equal(t, "none of the requested FTP sessions", NoSessions(sum))
	sum.Hidden.Sessions = 2
	require.Equal(t, "None of the requested FTP sessions was found in 34 packets over 7.2 s: 2 sessions not shown, as requested, and 1 connection without one.", Summary(sum))
	require.Equal(t, "No FTP session was found in 0 packets.", Summary(&record.Summary{}))
	require.Equal(t, "no FTP sessions", NoSessions(&record.Summary{}))
}

// What the server confirmed and yet did not go well is no success.
func TestInDoubt(t *testing.T) {
	s := reporttest.ActiveSession()
	require.Equal(t, []string{"2 ok"}, Outcomes(s))
	s.Verdict = &record.Verdict{Cause: record.CauseDataReset, Transfer: 2}
	require.Equal(t, []string{"1 ok", "1 in doubt"}, Outcomes(s))
	s.Transfers[0].Verdict = &record.Verdict{Cause: record.CauseDataCut}
	require.Equal(t, []string{"0 ok", "2 in doubt"}, Outcomes(s))
	s.Transfers[1].Verdict, s.Verdict = &record.Verdict{Cause: record.CauseClientAborted}, nil
	require.Equal(t, []string{"0 ok", "1 in doubt", "1 aborted by the client"}, Outcomes(s))
}

// A slow transfer says how slow it was and why; nothing is said of what is not known.
func TestSlow(t *testing.T) {
	rate, zero := 1123.0, 2*flow.Second
	x := reporttest.ActiveTransfer(1, "RETR", "a", 10, 43677, 43_800)
	require.Empty(t, SlowWords(&x))
	x.TCP = &record.TCP{Duration: 39 * flow.Second, Rate: &rate}
	require.Empty(t, SlowWords(&x), "why is not known")
	x.TCP.Again = &record.Again{Segments: 10}
	require.Equal(t, "in 39 s, 1.1 kB/s: 10 segments sent again", SlowWords(&x))
	x.Notes.Conn.Half[flow.Out].Packets = 70
	require.Equal(t, "in 39 s, 1.1 kB/s: 14 % of segments sent again", SlowWords(&x))
	x.TCP.ZeroWindow, x.TCP.Stall = &zero, &record.Stall{To: reporttest.At(12_000), From: reporttest.At(0)}
	require.Equal(t, "in 39 s, 1.1 kB/s: 14 % of segments sent again, the receiver's window was 0 for 2 s and nothing moved for 12 s", SlowWords(&x))
	x.TCP.Duration = flow.Second
	require.Empty(t, SlowWords(&x))
}

// Who only tried to open a data connection opened none; a transfer of an open session that
// has no end yet goes on.
func TestOpenerAndRunning(t *testing.T) {
	s := reporttest.BlockedSession()
	require.Equal(t, record.Client, s.Initiator)
	require.Equal(t, record.None, Opener(s))
	require.Equal(t, record.Server, Opener(reporttest.ActiveSession()))
	s = reporttest.ActiveSession()
	s.Transfers[1].Outcome, s.Transfers[1].Reply = record.Incomplete, nil
	require.Equal(t, []string{"1 ok", "1 incomplete"}, Outcomes(s))
	s.Open = true
	require.Equal(t, []string{"1 ok", "1 running"}, Outcomes(s))
	require.Equal(t, "The transfer goes on.", Outcome(s, &s.Transfers[1]))
}
