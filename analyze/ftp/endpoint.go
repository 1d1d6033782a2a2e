package ftp

import (
	"bytes"
	"net/netip"
	"strconv"
	"strings"
)

// An endpoint with port 0 is malformed everywhere here: nobody can connect to it. The
// address 0.0.0.0 (or ::) is not: servers behind NAT send it, and clients then take the
// control connection's address.

// ParsePORT reads the argument of PORT (RFC 959 section 4.1.2: h1,h2,h3,h4,p1,p2). Spaces
// around it and after commas are tolerated.
func ParsePORT(arg []byte) (netip.AddrPort, bool) { return wholeList(arg, hostPort) }

// ParseLPRT reads the argument of LPRT (RFC 1639 section 4.1: af,hal,h1,…,pal,p1,…) for
// IPv4 and IPv6.
func ParseLPRT(arg []byte) (netip.AddrPort, bool) { return wholeList(arg, longHostPort) }

// Parse227 reads the endpoint of a PASV reply. RFC 959 does not say where in the text it
// stands, and RFC 1123 section 4.1.2.6 wants the digits searched for: it is the first
// list of exactly six numbers from 0 to 255.
func Parse227(text string) (netip.AddrPort, bool) { return findList(text, hostPort) }

// Parse228 reads the endpoint of an LPSV reply (RFC 1639 section 4.2), searched for as in
// [Parse227].
func Parse228(text string) (netip.AddrPort, bool) { return findList(text, longHostPort) }

// maxStripes bounds the endpoints of a striped transfer: a server's data hosts.
const maxStripes = 64

// ParseStripes reads the endpoints of SPOR's argument, or of a reply to SPAS (GFD.20 section
// 3.3): PORT's lists, set off by spaces or lines.
func ParseStripes(text string) (ends []netip.AddrPort) {
	for _, field := range strings.Fields(text) {
		if end, ok := ParsePORT([]byte(field)); ok && len(ends) < maxStripes {
			ends = append(ends, end)
		}
	}
	return ends
}

// list is a run of comma-separated numbers; n counts also those that did not fit, and bad
// says that one was no byte.
type list struct {
	v   [21]byte // as many as the longest LPRT has
	n   int
	bad bool
}

// scanList reads the list that s begins with, and says how long it is. Spaces after
// commas are tolerated.
func scanList(s string) (l list, length int) {
	for i := 0; i < len(s) && isDigit(s[i]); {
		start, v := i, 0
		for ; i < len(s) && isDigit(s[i]); i++ {
			v = min(v*10+int(s[i]-'0'), 256)
		}
		if v > 255 || i-start > 3 {
			l.bad = true
		} else if l.n < len(l.v) {
			l.v[l.n] = byte(v)
		}
		l.n++
		length = i
		if i == len(s) || s[i] != ',' {
			break
		}
		for i++; i < len(s) && s[i] == ' '; i++ {
		}
	}
	return l, length
}

// wholeList reads an argument that is a list and nothing else.
func wholeList(arg []byte, read func(list) (netip.AddrPort, bool)) (netip.AddrPort, bool) {
	s := string(bytes.Trim(arg, " "))
	l, n := scanList(s)
	if n != len(s) {
		return netip.AddrPort{}, false
	}
	return read(l)
}

// findList tries the lists in a text in turn. A list that begins within a dotted number
// ("10.0.0.1,…") is none.
func findList(text string, read func(list) (netip.AddrPort, bool)) (netip.AddrPort, bool) {
	for i := 0; i < len(text); i++ {
		if !isDigit(text[i]) {
			continue
		}
		l, n := scanList(text[i:])
		if i < 2 || text[i-1] != '.' || !isDigit(text[i-2]) {
			if ap, ok := read(l); ok {
				return ap, true
			}
		}
		i += n
	}
	return netip.AddrPort{}, false
}

func hostPort(l list) (netip.AddrPort, bool) {
	if l.bad || l.n != 6 {
		return netip.AddrPort{}, false
	}
	return endpoint(netip.AddrFrom4([4]byte(l.v[:4])), l.v[4:6])
}

