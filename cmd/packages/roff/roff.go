// Package roff makes man pages of what help shows: of the pages of commands, which are plain text, and of the manual's,
// which are Markdown. cmd/packages puts them into packages.
package roff

import (
	"bytes"
	"fmt"
	"strings"
	"time"
)

// Page is what a man page says besides its text.
type Page struct {
	Name    string // ftpscope-carve
	Section int
	Summary string // one line
	Date    time.Time
	Version string
	SeeAlso []Ref
}

// Ref is another page.
type Ref struct {
	Name    string
	Section int
}

// writer writes roff's lines.
type writer struct{ bytes.Buffer }

// begin writes a page's head.
func (p Page) begin() *writer {
	w := &writer{}
	w.line(`.\" Made of what "ftpscope help" shows.`)
	w.line(fmt.Sprintf(".TH %s %d %s %s %s", quoted(strings.ToUpper(p.Name)), p.Section, quoted(p.Date.UTC().Format(time.DateOnly)), quoted("ftpscope "+p.Version), quoted("ftpscope")))
	w.line(".nh") // words with hyphens are flags and names: they are not broken
	w.line(".ad l")
	w.heading("NAME")
	w.text(p.Name + " - " + strings.TrimSuffix(p.Summary, "."))
	return w
}

// end writes which pages are near, and gives the page.
func (p Page) end(w *writer) []byte {
	if len(p.SeeAlso) > 0 {
		w.heading("SEE ALSO")
		for i, r := range p.SeeAlso {
			mark := ","
			if i == len(p.SeeAlso)-1 {
				mark = ""
			}
			w.line(fmt.Sprintf(".BR %s (%d)%s", escape(r.Name), r.Section, mark))
		}
	}
	return w.Bytes()
}

// line writes a line that is roff already.
func (w *writer) line(s string) { w.WriteString(s + "\n") }

func (w *writer) heading(s string) { w.line(".SH " + quoted(s)) }

// text writes words that mean themselves.
func (w *writer) text(s string) { w.line(guarded(escape(s))) }

// literal writes lines as they are.
func (w *writer) literal(lines []string) {
	w.line(".PP")
	w.line(".RS 4")
	w.line(".nf")
	for _, l := range lines {
		w.text(l)
	}
	w.line(".fi")
	w.line(".RE")
}

// special are the characters that mean something to roff, or that it would print as others: a hyphen for a minus, quotes
// that are not straight.
var special = strings.NewReplacer(`\`, `\e`, "-", `\-`, "'", `\(aq`, "`", `\(ga`, "^", `\(ha`, "~", `\(ti`)

func escape(s string) string { return special.Replace(s) }

// guarded keeps a line's first character from being a request.
func guarded(s string) string {
	if strings.HasPrefix(s, ".") {
		return `\&` + s
	}
	return s
}

// quoted is an argument of a request.
func quoted(s string) string { return quotedRoff(escape(s)) }
