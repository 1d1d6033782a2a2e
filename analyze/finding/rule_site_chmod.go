package finding

import (
	"strings"

	"ftpscope/analyze/record"
	"ftpscope/analyze/settings"
)

var siteChmod = Rule{
	ID: "site-chmod", Severity: record.Low,
	Title:   "SITE CHMOD",
	Meaning: "The client changed the permissions of a file (SITE CHMOD). Medium if the file became executable, set-uid or writable for everybody.",
	judge:   func(c *Case) []draft { return siteCommands(c, chmodVerbs, judgeChmod) },
}

var chmodVerbs = set("CHMOD")

func judgeChmod(c *Case, args string, agreed bool) (severity, advice string) {
	mode, _, _ := strings.Cut(strings.TrimLeft(args, " "), " ")
	advice = "should the client set permissions? If not, disable it" + c.settings(settings.NoChmod)
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
		return record.Medium, advice
	}
	return "", advice
}
