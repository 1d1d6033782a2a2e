package ftp

import "bytes"

// Guess says whether traffic is an FTP control connection.
type Guess uint8

// The guesses.
const (
	No    Guess = iota
	Maybe       // too short or ambiguous
	Yes         // has what only FTP has
)

func (g Guess) String() string { return [...]string{"no", "maybe", "yes"}[min(g, Yes)] }

// guessWindow is how much of the first payload is read: a greeting's first line and more.
const guessWindow = 512

// replyCodes are the codes of RFC 959 section 4.2, 2228, 2389, 2428, 2640, 3659 and 4217,
// and those that servers add.
var replyCodes = func() (m [1000]bool) {
	for _, c := range []int{
		110, 120, 125, 150, 200, 202, 211, 212, 213, 214, 215, 220, 221, 225, 226, 227, 228, 229, 230, 231, 232, 234, 235,
		250, 251, 252, 253, 257, 300, 331, 332, 333, 334, 335, 336, 350, 421, 425, 426, 430, 431, 434, 435, 450, 451, 452,
		500, 501, 502, 503, 504, 505, 510, 521, 522, 530, 531, 532, 533, 534, 535, 536, 537, 550, 551, 552, 553, 554, 555,
		556, 631, 632, 633,
	} {
		m[c] = true
	}
	return m
}()

func isReplyCode(code int) bool { return 0 <= code && code < len(replyCodes) && replyCodes[code] }

// GuessServer says whether the first payload bytes of the side that was connected to
// could begin an FTP control connection, or continue one whose beginning was not
// captured.
func GuessServer(first []byte) Guess {
	if len(first) == 0 {
		return Maybe
	}
	if first[0] < '1' || first[0] > '6' {
		return No
	}
	for _, c := range first[1:min(len(first), 3)] {
		if !isDigit(c) {
			return No
		}
	}
	if len(first) < 4 {
		return Maybe
	}
	switch first[3] {
	case ' ', '-', '\r', '\n':
	default:
		return No
	}
	line, whole := firstLine(first)
	if !whole && line[len(line)-1] != ' ' {
		line = line[:max(4, bytes.LastIndexByte(line, ' ')+1)] // the last word may go on: "SMTP" as "smtp.example.com"
	}
	return guessReply(ParseReplyLine(line))
}

// guessReply judges a line that begins as a reply does.
func guessReply(p ReplyLine) Guess {
	if !isReplyCode(p.Code) {
		return No
	}
	switch p.Code {
	case 200, 220, 421:
		return guessBanner(p)
	case 227, 228, 229:
		if p.offers() {
			return Yes
		}
	}
	return Maybe
}

// others are words in the greetings of mail and news servers.
var others = [...]string{
	"smtp", "esmtp", "lmtp", "postfix", "sendmail", "exim", "nntp", "nnrp", "internetnews", "posting",
}

// guessBanner reads the product or protocol that a greeting names.
func guessBanner(p ReplyLine) Guess {
	ours := p.Code == 220 && namesFTP(p.Text)
	if namesOthers(p.Text) {
		if ours {
			return Maybe
		}
		return No
	}
	if ours {
		return Yes
	}
	return Maybe
}

// namesOthers finds one of the others' words; what is part of a host name
// ("smtp.example.com") is none.
func namesOthers(text []byte) bool {
	for from, to := 0, 0; from < len(text); from = to + 1 {
		for to = from; to < len(text) && inHostName(text[to]); to++ {
		}
		for _, word := range others {
			if len(word) == to-from && isWord(text[from:to], word) {
				return true
			}
		}
	}
	return false
}

// namesFTP finds a word such as "FTP", "(vsFTPd" or "Pure-FTPd"; a host name with a dot
// ("ftp.example.com") is none.
func namesFTP(text []byte) bool {
	for from, to := 0, 0; from < len(text); from = to + 1 {
		for to = from; to < len(text) && inHostName(text[to]); to++ {
		}
		if word := text[from:to]; containsFold(word, "ftp") && bytes.IndexByte(bytes.TrimRight(word, "."), '.') < 0 {
			return true
		}
	}
	return false
}

func inHostName(c byte) bool {
	return isDigit(c) || isLetter(c) || c == '.' || c == '-' || c == '_'
}

