package schema

import (
	"bytes"
	"encoding/json"
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ftpscope/analyze/record"
	"ftpscope/analyze/report"
	"ftpscope/analyze/report/formats"
	"ftpscope/capture/flow"
)

// Records made up to hold everything that records can hold.

var (
	begin = record.Stamp{Time: 1709287335 * flow.Second, Digits: 6}
	end   = record.Stamp{Time: 1709287337 * flow.Second, Digits: 6}
)

func ptr[T any](v T) *T { return &v }

func fullConnection() record.Connection {
	return record.Connection{Src: netip.MustParseAddrPort("192.0.2.21:20"), Dst: netip.MustParseAddrPort("192.0.2.10:50000"),
		Start: begin, End: end, State: "established", Attempts: 1, Channels: 2, Closing: "fin", Network: fullNetwork()}
}

func fullNetwork() *record.Network {
	return &record.Network{Paths: []record.NetworkPath{{Name: "VXLAN 5000", Steps: []record.NetworkStep{
		{Kind: "vxlan", ID: ptr(uint64(5000)), Ends: []netip.Addr{netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("192.0.2.2")}},
	}}}}
}

func fullReply(code int) record.Reply {
	return record.Reply{Time: begin, Pos: flow.At(1, 9), Link: flow.At(1, 7), Code: code, Text: "so be it"}
}

func fullSession() *record.Session {
	pos := flow.At(1, 7)
	return &record.Session{
		ID: 1, Start: begin, End: end, Client: netip.MustParseAddrPort("192.0.2.10:40000"), Server: netip.MustParseAddrPort("192.0.2.21:21"),
		Network: fullNetwork(),
		User:    ptr("ftp"), Anonymous: true, Password: ptr("me@example.org"), Login: record.LoginOK, TLS: record.TLSNone,
		Banner: ptr("welcome"), Mode: record.Active, Initiator: record.Server, Closing: record.ClosingQuit,
		Open: true, Commands: 1, Origin: record.Origin{Sensor: "dmz1", First: flow.Mark{Ord: 1}, Twin: 2, RealClient: "192.0.2.1:40000", RealServer: "ftp.example.net:21"},
		Said: record.Said{Handshake: fullHandshake(), System: ptr("UNIX"), Dialogue: []record.Exchange{{Time: begin, Pos: pos, Link: pos, Command: "RETR", Argument: ptr("a"), Replies: []record.Reply{fullReply(226)}}},
			Operations: []record.Operation{{Time: begin, Pos: pos, Link: pos, What: "RNTO", Path: ptr("/b"), From: ptr("/a"), Argument: ptr("x"), Reply: ptr(fullReply(250))}}},
		Capture: record.Coverage{FromStart: true, ToEnd: true, ClientSide: true, ServerSide: true, MissingBytes: 1, Decrypted: true},
		Transfers: []record.Transfer{{
			N: 1, Command: ptr("RETR"), Argument: ptr("a"), Path: ptr("/a"), Direction: ptr(record.Download), Representation: ptr("I"),
			Restart: ptr(uint64(1)), Method: "PORT", Mode: record.Active, Announced: ptr(netip.MustParseAddrPort("192.0.2.10:50000")),
			ExpectedInitiator: ptr(record.Server), Initiator: record.Server, Evidence: record.EvidenceSYN, Connection: ptr(fullConnection()),
			Bytes: ptr(uint64(1)), MissingBytes: ptr(uint64(1)), Sealed: record.Sealed{PlainBytes: ptr(uint64(1)), Handshake: fullHandshake()}, Content: record.Content{MD5: ptr("d41d8cd98f00b204e9800998ecf8427e"), SHA1: ptr("da39a3ee5e6b4b0d3255bfef95601890afd80709"), SHA256: ptr("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"), MIMEType: ptr("text/plain"), File: ptr("out/a")},
			Preliminary: ptr(fullReply(150)), Reply: ptr(fullReply(226)), Outcome: record.OK,
			Frames: record.Frames{Negotiation: pos, Command: pos, SYN: pos, FirstData: pos, Reply: pos, Link: &record.Frames{Negotiation: pos, Command: pos, SYN: pos, FirstData: pos, Reply: pos}},
			TCP:    fullTCP(), Verdict: fullVerdict(),
		}},
		Findings: []record.Finding{{ID: "data-refused", Severity: record.High, Message: "refused", Transfer: 1, Frames: []flow.Pos{pos}, Link: []flow.Pos{pos}, Advice: "look"}},
		TCP:      fullTCP(), Verdict: fullVerdict(),
	}
}

