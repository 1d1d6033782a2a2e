package finding

import (
	"ftpscope/analyze/prose"
	"ftpscope/analyze/record"
	"ftpscope/analyze/settings"
	"ftpscope/capture/flow"
)

var anonymousLogin = Rule{
	ID: "anonymous-login", Severity: record.Low,
	Title:   "anonymous login",
	Meaning: "The server let a client in as anonymous or ftp, which needs no password.",
	judge:   once(anonymously),
}

func anonymously(c *Case) (draft, bool) {
	for i := range c.Notes.Logins {
		if l := &c.Notes.Logins[i]; l.OK && anonymous(l.User) {
			return acceptedAs(c, l.User, l.Mark.Pos, c.Notes.LoginEnd.Pos), true
		}
	}
	if len(c.Notes.Logins) == 0 && c.Anonymous && c.Login == record.LoginOK && c.User != nil {
		return acceptedAs(c, *c.User, c.Notes.LoginEnd.Pos), true
	}
	return draft{}, false
}

func acceptedAs(c *Case, user string, frames ...flow.Pos) draft {
	return draft{
		message: "the server " + c.Server.String() + " accepted the anonymous login " + prose.Quote(user) + c.packets(frames...), frames: frames,
		advice: "if nobody needs access without an account, disable it" + c.settings(settings.NoAnonymous) + "; if somebody does, let nobody write",
	}
}
