package control

import (
	"bytes"
	"strings"

	"ftpscope/analyze/decrypt"
	"ftpscope/analyze/ftp"
	"ftpscope/analyze/record"
	"ftpscope/analyze/tlsrec"
	"ftpscope/capture/flow"
)

// protection is whether what is said can be read; see Conversation.
type protection uint8

const (
	inClear   protection = iota
	tlsAgreed            // TLS may begin with the next record
	protected            // by TLS, or by RFC 2228's MIC, CONF and ENC: a span is open
)

// tlsLayer is the protection of a control connection (RFC 4217).
type tlsLayer struct {
	kind    string // as the record has it: record.TLSExplicit, …
	state   protection
	reads   bool // what is under TLS was opened
	spans   []Span
	records *tlsRecords // nil: TLS did not come, and may not
}

// tlsRecords passes over what is under TLS.
type tlsRecords struct {
	sides   [2]tlsrec.Skipper
	passing tlsrec.Passing
	last    flow.Mark       // the last of it
	assumed bool            // the capture lacks the server's consent
	opener  *decrypt.Opener // nil: nothing opens them
	began   Span            // of what may be opened
	state   decrypt.State   // of opener, as far as it is told
	clear   []clearText     // behind what waits for secrets
}

// Span is a stretch of time in which commands could not be read; To is not set while it
// lasts.
type Span struct {
	From, To flow.Mark
	Serial   int32 // of what was negotiated and commanded before
}

// agree says that TLS may begin.
func (t *tlsLayer) agree(kind string) {
	t.kind = kind
	if t.records == nil {
		t.records = &tlsRecords{}
	}
	t.state = max(t.state, tlsAgreed)
}

// onAuthReply is the reply to AUTH (RFC 4217 section 4, RFC 2228 section 3): some servers
// say 200 where 234 is meant. It reports whether it says something of TLS.
func (t *tlsLayer) onAuthReply(code int) bool {
	switch {
	case code == 234 || code == 334 || code == 200:
		t.agree(record.TLSExplicit)
	case code >= 400 && t.kind == record.TLSNone:
		t.kind = record.TLSRefused
	default:
		return false
	}
	return true
}

// otherSecurity is the mechanism that AUTH asks for (RFC 2228 section 3) if it is no TLS:
// GSSAPI, KERBEROS_V4.
func otherSecurity(arg string) string {
	const longest = 20
	name := strings.ToUpper(strings.TrimSpace(arg))
	if len(name) > longest || strings.HasPrefix(name, "TLS") || strings.HasPrefix(name, "SSL") {
		return ""
	}
	return name
}

// open begins a span; false: one is open, or there is no room for it.
func (t *tlsLayer) open(at flow.Mark, serial int32, b *budget) bool {
	if t.state == protected || len(t.spans) >= record.MaxSteps || !b.reserve(spanSize) {
		return false
	}
	t.state = protected
	t.spans = append(t.spans, Span{From: at, Serial: serial})
	return true
}

// close ends the open span; false: there is none.
func (t *tlsLayer) close(at flow.Mark) bool {
	if t.state != protected {
		return false
	}
	t.spans[len(t.spans)-1].To = at
	if t.state = inClear; t.records != nil {
		t.state = tlsAgreed
	}
	return true
}

// covers reports whether a side is under TLS.
func (t *tlsLayer) covers(dir flow.Direction) bool {
	return t.records != nil && t.records.sides[dir].On
}

// found is what the handshake tells; nil when that is nothing. Where the server speaks
// first, a single long record may be its greeting, and no ticket.
func (t *tlsLayer) found(client flow.Direction) *record.TLSInfo {
	if t.records == nil {
		return nil
	}
	x := t.records.passing.Info(client)
	if x != nil && t.kind == record.TLSImplicit && len(x.Tickets) == 1 {
		x.Tickets, x.Resumable = nil, false
	}
	return x
}

// passTLS passes over what is under TLS and returns what follows it; nil when there is
// nothing.
func (c *Conversation) passTLS(dir flow.Direction, b []byte) []byte {
	s := &c.tls.records.sides[dir]
	if !s.On && (c.tls.kind != record.TLSExplicit || !tlsrec.IsRecord(b[0]) || c.sides[dir].framer.Pending() > 0) {
		return b
	}
	if !s.On {
		s.On = true
		coverTLS(c, dir)
	}
	c.tls.records.passing.Data(dir, b, c.at)
	openTLS(c, dir, b)
	if dir != c.client && c.expectsHosts { // who spoke last is who the next data connection belongs to
		c.tellHosts(true)
	}
	r, end := c.tls.records, c.at
	if s.Lost() && r.last.Seen() {
		end = r.last // if it ended, it did so in the gap
	}
	r.last = c.at
	if b = s.Skip(b); b != nil && keepClear(c, dir, b) {
		return nil
	}
	return endsTLS(c, b, end)
}

