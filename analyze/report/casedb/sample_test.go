package casedb

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/netip"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/analyze/record"
	"ftpscope/analyze/report"
	"ftpscope/capture/flow"
)

const start = 1709287335 * flow.Second // 2024-03-01 10:02:15 UTC

func at(n, ms int) record.Stamp {
	return record.Stamp{Time: start + flow.Time(n)*flow.Second + flow.Time(ms)*flow.Millisecond, Digits: 6}
}

func ptr[T any](v T) *T { return &v }

// sample is session n: a login, a download that failed and one that came through.
func sample(n int) *record.Session {
	host := netip.AddrFrom4([4]byte{10, 1, byte(n >> 8), byte(n)})
	client, server := netip.AddrPortFrom(host, 40000), netip.MustParseAddrPort("192.0.2.21:21")
	pos := func(i int) flow.Pos { return flow.At(0, uint64(n*20+i)) }
	reply := func(ms, i, code int, text string) record.Reply {
		return record.Reply{Time: at(n, ms), Pos: pos(i), Code: code, Text: text}
	}
	data := func(port uint16, state string) *record.Connection {
		return &record.Connection{Src: netip.MustParseAddrPort("192.0.2.21:20"), Dst: netip.AddrPortFrom(host, port),
			Start: at(n, 500), End: at(n, 600), State: state, Attempts: 1, Closing: "fin"}
	}
	announced := netip.AddrPortFrom(host, 43591)
	denied, done := reply(550, 8, 425, "Can't open data connection."), reply(700, 14, 226, "Done")
	s := &record.Session{
		ID: n, Start: at(n, 0), End: at(n, 1000), Client: client, Server: server, User: ptr("anna"), Password: ptr("s3cret"), Login: record.LoginOK,
		TLS: record.TLSNone, Banner: ptr("ready"), Mode: record.Active, Initiator: record.Server, Closing: record.ClosingQuit, Commands: 4,
		Capture: record.Coverage{FromStart: true, ToEnd: true, ClientSide: true, ServerSide: true},
		Transfers: []record.Transfer{{
			N: 1, Command: ptr("RETR"), Argument: ptr("a.bin"), Path: ptr("/a.bin"), Direction: ptr(record.Download), Representation: ptr("I"), Method: "PORT",
			Mode: record.Active, Announced: &announced, ExpectedInitiator: ptr(record.Server), Initiator: record.Server, Evidence: record.EvidenceSYN,
			Connection: data(43591, "refused"), Reply: &denied, Outcome: record.NoConnection,
			Frames: record.Frames{Negotiation: pos(4), Command: pos(6), SYN: pos(7), Reply: pos(8)},
			Notes:  record.TransferNotes{Ran: &record.Line{Mark: flow.Mark{Time: at(n, 450).Time}}},
		}, {
			N: 2, Command: ptr("RETR"), Argument: ptr("b.bin"), Path: ptr("/b.bin"), Direction: ptr(record.Download), Representation: ptr("I"), Method: "PORT",
			Mode: record.Active, Announced: &announced, ExpectedInitiator: ptr(record.Server), Initiator: record.Server, Evidence: record.EvidenceSYN,
			Connection: data(43592, "established"), Bytes: ptr(uint64(60000)), MissingBytes: ptr(uint64(0)), Reply: &done, Outcome: record.OK,
		}},
		Findings: []record.Finding{
			{ID: "cleartext-credentials", Severity: "medium", Message: "in clear", Frames: []flow.Pos{pos(1), pos(2)}, Advice: "use TLS"},
			{ID: "data-refused", Severity: "high", Transfer: 1, Message: "refused", Frames: []flow.Pos{pos(7)}},
		},
		Said: record.Said{Dialogue: []record.Exchange{{Time: at(n, 10), Pos: pos(1), Replies: []record.Reply{reply(10, 1, 220, "ready")}}},
			Operations: []record.Operation{{Time: at(n, 40), Pos: pos(5), What: "RNTO", Path: ptr("/b"), From: ptr("/a"), Reply: ptr(reply(41, 6, 250, "renamed"))}}},
	}
	s.Verdict = &record.Verdict{Cause: record.CauseDataRefused, At: record.AtClient, Certainty: record.Likely, Or: []string{record.CauseDataRejected}, Transfer: 1,
		Frames: []flow.Pos{pos(7), pos(8)}, Text: "nobody listened there", Next: []string{"start it", "open port 43591"}}
	s.Transfers[0].Verdict = s.Verdict
	for i, line := range [][2]string{{"USER", "anna"}, {"PASS", "s3cret"}, {"RETR", "a.bin"}, {"RETR", "b.bin"}} {
		s.Dialogue = append(s.Dialogue, record.Exchange{Time: at(n, 20+i), Pos: pos(2 + i), Command: line[0], Argument: &line[1],
			Replies: []record.Reply{reply(30+i, 3+i, 150, "wait"), reply(40+i, 4+i, 226, "ok")}})
	}
	return s
}

// perSession are the rows of a sample in the tables that follow sessions.
var perSession = map[string]int{"transfers": 2, "commands": 5, "replies": 9, "operations": 1, "findings": 2}

// captureOf names a capture by its content.
func captureOf(name string) report.Input {
	sum := sha256.Sum256([]byte(name))
	return report.Input{Name: name, Size: int64(len(name)), SHA256: hex.EncodeToString(sum[:])}
}

func inputs(names ...string) func() []report.Input {
	return func() (list []report.Input) {
		for _, name := range names {
			list = append(list, captureOf(name))
		}
		return list
	}
}

// storing is one run: its sessions are samples.
func storing(path string, sessions int, opt Options) (Outcome, error) {
	w, err := Open(path, opt)
	if err != nil {
		return Outcome{}, err
	}
	defer w.Close()
	if err := write(w, sessions); err != nil {
		return Outcome{}, err
	}
	err = w.Summary(&record.Summary{Sessions: sessions, Packets: uint64(sessions) * 20, First: ptr(at(1, 0)), Last: ptr(at(sessions, 1000)),
		Capture: record.SummaryCapture{Limits: []record.LimitHit{{Limit: "steps", Count: 3}}}})
	return w.Outcome(), err
}

func write(w *Writer, sessions int) error {
	for n := range sessions {
		if err := w.Session(sample(n + 1)); err != nil {
			return err
		}
	}
	return nil
}

// store is storing that works.
func store(t testing.TB, path string, sessions int, opt Options) Outcome {
	t.Helper()
	out, err := storing(path, sessions, opt)
	require.NoError(t, err)
	return out
}

func casePath(t testing.TB) string { return filepath.Join(t.TempDir(), "case.db") }

// look opens a case as any other program would.
func look(t testing.TB, path string) *conn {
	t.Helper()
	c, err := outsider(path)
	require.NoError(t, err)
	t.Cleanup(func() { c.Close() })
	return c
}

// value is the one value of a query, as text.
func value(t testing.TB, c *conn, query string, args ...any) string {
	t.Helper()
	var v any
	require.NoError(t, c.get(query, args, &v), query)
	return fmt.Sprint(v)
}
