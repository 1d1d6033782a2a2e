package prose

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxMarks is how many combining marks may follow each other: written languages need two,
// towers of them blot out the lines above.
const maxMarks = 2

// Escape returns s fit for a terminal: whatever would move the cursor, change the reading
// direction or not be seen is written as an escape (\n, \x1b, \u202e), bytes that are not
// UTF-8 as \xNN.
func Escape(s string) string {
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
		case Hidden(r) || marks > maxMarks:
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

// Hidden reports whether a rune is a control or has no ink of its own: controls (C0, DEL,
// C1), format characters (bidi overrides, zero-width ones, tags), odd spaces and line
// separators, fillers and variation selectors.
func Hidden(r rune) bool {
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

// digits writes a number in n hexadecimal digits behind what says that it is one. Texts
// may consist of nothing else.
func digits(kind string, r rune, n int) string {
	b := append(make([]byte, 0, 10), kind...)
	for shift := 4 * (n - 1); shift >= 0; shift -= 4 {
		b = append(b, "0123456789abcdef"[r>>shift&15])
	}
	return string(b)
}

// FirstLine is the escaped first line of a text; … tells that there are more.
func FirstLine(s string) string {
	line, rest, _ := strings.Cut(s, "\n")
	line = strings.TrimRight(Escape(strings.TrimRight(line, "\r")), " ")
	if strings.TrimSpace(rest) != "" {
		return line + " …"
	}
	return line
}

// EscapeLines escapes a text of several lines, line by line.
func EscapeLines(s string) string {
	lines := strings.Split(strings.ReplaceAll(s, "\r\n", "\n"), "\n")
	for i := range lines {
		lines[i] = Escape(lines[i])
	}
	return strings.Join(lines, "\n")
}
