package finding

import (
	"unsafe"

	"ftpscope/analyze/session"
	"ftpscope/capture/flow"
)

// weight is about how many bytes a session holds beside its transfers. What few sessions have much of is counted: texts, and
// of connections all but one of each transfer.
func weight(s *session.Session) int {
	n := size[session.Exchange](len(s.Dialogue)) + size[session.Login](len(s.Notes.Logins))
	for i := range s.Transfers {
		t := &s.Transfers[i]
		n += size[flow.Conn](max(0, len(t.Notes.Tried)-1)) + length(t.Argument) + length(t.Path) + words(t.Preliminary) + words(t.Reply)
		if t.Notes.Answer != t.Reply {
			n += words(t.Notes.Answer)
		}
	}
	for i := range s.Dialogue {
		x := &s.Dialogue[i]
		n += size[session.Reply](len(x.Replies)) + length(x.Argument)
		for k := range x.Replies {
			n += len(x.Replies[k].Text)
		}
	}
	for i := range s.Notes.Logins {
		n += len(s.Notes.Logins[i].User)
	}
	for i := range s.Notes.Oddities {
		n += len(s.Notes.Oddities[i].Detail)
	}
	for i := range s.Notes.Site {
		n += len(s.Notes.Site[i].Text) + words(s.Notes.Site[i].Reply)
	}
	for i := range s.Notes.Climbs {
		n += len(s.Notes.Climbs[i].Argument) + words(s.Notes.Climbs[i].Reply)
	}
	return n + length(s.Banner) + length(s.System)
}

func size[T any](n int) int { return n * int(unsafe.Sizeof(*new(T))) }

func length(s *string) int {
	if s == nil {
		return 0
	}
	return len(*s)
}

func words(r *session.Reply) int {
	if r == nil {
		return 0
	}
	return len(r.Text)
}
