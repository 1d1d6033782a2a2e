package siem

import (
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/analyze/record"
	"ftpscope/analyze/report/reporttest"
	"ftpscope/capture/flow"
)

func verbs(all []exchange) (list []string) {
	for i := range all {
		list = append(list, all[i].verb)
	}
	return list
}

// A session's commands are its negotiations and transfers, and all others when they were kept, in order of time.
func TestCommands(t *testing.T) {
	s := reporttest.ActiveSession()
	all := commandsOf(s)
	require.Equal(t, []string{"PORT", "LIST", "PORT", "RETR"}, verbs(all))
	require.Equal(t, []any{true, "192,0,2,10,170,71", 200}, []any{all[0].negotiates, *all[0].argument, all[0].lastReply().Code})
	require.Equal(t, []any{false, "photo.bin", 226, 2}, []any{all[3].negotiates, *all[3].argument, all[3].lastReply().Code, len(all[3].replies)})
	s.Dialogue = []record.Exchange{
		{Time: reporttest.At(5), Command: "user", Argument: reporttest.Ptr("anonymous"), Replies: []record.Reply{*reporttest.Reply(6, 5, 331, "password")}},
		{Time: reporttest.At(990), Command: "QUIT"}, {Time: reporttest.At(180), Command: "port"}, {Time: reporttest.At(2), Replies: []record.Reply{*reporttest.Reply(2, 3, 220, "ready")}},
	}
	all = commandsOf(s)
	require.Equal(t, []string{"", "USER", "PORT", "LIST", "PORT", "RETR", "QUIT"}, verbs(all), "transfers' commands are told once")
	require.Nil(t, all[6].lastReply())
}

// A negotiation that several transfers share is told once.
func TestSharedNegotiation(t *testing.T) {
	s := reporttest.ActiveSession()
	line := *s.Transfers[0].Notes.Asked
	s.Transfers[1].Notes.Asked = &line
	require.Equal(t, []string{"PORT", "LIST", "RETR"}, verbs(commandsOf(s)))
	x := &s.Transfers[0]
	x.Notes.Asked = nil
	c, ok := negotiationOf(s, x)
	require.Equal(t, []any{true, x.Notes.Answer.Time}, []any{ok, c.at}, "its answer tells when")
	x.Notes.Answer = nil
	_, ok = negotiationOf(s, x)
	require.False(t, ok)
	x.Method, x.Notes.Asked = record.MethodDefault, &line
	_, ok = negotiationOf(s, x)
	require.False(t, ok, "nobody said a command")
}

// Who was logged in is who logged in last before.
func TestUserAt(t *testing.T) {
	s := &record.Session{User: reporttest.Ptr("last")}
	require.Equal(t, "last", *userAt(s, 0))
	s.Notes.Logins = []record.Login{{Mark: reporttest.MarkAt(10, 1), User: "first"}, {Mark: reporttest.MarkAt(20, 2), User: "last"}}
	for ms, want := range map[int]string{0: "first", 10: "first", 19: "first", 20: "last", 30: "last"} {
		require.Equal(t, want, *userAt(s, reporttest.At(ms).Time), ms)
	}
	require.Nil(t, userAt(&record.Session{}, 0))
}

// Every connection that was tried is told once.
func TestTriedConnections(t *testing.T) {
	s := reporttest.ActiveSession()
	require.Len(t, triedConnections(s), 2)
	other := flow.Conn{Src: reporttest.Endpoint("192.0.2.66:1"), Start: reporttest.MarkAt(999, 999)}
	s.Transfers[0].Notes.Tried = append(s.Transfers[0].Notes.Tried, other, other)
	require.Len(t, triedConnections(s), 3)
	require.Empty(t, triedConnections(&record.Session{Transfers: make([]record.Transfer, 2)}))
}

// A connection's name is the same in every run, whichever end comes first, and another for
// another time or network.
func TestFingerprint(t *testing.T) {
	a, b := reporttest.Endpoint("192.0.2.10:51234"), reporttest.Endpoint("192.0.2.21:21")
	one := fingerprint(a, b, 5, nil)
	require.Equal(t, one, fingerprint(b, a, 5, nil))
	require.NotEqual(t, one, fingerprint(a, b, 6, nil))
	require.NotEqual(t, one, fingerprint(a, b, 5, reporttest.InVLANs([]uint64{10})))
	require.Regexp(t, "^C[0-9A-Za-z]{17}$", zeekUID(a, b, 5, nil))
	require.NotEqual(t, eveFlow(a, b, 5, nil), eveFlow(a, b, 6, nil))
}

