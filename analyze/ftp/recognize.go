package ftp

import (
	"bytes"
	"strings"
)

// Recognizer judges a dialogue, whatever its ports, by evidence for and against FTP. The
// zero value is ready; a capture that has one side only gives it commands only or replies
// only.
//
// A command that another protocol has and FTP has not (EHLO, CAPA, GROUP, NICK, GET, …)
// decides against it for good, unless the server refuses it: so an SMTP conversation
// stays one whatever its mails say, and an FTP server that was probed with EHLO stays an
// FTP server.
type Recognizer struct {
	yes     bool
	greeted bool  // the server's 220
	user    bool  // USER counted
	pass    bool  // PASS counted
	opened  bool  // 150 or 125
	last    Verb  // last command, until its reply
	refuse  bool  // the last command was foreign, its reply is due
	points  int32 // for FTP; enough decides
	strange int32 // lines that are no FTP but may be damage: the rest of a banner; at most tooStrange
	foreign int32 // lines of another protocol
}

// What a line is worth. A fact that no other protocol has is enough; so are USER, PASS
// and one line that only FTP has.
const (
	enough     = 4
	half       = 2
	some       = 1
	tooMany    = 4 // strange lines more than points speak against FTP
	tooStrange = 8 // a capture may begin within a banner, which must not outweigh all that follows
)

// Verdict is Yes once there was enough evidence, whatever comes later; No on evidence for
// another protocol.
func (r *Recognizer) Verdict() Guess {
	switch {
	case r.yes:
		return Yes
	case r.foreign > 0, r.strange-r.points >= tooMany:
		return No
	}
	return Maybe
}

func (r *Recognizer) add(points int32) {
	r.points += points
	r.yes = r.yes || r.foreign == 0 && r.points-r.strange >= enough
}

// Command takes the client's next command.
func (r *Recognizer) Command(c Command) {
	if r.yes {
		return
	}
	r.last, r.refuse = c.Verb, false
	switch {
	case c.isForeign() || c.Verb != VerbUnknown && guessCommand(c) == No:
		r.foreign++
		r.refuse = true
	case c.Verb == VerbUnknown:
		r.strange = min(r.strange+1, tooStrange)
	case c.onlyFTP():
		r.add(half)
	case c.Verb == USER && !r.user && c.HasArg:
		r.user = true
		r.add(some)
	case c.Verb == PASS && r.user && !r.pass:
		r.pass = true
		r.add(some)
	case c.mostlyFTP():
		r.add(some)
	}
}

// isForeign knows the commands of SMTP, POP3, NNTP, IRC, IMAP, SSH and HTTP that open or
// carry a conversation.
func (c Command) isForeign() bool {
	if c.Verb != VerbUnknown || len(c.Name) == 0 {
		return false
	}
	if len(c.Name) > 16 {
		return bytes.HasPrefix(c.Name, []byte("SSH-"))
	}
	switch strings.ToUpper(string(c.Name)) {
	case "EHLO", "HELO", "LHLO", "MAIL", "RCPT", "DATA", "BDAT", "RSET", "VRFY", "EXPN", "ETRN", "STARTTLS",
		"CAPA", "UIDL", "TOP", "APOP", "STLS",
		"GROUP", "ARTICLE", "XOVER", "OVER", "IHAVE", "NEWNEWS", "NEWGROUPS", "AUTHINFO", "CAPABILITIES", "LISTGROUP",
		"NICK", "JOIN", "PRIVMSG", "CAP", "PING", "PONG",
		"GET", "HEAD", "POST", "PUT", "OPTIONS", "CONNECT", "PROPFIND":
		return true
	}
	return bytes.HasPrefix(c.Name, []byte("SSH-"))
}

// mostlyFTP reports whether the command is FTP's and no common other protocol's. (RETR,
// LIST and DELE with a number are POP3's, STAT, QUIT, NOOP and HELP everybody's.)
func (c Command) mostlyFTP() bool {
	switch c.Verb {
	case RETR, LIST, DELE, SIZE:
		return len(c.Arg) > 0 && !allDigits(c.Arg)
	case CWD, XCWD, STOR, STOU, APPE, NLST, MLSD, MLST, MDTM, MKD, RMD, XMKD, XRMD, RNFR, RNTO, REST, ABOR, PBSZ, PROT,
		STRU, ALLO, OPTS, CLNT, SITE:
		return true
	}
	return false
}

