package report

import (
	"encoding/csv"
	"net/netip"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"ftpscope/analyze/prose"
	"ftpscope/analyze/record"
	"ftpscope/capture/flow"
)

// hostileTexts are what a peer may say to break the program that reads an export.
var hostileTexts = []string{
	"=cmd|' /C calc'!A0", "+1+1", "-2+3", "@SUM(A1)", "\t=1", "\r=1", " =1", "＝1", "-", "(empty)", "#fields\tx", "",
	"a\x00b\x1b[31mc\x7f", "line1\r\nline2\nline3", "tab\there", "\u202egnp.exe", "caf\xe9\xff", `back\slash \x41`, `quote"and,comma;`, "\u200b\u2066x\U000e0041",
	"<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "[x](javascript:alert(1))", "![x](http://evil.example/x.png)", "`code` ``more`` |a|b|", "@everyone #123 GH-1 :a: a@b.example",
	"http://evil.example www.evil.example", "**bold** ~~gone~~ $x$", "&lt;b&gt; <!-- x", "{code}x{code} [~admin]", strings.Repeat("A", 64<<10), strings.Repeat("|`<", 20000),
}

// hostileSession is a session in which the text is everywhere where the wire puts one.
func hostileSession(id int, text string) *record.Session {
	s := activeSession()
	s.ID, s.User, s.Banner, s.System, s.Password = id, &text, &text, &text, ptr("s3cret")
	t := &s.Transfers[1]
	t.Argument, t.Path, t.MIMEType = &text, &text, &text
	t.Outcome = record.Aborted
	t.Reply.Text, t.Preliminary.Text = text, text
	t.Notes.Asked.Text, t.Notes.Answer.Text = "PORT "+text, text
	s.Notes.Logins[0].User = text
	s.Dialogue = []record.Exchange{
		{Time: at(1), Pos: flow.At(0, 9), Command: "pass", Argument: ptr("s3cret"), Replies: []record.Reply{{Time: at(2), Pos: flow.At(0, 10), Code: 230, Text: text}}},
		{Time: at(3), Pos: flow.At(0, 11), Command: "DELE", Argument: &text},
		{Time: at(4), Pos: flow.At(0, 12), Command: text},
	}
	s.Findings = []record.Finding{{ID: "path-traversal", Severity: "high", Transfer: 2, Frames: []flow.Pos{flow.At(0, 7)},
		Message: `RETR "` + strings.ReplaceAll(text, `"`, `\"`) + `" did it; also ` + text, Advice: "then " + text}}
	return s
}

func hostileSessions() (list []*record.Session) {
	for i, text := range hostileTexts {
		list = append(list, hostileSession(i+1, text))
	}
	return list
}

// exportFormats are those that other programs read.
var exportFormats = []string{"csv-sessions", "csv-transfers", "zeek-ftp", "zeek-ftp-json", "zeek-conn", "zeek-conn-json", "eve", "ecs", "timesketch-csv", "timesketch-jsonl", "markdown"}

func TestHostileExports(t *testing.T) {
	for _, name := range exportFormats {
		t.Run(name, func(t *testing.T) {
			got := write(t, name, Options{}, hostileSessions()...)
			require.True(t, utf8.ValidString(got))
			require.NotContains(t, got, "s3cret")
			bad := strings.IndexFunc(got, func(r rune) bool {
				return prose.Hidden(r) && r != '\n' && (r != '\t' || !strings.HasPrefix(name, "zeek"))
			})
			require.Negative(t, bad)
			if strings.HasPrefix(name, "zeek-ftp") || name == "eve" || name == "csv-sessions" || strings.HasPrefix(name, "timesketch") {
				require.Contains(t, write(t, name, Options{ShowPasswords: true}, hostileSessions()...), "s3cret")
			}
		})
	}
}

// TestUnknownExports writes records of which nothing is known.
func TestUnknownExports(t *testing.T) {
	for _, name := range exportFormats {
		t.Run(name, func(t *testing.T) {
			empty := &record.Session{ID: 1, Transfers: []record.Transfer{{N: 1}}}
			open := activeSession()
			open.Open = true
			f, _ := Find(name)
			var out strings.Builder
			w := f.New(&out, Options{})
			require.NoError(t, w.Session(empty))
			n := out.Len()
			require.NoError(t, w.Session(open))
			require.Equal(t, n, out.Len(), "a snapshot is not an event")
			require.NoError(t, w.Attempt(&record.Attempt{}))
			require.NoError(t, w.Orphan(&record.Orphan{}))
			require.NoError(t, w.Summary(&record.Summary{}))
		})
	}
}

func otherRecords() (*record.Attempt, *record.Orphan) {
	return &record.Attempt{ClientIP: netip.MustParseAddr("192.0.2.1"), Server: ep("[2001:db8::1]:21"), Count: 3, State: "unreachable", First: at(0), Last: at(7000),
			ICMP: &record.ICMP{From: netip.MustParseAddr("10.0.0.1"), Type: 3, Code: 13}},
		&record.Orphan{Mode: record.Active, Evidence: "inferred", Initiator: record.Server, Bytes: 4096,
			Connection: record.Connection{Src: ep("192.0.2.21:20"), Dst: ep("192.0.2.10:40000"), Start: at(10), End: at(510), State: established, Attempts: 1, Closing: "fin"}}
}

// writeAll renders the records beside sessions, too.
func writeAll(t *testing.T, format string, sessions ...*record.Session) string {
	t.Helper()
	f, ok := Find(format)
	require.True(t, ok)
	var out strings.Builder
	w := f.New(&out, Options{})
	for _, s := range sessions {
		require.NoError(t, w.Session(s))
	}
	a, o := otherRecords()
	require.NoError(t, w.Attempt(a))
	require.NoError(t, w.Orphan(o))
	require.NoError(t, w.Summary(summaryOf(sessions...)))
	return out.String()
}

// csvRows reads CSV back, each row as a map.
func csvRows(t *testing.T, text string) (header []string, rows []map[string]string) {
	t.Helper()
	all, err := csv.NewReader(strings.NewReader(text)).ReadAll() // all rows must be as long as the first
	require.NoError(t, err)
	header = all[0]
	for _, row := range all[1:] {
		m := map[string]string{}
		for i, name := range header {
			m[name] = row[i]
		}
		require.Len(t, m, len(header), "a column's name twice")
		rows = append(rows, m)
	}
	return header, rows
}
