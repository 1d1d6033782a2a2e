package analyze_test

import (
	"bytes"
	"fmt"
	"net/netip"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/analyze"
	"ftpscope/analyze/record"
	"ftpscope/capture"
	"ftpscope/capture/capturetest"
)

// conversation is a test case: what was said, in capturetest's language with the shorthands of expand, and the facts that
// must come of it, one record a line as facts writes them.
type conversation struct {
	name, script, want string
}

// macros are lines of a script that stand for others.
var macros = map[string]string{
	"login": "S: 220 ready\nC: USER bob\nS: 331 password\nC: PASS secret\nS: 230 in",
	"bye":   "C: QUIT\nS: 221 bye\nclose S",
	"pasv":  "C: PASV\nS: 227 Entering Passive Mode (192,0,2,21,195,80)", // port 50000
	"port":  "C: PORT 192,0,2,10,195,80\nS: 200 ok",
}

var (
	clientPort = regexp.MustCompile(`\bC:(\d+)`)
	serverPort = regexp.MustCompile(`\bS:(\d+)`)
)

const clientIP, serverIP = "192.0.2.10", "192.0.2.21"

var options analyze.Options

// expand replaces macros, and C:1 and S:1 by endpoints of the client and the server.
func expand(script string) string {
	var b strings.Builder
	for line := range strings.SplitSeq(script, "\n") {
		line = strings.TrimLeft(line, " \t")
		if m, ok := macros[line]; ok {
			line = m
		}
		if strings.HasPrefix(line, "data ") {
			line = clientPort.ReplaceAllString(line, clientIP+":$1")
			line = serverPort.ReplaceAllString(line, serverIP+":$1")
		}
		b.WriteString(line + "\n")
	}
	return b.String()
}

func (c conversation) frames(t testing.TB) []capturetest.Frame {
	t.Helper()
	return capturetest.MustFrames(t, expand(c.script))
}

// runAll plays conversations and compares their facts.
func runAll(t *testing.T, list []conversation, ports ...uint16) {
	for _, c := range list {
		t.Run(c.name, func(t *testing.T) {
			got := analyzed(t, c.frames(t), analyze.Options{Ports: ports})
			requireSane(t, got)
			require.Equal(t, trimmed(c.want), got.facts())
		})
	}
}

