package session

import (
	"net/netip"

	"ftpscope/analyze/ftp"
	"ftpscope/capture/flow"
)

// FoldOptions say how a control connection is read.
type FoldOptions struct {
	ControlPort func(port uint16) bool // the ports that FTP is expected on
	Dialogue    bool                   // keep every command and reply
	Offers      Offers
}

// Offers hears of what a control connection offers, as it happens.
type Offers interface {
	// Offered tells of a negotiation; connections may follow.
	Offered(o *Offer)
	// Wanted says from when on any connection between the two hosts may be a data connection of this session (TLS, or
	// a negotiation that the capture lacks), and when that is over.
	Wanted(w Want)
}

// Want is what Offers.Wanted hears.
type Want struct {
	Control        uint64
	Client, Server netip.Addr
	On             bool
	Mark           flow.Mark
}

// Fold reads one control connection. Its two sides are numbered as its first packets were: Out is from Conn.Src; which of
// them is the client shows at the latest with the first line.
type Fold struct {
	opt    FoldOptions
	id     uint64
	digits uint8
	ends   [2]netip.AddrPort // by side
	client flow.Direction    // the side that is the client
	roles  bool              // client is settled

	framer  [2]ftp.Framer
	tls     [2]tlsSkipper
	replies ftp.Replies
	guess   ftp.Recognizer
	at      flow.Mark // where the current line ends
	opening flow.Mark // where the open multi-line reply began
	begun   int       // its first line's code

	pending  []pending
	greeted  bool
	answered bool    // a command was
	talking  bool    // the server replied since the last command
	gaps     [2]bool // bytes are missing: replies or commands may have gone unseen
	owed     bool    // the reply to a command that the capture lacks may still come
	shaken   bool    // it may be among those to the commands that wait: which is whose is not certain
	seen     [2]bool // the side said something
	missing  uint64
	wanting  bool
	sane     bool // a known command, a reply with a code, or TLS
	babbled  bool // a line that is none of these

	place     place
	home      string // the login directory, if PWD named it
	mode      string // MODE in force
	modeSaid  bool   // it is not only what sessions begin with
	challenge string // of a one-time password, for the next PASS
	quiet     silences
	hello     *tlsHandshake // while it passes
	Control
}

// Control is what one control connection says, once it is over.
type Control struct {
	Conn          flow.Conn
	Client        netip.AddrPort
	Server        netip.AddrPort
	fromStart     bool
	clientSide    bool
	serverSide    bool
	user          *string
	password      *string
	login         string
	tlsState      string
	encrypted     []span // when the control connection was under TLS
	banner        *string
	system        *string
	commands      int
	dialogue      []Exchange
	negotiations  []negotiation
	serial        int // of negotiations and steps together
	steps         []step
	current       int // index of the negotiation in force; -1: none
	ghost         int // index of the step whose command was not seen and whose reply is awaited; -1: none
	representType string
	restart       *uint64
	size          *uint64 // of the last SIZE
	sizeFrom      flow.Pos
	sizeOf        string
	missingBytes  uint64
	lostCommands  bool // the capture lacks bytes of the client, or all
	lostReplies   bool
	limits        int // negotiations, transfers and commands beyond the limits
	notes         Notes
}

// span is a stretch of time; the end is not set while it lasts.
type span struct {
	from, to flow.Mark
	serial   int // of what was negotiated and commanded before
}

// NewFold starts reading the connection c.
func NewFold(c *flow.Conn, opt FoldOptions) *Fold {
	f := &Fold{opt: opt, id: c.ID, digits: c.Digits, ends: [2]netip.AddrPort{c.Src, c.Dst}, roles: c.OpenerKnown}
	f.login, f.tlsState, f.current, f.ghost = LoginNone, TLSNone, -1, -1
	f.fromStart = c.OpenerKnown
	f.place.known, f.mode = true, defaultMode // Finish knows whether the beginning was seen
	if !c.OpenerKnown && opt.ControlPort(c.Src.Port()) && !opt.ControlPort(c.Dst.Port()) {
		f.client = flow.In
	}
	return f
}

