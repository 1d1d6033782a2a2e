package manual

import (
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/text"
)

// Parse reads Markdown with GitHub's tables.
func Parse(source []byte) ast.Node {
	return goldmark.New(goldmark.WithExtensions(extension.Table)).Parser().Parse(text.NewReader(source))
}

// CodeOf gives the lines of a block of code.
func CodeOf(n *ast.FencedCodeBlock, source []byte) (lines []string) {
	for i := range n.Lines().Len() {
		segment := n.Lines().At(i)
		lines = append(lines, strings.TrimRight(string(segment.Value(source)), "\n"))
	}
	return lines
}

// Look is how a piece of text is to look.
type Look uint8

// Looks of text.
const (
	Roman Look = iota
	Bold
	Code
)

// Inline gives the text of a block in pieces of one look, in their order. The end of a line
// is a space, pictures are left out.
func Inline(block ast.Node, source []byte, give func(Look, string)) {
	var walk func(ast.Node, Look)
	walk = func(parent ast.Node, look Look) {
		for n := parent.FirstChild(); n != nil; n = n.NextSibling() {
			switch n := n.(type) {
			case *ast.Text:
				give(look, strings.ReplaceAll(string(n.Segment.Value(source)), `\|`, "|"))
				if n.SoftLineBreak() || n.HardLineBreak() {
					give(Roman, " ")
				}
			case *ast.CodeSpan:
				walk(n, Code)
			case *ast.Emphasis:
				walk(n, Bold)
			case *ast.Image:
			default:
				walk(n, look)
			}
		}
	}
	walk(block, Roman)
}
