package markdown

import (
	"bytes"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	extast "github.com/yuin/goldmark/extension/ast"
	gmtext "github.com/yuin/goldmark/text"

	"ftpscope/analyze/record"
	"ftpscope/analyze/report"
	"ftpscope/analyze/report/reporttest"
	"ftpscope/capture/flow"
)

// linked is what trackers make something of in plain text: mentions, issues, addresses,
// emoji.
var linked = regexp.MustCompile("[@#<>`$*_~{}|!&\\\\\\[\\]]|://|www\\.[a-z]|:[a-z]+:|GH-|[0-9][0-9a-f]{6}")

// parseMarkdown reads as GitHub does, and holds what is true of every section: no text of
// the wire is more than text.
func parseMarkdown(t *testing.T, source string) (headings, rows, items int) {
	t.Helper()
	md := goldmark.New(goldmark.WithExtensions(extension.GFM))
	b := []byte(source)
	require.NoError(t, ast.Walk(md.Parser().Parse(gmtext.NewReader(b)), func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		switch n := n.(type) {
		case *ast.Link, *ast.AutoLink, *ast.Image, *ast.RawHTML, *ast.HTMLBlock, *ast.FencedCodeBlock, *ast.CodeBlock, *ast.Blockquote, *extast.Strikethrough, *ast.ThematicBreak:
			t.Fatalf("%s in the section", n.Kind())
		case *ast.CodeSpan:
			return ast.WalkSkipChildren, nil
		case *ast.Text:
			value := string(n.Segment.Value(b))
			require.NotRegexp(t, linked, value)
		case *ast.Heading:
			headings++
		case *ast.ListItem:
			items++
		case *extast.TableRow:
			require.Equal(t, 9, n.ChildCount())
			rows++
		}
		return ast.WalkContinue, nil
	}))
	var html bytes.Buffer
	require.NoError(t, md.Convert(b, &html))
	for _, tag := range []string{"<script", "<img", "<a ", "<b>", "onerror=alert(1)>"} {
		require.NotContains(t, html.String(), tag)
	}
	return headings, rows, items
}

func TestMarkdownHostile(t *testing.T) {
	for i, s := range reporttest.HostileSessions() {
		got := reporttest.Write(t, markdownFormats(), "markdown", report.Options{}, s)
		headings, rows, items := parseMarkdown(t, got)
		require.Equal(t, []int{7, 1, 9}, []int{headings, rows, items}, "%d %.80q\n%s", i, reporttest.HostileTexts[i], got)
		require.Less(t, len(got), 10_000)
	}
}

// TestMarkdownBounded: however many sessions, it fits a ticket, shows the gravest and
// counts the rest.
func TestMarkdownBounded(t *testing.T) {
	var sessions []*record.Session
	for i := range 3000 {
		s := reporttest.HostileSession(i+1, "|`"+strings.Repeat("@|`\u202e", 300))
		if i == 2500 {
			s.Findings[0].Severity = "critical"
		}
		sessions = append(sessions, s)
	}
	got := reporttest.Write(t, markdownFormats(), "markdown", report.Options{All: true}, sessions...)
	require.Less(t, len([]rune(got)), 65_000)
	_, rows, _ := parseMarkdown(t, got)
	require.Equal(t, mdSessions, rows)
	require.Contains(t, got, "… and 2,980 more sessions.")
	got = reporttest.WriteAll(t, markdownFormats(), "markdown", sessions...)
	_, rows, items := parseMarkdown(t, got)
	require.Equal(t, []int{6, 15}, []int{rows, items}, "of many less is shown")
	require.Contains(t, got, "… and 2,994 more sessions.")
	require.Contains(t, got, "| 2501 |")
	require.Contains(t, got, "**critical** `path-traversal` (session 2501, transfer 2, packet 7)")
}

