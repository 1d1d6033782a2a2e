// Package analyzetest plays conversations through the whole pipeline, for the tests of
// its steps and of the whole, and writes what comes of them as facts, one record a line.
package analyzetest

import (
	"bytes"
	"cmp"
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/analyze"
	"ftpscope/analyze/record"
	"ftpscope/analyze/report"
	"ftpscope/analyze/report/jsonl"
	"ftpscope/capture"
	"ftpscope/capture/capturetest"
)

// Conversation is what was said, in capturetest's language with the shorthands of macros.
type Conversation struct {
	Name, Script string
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

// ClientIP and ServerIP are the usual hosts of a script.
const ClientIP, ServerIP = "192.0.2.10", "192.0.2.21"

// expand replaces macros, and C:1 and S:1 by endpoints of the client and the server.
func expand(script string) string {
	var b strings.Builder
	for line := range strings.SplitSeq(script, "\n") {
		line = strings.TrimLeft(line, " \t")
		if m, ok := macros[line]; ok {
			line = m
		}
		if strings.HasPrefix(line, "data ") {
			line = clientPort.ReplaceAllString(line, ClientIP+":$1")
			line = serverPort.ReplaceAllString(line, ServerIP+":$1")
		}
		b.WriteString(line + "\n")
	}
	return b.String()
}

// Frames are the packets of the script.
func (c Conversation) Frames(t testing.TB) []capturetest.Frame {
	t.Helper()
	return capturetest.MustFrames(t, expand(c.Script))
}

// Case is a conversation: its name, its script and the facts that must come of it.
type Case [3]string

// RunAll plays conversations and compares their facts.
func RunAll(t *testing.T, list []Case, ports ...uint16) {
	for _, c := range list {
		t.Run(c[0], func(t *testing.T) {
			got := Analyzed(t, Conversation{Script: c[1]}.Frames(t), analyze.Options{Ports: ports})
			RequireSane(t, got)
			require.Equal(t, Trimmed(c[2]), got.Facts())
		})
	}
}

// Trimmed is a text without the blanks around its lines.
func Trimmed(text string) string {
	var lines []string
	for line := range strings.SplitSeq(text, "\n") {
		if line = strings.TrimSpace(line); line != "" {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "\n")
}

// Records is what an analysis finds.
type Records struct {
	Sessions []*record.Session
	Attempts []record.Attempt
	Orphans  []record.Orphan
	Total    record.Summary
}

// Session and the others take what an analysis finds.
func (r *Records) Session(s *record.Session) error { r.Sessions = append(r.Sessions, s); return nil }
func (r *Records) Attempt(a *record.Attempt) error { r.Attempts = append(r.Attempts, *a); return nil }
func (r *Records) Orphan(o *record.Orphan) error   { r.Orphans = append(r.Orphans, *o); return nil }
func (r *Records) Summary(s *record.Summary) error { r.Total = *s; return nil }

// Analyzed sends frames through the whole pipeline, as a pcap file.
func Analyzed(t testing.TB, frames []capturetest.Frame, opt analyze.Options) *Records {
	t.Helper()
	var file bytes.Buffer
	require.NoError(t, capturetest.WritePcap(&file, frames, capturetest.PcapOptions{}))
	c, err := capture.Open([]string{"-"}, capture.Options{Stdin: &file})
	require.NoError(t, err)
	var r Records
	_, err = analyze.Run(c, opt, &r)
	require.NoError(t, err)
	return &r
}

// Facts writes the records one a line. What is as usual is left out: the usual endpoints,
// QUIT, a complete capture, a connection that was established and whose SYN was seen.
func (r *Records) Facts() string {
	var lines []string
	for _, s := range r.Sessions {
		lines = append(lines, SessionFacts(s))
		for i := range s.Transfers {
			lines = append(lines, TransferFacts(&s.Transfers[i]))
		}
	}
	for i := range r.Attempts {
		a := &r.Attempts[i]
		line := fmt.Sprintf("attempt %s>%s %d %s", host(a.ClientIP), Ends(a.Server), a.Count, a.State)
		if a.ICMP != nil {
			line += fmt.Sprintf(" icmp=%s/%d/%d", a.ICMP.From, a.ICMP.Type, a.ICMP.Code)
		}
		lines = append(lines, line)
	}
	for i := range r.Orphans {
		o := &r.Orphans[i]
		lines = append(lines, fmt.Sprintf("orphan %s %s>%s bytes=%d", o.Mode, Ends(o.Connection.Src), Ends(o.Connection.Dst), o.Bytes))
	}
	return strings.Join(lines, "\n")
}

func host(a netip.Addr) string {
	switch s := a.String(); s {
	case ClientIP:
		return "C"
	case ServerIP:
		return "S"
	default:
		return s
	}
}

// Ends names an endpoint: C and S are the usual hosts.
func Ends(e netip.AddrPort) string {
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

// SessionFacts is a session as Facts writes it.
func SessionFacts(s *record.Session) string {
	l := line{[]string{"session"}}
	l.add("", Ends(s.Client)+">"+Ends(s.Server), "C:51234>S:21")
	l.add("user=", Text(s.User), "-")
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
	l.add("system=", Text(s.System), "-")
	l.add("from_start=", fmt.Sprint(s.Capture.FromStart), "true")
	l.add("client_side=", fmt.Sprint(s.Capture.ClientSide), "true")
	l.add("server_side=", fmt.Sprint(s.Capture.ServerSide), "true")
	l.add("missing=", fmt.Sprint(s.Capture.MissingBytes), "0")
	return strings.Join(l.words, " ")
}

// Text is a text that may not be known.
func Text(s *string) string {
	if s == nil {
		return "-"
	}
	return *s
}

// Number is a number that may not be known.
func Number[T int | uint64](n *T) string {
	if n == nil {
		return "-"
	}
	return fmt.Sprint(*n)
}

// TransferFacts is a transfer as Facts writes it.
func TransferFacts(t *record.Transfer) string {
	l := line{[]string{fmt.Sprint(t.N), Text(t.Command)}}
	l.add("", Text(t.Argument), "-")
	l.add("path=", Text(t.Path), Text(t.Argument))
	l.add("type=", Text(t.Representation), "-")
	l.add("rest=", Number(t.Restart), "-")
	l.add("", t.Method+" "+t.Mode, "")
	if t.Announced != nil {
		l.add("announced=", Ends(*t.Announced), "")
	}
	l.add("initiator=", t.Initiator, "none")
	if c := t.Connection; c != nil {
		l.add("data=", Ends(c.Src)+">"+Ends(c.Dst), "")
		l.add("", c.State, "established")
		l.add("attempts=", fmt.Sprint(c.Attempts), "1")
		l.add("evidence=", t.Evidence, "syn")
		if t.Command == nil {
			l.add("", Text(t.Direction), "-")
		}
		l.add("bytes=", Number(t.Bytes), "0")
		l.add("missing=", Number(t.MissingBytes), "0")
	}
	if t.Reply != nil {
		l.add("reply=", fmt.Sprint(t.Reply.Code), "")
	}
	l.add("", t.Outcome, "")
	return strings.Join(l.words, " ")
}

// RequireSane checks what must hold of any result.
func RequireSane(t testing.TB, r *Records) {
	t.Helper()
	RequireOrdered(t, r)
	for _, s := range r.Sessions {
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

// Tries are the numbers of SYNs.
func (r *Records) Tries() (list []int) {
	for _, s := range r.Sessions {
		for i := range s.Transfers {
			if c := s.Transfers[i].Connection; c != nil {
				list = append(list, c.Attempts)
			}
		}
	}
	for i := range r.Attempts {
		list = append(list, r.Attempts[i].Count)
	}
	return list
}

// Named gives a summary's files the names that they were copied from.
func (r *Records) Named(paths ...string) *Records {
	r.Total.Files = paths
	return r
}

// Ordered numbers the sessions of a live source as those of files are numbered.
func (r *Records) Ordered() *Records {
	slices.SortFunc(r.Sessions, func(x, y *record.Session) int { return cmp.Compare(x.First.Ord, y.First.Ord) })
	for i, s := range r.Sessions {
		s.ID = i + 1
	}
	return r
}

// JSON is what --json writes of them.
func (r *Records) JSON(t testing.TB) string {
	var b bytes.Buffer
	format := jsonl.Format()
	w := format.New(&b, report.Options{})
	for _, s := range r.Sessions {
		require.NoError(t, w.Session(s))
	}
	for i := range r.Attempts {
		require.NoError(t, w.Attempt(&r.Attempts[i]))
	}
	for i := range r.Orphans {
		require.NoError(t, w.Orphan(&r.Orphans[i]))
	}
	require.NoError(t, w.Summary(&r.Total))
	return b.String()
}

// RequireOrdered is what is true of every analysis.
func RequireOrdered(t testing.TB, r *Records) {
	t.Helper()
	for i := range r.Sessions {
		s := r.Sessions[i]
		require.Equal(t, i+1, s.ID)
		require.False(t, i > 0 && s.First.Ord <= r.Sessions[i-1].First.Ord, "sessions are in the order of their first packet")
		for n := range s.Transfers {
			x := &s.Transfers[n]
			require.Equal(t, n+1, x.N)
			require.True(t, x.Connection != nil || x.Initiator == record.None, "an initiator needs a connection")
			require.Equal(t, x.Initiator == record.None, x.Evidence == record.None, "who opened it needs evidence")
			require.Equal(t, x.Mode == record.Unknown, x.ExpectedInitiator == nil)
			if x.Verdict == nil {
				require.Contains(t, []string{record.OK, record.Unknown}, x.Outcome, "what did not go well has a verdict")
			} else {
				requireJudged(t, x.Verdict)
				failed := []string{record.NoConnection, record.Denied, record.Aborted, record.Rejected}
				require.False(t, x.Verdict.Cause == record.CauseNone && slices.Contains(failed, x.Outcome), "transfer %d failed without a cause", x.N)
			}
		}
		requireNamed(t, s)
		requireJudged(t, s.Verdict)
		require.False(t, s.Login == record.LoginFailed && s.Verdict.Cause == record.CauseNone, "the login failed without a cause")
	}
	for i := range r.Attempts {
		requireJudged(t, r.Attempts[i].Verdict)
	}
	for i := range r.Orphans {
		requireJudged(t, r.Orphans[i].Verdict)
	}
	require.Equal(t, len(r.Sessions), r.Total.Sessions)
}

// requireNamed: every data connection that was not opened, and every transfer that did not end
// well, has a verdict with a cause, or a finding that names it.
func requireNamed(t testing.TB, s *record.Session) {
	t.Helper()
	for i := range s.Transfers {
		x := &s.Transfers[i]
		shut := x.Connection != nil && slices.Contains([]string{record.Refused, record.Unanswered, record.Unreachable}, x.Connection.State)
		if !shut && !x.Failed() && x.Outcome != record.Incomplete {
			continue
		}
		named := x.Verdict != nil && x.Verdict.Cause != record.CauseNone ||
			slices.ContainsFunc(s.Findings, func(f record.Finding) bool { return f.Transfer == x.N || f.Transfer == 0 && f.ID == "bounce-attempt" })
		low := x.Method == record.MethodEncrypted && x.Connection != nil && x.Connection.Dst.Port() < 1024 // a service's, between the two hosts
		quit := x.Outcome == record.Incomplete && x.Command == nil                                         // negotiated, and left
		require.True(t, named || low || quit, "transfer %d failed and nothing names it: %+v", x.N, x)
	}
}

// requireJudged is what is true of every verdict.
func requireJudged(t testing.TB, v *record.Verdict) {
	t.Helper()
	is := func(list []record.Meaning, word string) bool {
		return slices.ContainsFunc(list, func(m record.Meaning) bool { return m.Word == word })
	}
	require.NotNil(t, v)
	require.True(t, is(record.Causes, v.Cause) && is(record.Places, v.At) && is(record.Certainties, v.Certainty), "%+v", v)
	require.Equal(t, v.Cause == record.CauseNone, v.At == record.AtNone, "%+v", v)
	require.NotEmpty(t, v.Text)
	require.True(t, v.Cause == record.CauseNone || len(v.Next) > 0, "no next step: %+v", v)
	require.NotContains(t, v.Or, v.Cause)
	for _, or := range v.Or {
		require.True(t, is(record.Causes, or), or)
	}
}

// Collect runs an analysis of files, or of data given as standard input.
func Collect(t testing.TB, opt analyze.Options, data []byte, files ...string) *Records {
	t.Helper()
	if len(files) == 0 {
		files = []string{"-"}
	}
	c, err := capture.Open(files, capture.Options{Stdin: bytes.NewReader(data)})
	require.NoError(t, err)
	defer c.Close()
	r := &Records{}
	_, err = analyze.Run(c, opt, r)
	require.NoError(t, err)
	RequireOrdered(t, r)
	return r
}
