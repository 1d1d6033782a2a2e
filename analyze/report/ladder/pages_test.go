package ladder

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/analyze/prose"
	"ftpscope/analyze/record"
	"ftpscope/analyze/report/reporttest"
	"ftpscope/capture/flow"
)

// everySession is one for each way in which a transfer may go.
func everySession() []*record.Session {
	return append(reporttest.Failures(), reporttest.ActiveSession(), reporttest.BlockedSession(), reporttest.Ipv6Session(), reporttest.Takeover())
}

// A ladder fits its page: notes stand beside the arrows, or below them on a narrow one.
func TestAnyWidth(t *testing.T) {
	for _, s := range append(everySession(), reporttest.HostileSessions()...) {
		for i := range s.Transfers {
			for width := 60; width <= 200; width += 20 {
				l := New(s, &s.Transfers[i], true)
				l.DataEnd()
				text := drawn(l, width)
				reporttest.Harmless(t, text, 0)
				for line := range strings.SplitSeq(text, "\n") {
					require.LessOrEqual(t, prose.Columns(line), width, line)
				}
				for line := range strings.Lines(text[strings.IndexByte(text, '\n')+1:]) {
					if !strings.HasPrefix(line, "   │") {
						require.Contains(t, line, "server ", "only names of hosts stand outside the lines")
					}
				}
			}
		}
	}
	s := reporttest.BlockedSession()
	require.Equal(t, `   client 203.0.113.10                    server 203.0.113.1
   │ 49640 ─── PASV ────────────────────────────▶ 21    │
   │       #14 “where can I connect to you?”
   │ 49640 ◀── 227 … (192,168,50,2,195,81). ───── 21    │
   │       #15 “connect to me at port 50001” (195 × 256 + 81
   │       = 50001)
   │ 40608 ═══ SYN, 3 times ════════════════════▶ 50001 │
   │       #16 the client tries to reach 192.168.50.2:50001
   │  no answer                                         │
`, drawn(New(s, &s.Transfers[0], false), 60))
}

// The same rungs are in the same order, however they came.
func TestOrderIsTheirOwn(t *testing.T) {
	for _, s := range everySession() {
		for i := range s.Transfers {
			l := New(s, &s.Transfers[i], false)
			want := texts(l)
			distinct := map[flow.Pos]bool{}
			for _, r := range l.Rungs {
				if distinct[r.Pos] {
					want = nil // two at one packet stay as they came
				}
				distinct[r.Pos] = true
			}
			r := rand.New(rand.NewPCG(uint64(i), 5))
			for range 10 {
				r.Shuffle(len(l.Rungs), func(a, b int) { l.Rungs[a], l.Rungs[b] = l.Rungs[b], l.Rungs[a] })
				if l.Order(); want != nil {
					require.Equal(t, want, texts(l))
				}
			}
		}
	}
}

// A pause of a second or more is drawn, a shorter one is not; time never goes back.
func TestGaps(t *testing.T) {
	rung := func(ms flow.Time) Rung { return Rung{Text: "x", Time: 1e9 + ms*flow.Millisecond} }
	for _, x := range []struct {
		name  string
		rungs []Rung
		want  []string
	}{
		{"none", []Rung{rung(0), rung(999)}, nil},
		{"a second", []Rung{rung(0), rung(1000)}, []string{"1 s"}},
		{"two pauses", []Rung{rung(0), rung(2500), rung(2600), rung(62_600)}, []string{"2.5 s", "1 min"}},
		{"a packet out of order", []Rung{rung(5000), rung(0), rung(5500)}, nil},
		{"the first has no pause before it", []Rung{rung(90_000)}, nil},
		{"what has no time makes none", []Rung{rung(0), {Text: "x", Remark: true}, rung(1500)}, []string{"1.5 s"}},
	} {
		t.Run(x.name, func(t *testing.T) {
			s := reporttest.ActiveSession()
			var got []string
			for line := range strings.Lines(drawn(&Ladder{S: s, t: &s.Transfers[0], Rungs: x.rungs}, 100)) {
				if _, after, found := strings.Cut(line, "⋮ "); found {
					text, _, _ := strings.Cut(after, " ⋮")
					got = append(got, text)
				}
			}
			require.Equal(t, x.want, got)
		})
	}
}

// What a client says with its commands, in words.
func TestCommandNotes(t *testing.T) {
	for _, x := range []struct{ command, direction, want string }{
		{"RETR", record.Download, "“send me this file”"}, {"retr", record.Download, "“send me this file”"},
		{"LIST", record.Download, "“send me a listing”"}, {"MLSD", record.Download, "“send me a listing”"},
		{"STOR", record.Upload, "“I am going to send you a file”"}, {"APPE", record.Upload, "“I am going to send you a file”"},
	} {
		s := reporttest.ActiveSession()
		s.Transfers[1].Command, s.Transfers[1].Direction = &x.command, &x.direction
		require.Contains(t, drawn(New(s, &s.Transfers[1], false), 120), x.want)
	}
	s := reporttest.ActiveSession()
	x := &s.Transfers[1]
	x.Notes.Abort, x.Outcome = reporttest.MarkAt(600, 96), record.Aborted
	require.Contains(t, drawn(New(s, x, false), 120), "│ 51234 ─── ABOR ────────────────────────────▶ 21    │  #96 “stop”\n")
}

