// Package filter reads tcpdump's filter expressions, as pcap-filter(7) defines them, and
// says of captured packets whether they match. The packets that match go to
// capture/decode.
//
// It knows hosts, nets and ports with all their qualifiers, the protocol words, ip proto,
// ether proto and ether host, vlan, less and greater, and, or, not and parentheses, with
// tcpdump's precedence (and binds like or, from left to right), its defaults and its
// inherited qualifiers ("port 21 or 20"). What it does not know is an error: arithmetic
// (tcp[13] & 2 != 0), broadcast, gateway, mpls and the like, and host names, which are
// not looked up.
//
// A packet matches when it matches in tcpdump, with what follows from that:
//   - behind a VLAN tag only what comes after the word vlan looks, and after it only
//     tagged packets match: "host X or (vlan and host X)" finds both;
//   - ports are those of TCP, UDP and SCTP directly above IP: not in later fragments, nor
//     behind an IPv6 extension header;
//   - host and net look into ARP and RARP, too;
//   - a packet cut short before a byte that decides does not match, whatever not says.
//
// Where tcpdump refuses an expression for a link type there is an answer: vlan looks for
// tags in Linux cooked captures as well, and is false where there are none; ether host is
// false where there are no Ethernet addresses. The address families of BSD loopback are
// those of every system, in either byte order. Packets of other link types than
// capture/decode knows match the empty filter only.
package filter

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"ftpscope/capture/decode"
)

// The limits of an expression: it comes from a command line, or from who writes to a
// service.
const (
	maxLength = 64 << 10
	maxDepth  = 200 // of parentheses and not: what reads and what matches is recursive
)

// Filter is a compiled expression. It is read-only: goroutines may share it.
type Filter struct{ test test }

// Parse compiles expr. Its errors are of type *Error. An empty expression matches every
// packet.
func Parse(expr string) (*Filter, error) {
	if len(expr) > maxLength {
		return nil, &Error{Expr: expr, Pos: maxLength, Reason: fmt.Sprintf("longer than %d bytes", maxLength)}
	}
	p := parser{text: expr}
	p.tokens = p.lex()
	f := &Filter{}
	if p.peek().kind != end {
		f.test, _ = p.expr(qualifiers{})
		p.expectEnd()
	}
	if p.err != nil {
		return nil, p.err
	}
	return f, nil
}

// Match reports whether a packet matches: data is what was captured of it, length its
// bytes on the wire, link the LINKTYPE of the capture. It does not allocate.
func (f *Filter) Match(data []byte, length, link uint32) bool {
	if f.test == nil {
		return true
	}
	head := decode.HeadOf(link)
	return head != nil && f.test.match(frame{data: data, length: length, head: head}) == yes
}

// Knows reports whether packets of a link type can match: those of others do not,
// whatever is asked. The empty expression matches all.
func (f *Filter) Knows(link uint32) bool { return f.test == nil || decode.HeadOf(link) != nil }

// Error says what is wrong with an expression, and where.
type Error struct {
	Expr   string
	Pos    int // offset in Expr, in bytes
	Reason string
}

// Error is one line that begins with the place: its column, in characters from 1.
func (e *Error) Error() string { return fmt.Sprintf("column %d: %s", e.column(), e.Reason) }

func (e *Error) column() int { return utf8.RuneCountInString(e.Expr[:e.Pos]) + 1 }

// Excerpt is the expression around the place, on one line, and a line with a mark below
// it.
func (e *Error) Excerpt() (text, mark string) {
	const before, after = 50, 20
	runes, at, dots := []rune(e.Expr), e.column()-1, ""
	if len(runes) > at+after {
		runes = append(runes[:at+after:at+after], '…')
	}
	if at > before {
		runes, at, dots = runes[at-before:], before+1, "…"
	}
	printable := func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case !unicode.IsPrint(r):
			return '?'
		}
		return r
	}
	return dots + strings.Map(printable, string(runes)), strings.Repeat(" ", at) + "^"
}
