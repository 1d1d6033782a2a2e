package roff

import (
	"strconv"
	"strings"

	"github.com/yuin/goldmark/ast"
	extast "github.com/yuin/goldmark/extension/ast"

	"ftpscope/cmd/ftpscope/manual"
)

// Markdown makes a page of one of the manual's.
func (p Page) Markdown(text string) []byte {
	m := markdown{writer: p.begin(), source: []byte(text)}
	m.heading("DESCRIPTION")
	root := manual.Parse(m.source)
	for n := root.FirstChild(); n != nil; n = n.NextSibling() {
		m.block(n)
	}
	return p.end(m.writer)
}

type markdown struct {
	*writer
	source []byte
}

func (m *markdown) block(n ast.Node) {
	switch n := n.(type) {
	case *ast.Heading:
		switch n.Level {
		case 1: // the page's title, which its name stands for
			m.line(`\fB` + m.inline(n) + `\fR`)
		case 2:
			m.line(".SH " + quotedRoff(m.inline(n)))
		default:
			m.line(".SS " + quotedRoff(m.inline(n)))
		}
	case *ast.FencedCodeBlock:
		m.literal(manual.CodeOf(n, m.source))
	case *ast.List:
		m.list(n)
	case *extast.Table:
		m.table(n)
	default:
		if text := m.inline(n); text != "" {
			m.line(".PP")
			m.line(guarded(text))
		}
	}
}

func (m *markdown) list(n *ast.List) {
	number := n.Start
	for item := n.FirstChild(); item != nil; item = item.NextSibling() {
		mark := `\(bu`
		if n.IsOrdered() {
			mark = strconv.Itoa(number) + "."
			number++
		}
		for block := item.FirstChild(); block != nil; block = block.NextSibling() {
			switch block.Kind() {
			case ast.KindTextBlock, ast.KindParagraph:
				m.line(".IP " + mark + " 3")
				m.line(guarded(m.inline(block)))
				mark = `""` // what follows goes on below it
			default:
				m.line(".RS 3")
				m.block(block)
				m.line(".RE")
			}
		}
	}
}

// table writes each row as its first cell with the others below: pages have no room for columns.
func (m *markdown) table(n *extast.Table) {
	for row := n.FirstChild(); row != nil; row = row.NextSibling() {
		var cells []string
		filled := false
		for cell := row.FirstChild(); cell != nil; cell = cell.NextSibling() {
			text := m.inline(cell)
			filled = filled || text != ""
			cells = append(cells, text)
		}
		if !filled || len(cells) == 0 {
			continue
		}
		m.line(".TP")
		m.line(`\fB` + unmarked.Replace(cells[0]) + `\fR`)
		m.line(guarded(strings.Join(cells[1:], " \\(bu ") + `\&`))
	}
}

// unmarked is text that is no more bold in places than in others.
var unmarked = strings.NewReplacer(`\fB`, "", `\fR`, "")

// inline is a block's text in one line: bold for code and what is strong. Pictures are left out.
func (m *markdown) inline(n ast.Node) string {
	var b strings.Builder
	manual.Inline(n, m.source, func(look manual.Look, text string) {
		if text = escape(text); look != manual.Roman {
			text = `\fB` + text + `\fR`
		}
		b.WriteString(text)
	})
	return strings.TrimSpace(b.String())
}

// quotedRoff is an argument of a request that is roff already.
func quotedRoff(s string) string { return `"` + strings.ReplaceAll(s, `"`, `\(dq`) + `"` }
