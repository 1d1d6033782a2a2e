package control

import (
	"path"
	"slices"
	"strconv"
	"strings"

	"ftpscope/analyze/ftp"
	"ftpscope/analyze/record"
)

// settle applies what a command changes for those after it: the working directory, TYPE, REST. Replies come in the order
// of the commands, so it is done when the reply is there, and a transfer command finds its terms at its own first
// reply, however many commands the client sent ahead. r is nil when the capture lacks the reply: then nobody knows
// whether the server agreed.
func (f *Conversation) applyReply(p *pending, r *record.Reply) {
	agreed := r != nil && r.Code < 400
	if !p.settled {
		f.climb(p)
	}
	switch v := p.verb; {
	case v.IsTransfer():
		f.settleTransfer(p)
	case r != nil && !agreed && v != ftp.REST:
	case v == ftp.TYPE:
		f.representType = ""
		if agreed && !p.cut {
			f.representType = representation(p.arg)
		}
	case v == ftp.MODE:
		f.mode, f.modeSaid = "", true
		if agreed && !p.cut {
			f.mode = transferMode(p.arg)
		}
	case v == ftp.PASS && r == nil && !p.cut:
		f.tried(p, record.Login{})
	case v == ftp.CWD || v == ftp.XCWD:
		f.move(p.arg, agreed && !p.cut)
	case v == ftp.CDUP || v == ftp.XCUP:
		f.move("..", agreed)
	case v == ftp.REST:
		f.restart = number{}
		if n, err := strconv.ParseUint(strings.TrimSpace(p.arg), 10, 63); err == nil && agreed && !p.cut {
			f.restart = number{n, true}
		}
	}
}

// move is CWD and CDUP; not known: the argument or the reply was not seen.
func (f *Conversation) move(to string, known bool) {
	if known {
		f.place = f.place.change(to)
	} else {
		f.place = place{}
	}
}

// settleTransfer gives a transfer its terms, once.
func (f *Conversation) settleTransfer(p *pending) {
	if p.settled {
		return
	}
	p.settled = true
	restart := f.restart
	f.restart = number{}
	if p.step < 0 {
		return
	}
	s := &f.steps[p.step]
	s.Representation, s.Restart, s.HasRestart = f.representType, restart.value, restart.known
	if s.modeSaid = f.modeSaid; f.mode != "" {
		s.Mode = f.mode[0]
	}
	arg := p.arg
	if p.verb == ftp.LIST || p.verb == ftp.NLST {
		arg = listed(arg)
	}
	if !p.cut && (p.verb != ftp.STOU || arg != "") {
		if s.Path = f.place.resolve(arg); !f.hold(len(s.Path)) {
			s.Path = ""
			f.limits++
		}
	}
	if f.size.known && f.sizeOf == p.arg && p.verb == ftp.RETR {
		s.Size, s.HasSize, s.SizeFrom = f.size.value, true, f.sizeFrom
	}
}

// shortestPORT is the length of a command line that can replace the negotiation in force without a reply that tells
// of it: "PORT 1,1,1,1,1,1".
const shortestPORT = 18

// missed says that n bytes of commands are missing. Whatever they were, what applied before may not apply any more.
func (f *Conversation) missed(n uint64) {
	f.place, f.representType, f.mode, f.restart, f.size = place{}, "", "", number{}, number{}
	for i := range f.pending {
		f.pending[i].cut = true // its effect may be undone before it is settled
	}
	f.owed = true
	if n >= shortestPORT {
		f.current = -1
	}
}

// forgetLogin takes back what held only at the login, paths that are relative to its directory and the first MODE: the
// capture began later.
func (f *Conversation) forgetLogin() {
	f.notes.Climbs = slices.DeleteFunc(f.notes.Climbs, func(c record.Climb) bool { return c.FromLogin })
	for i := range f.steps {
		if !f.steps[i].modeSaid {
			f.steps[i].Mode = 0
		}
		if p := f.steps[i].Path; !isAbsolute(p) {
			f.steps[i].Path = ""
		}
	}
}

// unanswered settles the first n pending commands, whose replies did not come or were not seen, and forgets them.
func (f *Conversation) unanswered(n int) {
	for i := range n {
		f.applyReply(&f.pending[i], nil)
	}
	f.pop(n)
}

// pop forgets the first n pending commands. Few are moved down, so that the memory is used again; of many that would
// cost more than what they are for.
func (f *Conversation) pop(n int) {
	const few = 32
	for i := range n {
		f.refund(int(f.pending[i].held))
	}
	if len(f.pending)-n <= few {
		f.pending = append(f.pending[:0], f.pending[n:]...)
	} else {
		f.pending = f.pending[n:]
	}
}

// representation names a TYPE as the record does (RFC 959 section 3.1.1).
func representation(arg string) string {
	kind, size, _ := strings.Cut(strings.ToUpper(strings.TrimSpace(arg)), " ")
	switch kind {
	case "A", "I", "E":
		return kind
	case "L":
		return "L" + strings.TrimSpace(size)
	}
	if strings.HasPrefix(kind, "L") && len(kind) <= 4 {
		return kind
	}
	return ""
}

// named is the reply to PWD: the working directory in the server's own words.
func (f *Conversation) named(r *record.Reply) {
	if dir, ok := ftp.ParsePath257(r.Text); ok && !r.Cut && isAbsolute(dir) {
		if f.place.known && f.place.dir == "" && len(dir) <= maxDir {
			f.home = path.Clean(dir)
		}
		f.place = f.place.change(dir)
	}
}
