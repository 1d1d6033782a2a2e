package siem

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/analyze/record"
	"ftpscope/analyze/report"
	"ftpscope/analyze/report/reporttest"
)

// well is a verdict on what went well.
var well = &record.Verdict{Cause: record.CauseNone, At: record.AtNone, Certainty: record.Certain, Text: "All went well."}

// Tables have a verdict's words in columns of their own; a transfer that went well has none.
func TestVerdictsInTables(t *testing.T) {
	open := reporttest.BlockedSession()
	v := *open.Verdict
	v.Certainty, v.Or = record.Open, []string{record.CauseDataBlocked, record.CausePortsExhausted}
	open.Transfers[0].Verdict = &v
	active := reporttest.ActiveSession()
	active.Verdict, active.Transfers[0].Verdict = well, nil
	_, sessions := csvRows(t, reporttest.Write(t, Formats(), "csv-sessions", report.Options{}, active, open))
	_, transfers := csvRows(t, reporttest.Write(t, Formats(), "csv-transfers", report.Options{}, active, open))
	verdict := func(row map[string]string) []string {
		return []string{row["cause"], row["at"], row["certainty"], row["or"], row["next"]}
	}
	next := "announce the public address (vsftpd pasv_address) and forward the passive ports | or let the client use EPSV, which names no address"
	require.Equal(t, []string{"none", "none", "certain", "", ""}, verdict(sessions[0]))
	require.Equal(t, []string{"address-untranslated", "nat", "likely", "", next}, verdict(sessions[1]))
	require.Equal(t, []string{"", "", "", "", ""}, verdict(transfers[0]))
	require.Equal(t, []string{"address-untranslated", "nat", "open", "data-blocked ports-exhausted", next}, verdict(transfers[2]))
	require.True(t, strings.HasPrefix(transfers[2]["verdict"], "The server announced 192.168.50.2 (packet 15)"), transfers[2]["verdict"])
}

// A timeline has an event for what went wrong: of a transfer when it began, of a session
// when it ended; that all went well is told with the session's end.
func TestVerdictsInTimelines(t *testing.T) {
	blocked, active := reporttest.BlockedSession(), reporttest.ActiveSession()
	active.Verdict = well
	a, o := reporttest.OtherRecords()
	a.Verdict = &record.Verdict{Cause: record.CauseServerUnreachable, At: record.AtFirewall, Certainty: record.Certain, Text: "10.0.0.1 rejects it."}
	w, out := reporttest.New(t, Formats(), "timesketch-jsonl", report.Options{})
	for _, s := range []*record.Session{active, blocked} {
		require.NoError(t, w.Session(s))
	}
	require.NoError(t, w.Attempt(a))
	require.NoError(t, w.Orphan(o))
	var got [][]any
	for _, e := range objects(t, out.String()) {
		if e["cause"] != nil {
			got = append(got, digAll(e, "data_type", "datetime", "session", "transfer", "packet", "cause", "at", "certainty"))
		}
	}
	require.Equal(t, [][]any{
		{"ftp:session:end", "2024-03-01T10:02:16.000000+00:00", "1", nil, "106", "none", "none", "certain"},
		{"ftp:verdict", "2024-03-01T10:02:15.140000+00:00", "3", "1", "15", "address-untranslated", "nat", "likely"},
		{"ftp:verdict", "2024-03-01T10:02:22.200000+00:00", "3", nil, "15", "address-untranslated", "nat", "likely"},
		{"ftp:session:end", "2024-03-01T10:02:22.200000+00:00", "3", nil, "34", "address-untranslated", "nat", "likely"},
		{"ftp:attempt", "2024-03-01T10:02:15.000000+00:00", nil, nil, nil, "server-unreachable", "firewall", "certain"},
	}, got)
}

