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

// What a terminal shows of the manual is in its man pages, word by word.
func TestAgreement(t *testing.T) {
	for _, topic := range manual.Topics() {
		require.Empty(t, Missing(manual.Render(topic.Text, manual.Style{}), page.Markdown(topic.Text)), topic.Name)
	}
	require.Equal(t, []string{"gone"}, Missing("here gone", page.Markdown("here\n")))
	require.Empty(t, Missing(strings.Repeat("a ", 3), page.Markdown("a a a\n")))
}
