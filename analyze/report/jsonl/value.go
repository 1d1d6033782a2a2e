package jsonl

import (
	"net/netip"
	"strconv"
	"time"
	"unicode/utf8"

	"ftpscope/analyze/prose"
	"ftpscope/analyze/record"
	"ftpscope/capture/flow"
)

// One function a kind of value: each appends the key (with the punctuation before it) and
// the value.

// Term writes one of the schema's words, which have nothing to escape; an empty one is
// unknown.
func Term(b []byte, key, s string) []byte {
	b = append(b, key...)
	if s == "" {
		return append(b, "null"...)
	}
	return append(append(append(b, '"'), s...), '"')
}

// Word writes a text of ours, which may quote the wire; an empty one is unknown.
func Word(b []byte, key, s string) []byte {
	if s == "" {
		return append(append(b, key...), "null"...)
	}
	return Quote(b, key, s)
}

// Text writes a text of the wire, which may be empty, or null when there is none.
func Text(b []byte, key string, s *string) []byte {
	if s == nil {
		return append(append(b, key...), "null"...)
	}
	return Quote(b, key, *s)
}

// Integer writes a number.
func Integer(b []byte, key string, n uint64) []byte {
	return strconv.AppendUint(append(b, key...), n, 10)
}

// Count writes a number, or null when it is not known.
func Count(b []byte, key string, n *uint64) []byte {
	if n == nil {
		return append(append(b, key...), "null"...)
	}
	return Integer(b, key, *n)
}

// Code writes a reply's code; 0 stands for a reply without one.
func Code(b []byte, key string, n int) []byte {
	if n == 0 {
		return append(append(b, key...), "null"...)
	}
	return strconv.AppendInt(append(b, key...), int64(n), 10)
}

// CommunityID writes the id of a connection between two endpoints.
func CommunityID(b []byte, x, y netip.AddrPort) []byte {
	if !x.IsValid() || !y.IsValid() {
		return append(b, `,"community_id":null`...)
	}
	return append(flow.AppendCommunityID(append(b, `,"community_id":"`...), x, y), '"')
}

// Boolean writes true or false.
func Boolean(b []byte, key string, v bool) []byte {
	return strconv.AppendBool(append(b, key...), v)
}

// Frame writes a packet's number, or null when it was not seen or has none.
func Frame(b []byte, key string, p flow.Pos) []byte {
	if p.Packet() == 0 {
		return append(append(b, key...), "null"...)
	}
	return Integer(b, key, p.Packet())
}

// FileIndex writes the index of a packet's file.
func FileIndex(b []byte, key string, p flow.Pos) []byte {
	if p.Packet() == 0 {
		return append(append(b, key...), "null"...)
	}
	return Integer(b, key, uint64(p.File()))
}

// Address writes an address, or null when it is not known.
func Address(b []byte, key string, a netip.Addr) []byte {
	b = append(b, key...)
	if !a.IsValid() {
		return append(b, "null"...)
	}
	b = a.Unmap().WithZone("").AppendTo(append(b, '"')) // a zone is free text and means nothing in a capture
	return append(b, '"')
}

// Endpoint writes an address with its port.
func Endpoint(b []byte, key string, e netip.AddrPort) []byte {
	b = append(b, key...)
	if !e.Addr().IsValid() {
		return append(b, "null"...)
	}
	b = Address(b, `{"ip":`, e.Addr())
	b = Integer(b, `,"port":`, uint64(e.Port()))
	return append(b, '}')
}

// networkPaths writes the paths of a network.
func networkPaths(b []byte, n *record.Network) []byte {
	if n == nil {
		return append(b, `,"network":null`...)
	}
	b = append(b, `,"network":[`...)
	for i := range n.Paths {
		b = append(Quote(Comma(b, i), `{"name":`, n.Paths[i].Name), `,"path":[`...)
		for k := range n.Paths[i].Steps {
			b = networkStep(Comma(b, k), &n.Paths[i].Steps[k])
		}
		b = append(b, "]}"...)
	}
	return append(b, ']')
}

func networkStep(b []byte, s *record.NetworkStep) []byte {
	b = Term(b, `{"kind":`, s.Kind)
	b = Count(b, `,"id":`, s.ID)
	b = append(b, `,"ends":[`...)
	for i, end := range s.Ends {
		b = Address(Comma(b, i), "", end)
	}
	return append(b, "]}"...)
}

// MaybeStamp writes a time, or null when there is none.
func MaybeStamp(b []byte, key string, s *record.Stamp) []byte {
	if s == nil {
		return append(append(b, key...), "null"...)
	}
	return Stamp(b, key, *s)
}