// longHostPort reads RFC 1639's form: 4,4,h×4,2,p1,p2 or 6,16,h×16,2,p1,p2.
func longHostPort(l list) (netip.AddrPort, bool) {
	switch {
	case l.bad:
	case l.n == 9 && l.v[0] == 4 && l.v[1] == 4 && l.v[6] == 2:
		return endpoint(netip.AddrFrom4([4]byte(l.v[2:6])), l.v[7:9])
	case l.n == 21 && l.v[0] == 6 && l.v[1] == 16 && l.v[18] == 2:
		return endpoint(netip.AddrFrom16([16]byte(l.v[2:18])), l.v[19:21])
	}
	return netip.AddrPort{}, false
}

func endpoint(a netip.Addr, p []byte) (netip.AddrPort, bool) {
	port := uint16(p[0])<<8 | uint16(p[1])
	if port == 0 {
		return netip.AddrPort{}, false
	}
	return netip.AddrPortFrom(a.Unmap(), port), true
}

// ParseEPRT reads the argument of EPRT (RFC 2428 section 2:
// <d><net-prt><d><net-addr><d><tcp-port><d>, net-prt 1 or 2). The last delimiter may be
// missing; a zone is dropped; an IPv4-mapped address is unmapped.
func ParseEPRT[T string | []byte](arg T) (netip.AddrPort, bool) {
	e, ok := parseExtended(strings.Trim(string(arg), " "))
	if !ok || !e.addr.IsValid() || e.family == "" || e.rest != "" {
		return netip.AddrPort{}, false
	}
	return netip.AddrPortFrom(e.addr, e.port), true
}

// Parse229 reads the port of an EPSV reply (RFC 2428 section 3: "the format …
// (<d><d><d><tcp-port><d>)"), also without the parentheses when the delimiter is "|".
// Some servers fill in the address, which is then valid.
func Parse229(text string) (port uint16, addr netip.Addr, ok bool) {
	closes := 0 // the first ) behind
	for i := range len(text) {
		if text[i] != '(' && text[i] != '|' {
			continue
		}
		s := text[i:]
		if s[0] == '(' {
			if closes <= i {
				inside, _, _ := strings.Cut(s, ")")
				closes = i + len(inside)
			}
			s = text[i+1 : closes]
		}
		if e, ok := parseExtended(s); ok && e.closed {
			return e.port, e.addr, true
		}
	}
	return 0, netip.Addr{}, false
}

// extended is RFC 2428's form of an endpoint.
type extended struct {
	family string // "1", "2" or empty
	addr   netip.Addr
	port   uint16
	closed bool   // the last delimiter is there
	rest   string // what follows it
}

// parseExtended reads <d>[family]<d>[address]<d>port<d>.
func parseExtended(s string) (e extended, ok bool) {
	if s == "" || s[0] < 33 || s[0] > 126 {
		return e, false
	}
	d := s[:1]
	var host, port string
	if e.family, s, ok = strings.Cut(s[1:], d); !ok {
		return e, false
	}
	if host, s, ok = strings.Cut(s, d); !ok {
		return e, false
	}
	port, e.rest, e.closed = strings.Cut(s, d)
	if !e.setHost(host) {
		return e, false
	}
	n, err := strconv.ParseUint(port, 10, 16)
	e.port = uint16(n)
	return e, err == nil && n != 0
}

// setHost checks the address against the family. Both may be empty.
func (e *extended) setHost(host string) bool {
	if host == "" {
		return e.family == "" || e.family == "1" || e.family == "2"
	}
	a, err := netip.ParseAddr(host)
	if err != nil {
		return false
	}
	switch e.family {
	case "1":
		if !a.Is4() {
			return false
		}
	case "2":
		if !a.Is6() {
			return false
		}
	case "":
	default:
		return false
	}
	e.addr = a.WithZone("").Unmap()
	return true
}