// endsTLS takes what a side says behind its records; nil: nothing.
func endsTLS(c *Conversation, b []byte, end flow.Mark) []byte {
	r := c.tls.records
	if b != nil && r.opener != nil && r.assumed && r.opener.State() == decrypt.Waiting {
		r.opener, r.assumed, r.sides[0].On, r.sides[1].On = nil, false, false, false
	}
	if b != nil && c.tls.close(end) { // a side speaks clear text again (CCC)
		c.server.reached(greeted)
		c.expectHosts(false)
		if r.assumed { // or did not agree
			r.assumed, r.sides[0].On, r.sides[1].On = false, false, false
		}
	}
	return b
}

// seeTLS takes a record for the beginning of TLS where the reply to AUTH may be missing
// from the capture: bytes of the server are, or AUTH still waits for it, for the gap
// shows only with the server's next packet. Text of the server takes it back.
func seeTLS(c *Conversation, dir flow.Direction, b []byte) {
	if !tlsrec.BeginsRecord(b) {
		return
	}
	if !mayBeginTLS(c) {
		return
	}
	if waiting := c.pairing.pending; len(waiting) > 0 && waiting[len(waiting)-1].verb == ftp.AUTH {
		c.notes.AuthTLS = waiting[len(waiting)-1].line.Mark
	}
	c.sides[dir].framer.Drop()
	kind := record.TLSExplicit
	if c.conn.ends[c.client^1].Port() == flow.PortFTPS && c.evidence != speaksFTP {
		kind = record.TLSImplicit
	}
	c.tls.agree(kind)
	r := c.tls.records
	r.assumed, r.sides[0].On, r.sides[1].On = true, true, true
	r.sides[dir^1].Gap()
	c.unanswered(len(c.pairing.pending))
	coverTLS(c, dir)
}

// beginsTLS reports whether TLS begins behind a line, in the same piece: the answer to AUTH
// is missing. What follows it is read.
func beginsTLS(c *Conversation, dir flow.Direction, rest []byte) bool {
	if rest[0] == '\n' {
		rest = rest[1:] // of CR LF
	}
	if !tlsrec.IsHandshake(rest[0]) {
		return false
	}
	if seeTLS(c, dir, rest); c.tls.records == nil {
		return false
	}
	if rest = c.passTLS(dir, rest); rest != nil {
		c.read(dir, rest)
	}
	return true
}

// beginTLS takes what began as TLS: on the port for that, or with its first byte in the
// capture; else AUTH came before the capture.
func (c *Conversation) beginTLS() {
	kind := record.TLSImplicit
	if (c.roles != rolesBySYN || c.sides[c.client].lossy) && c.conn.ends[c.client^1].Port() != flow.PortFTPS {
		kind = record.TLSExplicit
	}
	c.tls.agree(kind)
	c.tls.records.sides[0].On, c.tls.records.sides[1].On = true, true
	coverTLS(c, c.client)
}

// protect notes that from here on the commands cannot be read.
func (c *Conversation) protect() { protectFrom(c, c.at) }

func protectFrom(c *Conversation, at flow.Mark) {
	if !c.tls.open(at, c.transfers.serial, &c.budget) {
		return
	}
	c.evidence.add(speaksFTP)
	c.unanswered(len(c.pairing.pending))
	c.transfers.current = none
	c.expectHosts(true)
}

// greetInClear notes the greeting of a server that does not speak TLS, when the client began
// it at once.
func greetInClear(c *Conversation, dir flow.Direction, first []byte) {
	if dir == c.client || c.tls.kind != record.TLSImplicit || c.roles != rolesBySYN {
		return
	}
	line, _, _ := bytes.Cut(first, []byte("\r\n"))
	if l := ftp.ParseReplyLine(line); l.Code != 0 {
		c.notes.Greeting = c.budget.lasting(&record.Reply{Time: record.Stamp{Time: c.at.Time, Digits: c.digits}, Pos: c.at.Pos, Code: l.Code, Text: string(l.Text)})
	}
}
