package control

import (
	"net/netip"
	"slices"

	"ftpscope/analyze/decrypt"
	"ftpscope/analyze/ftp"
	"ftpscope/analyze/record"
	"ftpscope/capture/flow"
)

// Transcript is what one control connection said, once it is over: its Session, which
// match completes, and what that takes. It does not change any more, but for the Session.
type Transcript struct {
	record.Session
	Negotiations     []Negotiation
	TransferCommands []TransferCommand
	Encrypted        []Span // when the control connection was under TLS
	LostCommands     bool   // the capture lacks bytes of the client, or all
	LostReplies      bool
	Unheard          bool           // the capture holds nothing of what either side said
	BothSpoke        bool           // each side said something of FTP
	OnControlPort    bool           // FTP is expected on the server's port
	Spoken           record.Spoken  // the first of it; zero: there was none
	ClientSide       flow.Direction // as Negotiation's
	LimitHits        int            // negotiations, transfers and commands beyond the limits
	Held             int            // bytes, about

	Tunnel *record.Tunnel // the proxy's; nil: there is none

	Half *Half // what the one side said of which the capture has packets; nil: both, or it is not kept

	user, password, banner, system text // what the Session points to
}

// Parties are those of the negotiation; the roles may have been settled since.
func (t *Transcript) Parties(n *Negotiation) (peer, expected netip.Addr) {
	if n.ClientSide != t.ClientSide {
		return n.parties(t.Server.Addr(), t.Client.Addr())
	}
	return n.parties(t.Client.Addr(), t.Server.Addr())
}

// IsSession reports whether what was said is a session, as far as that alone tells: on a
// port that FTP is not expected on it takes two to have a conversation.
func (t *Transcript) IsSession() bool { return t.OnControlPort || t.BothSpoke }

// IsComplete reports whether the capture holds the control connection without gaps, both
// sides of it.
func (t *Transcript) IsComplete() bool {
	return t.Capture.MissingBytes == 0 && t.Capture.ClientSide && t.Capture.ServerSide
}

// Spend lets go of what the Session was made of, which is a part of the Transcript.
func (t *Transcript) Spend() { t.Negotiations, t.TransferCommands, t.Encrypted = nil, nil, nil }

// Options say how the control connections of a shard are read.
type Options struct {
	ControlPort func(port uint16) bool // the ports that FTP is expected on
	Dialogue    bool                   // keep every command and reply
	// ShowPasswords leaves what is secret as the wire had it, as the record's Password
	// always is.
	ShowPasswords bool
	Listener      Listener
	// Keys open what is under TLS; nil: nothing does. They are the shard's.
	Keys *decrypt.Keyring

	held int // bytes that the shard's control connections hold: see budget
	*shared
}

// shared is what shards share that belong to one goroutine.
type shared struct {
	free        []*Conversation // for the next connections
	texts       ftp.Texts
	search      ftp.Search
	expectation Expectation // what the Listener hears of, while it does
}

// NewOptions makes options that may serve several shards, each of which has its own by
// Shard.
func NewOptions(controlPort func(port uint16) bool, dialogue bool, l Listener) *Options {
	own := &shared{}
	own.search.Texts = &own.texts
	return &Options{ControlPort: controlPort, Dialogue: dialogue, Listener: l, shared: own}
}

// Shard is the same for another shard of the same goroutine.
func (o *Options) Shard() *Options {
	shard := *o
	shard.held = 0
	return &shard
}

// New starts reading the connection conn.
func New(conn *flow.Conn, opt *Options) *Conversation {
	c := opt.conversation()
	c.opt, c.budget.shard, c.digits = opt, &opt.held, conn.Digits
	c.conn = connection{conn.ID, [2]netip.AddrPort{conn.Src, conn.Dst}, conn.Nets}
	c.login.state, c.tls.kind = record.LoginNone, record.TLSNone
	c.login.secrets.Share(&opt.search)
	t := &c.transfers
	t.current, t.unseen, t.doubted, t.guessed = none, none, none, none
	c.directory.working.known, c.params.mode = true, defaultMode // Finish knows whether the beginning was seen
	c.replies.Texts, c.directory.texts = &opt.texts, &opt.texts
	c.half = newHalf(conn)
	if conn.OpenerKnown {
		c.roles = rolesBySYN
	} else if opt.ControlPort(conn.Src.Port()) && !opt.ControlPort(conn.Dst.Port()) {
		c.client = flow.In
	}
	return c
}

