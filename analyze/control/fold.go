package control

import (
	"net/netip"

	"ftpscope/analyze/ftp"
	"ftpscope/analyze/record"
	"ftpscope/analyze/tlsrec"
	"ftpscope/capture/flow"
)

// FoldOptions say how the control connections of a shard are read.
type Options struct {
	ControlPort func(port uint16) bool // the ports that FTP is expected on
	Dialogue    bool                   // keep every command and reply
	Listener    Listener

	held int // bytes that the shard's control connections hold: see room.go
	*shared
}

// shared is what shards share that belong to one goroutine.
type shared struct {
	free  []*Conversation // for the next connections
	texts ftp.Texts
	offer Expectation // what Offers hears of, while it does
}

// NewFoldOptions makes options that may serve several shards, each of which has its own by Shard.
func NewOptions(controlPort func(port uint16) bool, dialogue bool, offers Listener) *Options {
	return &Options{ControlPort: controlPort, Dialogue: dialogue, Listener: offers, shared: &shared{}}
}

// Shard is the same for another shard of the same goroutine.
func (o *Options) Shard() *Options {
	shard := *o
	shard.held = 0
	return &shard
}

// Offers hears of what a control connection offers, as it happens.
type Listener interface {
	// Offered tells of a negotiation; connections may follow.
	Expect(o *Expectation)
	// Wanted says from when on any connection between the two hosts may be a data connection of this session (TLS, or
	// a negotiation that the capture lacks), and when that is over.
	ExpectHosts(w HostExpectation)
}

// Want is what Offers.Wanted hears.
type HostExpectation struct {
	Control        uint64
	Client, Server netip.Addr
	On             bool
	Mark           flow.Mark
	Nets           flow.Nets // of the control connection, as far as they are known
}

// Fold reads one control connection. Its two sides are numbered as its first packets were: Out is from Conn.Src; which of
// them is the client shows at the latest with the first line.
//
// Thousands of connections take turns, so a line finds little of its Fold in the processor's caches: what every line
// touches comes first and lies together.
type Conversation struct {
	opt      *Options
	held     int32          // bytes: see room.go
	buffers  int32          // of them, for what is not finished
	at       flow.Mark      // where the current line ends
	client   flow.Direction // the side that is the client
	roles    bool           // client is settled
	seen     [2]bool        // the side said something
	greeted  bool
	answered bool    // a command was
	talking  bool    // the server replied since the last command
	gaps     [2]bool // bytes are missing: replies or commands may have gone unseen
	owed     bool    // the reply to a command that the capture lacks may still come
	shaken   bool    // it may be among those to the commands that wait: which is whose is not certain
	wanting  bool
	blind    bool // the capture holds nothing of what either side said
	sane     bool // a known command, a reply with a code, or TLS
	babbled  bool // a line that is none of these
	modeSaid bool // mode is not only what sessions begin with
	digits   uint8
	guess    ftp.Recognizer
	quiet    silences
	framer   [2]ftp.Framer
	pending  []pending
	commands int
	login    string
	current  int // index of the negotiation in force; -1: none
	ghost    int // index of the step whose command was not seen and whose reply is awaited; -1: none
	replies  ftp.Replies

	negotiations  []Negotiation
	steps         []TransferCommand
	serial        int32 // of negotiations and steps together
	representType string
	mode          string // MODE in force
	restart       number
	size          number // of the last SIZE
	sizeFrom      flow.Pos
	sizeOf        string
	place         place
	id            uint64
	ends          [2]netip.AddrPort // by side
	nets          flow.Nets

	opening   flow.Mark // where the open multi-line reply began
	begun     int       // its first line's code
	missing   uint64
	home      string // the login directory, if PWD named it
	challenge string // of a one-time password, for the next PASS
	user      text
	password  text
	banner    text
	system    text
	fromStart bool
	limits    int // negotiations, transfers and commands beyond the limits
	dialogue  []record.Exchange
	notes     noted

	tlsState  string
	encrypted []Span  // when the control connection was under TLS
	secure    *secure // nil: TLS did not come, and may not
}

// secure is what TLS takes.
type secure struct {
	tls   [2]tlsrec.Skipper
	hello *tlsrec.Handshake // while it passes
}

// noted is what Notes has and the Fold gathers.
type noted struct {
	Oddities                       []record.Oddity
	Logins                         []record.Login
	LoginEnd, Quit, AuthTLS, ProtC flow.Mark
	Site                           []record.SiteCommand
	Climbs                         []record.Climb
}

// span is a stretch of time; the end is not set while it lasts.
type Span struct {
	From, To flow.Mark
	Serial   int32 // of what was negotiated and commanded before
}

// Data takes the next bytes of a side. It returns false when this is no control connection.
func (f *Conversation) Data(side flow.Direction, b []byte, at flow.Mark) bool {
	f.at = at
	if !f.roles {
		f.findRoles(side, b)
	}
	f.quiet.spoke(side == f.client, at.Time)
	if !f.seen[side] {
		f.seen[side] = true
		f.sees()
		if side == f.client && !f.seen[side^1] && tlsrec.IsRecord(b[0]) && f.opt.ControlPort(f.ends[side^1].Port()) {
			f.beginTLS()
		}
	}
	if f.secure != nil {
		if b = f.inClear(side, b); b == nil {
			return true
		}
	}
	for line, rest, ok := f.framer[side].Next(b); ok; line, rest, ok = f.framer[side].Next(rest) {
		f.line(side, line)
	}
	f.holdBuffers()
	if f.guess.Verdict() == ftp.No {
		f.refund(int(f.held))
		return false
	}
	return true
}

