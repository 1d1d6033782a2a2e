// Package control reads one control connection, line by line, into a Transcript of what
// it says. As it goes, it tells which data connections it leads to expect; package match
// joins these, and the Transcript, with the connections that were opened.
package control

import (
	"bytes"
	"net/netip"

	"ftpscope/analyze/ftp"
	"ftpscope/analyze/record"
	"ftpscope/analyze/tlsrec"
	"ftpscope/capture/flow"
)

// Conversation reads one control connection. It is a machine of four states that change
// independently of each other, each by these events only:
//
//	stage: what a reply can be
//	  awaitingGreeting → greeted     a final reply (120 only announces the greeting), a gap in
//	                                 the server's bytes, clear text after TLS; any reply if
//	                                 the capture began later than the connection
//	  greeted → conversing           the first reply to a command; until then a 220 is more
//	                                 of the banner
//
//	roles: which side is the client
//	  rolesAssumed → rolesByLine     a line that only one of the two sends
//	  rolesBySYN                     from the beginning and for good, if the SYN was seen
//
//	evidence: whether this is FTP
//	  nothingSaid → babble           a line that is no command or reply
//	  either → speaksFTP             a known command, a reply with a code, TLS: for good
//
//	protection (tlsLayer): whether what is said can be read
//	  inClear → tlsAgreed            the server accepts AUTH, or a record where the capture
//	                                 may lack that
//	  inClear, tlsAgreed → protected the first TLS record; MIC, CONF or ENC
//	  protected → tlsAgreed          text where a record should begin (CCC); inClear if it was
//	                                 not TLS that protected
//
// What the commands do has its own types: pairing finds the command that a reply answers,
// login, transferParams and directory are what replies change for the commands after
// them, and transfers is what was negotiated and commanded. A command goes through
// onCommand when it is sent and through onFinal with its final reply. A preliminary reply,
// the final one, or that none is in the capture takes it through applyReply.
//
// Its two sides are numbered as its first packets were: Out is from Conn.Src; which of
// them is the client shows at the latest with the first line.
//
// Thousands of connections take turns, so a line finds little of its Conversation in the
// processor's caches: what every line touches comes first and lies together.
type Conversation struct {
	opt          *Options
	budget       budget
	at           flow.Mark      // where the current line ends
	client       flow.Direction // the side that is the client
	roles        roles
	evidence     evidence
	digits       uint8
	expectsHosts bool // the Listener was told to: see expectHosts
	guess        ftp.Recognizer
	quiet        silences
	sides        [2]side
	pairing      pairing
	commands     int
	login        login
	replies      replies
	server       server
	transfers    transfers
	params       transferParams
	directory    directory
	conn         connection
	missing      uint64 // bytes of both sides
	tls          tlsLayer
	notes        notes
	spoken       spoken
	around
}

// around is what stands around the conversation: the capture has a side only, or something
// between client and server speaks first.
type around struct {
	half       *Half   // nil: the capture has both sides
	tunnel     *tunnel // nil: no proxy was asked for a connection
	realClient string  // whom a balancer's line names
	early      early
}

// roles is how it is known which side is the client.
type roles uint8

const (
	rolesAssumed roles = iota // by the ports
	rolesByLine               // by what the first line is
	rolesBySYN                // by who opened the connection: the capture holds its beginning
)

// evidence is what speaks for FTP. It grows only.
type evidence uint8

const (
	nothingSaid evidence = iota
	babble               // lines, but none of FTP
	speaksFTP            // a known command, a reply with a code, or TLS
)

func (e *evidence) add(more evidence) { *e = max(*e, more) }

// spoken is which sides said something of FTP: a known command, a reply with a code.
type spoken struct {
	client, server bool
	unheard        bool // the capture holds nothing of what either side said
	first          record.Spoken
}

func (s *spoken) both() bool { return s.client && s.server }

// command notes a known command, reply a reply with a code.
func (s *spoken) command(c *Conversation, v ftp.Verb) {
	if !s.client {
		s.client = true
		s.heard(c, record.Spoken{Mark: c.at, Verb: v.String()})
	}
}

