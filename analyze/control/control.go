package control

import (
	"net/netip"
	"strings"

	"ftpscope/analyze/record"
	"ftpscope/capture/flow"
)

// Control is what one control connection says, once it is over: its Session, which build completes, and what that takes.
type Transcript struct {
	record.Session
	user, password   text
	banner, system   text
	Negotiations     []Negotiation
	TransferCommands []TransferCommand
	Encrypted        []Span // when the control connection was under TLS
	LostCommands     bool   // the capture lacks bytes of the client, or all
	LostReplies      bool
	Unheard          bool           // the capture holds nothing of what either side said
	ClientSide       flow.Direction // as negotiation's
	LimitHits        int            // negotiations, transfers and commands beyond the limits
	Held             int            // bytes, about
}

// NewFold starts reading the connection c.
func New(c *flow.Conn, opt *Options) *Conversation {
	f := opt.fold()
	f.opt, f.id, f.digits, f.ends, f.roles = opt, c.ID, c.Digits, [2]netip.AddrPort{c.Src, c.Dst}, c.OpenerKnown
	f.nets = c.Nets
	f.login, f.tlsState, f.current, f.ghost = record.LoginNone, record.TLSNone, -1, -1
	f.fromStart = c.OpenerKnown
	f.place.known, f.mode = true, defaultMode // Finish knows whether the beginning was seen
	f.replies.Texts = &opt.texts
	if !c.OpenerKnown && opt.ControlPort(c.Src.Port()) && !opt.ControlPort(c.Dst.Port()) {
		f.client = flow.In
	}
	return f
}

// A Fold that is done with serves another connection, with its lists: allocating them anew costs more than reading.
const (
	maxFree = 4096 // Folds kept for that, 11 MB; only large captures have that many connections at once
	usual   = 4    // negotiations and steps of nearly all sessions; Folds that had more are let go
)

// lists are the usual ones of a Fold, side by side.
type lists struct {
	pending      [1]pending
	negotiations [usual]Negotiation
	steps        [usual]TransferCommand
	logins       [1]record.Login
}

func (o *Options) fold() *Conversation {
	if n := len(o.free); n > 0 {
		f := o.free[n-1]
		o.free = o.free[:n-1]
		return f
	}
	return &Conversation{}
}

// furnish gives the Fold its lists, at the first command: many connections are a greeting and nothing more.
func (f *Conversation) furnish() {
	l := &lists{}
	f.pending, f.negotiations, f.steps, f.notes.Logins = l.pending[:0], l.negotiations[:0], l.steps[:0], l.logins[:0]
}

// release lets the Fold go: what it knows is in its Control.
func (f *Conversation) release() {
	f.refund(int(f.held))
	o := f.opt
	if len(o.free) == maxFree || cap(f.pending) > usual || cap(f.negotiations) > usual || cap(f.steps) > usual || cap(f.notes.Logins) > usual {
		return
	}
	clear(f.pending[:cap(f.pending)])
	clear(f.negotiations)
	clear(f.steps)
	clear(f.notes.Logins)
	*f = Conversation{
		pending: f.pending[:0], negotiations: f.negotiations[:0], steps: f.steps[:0], notes: noted{Logins: f.notes.Logins[:0]},
	}
	o.free = append(o.free, f)
}

// own copies a list out of a Fold.
func own[T any](list []T) []T {
	if len(list) == 0 {
		return nil
	}
	c := make([]T, len(list))
	copy(c, list)
	return c
}

// Finish ends the reading; c is the connection's final state. It returns nil if the connection did not speak FTP. The Fold
// must not be used any more.
func (f *Conversation) Finish(c *flow.Conn) *Transcript {
	f.at = c.Last
	for side := range flow.Direction(2) {
		if line, ok := f.framer[side].Flush(); ok && !f.under(side) {
			f.line(side, line)
		}
	}
	f.interrupt()
	f.unanswered(len(f.pending))
	if c.OpenerKnown {
		f.client = flow.Out
		if f.ends[0] != c.Src {
			f.client = flow.In
		}
	}
	if !c.OpenerKnown {
		f.forgetLogin()
	}
	defer f.release()
	if !f.isFTP() {
		return nil
	}
	if f.wanting {
		f.want(false)
	}
	return f.control(c)
}

// control is what the Fold knows at the end.
func (f *Conversation) control(c *flow.Conn) *Transcript {
	r := &Transcript{
		user: f.user, password: f.password, banner: f.banner, system: f.system,
		Negotiations: own(f.negotiations), TransferCommands: own(f.steps), Encrypted: f.encrypted, LimitHits: f.limits, Held: controlSize + int(f.held), ClientSide: f.client, Unheard: f.blind,
	}
	s := &r.Session
	s.Start, s.End = record.Stamp{Time: c.Start.Time, Digits: c.Digits}, record.Stamp{Time: c.Last.Time, Digits: c.Digits}
	s.Client, s.Server = f.ends[f.client], f.ends[f.client^1]
	s.User, s.Password, s.Banner, s.System = r.user.pointer(), r.password.pointer(), r.banner.pointer(), r.system.pointer()
	s.Anonymous = f.user.known && isAnonymous(f.user.value)
	s.Login, s.TLS, s.Commands, s.Dialogue = f.login, f.tlsState, f.commands, f.dialogue
	s.First = c.Start
	n := &s.Notes
	n.Control = *c
	n.Oddities, n.Logins, n.Site, n.Climbs = f.notes.Oddities, own(f.notes.Logins), f.notes.Site, f.notes.Climbs
	n.LoginEnd, n.Quit, n.AuthTLS, n.ProtC = f.notes.LoginEnd, f.notes.Quit, f.notes.AuthTLS, f.notes.ProtC
	n.Idle = f.quiet.end(c.Last.Time)
	if f.secure != nil {
		n.TLS = f.secure.hello.Info()
	}
	s.Closing = closingOf(n)
	s.Capture = record.Coverage{
		FromStart: c.SYN.Seen() || c.SYNACK.Seen(), ToEnd: c.Closing != flow.Cut,
		ClientSide: c.Half[0].Packets > 0, ServerSide: c.Half[1].Packets > 0, MissingBytes: f.missing,
	}
	if c.Src != s.Client {
		s.Capture.ClientSide, s.Capture.ServerSide = s.Capture.ServerSide, s.Capture.ClientSide
	}
	r.LostCommands, r.LostReplies = f.gaps[f.client] || !s.Capture.ClientSide, f.gaps[f.client^1] || !s.Capture.ServerSide
	return r
}

func isAnonymous(user string) bool {
	return strings.EqualFold(user, "anonymous") || strings.EqualFold(user, "ftp")
}

func closingOf(n *record.Notes) string {
	switch h := &n.Control.Half; {
	case n.Quit.Seen():
		return record.ClosingQuit
	case h[0].FIN.Seen() || h[1].FIN.Seen():
		return flow.Finned.String()
	}
	return n.Control.Closing.String()
}

// parties are those of the negotiation; the roles may have been settled since.
func (c *Transcript) Parties(n *Negotiation) (peer, expected netip.Addr) {
	if n.ClientSide != c.ClientSide {
		return n.parties(c.Server.Addr(), c.Client.Addr())
	}
	return n.parties(c.Client.Addr(), c.Server.Addr())
}

// complete reports whether the capture holds the control connection without gaps, both sides of it.
func (c *Transcript) IsComplete() bool {
	return c.Capture.MissingBytes == 0 && c.Capture.ClientSide && c.Capture.ServerSide
}
