package formats

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/analyze/prose"
	"ftpscope/analyze/record"
	"ftpscope/analyze/report"
	"ftpscope/analyze/report/reporttest"
	"ftpscope/capture/flow"
)

// hijacked is a download whose data connection a third host opened.
func hijacked(id int, third string) *record.Session {
	return reporttest.Variant(id, func(s *record.Session, t *record.Transfer) {
		to := reporttest.Endpoint("203.0.113.1:50001")
		t.Announced, t.Initiator, t.Outcome = &to, record.ThirdParty, record.OK
		t.Connection.Src, t.Connection.Dst, t.Connection.State = reporttest.Endpoint(third), to, record.Established
		t.Notes.Conn.Half[flow.In] = flow.Half{Bytes: 30000, FirstData: reporttest.MarkAt(200, 20)}
		t.Frames.FirstData, t.Bytes, t.Direction = flow.At(0, 20), reporttest.Ptr(uint64(30000)), reporttest.Ptr(record.Download)
		t.Command, t.Argument, t.Notes.Ran, t.Reply = reporttest.Ptr("RETR"), reporttest.Ptr("a; b"), reporttest.Line(150, 18, "RETR a; b"), reporttest.Reply(9000, 40, 226, "ok")
		s.Findings = []record.Finding{reporttest.ClearText, {ID: "third-party-data-connection", Severity: "critical", Transfer: 1,
			Message: t.Connection.Src.Addr().String() + " connected to 203.0.113.1:50001, announced by PASV for RETR \"a; b (packet 1)\" (packets 15, 16); it got 30,000 bytes",
			Advice:  "is it another address of the client?"}}
	})
}

// lost is a download of which the control connection was cut; bytes of size came through.
func lost(id int, bytes, size uint64, end flow.Half) *record.Session {
	return reporttest.Variant(id, func(s *record.Session, t *record.Transfer) {
		*t = reporttest.ActiveTransfer(1, "RETR", "photo.bin", 20, 43591, bytes)
		s.Mode, s.Client, s.Server, s.Closing, s.End = record.Active, reporttest.Endpoint("192.0.2.10:51234"), reporttest.Endpoint("192.0.2.21:21"), "rst", reporttest.At(600)
		s.Notes.Control.Src, s.Notes.Control.Dst = s.Client, s.Server
		s.Notes.Control.Half[flow.In] = end
		t.Outcome, t.Reply, t.Notes.Size = record.Incomplete, nil, &size
		s.Findings = []record.Finding{reporttest.ClearText, {ID: "data-cut", Severity: "medium", Transfer: 1, Message: "the data connection was reset", Advice: "did it run into a limit of its own?"}}
	})
}

// TestVerdicts shows what a reader is told first, and what neither side of a ladder sent.
func TestVerdicts(t *testing.T) {
	filtered := reporttest.Variant(5, func(s *record.Session, t *record.Transfer) {
		t.Connection.State, t.Connection.Attempts = "unreachable", 1
		t.Command, t.Notes.Ran = reporttest.Ptr("LIST"), reporttest.Line(300, 20, "LIST")
		t.Reply = reporttest.Reply(9000, 40, 425, "Can't build data connection: no route to the address that you gave me.")
		t.Notes.Conn.ICMP = &flow.ICMP{From: flow.HostOf(netip.MustParseAddr("192.168.50.2")), Type: 3, Code: 3, Mark: reporttest.MarkAt(200, 17)}
	})
	all := []*record.Session{
		hijacked(1, "198.51.100.66:33333"),
		hijacked(2, "[2001:db8:1234:5678:9abc:def0:1234:5678]:33333"),
		lost(3, 38560, 900000, flow.Half{RST: reporttest.MarkAt(7000, 90), FIN: reporttest.MarkAt(8000, 95)}),
		lost(4, 30000, 30000, flow.Half{FIN: reporttest.MarkAt(7000, 90)}),
		filtered,
	}
	for _, f := range []string{"table", "explain"} {
		t.Run(f, func(t *testing.T) {
			got := write(t, f, report.Options{}, all...)
			reporttest.Golden(t, "verdicts."+f, got)
			for l := range strings.SplitSeq(got, "\n") {
				require.LessOrEqual(t, prose.Columns(l), report.DefaultWidth, l)
			}
		})
	}
}
