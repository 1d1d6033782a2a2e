package manual

import (
	"strconv"
	"strings"

	"github.com/yuin/goldmark/ast"
	extast "github.com/yuin/goldmark/extension/ast"

	"ftpscope/analyze/prose"
)

// Widths of a page on a terminal.
const (
	defaultWidth = 100 // of what is no terminal
	minWidth     = 40
	maxWidth     = 100 // longer lines are hard to read
	indent       = 4   // of code
)

// Style is how a page is to look.
type Style struct {
	Width int // columns; 0: no terminal
	Color bool
}

// Render makes a page for terminals and pagers of Markdown: lines that fit, tables in
// columns, no links and no pictures.
func Render(markdown string, s Style) string {
	if s.Width == 0 {
		s.Width = defaultWidth
	}
	r := renderer{source: []byte(markdown), Style: s}
	r.Width = max(min(s.Width, maxWidth), minWidth)
	r.blocks(Parse(r.source), "")
	return r.out.String()
}

type renderer struct {
	Style
	source []byte
	out    strings.Builder
}

// blocks writes the children of a block, an empty line between them.
func (r *renderer) blocks(parent ast.Node, margin string) {
	first := true
	for n := parent.FirstChild(); n != nil; n = n.NextSibling() {
		lines := r.block(n, r.Width-len(margin))
		if len(lines) == 0 {
			continue
		}
		if !first {
			r.out.WriteByte('\n')
		}
		first = false
		for _, line := range lines {
			r.out.WriteString(strings.TrimRight(margin+line, " ") + "\n")
		}
	}
}

// block is a block in lines of at most width columns; code is never broken.
func (r *renderer) block(n ast.Node, width int) []string {
	switch n := n.(type) {
	case *ast.Heading:
		return []string{r.paint(Bold, r.plain(n))}
	case *ast.FencedCodeBlock:
		return r.code(n)
	case *ast.List:
		return r.list(n, width)
	case *extast.Table:
		return r.table(n, width)
	}
	return r.wrap(r.words(n), width)
}

func (r *renderer) code(n *ast.FencedCodeBlock) (lines []string) {
	margin := prose.Spaces(indent)
	if string(n.Language(r.source)) == flagsBlock {
		margin = "" // pflag indents
	}
	for _, line := range CodeOf(n, r.source) {
		lines = append(lines, margin+line)
	}
	return lines
}

func (r *renderer) list(n *ast.List, width int) (lines []string) {
	number := n.Start
	for item := n.FirstChild(); item != nil; item = item.NextSibling() {
		mark := "- "
		if n.IsOrdered() {
			mark = strconv.Itoa(number) + ". "
			number++
		}
		for block := item.FirstChild(); block != nil; block = block.NextSibling() {
			for _, line := range r.block(block, width-len(mark)) {
				lines = append(lines, mark+line)
				mark = prose.Spaces(len(mark))
			}
		}
	}
	return lines
}

func (r *renderer) paint(look Look, s string) string {
	if !r.Color || look == Roman || s == "" {
		return s
	}
	return [...]string{Bold: "\x1b[1m", Code: "\x1b[36m"}[look] + s + "\x1b[0m"
}

// word is what is not broken, painted, with its width.
type word struct {
	painted string
	columns int
}

// words are those of a block's text.
func (r *renderer) words(n ast.Node) (list []word) {
	open := false // the last word goes on
	add := func(look Look, s string) {
		for i, part := range strings.Split(s, " ") {
			if i > 0 {
				open = false
			}
			if part == "" {
				continue
			}
			if !open {
				list = append(list, word{})
				open = true
			}
			last := &list[len(list)-1]
			last.painted += r.paint(look, part)
			last.columns += prose.Columns(part)
		}
	}
	Inline(n, r.source, add)
	return list
}

func (r *renderer) plain(n ast.Node) string {
	var list []string
	for _, w := range (&renderer{source: r.source}).words(n) {
		list = append(list, w.painted)
	}
	return strings.Join(list, " ")
}

// wrap puts words into lines.
func (r *renderer) wrap(words []word, width int) (lines []string) {
	line, used := "", 0
	for _, w := range words {
		if used > 0 && used+1+w.columns > width {
			lines = append(lines, line)
			line, used = "", 0
		}
		if used > 0 {
			line += " "
			used++
		}
		line += w.painted
		used += w.columns
	}
	if used > 0 {
		lines = append(lines, line)
	}
	return lines
}
