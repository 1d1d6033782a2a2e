package ladder

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/analyze/prose"
	"ftpscope/analyze/record"
	"ftpscope/analyze/report/reporttest"
	"ftpscope/capture/flow"
)

func drawn(l *Ladder, width int) string {
	p := &prose.Page{Width: width}
	l.Write(p)
	return p.String()
}

// Diagrams of the ways in which a transfer may go, as readers see them.
var diagrams = map[string]string{
	"active": `
   client 192.0.2.10                                  server 192.0.2.21
   │ 51234 ─── PORT 192,0,2,10,170,157 ─────────▶ 21    │  #36 “connect to me at port 43677” (170 × 256 + 157 = 43677)
   │ 51234 ◀── 200 PORT command successful ────── 21    │  #38 “I will”
   │ 51234 ─── RETR photo.bin ──────────────────▶ 21    │  #40 “send me this file”
   │ 43677 ◀══ SYN: opens the data connection ═══ 20    │  #43 ◀ the server is the initiator: ACTIVE
   │ 51234 ◀── 150 Opening BINARY mode data … ─── 21    │  #46 the server is about to use the data connection
   │ 43677 ◀══ 60,000 bytes ═════════════════════ 20    │  #47
   │ 51234 ◀── 226 Transfer complete ──────────── 21    │  #97 after 170 ms: “done”
`,
	"blocked": `
   client 203.0.113.10                                server 203.0.113.1
   │ 49640 ─── PASV ────────────────────────────▶ 21    │  #14 “where can I connect to you?”
   │ 49640 ◀── 227 … (192,168,50,2,195,81). ───── 21    │  #15 “connect to me at port 50001” (195 × 256 + 81 = 50001)
   │ 40608 ═══ SYN, 3 times ════════════════════▶ 50001 │  #16 the client tries to reach 192.168.50.2:50001
   │  no answer                                         │
`,
	"refused": `
   client 203.0.113.10                                server 203.0.113.1
   │ 49640 ─── PASV ────────────────────────────▶ 21    │  #14 “where can I connect to you?”
   │ 49640 ◀── 227 … (192,168,50,2,195,81). ───── 21    │  #15 “connect to me at port 50001” (195 × 256 + 81 = 50001)
   │ 40608 ═══ SYN ═════════════════════════════▶ 50001 │  #16 the client tries to reach 192.168.50.2:50001
   │ 40608 ◀══ RST: refused ═════════════════════ 50001 │  #31
`,
	"unreachable": `
   client 203.0.113.10                                server 203.0.113.1
   │ 49640 ─── PASV ────────────────────────────▶ 21    │  #14 “where can I connect to you?”
   │ 49640 ◀── 227 … (192,168,50,2,195,81). ───── 21    │  #15 “connect to me at port 50001” (195 × 256 + 81 = 50001)
   │ 40608 ═══ SYN, 3 times ════════════════════▶ 50001 │  #16 the client tries to reach 192.168.50.2:50001
   │          ICMP administratively prohibited          │  #17 from 203.0.113.254
`,
	"never tried": `
   client 203.0.113.10                                server 203.0.113.1
   │ 49640 ─── PASV ────────────────────────────▶ 21    │  #14 “where can I connect to you?”
   │ 49640 ◀── 227 … (192,168,50,2,195,81). ───── 21    │  #15 “connect to me at port 50001” (195 × 256 + 81 = 50001)
   │ 49640 ─── LIST -la ────────────────────────▶ 21    │  #20 “send me a listing”
   │                     ⋮ 8.7 s ⋮                      │
   │  no SYN of the data connection in the capture      │
   │ 49640 ◀── 425 Failed to establish … ──────── 21    │  #40 after 8.7 s: “that did not work”: 425 Failed to establish
   │                                                    │  connection.
`,
	"unused": `
   client 203.0.113.10                                server 203.0.113.1
   │ 49640 ─── PASV ────────────────────────────▶ 21    │  #14 “where can I connect to you?”
   │ 49640 ◀── 227 … (192,168,50,2,195,81). ───── 21    │  #15 “connect to me at port 50001” (195 × 256 + 81 = 50001)
`,
	"rejected": `
   client 203.0.113.10                                server 203.0.113.1
   │ 49640 ─── EPSV ────────────────────────────▶ 21    │  #14 “where can I connect to you?”
   │ 49640 ◀── 500 'EPSV': command not … ──────── 21    │  #15 “no”: 500 'EPSV': command not understood
`,
	"under TLS": `
   client 192.0.2.10                                  server 192.0.2.21
   │ 50002 ═══ SYN: opens the data connection ══▶ 40000 │  #30 ◀ the client is the initiator: PASSIVE
   │ 50002 ═══ 5,120 bytes ═════════════════════▶ 40000 │  #34
`,
	"third host": `
   client 203.0.113.10                                server 203.0.113.1
   │ 49640 ─── PASV ────────────────────────────▶ 21    │  #14 “where can I connect to you?”
   │ 49640 ◀── 227 … (192,168,50,2,195,81). ───── 21    │  #15 “connect to me at port 50001” (195 × 256 + 81 = 50001)
   │          198.51.100.66 ═══ SYN ═══▶ 50001          │  #16 ◀ a third host is the initiator; it went to
   │                                                    │  192.168.50.2:50001
   │        198.51.100.66 ◀═══ 1 byte ═══ 50001         │  #31
   │                     ⋮ 8.8 s ⋮                      │
   │ 49640 ◀── 226 ok ─────────────────────────── 21    │  #40 “done”
`,
	"default port": `
   client 203.0.113.10                                server 203.0.113.1
   │  no PORT or PASV is in the capture                 │
   │ 49640 ─── NLST ────────────────────────────▶ 21    │  #24 “send me a listing”
   │ 43591 ◀══ SYN: opens the data connection ═══ 20    │  #27 ◀ the server is the initiator: ACTIVE; it went to
   │                                                    │  192.0.2.10:43591
   │ 49640 ◀── 150 Opening BINARY mode data … ─── 21    │  #30 the server is about to use the data connection
   │ 43591 ◀══ 266 bytes ════════════════════════ 20    │  #31 66 of them are missing from the capture
`,
}

