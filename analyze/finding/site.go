package finding

import (
	"strings"

	"ftpscope/capture/flow"
)

var siteExec = Rule{
	ID: "site-exec", Severity: Medium,
	Title:   "SITE EXEC",
	Meaning: "The client asked the server to run a program (SITE EXEC) or to copy files by itself (SITE CPFR and CPTO). High when the server did not refuse.",
	judge:   func(c *Case) []verdict { return siteCommands(c, execVerbs, execVerdict) },
}

var siteChmod = Rule{
	ID: "site-chmod", Severity: Low,
	Title:   "SITE CHMOD",
	Meaning: "The client changed the permissions of a file (SITE CHMOD). Medium when it made it executable, set-uid or writable for all and the server agreed.",
	judge:   func(c *Case) []verdict { return siteCommands(c, chmodVerbs, chmodVerdict) },
}

var (
	execVerbs  = set("EXEC CPFR CPTO CPWD") // CPFR, CPTO: CVE-2015-3306
	chmodVerbs = set("CHMOD")
)

// siteCommands judges the SITE commands with these first words.
func siteCommands(c *Case, verbs map[string]bool, judge func(args string, agreed bool) (severity, advice string)) []verdict {
	var list []verdict
	for i := range c.Notes.Site {
		s := &c.Notes.Site[i]
		word, args, _ := strings.Cut(strings.TrimLeft(s.Text, " "), " ")
		if !verbs[strings.ToUpper(word)] {
			continue
		}
		severity, advice := judge(args, s.Reply != nil && s.Reply.Code < 400)
		v := verdict{
			severity: severity, advice: advice, frames: []flow.Pos{s.Mark.Pos},
			message: "the client sent " + quote("SITE "+s.Text) + c.packets(s.Mark.Pos) + "; " + c.replied(s.Reply),
		}
		if s.Reply != nil {
			v.frames = append(v.frames, s.Reply.Pos)
		}
		list = append(list, v)
	}
	return list
}

func execVerdict(_ string, agreed bool) (severity, advice string) {
	if !agreed {
		return "", "the server did not agree; look at what else this client did"
	}
	return High, "disable it (ProFTPD: without mod_copy, or SITE_COPY limited to those who need it; replace servers that run programs), and look at what this client copied or ran"
}

func chmodVerdict(args string, agreed bool) (severity, advice string) {
	mode, _, _ := strings.Cut(strings.TrimLeft(args, " "), " ")
	advice = "is the client meant to set permissions? If not, disable it (vsftpd chmod_enable=NO, ProFTPD <Limit SITE_CHMOD>, pure-ftpd -R)"
	if !agreed || mode == "" {
		return "", advice
	}
	digits := strings.TrimLeft(mode, "0")
	special := len(digits) == 4
	if len(digits) > 3 {
		digits = digits[len(digits)-3:]
	}
	for i, d := range digits {
		if d < '0' || d > '7' {
			return "", advice
		}
		special = special || (d-'0')&1 != 0 || i == 2 && (d-'0')&2 != 0
	}
	if special && len(digits) == 3 {
		return Medium, advice
	}
	return "", advice
}
