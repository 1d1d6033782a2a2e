package manual

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/yuin/goldmark/ast"
	extast "github.com/yuin/goldmark/extension/ast"

	"ftpscope/analyze/prose"
)

// Each page has a title and a summary of one line, and is in the list; links lead somewhere.
func TestTopics(t *testing.T) {
	names, err := filepath.Glob("*.md")
	require.NoError(t, err)
	require.ElementsMatch(t, names, append(pageFiles(), "README.md"))
	first, err := os.ReadFile("../../../README.md")
	require.NoError(t, err)
	for _, topic := range Topics() {
		t.Run(topic.Name, func(t *testing.T) {
			require.NotEmpty(t, topic.Title)
			require.Regexp(t, `^[^#].*[.?]$`, topic.Summary)
			require.LessOrEqual(t, len(topic.Summary), 100)
			require.Contains(t, string(first), "| ["+topic.Name+"](cmd/ftpscope/manual/"+topic.Name+".md) |")
			for _, link := range regexp.MustCompile(`\]\(([^)]+)\)`).FindAllStringSubmatch(topic.Text, -1) {
				if !strings.HasPrefix(link[1], "https://") {
					require.FileExists(t, link[1])
				}
			}
			for _, named := range regexp.MustCompile("`ftpscope help (\\w+)`").FindAllStringSubmatch(topic.Text, -1) {
				_, found := Find(named[1])
				require.True(t, found, named[0])
			}
		})
	}
	_, found := Find("nothing")
	require.False(t, found)
}

func pageFiles() (list []string) {
	for _, topic := range Topics() {
		list = append(list, topic.Name+".md")
	}
	return list
}

// The table of contents, for who reads on a forge, has every page in its order.
func TestContents(t *testing.T) {
	b, err := os.ReadFile("README.md")
	require.NoError(t, err)
	var want strings.Builder
	for _, topic := range Topics() {
		want.WriteString("| [" + topic.Name + "](" + topic.Name + ".md) | " + topic.Summary + " |\n")
	}
	require.Contains(t, string(b), want.String())
}

// Pages fit the terminal, but for code, and plain ones hold no escape sequences and no Markdown.
func TestRender(t *testing.T) {
	for _, width := range []int{0, 50, 80, 200} {
		for _, topic := range Topics() {
			page := Render(topic.Text, Style{Width: width})
			require.NotContains(t, page, "\x1b")
			require.NotContains(t, page, "| ---")
			colored := Render(topic.Text, Style{Width: width, Color: true})
			require.Equal(t, page, regexp.MustCompile(`\x1b\[\d*m`).ReplaceAllString(colored, ""), topic.Name)
			if width >= 80 || width == 0 {
				code := strings.Split(topic.Text, "```")
				for line := range strings.Lines(page) {
					line = strings.TrimRight(line, "\n")
					inCode := slices.ContainsFunc(code, func(b string) bool { return strings.Contains(b, strings.TrimSpace(line)) })
					require.True(t, inCode || prose.Columns(line) <= 100, "%s: %s", topic.Name, line)
				}
			}
		}
	}
}