// ECS says why something failed in its own field and has the verdict under ftpscope; EVE
// has the session's in its first record, a transfer's in that of its data connection.
func TestVerdictsInEvents(t *testing.T) {
	blocked, active := reporttest.BlockedSession(), reporttest.ActiveSession()
	active.Verdict = well
	lost := *blocked.Verdict
	lost.Cause = record.CauseReplyMissed
	active.Transfers[1].Verdict = &lost
	ecs := objects(t, reporttest.Write(t, Formats(), "ecs", report.Options{}, active, blocked))
	var reasons, causes []any
	for _, e := range ecs {
		reasons = append(reasons, dig(e, "event.reason"))
		causes = append(causes, dig(e, "ftpscope.verdict.cause"), dig(e, "ftpscope.transfer.verdict.cause"))
	}
	text := blocked.Verdict.Text
	require.Equal(t, []any{nil, nil, nil, text, text, text, nil}, reasons, "session, login, two transfers; session, transfer, finding")
	require.Equal(t, []any{"none", nil, nil, nil, nil, nil, nil, "reply-missed", "address-untranslated", nil, nil, "address-untranslated", nil, nil}, causes)

	causes = nil
	for _, e := range objects(t, reporttest.Write(t, Formats(), "eve", report.Options{}, active, blocked)) {
		causes = append(causes, dig(e, "ftpscope.verdict.cause"), dig(e, "ftpscope.transfer.verdict.cause"))
	}
	require.Equal(t, []any{"none", nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, "reply-missed", "address-untranslated", nil}, causes)
}

// guesses is a session that only tried to log in.
func guesses() *record.Session {
	s := reporttest.ActiveSession()
	s.Transfers, s.Login, s.User, s.Password = nil, record.LoginFailed, reporttest.Ptr("root"), reporttest.Ptr("toor")
	s.Notes.Logins = []record.Login{
		{Mark: reporttest.MarkAt(40, 10), User: "admin", Code: 530, Reply: reporttest.Reply(50, 11, 530, "Not logged in.")},
		{Mark: reporttest.MarkAt(60, 12), User: "guest", NoPassword: true, Code: 230, OK: true},
		{Mark: reporttest.MarkAt(80, 14), User: "root", Code: 530, Reply: reporttest.Reply(90, 15, 530, "Login incorrect.")},
	}
	return s
}

// Zeek's log has one row for a session of which it logs no command: who tried, and the last
// answer.
func TestLoginOnlyZeek(t *testing.T) {
	rows := func(s *record.Session, o report.Options) (list [][]string) {
		for _, r := range readZeek(t, reporttest.Write(t, Formats(), "zeek-ftp", o, s)).rows {
			list = append(list, []string{r["ts"], r["user"], r["password"], r["command"], r["arg"], r["reply_code"], r["reply_msg"], r["data_channel.passive"]})
		}
		return list
	}
	s := guesses()
	require.Equal(t, [][]string{{"1709287335.000000", "root", "<hidden>", "<session>", "-", "530", "Login incorrect.", "-"}}, rows(s, report.Options{}))
	require.Equal(t, "toor", rows(s, report.Options{ShowPasswords: true})[0][2])
	s.Dialogue = []record.Exchange{{Time: reporttest.At(5), Command: "USER", Argument: s.User}, {Time: reporttest.At(9), Command: "QUIT"}}
	require.Equal(t, "<session>", rows(s, report.Options{})[0][3], "none of them is logged")
	s.Dialogue = append(s.Dialogue, record.Exchange{Time: reporttest.At(7), Command: "DELE", Argument: reporttest.Ptr("x")})
	require.Equal(t, "DELE", rows(s, report.Options{})[0][3])
	s = guesses()
	s.Notes.Logins = nil
	require.Equal(t, []string{"-", "-"}, rows(s, report.Options{})[0][5:7], "the capture has no reply")
	s.User = nil
	require.Empty(t, rows(s, report.Options{}), "nobody said who it was")
}

// EVE has a record of each login of such a session; only the last password is known.
func TestLoginOnlyEVE(t *testing.T) {
	for _, test := range []struct {
		o    report.Options
		last string
	}{{report.Options{}, record.HiddenText}, {report.Options{ShowPasswords: true}, "toor"}} {
		var got [][]any
		all := objects(t, reporttest.Write(t, Formats(), "eve", test.o, guesses()))
		for _, e := range all {
			got = append(got, digAll(e, "event_type", "pcap_cnt", "ftp.command", "ftp.command_data"))
		}
		require.Equal(t, [][]any{{"ftp", "10", "PASS", record.HiddenText}, {"ftp", "12", "USER", "guest"}, {"ftp", "14", "PASS", test.last}}, got)
		require.Equal(t, []any{[]any{"Not logged in."}, []any{"530"}}, digAll(all[0], "ftp.reply", "ftp.completion_code"))
		require.Equal(t, []any{"230"}, dig(all[1], "ftp.completion_code"))
	}
	s := guesses()
	s.Notes.Logins = s.Notes.Logins[:1]
	s.Notes.Logins[0].Code, s.Notes.Logins[0].Reply = 0, nil
	require.Equal(t, "no", dig(objects(t, reporttest.Write(t, Formats(), "eve", report.Options{}, s))[0], "ftp.reply_received"))
}
