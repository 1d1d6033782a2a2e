package prose

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/rivo/uniseg"
	"github.com/stretchr/testify/require"

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
		t.Run(test.name, func(t *testing.T) { require.Equal(t, test.want, Escape(test.in)) })
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
			got := Cut(test.in, test.width)
			require.Equal(t, test.want, got)
			require.LessOrEqual(t, Columns(got), max(test.width, 0))
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
		{"path", "/srv/archive/reports/2024.pdf", 0, 12, []string{"/srv/archive", "/reports/", "2024.pdf"}},
		{"long word", "abcdefghij kl", 0, 4, []string{"abcd", "efgh", "ij", "kl"}},
		{"after something", "one two three", 5, 8, []string{"one", "two", "three"}},
		{"no room on the first line", "three two", 5, 8, []string{"", "three", "two"}},
		{"empty", "", 0, 8, nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) { require.Equal(t, test.want, WrapAfter(test.used, test.in, test.width)) })
	}
}

func TestWords(t *testing.T) {
	require.Equal(t, []string{"1 query", "2 queries", "0 sessions", "1,234,567 bytes"},
		[]string{Many(1, "query"), Many(2, "query"), Many(0, "session"), Many(1234567, "byte")})
	require.Equal(t, []string{"0 B", "999 B", "1.0 kB", "60.0 kB", "1.0 MB", "18.4 EB"},
		[]string{Size(0), Size(999), Size(1000), Size(60000), Size(999_950), Size(1<<64 - 1)})
	require.Equal(t, []string{"0 ms", "12 ms", "7.2 s", "59.9 s", "1 min", "2 h 5 min", "3 d 4 h"},
		[]string{Span[flow.Time](-5), Span(12 * flow.Millisecond), Span(7213 * flow.Millisecond), Span(59999 * flow.Millisecond), Span(60 * flow.Second),
			Span(125 * 60 * flow.Second), Span(76 * 3600 * flow.Second)})
	require.Equal(t, []string{"0 ms", "999 ms", "1.5 s", "7 s", "12 s", "2 min 5 s", "3 h 1 min", "76 h"},
		[]string{Lasting(-5), Lasting(999 * flow.Millisecond), Lasting(1510 * flow.Millisecond), Lasting(7 * flow.Second), Lasting(12900 * flow.Millisecond),
			Lasting(125 * flow.Second), Lasting(181 * 60 * flow.Second), Lasting(76 * 3600 * flow.Second)})
	require.Equal(t, []string{"0 times", "once", "twice", "1,000 times"}, []string{Times(0), Times(1), Times(2), Times(1000)})
	require.Equal(t, []string{"", "a", "a and b", "a, b and c"},
		[]string{List(nil), List([]string{"a"}), List([]string{"a", "b"}), List([]string{"a", "b", "c"})})
}

func FuzzEscape(f *testing.F) {
	f.Add("a\x1b\xff\u202e", 10)
	f.Fuzz(func(t *testing.T, s string, width int) {
		e := Escape(s)
		require.True(t, utf8.ValidString(e))
		for _, r := range e {
			require.False(t, Hidden(r), "%q", e)
		}
		width %= 200
		require.LessOrEqual(t, Columns(Cut(e, width)), max(width, 0))
		for _, line := range Wrap(e, max(width, 10)) {
			require.LessOrEqual(t, Columns(line), max(width, 10))
		}
	})
}

// FuzzColumns holds the shorter way for what is mostly ASCII against the whole one.
func FuzzColumns(f *testing.F) {
	for _, s := range []string{"", "a", "client ──▶ server", "e\u0301e\u0301", "a\u0301\u0301b", "最終版.txt", "🇩🇪🇩", "👩‍👩‍👧 x", "ᄀᄀᄀ a", "a\u200db", " \u0301"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		s = Escape(s)
		require.Equal(t, uniseg.StringWidth(s), Columns(s), "%q", s)
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
					Wrap(text, 80)
				}
			})
		}
	}
}

func TestSentences(t *testing.T) {
	for name, x := range map[string]struct{ got, want string }{
		"empty":                {Sentence(""), ""},
		"begins and ends":      {Sentence("the server said no"), "The server said no."},
		"has an end":           {Sentence("Why?"), "Why?"},
		"ends in a quotation":  {Sentence(`it said "no."`), `It said "no."`},
		"another script":       {Sentence("été"), "été."},
		"clauses":              {Clauses("", "a", "", "b"), "a; b"},
		"first clause":         {FirstClause("a (packets 1 and 2) b; c"), "a b"},
		"quoted semicolon":     {FirstClause(`said "x; y" (packet 3); z`), `said "x; y"`},
		"escaped quote":        {FirstClause(`said "x\"; (packet 1)"; z`), `said "x\"; (packet 1)"`},
		"without packets":      {WithoutPackets("a (packet 7); b"), "a; b"},
		"unclosed parenthesis": {WithoutPackets("a (packet 7"), "a (packet 7"},
		"packet":               {Packet(flow.At(1, 14), false), "#14"},
		"packet of a file":     {Packet(flow.At(1, 14), true), "2:#14"},
		"packet in a sentence": {string(AppendPacket(nil, flow.At(0, 14), false)), "14"},
		"quote":                {Quote("a\x1b\u202e\"b"), `"a\x1b\u202e\"b"`},
		"quote of a long text": {Quote(strings.Repeat("é", 100)), `"` + strings.Repeat("é", 53) + "…" + strings.Repeat("é", 26) + `"`},
		"first line":           {FirstLine("a\r\nb"), "a …"},
		"only line":            {FirstLine("a \r\n"), "a"},
		"all lines":            {EscapeLines("a\x1b\r\nb"), "a\\x1b\nb"},
		"end cut at a word":    {CutEnd("one two three", 9), "one two …"},
		"end cut in a word":    {CutEnd("onetwothree", 5), "onet…"},
	} {
		t.Run(name, func(t *testing.T) { require.Equal(t, x.want, x.got) })
	}
}
func TestFirstClause(t *testing.T) {
	for in, want := range map[string]string{
		"":                              "",
		"a; b":                          "a",
		"a (packets 1, 2) b (packet 3)": "a b",
		`RETR "x; \"; y (packet 1)" (packet 2); z`: `RETR "x; \"; y (packet 1)"`,
		`open "quote; to the end`:                  `open "quote; to the end`,
		`ends in "\`:                               `ends in "\`,
		"a (packet 1":                              "a (packet 1",
	} {
		require.Equal(t, want, FirstClause(in), in)
	}
}