// Where nothing was negotiated the default ports hold, unless the capture may lack it.
func TestUnheard(t *testing.T) {
	whole := record.Coverage{FromStart: true, ClientSide: true, ServerSide: true}
	retr := "RETR"
	for _, x := range []struct {
		name   string
		change func(*record.Coverage)
		want   bool
	}{
		{"all is there", func(*record.Coverage) {}, false},
		{"it begins later", func(c *record.Coverage) { c.FromStart = false }, true},
		{"the server alone", func(c *record.Coverage) { c.ClientSide = false }, true},
		{"the client alone", func(c *record.Coverage) { c.ServerSide = false }, true},
		{"a gap", func(c *record.Coverage) { c.MissingBytes = 1 }, true},
	} {
		t.Run(x.name, func(t *testing.T) {
			s := &record.Session{Capture: whole, Client: reporttest.Endpoint("192.0.2.10:40000"), Server: reporttest.Endpoint("192.0.2.21:21")}
			x.change(&s.Capture)
			s.Transfers = []record.Transfer{{N: 1, Command: &retr, Method: record.MethodDefault}}
			require.Equal(t, x.want, Unheard(s, &s.Transfers[0]))
			want := "no PORT or PASV: the default ports hold"
			if x.want {
				want = "no PORT or PASV is in the capture"
			}
			require.Equal(t, want, texts(New(s, &s.Transfers[0], false))[0])
		})
	}
	require.True(t, Unheard(&record.Session{Capture: whole}, &record.Transfer{}), "not even its command was seen")
}

// The client's own connection to a port that another host had taken is a rung.
func TestOwnTry(t *testing.T) {
	s := reporttest.Failures()[6] // a third host
	x := &s.Transfers[0]
	require.Contains(t, texts(New(s, x, false))[2], "198.51.100.66 ═══ SYN")
	own := flow.Conn{Src: s.Client, Dst: x.Connection.Dst, Start: reporttest.MarkAt(9500, 50)}
	x.Notes.Tried = append(x.Notes.Tried, own)
	s.Client = reporttest.Endpoint("203.0.113.10:49640")
	got := OwnTry(s, x)
	require.NotNil(t, got)
	l := New(s, x, false)
	require.True(t, l.DataEnd())
	require.Contains(t, texts(l), "SYN: the client's own try")
	x.Notes.Tried = nil
	require.Nil(t, OwnTry(s, x))
}

// Who closed a connection goes by the address, and by the whole end where both are one host.
func TestCloser(t *testing.T) {
	for _, x := range []struct {
		name, client, server, src, dst string
		fin, rst                       [2]uint64 // packets, by side
		who, how                       string
	}{
		{"nobody", "192.0.2.10:1", "192.0.2.21:21", "192.0.2.10:40000", "192.0.2.21:50000", [2]uint64{}, [2]uint64{}, "", ""},
		{"the client", "192.0.2.10:1", "192.0.2.21:21", "192.0.2.10:40000", "192.0.2.21:50000", [2]uint64{7, 8}, [2]uint64{}, record.Client, "FIN"},
		{"the server, by RST", "192.0.2.10:1", "192.0.2.21:21", "192.0.2.10:40000", "192.0.2.21:50000", [2]uint64{7, 0}, [2]uint64{0, 6}, record.Server, "RST"},
		{"a third host", "192.0.2.10:1", "192.0.2.21:21", "203.0.113.9:40000", "192.0.2.21:50000", [2]uint64{7, 0}, [2]uint64{}, "203.0.113.9", "FIN"},
		{"one host is both", "127.0.0.1:1", "127.0.0.1:21", "127.0.0.1:40000", "127.0.0.1:50000", [2]uint64{0, 7}, [2]uint64{}, "127.0.0.1:50000", "FIN"},
		{"an IPv4 address within IPv6", "[::ffff:192.0.2.10]:1", "192.0.2.21:21", "192.0.2.10:40000", "192.0.2.21:50000", [2]uint64{7, 0}, [2]uint64{}, record.Client, "FIN"},
	} {
		t.Run(x.name, func(t *testing.T) {
			c := &flow.Conn{Src: reporttest.Endpoint(x.src), Dst: reporttest.Endpoint(x.dst)}
			for side := range flow.Direction(2) {
				if n := x.fin[side]; n > 0 {
					c.Half[side].FIN = reporttest.MarkAt(int(n), n)
				}
				if n := x.rst[side]; n > 0 {
					c.Half[side].RST = reporttest.MarkAt(int(n), n)
				}
			}
			s := &record.Session{Client: reporttest.Endpoint(x.client), Server: reporttest.Endpoint(x.server)}
			who, how, _, _ := Closer(s, &record.Transfer{Notes: record.TransferNotes{Conn: c}})
			require.Equal(t, []string{x.who, x.how}, []string{who, how})
		})
	}
}