// Stamp writes a time as RFC 3339 section 5.6 does, in UTC, with the digits that the
// capture has. By hand, since time.AppendFormat took a third of a session's time.
func Stamp(b []byte, key string, s record.Stamp) []byte {
	t := time.Unix(0, int64(s.Time)).UTC()
	year, month, day := t.Date()
	hour, minute, second := t.Clock()
	b = append(append(b, key...), '"')
	b = twoDigits(twoDigits(b, year/100), year%100)
	b = twoDigits(append(b, '-'), int(month))
	b = twoDigits(append(b, '-'), day)
	b = twoDigits(append(b, 'T'), hour)
	b = twoDigits(append(b, ':'), minute)
	b = twoDigits(append(b, ':'), second)
	return append(Fraction(b, t.Nanosecond(), min(s.Digits, 9)), 'Z', '"')
}

func twoDigits(b []byte, n int) []byte { return append(b, byte('0'+n/10), byte('0'+n%10)) }

// Fraction writes the first digits of a second's nanoseconds with the point before them.
func Fraction(b []byte, nanoseconds int, digits uint8) []byte {
	if digits == 0 {
		return b
	}
	b = append(b, ".000000000"[:1+digits]...)
	for range 9 - digits {
		nanoseconds /= 10
	}
	for i := len(b) - 1; nanoseconds > 0; i-- {
		b[i] = byte('0' + nanoseconds%10)
		nanoseconds /= 10
	}
	return b
}

// Comma separates the elements of an array.
func Comma(b []byte, i int) []byte {
	if i > 0 {
		return append(b, ',')
	}
	return b
}

// Quote writes a JSON string (RFC 8259 section 7): bytes that are not UTF-8 become
// U+FFFD, and characters that a terminal would obey or hide are written as \u escapes,
// which decode to the same text.
func Quote(b []byte, key, s string) []byte {
	b = append(append(b, key...), '"')
	if safe(s) {
		return append(append(b, s...), '"')
	}
	from := 0
	for i := 0; i < len(s); {
		c := s[i]
		if ' ' <= c && c <= '~' && c != '"' && c != '\\' {
			i++
			continue
		}
		b = append(b, s[from:i]...)
		r, n := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && n == 1 {
			b = utf8.AppendRune(b, utf8.RuneError)
		} else {
			b = quoteRune(b, r)
		}
		i += n
		from = i
	}
	return append(append(b, s[from:]...), '"')
}

// safe reports whether a text has nothing to escape. It looks at eight bytes at a time,
// for almost all texts are so: in each byte of the sums the highest bit is set where the
// byte of x is not ASCII, below a space, or one of the three.
func safe(s string) bool {
	const ones, high = 0x0101010101010101, 0x8080808080808080
	i := 0
	for ; i+8 <= len(s); i += 8 {
		p := s[i : i+8]
		x := uint64(p[0]) | uint64(p[1])<<8 | uint64(p[2])<<16 | uint64(p[3])<<24 | uint64(p[4])<<32 | uint64(p[5])<<40 | uint64(p[6])<<48 | uint64(p[7])<<56
		quotes, slashes, dels := x^ones*'"', x^ones*'\\', x^ones*0x7f
		odd := x | (x-ones*' ')&^x | (quotes-ones)&^quotes | (slashes-ones)&^slashes | (dels-ones)&^dels
		if odd&high != 0 {
			return false
		}
	}
	for ; i < len(s); i++ {
		if c := s[i]; c < ' ' || c > '~' || c == '"' || c == '\\' {
			return false
		}
	}
	return true
}

func quoteRune(b []byte, r rune) []byte {
	switch r {
	case '"', '\\':
		return append(b, '\\', byte(r))
	case '\n':
		return append(b, '\\', 'n')
	case '\r':
		return append(b, '\\', 'r')
	case '\t':
		return append(b, '\\', 't')
	}
	if !prose.Hidden(r) {
		return utf8.AppendRune(b, r)
	}
	if r <= 0xffff {
		return hex16(b, uint16(r))
	}
	r -= 0x10000 // a surrogate pair
	return hex16(hex16(b, 0xd800|uint16(r>>10)), 0xdc00|uint16(r&0x3ff))
}

func hex16(b []byte, n uint16) []byte {
	const digits = "0123456789abcdef"
	return append(b, '\\', 'u', digits[n>>12], digits[n>>8&15], digits[n>>4&15], digits[n&15])
}

// RFC3339 is a moment as the JSON records have it.
func RFC3339(s record.Stamp) string {
	b := Stamp(nil, "", s)
	return string(b[1 : len(b)-1])
}
