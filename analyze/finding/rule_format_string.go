package finding

import (
	"regexp"
	"strings"

	"ftpscope/analyze/prose"
	"ftpscope/analyze/record"
	"ftpscope/capture/flow"
)

var formatString = Rule{
	ID: "format-string", Severity: record.Medium,
	Title:   "format string",
	Meaning: "An argument or a reply has several printf conversions (%x, %p, %s, %n): a program that prints it carelessly leaks or changes its memory. Somebody tries that on the server or on the client.",
	judge:   once(formats),
}

// conversions leaves out what names have that are encoded as URLs are: %20n.
var conversions = regexp.MustCompile(`%(?:\d+\$)?(?:0?8l?|l{1,2}|h{1,2}|\.\d{3,}|\d{3,})?[nxXspd]`)

// fewestConversions make a format string of a text.
const fewestConversions = 3

func formats(c *Case) (draft, bool) {
	var first said
	var at []flow.Pos
	c.eachSaid(func(s said) {
		if strings.Count(s.text, "%") < fewestConversions || len(conversions.FindAllString(s.text, fewestConversions)) < fewestConversions {
			return
		}
		if len(at) == 0 {
			first = s
		}
		at = append(at, s.at)
	})
	if len(at) == 0 {
		return draft{}, false
	}
	return draft{
		message: first.by + " sent a format string in " + first.in + ": " + prose.Quote(first.text) + c.packets(at...),
		frames:  at,
		advice:  "check what the other side did after it, and the known vulnerabilities of its version",
	}, true
}