func TestDiagrams(t *testing.T) {
	sessions := map[string]*record.Session{"blocked": reporttest.BlockedSession()}
	for i, name := range []string{"refused", "unreachable", "never tried", "unused", "rejected", "under TLS", "third host", "default port"} {
		sessions[name] = reporttest.Failures()[i]
	}
	active := reporttest.ActiveSession()
	active.Transfers = active.Transfers[1:]
	sessions["active"] = active
	for name, s := range sessions {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, diagrams[name], "\n"+drawn(New(s, &s.Transfers[0], false), 120))
			for _, line := range strings.Split(drawn(New(s, &s.Transfers[0], false), 80), "\n") {
				require.LessOrEqual(t, prose.Columns(line), 80, line)
			}
		})
	}
}

// texts are what the rungs say.
func texts(l *Ladder) (all []string) {
	for i := range l.Rungs {
		all = append(all, l.Rungs[i].Text)
	}
	return all
}

func TestNotes(t *testing.T) {
	e := reporttest.Endpoint("192.0.2.21:50001")
	for name, test := range map[string]struct {
		method      string
		answer      *record.Reply
		asked, said string
	}{
		"PORT":          {"PORT", &record.Reply{Code: 200}, "“connect to me at port 50001” (195 × 256 + 81 = 50001)", ""},
		"EPRT":          {"EPRT", nil, "“connect to me at port 50001”", ""},
		"PASV":          {"PASV", &record.Reply{Code: 227}, "“where can I connect to you?”", "“connect to me at port 50001” (195 × 256 + 81 = 50001)"},
		"LPSV":          {"LPSV", &record.Reply{Code: 228}, "“where can I connect to you?”", "“connect to me at port 50001” (195 × 256 + 81 = 50001)"},
		"EPSV":          {"EPSV", &record.Reply{Code: 229}, "“where can I connect to you?”", "“connect to me at port 50001, at the address you already use”"},
		"EPSV rejected": {"EPSV", &record.Reply{Code: 500, Text: "no"}, "“where can I connect to you?”", "“no”"},
		"long no": {"PASV", &record.Reply{Code: 425, Text: strings.Repeat("no ", 20)}, "“where can I connect to you?”",
			"“no”: 425 " + strings.TrimSpace(strings.Repeat("no ", 20))},
		"default": {record.MethodDefault, nil, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			l := &Ladder{S: &record.Session{}, t: &record.Transfer{Method: test.method, Announced: &e, Notes: record.TransferNotes{Answer: test.answer}}}
			require.Equal(t, test.asked, l.askedNote())
			require.Equal(t, test.said, l.answerNote())
		})
	}
	l := &Ladder{S: &record.Session{}, t: &record.Transfer{Method: "PORT", Mode: record.Active, Announced: &e, Notes: record.TransferNotes{Answer: &record.Reply{Code: 200}}}}
	require.Equal(t, "“I will”", l.answerNote())
}

