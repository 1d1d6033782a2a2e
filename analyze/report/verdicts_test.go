package report

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/analyze/prose"
	"ftpscope/analyze/record"
	"ftpscope/capture/flow"
)

var password = record.Finding{ID: cleartextID, Severity: "medium",
	Message: "the password of user \"labuser\" went to 203.0.113.1:21 in clear text (packet 12); the server accepted it", Advice: "use FTP over TLS"}

// hijacked is a download whose data connection a third host opened.
func hijacked(id int, third string) *record.Session {
	return variant(id, func(s *record.Session, t *record.Transfer) {
		to := ep("203.0.113.1:50001")
		t.Announced, t.Initiator, t.Outcome = &to, record.ThirdParty, record.OK
		t.Connection.Src, t.Connection.Dst, t.Connection.State = ep(third), to, established
		t.Notes.Conn.Half[flow.In] = flow.Half{Bytes: 30000, FirstData: markAt(200, 20)}
		t.Frames.FirstData, t.Bytes, t.Direction = flow.At(0, 20), ptr(uint64(30000)), ptr(record.Download)
		t.Command, t.Argument, t.Notes.Ran, t.Reply = ptr("RETR"), ptr("a; b"), line(150, 18, "RETR a; b"), reply(9000, 40, 226, "ok")
		s.Findings = []record.Finding{password, {ID: "third-party-data-connection", Severity: "critical", Transfer: 1,
			Message: t.Connection.Src.Addr().String() + " connected to 203.0.113.1:50001, announced by PASV for RETR \"a; b (packet 1)\" (packets 15, 16); it got 30,000 bytes",
			Advice:  "is it another address of the client?"}}
	})
}

// lost is a download of which the control connection was cut; bytes of size came through.
func lost(id int, bytes, size uint64, end flow.Half) *record.Session {
	return variant(id, func(s *record.Session, t *record.Transfer) {
		*t = activeTransfer(1, "RETR", "photo.bin", 20, 43591, bytes)
		s.Mode, s.Client, s.Server, s.Closing, s.End = record.Active, ep("192.0.2.10:51234"), ep("192.0.2.21:21"), "rst", at(600)
		s.Notes.Control.Src, s.Notes.Control.Dst = s.Client, s.Server
		s.Notes.Control.Half[flow.In] = end
		t.Outcome, t.Reply, t.Notes.Size = record.Incomplete, nil, &size
		s.Findings = []record.Finding{password, {ID: "data-cut", Severity: "medium", Transfer: 1, Message: "the data connection was reset", Advice: "did it run into a limit of its own?"}}
	})
}

// TestVerdicts shows what a reader is told first, and what neither side of a ladder sent.
func TestVerdicts(t *testing.T) {
	filtered := variant(5, func(s *record.Session, t *record.Transfer) {
		t.Connection.State, t.Connection.Attempts = "unreachable", 1
		t.Command, t.Notes.Ran = ptr("LIST"), line(300, 20, "LIST")
		t.Reply = reply(9000, 40, 425, "Can't build data connection: no route to the address that you gave me.")
		t.Notes.Conn.ICMP = &flow.ICMP{From: flow.HostOf(netip.MustParseAddr("192.168.50.2")), Type: 3, Code: 3, Mark: markAt(200, 17)}
	})
	all := []*record.Session{
		hijacked(1, "198.51.100.66:33333"),
		hijacked(2, "[2001:db8:1234:5678:9abc:def0:1234:5678]:33333"),
		lost(3, 38560, 900000, flow.Half{RST: markAt(7000, 90), FIN: markAt(8000, 95)}),
		lost(4, 30000, 30000, flow.Half{FIN: markAt(7000, 90)}),
		filtered,
	}
	for _, f := range []string{"table", "explain"} {
		t.Run(f, func(t *testing.T) {
			got := write(t, f, Options{}, all...)
			golden(t, "verdicts."+f, got)
			for l := range strings.SplitSeq(got, "\n") {
				require.LessOrEqual(t, prose.Columns(l), DefaultWidth, l)
			}
		})
	}
}

func TestRanked(t *testing.T) {
	found := func(id, severity string, transfer int) record.Finding {
		return record.Finding{ID: id, Severity: severity, Transfer: transfer}
	}
	s := &record.Session{Transfers: []record.Transfer{{N: 1, Outcome: record.OK}, {N: 2, Outcome: record.Aborted}}}
	for _, c := range []struct {
		name string
		list []record.Finding
		want []string
	}{
		{"none", nil, nil},
		{"gravest first", []record.Finding{found("a", "low", 1), found("b", "critical", 1), found("c", "high", 0)}, []string{"b", "c", "a"}},
		{"equals keep their order", []record.Finding{found("a", "high", 1), found("b", "high", 0)}, []string{"a", "b"}},
		{"password last among equals", []record.Finding{found(cleartextID, "medium", 0), found("a", "medium", 1)}, []string{"a", cleartextID}},
		{"password after a milder cause", []record.Finding{found(cleartextID, "medium", 0), found("a", "low", 1), found("b", "low", 2)}, []string{"a", "b", cleartextID}},
		{"password before what is milder and no cause", []record.Finding{found(cleartextID, "medium", 0), found("a", "low", 1)}, []string{cleartextID, "a"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s.Findings = c.list
			var got []string
			for _, f := range ranked(s) {
				got = append(got, f.ID)
			}
			require.Equal(t, c.want, got)
		})
	}
}