// A Conversation that is over serves another connection, with its lists: allocating them
// anew costs more than reading (BenchmarkStep/step=control/traffic=chatty in package
// analyze: a Conversation and its lists for each of 200 sessions).
const (
	maxFree = 4096 // kept for that, 11 MB; only large captures have that many connections at once
	usual   = 4    // negotiations and transfers of nearly all sessions; those that had more are let go
)

// lists are the usual ones of a Conversation, side by side.
type lists struct {
	pending      [1]pending
	negotiations [usual]Negotiation
	commands     [usual]TransferCommand
	logins       [1]record.Login
}

func (o *Options) conversation() *Conversation {
	if n := len(o.free); n > 0 {
		c := o.free[n-1]
		o.free = o.free[:n-1]
		return c
	}
	return &Conversation{}
}

// furnish gives the Conversation its lists, at the first command: many connections are a
// greeting and nothing more.
func (l *lists) furnish(c *Conversation) {
	c.pairing.pending, c.notes.Logins = l.pending[:0], l.logins[:0]
	c.transfers.negotiations, c.transfers.commands = l.negotiations[:0], l.commands[:0]
}

// own copies a list out of a Conversation.
func own[T any](list []T) []T {
	if len(list) == 0 {
		return nil
	}
	c := make([]T, len(list))
	copy(c, list)
	return c
}

// recycle takes a Conversation that is over: what it knows is in its Transcript.
func (o *Options) recycle(c *Conversation) {
	c.budget.release(int(c.budget.held))
	t := &c.transfers
	waiting, logins := c.pairing.pending, c.notes.Logins
	if len(o.free) == maxFree || cap(waiting) > usual || cap(t.negotiations) > usual || cap(t.commands) > usual || cap(logins) > usual {
		return
	}
	clear(waiting[:cap(waiting)])
	clear(t.negotiations)
	clear(t.commands)
	clear(logins)
	negotiations, commands, known := t.negotiations[:0], t.commands[:0], c.login.secrets.Emptied()
	*c = Conversation{}
	c.login.secrets.Secrets = known
	c.pairing.pending, c.notes.Logins = waiting[:0], logins[:0]
	t.negotiations, t.commands = negotiations, commands
	o.free = append(o.free, c)
}

// Snapshot is what Finish would return now, and the Conversation goes on; nil: it is not
// certain that this is FTP.
func (c *Conversation) Snapshot(conn *flow.Conn) *Transcript {
	s := *c
	s.opt = NewOptions(c.opt.ControlPort, c.opt.Dialogue, Deaf{})
	s.opt.ShowPasswords, s.login.secrets = c.opt.ShowPasswords, c.login.secrets.clone()
	s.budget.shard = &s.opt.held
	s.pairing.pending, s.tls.spans = slices.Clone(c.pairing.pending), slices.Clone(c.tls.spans)
	s.transfers.negotiations, s.transfers.commands = slices.Clone(c.transfers.negotiations), slices.Clone(c.transfers.commands)
	if s.early = c.early.clone(); c.tls.records != nil {
		s.early = early{} // the beginning of a record: the other side's reader of records is c's own
	}
	s.notes.clone()
	return s.Finish(conn)
}

