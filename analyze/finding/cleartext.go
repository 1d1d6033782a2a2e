package finding

import (
	"fmt"
	"strings"

	"ftpscope/capture/flow"
)

var cleartextCredentials = Rule{
	ID: "cleartext-credentials", Severity: Medium,
	Title:   "password in clear text",
	Meaning: "USER and PASS were sent without TLS: whoever sees the packets knows the password, whether the server accepted it or not. Anonymous logins do not count; of a series of rejected ones the first session tells.",
	judge:   once(cleartext),
}

func cleartext(c *Case) (verdict, bool) {
	if c.Password == nil || c.again {
		return verdict{}, false
	}
	var users names
	var frames []flow.Pos
	accepted := 0
	for _, l := range c.Notes.Logins {
		if anonymous(l.User) {
			continue
		}
		users.add(l.User)
		frames = append(frames, l.Mark.Pos)
		if l.OK {
			accepted++
		}
	}
	verdictOf := "the server rejected it"
	switch {
	case len(frames) == 0 && (c.Anonymous || len(c.Notes.Logins) > 0):
		return verdict{}, false
	case len(frames) == 0:
		verdictOf = "this capture does not show whether the server accepted it"
		if c.User != nil {
			users.add(*c.User)
		}
	case accepted > 0:
		verdictOf = "the server accepted it"
	}
	what := "a password"
	if users.n > 0 {
		what = "the password of " + users.String()
	}
	if len(frames) > 1 {
		what = many(len(frames), "password") + " of " + users.String()
		verdictOf = strings.Replace(verdictOf, " it", " them", 1)
		if accepted > 0 && accepted < len(frames) {
			verdictOf = fmt.Sprintf("the server accepted %d of them", accepted)
		}
	}
	return verdict{
		message: what + " went to " + c.Server.String() + " in clear text" + c.packets(frames...) + "; " + verdictOf,
		frames:  frames,
		advice:  "use FTP over TLS (AUTH TLS) or SFTP, and change the password if others could see this traffic",
	}, true
}

func anonymous(user string) bool {
	return strings.EqualFold(user, "anonymous") || strings.EqualFold(user, "ftp")
}