func TestRenderBlocks(t *testing.T) {
	tests := []struct{ name, markdown, page string }{
		{"headings and text", "# A title\n\nSome `code` and **strong**\nwords.\n\n## More\n", "A title\n\nSome code and strong words.\n\nMore\n"},
		{"wrapping", "one two three four five six seven eight nine ten\n", "one two three four five six seven eight\nnine ten\n"},
		{"links and pictures", "![a picture](a.png)\n\nSee [the page](a.md).\n", "See the page.\n"},
		{"list", "- one\n- two that is longer than the page is wide by some\n\n1. first\n2. second\n",
			"- one\n- two that is longer than the page is\n  wide by some\n\n1. first\n2. second\n"},
		{"code is not broken", "```\na b  c\n\n" + strings.Repeat("x", 60) + "\n```\n", "    a b  c\n\n    " + strings.Repeat("x", 60) + "\n"},
		{"a list within a list", "- one\n  - two\n  - three\n- four\n", "- one\n  - two\n  - three\n- four\n"},
		{"numbers go on", "9. one\n10. two that is longer than the page is wide\n", "9. one\n10. two that is longer than the page is\n    wide\n"},
		{"code within a list", "- one\n\n  ```\n  a  b\n  ```\n", "- one\n      a  b\n"},
		{"a picture alone is nothing", "one\n\n![a picture](a.png)\n\ntwo\n", "one\n\ntwo\n"},
		{"wide characters", "最終版の報告書最終版の報告書 最終版の報告書\n", "最終版の報告書最終版の報告書\n最終版の報告書\n"},
		{"a word that is too long", strings.Repeat("x", 45) + " y\n", strings.Repeat("x", 45) + "\ny\n"},
		{"an empty page", "", ""},
		{"an escaped bar", "| a \\| b |\n| --- |\n| c |\n", "a | b\n─────\nc\n"},
		{"bars in text", "a \\| b\n", "a | b\n"},
		{"a less heading", "### Less\n\ntext\n", "Less\n\ntext\n"},
		{"an empty cell", "| a | b |\n| --- | --- |\n| | two |\n| one | |\n", "a    b\n────────\n     two\none\n"},
		{"cells that break together", "| a | b |\n| --- | --- |\n| " + strings.Repeat("x ", 20) + "| " + strings.Repeat("y ", 20) + "|\n",
			"a" + strings.Repeat(" ", 20) + "b\n" + strings.Repeat("─", 40) + "\n" + strings.Repeat("x ", 9) + "x  " + strings.TrimSpace(strings.Repeat("y ", 10)) + "\n" +
				strings.Repeat("x ", 9) + "x  " + strings.TrimSpace(strings.Repeat("y ", 10)) + "\n"},
		{"flags stand as they are", "```flags\n  -x   y\n```\n", "  -x   y\n"},
		{"table", "| a | b |\n| --- | --- |\n| one | two |\n| `x \\| y` | z |\n", "a      b\n──────────\none    two\nx | y  z\n"},
		{"table without head", "| | |\n| --- | --- |\n| one | two |\n", "one  two\n"},
		{"wide table", "| key | meaning |\n| --- | --- |\n| word | a meaning that is longer than the page is |\n| next | more |\n",
			"key   meaning\n" + strings.Repeat("─", 40) + "\nword  a meaning that is longer than the\n      page is\n\nnext  more\n"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			require.Equal(t, test.page, Render(test.markdown, Style{Width: 40}))
		})
	}
	require.Equal(t, "\x1b[1mT\x1b[0m\n\n\x1b[36ma\x1b[0m \x1b[36mb\x1b[0m, \x1b[1mc\x1b[0m\n", Render("# T\n\n`a b`, **c**\n", Style{Color: true}))
}

// The pages use only what both terminals and man pages show: nothing that is left out without
// a word, as angle brackets are which Markdown takes for HTML.
func TestNothingIsLost(t *testing.T) {
	shown := map[ast.NodeKind]bool{
		ast.KindHeading: true, ast.KindParagraph: true, ast.KindTextBlock: true, ast.KindFencedCodeBlock: true, ast.KindList: true, ast.KindListItem: true,
		ast.KindText: true, ast.KindCodeSpan: true, ast.KindEmphasis: true, ast.KindLink: true, ast.KindImage: true, ast.KindDocument: true,
		extast.KindTable: true, extast.KindTableHeader: true, extast.KindTableRow: true, extast.KindTableCell: true,
	}
	for _, topic := range Topics() {
		require.NoError(t, ast.Walk(Parse([]byte(topic.Text)), func(n ast.Node, _ bool) (ast.WalkStatus, error) {
			require.True(t, shown[n.Kind()], "%s: %s", topic.Name, n.Kind())
			return ast.WalkContinue, nil
		}))
	}
}

