package manual

import (
	"slices"
	"strings"

	"github.com/yuin/goldmark/ast"
	extast "github.com/yuin/goldmark/extension/ast"

	"ftpscope/analyze/prose"
)

// between are the columns between two cells.
const between = 2

// table lays a table out: as wide as its cells are, or, where that is too wide, with its
// widest columns in several lines, and then with an empty line between rows.
func (r *renderer) table(n *extast.Table, width int) (lines []string) {
	head := r.cells(n.FirstChild())
	var body [][][]word
	for row := n.FirstChild().NextSibling(); row != nil; row = row.NextSibling() {
		body = append(body, r.cells(row))
	}
	widths := columnWidths(head, body, width)
	if slices.ContainsFunc(head, func(c []word) bool { return len(c) > 0 }) {
		lines = append(r.row(head, widths), strings.Repeat("─", sum(widths)+between*(len(widths)-1)))
	}
	var rows [][]string
	apart := false
	for _, cells := range body {
		row := r.row(cells, widths)
		rows = append(rows, row)
		apart = apart || len(row) > 1
	}
	for i, row := range rows {
		if i > 0 && apart {
			lines = append(lines, "")
		}
		lines = append(lines, row...)
	}
	return lines
}

func (r *renderer) cells(row ast.Node) (cells [][]word) {
	for cell := row.FirstChild(); cell != nil; cell = cell.NextSibling() {
		words := r.words(cell)
		if row.Kind() == extast.KindTableHeader {
			for i := range words {
				words[i].painted = r.paint(Bold, words[i].painted)
			}
		}
		cells = append(cells, words)
	}
	return cells
}

// row is one row in as many lines as its longest cell needs.
func (r *renderer) row(cells [][]word, widths []int) (lines []string) {
	left := 0
	for i, words := range cells {
		for k, line := range r.wrap(words, widths[i]) {
			if k == len(lines) {
				lines = append(lines, "")
			}
			lines[k] = prose.Pad(lines[k], left+painting(lines[k])) + line
		}
		left += widths[i] + between
	}
	return lines
}

// painting is how many columns of s are escape sequences, which take none.
func painting(s string) int { return prose.Columns(s) - prose.Columns(prose.Unpainted(s)) }

// columnWidths are the widths of columns so that a row fits into width: first heads are
// broken, then the widest columns, but no word.
func columnWidths(head [][]word, body [][][]word, width int) []int {
	widths := widest([][][]word{head})
	least, wanted := make([]int, len(widths)), widest(body)
	for _, cells := range append(body, head) {
		for i, words := range cells {
			for _, w := range words {
				least[i] = max(least[i], w.columns)
			}
		}
	}
	for i := range widths {
		widths[i] = max(widths[i], wanted[i])
		wanted[i] = max(wanted[i], least[i])
	}
	over := sum(widths) + between*(len(widths)-1) - width
	for _, floor := range [][]int{wanted, least} {
		for ; over > 0; over-- {
			most := -1
			for i := range widths {
				if widths[i] > floor[i] && (most < 0 || widths[i] > widths[most]) {
					most = i
				}
			}
			if most < 0 {
				break
			}
			widths[most]--
		}
	}
	return widths
}

// widest are the widths that columns have without being broken.
func widest(rows [][][]word) (widths []int) {
	for _, cells := range rows {
		for i, words := range cells {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			natural := len(words) - 1
			for _, w := range words {
				natural += w.columns
			}
			widths[i] = max(widths[i], natural)
		}
	}
	return widths
}

func sum(list []int) (n int) {
	for _, x := range list {
		n += x
	}
	return n
}
