package html

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/analyze/record"
	"ftpscope/analyze/report/diagnosis"
	"ftpscope/analyze/report/reporttest"
	"ftpscope/capture/flow"
)

// A row is what the table of sessions shows and searches.
func TestTableRow(t *testing.T) {
	s := reporttest.ActiveSession()
	s.Notes.Logins = append(s.Notes.Logins, record.Login{Code: 530}, record.Login{})
	s.Findings = []record.Finding{{ID: "b", Severity: "low"}, {ID: "a", Severity: "high"}, {ID: "a", Severity: "high"}}
	r := newTableRow(s, diagnosis.Trouble)
	require.Equal(t, rowModes{Mode: "active", Modes: []string{"active"}, Initiator: "server", Initiators: []string{"server"}, Sums: "2 ok", Transfers: 2, Outcomes: []string{"ok"}}, r.rowModes)
	require.Equal(t, rowLogins{User: "anonymous", Login: "ok", TLS: "none", Accepted: 1, Rejected: 1}, r.rowLogins)
	require.Equal(t, rowFindings{Gravity: record.Gravity("high"), Worst: "a", Count: 3, Findings: []string{"a", "b"}}, r.rowFindings)
	require.Equal(t, []string{"↓ 60.0 kB", "listings 266 B"}, r.Data)
	require.Equal(t, []string{"↓ photo.bin"}, r.Shown)
	require.Contains(t, r.Names, "RETR photo.bin 192.0.2.21:20 192.0.2.10:43677\n")
	require.Equal(t, []any{[]int{1}, [2]uint64{1, 106}, int64(1_000_000)}, []any{r.Files, r.Packets, r.Length})
	require.Len(t, r.Spans, 2)
	require.Equal(t, int64(stateGood), r.Spans[0][3])
	require.Len(t, r.array(), 39)
	require.Equal(t, []string{"LIST", "RETR photo.bin"}, r.Named)
	require.Equal(t, record.None, newTableRow(reporttest.BlockedSession(), diagnosis.Trouble).Initiator, "who only tried opened nothing")
}

// What a row holds is bounded, however much a session did.
func TestRowIsBounded(t *testing.T) {
	s := reporttest.ActiveSession()
	for i := range 500 {
		x := reporttest.ActiveTransfer(i+3, "RETR", strings.Repeat("x", i), uint64(i+100), uint16(i+2000), 1)
		x.Connection.Dst = reporttest.Endpoint("10.0." + string(rune('0'+i%10)) + ".1:4000")
		s.Transfers = append(s.Transfers, x)
	}
	user := strings.Repeat("u", 10_000)
	s.User = &user
	r := newTableRow(s, diagnosis.Quiet)
	require.LessOrEqual(t, len(r.Names), maxRowNames+maxRowUser)
	require.Len(t, r.Spans, maxRowSpans)
	require.Len(t, r.Hosts, maxRowHosts)
	require.Len(t, r.Shown, maxRowShown+1)
	require.Equal(t, "…", r.Shown[maxRowShown])
	require.Len(t, []rune(r.User), maxRowUser)
}

// That a transfer worked is not good when what it was for is not.
func TestStateOf(t *testing.T) {
	for name, test := range map[string]struct {
		change func(*record.Session, *record.Transfer)
		want   int
	}{
		"ok":          {func(*record.Session, *record.Transfer) {}, stateGood},
		"denied":      {func(_ *record.Session, x *record.Transfer) { x.Outcome = record.Denied }, stateBad},
		"third party": {func(_ *record.Session, x *record.Transfer) { x.Initiator = record.ThirdParty }, stateBad},
		"incomplete":  {func(_ *record.Session, x *record.Transfer) { x.Outcome = record.Incomplete }, stateOpen},
		"grave finding": {func(s *record.Session, x *record.Transfer) {
			s.Findings = []record.Finding{{Severity: "high", Transfer: x.N}}
		}, stateBad},
		"mild finding": {func(s *record.Session, x *record.Transfer) {
			s.Findings = []record.Finding{{Severity: "low", Transfer: x.N}}
		}, stateOpen},
		"a password": {func(s *record.Session, x *record.Transfer) { s.Findings = []record.Finding{reporttest.ClearText} }, stateGood},
		"a bounce": {func(s *record.Session, x *record.Transfer) {
			x.Connection.Dst = reporttest.Endpoint("192.0.2.99:80")
			s.Findings = []record.Finding{{ID: record.BounceID, Severity: "medium"}}
		}, stateBad},
	} {
		t.Run(name, func(t *testing.T) {
			s := reporttest.ActiveSession()
			test.change(s, &s.Transfers[1])
			require.Equal(t, test.want, stateOf(s, &s.Transfers[1]))
		})
	}
}

// How the control connection ended, and by whom.
func TestEndedBy(t *testing.T) {
	fin := flow.Half{FIN: reporttest.MarkAt(1, 1), RST: reporttest.MarkAt(1, 1)}
	for name, test := range map[string]struct {
		closing string
		half    [2]flow.Half
		want    string
	}{
		"quit": {record.ClosingQuit, [2]flow.Half{}, "QUIT of the client"}, "client": {"fin", [2]flow.Half{fin}, "FIN of the client, without QUIT"},
		"server": {"fin", [2]flow.Half{{}, fin}, "FIN of the server, without QUIT"}, "somebody": {"fin", [2]flow.Half{}, "FIN, without QUIT"},
		"reset": {"rst", [2]flow.Half{{}, fin}, "RST of the server"}, "reset by somebody": {"rst", [2]flow.Half{}, "RST"}, "cut": {"cut", [2]flow.Half{}, "not in the capture"},
	} {
		t.Run(name, func(t *testing.T) {
			s := reporttest.ActiveSession()
			s.Closing, s.Notes.Control.Half = test.closing, test.half
			require.Equal(t, test.want, endedBy(s))
		})
	}
}

