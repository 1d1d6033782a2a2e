package roff

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ftpscope/cmd/ftpscope/manual"
)

var page = Page{Name: "ftpscope-carve", Section: 1, Summary: "Only some packets.", Date: time.Unix(0, 0), Version: "1.2.3", SeeAlso: []Ref{{"ftpscope", 1}, {"ftpscope-limits", 7}}}

const head = `.\" Made of what "ftpscope help" shows.
.TH "FTPSCOPE\-CARVE" 1 "1970\-01\-01" "ftpscope 1.2.3" "ftpscope"
.nh
.ad l
.SH "NAME"
ftpscope\-carve \- Only some packets
`

const tail = `.SH "SEE ALSO"
.BR ftpscope (1),
.BR ftpscope\-limits (7)
`

func TestHelp(t *testing.T) {
	text := `Cuts sessions out.
.hidden files stay.

Usage:
  ftpscope carve [flags] -w OUT FILE

It's read twice:
  a line

Flags:
  -w, --write FILE   write to FILE,
                     or \n
      --all-ftp      carve all
      --nothing

Examples:
  ftpscope carve -w a b
  ftpscope carve -w 'c' d
`
	require.Equal(t, head+`.SH "SYNOPSIS"
.PP
.RS 4
.nf
ftpscope carve [flags] \-w OUT FILE
.fi
.RE
.SH "DESCRIPTION"
.PP
Cuts sessions out.
\&.hidden files stay.
.PP
It\(aqs read twice:
.PP
.RS 4
.nf
a line
.fi
.RE
.SH "OPTIONS"
.TP
\fB\-w, \-\-write FILE\fR
write to FILE,
or \en
.TP
\fB\-\-all\-ftp\fR
carve all
.TP
\fB\-\-nothing\fR
…
.SH "EXAMPLES"
.PP
.RS 4
.nf
ftpscope carve \-w a b
ftpscope carve \-w \(aqc\(aq d
.fi
.RE
`+tail, string(page.Help(text)))
}

func TestMarkdown(t *testing.T) {
	text := "# Title\n\nWords with `code` and **more**,\nsee [a page](a.md).\n\n![picture](a.png)\n\n## Next \"one\"\n\n- first\n- second\n\n" +
		"1. one\n2. two\n\n```\n.x  y\n\nz\n```\n\n### Less\n\n| a | b |\n| --- | --- |\n| `c \\| d` | e |\n"
	require.Equal(t, head+`.SH "DESCRIPTION"
\fBTitle\fR
.PP
Words with \fBcode\fR and \fBmore\fR, see a page.
.SH "Next \(dqone\(dq"
.IP \(bu 3
first
.IP \(bu 3
second
.IP 1. 3
one
.IP 2. 3
two
.PP
.RS 4
.nf
\&.x  y

z
.fi
.RE
.SS "Less"
.TP
\fBa\fR
b\&
.TP
\fBc | d\fR
e\&
`+tail, string(page.Markdown(text)))
}

// Each piece of a page has its request, and no text of it is one.
func TestPieces(t *testing.T) {
	for _, x := range []struct{ name, markdown, want string }{
		{"text", "one\ntwo\n", ".PP\none two\n"},
		{"a line that would be a request", ".TH x\n", ".PP\n\\&.TH x\n"},
		{"an apostrophe that would be one", "'br\n", ".PP\n\\(aqbr\n"},
		{"backslashes", "`a\\b` \\\\n\n", ".PP\n\\fBa\\eb\\fR \\e\\en\n"},
		{"what is bold from its start", "**.so x**\n", ".PP\n\\fB.so x\\fR\n"},
		{"a list within a list", "- one\n  - two\n- three\n", ".IP \\(bu 3\none\n.RS 3\n.IP \\(bu 3\ntwo\n.RE\n.IP \\(bu 3\nthree\n"},
		{"code within a list", "- one\n\n  ```\n  a  b\n  ```\n", ".IP \\(bu 3\none\n.RS 3\n.PP\n.RS 4\n.nf\na  b\n.fi\n.RE\n.RE\n"},
		{"paragraphs within a list", "3. one\n\n   two\n", ".IP 3. 3\none\n.IP \"\" 3\ntwo\n"},
		{"a heading with quotes", "## a \"b\" \\\\c\n", ".SH \"a \\(dqb\\(dq \\e\\ec\"\n"},
		{"an empty row of a table", "| | |\n| --- | --- |\n| | |\n| a | |\n", ".TP\n\\fBa\\fR\n\\&\n"},
		{"code in the first cell is as bold as the rest", "| `a` b | c |\n| --- | --- |\n", ".TP\n\\fBa b\\fR\nc\\&\n"},
	} {
		t.Run(x.name, func(t *testing.T) {
			got := string(Page{Name: "x", Section: 7}.Markdown(x.markdown))
			_, body, found := strings.Cut(got, ".SH \"DESCRIPTION\"\n")
			require.True(t, found)
			require.Equal(t, x.want, body)
		})
	}
}

// Flags, text and what is indented in it are told apart by where they stand.
func TestSplit(t *testing.T) {
	require.Equal(t, []part{{lines: []string{"One.", ""}}, {title: "Flags:", lines: []string{"  -x  a", ""}}, {lines: []string{"More."}}}, split("One.\n\nFlags:\n  -x  a\n\nMore.\n"))
	require.Equal(t, []string{"a", "  b", "", "c"}, unindented([]string{"", "  a", "    b", "", "  c", ""}))
	require.Empty(t, unindented(nil))
	for _, text := range []string{"", "\n", "Usage:\n", "Flags:\n\n", "Flags:\n  -x\n"} {
		page := string(page.Help(text))
		require.True(t, strings.HasPrefix(page, head), text)
		require.True(t, strings.HasSuffix(page, tail), text)
	}
}

// What a terminal shows of the manual is in its man pages, word by word.
func TestAgreement(t *testing.T) {
	for _, topic := range manual.Topics() {
		require.Empty(t, Missing(manual.Render(topic.Text, manual.Style{}), page.Markdown(topic.Text)), topic.Name)
	}
	require.Equal(t, []string{"gone"}, Missing("here gone", page.Markdown("here\n")))
	require.Empty(t, Missing(strings.Repeat("a ", 3), page.Markdown("a a a\n")))
}

// What escape does to text, the search for missing words undoes: for all that may be typed.
func TestEscapeAndBack(t *testing.T) {
	for _, text := range []string{`\fBnot bold\fR`, `\\e`, `\(aq`, `'quoted' "twice"`, "a-b—c", "`x^y~z`", `.TH`, `\&\-`, "最終", ""} {
		require.Equal(t, text, plain.Replace(guarded(escape(text))), text)
		require.NotRegexp(t, `^['.]`, guarded(escape(text)), "no request")
	}
	require.Equal(t, `"a \(dqb\(dq \-c"`, quoted(`a "b" -c`))
}

// A word is missing as often as the page has it less; headings and drawn lines are none.
func TestMissing(t *testing.T) {
	page := []byte(".SH \"OPTIONS\"\n\\fB\\-x\\fR\none two\n.BR ftpscope (1)\n")
	for text, want := range map[string][]string{
		"one two -x":        nil,
		"one one":           {"one"},
		"Flags:\n  -x  one": nil,
		"two ──────── │ 12.5 ▶": nil,
		"three": {"three"},
		"":      nil,
	} {
		require.Equal(t, want, Missing(text, page), text)
	}
}
