package finding

import (
	"strings"

	"ftpscope/capture/flow"
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
