package analyze

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// unwanted are words that a network engineer would not say, and what to say instead: one
// word for one thing, subject first.
var unwanted = map[string]string{
	`answered by (RST|SYN-ACK|ICMP)`: "answered with",
	`refused by RST`:                 "refused with RST",
	`had no answer`:                  "got no answer",
	`all the same\b`:                 "anyway",
	`\btells of\b`:                   "reports",
	`is told (as|of|once|by)`:        "is reported, is known",
	`took the place of`:              "replaced",
	`does not tell\b`:                "does not show",
	`without a word`:                 "of silence",
	`\bbetween answered\b`:           "on the way",
	`capture does not hold`:          "does not show",
	`signed itself`:                  "is self-signed",
	`in all:`:                        "in total",
}

// TestWords wants what users read to hold none of these.
func TestWords(t *testing.T) {
	words := map[*regexp.Regexp]string{}
	for pattern, instead := range unwanted {
		words[regexp.MustCompile(pattern)] = instead
	}
	check := func(where, text string) {
		for re, instead := range words {
			if found := re.FindString(text); found != "" {
				t.Errorf("%s says %q: say %q", where, found, instead)
			}
		}
	}
	for _, dir := range []string{"finding", "verdict", "record", "compare", "settings", "report/*", "../cmd/ftpscope", "../cmd/ftpscope/*"} {
		files, err := filepath.Glob(filepath.Join(dir, "*.go"))
		require.NoError(t, err)
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			set := token.NewFileSet()
			parsed, err := parser.ParseFile(set, file, nil, 0)
			require.NoError(t, err)
			ast.Inspect(parsed, func(n ast.Node) bool {
				if x, ok := n.(*ast.BasicLit); ok && x.Kind == token.STRING {
					check(set.Position(x.Pos()).String(), x.Value)
				}
				return true
			})
		}
	}
	pages, err := filepath.Glob("../cmd/ftpscope/manual/*.md")
	require.NoError(t, err)
	require.NotEmpty(t, pages)
	for _, page := range append(pages, "../README.md") {
		b, err := os.ReadFile(page)
		require.NoError(t, err)
		check(page, string(b))
	}
}
