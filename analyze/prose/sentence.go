package prose

import (
	"net/netip"
	"strconv"
	"strings"
)

// List joins words: "a", "a and b", "a, b and c".
func List(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	last := len(words) - 1
	return strings.Join(words[:last], ", ") + " and " + words[last]
}

// Clauses joins those that are not empty by semicolons.
func Clauses(all ...string) string {
	var said []string
	for _, s := range all {
		if s != "" {
			said = append(said, s)
		}
	}
	return strings.Join(said, "; ")
}

// FirstUpper makes text begin with a capital letter.
func FirstUpper(s string) string {
	if s != "" && 'a' <= s[0] && s[0] <= 'z' {
		return string(s[0]-'a'+'A') + s[1:]
	}
	return s
}

// Sentence makes text end like a sentence and begin with a capital letter.
func Sentence(s string) string {
	if s == "" {
		return ""
	}
	return Ended(FirstUpper(s))
}

// Ended makes text end like a sentence: with a full stop unless it has an end, perhaps
// within a quotation.
func Ended(s string) string {
	if said := strings.TrimSuffix(s, `"`); said != "" && strings.ContainsRune(".?!", rune(said[len(said)-1])) {
		return s
	}
	return s + "."
}

// maxQuoted is how many characters of a text from the wire a message shows: a path's both
// ends, not a page.
const maxQuoted = 80

// Quote writes text from the wire in quotes, with control and invisible characters
// escaped, long text without its middle.
func Quote(s string) string { return strconv.Quote(Shortened(s)) }

// Shortened is text as it is quoted.
func Shortened(s string) string {
	if len(s) > maxQuoted { // bytes bound the work before characters are counted
		if runes := []rune(s); len(runes) > maxQuoted {
			const head = maxQuoted * 2 / 3
			s = string(runes[:head]) + "…" + string(runes[len(runes)-(maxQuoted-head-1):])
		}
	}
	return s
}

// FirstClause is a message up to its first semicolon, without the numbers of packets.
// What stands in quotes came from the wire and stays as it is.
func FirstClause(message string) string { return clause(message, true) }

// WithoutPackets is a message without the numbers of packets.
func WithoutPackets(message string) string { return clause(message, false) }

func clause(message string, first bool) string {
	var b strings.Builder
	quoted := false
	for i := 0; i < len(message); i++ {
		rest := message[i:]
		switch {
		case quoted && message[i] == '\\' && i+1 < len(message):
			b.WriteByte(message[i])
			i++
		case message[i] == '"':
			quoted = !quoted
		case quoted:
		case first && strings.HasPrefix(rest, "; "):
			return b.String()
		case strings.HasPrefix(rest, " (packet "), strings.HasPrefix(rest, " (packets "):
			if end := strings.IndexByte(rest, ')'); end > 0 {
				i += end
				continue
			}
		}
		b.WriteByte(message[i])
	}
	return b.String()
}

// Known is a text that may be unknown, then it is empty.
func Known(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// Port writes a port.
func Port(n uint16) string { return strconv.Itoa(int(n)) }

// Plain is an address as people write it: IPv4 unmapped, without a zone.
func Plain(a netip.Addr) netip.Addr { return a.Unmap().WithZone("") }
