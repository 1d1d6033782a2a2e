package html

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/analyze/record"
	"ftpscope/analyze/report"
	"ftpscope/analyze/report/diagnosis"
	"ftpscope/analyze/report/reporttest"
	"ftpscope/capture/flow"
)

// An incident over several sessions and files: a client guesses a password, gets in,
// uploads a program and has the server connect to a third host.

// guessing is a session with rejected logins, and an accepted one after them if ok.
func guessing(id, ms, file int, rejected int, ok bool) *record.Session {
	s := reporttest.ActiveSession()
	s.ID, s.User, s.Anonymous, s.Transfers, s.Findings = id, reporttest.Ptr("labuser"), false, nil, nil
	s.Mode, s.Initiator, s.Login = record.None, record.None, record.LoginFailed
	s.Start, s.End = reporttest.At(ms), reporttest.At(ms+20)
	s.First.Pos = flow.At(file, 1)
	s.Notes.Control.Last.Pos = flow.At(file, 90)
	s.Notes.Logins, s.Dialogue = nil, nil
	for i := range rejected {
		tryLogin(s, ms+i, file, uint64(10+4*i), fmt.Sprintf("guess-%d-%d", id, i), false)
	}
	if ok {
		s.Login = record.LoginOK
		tryLogin(s, ms+rejected, file, uint64(10+4*rejected), "the-right-one", true)
	}
	return s
}

func tryLogin(s *record.Session, ms, file int, packet uint64, password string, ok bool) {
	mark := flow.Mark{Time: reporttest.At(ms).Time, Ord: packet, Pos: flow.At(file, packet)}
	code := 530
	if ok {
		code = 230
	}
	s.Password = &password
	s.Notes.Logins = append(s.Notes.Logins, record.Login{Mark: mark, User: *s.User, OK: ok, Code: code})
	answer := record.Reply{Time: reporttest.At(ms), Pos: flow.At(file, packet+1), Code: code, Text: "so\nbe it"}
	s.Dialogue = append(s.Dialogue, record.Exchange{Time: reporttest.At(ms), Pos: mark.Pos, Command: "PASS", Argument: &password, Replies: []record.Reply{answer}})
}

// incident is the whole of it: sessions 1 to 3 guess, 4 uploads, 5 bounces; each file of
// the run has its packets.
func incident() []*record.Session {
	third := guessing(3, 40, 0, 1, true)
	third.Findings = []record.Finding{{ID: "cleartext-credentials", Severity: "medium", Message: "the password went in clear text (packet 1:#10)", Advice: "use TLS"},
		{ID: "brute-force", Severity: "critical", Frames: []flow.Pos{flow.At(0, 10), flow.At(0, 14)},
			Message: `192.0.2.10 failed 7 times to log in (packets 1:#10, 1:#14); then it logged in as "labuser" (packet 1:#14)`, Advice: "change the password"}}
	upload := guessing(4, 9000, 1, 0, true)
	up := reporttest.ActiveTransfer(1, "STOR", "shell.php", 36, 43677, 65)
	up.Direction, up.Path, up.SHA256 = reporttest.Ptr(record.Upload), nil, reporttest.Ptr(strings.Repeat("ab", 32))
	upload.Transfers = []record.Transfer{up}
	upload.Findings = []record.Finding{{ID: "executable-upload", Severity: "info", Transfer: 1, Message: `"shell.php" was uploaded (packet 2:#40)`, Advice: "is it meant to be there?"}}
	bounce := guessing(5, 20000, 1, 0, true)
	worked := reporttest.ActiveTransfer(1, "NLST", "", 2100, 43677, 66)
	worked.Announced, worked.Connection.Dst = reporttest.Ptr(reporttest.Endpoint("192.0.2.31:8080")), reporttest.Endpoint("192.0.2.31:8080")
	worked.Notes.Conn.Dst = worked.Connection.Dst
	worked.Notes.Conn.Half[flow.Out].FIN = reporttest.MarkAt(23000, 2170)
	bounce.Transfers, bounce.Mode, bounce.Initiator = []record.Transfer{worked}, record.Active, record.Server
	bounce.Findings = []record.Finding{{ID: "bounce-attempt", Severity: "high", Transfer: 1, Message: "PORT names 192.0.2.31:8080 (packet 2:#36); the server connected to it", Advice: "refuse it"}}
	return []*record.Session{guessing(1, 0, 0, 3, false), guessing(2, 20, 0, 3, false), third, upload, bounce}
}

func incidentPage(t *testing.T, o report.Options) string {
	t.Helper()
	var out bytes.Buffer
	o.Files = 2
	w := newWriter(&out, o)
	all := incident()
	for _, s := range all {
		require.NoError(t, w.Session(s))
	}
	sum := reporttest.SummaryOf(all...)
	sum.Files = []string{"case/monday.pcap", "case/tuesday.pcap"}
	require.NoError(t, w.Summary(sum))
	return out.String()
}