// A spreadsheet takes no text for a formula.
func TestCell(t *testing.T) {
	for in, want := range map[string]string{
		"": "", "a": "a", "=1": "'=1", "+1": "'+1", "-1": "'-1", "@x": "'@x", "a=1": "a=1", "\t=1": `\t=1`, "＝1": "'＝1", " =1": "' =1", "a\nb": `a\nb`,
	} {
		require.Equal(t, want, cell(in), in)
	}
}

// The last state of a connection, as Zeek names it.
func TestZeekEnd(t *testing.T) {
	mark := reporttest.MarkAt
	for name, test := range map[string]struct {
		c    flow.Conn
		want uint64
	}{
		"last packet":  {flow.Conn{State: flow.Established, Last: mark(9, 9)}, 9},
		"last SYN":     {flow.Conn{State: flow.Unanswered, LastSYN: mark(5, 5), Last: mark(9, 9)}, 5},
		"both FINs":    {flow.Conn{State: flow.Established, Closing: flow.Finned, Half: [2]flow.Half{{FIN: mark(6, 6)}, {FIN: mark(5, 5)}}, Last: mark(9, 9)}, 6},
		"the other":    {flow.Conn{State: flow.Established, Closing: flow.Finned, Half: [2]flow.Half{{FIN: mark(5, 5)}, {FIN: mark(6, 6)}}, Last: mark(9, 9)}, 6},
		"one FIN":      {flow.Conn{State: flow.Established, Closing: flow.Finned, Half: [2]flow.Half{{FIN: mark(5, 5)}}, Last: mark(9, 9)}, 9},
		"first RST":    {flow.Conn{State: flow.Established, Closing: flow.ResetBy, Half: [2]flow.Half{{RST: mark(7, 7)}, {RST: mark(6, 6)}}, Last: mark(9, 9)}, 6},
		"RST not seen": {flow.Conn{State: flow.Established, Closing: flow.ResetBy, Last: mark(9, 9)}, 9},
	} {
		t.Run(name, func(t *testing.T) {
			end := zeekEnd(&test.c)
			require.Equal(t, test.want, end.Pos.Packet())
		})
	}
	for want, c := range map[string]flow.Conn{
		"":   {State: flow.Refused},
		"S":  {SYN: mark(1, 1), State: flow.Unanswered},
		"Sr": {SYN: mark(1, 1), State: flow.Refused},
	} {
		require.Equal(t, want, zeekHistory(&c))
	}
}

// Zeek's columns: unset and empty are told apart, and what reads like them is not.
func TestZeekText(t *testing.T) {
	for in, want := range map[string]string{
		"": "(empty)", "-": `\x2d`, "(empty)": `\x28empty)`, "a\tb": `a\x09b`, `a\b`: `a\x5cb`, "\xff": `\xff`, "é": "é", "\u202e": `\xe2\x80\xae`,
	} {
		require.Equal(t, want, string(zeekText(nil, in)), in)
	}
}

// Zeek writes a file command's argument as a URL of the server.
func TestZeekArgument(t *testing.T) {
	s := reporttest.ActiveSession()
	path := "/dir/a"
	for want, c := range map[string]exchange{
		"":                       {verb: "RETR"},
		"x":                      {verb: "DELETE", argument: reporttest.Ptr("x")},
		"ftp://192.0.2.21/./a":   {verb: "RETR", argument: reporttest.Ptr("a")},
		"ftp://192.0.2.21/a":     {verb: "RETR", argument: reporttest.Ptr("/a")},
		"ftp://192.0.2.21/dir/a": {verb: "STOR", argument: reporttest.Ptr("a"), transfer: &record.Transfer{Path: &path}},
		"192,0,2,10,4,1":         {verb: "PORT", argument: reporttest.Ptr("192,0,2,10,4,1")},
	} {
		require.Equal(t, want, zeekArgument(s, &c))
	}
	s.Server = reporttest.Endpoint("[2001:db8::1]:21")
	require.Equal(t, "ftp://[2001:db8::1]/./a", zeekArgument(s, &exchange{verb: "RETR", argument: reporttest.Ptr("a")}))
}

// ECS has numbers for severities and words for outcomes.
func TestECSWords(t *testing.T) {
	require.Equal(t, []int{1, 2, 3, 4, 5}, []int{ecsSeverity("info"), ecsSeverity("low"), ecsSeverity("medium"), ecsSeverity("high"), ecsSeverity("critical")})
	for outcome, want := range map[string]string{record.OK: "success", record.Denied: "failure", record.NoConnection: "failure", record.Aborted: "failure", record.Incomplete: "unknown", record.Unknown: "unknown"} {
		require.Equal(t, want, ecsOutcome(&record.Transfer{Outcome: outcome}), outcome)
	}
	require.Equal(t, "192.0.2.21:2121", ecsParty(reporttest.Endpoint("192.0.2.21:2121")))
}
