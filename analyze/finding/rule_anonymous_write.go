package finding

import (
	"ftpscope/analyze/prose"
	"ftpscope/analyze/record"
	"ftpscope/analyze/settings"
	"ftpscope/capture/flow"
)

var anonymousWrite = Rule{
	ID: "anonymous-write", Severity: record.Medium,
	Title:   "anonymous user changed files",
	Meaning: "A client that needed no password uploaded, deleted, renamed or created something, and the server did so: anybody can.",
	judge:   once(wroteAnonymously),
}

func wroteAnonymously(c *Case) (draft, bool) {
	if !c.Anonymous || c.Login != record.LoginOK {
		return draft{}, false
	}
	var what names
	var at []flow.Pos
	count := 0
	for i := range c.Transfers {
		if t := &c.Transfers[i]; t.OfFile() && t.Direction != nil && *t.Direction == record.Upload && moved(t) {
			count++
			what.add(named(t))
			at = append(at, t.Frames.Command)
		}
	}
	for i := range c.Operations {
		if o := &c.Operations[i]; o.Agreed() && o.What != "RNFR" {
			count++
			what.add(o.What + " " + prose.Known(o.Path))
			at = append(at, o.Pos)
		}
	}
	if count == 0 {
		return draft{}, false
	}
	return draft{
		message: "an anonymous user changed files at " + c.Server.String() + " with " + prose.Many(count, "command") + c.packets(at...) + ": " + what.plain(),
		frames:  at,
		advice:  "let anonymous users read only" + c.settings(settings.Write) + ", or check what they left: such servers are abused as storage",
	}, true
}