// TestHTMLStatesTheIncident: the verdict says what happened with its outcome, then what
// the client did next.
func TestHTMLStatesTheIncident(t *testing.T) {
	page := reporttest.WithoutAssets(incidentPage(t, report.Options{}))
	_, verdict, _ := strings.Cut(page, `<section id="verdict"`)
	verdict, _, _ = strings.Cut(verdict, "</section>")
	for _, want := range []string{
		`192.0.2.10 failed 7 times to log in; then it logged in as &#34;labuser&#34;.`,
		"After that login it did: STOR shell.php: 65 bytes up (session 4); NLST: 66 bytes down, to 192.0.2.31, not to the client (226) (session 5).",
		"PORT names 192.0.2.31:8080; the server connected to it.", `&#34;shell.php&#34; was uploaded.`, "7 of 10 logins rejected.",
		`<span class="name">Logins rejected</span> <strong>7</strong>`, `<span class="name">Data connections with a third host</span> <strong>1</strong>`,
	} {
		require.Contains(t, verdict, want)
	}
	require.NotContains(t, verdict, "clear text", "every capture of FTP has that")
	require.Less(t, strings.Index(verdict, "failed 7 times"), strings.Index(verdict, "PORT names"))
}

// TestHTMLSeries: the sessions of a series lead to the one that tells of it.
func TestHTMLSeries(t *testing.T) {
	h := newWriter(&bytes.Buffer{}, report.Options{}).(*writer)
	late := guessing(6, 900_000, 0, 1, false)
	other := guessing(7, 30, 0, 1, false)
	other.Client = reporttest.Endpoint("192.0.2.99:4000")
	for _, s := range append(incident(), late, other) {
		require.NoError(t, h.Session(s))
	}
	h.tagSeries(h.entries())
	got := map[int]int{}
	for _, e := range h.entries() {
		got[e.row.ID] = e.row.Series
		if e.row.ID <= 3 {
			require.Contains(t, e.row.Findings, "brute-force")
		}
	}
	require.Equal(t, map[int]int{1: 3, 2: 3, 3: 0, 4: 0, 5: 0, 6: 0, 7: 0}, got)
}

// TestHTMLClients: what a client did, over its sessions and in order; equal passwords
// have equal letters and are not shown.
func TestHTMLClients(t *testing.T) {
	h := newWriter(&bytes.Buffer{}, report.Options{}).(*writer)
	for _, s := range incident() {
		require.NoError(t, h.Session(s))
	}
	shown, more := h.parties.shown()
	require.Len(t, shown, 1)
	require.Zero(t, more)
	c := shown[0].page(true, clock{})
	require.Equal(t, "5 sessions, as labuser; 7 of 10 logins rejected", c.Sums)
	var lines []string
	for _, e := range c.Events {
		lines = append(lines, e.When.Text+" "+e.Text+" | "+e.Ref+" | "+e.Packets)
	}
	require.Equal(t, []string{
		"10:02:15.000 7 logins as labuser rejected in 40 ms, 7 different passwords | 3 sessions, 1 to 3 | 1:#10",
		"10:02:15.041 login as labuser accepted (password H) | session 3 | 1:#14",
		"10:02:15.400 STOR shell.php: 65 bytes up, complete (226) | session 4, transfer 1 | 1:#40–#97",
		"10:02:24.000 login as labuser accepted (password H) | session 4 | 2:#10",
		"10:02:35.000 login as labuser accepted (password H) | session 5 | 2:#10",
		"10:02:36.040 NLST: 66 bytes down, to 192.0.2.31, not to the client (226) | session 5, transfer 1 | 1:#2104–#2161",
	}, lines)
	page := reporttest.WithoutAssets(incidentPage(t, report.Options{}))
	for _, secret := range []string{"guess-", "the-right-one"} {
		require.NotContains(t, page, secret)
	}
	require.Contains(t, page, `"password H"`)
}

func TestHTMLClientsAreBounded(t *testing.T) {
	h := newParties()
	labels := passwordLabels{}
	for i := range maxParties + 5 {
		s := guessing(i+1, i, 0, 1, false)
		s.Client = reporttest.Endpoint(fmt.Sprintf("10.%d.%d.1:1234", i>>8, i&0xff))
		h.add(s, diagnosis.Noted, labels)
	}
	require.Len(t, h.order, maxParties)
	require.Equal(t, 5, h.left)
	s := guessing(1, 0, 0, 0, true)
	s.Client = reporttest.Endpoint("10.0.0.1:1234")
	for n := range 3 * maxPartyEvents {
		s.Transfers = append(s.Transfers, reporttest.ActiveTransfer(n+1, "RETR", "a", uint64(20+n), 40000, 1))
	}
	h.add(s, diagnosis.Noted, labels)
	require.Len(t, h.order[0].events, maxPartyEvents)
	require.Equal(t, 2+3*maxPartyEvents-maxPartyEvents, h.order[0].left)
}

