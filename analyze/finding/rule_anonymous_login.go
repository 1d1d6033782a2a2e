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
	v := draft{advice: "if nobody has to be served without an account, disable it" + c.settings(settings.NoAnonymous) + "; if so, let nobody write"}
	for _, l := range c.Notes.Logins {
		if l.OK && anonymous(l.User) {
			v.message = "the server " + c.Server.String() + " accepted the anonymous login " + prose.Quote(l.User) + c.packets(l.Mark.Pos, c.Notes.LoginEnd.Pos)
			v.frames = []flow.Pos{l.Mark.Pos, c.Notes.LoginEnd.Pos}
			return v, true
		}
	}
	if len(c.Notes.Logins) == 0 && c.Anonymous && c.Login == record.LoginOK && c.User != nil {
		v.message = "the server " + c.Server.String() + " accepted the anonymous login " + prose.Quote(*c.User) + c.packets(c.Notes.LoginEnd.Pos)
		v.frames = []flow.Pos{c.Notes.LoginEnd.Pos}
		return v, true
	}
	return draft{}, false
}