func allDigits(b []byte) bool {
	for _, c := range b {
		if !isDigit(c) {
			return false
		}
	}
	return true
}

// Reply takes the server's next reply; code 0: a line without one.
func (r *Recognizer) Reply(code int, text string) {
	if r.yes {
		return
	}
	last, refuse := r.last, r.refuse
	r.refuse = false
	if code/100 != 1 {
		r.last = VerbUnknown
	}
	switch {
	case refuse && (code == 421 || code >= 500 && code <= 504 || code == 530):
		r.foreign--
	case isForeignReply(code, text):
		r.foreign++
	case !isReplyCode(code):
		r.strange = min(r.strange+1, tooStrange)
	case onlyFTPReply(code, text), r.greeted && last == USER && (code == 230 || code == 530), plausible(last, code):
		r.add(enough)
	case code == 226 && r.opened:
		r.add(enough)
	case code == 230:
		r.add(half)
	}
	r.opened = r.opened || code == 150 || code == 125
	r.greeted = r.greeted || code == 220
}

// isForeignReply knows what SMTP, POP3, IMAP, NNTP, IRC and HTTP servers say.
func isForeignReply(code int, text string) bool {
	switch code {
	case 0:
		for _, s := range []string{"+OK", "-ERR", "* OK", "* PREAUTH", "* BYE", "HTTP/", "SSH-", "RFB "} {
			if strings.HasPrefix(text, s) {
				return true
			}
		}
		return len(text) > 1 && text[0] == ':' && isLetter(text[1]) // IRC: ":server 001 nick …"
	case 354, 201, 281, 381, 480: // SMTP's DATA; NNTP's greeting and AUTHINFO
		return true
	case 200, 220, 421:
		return banner(code, text) == No
	}
	return isEnhanced(code, text)
}

func banner(code int, text string) Guess {
	line, _, _ := strings.Cut(text, "\n")
	var room [guessWindow]byte
	return guessBanner(ReplyLine{Code: code, Text: room[:copy(room[:], line)]})
}

// isEnhanced reports whether the text begins with one of SMTP's enhanced status codes:
// "250 2.1.0 Ok" (RFC 2034).
func isEnhanced(code int, text string) bool {
	status, _, ok := strings.Cut(text, " ")
	if !ok || len(status) < 5 || len(status) > 9 || int(status[0]-'0') != code/100 {
		return false
	}
	class, rest, _ := strings.Cut(status, ".")
	subject, detail, ok := strings.Cut(rest, ".")
	return ok && len(class) == 1 && subject != "" && detail != "" && allDigits([]byte(subject+detail))
}

// onlyFTPReply reports whether no other protocol has this reply.
func onlyFTPReply(code int, text string) (ok bool) {
	switch code {
	case 220:
		ok = banner(code, text) == Yes
	case 227:
		_, ok = Parse227(text)
	case 228:
		_, ok = Parse228(text)
	case 229:
		_, _, ok = Parse229(text)
	case 257:
		_, ok = ParsePath257(text)
	case 215:
		t := []byte(text)
		ok = containsFold(t, "unix") || containsFold(t, "type:") || containsFold(t, "windows") // NNTP's 215 lists groups
	case 331, 332:
		ok = true
	}
	return ok
}

// plausible reports whether the reply answers the command as only an FTP server does.
func plausible(v Verb, code int) bool {
	switch code {
	case 530, 550, 425:
		return v.IsNegotiation() || v.IsTransfer() && v != LIST || v == CWD || v == TYPE || v == SYST
	case 150, 125:
		return v.IsTransfer()
	case 200:
		return v == PORT || v == EPRT || v == LPRT || v == TYPE || v == PBSZ || v == PROT
	case 211:
		return v == FEAT
	case 213:
		return v == SIZE || v == MDTM
	case 215:
		return v == SYST
	case 234:
		return v == AUTH
	case 250:
		return v == CWD || v == CDUP
	case 350:
		return v == RNFR || v == REST
	}
	return false
}
