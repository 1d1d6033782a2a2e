package finding

import (
	"strings"

	"ftpscope/analyze/prose"
	"ftpscope/analyze/record"
	"ftpscope/capture/flow"
)

var vsftpdBackdoor = Rule{
	ID: "vsftpd-backdoor", Severity: record.High,
	Title:   "vsftpd 2.3.4's backdoor tried",
	Meaning: "A user name with :) opens a shell on port 6200 in the vsftpd 2.3.4 that was distributed with a backdoor in 2011 (CVE-2011-2523). Critical if the server says that it is that version.",
	judge:   once(smiled),
}

func smiled(c *Case) (draft, bool) {
	user, at := "", flow.Pos(0)
	for _, l := range c.Notes.Logins {
		if strings.Contains(l.User, ":)") {
			user, at = l.User, l.Mark.Pos
			break
		}
	}
	if user == "" && c.User != nil && strings.Contains(*c.User, ":)") {
		user, at = *c.User, c.First.Pos
	}
	if user == "" {
		return draft{}, false
	}
	v := draft{
		message: c.Client.Addr().String() + " sent the user " + prose.Quote(user) + c.packets(at) + ", which opens the backdoor of vsftpd 2.3.4 at port 6200 of " + c.Server.Addr().String(),
		frames:  []flow.Pos{at},
		advice:  "look for connections to port 6200 of the server (tcp.port == 6200): they carry a root shell",
	}
	if c.Banner != nil && strings.Contains(*c.Banner, "vsFTPd 2.3.4") {
		v.severity = record.Critical
		v.message += "; the server says that it is that version"
		v.advice = "take the server off the network; " + v.advice
	}
	return v, true
}
