package ftp

import (
	"bytes"
	"strings"
)

// Secret finds where in a client's line that begins which must not be shared; it is
// len(line) when nothing is. Secret are the arguments of PASS and ACCT (RFC 959 section
// 4.1.1), of ADAT (RFC 2228 section 3), of XAUT (name and password, encoded), of the SITE
// commands that change a password, and what is typed behind the name in USER. The verb may
// be in any letter case, with blanks before it and control bytes within, and the argument
// may begin right after PASS: what looks like a slip of the keyboard is a password all the
// same.
func Secret(line []byte) (from int) {
	start := 0
	for start < len(line) && (isBlank(line[start]) || isControl(line[start]) || line[start] >= lowest) {
		start++
	}
	for _, verb := range [...]string{"PASS", "ACCT"} {
		if end, ok := spelled(line, start, verb); ok {
			return pastBlanks(line, end)
		}
	}
	word, arg := wordEnd(line, start), 0
	arg = pastBlanks(line, word)
	switch name := line[start:word]; {
	case isVerb(name, "ADAT"), isVerb(name, "XAUT"):
		return arg
	case isVerb(name, "USER"):
		return secretOfUser(line, arg)
	case isVerb(name, "SITE"):
		end := wordEnd(line, arg)
		if changesPassword(line[arg:end]) {
			return pastBlanks(line, end)
		}
	case len(name) > 0 && lookup(name) == VerbUnknown: // QUOTE PASS x
		if end := wordEnd(line, arg); isVerb(line[arg:end], "PASS") || isVerb(line[arg:end], "ACCT") {
			return pastBlanks(line, end)
		}
	}
	return len(line)
}

// mayHide reports whether Secret has to look at the line that the command is in.
func (c *Command) mayHide(line []byte) bool {
	switch c.Verb {
	case VerbUnknown, USER, PASS, ACCT, ADAT, SITE:
		return true
	}
	return len(line) == 0 || !isLetter(line[0])
}

// secretOfUser finds what is no name in the argument of USER: "bob secret", "bob PASS
// secret", "bob:secret". The port of a proxy's "bob@host:2121" is none.
func secretOfUser(line []byte, arg int) int {
	for i := arg; i < len(line); i++ {
		c := line[i]
		if !isBlank(c) && c != ':' {
			continue
		}
		from := pastBlanks(line, i+1)
		if bytes.IndexByte(line[arg:i], '@') >= 0 && (c == ':' || isNumber(line[from:])) {
			continue
		}
		if string(line[i:]) == ":)" {
			break // no password, but what opens vsftpd 2.3.4's backdoor
		}
		if end := wordEnd(line, from); end < len(line) && isVerb(line[from:end], "PASS") {
			from = pastBlanks(line, end)
		}
		return from
	}
	return len(line)
}

// changesPassword knows the first word of a SITE command that names passwords: PSWD,
// PASSWD, CHPASS, CPWD, GPASS, ADDUSER.
func changesPassword(word []byte) bool {
	w := strings.ToUpper(string(word))
	if strings.HasPrefix(w, "PASSIV") {
		return false
	}
	for _, part := range [...]string{"PASS", "PASW", "PSW", "PWD", "ADDUSER"} {
		if strings.Contains(w, part) {
			return true
		}
	}
	return false
}

// spelled reports whether a word in upper case stands at a place, in any letter case, and
// where it ends.
func spelled(line []byte, at int, word string) (end int, ok bool) {
	for i := 0; i < len(word); at++ {
		if at == len(line) {
			return 0, false
		}
		switch c := line[at]; {
		case c&^0x20 == word[i]:
			i++
		case i == 0 || !isControl(c):
			return 0, false
		}
	}
	return at, true
}

func isVerb(word []byte, verb string) bool {
	end, ok := spelled(word, 0, verb)
	return ok && end == len(word)
}

func wordEnd(line []byte, at int) int {
	for at < len(line) && !isBlank(line[at]) {
		at++
	}
	return at
}

func pastBlanks(line []byte, at int) int {
	for at < len(line) && isBlank(line[at]) {
		at++
	}
	return at
}

func isBlank(c byte) bool   { return c == ' ' || c == '\t' }
func isControl(c byte) bool { return c < ' ' && c != '\t' || c == 0x7F }

func isNumber(b []byte) bool {
	for _, c := range b {
		if !isDigit(c) {
			return false
		}
	}
	return len(b) > 0
}

// beginsFold reports whether b begins with an upper-case word in any letter case.
func beginsFold(b []byte, word string) bool {
	return len(b) >= len(word) && bytes.EqualFold(b[:len(word)], []byte(word))
}

// quotes are what servers put around what they repeat.
const quotes = "'\"`"

func hasQuote(line []byte) bool {
	for i := range len(quotes) {
		if bytes.IndexByte(line, quotes[i]) >= 0 {
			return true
		}
	}
	return false
}

// Quoted finds the argument of a PASS or ACCT that a reply has in quotes: servers say
// what they did not understand or like. from is to where there is none.
func Quoted(line []byte, at int) (from, to int) {
	for i := at; i+6 < len(line); i++ {
		if q := line[i]; (q == '\'' || q == '"' || q == '`') && (beginsFold(line[i+1:], "PASS ") || beginsFold(line[i+1:], "ACCT ")) {
			from = i + 6
			if to = bytes.IndexAny(line[from:], quotes); to < 0 {
				return from, len(line)
			}
			return from, from + to
		}
	}
	return len(line), len(line)
}

// Alone reports whether a word stands by itself in a line.
func Alone(line []byte, from, to int) bool {
	return (from == 0 || !inWord(line[from-1])) && (to == len(line) || !inWord(line[to]))
}

func inWord(c byte) bool { return isLetter(c) || isDigit(c) || c >= 0x80 }
