package control

import (
	"slices"
	"strings"

	"ftpscope/analyze/ftp"
	"ftpscope/analyze/record"
)

// secrets is what of the conversation must not be shared. Commands are kept without it as
// they come, but for the argument of PASS, which writers hide; that a reply said it
// again, or that a user's name is a password, shows at the end.
type secrets struct {
	ftp.Secrets
	tooMany bool // there is no room for them: any reply may hold one
}

// onCommand takes the client's next line and returns where what is secret in it begins.
func (s *secrets) onCommand(b *budget, line []byte) (from int) {
	from, size := s.Command(line)
	if size > 0 && !s.tooMany && !b.reserve(size) {
		b.struck++
		s.Secrets, s.tooMany = ftp.Secrets{}, true
	}
	return from
}

func (s *secrets) clone() secrets { return secrets{s.Secrets.Clone(), s.tooMany} }

// text is a text of the server without secrets.
func (s *secrets) text(text string, code int) string {
	if s.tooMany && text != "" {
		return ftp.Hidden
	}
	return ftp.Hide(text, s.OfText(text, code))
}

func (s *secrets) user(name string) string {
	if s.tooMany || s.HidesUser(name) {
		return ftp.Hidden
	}
	return name
}

func (s *secrets) reply(r *record.Reply) {
	r.Text, r.About = s.text(r.Text, r.Code), s.text(r.About, 0)
}

// kept is a reply that others hold, too.
func (s *secrets) kept(r *record.Reply) *record.Reply {
	if r == nil {
		return nil
	}
	hidden := *r
	s.reply(&hidden)
	return &hidden
}

// denial is a command and its reply that others hold, too.
func (s *secrets) denial(d *record.Denial) *record.Denial {
	if d == nil {
		return nil
	}
	hidden := *d
	hidden.Line.Text = s.text(hidden.Line.Text, 0)
	s.reply(&hidden.Reply)
	return &hidden
}

// hide takes the secrets out of all that the Transcript says. Its lists are its own,
// those behind pointers are not.
func (s *secrets) hide(t *Transcript) {
	logins := t.Notes.Logins
	for i := range logins {
		if logins[i].OK {
			s.Accepted(logins[i].User)
		}
	}
	if t.Login == record.LoginOK && t.user.known {
		s.Accepted(t.user.value)
	}
	for i := range logins {
		logins[i].User, logins[i].Reply = s.user(logins[i].User), s.kept(logins[i].Reply)
	}
	if t.user.known {
		t.user.value = s.user(t.user.value)
	}
	t.banner.value, t.system.value = s.text(t.banner.value, 220), s.text(t.system.value, 215)
	for i := range t.Negotiations {
		s.reply(&t.Negotiations[i].Answer)
	}
	for i := range t.TransferCommands {
		s.reply(&t.TransferCommands[i].Preliminary)
		s.reply(&t.TransferCommands[i].Reply)
	}
	n := &t.Notes
	n.Parting = s.kept(n.Parting)
	s.reply(&n.Greeting)
	s.reply(&n.Extra)
	n.Denied, n.Late = s.denial(n.Denied), s.denial(n.Late)
	if n.Waiting != nil {
		n.Waiting = &record.Line{Mark: n.Waiting.Mark, Text: s.text(n.Waiting.Text, 0)}
	}
	n.Oddities, n.Site, n.Climbs = slices.Clone(n.Oddities), slices.Clone(n.Site), slices.Clone(n.Climbs)
	for i := range n.Oddities {
		n.Oddities[i].Detail = s.text(n.Oddities[i].Detail, 0)
	}
	for i := range n.Site {
		n.Site[i].Text, n.Site[i].Reply = s.text(n.Site[i].Text, 0), s.kept(n.Site[i].Reply)
	}
	for i := range n.Climbs {
		n.Climbs[i].Reply = s.kept(n.Climbs[i].Reply)
	}
	t.Operations = slices.Clone(t.Operations)
	for i := range t.Operations {
		s.operation(&t.Operations[i])
	}
	for i := range t.Dialogue {
		s.exchange(&t.Dialogue[i])
	}
}

// operation hides what an operation and its reply say: SITE may have a password in it.
func (s *secrets) operation(o *record.Operation) {
	if strings.HasPrefix(o.What, "SITE") && o.Argument != nil {
		arg := s.text(*o.Argument, 0)
		o.Argument = &arg
	}
	o.Reply = s.kept(o.Reply)
}

// exchange hides what a command and its replies say. What is no command may be a password
// with its verb mistyped.
func (s *secrets) exchange(e *record.Exchange) {
	verb := ftp.ParseCommand([]byte(e.Command)).Verb
	if verb == ftp.VerbUnknown {
		e.Command = s.text(e.Command, 0)
	}
	if e.Argument != nil {
		arg := *e.Argument
		switch verb {
		case ftp.USER:
			arg = s.user(arg)
		case ftp.SITE, ftp.VerbUnknown:
			arg = s.text(arg, 0)
		}
		e.Argument = &arg
	}
	e.Replies = slices.Clone(e.Replies)
	for i := range e.Replies {
		s.reply(&e.Replies[i])
	}
}

// withoutSecret is a client's line as it is kept, and the command in it. PASS keeps its
// argument, without the blanks before it: what to do with it is the writers' matter.
func withoutSecret(line []byte, from int, cmd ftp.Command) ([]byte, ftp.Command) {
	if from == len(line) {
		return line, cmd
	}
	if cmd.Verb == ftp.PASS {
		cmd.Arg = line[from:]
		return line, cmd
	}
	line = append(slices.Clip(line[:from]), ftp.Hidden...)
	return line, ftp.ParseCommand(line)
}