func (s *spoken) reply(c *Conversation, code int) {
	if !s.server {
		s.server = true
		s.heard(c, record.Spoken{Mark: c.at, Code: code})
	}
}

// heard takes the first that a side says. What was held back until both had spoken, is
// told now.
func (s *spoken) heard(c *Conversation, line record.Spoken) {
	if !s.both() {
		s.first = line
		return
	}
	if c.isOnControlPort() {
		return
	}
	if c.expectsHosts {
		c.tellHosts(true)
	}
	if list := c.transfers.negotiations; len(list) > 0 && list[len(list)-1].Endpoint.IsValid() {
		c.announce(&list[len(list)-1], true)
	}
}

// leads reports whether connections are expected because of what is said: on a port that
// FTP is not expected on, only once both sides have spoken it. What one side says may be
// a file, as a data connection carries it.
func (s *spoken) leads(c *Conversation) bool { return s.both() || c.isOnControlPort() }

// side is what is known of one direction.
type side struct {
	framer ftp.Framer
	spoke  bool // it said something
	lossy  bool // bytes are missing: replies or commands may have gone unseen
	young  bool // its first bytes were no whole line: what they begin shows later
}

// connection is the control connection itself.
type connection struct {
	id   uint64
	ends [2]netip.AddrPort // by side
	nets flow.Nets
}

// parties are the announcing side's address and that of who should connect.
func (x *connection) parties(n *Negotiation) (peer, expected netip.Addr) {
	return n.parties(x.ends[n.ClientSide].Addr(), x.ends[n.ClientSide^1].Addr())
}

// Data takes the next bytes of a side. It returns false when this is no control
// connection.
func (c *Conversation) Data(dir flow.Direction, b []byte, at flow.Mark) bool {
	c.at = at
	if c.roles == rolesAssumed {
		if client, ok := clientBy(dir, b); ok {
			c.client, c.roles = client, rolesByLine
		}
	}
	c.quiet.spoke(dir == c.client, at.Time)
	switch {
	case c.half == nil:
	case dir != c.half.dir: // the capture has both sides after all
		c.half.lose(&c.budget)
		c.half = nil
		c.expectHosts(c.spoken.unheard)
	default:
		if c.half.hear(b, at, &c.budget); c.half.isAlone() {
			c.expectsHosts = true
			c.tellHosts(true) // who spoke last is who the next data connection belongs to
		}
	}
	b = c.early.join(dir, b)
	if isEarly(c, dir, b) {
		c.early.keep(dir, b)
		return true
	}
	return takeSaid(c, dir, b)
}

// takeSaid takes what a side says, where enough of it is there to tell what it begins:
// what a proxy says comes before FTP, and TLS before what it carries.
func takeSaid(c *Conversation, dir flow.Direction, b []byte) bool {
	s := &c.sides[dir]
	if !s.spoke && dir == c.client && c.roles == rolesBySYN && (b[0] == 'P' || b[0] == '\r') {
		if c.realClient, b = proxyLine(b); len(b) == 0 {
			s.spoke = true
			return true
		}
	}
	if b = takeTunnel(c, dir, b); len(b) == 0 {
		return true
	}
	if t := c.tunnel; t != nil && (t.Refused || c.guess.Verdict() == ftp.No) {
		return t.Refused || t.mayCarryData()
	}
	if !s.spoke {
		s.spoke = true
		takeFirst(c, dir, b)
	}
	if c.tls.records == nil && tlsrec.IsRecord(b[0]) {
		seeTLS(c, dir, b)
	}
	if c.tls.records != nil {
		if b = c.passTLS(dir, b); b == nil {
			return true
		}
	}
	if c.strays(dir) {
		return true // what follows in another protocol says no more
	}
	c.read(dir, b)
	c.holdBuffers()
	if c.guess.Verdict() == ftp.No && !c.strays(dir) && (c.tunnel == nil || !c.tunnel.mayCarryData()) {
		c.budget.release(int(c.budget.held))
		return false
	}
	return true
}

