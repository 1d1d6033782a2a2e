package ftp

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestParseReplyLine(t *testing.T) {
	for _, tt := range []struct {
		line string
		code int
		sep  byte
		text string
		ok   bool
	}{
		{"220 ready", 220, ' ', "ready", true},
		{"220-ready", 220, '-', "ready", true},
		{"220", 220, 0, "", true},
		{"220 ", 220, ' ', "", true},
		{"226Done", 226, 0, "Done", true},
		{"226\tDone", 226, 0, "\tDone", true},
		{"226  two spaces", 226, ' ', " two spaces", true},
		{"631 base64", 631, ' ', "base64", true},
		{"2200 users", 0, 0, "2200 users", false},
		{"022 x", 0, 0, "022 x", false},
		{"720 x", 0, 0, "720 x", false},
		{"22 x", 0, 0, "22 x", false},
		{"22", 0, 0, "22", false},
		{" 220 x", 0, 0, " 220 x", false},
		{"+OK", 0, 0, "+OK", false},
		{"", 0, 0, "", false},
	} {
		t.Run(tt.line, func(t *testing.T) {
			p := ParseReplyLine([]byte(tt.line))
			require.Equal(t, tt.text, string(p.Text))
			p.Text = nil
			require.Equal(t, ReplyLine{Code: tt.code, Sep: tt.sep, OK: tt.ok}, p)
		})
	}
}

// assemble gives Replies the lines of the text; a line "^" is an Interrupt, and one comes at the end.
func assemble(text string) (replies []Reply) {
	var r Replies
	take := func(p Reply, ok bool) {
		if ok {
			replies = append(replies, p)
		}
	}
	for line := range strings.SplitSeq(text, "\n") {
		if line == "^" {
			take(r.Interrupt())
			continue
		}
		take(r.Line(Line{Text: []byte(line)}))
	}
	take(r.Interrupt())
	take(r.Interrupt())
	return replies
}

