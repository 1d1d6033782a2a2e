package report

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/rivo/uniseg"
	"github.com/stretchr/testify/require"

	"ftpscope/analyze/record"
	"ftpscope/capture/flow"
)

func TestEscape(t *testing.T) {
	tests := []struct{ name, in, want string }{
		{"plain", "photo.bin", "photo.bin"},
		{"other scripts", "Grüße 最終版 отчёт", "Grüße 最終版 отчёт"},
		{"emoji", "a😀b", "a😀b"},
		{"terminal sequence", "\x1b]0;owned\x07", `\x1b]0;owned\x07`},
		{"line ends", "a\r\n\tb", `a\r\n\tb`},
		{"DEL and C1", "a\x7f\u009b1m", `a\x7f\u009b1m`},
		{"bidi override", "exe.\u202etxt", `exe.\u202etxt`},
		{"bidi isolate", "\u2066a\u2069", `\u2066a\u2069`},
		{"zero width", "a\u200bb\ufeffc", `a\u200bb\ufeffc`},
		{"line separator", "a\u2028b", `a\u2028b`},
		{"no-break space", "a\u00a0b", `a\u00a0b`},
		{"filler", "a\u3164b\u2800", `a\u3164b\u2800`},
		{"tag", "a\U000e0041", `a\U000e0041`},
		{"not UTF-8", "caf\xe9", `caf\xe9`},
		{"tower of marks", "e\u0301\u0301\u0301\u0301", "e\u0301\u0301" + `\u0301\u0301`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) { require.Equal(t, test.want, escape(test.in)) })
	}
}

func TestCut(t *testing.T) {
	tests := []struct {
		name, in string
		width    int
		want     string
	}{
		{"fits", "abcdef", 6, "abcdef"},
		{"odd", "abcdefghij", 5, "ab…ij"},
		{"even", "abcdefghij", 6, "abc…ij"},
		{"wide characters", "最終版最終版", 7, "最…版"},
		{"one column", "abc", 1, "…"},
		{"none", "abc", 0, ""},
		{"negative", "abc", -3, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := cut(test.in, test.width)
			require.Equal(t, test.want, got)
			require.LessOrEqual(t, columns(got), max(test.width, 0))
		})
	}
}

func TestWrap(t *testing.T) {
	tests := []struct {
		name, in    string
		used, width int
		want        []string
	}{
		{"words", "one two three", 0, 8, []string{"one two", "three"}},
		{"long word", "abcdefghij kl", 0, 4, []string{"abcd", "efgh", "ij", "kl"}},
		{"after something", "one two three", 5, 8, []string{"one", "two", "three"}},
		{"no room on the first line", "three two", 5, 8, []string{"", "three", "two"}},
		{"empty", "", 0, 8, nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) { require.Equal(t, test.want, wrapAfter(test.used, test.in, test.width)) })
	}
}

func TestWords(t *testing.T) {
	require.Equal(t, []string{"1 query", "2 queries", "0 sessions", "1,234,567 bytes"},
		[]string{many(1, "query"), many(2, "query"), many(0, "session"), many(1234567, "byte")})
	require.Equal(t, []string{"0 B", "999 B", "1.0 kB", "60.0 kB", "1.0 MB", "18.4 EB"},
		[]string{size(0), size(999), size(1000), size(60000), size(999_950), size(1<<64 - 1)})
	require.Equal(t, []string{"0 ms", "12 ms", "7.2 s", "59.9 s", "1 min", "2 h 5 min", "3 d 4 h"},
		[]string{span(-5), span(12 * flow.Millisecond), span(7213 * flow.Millisecond), span(59999 * flow.Millisecond), span(60 * flow.Second),
			span(125 * 60 * flow.Second), span(76 * 3600 * flow.Second)})
	require.Equal(t, []string{"", "a", "a and b", "a, b and c"},
		[]string{list(nil), list([]string{"a"}), list([]string{"a", "b"}), list([]string{"a", "b", "c"})})
}

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
				require.False(t, !separator && hidden(r), "%U", r)
			}
			if f.Name == "table" || f.Name == "explain" {
				for line := range strings.SplitSeq(got, "\n") {
					require.LessOrEqual(t, columns(line), DefaultWidth, line)
				}
			}
		})
	}
}

func FuzzEscape(f *testing.F) {
	f.Add("a\x1b\xff\u202e", 10)
	f.Fuzz(func(t *testing.T, s string, width int) {
		e := escape(s)
		require.True(t, utf8.ValidString(e))
		for _, r := range e {
			require.False(t, hidden(r), "%q", e)
		}
		width %= 200
		require.LessOrEqual(t, columns(cut(e, width)), max(width, 0))
		for _, line := range wrap(e, max(width, 10)) {
			require.LessOrEqual(t, columns(line), max(width, 10))
		}
	})
}

// FuzzColumns holds the shorter way for what is mostly ASCII against the whole one.
func FuzzColumns(f *testing.F) {
	for _, s := range []string{"", "a", "client ──▶ server", "e\u0301e\u0301", "a\u0301\u0301b", "最終版.txt", "🇩🇪🇩", "👩‍👩‍👧 x", "ᄀᄀᄀ a", "a\u200db", " \u0301"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		s = escape(s)
		require.Equal(t, uniseg.StringWidth(s), columns(s), "%q", s)
	})
}

// A word of a reply can be as long as a reply: the time for its lines grows with it.
func BenchmarkWrap(b *testing.B) {
	for _, word := range []string{"a", "é", "界"} {
		for _, n := range []int{1000, 8000} {
			text := strings.Repeat(word, n)
			b.Run(fmt.Sprintf("word=%s/letters=%d", word, n), func(b *testing.B) {
				b.SetBytes(int64(len(text)))
				for b.Loop() {
					wrap(text, 80)
				}
			})
		}
	}
}
