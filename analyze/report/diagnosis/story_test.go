package diagnosis

import (
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/analyze/prose"
	"ftpscope/analyze/record"
	"ftpscope/analyze/report/reporttest"
	"ftpscope/capture/flow"
)

// changed is the active session with changes.
func changed(change func(*record.Session)) *record.Session {
	s := reporttest.ActiveSession()
	change(s)
	return s
}

func TestStory(t *testing.T) {
	s := reporttest.ActiveSession()
	require.Equal(t, "Session 1 · anonymous at 192.0.2.21, 2024-03-01 10:02:15 to 10:02:16 UTC", Title(s, prose.Zone{}))
	require.Equal(t, "The client 192.0.2.10 opened the control connection from its port 51234 to the server's port 21 (packets 1 and 2), "+
		"logged in as anonymous and said goodbye with QUIT (packet 104). Both transfers use ACTIVE mode: the server opened the data connections.", Story(s, false))
	s.User, s.Notes.Control.SYN, s.Notes.Control.SYNACK = nil, flow.Mark{}, flow.Mark{}
	require.Equal(t, "Session 1 · a client that gave no name at 192.0.2.21, 2024-03-01 10:02:15 to 10:02:16 UTC", Title(s, prose.Zone{}))
	require.Contains(t, Story(s, true), "The capture does not show who opened the control connection between 192.0.2.10 port 51234 and 192.0.2.21 port 21; "+
		"the first is assumed to be the client. It logged in and said goodbye with QUIT (packet 1:#104).")
}

func TestLogin(t *testing.T) {
	twice := make([]record.Login, 2)
	for name, test := range map[string]struct {
		change func(*record.Session)
		want   string
	}{
		"at once":        {func(*record.Session) {}, "logged in as anonymous"},
		"in the end":     {func(s *record.Session) { s.Notes.Logins = twice }, "logged in as anonymous after 2 tries"},
		"failed":         {func(s *record.Session) { s.Login = record.LoginFailed }, "failed to log in as anonymous"},
		"always failed":  {func(s *record.Session) { s.Login, s.Notes.Logins = record.LoginFailed, twice }, "failed to log in as anonymous in 2 tries"},
		"no verdict":     {func(s *record.Session) { s.Login = record.LoginNone }, "sent the user name anonymous (the server's answer is not in the capture)"},
		"hostile name":   {func(s *record.Session) { s.User = reporttest.Ptr("\x1b[2J") }, `logged in as \x1b[2J`},
		"under TLS":      {func(s *record.Session) { s.Login, s.User, s.TLS = record.LoginNone, nil, record.TLSImplicit }, "may have logged in outside the capture"},
		"none that seen": {func(s *record.Session) { s.Login, s.User = record.LoginNone, nil }, "did not log in as far as the capture shows"},
	} {
		t.Run(name, func(t *testing.T) { require.Equal(t, test.want, login(changed(test.change))) })
	}
}

func TestFarewell(t *testing.T) {
	half := func(out, in flow.Half) func(*record.Session) {
		return func(s *record.Session) { s.Notes.Control.Half = [2]flow.Half{out, in} }
	}
	fin, rst := reporttest.MarkAt(990, 104), reporttest.MarkAt(995, 105)
	for name, test := range map[string]struct {
		closing string
		change  func(*record.Session)
		want    string
	}{
		"client closes":  {"fin", half(flow.Half{FIN: fin}, flow.Half{FIN: rst}), "left without QUIT: the client closed the connection (packet 104)"},
		"server closes":  {"fin", half(flow.Half{}, flow.Half{FIN: rst}), "left without QUIT: the server closed the connection (packet 105)"},
		"somebody":       {"fin", half(flow.Half{}, flow.Half{}), "left without QUIT: the connection was closed"},
		"server resets":  {"rst", half(flow.Half{RST: rst}, flow.Half{RST: fin}), "left without QUIT: the server reset the connection (RST) (packet 104)"},
		"somebody does":  {"rst", half(flow.Half{}, flow.Half{}), "left without QUIT: the connection was reset (RST)"},
		"capture ends":   {"cut", half(flow.Half{}, flow.Half{}), "was still connected at its last packet"},
		"with gaps":      {"fin", func(s *record.Session) { s.Capture.MissingBytes = 1 }, "left (the capture does not show whether with QUIT): the connection was closed"},
		"server's side":  {"fin", func(s *record.Session) { s.Capture.ClientSide = false }, "left (the capture does not show whether with QUIT): the connection was closed"},
		"sides swapped":  {"rst", func(s *record.Session) { s.Notes.Control.Src, s.Notes.Control.Half[0].RST = s.Server, rst }, "left without QUIT: the server reset the connection (RST) (packet 105)"},
		"said QUIT once": {record.ClosingQuit, func(*record.Session) {}, "said goodbye with QUIT (packet 104)"},
	} {
		t.Run(name, func(t *testing.T) {
			s := changed(test.change)
			s.Closing = test.closing
			require.Equal(t, test.want, farewell(s, false))
		})
	}
}

