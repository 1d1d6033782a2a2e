package reporttest

import (
	"net/netip"

	"ftpscope/analyze/record"
	"ftpscope/capture/flow"
)

// Variant is BlockedSession with changes.
func Variant(id int, change func(*record.Session, *record.Transfer)) *record.Session {
	s := BlockedSession()
	s.ID, s.Findings, s.Verdict, s.Transfers[0].Verdict = id, nil, nil, nil
	change(s, &s.Transfers[0])
	return s
}

// Failures is one session for each way in which a transfer can miss its purpose, and for
// what is told apart.
func Failures() []*record.Session {
	list := failures()
	for i, v := range []record.Verdict{
		{Cause: record.CauseDataRefused, At: record.AtServer, Certainty: record.Likely, Transfer: 1, Text: "The server refused the data connection by RST (packet 17).", Next: []string{"does the server still listen?"}},
		{Cause: record.CauseDataRejected, At: record.AtFirewall, Certainty: record.Certain, Transfer: 1, Text: "203.0.113.254 rejected the data connection by ICMP (packet 17).", Next: []string{"permit TCP port 50001"}},
		{Cause: record.CauseDataNeverTried, At: record.AtClient, Certainty: record.Open, Or: []string{record.CauseDataBlocked}, Transfer: 1, Text: "No SYN of the data connection is in the capture.", Next: []string{"capture at the client"}},
		{Cause: record.CauseNone, At: record.AtNone, Certainty: record.Likely, Text: "Nothing was asked for that failed."},
		{Cause: record.CauseModeRejected, At: record.AtServer, Certainty: record.Certain, Transfer: 1, Text: `The server rejected EPSV: it replied 500 "'EPSV': command not understood" (packet 15).`, Next: []string{"let the client use PASV"}},
		{Cause: record.CauseNone, At: record.AtNone, Certainty: record.Likely, Text: "The capture shows no sign of failure; TLS hides what the server replied."},
		{Cause: record.CauseDataStolen, At: record.AtServer, Certainty: record.Certain, Transfer: 1, Text: "198.51.100.66 took the data connection.", Next: []string{"whose address is 198.51.100.66?"}},
		{Cause: record.CauseNotCaptured, At: record.AtCapture, Certainty: record.Likely, Text: "The capture has no packets of the server.", Next: []string{"capture both directions"}},
		{Cause: record.CauseLoginRejected, At: record.AtClient, Certainty: record.Certain, Text: `The login of "root" failed; the server replied 530 "Login incorrect.".`, Next: []string{"check name and password"}},
	} {
		list[i].Verdict = &v
	}
	return list
}

func failures() []*record.Session {
	return []*record.Session{
		Variant(1, func(_ *record.Session, t *record.Transfer) {
			t.Connection.State, t.Connection.Attempts = "refused", 1
		}),
		Variant(2, func(_ *record.Session, t *record.Transfer) {
			t.Connection.State = "unreachable"
			t.Notes.Conn.ICMP = &flow.ICMP{From: flow.HostOf(netip.MustParseAddr("203.0.113.254")), Type: 3, Code: 13, Mark: MarkAt(200, 17)}
		}),
		Variant(3, func(_ *record.Session, t *record.Transfer) {
			neverTried(t)
			t.Command, t.Argument, t.Direction = Ptr("LIST"), Ptr("-la"), Ptr(record.Download)
			t.Notes.Ran, t.Reply = Line(300, 20, "LIST -la"), Reply(9000, 40, 425, "Failed to establish connection.")
			t.Frames.Command, t.Frames.Reply = flow.At(0, 20), flow.At(0, 40)
		}),
		Variant(4, func(_ *record.Session, t *record.Transfer) {
			neverTried(t)
			t.Outcome = record.Unused
		}),
		Variant(5, func(s *record.Session, t *record.Transfer) {
			neverTried(t)
			s.Mode = record.None
			t.Outcome, t.Announced, t.Method = record.Rejected, nil, "EPSV"
			t.Notes.Asked, t.Notes.Answer = Line(140, 14, "EPSV"), Reply(150, 15, 500, "'EPSV': command not understood")
			t.Reply = t.Notes.Answer
		}),
		Variant(6, func(s *record.Session, t *record.Transfer) {
			s.Client, s.Server = Endpoint("192.0.2.10:50000"), Endpoint("192.0.2.21:2121")
			s.Mode, s.TLS, s.Login, s.User, s.Initiator = record.Passive, record.TLSExplicit, record.LoginNone, nil, record.Client
			*t = record.Transfer{N: 1, Method: record.MethodEncrypted, Mode: record.Passive, Initiator: record.Client,
				Evidence: record.EvidenceInferred, Direction: Ptr(record.Upload), Outcome: record.Unknown, Bytes: Ptr(uint64(5120)),
				Connection: &record.Connection{Src: Endpoint("192.0.2.10:50002"), Dst: Endpoint("192.0.2.21:40000"), Start: At(50), State: "established", Attempts: 1},
				Frames:     record.Frames{SYN: flow.At(0, 30), FirstData: flow.At(0, 34)}}
		}),
		Variant(7, func(_ *record.Session, t *record.Transfer) {
			third := Endpoint("198.51.100.66:33333")
			t.Connection.Src, t.Connection.State, t.Initiator, t.Outcome = third, "established", record.ThirdParty, record.OK
			t.Bytes, t.Direction, t.Command, t.Argument = Ptr(uint64(1)), Ptr(record.Download), Ptr("RETR"), Ptr("secret.txt")
			t.Reply = Reply(9000, 40, 226, "ok")
		}),
		Variant(8, func(s *record.Session, t *record.Transfer) {
			s.Mode, s.Capture = record.Active, record.Coverage{ClientSide: true, MissingBytes: 1}
			*t = ActiveTransfer(1, "NLST", "", 20, 43591, 266)
			t.Method, t.Announced, t.Notes.Asked, t.Notes.Answer, t.Frames.Negotiation = record.MethodDefault, nil, nil, nil, 0
			t.Outcome, t.Reply, t.MissingBytes = record.Incomplete, nil, Ptr(uint64(66))
		}),
		{ID: 9, Start: At(0), End: At(86_500_000), Client: Endpoint("192.0.2.1:1234"), Server: Endpoint("192.0.2.2:21"), User: Ptr("root"), Login: record.LoginFailed,
			Mode: record.None, Initiator: record.None, Closing: "rst", TLS: record.TLSRefused, Capture: Whole,
			Notes: record.Notes{Heard: record.Heard{Logins: make([]record.Login, 3), AuthTLS: MarkAt(3, 7)}}},
	}
}

func neverTried(t *record.Transfer) {
	t.Connection, t.Notes.Conn, t.Notes.Tried = nil, nil, nil
	t.Initiator, t.Evidence, t.Frames.SYN = record.None, record.None, 0
}

// ClearText is the finding that nearly every session without TLS has.
var ClearText = record.Finding{ID: "cleartext-credentials", Severity: "medium",
	Message: "the password of user \"labuser\" went to 203.0.113.1:21 in clear text (packet 12); the server accepted it", Advice: "use FTP over TLS"}