// A text's pieces come in their order, each with its look; a line's end is a space.
func TestInline(t *testing.T) {
	type piece struct {
		look Look
		text string
	}
	for _, x := range []struct {
		name, markdown string
		want           []piece
	}{
		{"plain", "one two", []piece{{Roman, "one two"}}},
		{"lines", "one\ntwo", []piece{{Roman, "one"}, {Roman, " "}, {Roman, "two"}}},
		{"looks", "a `b` **c** *d*", []piece{{Roman, "a "}, {Code, "b"}, {Roman, " "}, {Bold, "c"}, {Roman, " "}, {Bold, "d"}}},
		{"code in bold is code", "**a `b`**", []piece{{Bold, "a "}, {Code, "b"}}},
		{"a link's text", "[a `b`](c.md).", []piece{{Roman, "a "}, {Code, "b"}, {Roman, "."}}},
		{"no pictures", "a ![b](c.png) d", []piece{{Roman, "a "}, {Roman, " d"}}},
		{"nothing", "![b](c.png)", nil},
	} {
		t.Run(x.name, func(t *testing.T) {
			var got []piece
			source := []byte(x.markdown)
			Inline(Parse(source).FirstChild(), source, func(look Look, text string) { got = append(got, piece{look, text}) })
			require.Equal(t, x.want, got)
		})
	}
}

// A page's table is as wide as its cells, and no wider than the page unless a word is.
func TestColumnWidths(t *testing.T) {
	cells := func(texts ...string) (row [][]word) {
		for _, text := range texts {
			var words []word
			for _, w := range strings.Fields(text) {
				words = append(words, word{w, prose.Columns(w)})
			}
			row = append(row, words)
		}
		return row
	}
	for _, x := range []struct {
		name  string
		head  [][]word
		body  [][][]word
		width int
		want  []int
	}{
		{"there is room", cells("a", "b"), [][][]word{cells("one", "two three")}, 40, []int{3, 9}},
		{"heads break first", cells("a long head", "b"), [][][]word{cells("one", "two three")}, 18, []int{7, 9}},
		{"then the widest column", cells("a", "b"), [][][]word{cells("one", "two three four five")}, 15, []int{3, 10}},
		{"but no word", cells("a", "b"), [][][]word{cells("one", "unbreakable")}, 8, []int{3, 11}},
		{"a head without text", cells("", ""), [][][]word{cells("one", "最終版")}, 40, []int{3, 6}},
	} {
		t.Run(x.name, func(t *testing.T) { require.Equal(t, x.want, columnWidths(x.head, x.body, x.width)) })
	}
}

// Words are looked for in any letter case, and a topic that there is not is told from one.
func TestMentioning(t *testing.T) {
	require.Equal(t, Mentioning("PASV"), Mentioning("pasv"))
	require.Contains(t, Mentioning("keylog"), "ftps")
	require.Empty(t, Mentioning("a word that no page has"))
	for _, topic := range Topics() {
		found, ok := Find(topic.Name)
		require.True(t, ok)
		require.Equal(t, topic, found)
		require.Contains(t, Mentioning(topic.Summary), topic.Name)
	}
	_, ok := Find("../manual.go")
	require.False(t, ok)
}

// A page is between 40 and 100 columns wide, whatever the terminal is.
func TestPageWidth(t *testing.T) {
	text := strings.Repeat("word ", 100)
	for width, most := range map[int]int{0: 100, 1: 40, 40: 40, 80: 80, 100: 100, 500: 100} {
		longest := 0
		for line := range strings.SplitSeq(Render(text, Style{Width: width}), "\n") {
			longest = max(longest, prose.Columns(line))
		}
		require.LessOrEqual(t, longest, most, width)
		require.Greater(t, longest, most-5, width)
	}
}