func TestModes(t *testing.T) {
	for name, test := range map[string]struct {
		change func(*record.Session)
		want   string
	}{
		"one":       {func(s *record.Session) { s.Transfers = s.Transfers[:1] }, "Its transfer uses ACTIVE mode: the server opened the data connection."},
		"many":      {func(s *record.Session) { s.Transfers = append(s.Transfers, s.Transfers[0]) }, "All 3 transfers use ACTIVE mode: the server opened the data connections."},
		"one fails": {func(s *record.Session) { s.Transfers[1].Connection = nil }, "Both transfers use ACTIVE mode: the server has to open the data connections."},
		"mixed": {func(s *record.Session) { s.Mode, s.Transfers[1].Mode = record.Mixed, record.Passive },
			"Its transfers use MIXED modes: 1 active (the server must open the data connection) and 1 passive (the client must)."},
		"unknown": {func(s *record.Session) { s.Mode, s.Transfers[0].Mode = record.Unknown, record.Unknown }, "This capture does not show who opens the data connections."},
		"rejected": {func(s *record.Session) {
			s.Mode, s.Transfers[0].Outcome, s.Transfers[1].Outcome = record.None, record.Rejected, record.Rejected
		}, "The server rejected every way of opening a data connection, so nothing was transferred."},
		"none": {func(s *record.Session) { s.Mode, s.Transfers = record.None, nil }, "Nothing was transferred."},
	} {
		t.Run(name, func(t *testing.T) { require.Equal(t, test.want, modeSentence(changed(test.change))) })
	}
	s := reporttest.PassiveSession(1, "192.0.2.10:1", reporttest.PassiveTransfer(1, "192.0.2.21:50001", record.Established))
	s.Mode, s.Initiator, s.Transfers[0].Frames.SYN = record.Passive, record.Client, 0
	require.Equal(t, "Its transfer uses PASSIVE mode: the client has to open the data connection.", modeSentence(s), "its SYN is not known")
}

func TestFirewall(t *testing.T) {
	const active = "Active mode: a firewall in front of the client must let 192.0.2.21"
	for name, test := range map[string]struct {
		change func(*record.Session)
		want   string
	}{
		"active":    {func(*record.Session) {}, active + " port 20 in to the client's high ports, or follow the PORT command. In passive mode the client would open the connection instead."},
		"any port":  {func(s *record.Session) { s.Transfers[0].Connection.Src = reporttest.Endpoint("192.0.2.21:4000") }, active + " from any port in to the client's high ports, or follow the PORT command."},
		"under TLS": {func(s *record.Session) { s.TLS = record.TLSExplicit }, "; it cannot follow the commands, since they are encrypted."},
		"passive": {func(s *record.Session) {
			s.Transfers = []record.Transfer{reporttest.PassiveTransfer(1, "192.0.2.21:50001", record.Established)}
		}, "must let 192.0.2.10 in to the ports that the server announces (here 50001), or follow the server's 227 reply. In active mode the server would open the connection instead."},
	} {
		t.Run(name, func(t *testing.T) { require.Contains(t, Firewall(changed(test.change)), test.want) })
	}
	for name, change := range map[string]func(*record.Session){
		"grave":        func(s *record.Session) { s.Findings = []record.Finding{{Severity: "high"}} },
		"nothing done": func(s *record.Session) { s.Transfers = nil },
		"all rejected": func(s *record.Session) {
			s.Transfers = []record.Transfer{{Outcome: record.Rejected, Mode: record.Active}}
		},
	} {
		t.Run(name, func(t *testing.T) { require.Empty(t, Firewall(changed(change))) })
	}
}