func TestReplies(t *testing.T) {
	for _, tt := range []struct {
		name, in string
		want     []Reply
	}{
		{"one line", "220 ready", []Reply{{220, "ready", 1, 0}}},
		{"two replies", "150 here\n226 done", []Reply{{150, "here", 1, 0}, {226, "done", 1, 0}}},
		{"code alone", "226", []Reply{{226, "", 1, 0}}},
		{"no space", "226Done", []Reply{{226, "Done", 1, NoSpace}}},
		{"no code", "+OK POP3", []Reply{{0, "+OK POP3", 1, NoCode}}},
		{"empty lines between", "\n220 a\n\n\n331 b", []Reply{{220, "a", 1, 0}, {331, "b", 1, 0}}},

		{"multi-line", "230-Welcome\n to the\n230 machine", []Reply{{230, "Welcome\n to the\nmachine", 3, 0}}},
		{"code on every line", "230-a\n230-b\n230 c", []Reply{{230, "a\nb\nc", 3, 0}}},
		{"empty last line", "211-Features:\n MDTM\n211 ", []Reply{{211, "Features:\n MDTM\n", 3, 0}}},
		{"empty first line", "230-\n230-a\n230 b", []Reply{{230, "\na\nb", 3, 0}}},
		{"ends by code alone", "230-a\n230", []Reply{{230, "a\n", 2, 0}}},
		{"ends without space", "226-a\n226Done", []Reply{{226, "a\nDone", 2, NoSpace}}},
		{"number that is no code", "213-a\n213.5 MB\n213 b", []Reply{{213, "a\n213.5 MB\nb", 3, 0}}},
		{"four digits", "213-a\n2130 files\n213 b", []Reply{{213, "a\n2130 files\nb", 3, 0}}},
		{"empty lines within", "230-a\n\n230 b", []Reply{{230, "a\n\nb", 3, 0}}},
		{"other code with a hyphen is text", "220-a\n150-b\n220 c", []Reply{{220, "a\n150-b\nc", 3, 0}}},
		{"indented code is text", "220-a\n 220 b\n220 c", []Reply{{220, "a\n 220 b\nc", 3, 0}}},
		{"banner with numbers", "230-Hi\n220 users of\n150 files\n226\n230 in", []Reply{{230, "Hi\n220 users of\n150 files\n226\nin", 5, 0}}},

		{"230- closed by 226", "230-Hi\n226 done\n^\n200 ok", []Reply{
			{226, "Hi\ndone", 2, EndedByOtherCode}, {200, "ok", 1, 0}}},
		{"553- closed by 150", "553-no\n150 yes", []Reply{{150, "no\nyes", 2, EndedByOtherCode}}},
		{"closed by another code alone", "230-Hi\n226", []Reply{{226, "Hi\n", 2, EndedByOtherCode}}},
		{"the last candidate counts", "230-Hi\n220 users\nmore\n226 done\ntail", []Reply{
			{226, "Hi\n220 users\nmore\ndone\ntail", 5, EndedByOtherCode}}},
		{"never ended", "230-Hi\nthere\n^\n200 ok", []Reply{{230, "Hi\nthere", 2, NeverEnded}, {200, "ok", 1, 0}}},
		{"one line with a hyphen", "226-done\n^\n250 ok", []Reply{{226, "done", 1, NeverEnded}, {250, "ok", 1, 0}}},
		{"227 within", "230-Hi\n227 Entering (10,0,0,1,4,5)\n530 no\n230 in\n227 (10,0,0,1,4,6)", []Reply{
			{230, "Hi\n227 Entering (10,0,0,1,4,5)\n530 no\nin", 4, 0}, {227, "(10,0,0,1,4,6)", 1, 0}}},
		{"230- closed by 227", "230-Hi\n227 Entering (10,0,0,1,4,5)", []Reply{
			{227, "Entering (10,0,0,1,4,5)", 2, EndedByOtherCode}}},
		{"229 counts, not what follows", "230-1,2,3,4,5,6\n229 Entering (|||80|)\n200 x", []Reply{
			{229, "Entering (|||80|)\n200 x", 3, EndedByOtherCode}}},
		{"230- closed by 228", "230-Hi\n228 (4,4,10,0,0,1,2,4,5)", []Reply{
			{228, "(4,4,10,0,0,1,2,4,5)", 2, EndedByOtherCode}}},
		{"227 users", "230-Hi\n227 users\n230 in", []Reply{{230, "Hi\n227 users\nin", 3, 0}}},
		{"state does not leak", "230-a\n226 b\n230 c\n220-x\n^", []Reply{{230, "a\n226 b\nc", 3, 0}, {220, "x", 1, NeverEnded}}},
		{"interrupt between replies", "^\n220 a\n^", []Reply{{220, "a", 1, 0}}},
	} {
		t.Run(tt.name, func(t *testing.T) { require.Equal(t, tt.want, assemble(tt.in)) })
	}
}

func TestReplyFlagsOfLines(t *testing.T) {
	for _, tt := range []struct {
		name string
		in   Line
		want Reply
	}{
		{"cut", Line{[]byte("226 x"), Cut}, Reply{226, "x", 1, ReplyCut}},
		{"unterminated", Line{[]byte("226 x"), Unterminated}, Reply{226, "x", 1, ReplyCut}},
		{"piece of a code", Line{[]byte("22"), Unterminated}, Reply{0, "22", 1, NoCode | ReplyCut}},
		{"after a gap", Line{[]byte("226 x"), HeadLost}, Reply{226, "x", 1, ReplyHeadLost}},
		{"tail after a gap", Line{[]byte("plete."), HeadLost}, Reply{0, "plete.", 1, NoCode | ReplyHeadLost}},
		{"Telnet", Line{[]byte("226 x"), HasTelnet | BareLF}, Reply{226, "x", 1, 0}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var r Replies
			got, ok := r.Line(tt.in)
			require.True(t, ok)
			require.Equal(t, tt.want, got)
		})
	}
}