func containsFold(text []byte, word string) bool {
	for i := range len(text) - len(word) + 1 {
		if text[i]|0x20 == word[0] && isWord(text[i:i+len(word)], word) {
			return true
		}
	}
	return false
}

// isWord compares a text with a lower-case word in any letter case.
func isWord(text []byte, word string) bool {
	if len(text) != len(word) {
		return false
	}
	for i, c := range text {
		if 'A' <= c && c <= 'Z' {
			c |= 0x20
		}
		if c != word[i] {
			return false
		}
	}
	return true
}

// firstLine is the first line of b, or as much as there is of it.
func firstLine(b []byte) (line []byte, whole bool) {
	b = b[:min(len(b), guessWindow)]
	for i, c := range b {
		if c == '\r' || c == '\n' {
			return b[:i], true
		}
	}
	return b, false
}

// GuessClient says whether the first payload bytes of the side that connected could begin
// an FTP control connection, or continue one whose beginning was not captured.
func GuessClient(first []byte) Guess {
	if len(first) == 0 {
		return Maybe
	}
	if first[0] == iac {
		return guessSynch(first)
	}
	n := 0
	for n < len(first) && n <= maxVerb && (isLetter(first[n]) || n > 0 && isDigit(first[n])) {
		n++
	}
	switch {
	case n == 0 || n > maxVerb:
		return No
	case n == len(first):
		return guessPrefix(first)
	}
	switch first[n] {
	case ' ', '\r', '\n':
	default:
		return No
	}
	if lookup(first[:n]) == VerbUnknown {
		return No
	}
	line, _ := firstLine(first)
	return guessCommand(ParseCommand(line))
}

// guessSynch judges a Telnet Synch, as sent before ABOR.
func guessSynch(first []byte) Guess {
	synch := []byte{iac, ip, iac, dm}
	if n := min(len(first), len(synch)); !bytes.Equal(first[:n], synch[:n]) {
		return No
	}
	return Maybe
}

// guessPrefix judges the beginning of a name.
func guessPrefix(name []byte) Guess {
	for _, v := range verbNames[1:] {
		if len(name) <= len(v) && bytes.EqualFold(name, []byte(v[:len(name)])) {
			return Maybe
		}
	}
	return No
}

// guessCommand judges a command with a known verb by its argument.
func guessCommand(c Command) Guess {
	switch c.Verb {
	case VerbUnknown:
		return No
	case USER:
		if bytes.Count(c.Arg, space) >= 3 && bytes.Contains(c.Arg, []byte(" :")) {
			return No // IRC: "USER name 0 * :real name" (RFC 2812 section 3.1.3)
		}
	case MODE:
		if len(bytes.TrimRight(c.Arg, " ")) > 1 {
			return No // NNTP's "MODE READER", IRC's "MODE #channel"
		}
	}
	if c.onlyFTP() {
		return Yes
	}
	return Maybe
}

// onlyFTP reports whether no other protocol, and hardly any prose, has this line.
func (c Command) onlyFTP() bool {
	arg := bytes.TrimRight(c.Arg, " ")
	switch c.Verb {
	case PASV, EPSV, LPSV, SYST, FEAT, PWD, XPWD, CDUP, XCUP:
		return len(arg) == 0 || c.Verb == EPSV && (len(arg) == 1 || isWord(arg, "all"))
	case PORT:
		_, ok := ParsePORT(arg)
		return ok
	case EPRT:
		_, ok := ParseEPRT(arg)
		return ok
	case LPRT:
		_, ok := ParseLPRT(arg)
		return ok
	case TYPE:
		return isWord(arg, "a") || isWord(arg, "i") || isWord(arg, "e") || isWord(arg, "a n") || isWord(arg, "l 8")
	case AUTH:
		return isWord(arg, "tls") || isWord(arg, "ssl") || isWord(arg, "tls-c") || isWord(arg, "tls-p")
	case PBSZ:
		return isWord(arg, "0")
	case PROT:
		return isWord(arg, "p") || isWord(arg, "c")
	case OPTS:
		return isWord(arg, "utf8 on") || isWord(arg, "utf8")
	}
	return false
}
