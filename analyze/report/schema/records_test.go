package schema

import (
	"bytes"
	"encoding/json"
	"net/netip"
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/analyze/finding"
	"ftpscope/analyze/report"
	"ftpscope/analyze/session"
	"ftpscope/capture/flow"
)

// Records made up to hold everything that records can hold.

var (
	begin = session.Stamp{Time: 1709287335 * flow.Second, Digits: 6}
	end   = session.Stamp{Time: 1709287337 * flow.Second, Digits: 6}
)

func ptr[T any](v T) *T { return &v }

func fullConnection() session.Connection {
	return session.Connection{Src: netip.MustParseAddrPort("192.0.2.21:20"), Dst: netip.MustParseAddrPort("192.0.2.10:50000"),
		Start: begin, End: end, State: "established", Attempts: 1, Closing: "fin", Network: fullNetwork()}
}

func fullNetwork() *session.Network {
	return &session.Network{Paths: []session.NetworkPath{{Name: "VXLAN 5000", Steps: []session.NetworkStep{
		{Kind: "vxlan", ID: ptr(uint64(5000)), Ends: []netip.Addr{netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("192.0.2.2")}},
	}}}}
}

func fullReply(code int) session.Reply {
	return session.Reply{Time: begin, Pos: flow.At(1, 9), Code: code, Text: "so be it"}
}

func fullSession() *session.Session {
	pos := flow.At(1, 7)
	return &session.Session{
		ID: 1, Start: begin, End: end, Client: netip.MustParseAddrPort("192.0.2.10:40000"), Server: netip.MustParseAddrPort("192.0.2.21:21"),
		Network: fullNetwork(),
		User:    ptr("ftp"), Anonymous: true, Password: ptr("me@example.org"), Login: session.LoginOK, TLS: session.TLSNone,
		Banner: ptr("welcome"), System: ptr("UNIX"), Mode: session.Active, Initiator: session.Server, Closing: session.ClosingQuit,
		Open: true, Commands: 1, First: flow.Mark{Ord: 1},
		Dialogue: []session.Exchange{{Time: begin, Pos: pos, Command: "RETR", Argument: ptr("a"), Replies: []session.Reply{fullReply(226)}}},
		Capture:  session.Coverage{FromStart: true, ToEnd: true, ClientSide: true, ServerSide: true, MissingBytes: 1},
		Transfers: []session.Transfer{{
			N: 1, Command: ptr("RETR"), Argument: ptr("a"), Path: ptr("/a"), Direction: ptr(session.Download), Representation: ptr("I"),
			Restart: ptr(uint64(1)), Method: "PORT", Mode: session.Active, Announced: ptr(netip.MustParseAddrPort("192.0.2.10:50000")),
			ExpectedInitiator: ptr(session.Server), Initiator: session.Server, Evidence: session.EvidenceSYN, Connection: ptr(fullConnection()),
			Bytes: ptr(uint64(1)), MissingBytes: ptr(uint64(1)), MD5: ptr("d41d8cd98f00b204e9800998ecf8427e"), SHA1: ptr("da39a3ee5e6b4b0d3255bfef95601890afd80709"), SHA256: ptr("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
			MIMEType: ptr("text/plain"), File: ptr("out/a"), Preliminary: ptr(fullReply(150)), Reply: ptr(fullReply(226)), Outcome: session.OK,
			Frames: session.Frames{Negotiation: pos, Command: pos, SYN: pos, FirstData: pos, Reply: pos},
		}},
		Findings: []session.Finding{{ID: "data-refused", Severity: finding.High, Message: "refused", Transfer: 1, Frames: []flow.Pos{pos}, Advice: "look"}},
	}
}

// countedSession has the number of its commands instead of the commands.
func countedSession() *session.Session {
	s := fullSession()
	s.Dialogue = nil
	return s
}

func fullAttempt() *session.Attempt {
	return &session.Attempt{ClientIP: netip.MustParseAddr("2001:db8::1"), Server: netip.MustParseAddrPort("[2001:db8::2]:21"), Count: 1,
		State: "unreachable", First: begin, Last: end, ICMP: &session.ICMP{From: netip.MustParseAddr("2001:db8::3"), Type: 1, Code: 4}, Network: fullNetwork()}
}

func fullOrphan() *session.Orphan {
	return &session.Orphan{Mode: session.Active, Evidence: session.EvidenceInferred, Initiator: session.Server, Connection: fullConnection(), Bytes: 1}
}

func fullSummary() *session.Summary {
	counts := map[string]int{}
	for _, name := range finding.Severities() {
		counts[name] = 1
	}
	return &session.Summary{
		Files: []string{"a.pcap", "b.pcap"}, Packets: 9, Bytes: 900, First: ptr(begin), Last: ptr(end), Sessions: 1,
		Transfers: session.Tally{Active: 1, Passive: 1, Unknown: 1}, Attempts: 1, Orphans: 1, Findings: counts,
		Capture: session.SummaryCapture{MissingBytes: 1, TruncatedFiles: []string{"b.pcap"}, Undecoded: 1, Reasons: []session.Reason{{Text: "IPsec ESP", Packets: 1}}, Dropped: 1, Evicted: 1},
		Hidden:  &session.Hidden{Sessions: 1, Attempts: 1, Orphans: 1},
	}
}

// full are the makers of records; each call gives a new one.
var full = []func() any{
	func() any { return fullSession() }, func() any { return countedSession() },
	func() any { return fullAttempt() }, func() any { return fullOrphan() }, func() any { return fullSummary() },
}

// line is a record as -o json writes it.
func line(t *testing.T, record any) json.RawMessage {
	t.Helper()
	format, ok := report.Find("json")
	require.True(t, ok)
	var b bytes.Buffer
	w := format.New(&b, report.Options{ShowPasswords: true, Files: 2})
	switch r := record.(type) {
	case *session.Session:
		require.NoError(t, w.Session(r))
	case *session.Attempt:
		require.NoError(t, w.Attempt(r))
	case *session.Orphan:
		require.NoError(t, w.Orphan(r))
	case *session.Summary:
		require.NoError(t, w.Summary(r))
	}
	return b.Bytes()
}