// TestHTMLFiles lists what went up and down, with who had it and how it ended.
func TestHTMLFiles(t *testing.T) {
	var f fileTable
	for _, s := range append(incident(), thirdPartySession(), reporttest.ActiveSession()) {
		f.add(s, true)
	}
	rows, folded, more := f.rows(clock{})
	require.Zero(t, more)
	require.Empty(t, folded)
	var lines []string
	for _, r := range rows {
		lines = append(lines, strings.Join([]string{strings.Join(r.Name, ""), r.Way, r.Bytes, r.Result, r.User, r.From, r.To}, " | "))
	}
	require.Equal(t, []string{
		"shell.php | upload | 65 | complete (226) | labuser | 192.0.2.10 | 192.0.2.21",
		"/photo.bin | download | 60,000 | taken by 192.0.2.66 (226) | anonymous | 192.0.2.21 | 192.0.2.66 (another host)",
		"/photo.bin | download | 60,000 | complete (226) | anonymous | 192.0.2.21 | 192.0.2.10",
	}, lines)
	require.Equal(t, []hash{{"SHA-256", strings.Repeat("ab", 32)}}, rows[0].Hashes)
	require.Equal(t, 2, f.listings)

	for i := range 3 * maxFiles {
		s := reporttest.ActiveSession()
		s.ID = i
		f.add(s, false)
	}
	rows, folded, more = f.rows(clock{})
	require.Len(t, rows, maxFilesShown)
	require.Len(t, folded, maxFiles-maxFilesShown)
	require.Equal(t, 2*maxFiles+3, more)
	require.Equal(t, "taken by 192.0.2.66 (226)", rows[1].Result, "what is not well stays")
}

// TestHTMLBounceLadder: the host that PORT names is drawn as another host, not as the
// client, and nothing calls it good.
func TestHTMLBounceLadder(t *testing.T) {
	s := incident()[4]
	list, _ := newSessionLadder(s, report.Options{Files: 2}, maxLadder).blocks()
	var lines []string
	for _, b := range list {
		if b.N > 0 {
			require.Equal(t, stateBad, b.State)
			require.Equal(t, "to 192.0.2.31, not to the client (226)", b.Result)
		}
		for _, r := range b.Rungs {
			if kind := r[2].(int); kind&rungData != 0 {
				lines = append(lines, fmt.Sprint(r[0], " ", kind&rungThird != 0, kind&rungRight != 0, kind&rungFrom != 0, " ", r[3], " ", r[5]))
			}
		}
	}
	require.Equal(t, []string{
		"1:#2107 true true false SYN: opens the data connection 192.0.2.31:8080",
		"1:#2111 true true false 66 bytes 192.0.2.31:8080",
		"1:#2170 true true false FIN: closes the data connection 192.0.2.31:8080",
	}, lines)
	r := newTableRow(s, diagnosis.Trouble)
	require.EqualValues(t, stateBad, r.Spans[0][3])
}

// TestHTMLFiltersNameTheirFile: a finding's packets are one file's.
func TestHTMLFiltersNameTheirFile(t *testing.T) {
	filter, file := framesFilter([]flow.Pos{flow.At(1, 11), 0, flow.At(1, 15), flow.At(2, 3)})
	require.Equal(t, "frame.number in {11, 15}", filter)
	require.Equal(t, 2, file)
	tr := thirdPartySession().Transfers[0]
	tr.Frames.Negotiation = flow.At(0, 38) // the reply that announces the endpoint
	require.Equal(t, []uint64{36, 97}, controlSpan(&tr))
	tr.Frames.Reply = flow.At(1, 2)
	require.Nil(t, controlSpan(&tr), "numbers of two files make no range")
}

// TestHTMLThirdPartyTiming says when another host came, and what the client had.
func TestHTMLThirdPartyTiming(t *testing.T) {
	s := thirdPartySession()
	tr := &s.Transfers[0]
	require.Equal(t, "A third host, 192.0.2.66, opened the data connection, 50 ms after the server announced the port (packet 38) and 30 ms after the client sent RETR (packet 40). "+
		"The client itself sent no SYN to that port in this capture. It got 226 anyway.", takenSentence(s, tr, false))
	tr.Notes.Tried = append(tr.Notes.Tried, flow.Conn{Src: reporttest.Endpoint("192.0.2.10:5000"), Dst: *tr.Announced, Start: reporttest.MarkAt(500, 60)})
	require.Contains(t, takenSentence(s, tr, false), "The client's own connection to that port came 70 ms later (packet 60) and carried nothing.")
}