// line takes a line of a side.
func (f *Conversation) line(side flow.Direction, l ftp.Line) {
	if side == f.client {
		f.command(l)
	} else {
		f.reply(l)
	}
}

// inClear passes over what is under TLS and returns what follows it; nil when there is nothing.
func (f *Conversation) inClear(side flow.Direction, b []byte) []byte {
	t := &f.secure.tls[side]
	if !t.On && (f.tlsState != record.TLSExplicit || !tlsrec.IsRecord(b[0]) || f.framer[side].Pending() > 0) {
		return b
	}
	if !t.On {
		t.On = true
		f.encrypt()
	}
	f.handshake(side, b)
	if side != f.client && f.wanting { // who spoke last is who the next data connection belongs to
		f.opt.Listener.ExpectHosts(HostExpectation{f.id, f.ends[f.client].Addr(), f.ends[side].Addr(), true, f.at, f.nets})
	}
	if b = t.Skip(b); b != nil {
		f.clear()
	}
	return b
}

// handshake looks at what a side says under TLS until its handshake is encrypted.
func (f *Conversation) handshake(side flow.Direction, b []byte) {
	if f.secure.hello == nil {
		f.secure.hello = &tlsrec.Handshake{}
	}
	f.secure.hello.Data(side, b, f.at)
}

// findRoles tells client from server where no SYN did: by what the first line is.
func (f *Conversation) findRoles(side flow.Direction, b []byte) {
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
func (f *Conversation) Gap(side flow.Direction, n uint64, at flow.Mark) {
	f.at = at
	f.missing += n
	f.gaps[side] = true
	if f.gaps[side^1] && !f.seen[0] && !f.seen[1] && (f.roles || f.opt.ControlPort(f.ends[f.client^1].Port())) {
		f.blind = true
		f.want(true)
	}
	if f.under(side) {
		f.secure.tls[side].Gap()
		f.secure.hello.Gap(side)
		return
	}
	if f.login == record.LoginFailed {
		f.login = record.LoginNone // it may have been tried again
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

// sees ends being blind.
func (f *Conversation) sees() {
	if f.blind {
		f.blind = false
		f.want(false)
	}
}

// SeenIn tells of further networks that the connection was seen in.
func (f *Conversation) SeenIn(nets flow.Nets) { f.nets = nets }

// isFTP decides: on a port that FTP is expected on, whatever does not speak against it; elsewhere what speaks for it.
func (f *Conversation) isFTP() bool {
	if f.opt.ControlPort(f.ends[f.client^1].Port()) {
		return f.guess.Verdict() != ftp.No && (f.sane || !f.babbled)
	}
	return f.guess.Verdict() == ftp.Yes
}

// under reports whether a side is under TLS.
func (f *Conversation) under(side flow.Direction) bool {
	return f.secure != nil && f.secure.tls[side].On
}

// mayEncrypt says that TLS may begin.
func (f *Conversation) mayEncrypt(state string) {
	f.tlsState = state
	if f.secure == nil {
		f.secure = &secure{}
	}
}

// beginTLS takes what began as TLS: on the port for that, or with its first byte in the capture; else AUTH came before the capture.
func (f *Conversation) beginTLS() {
	state := record.TLSImplicit
	if !f.fromStart && f.ends[f.client^1].Port() != flow.PortFTPS {
		state = record.TLSExplicit
	}
	f.mayEncrypt(state)
	f.secure.tls[0].On, f.secure.tls[1].On = true, true
	f.encrypt()
}

// encrypt notes that from here on the commands cannot be read.
func (f *Conversation) encrypt() {
	if n := len(f.encrypted); n > 0 && !f.encrypted[n-1].To.Seen() || n >= record.MaxSteps || !f.hold(spanSize) {
		return
	}
	f.sane = true
	f.encrypted = append(f.encrypted, Span{From: f.at, Serial: f.serial})
	f.unanswered(len(f.pending))
	f.current = -1
	f.want(true)
}

// clear notes that a side speaks clear text again (CCC).
func (f *Conversation) clear() {
	n := len(f.encrypted)
	if n == 0 || f.encrypted[n-1].To.Seen() {
		return
	}
	f.encrypted[n-1].To = f.at
	f.greeted = true
	f.want(false)
}

func (f *Conversation) want(on bool) {
	if f.wanting == on {
		return
	}
	f.wanting = on
	f.opt.Listener.ExpectHosts(HostExpectation{f.id, f.ends[f.client].Addr(), f.ends[f.client^1].Addr(), on, f.at, f.nets})
}

func (f *Conversation) odd(kind, detail string) {
	if len(f.notes.Oddities) < record.MaxOddities && f.hold(oddSize+len(detail)) {
		f.notes.Oddities = append(f.notes.Oddities, record.Oddity{Kind: kind, Mark: f.at, Detail: detail})
	}
}

func (f *Conversation) stamp(m flow.Mark) record.Stamp {
	return record.Stamp{Time: m.Time, Digits: f.digits}
}
