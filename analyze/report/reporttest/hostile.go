package reporttest

import (
	"net/netip"
	"strings"

	"ftpscope/analyze/prose"
	"ftpscope/analyze/record"
	"ftpscope/capture/flow"
)

// HostileTexts are what a peer may say to break the program that reads an export.
var HostileTexts = []string{
	"=cmd|' /C calc'!A0", "+1+1", "-2+3", "@SUM(A1)", "\t=1", "\r=1", " =1", "＝1", "-", "(empty)", "#fields\tx", "",
	"a\x00b\x1b[31mc\x7f", "line1\r\nline2\nline3", "tab\there", "\u202egnp.exe", "caf\xe9\xff", `back\slash \x41`, `quote"and,comma;`, "\u200b\u2066x\U000e0041",
	"<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "[x](javascript:alert(1))", "![x](http://evil.example/x.png)", "`code` ``more`` |a|b|", "@everyone #123 GH-1 :a: a@b.example",
	"http://evil.example www.evil.example", "**bold** ~~gone~~ $x$", "&lt;b&gt; <!-- x", "{code}x{code} [~admin]", strings.Repeat("A", 64<<10), strings.Repeat("|`<", 20000),
}

// HostileSession is a session in which the text is everywhere where the wire puts one.
func HostileSession(id int, text string) *record.Session {
	s := ActiveSession()
	s.ID, s.User, s.Banner, s.System, s.Password = id, &text, &text, &text, Ptr("s3cret")
	t := &s.Transfers[1]
	t.Argument, t.Path, t.MIMEType = &text, &text, &text
	t.Outcome = record.Aborted
	t.Reply.Text, t.Preliminary.Text = text, text
	t.Notes.Asked.Text, t.Notes.Answer.Text = "PORT "+text, text
	s.Notes.Logins[0].User = text
	s.Dialogue = []record.Exchange{
		{Time: At(1), Pos: flow.At(0, 9), Command: "pass", Argument: Ptr("s3cret"), Replies: []record.Reply{{Time: At(2), Pos: flow.At(0, 10), Code: 230, Text: text}}},
		{Time: At(3), Pos: flow.At(0, 11), Command: "DELE", Argument: &text},
		{Time: At(4), Pos: flow.At(0, 12), Command: text},
	}
	s.Findings = []record.Finding{{ID: "path-traversal", Severity: "high", Transfer: 2, Frames: []flow.Pos{flow.At(0, 7)},
		Message: `RETR "` + strings.ReplaceAll(text, `"`, `\"`) + `" did it; also ` + text, Advice: "then " + text}}
	s.Verdict = HostileVerdict(text)
	t.Verdict = s.Verdict
	return s
}

// HostileVerdict quotes a text of the wire.
func HostileVerdict(text string) *record.Verdict {
	return &record.Verdict{Cause: record.CauseFileDenied, At: record.AtServer, Certainty: record.Open, Or: []string{record.CauseStorageFull}, Transfer: 2, Frames: []flow.Pos{flow.At(0, 7)},
		Text: "The server said 550 " + prose.Quote(text) + "; also " + text, Next: []string{"ask why it said " + text, "then " + text}}
}

// HostileSessions are a session each of HostileTexts.
func HostileSessions() (list []*record.Session) {
	for i, text := range HostileTexts {
		list = append(list, HostileSession(i+1, text))
	}
	return list
}

// OtherRecords are an attempt and an orphan.
func OtherRecords() (*record.Attempt, *record.Orphan) {
	return &record.Attempt{ClientIP: netip.MustParseAddr("192.0.2.1"), Server: Endpoint("[2001:db8::1]:21"), Count: 3, State: "unreachable", First: At(0), Last: At(7000),
			ICMP: &record.ICMP{From: netip.MustParseAddr("10.0.0.1"), Type: 3, Code: 13}},
		&record.Orphan{Mode: record.Active, Evidence: "inferred", Initiator: record.Server, Bytes: 4096,
			Connection: record.Connection{Src: Endpoint("192.0.2.21:20"), Dst: Endpoint("192.0.2.10:40000"), Start: At(10), End: At(510), State: record.Established, Attempts: 1, Closing: "fin"}}
}

// Takeover is a session whose every text tries to take over the terminal.
func Takeover() *record.Session {
	const evil = "\x1b[2J\u202e\u200b\x9b\r\nPWNED\x00\x7f\u2028" + "e\u0301\u0301\u0301\u0301"
	long := evil + strings.Repeat("x", 5000)
	s := ActiveSession()
	s.User, s.Banner, s.System, s.Password = Ptr(long), Ptr(evil), Ptr(evil), Ptr(evil)
	for i := range s.Transfers {
		t := &s.Transfers[i]
		t.Command, t.Argument, t.Path = Ptr(evil), Ptr(long), Ptr(long)
		t.Notes.Asked.Text, t.Notes.Ran.Text, t.Notes.Answer.Text = long, evil, long
		t.Preliminary.Text, t.Reply.Text, t.Reply.Code = evil, long, 550
		t.Outcome = record.Denied
	}
	s.Transfers[0].Direction, s.Transfers[0].Notes.Conn = nil, nil
	s.Dialogue = []record.Exchange{{Command: evil, Argument: Ptr(evil), Replies: []record.Reply{{Text: evil}}}}
	s.Findings = []record.Finding{{ID: evil, Severity: evil, Message: long, Advice: evil}}
	s.Verdict = &record.Verdict{Cause: record.CauseFileDenied, At: record.AtServer, Certainty: record.Certain, Text: long, Next: []string{evil, long}}
	s.Transfers[0].Verdict = s.Verdict
	return s
}