func TestCutEnd(t *testing.T) {
	for _, c := range []struct {
		in    string
		width int
		want  string
	}{
		{"short", 10, "short"},
		{"425 Failed to establish connection.", 31, "425 Failed to establish …"},
		{"onewordthatislong", 8, "oneword…"},
		{"ab cdefghijkl", 8, "ab cdef…"},
		{"最終版最終版", 6, "最終…"},
		{"abc", 1, "…"},
		{"abc", 0, ""},
	} {
		got := CutEnd(c.in, c.width)
		require.Equal(t, c.want, got)
		require.LessOrEqual(t, Columns(got), max(c.width, 0))
	}
}

func TestSentence(t *testing.T) {
	require.Equal(t, "Is it so?", Sentence("is it so?"))
	require.Equal(t, "It is.", Sentence("it is"))
	require.Equal(t, `It said "done."`, Sentence(`it said "done."`))
	require.Equal(t, `It said "done".`, Sentence(`it said "done"`))
	require.Equal(t, `".`, Sentence(`"`))
	require.Empty(t, Sentence(""))
}

// Packets are named as Wireshark does, with their files where there are several.
func TestPackets(t *testing.T) {
	a, b, c := flow.At(0, 40), flow.At(0, 43), flow.At(1, 7)
	for name, x := range map[string]struct{ got, want string }{
		"none":                  {Packets(false), ""},
		"none seen":             {Packets(true, 0, 0), ""},
		"one":                   {Packets(false, 0, a), " (packet 40)"},
		"two":                   {Packets(false, a, b), " (packets 40 and 43)"},
		"of files":              {Packets(true, a, c), " (packets 1:#40 and 2:#7)"},
		"list":                  {PacketList([]flow.Pos{b, 0, a}, false), "#40 #43"},
		"list of files":         {PacketList([]flow.Pos{c, b, a}, true), "1:#40 #43 2:#7"},
		"empty list":            {PacketList(nil, true), ""},
		"range":                 {PacketRange([]flow.Pos{b, 0, a}, false), "#40–#43"},
		"range of one":          {PacketRange([]flow.Pos{a, 0}, false), "#40"},
		"range of files":        {PacketRange([]flow.Pos{a, c}, true), "1:#40–2:#7"},
		"range in a later file": {PacketRange([]flow.Pos{c, c + 1}, true), "2:#7–#8"},
		"empty range":           {PacketRange([]flow.Pos{0}, true), ""},
		"microseconds":          {FineSpan(9 * flow.Millisecond), "9,000 µs"},
		"milliseconds":          {FineSpan(10 * flow.Millisecond), "10 ms"},
		"negative":              {FineSpan(-1), "0 µs"},
	} {
		t.Run(name, func(t *testing.T) { require.Equal(t, x.want, x.got) })
	}
}

// Columns are laid out by what a terminal shows, not by bytes.
func TestLayout(t *testing.T) {
	require.Equal(t, []string{"最終  ", "  最終", "最終版"}, []string{Pad("最終", 6), PadLeft("最終", 6), Pad("最終版", 3)})
	require.Equal(t, []string{"最", "最終"}, []string{Prefix("最終版", 3), Prefix("最終版", 4)})
	require.Empty(t, Spaces(-3))
	p := Page{Width: 10}
	p.Paragraph("")
	p.Paragraph("one two three")
	require.Equal(t, "one two\nthree\n\n", p.String())
	require.Equal(t, []string{"", "x"}, []string{Known(nil), Known(ptr("x"))})
	require.Equal(t, "21", Port(21))
	for in, want := range map[string]string{"::ffff:192.0.2.1": "192.0.2.1", "fe80::1%eth0": "fe80::1", "192.0.2.1": "192.0.2.1"} {
		require.Equal(t, want, Plain(netip.MustParseAddr(in)).String())
	}
}

func ptr(s string) *string { return &s }

func TestInternalKind(t *testing.T) {
	for text, want := range map[string]string{
		"10.1.2.3": "the private address ", "172.31.0.1": "the private address ", "172.32.0.1": "", "100.64.0.1": "the carrier-grade NAT address ", "100.128.0.1": "",
		"169.254.1.1": "the link-local address ", "127.0.0.1": "the loopback address ", "0.0.0.0": "the unspecified address ", "8.8.8.8": "",
		"fd00::1": "the private address ", "fe80::1": "the link-local address ", "::1": "the loopback address ", "::": "the unspecified address ", "2001:db8::1": "",
	} {
		require.Equal(t, want, InternalKind(netip.MustParseAddr(text)), text)
	}
}