// A section about many sessions is one that people read.
func TestMarkdownShort(t *testing.T) {
	var sessions []*record.Session
	for i := range 124 {
		s := reporttest.BlockedSession()
		if i%2 == 0 {
			s = reporttest.ActiveSession()
		}
		s.ID, s.Server = i+1, reporttest.Endpoint("203.0.113."+strconv.Itoa(i+1)+":21")
		sessions = append(sessions, s)
	}
	got := reporttest.Write(t, markdownFormats(), "markdown", report.Options{}, sessions...)
	require.Less(t, len(got), 6000)
	parseMarkdown(t, got)
}

// What worked is told too, and how fast it was.
func TestWorked(t *testing.T) {
	s := reporttest.ActiveSession()
	rate := 461_538.0
	s.Transfers[1].TCP = &record.TCP{Duration: 130 * flow.Millisecond, Rate: &rate}
	got := reporttest.Write(t, markdownFormats(), "markdown", report.Options{Title: "Uploads fail"}, s)
	require.True(t, strings.HasPrefix(got, "## Uploads fail\n"))
	require.Contains(t, got, "\nData connections carried 60.3 kB down in 2 transfers, at 461.5 kB/s.\n")
	require.Equal(t, "- session 1, transfer 1: `LIST` (PORT), active, opened by the server: 266 B down\n"+
		"- session 1, transfer 2: `RETR photo.bin` (PORT), active, opened by the server: 60.0 kB down at 461.5 kB/s", part(t, got, "Transfers that worked"))
	slow := 1000.0
	up := reporttest.ActiveTransfer(3, "STOR", "a", 300, 43678, 5000)
	up.Direction, up.TCP = reporttest.Ptr(record.Upload), &record.TCP{Duration: 5 * flow.Second, Rate: &slow}
	s.Transfers = append(s.Transfers, up)
	got = reporttest.Write(t, markdownFormats(), "markdown", report.Options{}, s)
	require.Contains(t, got, "carried 60.3 kB down and 5.0 kB up in 3 transfers, at 1.0 kB/s to 461.5 kB/s.")
	require.Contains(t, got, "`STOR a` (PORT), active, opened by the server: 5.0 kB up at 1.0 kB/s")
	require.Empty(t, (&carried{}).line())
}

func TestProse(t *testing.T) {
	for in, want := range map[string]string{
		"":                                      "",
		"the server said no":                    "the server said no",
		"reach 192.0.2.1:21 (packets 1, 2); it": "reach `192.0.2.1:21` (packets 1, 2); it",
		`user "a b" went; "c\" d" too`:          "user `\"a b\"` went; `\"c\\\" d\"` too",
		"see @you, #12 and GH-7":                "see `@you`, `#12` and `GH-7`",
		"well-known client's part":              "well-known client's part",
		"a|b `c`":                               "`a\\x7cb` `\\x60c\\x60`",
		`open "quote without end`:               "open `\"quote without end`",
		"1234567 deadbeef7 60,000":              "`1234567` `deadbeef7` 60,000",
		"at www.evil.example.":                  "at `www.evil.example`.",
		"sent “unknown CA” (1–2)":               "sent `“unknown CA”` (1–2)",
	} {
		require.Equal(t, want, mdProse(in), in)
	}
}

func FuzzMarkdown(f *testing.F) {
	for _, text := range reporttest.HostileTexts {
		f.Add(text[:min(len(text), 200)])
	}
	f.Fuzz(func(t *testing.T, text string) {
		s := reporttest.HostileSession(1, text)
		var out strings.Builder
		w := newMarkdown(&out, report.Options{})
		require.NoError(t, w.Session(s))
		require.NoError(t, w.Summary(reporttest.SummaryOf(s)))
		headings, rows, items := parseMarkdown(t, out.String())
		require.Equal(t, fmt.Sprint(7, 1, 9), fmt.Sprint(headings, rows, items), out.String())
	})
}

func markdownFormats() []report.Format { return []report.Format{Format()} }

func TestGoldens(t *testing.T) { reporttest.Goldens(t, markdownFormats()) }
