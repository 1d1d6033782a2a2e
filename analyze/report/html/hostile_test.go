package html

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/analyze/record"
	"ftpscope/analyze/report"
	"ftpscope/analyze/report/reporttest"
)

// pageTexts try to leave the place where they are shown.
var pageTexts = []string{
	`<script>alert(1)</script>`, `</script><script>alert(2)</script>`, `<!--<script>`, `"><img src=x onerror=alert(3)>`, `' onmouseover='alert(4)`,
	"\u202egnp.exe\u2066", "a\u2028b\u2029c", "\x1b[31m\x00\x7f\u200b\ufeff", `{{.Title}}`, `${alert(5)}`, `javascript:alert(6)`, "\xff\xfe\xed\xa0\x80", "</title></style></textarea>",
	"שלום עולם", "e\u0301\u0301\u0301\u0301\u0301\u0301", strings.Repeat("A", 64<<10), strings.Repeat("<b>", 22000), strings.Repeat("x ", 32<<10),
}

// hostilePage has a session for each hostile text, in every place that the wire, a file's
// name or the command line fills.
func hostilePage(t *testing.T) string {
	t.Helper()
	var out bytes.Buffer
	o := report.Options{ShowPasswords: true, CommandLine: pageTexts[:8], Version: pageTexts[0], Inputs: func() []report.Input { return []report.Input{{Name: pageTexts[3], Size: 1, SHA256: "00"}} }}
	w := newWriter(&out, o)
	var all []*record.Session
	for i, text := range pageTexts {
		s := thirdPartySession()
		s.ID = i + 1
		s.User, s.Banner, s.System, s.Password = &text, &text, &text, &text
		tr := &s.Transfers[0]
		tr.Argument, tr.Path, tr.MIMEType, tr.File = &text, &text, &text, &text
		tr.Command = reporttest.Ptr(text[:min(len(text), 40)])
		tr.Notes.Ran.Text, tr.Reply.Text, tr.Preliminary.Text = "RETR "+text, text, text+"\n"+text
		s.Findings = []record.Finding{{ID: text[:min(len(text), 300)], Severity: text[:min(len(text), 300)], Transfer: 2, Message: text[:min(len(text), 300)], Advice: text[:min(len(text), 300)]}}
		s.Verdict, tr.Verdict = reporttest.HostileVerdict(text), reporttest.HostileVerdict(text+text)
		s.Operations = []record.Operation{{What: text[:min(len(text), 40)], Path: &text, From: &text, Argument: &text, Reply: &record.Reply{Code: 550, Text: text}}}
		s.Notes.Logins[0].User, s.Notes.Logins[0].OK, s.Notes.Logins[0].Code = text, false, 530
		s.Notes.Logins[0].Reply = &record.Reply{Code: 530, Text: text}
		tr.Notes.Curve = curved(1).Transfers[1].Notes.Curve
		s.Dialogue[0].Replies[0].Text = text
		s.Dialogue[1].Argument, s.Dialogue[1].Command = &text, text[:min(len(text), 40)]
		require.NoError(t, w.Session(s))
		all = append(all, s)
	}
	a, orphan := reporttest.OtherRecords()
	a.Verdict, orphan.Verdict = reporttest.HostileVerdict(pageTexts[0]), reporttest.HostileVerdict(pageTexts[1])
	require.NoError(t, w.Attempt(a))
	require.NoError(t, w.Orphan(orphan))
	sum := reporttest.SummaryOf(all...)
	sum.Files = pageTexts[:8]
	sum.Capture.TruncatedFiles = pageTexts[:6]
	sum.Capture.Undecoded, sum.Capture.Reasons = 9, []record.Reason{{Text: pageTexts[1], Packets: 9}}
	sum.Capture.Limits = []record.LimitHit{{Limit: pageTexts[0], Count: 1}}
	require.NoError(t, w.Summary(sum))
	return out.String()
}

// manySessions is a page of n sessions, every tenth with a failure.
func manySessions(t *testing.T, n int) string {
	t.Helper()
	var out bytes.Buffer
	w := newWriter(&out, report.Options{})
	sum := reporttest.SummaryOf()
	sum.Sessions = n
	for i := range n {
		s := reporttest.ActiveSession()
		if i%10 == 9 {
			s = reporttest.BlockedSession()
		}
		s.ID, s.User = i+1, reporttest.Ptr(fmt.Sprintf("user%d", i%100))
		s.Start.Time, s.End.Time = s.Start.Time+reporttest.At(i*50).Time-reporttest.Start, s.End.Time+reporttest.At(i*50).Time-reporttest.Start
		require.NoError(t, w.Session(s))
	}
	require.NoError(t, w.Summary(sum))
	return out.String()
}
