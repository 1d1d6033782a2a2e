package markdown

import (
	"strings"
	"unicode"

	"ftpscope/analyze/prose"
)

// Text of the wire in Markdown. Trackers make links, mentions and emoji of what stands in
// prose whatever is escaped, for they look at the finished text; in a code span they do
// not. So all that is not plain words goes into code spans.

// codeSpan writes a text as a code span. A backquote would end it and a bar ends a
// table's cell: they are written as \x60 and \x7c.
func codeSpan(s string) string {
	s = strings.NewReplacer("`", `\x60`, "|", `\x7c`).Replace(prose.Escape(s))
	if strings.TrimSpace(s) == "" {
		return "(empty)"
	}
	return "`" + s + "`"
}

func codeCut(s string, width int) string {
	const most = 64 << 10 // bytes: cut counts columns, which takes its time
	if len(s) > most {
		s = s[:most]
	}
	return codeSpan(prose.Cut(prose.Escape(s), width))
}

// mdProse writes a sentence of ours, which may quote the wire: plain words stay,
// everything else and what stands between quotation marks becomes code.
func mdProse(s string) string {
	var b strings.Builder
	for i, word := range proseWords(prose.Escape(s)) {
		if i > 0 {
			b.WriteByte(' ')
		}
		if plainWord(word) {
			b.WriteString(word)
			continue
		}
		open, core, end := punctuated(word)
		b.WriteString(open)
		if plainWord(core) {
			b.WriteString(core)
		} else {
			b.WriteString(codeSpan(core))
		}
		b.WriteString(end)
	}
	return b.String()
}

// proseWords splits at spaces, but not between quotation marks; \" does not end them.
func proseWords(s string) []string {
	var words []string
	from, quoted := 0, false
	flush := func(to int) {
		if to > from {
			words = append(words, s[from:to])
		}
		from = to + 1
	}
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '\\' && quoted:
			i++
		case s[i] == '"':
			quoted = !quoted
		case strings.HasPrefix(s[i:], "“"):
			quoted = true
		case strings.HasPrefix(s[i:], "”"):
			quoted = false
		case s[i] == ' ' && !quoted:
			flush(i)
		}
	}
	flush(len(s))
	return words
}

// punctuated takes apart what stands before and behind a word.
func punctuated(word string) (open, core, end string) {
	core = strings.TrimLeft(word, "(")
	open = word[:len(word)-len(core)]
	trimmed := strings.TrimRight(core, ",.;:?)")
	return open, trimmed, core[len(trimmed):]
}

// plainWord reports whether no tracker makes anything of a word: letters, with a hyphen
// or an apostrophe within, or a number, and the signs between phrases.
func plainWord(word string) bool {
	switch word {
	case "", "·", "–", "—", "…", "→", "%":
		return true
	}
	letters, digits := 0, 0
	for i, r := range word {
		switch {
		case r < unicode.MaxASCII && unicode.IsLetter(r):
			letters++
		case '0' <= r && r <= '9':
			digits++
		case r == '–' && digits > 0 && letters == 0 && i+len("–") < len(word):
		case r == ',' && digits > 0 && letters == 0 && i < len(word)-1:
		case (r == '-' || r == '\'') && i > 0 && i < len(word)-1:
		default:
			return false
		}
	}
	return letters == 0 && digits < 7 || digits == 0
}