func TestReplyText(t *testing.T) {
	for want, r := range map[string]record.Reply{
		"226 done":             {Code: 226, Text: "done"},
		"150-a":                {Code: 150, Text: "150-a"},
		"no code":              {Text: "no code"},
		"227 … (10,0,0,1,4,1)": {Code: 227, Text: "Entering Passive Mode (10,0,0,1,4,1)"},
		"550 A long text without any parentheses": {Code: 550, Text: "A long text without any parentheses"},
		`550 \x1b[2J …`:                           {Code: 550, Text: "\x1b[2J\nmore"},
	} {
		require.Equal(t, want, ReplyText(&r))
	}
}

// What ends the control connection under a transfer that waits for its reply is a rung.
func TestHangup(t *testing.T) {
	s := reporttest.ActiveSession()
	x := &s.Transfers[1]
	x.Reply, s.Notes.Quit = nil, flow.Mark{}
	s.Notes.Control.Half[flow.In].RST = reporttest.MarkAt(2000, 300)
	s.Notes.Control.Half[flow.Out].FIN = reporttest.MarkAt(1900, 299)
	require.Contains(t, drawn(New(s, x, false), 120), "│ 51234 ─── FIN: closes the connection ──────▶ 21    │  #299 the control connection ends; no final reply was seen")
	require.NotContains(t, texts(New(s, &s.Transfers[0], false)), "FIN: closes the connection", "of the last transfer only")
	s.Notes.Quit = reporttest.MarkAt(1800, 298)
	require.NotContains(t, texts(New(s, x, false)), "FIN: closes the connection", "the client said goodbye")
}

// An ICMP error of the host that was to be reached is an arrow, one of a router stands between.
func TestICMPError(t *testing.T) {
	for from, want := range map[string]string{
		"192.168.50.2": "│ 40608 ◀══ ICMP: unreachable ════════════════ 50001 │  #17 host unreachable, says 192.168.50.2",
		"10.0.0.1":     "│        ICMP host unreachable from 10.0.0.1         │  #17",
	} {
		s := reporttest.BlockedSession()
		x := &s.Transfers[0]
		x.Connection.State = record.Unreachable
		x.Notes.Conn.ICMP = &flow.ICMP{From: flow.HostOf(netip.MustParseAddr(from)), Type: 3, Code: 1, Mark: reporttest.MarkAt(200, 17)}
		require.Contains(t, drawn(New(s, x, false), 120), want)
	}
}

// Who ended the data connection is its last rung, for pages that show all of a session.
func TestDataEnd(t *testing.T) {
	s := reporttest.ActiveSession()
	x := &s.Transfers[1]
	who, _, _, _ := Closer(s, x)
	require.Empty(t, who)
	require.False(t, New(s, x, false).DataEnd())
	x.Notes.Conn.Half[flow.Out].FIN, x.Notes.Conn.Half[flow.In].RST = reporttest.MarkAt(560, 96), reporttest.MarkAt(561, 97)
	who, how, at, side := Closer(s, x)
	require.Equal(t, []any{record.Server, "FIN", uint64(96), flow.Out}, []any{who, how, at.Pos.Packet(), side})
	l := New(s, x, false)
	require.True(t, l.DataEnd())
	last := l.Rungs[len(l.Rungs)-1]
	require.Equal(t, "FIN: closes the data connection", last.Text)
	require.Equal(t, Rate(x), last.Note)
	require.Equal(t, "666.7 kB/s over 90 ms", Rate(x), "from the first data to the FIN")
	x.Notes.Conn = nil
	require.Empty(t, Rate(x))
}

// Over several files rungs are in order of time, within one in that of packets; remarks stay at their places.
func TestOrder(t *testing.T) {
	l := &Ladder{Rungs: []Rung{
		{Text: "floating", Remark: true}, {Text: "c", Pos: flow.At(0, 9), Time: 1}, {Text: "a", Pos: flow.At(0, 7), Time: 3}, {Text: "lead", Remark: true, lead: true}, {Text: "b", Pos: flow.At(0, 8), Time: 2},
	}}
	l.Order()
	require.Equal(t, []string{"lead", "a", "b", "c", "floating"}, texts(l))
	l.Rungs[1].Pos = flow.At(1, 7)
	l.Order()
	require.Equal(t, []string{"lead", "c", "b", "a", "floating"}, texts(l))
}

// Text of the wire is escaped, and no arrow is wider than its place.
func TestHostile(t *testing.T) {
	for _, s := range reporttest.HostileSessions() {
		for i := range s.Transfers {
			text := drawn(New(s, &s.Transfers[i], false), 100)
			reporttest.Harmless(t, text, 0)
			for _, line := range strings.Split(text, "\n") {
				require.LessOrEqual(t, prose.Columns(line), 100, line)
			}
		}
	}
}
