package roff

import "strings"

// sections are the headings of help's pages, and what man pages call them.
var sections = map[string]string{"Usage:": "SYNOPSIS", "Commands:": "COMMANDS", "Flags:": "OPTIONS", "Examples:": "EXAMPLES"}

// Help makes a page of what help shows of a command. Man pages begin with the usage, and then say what it is.
func (p Page) Help(text string) []byte {
	parts := split(text)
	w := p.begin()
	for _, s := range parts {
		if s.title == "Usage:" {
			w.part(s)
		}
	}
	w.heading("DESCRIPTION")
	for _, s := range parts {
		if s.title == "" {
			w.prose(s.lines)
		}
	}
	for _, s := range parts {
		if s.title != "" && s.title != "Usage:" {
			w.part(s)
		}
	}
	return p.end(w)
}

// part is a piece of a page: under a heading, or text between.
type part struct {
	title string
	lines []string
}

// split cuts a page where headings begin, and where what is below them, which is indented, ends.
func split(text string) []part {
	parts := []part{{}}
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\n")
		last := &parts[len(parts)-1]
		switch {
		case sections[line] != "":
			parts = append(parts, part{title: line})
		case last.title != "" && line != "" && !strings.HasPrefix(line, " "):
			parts = append(parts, part{lines: []string{line}})
		default:
			last.lines = append(last.lines, line)
		}
	}
	return parts
}

func (w *writer) part(s part) {
	w.heading(sections[s.title])
	switch s.title {
	case "Flags:", "Commands:":
		w.terms(s.lines)
	default:
		w.literal(unindented(s.lines))
	}
}

// terms writes a table of flags or commands: what stands further in goes on with the line before.
func (w *writer) terms(lines []string) {
	margin := -1
	for _, line := range lines {
		text := strings.TrimLeft(line, " ")
		if text == "" {
			continue
		}
		term, meaning, _ := strings.Cut(text, "  ")
		at := len(line) - len(text)
		if margin >= 0 && at > margin+flagIndent {
			w.text(text)
			continue
		}
		margin = max(margin, at)
		w.line(".TP")
		w.line(`\fB` + escape(term) + `\fR`)
		if meaning = strings.TrimLeft(meaning, " "); meaning == "" {
			meaning = "…" // nothing is said of it
		}
		w.text(meaning)
	}
}

// flagIndent is how much further in a flag without a letter stands.
const flagIndent = 4

// prose writes paragraphs, and what is indented between them as it is.
func (w *writer) prose(lines []string) {
	var block []string
	flush := func() {
		switch {
		case len(block) == 0:
		case strings.HasPrefix(block[0], " "):
			w.literal(unindented(block))
		default:
			w.line(".PP")
			for _, l := range block {
				w.text(l)
			}
		}
		block = nil
	}
	for _, l := range lines {
		if l == "" || len(block) > 0 && strings.HasPrefix(l, " ") != strings.HasPrefix(block[0], " ") {
			flush()
		}
		if l != "" {
			block = append(block, l)
		}
	}
	flush()
}

// unindented are lines without the margin of two that help gives them, and without empty ones at the ends.
func unindented(lines []string) (list []string) {
	for l := range strings.Lines(strings.Trim(strings.Join(lines, "\n"), "\n")) {
		list = append(list, strings.TrimPrefix(strings.TrimRight(l, "\n"), "  "))
	}
	return list
}