func TestLimits(t *testing.T) {
	for want, c := range map[string]record.Coverage{
		"": reporttest.Whole,
		"What this capture cannot show: it begins in the middle of the session, so what was said before is unknown.": {ToEnd: true, ClientSide: true, ServerSide: true},
		"What this capture cannot show: it ends before the session does; it holds only what the client sent, not the server's replies; " +
			"1 byte of the control connection is missing from it.": {FromStart: true, ClientSide: true, MissingBytes: 1},
		"What this capture cannot show: it holds only what the server sent, not the client's commands; " +
			"2,000 bytes of the control connection are missing from it.": {FromStart: true, ToEnd: true, ServerSide: true, MissingBytes: 2000},
	} {
		require.Equal(t, want, Limits(&record.Session{Capture: c}))
	}
}

// Where the capture was taken is told as far as TTLs tell it.
func TestPlaceSentence(t *testing.T) {
	for _, x := range []struct {
		client, server uint8
		want           string
	}{
		{0, 64, ""},
		{64, 0, ""},
		{64, 64, "According to the TTLs, no router is between the two and the place of capture."},
		{64, 57, "The capture was taken at the client or next to it: according to the TTLs, the server is 7 routers away."},
		{127, 64, "The capture was taken at the server or next to it: according to the TTLs, the client is 1 router away."},
	} {
		s := changed(func(s *record.Session) {
			s.Notes.Control.Half[flow.Out].TTL, s.Notes.Control.Half[flow.In].TTL = x.client, x.server
		})
		require.Equal(t, x.want, placeSentence(s), x)
	}
	between := changed(func(s *record.Session) { s.Notes.Control.Half = [2]flow.Half{{TTL: 60}, {TTL: 120}} })
	require.Contains(t, placeSentence(between), "the client is 4 routers away, the server 8.")
}

// Networks are named where a session was not in the plain one.
func TestNetworkWords(t *testing.T) {
	require.Empty(t, Network(nil))
	require.Empty(t, OneNetwork(nil))
	require.Empty(t, InNetwork(nil))
	require.Nil(t, VLANs(nil))
	require.Empty(t, networkSentence(&record.Session{}))
	one, two := reporttest.InVLANs([]uint64{100, 20}), reporttest.InVLANs([]uint64{20}, []uint64{10}, nil)
	require.Equal(t, "VLAN 100, VLAN 20", Network(one))
	require.Equal(t, []uint64{100, 20}, VLANs(one))
	require.Equal(t, "VLAN 20 and VLAN 10 and untagged", Network(two))
	require.Equal(t, "VLAN 10", OneNetwork(two), "the same in any order")
	require.Equal(t, "Its packets were in VLAN 100, VLAN 20.", networkSentence(&record.Session{Network: one}))
	require.Equal(t, "Its packets were seen in several networks: VLAN 20 and VLAN 10 and untagged.", networkSentence(&record.Session{Network: two}))
	require.Equal(t, "192.0.2.1, in VLAN 10", Placed("192.0.2.1", "VLAN 10"))
	require.Equal(t, "192.0.2.1", Placed("192.0.2.1", ""))
	s := &record.Session{Network: one}
	require.Same(t, one, SeenIn(s, nil))
	require.Same(t, one, SeenIn(s, &record.Connection{}))
	require.Same(t, two, SeenIn(s, &record.Connection{Network: two}))
}

func TestOriginSentence(t *testing.T) {
	for want, o := range map[string]record.Origin{
		"": {},
		"A PROXY line names 192.0.2.1:40000 as the client behind it.":                                                                                    {RealClient: "192.0.2.1:40000"},
		"The server is a proxy, which the client asked to connect to ftp.example.net:21.":                                                                {RealServer: "ftp.example.net:21"},
		"Session 2 is the same session, captured on the other side of a NAT.":                                                                            {Twin: 2},
		"The server is a proxy, which the client asked to connect to a\\x1b[2Jb:21. Session 7 is the same session, captured on the other side of a NAT.": {RealServer: "a\x1b[2Jb:21", Twin: 7},
	} {
		require.Equal(t, want, originSentence(&record.Session{Origin: o}))
	}
}

// A session that was captured on both sides of a NAT is one.
func TestAnswerOfTwins(t *testing.T) {
	verdict := &record.Verdict{Cause: record.CauseDataBlocked, At: record.AtFirewall, Certainty: record.Certain}
	var a Answer
	for id, twin := range map[int]int{1: 2, 2: 1} {
		a.Session(&record.Session{ID: id, Origin: record.Origin{Twin: twin}, Verdict: verdict})
	}
	require.Contains(t, a.Line(), "1 of 1 session failed")
}
