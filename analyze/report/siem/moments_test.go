package siem

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/analyze/record"
	"ftpscope/analyze/report"
	"ftpscope/analyze/report/reporttest"
	"ftpscope/capture/flow"
)

// How a login ended stands in its event, its password only if it was asked for, and only
// that of the last, which the record keeps.
func TestLoginMoments(t *testing.T) {
	s := guesses()
	s.Notes.Logins = append(s.Notes.Logins, record.Login{Mark: reporttest.MarkAt(95, 16), User: "root"})
	var got [][]string
	for i := range s.Notes.Logins {
		e := loginMoment(s, &s.Notes.Logins[i], report.Options{ShowPasswords: true})
		got = append(got, []string{e.message, e.outcome, strings.Join(e.cells(nil, false)[17:18], "")})
	}
	require.Equal(t, [][]string{
		{"Login of admin failed", "failed", ""}, {"Login of guest succeeded", "ok", ""}, {"Login of root failed", "failed", ""}, {"Login of root was tried", "unknown", "toor"},
	}, got)
	nobody := loginMoment(s, &record.Login{Code: 530}, report.Options{})
	require.Equal(t, "Login of an unknown user failed", nobody.message)
	require.Equal(t, 530, nobody.reply.Code)
	require.Nil(t, nobody.user)
}

// A command and its replies are events of their own; what authenticates is hidden.
func TestCommandMoments(t *testing.T) {
	s := reporttest.ActiveSession()
	x := &s.Transfers[1]
	secret := exchange{at: reporttest.At(5), pos: flow.At(0, 5), verb: "PASS", argument: reporttest.Ptr("me@example.org"), replies: []*record.Reply{{Code: 230, Text: "welcome"}}}
	run := exchange{at: reporttest.At(400), verb: "RETR", argument: x.Argument, replies: []*record.Reply{x.Preliminary, x.Reply}, transfer: x}
	ask := exchange{at: reporttest.At(360), verb: "PORT", argument: reporttest.Ptr(""), transfer: x, negotiates: true}
	greeting := exchange{at: reporttest.At(1), replies: []*record.Reply{reporttest.Reply(1, 4, 220, "ready")}}
	told := func(c exchange, o report.Options) (list [][]string) {
		for _, e := range commandMoments(s, &c, o) {
			list = append(list, []string{e.kind, e.message, e.outcome})
		}
		return list
	}
	require.Equal(t, [][]string{{"ftp:command", "Client: PASS (hidden)", ""}, {"ftp:reply", "Server: 230 welcome (to PASS (hidden))", ""}}, told(secret, report.Options{}))
	require.Equal(t, "Client: PASS me@example.org", told(secret, report.Options{ShowPasswords: true})[0][1])
	require.Equal(t, secret.at, commandMoments(s, &secret, report.Options{})[1].at, "a reply without a time has its command's")
	require.Equal(t, [][]string{
		{"ftp:transfer", "Client: RETR photo.bin", ""}, {"ftp:reply", "Server: 150 Opening BINARY mode data connection (to RETR photo.bin)", ""},
		{"ftp:reply", "Server: 226 Transfer complete (to RETR photo.bin)", "ok"},
	}, told(run, report.Options{}))
	require.Equal(t, [][]string{{"ftp:negotiation", "Client: PORT", ""}}, told(ask, report.Options{}))
	require.Equal(t, [][]string{{"ftp:reply", "Server: 220 ready", ""}}, told(greeting, report.Options{}))
}

// A data connection begins and ends; one that never came to be was tried.
func TestConnectionMoments(t *testing.T) {
	s, blocked := reporttest.ActiveSession(), reporttest.BlockedSession()
	var got []string
	for _, x := range []*record.Transfer{&s.Transfers[1], &blocked.Transfers[0], {}} {
		for _, e := range connectionMoments(x) {
			got = append(got, e.kind+": "+e.message)
		}
	}
	require.Equal(t, []string{
		"ftp:data:start: Data connection from 192.0.2.21:20 to 192.0.2.10:43677 opened by the server (active)",
		"ftp:data:end: Data connection from 192.0.2.21:20 to 192.0.2.10:43677 ends (fin): 60,000 bytes",
		"ftp:data:start: Data connection from 203.0.113.10:40608 to 192.168.50.2:50001 tried by the client (passive): no answer",
	}, got)
}