// Filters show a transfer's packets, or a finding's, of one file.
func TestFilters(t *testing.T) {
	at := flow.At
	filter, file := framesFilter([]flow.Pos{0, at(1, 5), at(0, 9), at(1, 7)})
	require.Equal(t, []any{"frame.number in {5, 7}", 2}, []any{filter, file})
	filter, file = framesFilter([]flow.Pos{0})
	require.Equal(t, []any{"", 0}, []any{filter, file})
	for name, test := range map[string]struct {
		frames record.Frames
		span   []uint64
		file   int
	}{
		"all":           {record.Frames{Negotiation: at(0, 3), Command: at(0, 5), SYN: at(0, 6), Reply: at(0, 9)}, []uint64{3, 9}, 1},
		"no reply":      {record.Frames{Command: at(1, 5)}, []uint64{5}, 2},
		"nothing":       {record.Frames{}, nil, 0},
		"several files": {record.Frames{Command: at(0, 5), Reply: at(1, 6)}, nil, 0},
	} {
		t.Run(name, func(t *testing.T) {
			x := &record.Transfer{Frames: test.frames}
			require.Equal(t, test.span, controlSpan(x))
			require.Equal(t, test.file, fileOfTransfer(x))
		})
	}
	require.EqualValues(t, 3, dataPackets(&record.Session{Transfers: []record.Transfer{{Notes: record.TransferNotes{Conn: &flow.Conn{Half: [2]flow.Half{{Packets: 1}, {Packets: 2}}}}}, {}}}))
}

// When a transfer was is told by its commands, replies and connection.
func TestSpanOf(t *testing.T) {
	s := reporttest.ActiveSession()
	from, to := spanOf(s, &s.Transfers[1])
	require.Equal(t, []flow.Time{reporttest.At(360).Time, reporttest.At(570).Time}, []flow.Time{from, to})
	from, to = spanOf(s, &record.Transfer{})
	require.Less(t, to, from, "nothing is known")
	require.Equal(t, "2024-03-01 10:02:15.001", clock{dated: true}.when(fine, reporttest.At(1).Time).Text)
	require.Equal(t, "10:02:15.001", clock{}.when(fine, reporttest.At(1).Time).Text)
	require.Equal(t, when{"2024-03-01T10:02:15.001000Z", exact, "2024-03-01 10:02:15.001000"}, clock{}.when(exact, reporttest.At(1).Time))
}

// What an open data connection was: its packets, how long, who ended it, how fast.
func TestConnectionFacts(t *testing.T) {
	s := reporttest.ActiveSession()
	x := &s.Transfers[1]
	x.Notes.Conn.Half[flow.Out].Packets, x.Notes.Conn.Half[flow.Out].FIN = 42, reporttest.MarkAt(560, 96)
	require.Equal(t, facts{
		{"Its packets", "42, #43–#96"}, {"Lasted", "130 ms"}, {"Last packet", microseconds(reporttest.At(560).Time)}, {"Ended by", "FIN of the server, #96"}, {"Rate", "666.7 kB/s over 90 ms"},
	}, connectionFacts(s, x, false))
	x.Notes.Conn.Src = reporttest.Endpoint("192.0.2.66:20")
	require.Contains(t, connectionFacts(s, x, true), fact{"Ended by", "FIN of 192.0.2.66, 1:#96"})
	x.Connection.State = record.Refused
	require.Empty(t, connectionFacts(s, x, false))
	require.Empty(t, connectionFacts(s, &record.Transfer{}, false))
}

// How the data went over the wire, as far as the capture tells.
func TestCourseFacts(t *testing.T) {
	ms := func(n int) *flow.Time { return reporttest.Ptr(flow.Time(n) * flow.Millisecond) }
	require.Empty(t, courseFacts(nil))
	require.Empty(t, courseFacts(&record.TCP{Again: &record.Again{}, ZeroWindow: ms(0), Stall: &record.Stall{}, Limit: record.LimitShort}), "nothing happened")
	full := &record.TCP{Acknowledged: reporttest.Ptr(uint64(58_400)), Again: &record.Again{Segments: 12, Bytes: 17_520}, RTT: ms(40), ZeroWindow: ms(3400),
		Stall: &record.Stall{From: reporttest.At(0), To: reporttest.At(4000), After: 20_000, Why: flow.WhyZeroWindow.String()}, Limit: record.LimitWindow}
	require.Equal(t, facts{
		{"Acknowledged", "58,400 bytes"}, {"Sent again", "12 segments, 17,520 bytes"}, {"Round trip", "40 ms, seen from the place of capture"}, {"Window 0", "3.4 s"},
		{"Longest stall", "4.0 s, after 20,000 bytes: the receiver's window was 0"}, {"Held back by", "the receiving program, or a window too small for the way"},
	}, courseFacts(full))
	for why := flow.WhyUnknown + 1; why < flow.Whys; why++ {
		require.NotEmpty(t, stallWords[why.String()], why)
	}
	full.Stall.Why, full.Limit = flow.WhyUnknown.String(), "a word of tomorrow"
	require.Contains(t, courseFacts(full), fact{"Longest stall", "4.0 s, after 20,000 bytes"})
	s := reporttest.ActiveSession()
	s.Transfers[1].TCP = full
	require.Contains(t, connectionFacts(s, &s.Transfers[1], false), fact{"Sent again", "12 segments, 17,520 bytes"})
}
