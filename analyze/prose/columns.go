package prose

import (
	"strings"

	"github.com/rivo/uniseg"
)

// Columns is the width of escaped text on a terminal.
func Columns(s string) int {
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

// Unpainted is text without its colours (SGR sequences).
func Unpainted(s string) string {
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(s, "\x1b[")
		b.WriteString(before)
		if !found {
			return b.String()
		}
		_, s, _ = strings.Cut(rest, "m")
	}
}

// Cut shortens escaped text to at most width columns, leaving out its middle.
func Cut(s string, width int) string {
	if Columns(s) <= width {
		return s
	}
	if width < 2 {
		return "…"[:len("…")*max(width, 0)]
	}
	tail := (width - 1) / 2
	head := width - 1 - tail
	return Prefix(s, head) + "…" + suffix(s, tail)
}

// Prefix is the longest start of s that fits.
func Prefix(s string, width int) string {
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
	over, state := Columns(s)-width, -1
	for over > 0 && s != "" {
		var w int
		_, s, w, state = uniseg.FirstGraphemeClusterInString(s, state)
		over -= w
	}
	return s
}

// Pad fills s with spaces on the right.
func Pad(s string, width int) string { return s + Spaces(width-Columns(s)) }

func PadLeft(s string, width int) string { return Spaces(width-Columns(s)) + s }

func Spaces(n int) string { return strings.Repeat(" ", max(n, 0)) }

// Wrap breaks text at spaces into lines of at most width columns; a longer word stands
// alone, broken where it must, rather between its parts.
func Wrap(text string, width int) []string { return WrapAfter(0, text, width) }

// WrapAfter wraps text whose first line begins after used columns; the first line is
// empty if no word fits there.
func WrapAfter(used int, text string, width int) []string {
	var lines []string
	line, room := "", width-used
	for word := range strings.FieldsSeq(text) {
		if line != "" && Columns(line)+1+Columns(word) <= room {
			line += " " + word
			continue
		}
		if line != "" || room < width && Columns(word) > room {
			lines = append(lines, line)
			room = width
		}
		for {
			head := Prefix(word, room)
			if head == "" || head == word {
				break // a single character wider than the column, or what is left
			}
			head = breakable(head)
			lines, word = append(lines, head), word[len(head):]
		}
		line = word
	}
	if line != "" {
		lines = append(lines, line)
	}
	return lines
}

// breakable is the start of a word that has to be broken, up to where that hurts least: the
// end of a part of a path, name or address, if there is one in its second half.
func breakable(head string) string {
	if i := strings.LastIndexAny(head, "/-_.,;:=&?"); i >= len(head)/2 {
		return head[:i+1]
	}
	return head
}

// CutEnd shortens escaped text to at most width columns, leaving out its end, at a word's
// if there is one.
func CutEnd(s string, width int) string {
	if Columns(s) <= width || width < 2 {
		return Cut(s, width)
	}
	head := Prefix(s, width-1)
	if space := strings.LastIndexByte(head, ' '); space > len(head)/2 && s[len(head)] != ' ' {
		return head[:space] + " …"
	}
	return strings.TrimRight(head, " ") + "…"
}

type Page struct {
	strings.Builder
	Width int
}

// Paragraph writes text wrapped, with an empty line after it.
func (p *Page) Paragraph(text string) {
	if text == "" {
		return
	}
	for _, line := range Wrap(text, p.Width) {
		p.WriteString(line + "\n")
	}
	p.WriteByte('\n')
}