// What a transfer is to the schema's users: kind, outcome, file.
func TestECSTransfers(t *testing.T) {
	for _, test := range []struct {
		command, argument string
		outcome           string
		kinds             []any
		want              []any // event.action, event.outcome, file.type, file.name, file.directory
	}{
		{"RETR", "/pub/a.bin", record.OK, []any{"connection", "protocol", "access"}, []any{"ftp-retr", "success", "file", "a.bin", "/pub"}},
		{"STOR", "/in/b", record.Aborted, []any{"connection", "protocol", "creation"}, []any{"ftp-stor", "failure", "file", "b", "/in"}},
		{"APPE", "/log", record.Incomplete, []any{"connection", "protocol", "change"}, []any{"ftp-appe", "unknown", "file", "log", "/"}},
		{"MLSD", "/pub", record.Rejected, []any{"connection", "protocol", "access"}, []any{"ftp-mlsd", "failure", "dir", nil, nil}},
	} {
		t.Run(test.command, func(t *testing.T) {
			s := reporttest.ActiveSession()
			x := &s.Transfers[1]
			x.Command, x.Path, x.Outcome = &test.command, &test.argument, test.outcome
			doc := objects(t, reporttest.Write(t, Formats(), "ecs", report.Options{}, s))[3]
			require.Equal(t, test.kinds, dig(doc, "event.type"))
			require.Equal(t, test.want, digAll(doc, "event.action", "event.outcome", "file.type", "file.name", "file.directory"))
		})
	}
	for severity, want := range map[string]int{"critical": 5, "high": 4, "medium": 3, "low": 2, "info": 1} {
		require.Equal(t, want, ecsSeverity(severity), severity)
	}
}

// A try that got no answer is not said to have been denied.
func TestECSAttempts(t *testing.T) {
	for state, want := range map[string][]any{record.Refused: {"connection", "denied"}, record.Unreachable: {"connection", "denied"}, record.Unanswered: {"connection"}} {
		a, _ := reporttest.OtherRecords()
		a.State, a.ICMP = state, nil
		w, out := reporttest.New(t, Formats(), "ecs", report.Options{})
		require.NoError(t, w.Attempt(a))
		doc := objects(t, out.String())[0]
		require.Equal(t, want, dig(doc, "event.type"), state)
		require.Equal(t, []any{"192.0.2.1", "2001:db8::1"}, dig(doc, "related.ip"))
	}
}

// What the capture does not tell is an empty cell, not a zero.
func TestCSVUnknown(t *testing.T) {
	_, rows := csvRows(t, reporttest.Write(t, Formats(), "csv-transfers", report.Options{}, &record.Session{ID: 1, Transfers: []record.Transfer{{N: 1, Reply: &record.Reply{Text: "no code"}}}}))
	require.Len(t, rows, 1)
	for _, column := range []string{"client_ip", "client_port", "announced_ip", "data_src_ip", "data_community_id", "bytes", "restart", "reply_code", "syn_frame", "filter", "cause"} {
		require.Empty(t, rows[0][column], column)
	}
	require.Equal(t, "no code", rows[0]["reply_text"])
	_, rows = csvRows(t, reporttest.Write(t, Formats(), "csv-sessions", report.Options{}, &record.Session{ID: 1, Transfers: []record.Transfer{{Outcome: record.Denied}, {Outcome: record.OK, Bytes: reporttest.Ptr(uint64(7))}}}))
	require.Equal(t, []string{"2", "1", "1", "7"}, []string{rows[0]["transfers"], rows[0]["transfers_ok"], rows[0]["transfers_failed"], rows[0]["bytes"]})
}

// When a transfer was is told by what is known of it, in this order.
func TestBegan(t *testing.T) {
	s := reporttest.ActiveSession()
	x := &s.Transfers[1]
	var got []record.Stamp
	for _, forget := range []func(){func() {}, func() { x.Notes.Ran = nil }, func() { x.Notes.Asked = nil }, func() { x.Connection = nil }, func() { x.Notes.Answer = nil }} {
		forget()
		got = append(got, began(s, x))
	}
	require.Equal(t, []record.Stamp{reporttest.At(400), reporttest.At(360), reporttest.At(430), reporttest.At(380), reporttest.At(0)}, got)
}