func fullHandshake() *record.TLSInfo {
	mark := flow.Mark{Ord: 1, Pos: flow.At(1, 9)}
	return &record.TLSInfo{ClientHello: mark, ServerHello: mark, ServerName: "ftp.example.net", Offered: []string{"TLS 1.2"}, Protocols: []string{"ftp"},
		Version: "TLS 1.2", Cipher: "TLS_RSA_WITH_AES_128_GCM_SHA256", Protocol: "ftp",
		Fingerprints: record.Fingerprints{JA3: "d41d8cd98f00b204e9800998ecf8427e", JA4: "t13d1516h2_8daaf6152771_d8a2da3f94cd", JA3S: "d41d8cd98f00b204e9800998ecf8427e"},
		Resumption:   record.Resumption{Resumed: true, Full: true}, Alert: record.TLSAlert{Mark: mark, Name: "unknown CA", Fatal: true, ByServer: true},
		Certificate: &record.Certificate{Mark: mark, Serial: "01", Subject: "CN=a", Issuer: "CN=b", SHA256: [32]byte{1}, Names: []string{"a"}, SelfSigned: true, NotBefore: time.Unix(0, 0).UTC(), NotAfter: time.Unix(1, 0).UTC()}}
}

func fullTCP() *record.TCP {
	return &record.TCP{Duration: flow.Second, Rate: ptr(1.0), Acknowledged: ptr(uint64(1)), Again: &record.Again{Segments: 1, Bytes: 1},
		RTTHandshake: ptr(flow.Millisecond), RTT: ptr(flow.Millisecond), ZeroWindow: ptr(flow.Millisecond), Limit: record.LimitLoss,
		Stall: &record.Stall{From: begin, To: end, After: 1, Why: flow.WhyLoss.String()}}
}

func fullVerdict() *record.Verdict {
	return &record.Verdict{Cause: record.CauseDataNeverTried, At: record.AtServer, Certainty: record.Open, Or: []string{record.CauseDataBlocked}, Transfer: 1,
		Frames: []flow.Pos{flow.At(1, 9)}, Link: []flow.Pos{flow.At(1, 9)}, Text: "nobody came", Next: []string{"look"}}
}

// countedSession has the number of its commands instead of the commands.
func countedSession() *record.Session {
	s := fullSession()
	s.Dialogue = nil
	return s
}

func fullAttempt() *record.Attempt {
	return &record.Attempt{ClientIP: netip.MustParseAddr("2001:db8::1"), Server: netip.MustParseAddrPort("[2001:db8::2]:21"), Count: 1,
		State: "unreachable", First: begin, Last: end, ICMP: &record.ICMP{From: netip.MustParseAddr("2001:db8::3"), Type: 1, Code: 4}, Network: fullNetwork(), Verdict: fullVerdict(), Sensor: "dmz1"}
}

func fullOrphan() *record.Orphan {
	return &record.Orphan{Mode: record.Active, Evidence: record.EvidenceInferred, Initiator: record.Server, Connection: fullConnection(), Bytes: 1, TCP: fullTCP(), Verdict: fullVerdict(), Sensor: "dmz1", Conn: flow.Conn{Last: flow.Mark{Pos: flow.At(1, 9)}}}
}

func fullSummary() *record.Summary {
	counts := map[string]int{}
	for _, name := range record.FromMildest() {
		counts[name] = 1
	}
	return &record.Summary{
		Files: []string{"a.pcap", "b.pcap"}, Packets: 9, Bytes: 900, First: ptr(begin), Last: ptr(end), Sessions: 1,
		Transfers: record.Tally{Active: 1, Passive: 1, Unknown: 1}, Attempts: 1, Orphans: 1, Findings: counts,
		Capture: record.SummaryCapture{MissingBytes: 1, TruncatedFiles: []string{"b.pcap"}, Undecoded: 1, Reasons: []record.Reason{{Text: "IPsec ESP", Packets: 1}}, Dropped: 1, Evicted: 1, Repeated: 1},
		Hidden:  &record.Hidden{Sessions: 1, Attempts: 1, Orphans: 1},
		Sensor:  "dmz1",
	}
}

func fullGap() *record.Gap { return &record.Gap{Sensor: "dmz1", Records: 1} }

// full are the makers of records; each call gives a new one.
var full = []func() any{
	func() any { return fullSession() }, func() any { return countedSession() },
	func() any { return fullAttempt() }, func() any { return fullOrphan() }, func() any { return fullSummary() },
	func() any { return fullGap() },
}

// line is a record as -o json writes it.
func line(t *testing.T, r any) json.RawMessage {
	t.Helper()
	format, ok := formats.Find("json")
	require.True(t, ok)
	var b bytes.Buffer
	w := format.New(&b, report.Options{ShowPasswords: true, Files: 2})
	switch r := r.(type) {
	case *record.Session:
		require.NoError(t, w.Session(r))
	case *record.Attempt:
		require.NoError(t, w.Attempt(r))
	case *record.Orphan:
		require.NoError(t, w.Orphan(r))
	case *record.Summary:
		require.NoError(t, w.Summary(r))
	case *record.Gap:
		require.NoError(t, w.(report.GapWriter).Gap(r))
	}
	return b.Bytes()
}
