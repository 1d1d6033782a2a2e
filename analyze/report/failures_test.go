package report

import (
	"net/netip"
	"testing"

	"ftpscope/analyze/record"
	"ftpscope/capture/flow"
)

// variant is blockedSession with changes.
func variant(id int, change func(*record.Session, *record.Transfer)) *record.Session {
	s := blockedSession()
	s.ID, s.Findings = id, nil
	change(s, &s.Transfers[0])
	return s
}

// failures is one session for each way in which a transfer can miss its purpose, and for what is told apart.
func failures() []*record.Session {
	return []*record.Session{
		variant(1, func(_ *record.Session, t *record.Transfer) {
			t.Connection.State, t.Connection.Attempts = "refused", 1
		}),
		variant(2, func(_ *record.Session, t *record.Transfer) {
			t.Connection.State = "unreachable"
			t.Notes.Conn.ICMP = &flow.ICMP{From: flow.HostOf(netip.MustParseAddr("203.0.113.254")), Type: 3, Code: 13, Mark: markAt(200, 17)}
		}),
		variant(3, func(_ *record.Session, t *record.Transfer) {
			neverTried(t)
			t.Command, t.Argument, t.Direction = ptr("LIST"), ptr("-la"), ptr(record.Download)
			t.Notes.Ran, t.Reply = line(300, 20, "LIST -la"), reply(9000, 40, 425, "Failed to establish connection.")
			t.Frames.Command, t.Frames.Reply = flow.At(0, 20), flow.At(0, 40)
		}),
		variant(4, func(_ *record.Session, t *record.Transfer) {
			neverTried(t)
			t.Outcome = record.Unused
		}),
		variant(5, func(s *record.Session, t *record.Transfer) {
			neverTried(t)
			s.Mode = record.None
			t.Outcome, t.Announced, t.Method = record.Rejected, nil, "EPSV"
			t.Notes.Asked, t.Notes.Answer = line(140, 14, "EPSV"), reply(150, 15, 500, "'EPSV': command not understood")
			t.Reply = t.Notes.Answer
		}),
		variant(6, func(s *record.Session, t *record.Transfer) {
			s.Client, s.Server = ep("192.0.2.10:50000"), ep("192.0.2.21:2121")
			s.Mode, s.TLS, s.Login, s.User, s.Initiator = record.Passive, record.TLSExplicit, record.LoginNone, nil, record.Client
			*t = record.Transfer{N: 1, Method: record.MethodEncrypted, Mode: record.Passive, Initiator: record.Client,
				Evidence: record.EvidenceInferred, Direction: ptr(record.Upload), Outcome: record.Unknown, Bytes: ptr(uint64(5120)),
				Connection: &record.Connection{Src: ep("192.0.2.10:50002"), Dst: ep("192.0.2.21:40000"), Start: at(50), State: "established", Attempts: 1},
				Frames:     record.Frames{SYN: flow.At(0, 30), FirstData: flow.At(0, 34)}}
		}),
		variant(7, func(_ *record.Session, t *record.Transfer) {
			third := ep("198.51.100.66:33333")
			t.Connection.Src, t.Connection.State, t.Initiator, t.Outcome = third, "established", record.ThirdParty, record.OK
			t.Bytes, t.Direction, t.Command, t.Argument = ptr(uint64(1)), ptr(record.Download), ptr("RETR"), ptr("secret.txt")
			t.Reply = reply(9000, 40, 226, "ok")
		}),
		variant(8, func(s *record.Session, t *record.Transfer) {
			s.Mode, s.Capture = record.Active, record.Coverage{ClientSide: true, MissingBytes: 1}
			*t = activeTransfer(1, "NLST", "", 20, 43591, 266)
			t.Method, t.Announced, t.Notes.Asked, t.Notes.Answer, t.Frames.Negotiation = record.MethodDefault, nil, nil, nil, 0
			t.Outcome, t.Reply, t.MissingBytes = record.Incomplete, nil, ptr(uint64(66))
		}),
		{ID: 9, Start: at(0), End: at(86_500_000), Client: ep("192.0.2.1:1234"), Server: ep("192.0.2.2:21"), User: ptr("root"), Login: record.LoginFailed,
			Mode: record.None, Initiator: record.None, Closing: "rst", TLS: record.TLSRefused, Capture: whole,
			Notes: record.Notes{Heard: record.Heard{Logins: make([]record.Login, 3), AuthTLS: markAt(3, 7)}}},
	}
}

func neverTried(t *record.Transfer) {
	t.Connection, t.Notes.Conn, t.Notes.Tried = nil, nil, nil
	t.Initiator, t.Evidence, t.Frames.SYN = record.None, record.None, 0
}

func TestFailures(t *testing.T) {
	for _, f := range Formats() {
		t.Run(f.Name, func(t *testing.T) { golden(t, "failures."+f.Name, write(t, f.Name, Options{}, failures()...)) })
	}
}
