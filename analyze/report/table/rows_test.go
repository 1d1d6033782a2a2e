package table

import (
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

// The view's row holds the same words as the table's.
func TestSessionRow(t *testing.T) {
	r := SessionRow(reporttest.ActiveSession(), report.Options{})
	require.Equal(t, Row{
		ID: "1", Start: reporttest.At(0), End: reporttest.At(1000), Client: "192.0.2.10:51234", Server: "192.0.2.21:21", User: "anonymous", Mode: "active", OpenedBy: "server",
		Sums: "2 ok, 60.3 kB", Facts: []string{"login ok", "8 commands", "ended with QUIT"}, ClientIP: "192.0.2.10", Listen: "192.0.2.21",
		Transfers: []TransferRow{
			{Name: "LIST", Method: "PORT", Main: "server opened 192.0.2.21:20 → 192.0.2.10:43591", Short: "server:20 opened → client:43591", Status: "266 B ↓ 226", Frames: "#22 #25 #79"},
			{Name: "RETR photo.bin", Method: "PORT", Main: "server opened 192.0.2.21:20 → 192.0.2.10:43677", Short: "server:20 opened → client:43677", Status: "60.0 kB ↓ 226", Frames: "#40 #43 #97"},
		},
	}, r)
	r = SessionRow(reporttest.BlockedSession(), report.Options{})
	require.Equal(t, []any{"● high 1", "high", true}, []any{r.Worst, r.Severity, r.Failed})
	require.Equal(t, TransferRow{Method: "PASV", Main: "client should open → 192.168.50.2:50001", Short: "client should open → 192.168.50.2:50001",
		Detail: "client tried 203.0.113.10:40608, 3 SYNs, no answer", Status: "no-connection", Frames: "#14–#31", Failed: true}, r.Transfers[0])
	require.Equal(t, []any{"high", "data-unanswered", "#3.1"}, []any{r.Findings[0].Severity, r.Findings[0].ID, r.Findings[0].Ref})
}

// Without All the row holds what matters most, and counts the rest.
func TestRowIsShort(t *testing.T) {
	s := reporttest.ActiveSession()
	for i := range 30 {
		s.Transfers = append(s.Transfers, s.Transfers[0])
		s.Findings = append(s.Findings, record.Finding{ID: "x", Severity: "low", Message: strings.Repeat("m", i)})
	}
	s.Server = reporttest.Endpoint("192.0.2.21:2121")
	r := SessionRow(s, report.Options{})
	require.Equal(t, []int{20, 12, 20, 10}, []int{len(r.Transfers), r.HiddenTransfers, len(r.Findings), r.HiddenFindings})
	require.Equal(t, "192.0.2.21:2121", r.Listen)
	r = SessionRow(s, report.Options{All: true})
	require.Equal(t, []int{32, 0, 30, 0}, []int{len(r.Transfers), r.HiddenTransfers, len(r.Findings), r.HiddenFindings})
}

func TestFacts(t *testing.T) {
	for name, test := range map[string]struct {
		change func(*record.Session)
		opt    report.Options
		want   string
	}{
		"password":    {func(*record.Session) {}, report.Options{ShowPasswords: true}, "login ok, password me@example.org, 8 commands, ended with QUIT"},
		"open":        {func(s *record.Session) { s.Open = true }, report.Options{}, "login ok, 8 commands, still open"},
		"cut":         {func(s *record.Session) { s.Closing = "cut" }, report.Options{}, "login ok, 8 commands, its end was not seen"},
		"reset":       {func(s *record.Session) { s.Closing, s.Commands = "rst", 1 }, report.Options{}, "login ok, 1 command, ended by RST"},
		"under TLS":   {func(s *record.Session) { s.TLS = record.TLSExplicit }, report.Options{}, "login ok, TLS explicit, 8 commands, ended with QUIT"},
		"not a login": {func(s *record.Session) { s.Login = record.LoginNone }, report.Options{}, "login none, 8 commands, ended with QUIT"},
	} {
		t.Run(name, func(t *testing.T) {
			s := reporttest.ActiveSession()
			test.change(s)
			require.Equal(t, test.want, strings.Join(facts(s, test.opt), ", "))
		})
	}
}

// Who opened what, or should have, in full and by roles.
func TestTransferRow(t *testing.T) {
	for name, test := range map[string]struct {
		change func(*record.Transfer)
		want   []string // main, short, detail, frames
	}{
		"third host": {func(x *record.Transfer) {
			x.Connection.State, x.Outcome, x.Initiator, x.Connection.Src = record.Established, record.OK, record.ThirdParty, reporttest.Endpoint("[2001:db8:1234:5678:9abc:def0:1234:5678]:1")
			x.Notes.Conn.OpenerKnown = false
			x.Frames.SYN = 0
		}, []string{"third party opened [2001:db8:1234:5678:9abc:def0:1234:5678]:1 → 192.168.50.2:50001", "", "inferred: its SYN is not in the capture", ""}},
		"never tried":  {func(x *record.Transfer) { x.Connection, x.Notes.Tried = nil, nil }, []string{"client should open → 192.168.50.2:50001", "client should open → 192.168.50.2:50001", "no SYN in the capture: none was sent, or it was dropped before it came here", "#14–#16"}},
		"unused":       {func(x *record.Transfer) { x.Connection, x.Outcome, x.ExpectedInitiator = nil, record.Unused, nil }, []string{"announced 192.168.50.2:50001", "announced 192.168.50.2:50001", "", "#14–#31"}},
		"nothing":      {func(x *record.Transfer) { *x = record.Transfer{} }, []string{"", "", "", ""}},
		"to elsewhere": {func(x *record.Transfer) { x.Connection.Dst = reporttest.Endpoint("203.0.113.1:50001") }, []string{"client should open → 192.168.50.2:50001", "client should open → 192.168.50.2:50001", "client tried 203.0.113.10:40608 → 203.0.113.1:50001, 3 SYNs, no answer", "#14–#31"}},
		"refused":      {func(x *record.Transfer) { x.Connection.State = record.Refused }, []string{"client should open → 192.168.50.2:50001", "client should open → 192.168.50.2:50001", "client tried 203.0.113.10:40608, 3 SYNs, refused", "#14–#31"}},
	} {
		t.Run(name, func(t *testing.T) {
			s := reporttest.BlockedSession()
			x := &s.Transfers[0]
			test.change(x)
			r := newTransferRow(s, x, false, false)
			require.Equal(t, test.want[0], r.main)
			if test.want[1] != "" {
				require.Equal(t, test.want[1], r.short)
			}
			require.Contains(t, r.detail, test.want[2])
			if test.want[3] != "" {
				require.Equal(t, test.want[3], r.frames)
			}
			require.LessOrEqual(t, prose.Columns(r.short), max(prose.Columns(r.main), 60))
		})
	}
	x := reporttest.ActiveTransfer(1, "STOR", "a", 10, 43677, 5)
	x.Direction, x.MIMEType, x.File = reporttest.Ptr(record.Upload), reporttest.Ptr("text/plain"), reporttest.Ptr("a.txt")
	r := newTransferRow(reporttest.ActiveSession(), &x, true, false)
	require.Equal(t, []string{"5 B", "↑", "text/plain; file a.txt", "1:#14 #17 #71"}, []string{r.size, r.arrow, r.detail, r.frames})
	x.Method = record.MethodEncrypted
	require.Equal(t, "TLS", newTransferRow(reporttest.ActiveSession(), &x, true, false).method)
}

// Lines are one an event: sessions, transfers, findings, what never became a session.
func TestLines(t *testing.T) {
	s := reporttest.BlockedSession()
	got := reporttest.WriteAll(t, tableFormats(), "lines", s)
	require.Equal(t, []string{
		"2024-03-01 10:02:22  #3  203.0.113.10:49640 → 203.0.113.1:21  labuser  passive  0 ok, 1 failed  cut",
		"2024-03-01 10:02:22  #3  cause address-untranslated  nat · likely  The server announced 192.168.50.2 (packet 15), which the client at 203.0.113.10 cannot reach; 3 SYNs in 7 s got no answer (packets 16–31).",
		"2024-03-01 10:02:22  #3.1  PASV  client should open → 192.168.50.2:50001  client tried 203.0.113.10:40608, 3 SYNs, no answer  no-connection  #14–#31",
		"2024-03-01 10:02:22  #3.1  ● high  data-unanswered  the client tried 3 times in 7 s to reach 192.168.50.2:50001 and got no answer (packets 16, 22, 31)",
		"2024-03-01 10:02:22  –  192.0.2.1 → [2001:db8::1]:21  no session  3 SYNs  administratively prohibited, says 10.0.0.1",
		"2024-03-01 10:02:15  –  192.0.2.21:20 → 192.0.2.10:40000  data connection without a session  4.1 kB",
		"That is the only session in 34 packets over 7.2 s.",
		"",
	}, strings.Split(got, "\n"))
	other := *s.Verdict
	other.Text, other.Or, other.Certainty = "It \x1b differs.", []string{record.CauseDataBlocked}, record.Open
	s.Transfers[0].Verdict = &other
	got = reporttest.Write(t, tableFormats(), "lines", report.Options{}, s)
	require.Contains(t, got, "  #3.1  cause address-untranslated  nat · open (or data-blocked)  It \\x1b differs.\n", "said once, where it is the same")
	s.Open = true
	require.Contains(t, reporttest.Write(t, tableFormats(), "lines", report.Options{}, s), "  #open  203.0.113.10:49640 → 203.0.113.1:21  labuser  passive  0 ok, 1 failed  goes on\n")
}

// Below the table: findings with what to check, connections without a session, files.
func TestFoot(t *testing.T) {
	s := reporttest.BlockedSession()
	for i := range maxFindings + 5 {
		s.Findings = append(s.Findings, record.Finding{ID: "x" + strconv.Itoa(i), Severity: "low", Message: "m", Transfer: i % 2, Advice: "look"})
	}
	for range 9 { // of one kind
		s.Findings = append(s.Findings, record.Finding{ID: "x0", Severity: "low", Message: "another", Transfer: 1, Advice: "look again"})
	}
	s.Findings = append(s.Findings, reporttest.ClearText)
	w, out := reporttest.New(t, tableFormats(), "table", report.Options{Files: 2})
	require.NoError(t, w.Session(s))
	a, o := reporttest.OtherRecords()
	for range report.MaxTried + 5 {
		require.NoError(t, w.Attempt(a))
		require.NoError(t, w.Orphan(o))
	}
	sum := reporttest.SummaryOf(s)
	sum.Files = make([]string, 12)
	for i := range sum.Files {
		sum.Files[i] = "\x1b[2J.pcap"
	}
	require.NoError(t, w.Summary(sum))
	got := out.String()
	for _, want := range []string{
		"● high      #3.1  data-unanswered  the client tried 3 times in 7 s to reach 192.168.50.2:50001 and\n            got no answer\n\n", // the verdict says what to do
		"· low       #3 #3.1  x0 × 10  m\n            check: look\n\n", "· low       #3.1  x1  m\n", "… 7 more findings: -o json has them all",
		"192.0.2.1 tried [2001:db8::1]:21, 3 SYNs, administratively prohibited, says 10.0.0.1", "… 10 more: -o json has them all", "packets are numbered in each file, 2:#14 is packet 14 of file 2:",
		"\n  1  \\x1b[2J.pcap\n", "… 2 more files",
	} {
		require.Contains(t, got, want)
	}
	reporttest.Harmless(t, got, 0)
}

// The last line counts; where nothing is shown it says why.
// A transfer of a session that goes on is running, and what was found of it has no number
// of a session.
func TestOpenSession(t *testing.T) {
	s := reporttest.ActiveSession()
	s.Open, s.ID = true, 0
	s.Transfers[1].Outcome, s.Transfers[1].Reply = record.Incomplete, nil
	s.Findings = []record.Finding{{ID: "x", Severity: "high", Transfer: 2, Message: "m"}, {ID: "y", Severity: "low", Message: "m"}}
	r := SessionRow(s, report.Options{})
	require.Equal(t, []string{"1 ok, 1 running", "60.0 kB ↓ running", "transfer 2", ""}, []string{r.Sums, r.Transfers[1].Status, r.Findings[0].Ref, r.Findings[1].Ref})
	s.Open, s.ID = false, 7
	r = SessionRow(s, report.Options{})
	require.Equal(t, []string{"1 ok, 1 incomplete", "60.0 kB ↓ incomplete", "#7.2", "#7"}, []string{r.Sums, r.Transfers[1].Status, r.Findings[0].Ref, r.Findings[1].Ref})
}

func TestLastLine(t *testing.T) {
	got := reporttest.Write(t, tableFormats(), "table", report.Options{}, reporttest.ActiveSession(), reporttest.BlockedSession())
	require.Contains(t, got, "2 sessions: 1 active, 1 passive · 2 of 3 data connections opened · 34 packets over 7.2 s, 2024-03-01\n")
	require.Contains(t, reporttest.Write(t, tableFormats(), "table", report.Options{}), "no FTP sessions")
	w, out := reporttest.New(t, tableFormats(), "table", report.Options{})
	require.NoError(t, w.Summary(&record.Summary{Hidden: &record.Hidden{Sessions: 2}, Sessions: 2}))
	require.Contains(t, out.String(), "none of the requested FTP sessions")
}

// A session that took several networks' addresses is told with its network.
func TestNetworkLine(t *testing.T) {
	s := reporttest.ActiveSession()
	s.Network = reporttest.InVLANs([]uint64{10}, []uint64{20})
	s.Transfers[0].Connection.Start.Time += flow.Second
	require.Contains(t, reporttest.Write(t, tableFormats(), "table", report.Options{}, s), "\n    in VLAN 10 and VLAN 20\n")
}
