package filter

import (
	"encoding/hex"
	"errors"
	"net/netip"
	"strconv"
	"strings"
)

// kind is what a token is by its looks.
type kind uint8

const (
	end     kind = iota
	word         // one of tcpdump's keywords
	name         // any other word, or one after a backslash
	number       // decimal, 0x hexadecimal or 0 octal
	dotted       // an IPv4 address or the first 2 or 3 numbers of one
	ip6          // an IPv6 address
	mac          // an Ethernet address
	symbol       // ( ) ! / and what belongs to arithmetic
	illegal      // no token; says why
)

type token struct {
	kind kind
	text string // && || ! stand as and, or, not
	pos  int
	num  uint32     // number
	ip4  shortIP4   // dotted
	ip6  netip.Addr // ip6
	mac  [6]byte    // mac
}

// shortIP4 is the address, and how many of its bits were given.
type shortIP4 struct {
	addr uint32
	bits int
}

// is reports whether t is the keyword or symbol.
func (t token) is(text string) bool {
	return (t.kind == word || t.kind == symbol) && t.text == text
}

// id reports whether t can stand where a value does.
func (t token) id() bool {
	switch t.kind {
	case name, number, dotted, ip6, mac, illegal:
		return true
	}
	return false
}

func (p *parser) lex() []token {
	var list []token
	for at := 0; at < len(p.text); {
		if strings.IndexByte(" \t\r\n", p.text[at]) >= 0 {
			at++
			continue
		}
		t, size := lexOne(p.text[at:])
		t.pos = at
		list = append(list, t)
		at += size
	}
	return append(list, token{kind: end, pos: len(p.text)})
}

// lexOne reads the token that s begins with, and its length.
func lexOne(s string) (token, int) {
	if s[0] == '\\' {
		n := strings.IndexAny(s, " !()\n\t")
		if n < 0 {
			n = len(s)
		}
		return token{kind: name, text: s[1:n]}, n
	}
	if n := run(s); n > 0 {
		return classify(s[:n]), n
	}
	switch {
	case s[0] == '!' && !strings.HasPrefix(s, "!="):
		return token{kind: word, text: "not"}, 1
	case strings.HasPrefix(s, "&&"):
		return token{kind: word, text: "and"}, 2
	case strings.HasPrefix(s, "||"):
		return token{kind: word, text: "or"}, 2
	case strings.IndexByte("()/", s[0]) >= 0:
		return token{kind: symbol, text: s[:1]}, 1
	case strings.IndexByte("[]+-*%:!<>&|^=", s[0]) >= 0:
		return token{kind: illegal, text: strconv.Quote(s[:1]) + " is arithmetic, which is not supported"}, 1
	}
	for i := range s { // to the end of the character
		if i > 0 {
			s = s[:i]
			break
		}
	}
	return token{kind: illegal, text: "unexpected character " + strconv.Quote(s)}, len(s)
}

// run is how far words, numbers and addresses go.
func run(s string) int {
	n := 0
	for ; n < len(s); n++ {
		c := s[n]
		if !isAlnum(c) && (n == 0 || c != '-' && c != '_' && c != '.') && (c != ':' || n == 0 && !strings.HasPrefix(s, "::")) {
			break
		}
	}
	return n
}

func isAlnum(c byte) bool { return '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'z' }

// classify tells what a run of characters is. As in tcpdump twelve hexadecimal digits are
// an Ethernet address.
func classify(s string) token {
	if a, ok := parseMAC(s); ok {
		return token{kind: mac, text: s, mac: a}
	}
	switch {
	case strings.Contains(s, ":"):
		a, err := netip.ParseAddr(s)
		if err != nil || !a.Is6() {
			return token{kind: illegal, text: strconv.Quote(s) + " is no IPv6 or Ethernet address"}
		}
		return token{kind: ip6, text: s, ip6: a}
	case isNumber(s):
		n, err := strconv.ParseUint(s, 0, 32)
		switch {
		case errors.Is(err, strconv.ErrRange):
			return token{kind: illegal, text: "the number " + s + " is too large"}
		case err != nil:
			return token{kind: illegal, text: strconv.Quote(s) + " is no number: after 0 come octal digits, after 0x hexadecimal ones"}
		}
		return token{kind: number, text: s, num: uint32(n)}
	case strings.Trim(s, "0123456789.") == "" && strings.Count(s, ".") <= 3:
		return parseDotted(s)
	}
	switch known, is := keywords[s]; {
	case is && known:
		return token{kind: word, text: s}
	case is:
		return token{kind: illegal, text: strconv.Quote(s) + " is not supported"}
	}
	return token{kind: name, text: s}
}

// isNumber reports whether s is digits, or 0x and hexadecimal digits or nothing.
func isNumber(s string) bool {
	if len(s) > 1 && s[0] == '0' && s[1]|0x20 == 'x' {
		return strings.Trim(s[2:], "0123456789abcdefABCDEF") == ""
	}
	return strings.Trim(s, "0123456789") == ""
}

// parseDotted reads 2 to 4 numbers. A leading zero would be decimal to tcpdump and octal
// to others: it is refused.
func parseDotted(s string) token {
	t := token{kind: dotted, text: s}
	for part := range strings.SplitSeq(s, ".") {
		n, err := strconv.ParseUint(part, 10, 8)
		if err != nil || len(part) > 1 && part[0] == '0' {
			return token{kind: illegal, text: strconv.Quote(s) + " is no IPv4 address"}
		}
		t.ip4.addr = t.ip4.addr<<8 | uint32(n)
		t.ip4.bits += 8
	}
	t.ip4.addr <<= 32 - t.ip4.bits
	return t
}

// parseMAC knows 12 hexadecimal digits, 3 groups of 4 with dots between them, and 6
// groups of 1 or 2 with : - or dots.
func parseMAC(s string) (a [6]byte, ok bool) {
	if len(s) == 14 && s[4] == '.' && s[9] == '.' {
		s = s[:4] + s[5:9] + s[10:]
	}
	if len(s) == 12 {
		if b, err := hex.DecodeString(s); err == nil {
			return [6]byte(b), true
		}
	}
	for _, separator := range []string{":", "-", "."} {
		groups := strings.SplitN(s, separator, 7)
		if len(groups) != 6 {
			continue
		}
		for i, g := range groups {
			n, err := strconv.ParseUint(g, 16, 8)
			if err != nil || len(g) > 2 {
				return a, false
			}
			a[i] = byte(n)
		}
		return a, true
	}
	return a, false
}
