package ftp

import "bytes"

// Secret finds what must not be shared in a client's line: the argument of PASS and of ACCT (RFC 959 section 4.1.1), and
// of the SITE commands that change a password. from is len(line) when there is none. The argument is taken to begin right
// after the verb if no space does: what looks like a slip of the keyboard is a password all the same.
func Secret(line []byte) (from int) {
	at := 0
	for at < len(line) && (line[at] == ' ' || line[at] >= lowest) {
		at++
	}
	verb := line[at:]
	switch {
	case beginsFold(verb, "PASS"), beginsFold(verb, "ACCT"):
		at += 4
	case beginsFold(verb, "SITE "):
		word, _, _ := bytes.Cut(verb[5:], space)
		if !isPasswordSite(word) {
			return len(line)
		}
		at += 5 + len(word)
	default:
		return len(line)
	}
	if at < len(line) && line[at] == ' ' {
		at++
	}
	return at
}

func isPasswordSite(word []byte) bool {
	for _, name := range [...]string{"PSWD", "PASSWD", "PASS", "PASSWORD", "CHPASS", "CPWD"} {
		if len(word) == len(name) && beginsFold(word, name) {
			return true
		}
	}
	return false
}

// beginsFold reports whether b begins with an upper-case word in any letter case.
func beginsFold(b []byte, word string) bool {
	return len(b) >= len(word) && bytes.EqualFold(b[:len(word)], []byte(word))
}

// Quoted finds the argument of a PASS or ACCT that a reply has in quotes: servers say what they did not understand or like.
// from is to where there is none.
func Quoted(line []byte, at int) (from, to int) {
	for i := at; i+6 < len(line); i++ {
		if q := line[i]; (q == '\'' || q == '"' || q == '`') && (beginsFold(line[i+1:], "PASS ") || beginsFold(line[i+1:], "ACCT ")) {
			from = i + 6
			if to = bytes.IndexAny(line[from:], "'\"`"); to < 0 {
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
