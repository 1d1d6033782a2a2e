package finding

import (
	"fmt"
	"strings"

	"ftpscope/analyze/prose"
	"ftpscope/capture/flow"
)

// siteCommands judges the SITE commands with these first words. Those that are the same
// and fared alike are told once, and so is CHMOD with the same mode, which clients that
// mirror a tree send for each file.
func siteCommands(c *Case, verbs map[string]bool, judge func(c *Case, args string, agreed bool) (severity, advice string)) []draft {
	type key struct {
		text, severity string
		code           int
	}
	var list []draft
	var groups map[key]int
	var sent [][]flow.Pos
	for i := range c.Notes.Site {
		s := &c.Notes.Site[i]
		word, args, _ := strings.Cut(strings.TrimLeft(s.Text, " "), " ")
		if !verbs[strings.ToUpper(word)] {
			continue
		}
		severity, advice := judge(c, args, s.Reply != nil && s.Reply.Code < 400)
		k := key{text: strings.ToUpper(word) + " " + args, severity: severity}
		if last := strings.LastIndexByte(args, ' '); last > 0 && strings.EqualFold(word, "CHMOD") {
			k.text = strings.ToUpper(word) + " " + args[:last]
		}
		if s.Reply != nil {
			k.code = s.Reply.Code
		}
		if at, known := groups[k]; known {
			sent[at] = append(sent[at], s.Mark.Pos)
			list[at].frames = append(list[at].frames, s.Mark.Pos)
			continue
		}
		if groups == nil {
			groups = map[key]int{}
		}
		groups[k] = len(list)
		sent = append(sent, []flow.Pos{s.Mark.Pos})
		v := draft{
			severity: severity, advice: advice, frames: []flow.Pos{s.Mark.Pos},
			message: "the client sent " + prose.Quote("SITE "+s.Text) + c.packets(s.Mark.Pos) + "; " + c.replied(s.Reply),
		}
		if s.Reply != nil {
			v.frames = append(v.frames, s.Reply.Pos)
		}
		list = append(list, v)
	}
	for i, at := range sent {
		if len(at) > 1 {
			list[i].message += fmt.Sprintf("; %d such commands in total%s", len(at), c.packets(at...))
		}
	}
	return list
}