func TestReplyTextIsBounded(t *testing.T) {
	line := strings.Repeat("x", 1000)
	got := assemble("213-a\n" + strings.Repeat(line+"\n", 1000) + "short\n226 b\n213 c")
	require.Len(t, got, 1)
	require.Equal(t, 1004, got[0].Lines)
	require.Equal(t, ReplyCut, got[0].Flags)
	require.Equal(t, "a"+strings.Repeat("\n"+line, 8), got[0].Text)

	got = assemble("213-a\n" + strings.Repeat(line+"\n", 1000) + "226 b")
	require.Equal(t, Reply{226, "a" + strings.Repeat("\n"+line, 8), 1002, EndedByOtherCode | ReplyCut}, got[0])
}

func TestRepliesOpen(t *testing.T) {
	var r Replies
	require.False(t, r.Open())
	_, ok := r.Line(Line{Text: []byte("230-a")})
	require.False(t, ok)
	require.True(t, r.Open())
	_, ok = r.Line(Line{Text: []byte("230 b")})
	require.True(t, ok)
	require.False(t, r.Open())
}

func TestInterned(t *testing.T) {
	r := Replies{Texts: new(Texts)}
	line := Line{Text: []byte("226 Transfer complete.")}
	require.Zero(t, testing.AllocsPerRun(100, func() { r.Line(line) }))
}

func FuzzReplies(f *testing.F) {
	f.Add([]byte("220-Hi\r\n150 files\r\n220 x\r\n230-a\r\n226 b\r\n"), uint8(3))
	f.Add([]byte("230-a\r\n227 (1,2,3,4,5,6)\r\n226Done\n+OK\n"), uint8(0))
	f.Fuzz(func(t *testing.T, b []byte, every uint8) {
		var f Framer
		var r Replies
		var rec Recognizer
		fed, counted := 0, 0
		check := func(p Reply, ok bool) {
			if !ok {
				return
			}
			require.False(t, r.Open())
			require.Equal(t, p.Code == 0, p.Flags&NoCode != 0)
			require.True(t, p.Code == 0 || p.Code >= 100 && p.Code <= 699)
			require.LessOrEqual(t, len(p.Text), MaxReplyText)
			require.GreaterOrEqual(t, p.Lines, 1)
			counted += p.Lines
			rec.Reply(p.Code, p.Text)
			_ = rec.Verdict()
		}
		for line, rest, ok := f.Next(b); ok; line, rest, ok = f.Next(rest) {
			if len(line.Text) > 0 || r.Open() {
				fed++
			}
			check(r.Line(line))
			if every > 0 && fed%int(every) == 0 {
				check(r.Interrupt())
				require.False(t, r.Open())
			}
		}
		check(r.Interrupt())
		require.Equal(t, fed, counted, "every line is part of one reply")
	})
}

func BenchmarkReplies(b *testing.B) {
	for _, n := range []int{1, 60} {
		b.Run(fmt.Sprintf("lines=%d", n), func(b *testing.B) {
			middle, last := Line{Text: []byte("230-Welcome to this machine")}, Line{Text: []byte("230 Login successful.")}
			var r Replies
			for b.Loop() {
				for range n - 1 {
					r.Line(middle)
				}
				r.Line(last)
			}
		})
	}
}

// A copy of what is being assembled may end while the original goes on.
func TestInterruptedCopy(t *testing.T) {
	var r Replies
	for _, line := range []string{"220-two", "stray", "229 (|||50000|)"} {
		_, ok := r.Line(Line{Text: []byte(line)})
		require.False(t, ok)
	}
	c := r
	got, ok := c.Interrupt()
	require.True(t, ok)
	require.Equal(t, "(|||50000|)", got.Text)
	got, ok = r.Line(Line{Text: []byte("220 done")})
	require.True(t, ok)
	require.Equal(t, "two\nstray\n229 (|||50000|)\ndone", got.Text)
}
