package control

import (
	"strings"

	"ftpscope/analyze/ftp"
	"ftpscope/analyze/record"
	"ftpscope/capture/flow"
)

// login is who logs in, and how far that came: record.LoginNone → LoginFailed or LoginOK
// by the replies to USER, PASS and ACCT, LoginOK also by a reply that servers give only
// after a login (needsLogin), and back to LoginNone by REIN and by a gap after a failure.
type login struct {
	state          string // as the record has it
	user, password text
	challenge      string    // of a one-time password, for the next PASS
	passAt         flow.Mark // PASS, of the present try
	asked          bool      // the server's last word was 331 or 332, and no command followed
	doubtful       bool      // the capture may lack another USER
	secrets        secrets   // what it said, and what replies must not repeat
}

// text is a text that may not be known.
type text struct {
	value string
	known bool
}

func (t *text) pointer() *string { return record.Known(&t.value, t.known) }

// named is USER: without an argument it is none, or the end of a line whose beginning is
// missing.
func (l *login) named(user string) {
	l.user, l.challenge, l.passAt, l.doubtful = text{user, user != ""}, "", flow.Mark{}, false
}

// decide follows the login: RFC 959 section 5.4 names 230 and 232 as its success, 530 as
// its failure. It reports whether the reply decided on it.
func (l *login) decide(v ftp.Verb, r *record.Reply) bool {
	switch {
	case r.Code == 230 || r.Code == 232 || r.Code == 202 && v != ftp.USER:
		l.state = record.LoginOK
	case r.Code == 530 || r.Code >= 400 && v != ftp.USER:
		l.state = record.LoginFailed
	case r.Code == 331 && v == ftp.USER:
		l.challenge = oneTimeChallenge(r.Text)
		return false
	default:
		return false
	}
	return true
}

// try completes the record of a try by the command that was decided on.
func (l *login) try(p *pending, t record.Login) record.Login {
	t.User, t.Mark = l.user.value, p.line.Mark
	switch {
	case p.verb == ftp.ACCT && l.passAt.Seen():
		t.Mark = l.passAt
	case p.verb != ftp.PASS:
		t.NoPassword = true
	default:
		t.User = p.user
		t.Challenge, t.OneTime = l.challenge, l.challenge != "" && oneTimeResponse(p.arg)
	}
	return t
}

// onLoginReply takes the reply to USER, PASS or ACCT.
func (c *Conversation) onLoginReply(p *pending, r *record.Reply) {
	c.login.asked = r.Code == 331 || r.Code == 332
	if !c.login.decide(p.verb, r) {
		return
	}
	ok := c.login.state == record.LoginOK
	if ok {
		c.notes.LoginEnd = c.at
	}
	try := record.Login{OK: ok, Code: r.Code, Sealed: c.tls.isUnderTLS(c.client)}
	if !ok && c.budget.reserve(replySize+len(r.Text)) {
		kept := *r
		try.Reply = &kept
	}
	c.notes.login(&c.budget, &c.login, p, try)
}

// needsLogin lists the commands that servers answer 2yz only after a login.
func needsLogin(v ftp.Verb) bool {
	switch v {
	case ftp.CWD, ftp.CDUP, ftp.PWD, ftp.XCWD, ftp.XCUP, ftp.XPWD, ftp.DELE, ftp.MKD, ftp.RMD, ftp.RNTO, ftp.SIZE, ftp.MDTM:
		return true
	}
	return v.IsNegotiation() || v.IsTransfer()
}

func isAnonymous(user string) bool {
	return strings.EqualFold(user, "anonymous") || strings.EqualFold(user, "ftp")
}

// maxSeed bounds a seed (RFC 2289 section 6: 1 to 16 characters); maxSequence the digits
// of a sequence number.
const (
	maxSeed     = 16
	maxSequence = 5
)

// oneTimeChallenge finds the challenge of a one-time password in a reply's text: "otp-md5
// 487 dog2" (RFC 2289 section 6), "s/key 97 th91334" (RFC 1760 section 4; "skey" on some
// systems). It is empty when there is none.
func oneTimeChallenge(text string) string {
	if !strings.ContainsAny(text, "0123456789") {
		return "" // as most are: no copy for them
	}
	lower := strings.ToLower(text)
	for _, begin := range [...]string{"otp-", "s/key ", "skey "} {
		for from := 0; ; {
			i := strings.Index(lower[from:], begin)
			if i < 0 {
				break
			}
			from += i
			if c := challengeAt(lower[from:], begin); c != "" {
				return strings.Clone(c)
			}
			from += len(begin)
		}
	}
	return ""
}

// challengeAt reads a challenge that begins here.
func challengeAt(s, begin string) string {
	n := len(begin)
	if begin == "otp-" {
		n += run(s[n:], 16, isAlnum) // md4, md5, sha1, …
		if n == len(begin) || n == len(s) || s[n] != ' ' {
			return ""
		}
		n++
	}
	digits := run(s[n:], maxSequence, isNumeral)
	n += digits
	if digits == 0 || n == len(s) || s[n] != ' ' {
		return ""
	}
	n++
	seed := run(s[n:], maxSeed+1, isAlnum)
	if seed == 0 || seed > maxSeed {
		return ""
	}
	return s[:n+seed]
}

// run is how many bytes s begins with that are of a kind, most at most.
func run(s string, most int, is func(byte) bool) int {
	n := 0
	for n < len(s) && n < most && is(s[n]) {
		n++
	}
	return n
}

func isNumeral(c byte) bool { return '0' <= c && c <= '9' }
func isAlnum(c byte) bool   { return isNumeral(c) || 'a' <= c && c <= 'z' }

// oneTimeResponse reports whether a password has the form of a one-time one: six short
// words or 16 hexadecimal digits (RFC 2289 section 6), by RFC 2243 section 3 also named
// so. A challenge does not keep a user from sending a lasting one.
func oneTimeResponse(password string) bool {
	const longest = 256 // of those with "init-", which send three
	if len(password) > longest {
		return false
	}
	s := strings.ToLower(strings.TrimSpace(password))
	for _, prefix := range [...]string{"hex:", "word:", "init-hex:", "init-word:"} {
		if strings.HasPrefix(s, prefix) {
			return true
		}
	}
	digits, words := strings.ReplaceAll(s, " ", ""), strings.Fields(s)
	if len(digits) == 16 && strings.Trim(digits, "0123456789abcdef") == "" {
		return true
	}
	for _, w := range words {
		if len(w) > 4 || strings.Trim(w, "abcdefghijklmnopqrstuvwxyz") != "" {
			return false
		}
	}
	return len(words) == 6
}