func trimmed(text string) string {
	var lines []string
	for line := range strings.SplitSeq(text, "\n") {
		if line = strings.TrimSpace(line); line != "" {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "\n")
}

// records is what an analysis finds.
type records struct {
	sessions []*record.Session
	attempts []record.Attempt
	orphans  []record.Orphan
	summary  record.Summary
}

func (r *records) Session(s *record.Session) error { r.sessions = append(r.sessions, s); return nil }
func (r *records) Attempt(a *record.Attempt) error { r.attempts = append(r.attempts, *a); return nil }
func (r *records) Orphan(o *record.Orphan) error   { r.orphans = append(r.orphans, *o); return nil }
func (r *records) Summary(s *record.Summary) error { r.summary = *s; return nil }

// analyzed sends frames through the whole pipeline, as a pcap file.
func analyzed(t testing.TB, frames []capturetest.Frame, opt analyze.Options) *records {
	t.Helper()
	var file bytes.Buffer
	require.NoError(t, capturetest.WritePcap(&file, frames, capturetest.PcapOptions{}))
	c, err := capture.Open([]string{"-"}, capture.Options{Stdin: &file})
	require.NoError(t, err)
	var r records
	_, err = analyze.Run(c, opt, &r)
	require.NoError(t, err)
	return &r
}

// facts writes the records one a line. What is as usual is left out: the usual endpoints, QUIT, a complete capture, a
// connection that was established and whose SYN was seen.
func (r *records) facts() string {
	var lines []string
	for _, s := range r.sessions {
		lines = append(lines, sessionFacts(s))
		for i := range s.Transfers {
			lines = append(lines, transferFacts(&s.Transfers[i]))
		}
	}
	for i := range r.attempts {
		a := &r.attempts[i]
		line := fmt.Sprintf("attempt %s>%s %d %s", host(a.ClientIP), ends(a.Server), a.Count, a.State)
		if a.ICMP != nil {
			line += fmt.Sprintf(" icmp=%s/%d/%d", a.ICMP.From, a.ICMP.Type, a.ICMP.Code)
		}
		lines = append(lines, line)
	}
	for i := range r.orphans {
		o := &r.orphans[i]
		lines = append(lines, fmt.Sprintf("orphan %s %s>%s bytes=%d", o.Mode, ends(o.Connection.Src), ends(o.Connection.Dst), o.Bytes))
	}
	return strings.Join(lines, "\n")
}

func host(a netip.Addr) string {
	switch s := a.String(); s {
	case clientIP:
		return "C"
	case serverIP:
		return "S"
	default:
		return s
	}
}

func ends(e netip.AddrPort) string {
	if e.Addr().Is4() {
		return fmt.Sprintf("%s:%d", host(e.Addr()), e.Port())
	}
	return e.String()
}

// line gathers words; a value that is as usual says nothing.
type line struct{ words []string }

func (l *line) add(key, value, usual string) {
	if value != usual {
		l.words = append(l.words, key+value)
	}
}

func sessionFacts(s *record.Session) string {
	l := line{[]string{"session"}}
	l.add("", ends(s.Client)+">"+ends(s.Server), "C:51234>S:21")
	l.add("user=", text(s.User), "-")
	l.add("anonymous=", fmt.Sprint(s.Anonymous), "false")
	l.add("login=", s.Login, "none")
	l.add("tls=", s.TLS, "none")
	l.add("mode=", s.Mode, "none")
	l.add("by=", s.Initiator, "none")
	l.add("closing=", s.Closing, "quit")
	if s.Banner != nil {
		l.add("banner=", fmt.Sprintf("%q", *s.Banner), `"ready"`)
	} else if s.Capture.FromStart && s.Capture.ServerSide {
		l.add("no banner", "", "-")
	}
	l.add("system=", text(s.System), "-")
	l.add("from_start=", fmt.Sprint(s.Capture.FromStart), "true")
	l.add("client_side=", fmt.Sprint(s.Capture.ClientSide), "true")
	l.add("server_side=", fmt.Sprint(s.Capture.ServerSide), "true")
	l.add("missing=", fmt.Sprint(s.Capture.MissingBytes), "0")
	return strings.Join(l.words, " ")
}

func text(s *string) string {
	if s == nil {
		return "-"
	}
	return *s
}

func number[T int | uint64](n *T) string {
	if n == nil {
		return "-"
	}
	return fmt.Sprint(*n)
}

func transferFacts(t *record.Transfer) string {
	l := line{[]string{fmt.Sprint(t.N), text(t.Command)}}
	l.add("", text(t.Argument), "-")
	l.add("path=", text(t.Path), text(t.Argument))
	l.add("type=", text(t.Representation), "-")
	l.add("rest=", number(t.Restart), "-")
	l.add("", t.Method+" "+t.Mode, "")
	if t.Announced != nil {
		l.add("announced=", ends(*t.Announced), "")
	}
	l.add("initiator=", t.Initiator, "none")
	if c := t.Connection; c != nil {
		l.add("data=", ends(c.Src)+">"+ends(c.Dst), "")
		l.add("", c.State, "established")
		l.add("attempts=", fmt.Sprint(c.Attempts), "1")
		l.add("evidence=", t.Evidence, "syn")
		if t.Command == nil {
			l.add("", text(t.Direction), "-")
		}
		l.add("bytes=", number(t.Bytes), "0")
		l.add("missing=", number(t.MissingBytes), "0")
	}
	if t.Reply != nil {
		l.add("reply=", fmt.Sprint(t.Reply.Code), "")
	}
	l.add("", t.Outcome, "")
	return strings.Join(l.words, " ")
}

// requireSane checks what must hold of any result.
func requireSane(t testing.TB, r *records) {
	t.Helper()
	holds(t, r)
	for _, s := range r.sessions {
		require.LessOrEqual(t, s.Start.Time, s.End.Time)
		used := map[string]int{}
		for k := range s.Transfers {
			x := &s.Transfers[k]
			require.NotEmpty(t, s.AppendFilter(nil, x))
			requireSaneTransfer(t, x)
			if c := x.Connection; c != nil {
				key := fmt.Sprint(c.Src, c.Dst, c.Start)
				require.Zero(t, used[key], "connection of transfers %d and %d", used[key], x.N)
				used[key] = x.N
			}
		}
	}
}

func requireSaneTransfer(t testing.TB, x *record.Transfer) {
	t.Helper()
	require.Contains(t, []string{record.Active, record.Passive, record.Unknown}, x.Mode)
	require.NotEmpty(t, x.Outcome)
	require.Equal(t, x.Bytes == nil, x.MissingBytes == nil)
	if c := x.Connection; c != nil {
		require.LessOrEqual(t, c.Start.Time, c.End.Time)
		require.GreaterOrEqual(t, c.Attempts, 1)
		require.True(t, x.Bytes == nil || *x.MissingBytes <= *x.Bytes)
		require.Equal(t, x.Frames.SYN.Seen(), x.Notes.Conn.SYN.Seen())
	}
	require.Equal(t, x.Command != nil, x.Frames.Command.Seen())
	require.Equal(t, x.Reply != nil, x.Frames.Reply.Seen())
}
