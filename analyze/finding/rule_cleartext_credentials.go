package finding

import (
	"fmt"
	"strings"

	"ftpscope/analyze/prose"
	"ftpscope/analyze/record"
)

var cleartextCredentials = Rule{
	ID: "cleartext-credentials", Severity: record.Medium,
	Title:   "password in clear text",
	Meaning: "USER and PASS were sent without TLS: anyone who sees the packets knows the password, whether the server accepted it or not. Anonymous logins and answers to one-time password challenges (RFC 2289) do not count; of a series of rejected logins, only the first is reported.",
	judge:   once(cleartext),
}

func cleartext(c *Case) (draft, bool) {
	if c.Password == nil || c.again {
		return draft{}, false
	}
	var users names
	frames := c.scratch[:0]
	accepted, rejected := 0, 0
	for _, l := range c.Notes.Logins {
		if anonymous(l.User) || l.OneTime || l.NoPassword || l.Sealed {
			continue
		}
		if l.User != "" {
			users.add(l.User)
		}
		frames = append(frames, l.Mark.Pos)
		switch {
		case l.OK:
			accepted++
		case l.Code > 0 && (l.Reply == nil || !strings.HasPrefix(l.Reply.Text, "OOPS")): // else the server failed before it judged
			rejected++
		}
	}
	c.scratch = frames
	if len(frames) == 0 && (c.Anonymous || len(c.Notes.Logins) > 0) {
		return draft{}, false
	}
	if c.spent {
		return draft{}, true
	}
	if len(frames) == 0 && c.User != nil {
		users.add(*c.User)
	}
	var space [256]byte // nearly every session has a password
	b := space[:0]
	switch {
	case len(frames) > 1:
		b = append(b, prose.Many(len(frames), "password")...)
	case users.n > 0:
		b = append(b, "the password"...)
	default:
		b = append(b, "a password"...)
	}
	if b = append(b, " of "...); users.n > 0 {
		b = users.append(b)
	} else {
		b = append(b, "an unknown user"...)
	}
	b = append(c.Server.AppendTo(append(b, " went to "...)), " in clear text"...)
	b = append(append(c.appendPackets(b, frames), "; "...), decided(len(frames), accepted, rejected)...)
	return draft{
		message: string(b),
		frames:  frames,
		advice:  "use FTP over TLS (AUTH TLS) or SFTP, and change the password if others could see this traffic",
	}, true
}

// decided says what became of n passwords.
func decided(n, accepted, rejected int) string {
	it := "it"
	if n > 1 {
		it = "them"
	}
	switch {
	case n == 1 && accepted == 1:
		return "the server accepted it" // nearly all: without an allocation
	case accepted+rejected == 0:
		return "this capture does not show whether the server accepted " + it
	case accepted > 0 && accepted == n:
		return "the server accepted " + it
	case accepted > 0:
		return fmt.Sprintf("the server accepted %d of them", accepted)
	case rejected == n:
		return "the server rejected " + it
	}
	return fmt.Sprintf("the server rejected %d of them, and this capture does not show whether it accepted the rest", rejected)
}

func anonymous(user string) bool {
	return strings.EqualFold(user, "anonymous") || strings.EqualFold(user, "ftp")
}
