package finding

import (
	"ftpscope/analyze/record"
	"ftpscope/analyze/settings"
)

var siteExec = Rule{
	ID: "site-exec", Severity: record.Medium,
	Title:   "SITE EXEC",
	Meaning: "The client asked the server to run a program (SITE EXEC) or to copy files on the server (SITE CPFR and CPTO). High if the server did not refuse.",
	judge:   func(c *Case) []draft { return siteCommands(c, execVerbs, judgeExec) },
}

var execVerbs = set("EXEC CPFR CPTO CPWD") // CPFR, CPTO: CVE-2015-3306

func judgeExec(c *Case, _ string, agreed bool) (severity, advice string) {
	if !agreed {
		return "", "the server refused; check what else this client did"
	}
	return record.High, "disable it" + c.settings(settings.NoSiteCopy) + ", replace servers that run programs, and check what this client copied or ran"
}
