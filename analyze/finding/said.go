package finding

import (
	"strings"

	"ftpscope/analyze/session"
	"ftpscope/capture/flow"
)

// said is a command whose meaning rules read: Session.Dialogue holds them where commands are kept.
type said struct {
	pos      flow.Pos
	verb     string // in upper case
	argument string
	reply    *session.Reply // the last one; nil: not seen
}

// commands gives the commands of a session that are kept, until visit returns false.
func (c *Case) commands(visit func(said) bool) {
	for i := range c.Dialogue {
		e := &c.Dialogue[i]
		if e.Command == "" {
			continue
		}
		s := said{pos: e.Pos, verb: strings.ToUpper(e.Command)}
		if e.Argument != nil {
			s.argument = *e.Argument
		}
		if n := len(e.Replies); n > 0 {
			s.reply = &e.Replies[n-1]
		}
		if !visit(s) {
			return
		}
	}
}

// otherMode reports whether the session used a transfer mode that does not send files as they are (RFC 959 section 3.4;
// MODE Z compresses).
func (c *Case) otherMode() bool {
	other := false
	c.commands(func(s said) bool {
		other = s.verb == "MODE" && !strings.EqualFold(strings.TrimSpace(s.argument), "S") && (s.reply == nil || s.reply.Code < 400)
		return !other
	})
	return other
}

// replied says what the server answered to a command.
func (c *Case) replied(s said) string {
	if s.reply == nil {
		return "in this capture no reply followed"
	}
	return "the server " + c.answered(s.reply)
}