// takeTunnel begins a tunnel where the client's first bytes ask for one, and takes what
// both sides say until the proxy has answered. The rest is what goes through it.
func takeTunnel(c *Conversation, dir flow.Direction, b []byte) []byte {
	s := &c.sides[dir]
	if !s.spoke && dir == c.client && !c.isOnControlPort() && c.roles == rolesBySYN && IsTunnel(b) {
		c.tunnel = &tunnel{}
	}
	t := c.tunnel
	if t == nil || t.answered {
		return b
	}
	s.spoke = true
	if b = t.take(int(dir^c.client), b, c.at); t.answered {
		c.expectHosts(true)
	}
	return b
}

// takeFirst looks at the first bytes of a side: at what they are, who is the client, and
// whether TLS comes before FTP.
func takeFirst(c *Conversation, dir flow.Direction, b []byte) {
	s, other := &c.sides[dir], &c.sides[dir^1]
	if !s.lossy {
		hearFirst(c, dir, b)
		if s.young = bytes.IndexByte(b, '\n') < 0; !s.young {
			greetInClear(c, dir, b)
		}
	}
	if c.roles != rolesBySYN && !other.spoke && c.isOnControlPort() {
		c.tellHosts(c.expectsHosts)
	}
	if c.spoken.unheard {
		c.spoken.unheard = false
		c.expectHosts(false)
	}
	if (dir == c.client && tlsrec.IsRecord(b[0]) || tlsrec.AnswersHello(b)) && !other.spoke && c.isOnControlPort() {
		c.beginTLS()
	}
}

// read takes what a side says, in clear or opened.
func (c *Conversation) read(dir flow.Direction, b []byte) {
	f := &c.sides[dir].framer
	for line, rest, ok := f.Next(b); ok; line, rest, ok = f.Next(rest) {
		c.line(dir, line)
		if c.tls.records == nil && len(rest) > 5 && beginsTLS(c, dir, rest) {
			return
		}
	}
}

// strays reports whether a side speaks another protocol on FTP's port. It is a session all
// the same: the other side may speak FTP, or wait for it.
func (c *Conversation) strays(dir flow.Direction) bool {
	f := c.notes.Foreign
	if f == nil || f.Protocol == protocolPROXY || !f.ByServer && (f.Protocol == protocolTLS || f.Protocol == protocolPOP3) {
		return false
	}
	return f.ByServer == (dir != c.client) && c.roles == rolesBySYN && c.isOnControlPort() && c.evidence != babble
}

// hearFirst notes another protocol by the first bytes of a side.
func hearFirst(c *Conversation, dir flow.Direction, first []byte) {
	if f := c.notes.Foreign; f != nil && f.Protocol == protocolPOP3 && dir == c.client && hasAnyPrefix(first, "USER ", "CAPA", "STLS", "APOP ") {
		c.notes.Foreign = nil // both sides speak it, and there is no session of FTP
	}
	if p := foreignProtocol(first); p != "" && c.notes.Foreign == nil && (dir == c.client && p != protocolTelnet || dir != c.client && !tlsrec.AnswersHello(first)) {
		c.notes.Foreign = &record.Foreign{Protocol: p, Mark: c.at, ByServer: dir != c.client}
	}
}

// line takes a line of a side.
func (c *Conversation) line(dir flow.Direction, l ftp.Line) {
	if s := &c.sides[dir]; s.young {
		s.young = false
		greetInClear(c, dir, l.Text)
		if hearFirst(c, dir, l.Text); c.strays(dir) {
			return
		}
	}
	if dir == c.client {
		c.onCommandLine(l)
	} else {
		c.onReplyLine(l)
	}
}

// clientBy tells client from server where no SYN did: by what a side's first line is.
func clientBy(dir flow.Direction, b []byte) (client flow.Direction, ok bool) {
	command, reply := ftp.GuessClient(b), ftp.GuessServer(b)
	if reply > command {
		dir ^= 1
	}
	return dir, command != reply
}

// Compares asks the table to tell of bytes that come again with another content.
func (c *Conversation) Compares() bool { return true }