func TestFirstClause(t *testing.T) {
	for in, want := range map[string]string{
		"":                              "",
		"a; b":                          "a",
		"a (packets 1, 2) b (packet 3)": "a b",
		`RETR "x; \"; y (packet 1)" (packet 2); z`: `RETR "x; \"; y (packet 1)"`,
		`open "quote; to the end`:                  `open "quote; to the end`,
		`ends in "\`:                               `ends in "\`,
		"a (packet 1":                              "a (packet 1",
	} {
		require.Equal(t, want, prose.FirstClause(in), in)
	}
}

func TestProgress(t *testing.T) {
	of := func(bytes, size uint64) record.Transfer {
		return record.Transfer{Outcome: record.Aborted, Representation: ptr("I"), Bytes: &bytes, Initiator: record.Client,
			Connection: &record.Connection{State: established}, Notes: record.TransferNotes{Size: &size}}
	}
	for _, c := range []struct {
		name   string
		t      record.Transfer
		change func(*record.Transfer)
		want   string
	}{
		{"part", of(38560, 900000), nil, "38,560 of 900,000 bytes (4 %)"},
		{"nothing", of(0, 10), nil, "0 of 10 bytes (0 %)"},
		{"hardly any", of(1, 1<<60), nil, "1 of 1,152,921,504,606,846,976 bytes (less than 1 %)"},
		{"nearly all", of(1<<63-2, 1<<63-1), nil, "9,223,372,036,854,775,806 of 9,223,372,036,854,775,807 bytes (99 %)"},
		{"all", of(10, 10), nil, "all 10 bytes that the server announced"},
		{"all, unconfirmed", of(1, 1), func(t *record.Transfer) { t.Outcome = record.Incomplete }, "the 1 byte that the server announced; only the confirmation is missing"},
		{"more", of(11, 10), nil, ""},
		{"empty", of(0, 0), nil, ""},
		{"worked", of(5, 10), func(t *record.Transfer) { t.Outcome = record.OK }, ""},
		{"resumed", of(5, 10), func(t *record.Transfer) { t.Restart = ptr(uint64(3)) }, ""},
		{"text", of(5, 10), func(t *record.Transfer) { t.Representation = ptr("A") }, ""},
		{"compressed", of(5, 10), func(t *record.Transfer) { t.Notes.Mode = "Z" }, ""},
		{"another host", of(5, 10), func(t *record.Transfer) { t.Initiator = record.ThirdParty }, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.change != nil {
				c.change(&c.t)
			}
			require.Equal(t, c.want, progress(&c.t))
		})
	}
}

func TestCutEnd(t *testing.T) {
	for _, c := range []struct {
		in    string
		width int
		want  string
	}{
		{"short", 10, "short"},
		{"425 Failed to establish connection.", 31, "425 Failed to establish …"},
		{"onewordthatislong", 8, "oneword…"},
		{"ab cdefghijkl", 8, "ab cdef…"},
		{"最終版最終版", 6, "最終…"},
		{"abc", 1, "…"},
		{"abc", 0, ""},
	} {
		got := prose.CutEnd(c.in, c.width)
		require.Equal(t, c.want, got)
		require.LessOrEqual(t, prose.Columns(got), max(c.width, 0))
	}
}

func TestSentence(t *testing.T) {
	require.Equal(t, "Is it so?", prose.Sentence("is it so?"))
	require.Equal(t, "It is.", prose.Sentence("it is"))
	require.Equal(t, `It said "done."`, prose.Sentence(`it said "done."`))
	require.Equal(t, `It said "done".`, prose.Sentence(`it said "done"`))
	require.Equal(t, `".`, prose.Sentence(`"`))
	require.Empty(t, prose.Sentence(""))
}

// TestHere: the ports that a firewall has to let in are all that were announced, or said to be more.
func TestHere(t *testing.T) {
	require.Equal(t, "", here(nil))
	require.Equal(t, " (here 50001)", here([]uint16{50001}))
	require.Equal(t, " (here 50001, 50002, 50003 and 50004)", here([]uint16{50001, 50002, 50003, 50004}))
	require.Equal(t, " (here 50001, 50002, 50003, 50004 and others)", here([]uint16{50001, 50002, 50003, 50004, 50005}))
}