// Data takes the next bytes of a side. It returns false when this is no control connection.
func (f *Fold) Data(side flow.Direction, b []byte, at flow.Mark) bool {
	f.at = at
	if !f.roles {
		f.findRoles(side, b)
	}
	f.quiet.spoke(side == f.client, at.Time)
	if !f.seen[side] {
		f.seen[side] = true
		if side == f.client && !f.seen[side^1] && isTLSRecord(b[0]) && f.opt.ControlPort(f.ends[side^1].Port()) {
			f.beginTLS(TLSImplicit)
		}
	}
	if t := &f.tls[side]; t.on || f.tlsState == TLSExplicit && isTLSRecord(b[0]) && f.framer[side].Pending() == 0 {
		if !t.on {
			t.on = true
			f.encrypt()
		}
		f.handshake(side, b)
		if side != f.client && f.wanting { // who spoke last is who the next data connection belongs to
			f.opt.Offers.Wanted(Want{f.id, f.ends[f.client].Addr(), f.ends[side].Addr(), true, at})
		}
		if b = t.skip(b); b == nil {
			return true
		}
		f.clear()
	}
	for line, rest, ok := f.framer[side].Next(b); ok; line, rest, ok = f.framer[side].Next(rest) {
		if side == f.client {
			f.command(line)
		} else {
			f.reply(line)
		}
	}
	return f.guess.Verdict() != ftp.No
}

// findRoles tells client from server where no SYN did: by what the first line is.
func (f *Fold) findRoles(side flow.Direction, b []byte) {
	command, reply := ftp.GuessClient(b), ftp.GuessServer(b)
	switch {
	case command > reply:
		f.client = side
	case reply > command:
		f.client = side ^ 1
	default:
		return
	}
	f.roles = true
}

// Gap says that n bytes of a side are missing.
func (f *Fold) Gap(side flow.Direction, n uint64, at flow.Mark) {
	f.at = at
	f.missing += n
	f.gaps[side] = true
	if f.tls[side].on {
		f.tls[side].gap()
		f.hello.gap(side)
		return
	}
	line, ok := f.framer[side].Gap()
	if side == f.client {
		if ok {
			f.command(line)
		}
		f.missed(n)
		return
	}
	if ok {
		f.reply(line)
	}
	f.interrupt()
	for i := range f.pending {
		f.pending[i].doubtful = true
	}
	f.greeted = true
}

// Finish ends the reading; c is the connection's final state. It returns nil if the connection did not speak FTP.
func (f *Fold) Finish(c *flow.Conn) *Control {
	f.at = c.Last
	for side := range flow.Direction(2) {
		if line, ok := f.framer[side].Flush(); ok && !f.tls[side].on {
			if side == f.client {
				f.command(line)
			} else {
				f.reply(line)
			}
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
	f.Client, f.Server = f.ends[f.client], f.ends[f.client^1]
	if !f.isFTP() {
		return nil
	}
	if f.wanting {
		f.want(false)
	}
	f.Conn = *c
	f.notes.Idle, f.notes.TLS = f.quiet.end(c.Last.Time), f.hello.found()
	f.missingBytes = f.missing
	f.clientSide, f.serverSide = c.Half[0].Packets > 0, c.Half[1].Packets > 0
	if c.Src != f.Client {
		f.clientSide, f.serverSide = f.serverSide, f.clientSide
	}
	f.lostCommands, f.lostReplies = f.gaps[f.client] || !f.clientSide, f.gaps[f.client^1] || !f.serverSide
	return &f.Control
}

// isFTP decides: on a port that FTP is expected on, whatever does not speak against it; elsewhere what speaks for it.
func (f *Fold) isFTP() bool {
	if f.opt.ControlPort(f.Server.Port()) {
		return f.guess.Verdict() != ftp.No && (f.sane || !f.babbled)
	}
	return f.guess.Verdict() == ftp.Yes
}

func (f *Fold) beginTLS(state string) {
	f.tlsState = state
	if state == TLSImplicit {
		f.tls[0].on, f.tls[1].on = true, true
		f.encrypt()
	}
}

// encrypt notes that from here on the commands cannot be read.
func (f *Fold) encrypt() {
	if n := len(f.encrypted); n > 0 && !f.encrypted[n-1].to.Seen() || n >= MaxSteps {
		return
	}
	f.sane = true
	f.encrypted = append(f.encrypted, span{from: f.at, serial: f.serial})
	f.unanswered(len(f.pending))
	f.current = -1
	f.want(true)
}

// clear notes that a side speaks clear text again (CCC).
func (f *Fold) clear() {
	n := len(f.encrypted)
	if n == 0 || f.encrypted[n-1].to.Seen() {
		return
	}
	f.encrypted[n-1].to = f.at
	f.greeted = true
	f.want(false)
}

func (f *Fold) want(on bool) {
	if f.wanting == on {
		return
	}
	f.wanting = on
	f.opt.Offers.Wanted(Want{f.id, f.ends[f.client].Addr(), f.ends[f.client^1].Addr(), on, f.at})
}

func (f *Fold) odd(kind, detail string) {
	if len(f.notes.Oddities) < MaxOddities {
		f.notes.Oddities = append(f.notes.Oddities, Oddity{kind, f.at, detail})
	}
}

func (f *Fold) stamp(m flow.Mark) Stamp { return Stamp{m.Time, f.digits} }
