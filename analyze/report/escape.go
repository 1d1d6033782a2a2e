package report

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/rivo/uniseg"
)

// maxMarks is how many combining marks may follow each other: written languages need two, towers of them blot out
// the lines above.
const maxMarks = 2

// escape returns s fit for a terminal: whatever would move the cursor, change the reading direction or not be seen
// is written as an escape (\n, \x1b, \u202e), bytes that are not UTF-8 as \xNN.
func escape(s string) string {
	i := firstUnsafe(s)
	if i == len(s) {
		return s
	}
	var b strings.Builder
	b.WriteString(s[:i])
	marks := 0
	for i < len(s) {
		r, n := utf8.DecodeRuneInString(s[i:])
		if unicode.Is(unicode.M, r) {
			marks++
		} else {
			marks = 0
		}
		switch {
		case r == utf8.RuneError && n == 1:
			b.WriteString(digits(`\x`, rune(s[i]), 2))
		case hidden(r) || marks > maxMarks:
			b.WriteString(escapedRune(r))
		default:
			b.WriteString(s[i : i+n])
		}
		i += n
	}
	return b.String()
}

// firstUnsafe is the index of the first byte that is not printable ASCII.
func firstUnsafe(s string) int {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return i
		}
	}
	return len(s)
}

// hidden reports whether a rune is a control or has no ink of its own: controls (C0, DEL, C1), format characters
// (bidi overrides, zero-width ones, tags), odd spaces and line separators, fillers and variation selectors.
func hidden(r rune) bool {
	const brailleBlank = 0x2800
	return !unicode.IsPrint(r) || r == brailleBlank ||
		unicode.In(r, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector)
}

func escapedRune(r rune) string {
	switch {
	case r == '\n':
		return `\n`
	case r == '\r':
		return `\r`
	case r == '\t':
		return `\t`
	case r < utf8.RuneSelf:
		return digits(`\x`, r, 2)
	case r <= 0xffff:
		return digits(`\u`, r, 4)
	}
	return digits(`\U`, r, 8)
}

// digits writes a number in n hexadecimal digits behind what says that it is one. Texts may consist of nothing else.
func digits(kind string, r rune, n int) string {
	b := append(make([]byte, 0, 10), kind...)
	for shift := 4 * (n - 1); shift >= 0; shift -= 4 {
		b = append(b, "0123456789abcdef"[r>>shift&15])
	}
	return string(b)
}

// firstLine is the escaped first line of a text; … tells that there are more.
func firstLine(s string) string {
	line, rest, _ := strings.Cut(s, "\n")
	line = strings.TrimRight(escape(strings.TrimRight(line, "\r")), " ")
	if strings.TrimSpace(rest) != "" {
		return line + " …"
	}
	return line
}

// columns is the width of escaped text on a terminal.
func columns(s string) int {
	sum := 0
	for {
		ascii := firstUnsafe(s)
		if ascii == len(s) {
			return sum + ascii
		}
		if ascii > 1 { // marks may belong to the last of them
			sum, s = sum+ascii-1, s[ascii-1:]
		}
		var w int
		_, s, w, _ = uniseg.FirstGraphemeClusterInString(s, -1)
		sum += w
	}
}

// cut shortens escaped text to at most width columns, leaving out its middle.
func cut(s string, width int) string {
	if columns(s) <= width {
		return s
	}
	if width < 2 {
		return "…"[:len("…")*max(width, 0)]
	}
	tail := (width - 1) / 2
	head := width - 1 - tail
	return prefix(s, head) + "…" + suffix(s, tail)
}

// prefix is the longest start of s that fits.
func prefix(s string, width int) string {
	n, state := 0, -1
	for rest := s; rest != ""; {
		var cluster string
		var w int
		cluster, rest, w, state = uniseg.FirstGraphemeClusterInString(rest, state)
		if width -= w; width < 0 {
			break
		}
		n += len(cluster)
	}
	return s[:n]
}

// suffix is the longest end of s that fits.
func suffix(s string, width int) string {
	over, state := columns(s)-width, -1
	for over > 0 && s != "" {
		var w int
		_, s, w, state = uniseg.FirstGraphemeClusterInString(s, state)
		over -= w
	}
	return s
}

// pad fills s with spaces on the right, padLeft on the left.
func pad(s string, width int) string { return s + spaces(width-columns(s)) }

func padLeft(s string, width int) string { return spaces(width-columns(s)) + s }

func spaces(n int) string { return strings.Repeat(" ", max(n, 0)) }

// wrap breaks text at spaces into lines of at most width columns; a longer word stands alone, broken where it must.
func wrap(text string, width int) []string { return wrapAfter(0, text, width) }

// wrapAfter wraps text whose first line begins after used columns; the first line is empty if no word fits there.
func wrapAfter(used int, text string, width int) []string {
	var lines []string
	line, room := "", width-used
	for word := range strings.FieldsSeq(text) {
		if line != "" && columns(line)+1+columns(word) <= room {
			line += " " + word
			continue
		}
		if line != "" || room < width && columns(word) > room {
			lines = append(lines, line)
			room = width
		}
		for {
			head := prefix(word, room)
			if head == "" || head == word {
				break // a single character wider than the column, or what is left
			}
			lines, word = append(lines, head), word[len(head):]
		}
		line = word
	}
	if line != "" {
		lines = append(lines, line)
	}
	return lines
}
