package finding

import (
	"ftpscope/analyze/record"
	"ftpscope/capture/flow"
)

// said is a text of one side that a rule may look at.
type said struct {
	by, in, text string // "the client", "USER", its argument
	at           flow.Pos
}

// eachSaid visits what both sides said where an attack may stand: the greeting, and the
// arguments and final replies of logins, transfers, SITE and operations.
func (c *Case) eachSaid(visit func(said)) {
	command := func(in, text string, at flow.Pos) { visit(said{"the client", in, text, at}) }
	reply := func(r *record.Reply) {
		if r != nil {
			visit(said{"the server", "a reply", r.Text, r.Pos})
		}
	}
	if c.Banner != nil {
		visit(said{"the server", "its greeting", *c.Banner, c.Notes.Greeting.Pos})
	}
	for i := range c.Notes.Logins {
		command("USER", c.Notes.Logins[i].User, c.Notes.Logins[i].Mark.Pos)
		reply(c.Notes.Logins[i].Reply)
	}
	if len(c.Notes.Logins) == 0 && c.User != nil {
		command("USER", *c.User, c.First.Pos)
	}
	for i := range c.Transfers {
		if t := &c.Transfers[i]; t.Argument != nil && t.Command != nil {
			command(*t.Command, *t.Argument, t.Frames.Command)
		}
		reply(c.Transfers[i].Reply)
	}
	for i := range c.Notes.Site {
		command("SITE", c.Notes.Site[i].Text, c.Notes.Site[i].Mark.Pos)
	}
	for i := range c.Operations {
		if o := &c.Operations[i]; o.Path != nil {
			command(o.What, *o.Path, o.Pos)
		}
		reply(c.Operations[i].Reply)
	}
	if d := c.Notes.Denied; d != nil {
		command("a command", d.Line.Text, d.Line.Mark.Pos)
		reply(&d.Reply)
	}
}