// Finish ends the reading; conn is the connection's final state. It returns nil if the
// connection did not speak FTP. The Conversation must not be used any more.
func (c *Conversation) Finish(conn *flow.Conn) *Transcript {
	c.at = conn.Last
	hearEarly(c, flow.Out)
	hearEarly(c, flow.In)
	endTLS(c)
	for dir := range flow.Direction(2) {
		if line, ok := c.sides[dir].framer.Flush(); ok && !c.tls.covers(dir) {
			c.line(dir, line)
		}
	}
	c.interrupt()
	if len(c.pairing.pending) > 0 && c.missing == 0 && (c.tls.kind == record.TLSNone || c.tls.isRead()) {
		c.notes.Waiting = &record.Line{Mark: c.pairing.pending[0].line.Mark, Text: c.pairing.pending[0].line.Text}
	}
	c.unanswered(len(c.pairing.pending))
	if conn.OpenerKnown {
		c.client = flow.Out
		if c.conn.ends[0] != conn.Src {
			c.client = flow.In
		}
	} else {
		c.notes.forgetLogin()
		c.transfers.forgetLogin()
	}
	defer c.opt.recycle(c)
	if !c.isFTP() {
		if c.tunnel == nil || !c.tunnel.answered {
			return nil
		}
		if !c.tunnel.isRefusedFTP(c.opt) {
			x := c.tunnel.Tunnel
			return &Transcript{Tunnel: &x}
		}
	}
	if c.expectsHosts {
		c.expectsHosts = false
		c.tellHosts(false)
	}
	return transcriptOf(c, conn)
}

// transcriptOf is what the Conversation knows at the end.
func transcriptOf(c *Conversation, conn *flow.Conn) *Transcript {
	t := &Transcript{
		Negotiations: own(c.transfers.negotiations), TransferCommands: own(c.transfers.commands), Encrypted: c.tls.spans,
		LimitHits: c.budget.struck, Held: transcriptSize + int(c.budget.held), ClientSide: c.client, Unheard: c.spoken.unheard,
		Half: c.half, BothSpoke: c.spoken.both(), OnControlPort: c.isOnControlPort(), Spoken: c.spoken.first,
		user: c.login.user, password: c.login.password, banner: c.server.banner, system: c.server.system,
	}
	t.Spoken.Both = t.BothSpoke
	s := &t.Session
	s.Start, s.End = record.Stamp{Time: conn.Start.Time, Digits: conn.Digits}, record.Stamp{Time: conn.Last.Time, Digits: conn.Digits}
	s.Client, s.Server = c.conn.ends[c.client], c.conn.ends[c.client^1]
	s.User, s.Password, s.Banner, s.System = t.user.pointer(), t.password.pointer(), t.banner.pointer(), t.system.pointer()
	s.Anonymous = t.user.known && isAnonymous(t.user.value)
	s.Operations = c.notes.operations
	s.Login, s.TLS, s.Commands, s.Dialogue = c.login.state, c.tls.kind, c.commands, c.notes.dialogue
	if c.opt.Dialogue && s.Dialogue == nil {
		s.Dialogue = []record.Exchange{} // nothing was said
	}
	s.First = conn.Start
	s.RealClient = c.realClient
	if c.tunnel != nil {
		x := c.tunnel.Tunnel
		t.Tunnel, s.RealServer = &x, x.Target
		if c.tunnel.isRefusedFTP(c.opt) {
			t.OnControlPort, s.Notes.Refused = true, &x
		}
	}
	n := &s.Notes
	n.Control, n.Heard = *conn, c.notes.Heard
	n.Logins = own(n.Logins)
	n.Idle, n.ClientSpoke = c.quiet.end(conn.Last.Time), c.quiet.heard
	n.Unbegun = c.tls.kind == record.TLSExplicit && n.Security == "" && n.AuthTLS.Seen() && c.quiet.client <= n.AuthTLS.Time
	s.Handshake = c.tls.found(c.client)

	s.Closing = closingOf(n)
	s.Capture = record.Coverage{
		FromStart: conn.SYN.Seen() || conn.SYNACK.Seen(), ToEnd: conn.Closing != flow.Cut,
		ClientSide: conn.Half[0].Packets > 0, ServerSide: conn.Half[1].Packets > 0, MissingBytes: c.missing,
		Decrypted: c.tls.decrypted(), Undecrypted: c.tls.undecrypted(c.opt.Keys),
	}
	if conn.Src != s.Client {
		s.Capture.ClientSide, s.Capture.ServerSide = s.Capture.ServerSide, s.Capture.ClientSide
	}
	t.LostCommands = c.sides[c.client].lossy || !s.Capture.ClientSide
	t.LostReplies = c.sides[c.client^1].lossy || !s.Capture.ServerSide
	if !c.opt.ShowPasswords {
		c.login.secrets.hide(t)
	}
	return t
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
