package manual

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/analyze/prose"
)

// Each page has a title and a summary of one line, and is in the list; links lead somewhere.
func TestTopics(t *testing.T) {
	names, err := filepath.Glob("*.md")
	require.NoError(t, err)
	require.ElementsMatch(t, names, append(pageFiles(), "README.md"))
	for _, topic := range Topics() {
		t.Run(topic.Name, func(t *testing.T) {
			require.NotEmpty(t, topic.Title)
			require.Regexp(t, `^[^#].*[.?]$`, topic.Summary)
			require.LessOrEqual(t, len(topic.Summary), 100)
			for _, link := range regexp.MustCompile(`\]\(([^)]+)\)`).FindAllStringSubmatch(topic.Text, -1) {
				require.FileExists(t, link[1])
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