// Conflict says that bytes of a side came again with another content.
func (c *Conversation) Conflict(dir flow.Direction, _ int64, _ uint64, at flow.Mark) {
	who := record.Server
	if dir == c.client {
		who = record.Client
	}
	c.notes.odd(&c.budget, record.OddConflict, who, at)
}

// Gap says that n bytes of a side are missing.
func (c *Conversation) Gap(dir flow.Direction, n uint64, at flow.Mark) {
	c.at = at
	hearEarly(c, dir)
	if c.half != nil && dir == c.half.dir {
		c.half.lose(&c.budget)
	}
	if c.missing += n; c.missing == n && (c.evidence == speaksFTP || c.isOnControlPort()) {
		c.tellHosts(c.expectsHosts)
	}
	c.sides[dir].lossy = true
	if c.sides[dir^1].lossy && !c.sides[0].spoke && !c.sides[1].spoke && (c.roles != rolesAssumed || c.isOnControlPort()) {
		c.spoken.unheard = true
		c.expectHosts(true)
	}
	if c.tls.covers(dir) {
		gapUnderTLS(c, dir, n)
		return
	}
	loseSaid(c, dir, n)
}

// loseSaid says that n bytes of what a side said are missing.
func loseSaid(c *Conversation, dir flow.Direction, n uint64) {
	if c.login.state == record.LoginFailed {
		c.login.state = record.LoginNone // it may have been tried again
	}
	line, ok := c.sides[dir].framer.Gap()
	if dir == c.client {
		if ok {
			c.onCommandLine(line)
		}
		loseCommands(c, n)
		return
	}
	if ok {
		c.onReplyLine(line)
	}
	c.interrupt()
	c.pairing.doubtAll()
	c.transfers.unseenDoubt, c.transfers.doubted = true, none
	c.server.reached(greeted)
}

// SeenIn tells of further networks that the connection was seen in.
func (c *Conversation) SeenIn(nets flow.Nets) { c.conn.nets = nets }

// isOnControlPort reports whether FTP is expected on the server's port.
func (c *Conversation) isOnControlPort() bool {
	return c.opt.ControlPort(c.conn.ends[c.client^1].Port())
}

// isFTP decides: on a port that FTP is expected on, whatever does not speak against it;
// elsewhere what speaks for it.
func (c *Conversation) isFTP() bool {
	if c.isOnControlPort() {
		return c.guess.Verdict() != ftp.No && (c.evidence != babble || c.strays(flow.Out) || c.strays(flow.In))
	}
	return c.guess.Verdict() == ftp.Yes
}

// expectHosts tells the Listener, when it changes, whether any connection between the two
// hosts may be a data connection of this session: under TLS, after a negotiation that the
// capture lacks, while neither side was heard, and where the capture has one side only.
func (c *Conversation) expectHosts(on bool) {
	on = on || c.half != nil && c.half.isAlone() || c.tunnel != nil
	if c.expectsHosts != on {
		c.expectsHosts = on
		c.tellHosts(on)
	}
}

func (c *Conversation) tellHosts(on bool) {
	if !c.spoken.leads(c) {
		return
	}
	c.opt.Listener.ExpectHosts(HostExpectation{
		Control: c.conn.id, Client: c.conn.ends[c.client].Addr(), Server: c.conn.ends[c.client^1].Addr(),
		On: on, Lossy: c.missing > 0 || c.roles != rolesBySYN || !c.sides[c.client].spoke, Mark: c.at, Nets: c.conn.nets,
	})
}

func (c *Conversation) odd(kind, detail string) { c.notes.odd(&c.budget, kind, detail, c.at) }

// Warm touches what Data will read, so that it is in the cache: see tcp.Batch.
func Warm(c *Conversation) uint64 {
	return uint64(c.at.Time) + uint64(c.sides[0].framer.Held()) + uint64(c.sides[1].framer.Held()) + uint64(len(c.pairing.pending)) +
		uint64(c.commands) + uint64(len(c.login.user.value)) + uint64(len(c.transfers.negotiations)) + uint64(c.missing)
}
