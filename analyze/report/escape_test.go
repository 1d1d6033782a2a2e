package report

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"ftpscope/analyze/prose"
	"ftpscope/analyze/record"
)

// hostile is a session whose every text tries to take over the terminal.
func hostile() *record.Session {
	const evil = "\x1b[2J\u202e\u200b\x9b\r\nPWNED\x00\x7f\u2028" + "e\u0301\u0301\u0301\u0301"
	long := evil + strings.Repeat("x", 5000)
	s := activeSession()
	s.User, s.Banner, s.System, s.Password = ptr(long), ptr(evil), ptr(evil), ptr(evil)
	for i := range s.Transfers {
		t := &s.Transfers[i]
		t.Command, t.Argument, t.Path = ptr(evil), ptr(long), ptr(long)
		t.Notes.Asked.Text, t.Notes.Ran.Text, t.Notes.Answer.Text = long, evil, long
		t.Preliminary.Text, t.Reply.Text, t.Reply.Code = evil, long, 550
		t.Outcome = record.Denied
	}
	s.Transfers[0].Direction, s.Transfers[0].Notes.Conn = nil, nil
	s.Dialogue = []record.Exchange{{Command: evil, Argument: ptr(evil), Replies: []record.Reply{{Text: evil}}}}
	s.Findings = []record.Finding{{ID: evil, Severity: evil, Message: long, Advice: evil}}
	return s
}

func TestHostileText(t *testing.T) {
	for _, f := range Formats() {
		t.Run(f.Name, func(t *testing.T) {
			got := write(t, f.Name, Options{}, hostile(), &record.Session{}, &record.Session{Transfers: []record.Transfer{{}}})
			require.True(t, utf8.ValidString(got))
			for _, r := range got {
				separator := r == '\n' || r == '\t' && (f.Name == "zeek-ftp" || f.Name == "zeek-conn")
				require.False(t, !separator && prose.Hidden(r), "%U", r)
			}
			if f.Name == "table" || f.Name == "explain" {
				for line := range strings.SplitSeq(got, "\n") {
					require.LessOrEqual(t, prose.Columns(line), DefaultWidth, line)
				}
			}
		})
	}
}
