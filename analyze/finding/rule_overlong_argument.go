package finding

import (
	"strings"

	"ftpscope/analyze/prose"
	"ftpscope/analyze/record"
	"ftpscope/capture/flow"
)

var overlongArgument = Rule{
	ID: "overlong-argument", Severity: record.Medium,
	Title:   "overlong argument",
	Meaning: "A user's name of more than 256 bytes, an argument of more than 1024, or a line from the server of more than 1024: they overflow the buffers of old servers and clients.",
	judge:   once(overlong),
}

// What names have at most: users' on any system, PATH_MAX of old ones, a line of a reply.
const (
	longestUser = 256
	longestText = 1024
)

func overlong(c *Case) (draft, bool) {
	var longest said
	size := 0
	var at []flow.Pos
	c.eachSaid(func(s said) {
		most, n := longestText, 0
		if s.in == "USER" {
			most = longestUser
		}
		for line := range strings.SplitSeq(s.text, "\n") {
			n = max(n, len(line))
		}
		if n <= most {
			return
		}
		at = append(at, s.at)
		if n > size {
			longest, size = s, n
		}
	})
	if len(at) == 0 {
		return draft{}, false
	}
	return draft{
		message: longest.by + " sent " + prose.Many(size, "byte") + " in " + longest.in + c.packets(at...) + ": " + prose.Quote(prose.Cut(longest.text, maxQuoted)),
		frames:  at,
		advice:  "look at what the other side did after it: whether it crashed, and who connected to it then",
	}, true
}
