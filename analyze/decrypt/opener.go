package decrypt

import (
	"encoding/binary"

	"ftpscope/analyze/keylog"
	"ftpscope/analyze/tlsrec"
	"ftpscope/capture/flow"
)

// Reader is given what a connection carries under TLS.
type Reader interface {
	// Plain gives the next application data of a side, valid during the call.
	Plain(dir flow.Direction, b []byte, at flow.Mark)
	// Missing says that about n bytes of it cannot be given: packets are missing, or a
	// record is damaged.
	Missing(dir flow.Direction, n uint64, at flow.Mark)
	// Shaken gives handshake messages, or pieces of them, that were encrypted.
	Shaken(dir flow.Direction, b []byte, at flow.Mark)
	// Alert gives an alert that was encrypted (RFC 8446 section 6).
	Alert(dir flow.Direction, level, description byte, at flow.Mark)
}

// State is how far a connection is opened.
type State uint8

const (
	// Waiting: nothing was opened yet, and it may be.
	Waiting State = iota
	// Open: records were opened.
	Open
	// Shut: what follows cannot be opened.
	Shut
)

// Why is why a connection is shut.
type Why uint8

// The reasons.
const (
	NotShut     Why = iota
	NoSecrets       // the logs do not have its secrets
	NoHandshake     // the capture lacks its handshake
	NoAnswer        // the capture lacks the server's part of it
	Unsupported     // SSL 3, compression, a suite that cannot be opened
	WrongKeys       // the logs' secrets do not open it
	Damaged         // too much is missing, or does not fit
)

// String is a clause for people; empty: the logs do not have its secrets, or it is not shut.
func (w Why) String() string {
	return [...]string{
		NoHandshake: "the capture lacks its handshake",
		NoAnswer:    "the capture lacks what the server said, which the keys of TLS 1.2 depend on",
		Unsupported: "SSL 3, TLS compression or a cipher suite that cannot be decrypted",
		WrongKeys:   "the secrets that the key log has of it do not fit",
		Damaged:     "too many of its packets are missing or damaged",
	}[w]
}

// Opener opens one connection. It takes the bytes of both directions as they pass, each in
// order, whatever the other one does: what a direction says under keys that only the other
// direction's handshake will tell waits for it.
//
// A side goes through these stages:
//
//	in clear          keys is nil: handshake messages, alerts
//	under TLS 1.2     from ChangeCipherSpec on; again after each
//	under TLS 1.3     from the first record of application data on: the handshake's keys
//	                  until Finished, then those of traffic, new ones after each KeyUpdate
//	lost              a gap hid where records begin: see resync
//	ended             text where a record should begin
type Opener struct {
	ring  *Keyring
	to    Reader
	state State
	why   Why
	shake handshake
	sides [2]side
	late  late
	// guessed says that the ClientHello was searched among the logs' connections.
	guessed bool
}

// side is one direction.
type side struct {
	buf      []byte // the unfinished record; while blocked, all that waits
	skip     int    // bytes of a lost record that are still to come
	at       flow.Mark
	keys     *keys
	shaking  bool // keys are those of TLS 1.3's handshake
	blocked  bool // what is next waits for the other side, or for secrets
	since    flow.Time
	lost     bool   // where the next record begins is not known
	lostSize uint64 // bytes that are missing, or passed over since
	tries    int    // places where a record may have begun
	scan     uint64 // bytes that were looked at for one
	opened   bool   // a record was
	failed   int    // records in a row that could not be opened
	mute     bool   // the keys of what follows are not known
	deaf     bool   // messages are not read: some of their bytes are missing
	ended    bool
	spoke    bool
	messages messages
	Sent     // what it sent
}

// Sent is what a side sent under TLS.
type Sent struct {
	Plain  uint64 // bytes of application data
	Lost   uint64 // of those that could not be opened, as far as lengths tell
	Gaps   bool   // there are such
	Closed bool   // close_notify (RFC 8446 section 6.1)
}

const (
	headerSize = 5
	// maxSealed is the longest record's (RFC 5246 section 6.2.3).
	maxSealed = 1<<14 + 2048
	// maxFailed is how many records in a row may not open before all is given up.
	maxFailed = 16
	// maxEarly bounds the records of early data that are passed over.
	maxEarly = 256
)

// Kinds of records (RFC 8446 section 5.1).
const (
	changeCipherSpec = 20
	alert            = 21
	handshakeRecord  = 22
	applicationData  = 23
)

// closeNotify is the alert that ends a side (RFC 8446 section 6.1).
const closeNotify = 0

// Open begins to open a connection.
func (k *Keyring) Open(to Reader) *Opener {
	return &Opener{ring: k, to: to, shake: handshake{client: unknown}}
}

// State says how far the connection is opened, Why why it is shut.
func (o *Opener) State() State { return o.state }
func (o *Opener) Why() Why     { return o.why }

// Sent is what a side sent.
func (o *Opener) Sent(dir flow.Direction) Sent { return o.sides[dir].Sent }

// Client is the side that is the client; known is false while no ClientHello tells.
func (o *Opener) Client() (dir flow.Direction, known bool) {
	return flow.Direction(max(0, o.shake.client)), o.shake.client != unknown
}

// Opened reports whether a record was opened.
func (o *Opener) Opened() bool { return o.sides[0].opened || o.sides[1].opened }

// Ended reports whether a side speaks clear text again.
func (o *Opener) Ended(dir flow.Direction) bool { return o.sides[dir].ended }

// Data takes the next bytes of a side.
func (o *Opener) Data(dir flow.Direction, b []byte, at flow.Mark) {
	if o.late.lacking {
		o.hold(held{dir: dir, data: b, at: at})
		return
	}
	o.data(dir, b, at)
}

func (o *Opener) data(dir flow.Direction, b []byte, at flow.Mark) {
	s := &o.sides[dir]
	if s.at, s.spoke = at, true; o.state == Shut || s.ended {
		return
	}
	if s.skip > 0 {
		n := min(s.skip, len(b))
		s.skip -= n
		b = b[n:]
	}
	if held := len(s.buf); held > 0 {
		if s.buf = append(s.buf, b...); !s.blocked && !s.lost && len(s.buf) >= headerSize && len(s.buf) < recordSize(s.buf) {
			return
		}
		rest := o.records(dir, s.buf)
		s.buf = s.buf[:copy(s.buf, rest)]
	} else {
		s.buf = append(s.buf, o.records(dir, b)...)
	}
	o.alone(dir)
	o.unblock(dir ^ 1)
	o.wait(at)
}

// recordSize is how long the record is whose header b begins with.
func recordSize(b []byte) int { return headerSize + int(binary.BigEndian.Uint16(b[3:])) }

// unblock lets a side go on that may have waited for the other one, and that again.
func (o *Opener) unblock(dir flow.Direction) {
	for range 2 * maxEarly {
		s := &o.sides[dir]
		if !s.blocked || o.state == Shut {
			return
		}
		before := len(s.buf)
		s.blocked = false
		rest := o.records(dir, s.buf)
		s.buf = s.buf[:copy(s.buf, rest)]
		if len(s.buf) == before {
			return
		}
		dir ^= 1
	}
}

// wait bounds what waits, and for how long.
func (o *Opener) wait(at flow.Mark) {
	for i := range o.sides {
		s := &o.sides[i]
		if !s.blocked {
			s.since = 0
			continue
		}
		if s.since == 0 {
			s.since = at.Time
		}
		if len(s.buf) > maxHeld || at.Time-s.since > maxWait {
			giveUp(o)
		}
	}
}

// shut gives up.
func (o *Opener) shut(why Why) {
	if o.state != Shut {
		o.ring.Let(o.late.size)
		o.state, o.why, o.late = Shut, why, late{}
		for i := range o.sides {
			o.sides[i].buf, o.sides[i].messages = nil, messages{}
		}
	}
}

// records takes the records that are whole, and returns what is left.
func (o *Opener) records(dir flow.Direction, b []byte) []byte {
	s := &o.sides[dir]
	for len(b) > 0 && o.state != Shut {
		if s.lost {
			if b = o.resync(dir, b); s.lost {
				return b
			}
			continue
		}
		if !tlsrec.IsRecord(b[0]) || len(b) >= headerSize && (b[1] != 3 || recordSize(b) > headerSize+maxSealed) {
			s.ended = true
			return nil
		}
		if len(b) < headerSize || len(b) < recordSize(b) {
			return b
		}
		n := recordSize(b)
		if s.blocked = !o.record(dir, b[:headerSize], b[headerSize:n]); s.blocked {
			return b
		}
		b = b[n:]
	}
	return nil
}

// record takes a record; false: it must wait.
func (o *Opener) record(dir flow.Direction, header, b []byte) bool {
	s := &o.sides[dir]
	switch {
	case header[0] == changeCipherSpec:
		return o.changeCipher(dir)
	case s.mute && header[0] == applicationData:
		o.shut(NoSecrets)
	case s.keys != nil && (s.keys.version < tls13 || header[0] == applicationData):
		o.sealed(dir, header, b)
	case header[0] == handshakeRecord:
		if len(b) > 0 && b[0] == serverHello && o.shake.client == unknown && !s.messages.any {
			return cannotBegin(o, dir) // the ClientHello is late
		}
		o.read(dir, b)
	case header[0] == alert:
		s.Closed = s.Closed || len(b) == 2 && b[1] == closeNotify
	case header[0] == applicationData:
		return o.firstSealed(dir, header, b)
	}
	return true
}

// changeCipher takes ChangeCipherSpec; false: it must wait.
func (o *Opener) changeCipher(dir flow.Direction) bool {
	h := &o.shake
	switch h.version {
	case 0:
		return o.earlyChange(dir)
	case tls13:
		return true
	}
	isClient := int8(dir) == h.client
	if isClient && !h.answered && !o.sides[dir^1].deaf {
		return false // whether a session is resumed is still to be seen
	}
	if !isClient {
		h.answered = true
	}
	master, ok := o.master(dir)
	if !ok {
		return o.lacks(dir)
	}
	h.session.master = master
	k := h.session.keys(senderOf(isClient))
	if k == nil {
		o.shut(WrongKeys)
		return true
	}
	s := &o.sides[dir]
	s.keys, s.deaf, s.messages = k, false, messages{}
	return true
}

// earlyChange takes ChangeCipherSpec before a ServerHello: TLS 1.3's says nothing (RFC 8446
// appendix D.4), else the ServerHello is late, or missing.
func (o *Opener) earlyChange(dir flow.Direction) bool {
	h := &o.shake
	if h.client == unknown {
		return cannotBegin(o, dir)
	}
	x, ok := o.ring.lookup(&h.random, o.sides[dir].at.Ord)
	if _, resumes := o.first(); !ok && !resumes {
		return o.lacks(dir)
	}
	return ok && x.Master == nil
}

// cannotBegin waits for a ClientHello, or for what tells it: false; without a hope for
// either it shuts.
func cannotBegin(o *Opener, dir flow.Direction) bool {
	if o.sides[dir^1].deaf && o.guessed {
		o.shut(NoHandshake)
	}
	return o.state == Shut
}

func senderOf(isClient bool) int {
	if isClient {
		return keylog.Client
	}
	return keylog.Server
}

// master finds the master secret of a connection before TLS 1.3: its own, or that of the
// session that it resumes, which some clients (GnuTLS) write down only once.
func (o *Opener) master(dir flow.Direction) ([]byte, bool) {
	h, ord := &o.shake, o.sides[dir].at.Ord
	if x, ok := o.ring.lookup(&h.random, ord); ok && x.Master != nil {
		return x.Master, true
	}
	if h.full {
		return nil, false
	}
	first, ok := o.first()
	if !ok {
		return nil, false
	}
	x, ok := o.ring.lookup(&first, ord)
	if ok && x.Master != nil {
		o.ring.store.Resumed(&h.random, x.Master)
	}
	return x.Master, ok && x.Master != nil
}

// first is the connection that the session began with, if the ClientHello names one.
func (o *Opener) first() (r keylog.Random, ok bool) {
	h := &o.shake
	if r, ok = o.ring.sessions[h.offeredID]; !ok {
		r, ok = o.ring.sessions[h.offeredTicket]
	}
	return r, ok
}

// firstSealed takes a side's first record under TLS 1.3; false: it must wait.
func (o *Opener) firstSealed(dir flow.Direction, header, b []byte) bool {
	h, s := &o.shake, &o.sides[dir]
	if h.client == unknown {
		if other := &o.sides[dir^1]; other.spoke || other.deaf || s.messages.any {
			o.shut(NoHandshake)
		}
		return o.state == Shut
	}
	if h.version != 0 && h.version != tls13 {
		o.shut(Damaged)
		return true
	}
	x, ok := o.ring.lookup(&h.random, s.at.Ord)
	if !ok {
		return o.lacks(dir)
	}
	h.secrets = x
	sender := senderOf(int8(dir) == h.client)
	secret, shaking := x.Handshake[sender], true
	if secret == nil {
		secret, shaking = x.Traffic[sender], false
	}
	if secret == nil {
		return o.lacks(dir)
	}
	if h.version == 0 {
		return o.guess(dir, header, b, secret, shaking)
	}
	if len(secret) != h.suite.prf.Size() {
		o.shut(WrongKeys)
		return true
	}
	s.shaking = shaking
	if s.keys = keysOf13(&h.suite, secret); s.keys == nil {
		o.shut(WrongKeys)
		return true
	}
	o.sealed(dir, header, b)
	return true
}

// guess finds the suite of TLS 1.3 by trial, where the capture lacks the server's side, or
// has it later: false.
func (o *Opener) guess(dir flow.Direction, header, b []byte, secret []byte, shaking bool) bool {
	s := &o.sides[dir]
	for _, id := range []uint16{0x1301, 0x1302, 0x1303, 0x1304, 0x1305} {
		x, _ := suiteOf(id)
		if x.prf.Size() != len(secret) {
			continue
		}
		if k := keysOf13(&x, secret); k != nil {
			if _, _, ok := k.open(0, header, b, o.ring.buffer()); ok {
				s.keys, s.shaking = k, shaking
				o.shake.suite, o.shake.guessed = x, true
				o.sealed(dir, header, b)
				return true
			}
		}
	}
	return false
}

// buffer is for a record's plaintext.
func (k *Keyring) buffer() []byte {
	if k.scratch == nil {
		k.scratch = make([]byte, 0, maxSealed)
	}
	return k.scratch
}

// sealed opens a record.
func (o *Opener) sealed(dir flow.Direction, header, b []byte) {
	s := &o.sides[dir]
	kind, plain, ok := s.keys.open(s.keys.seq, header, b, o.ring.buffer())
	if !ok && s.shaking && o.traffic(dir) {
		if kind, plain, ok = s.keys.open(0, header, b, o.ring.buffer()); !ok {
			shakes(o, dir)
		}
	}
	if !ok && s.Gaps && s.keys.version == tls13 && !s.shaking { // the gap may hide a KeyUpdate
		if k := s.keys.updated(); k != nil {
			if kind, plain, ok = k.open(0, header, b, o.ring.buffer()); ok {
				s.keys = k
			}
		}
	}
	if !ok {
		o.fail(dir, b)
		return
	}
	s.keys.passed(b)
	s.opened, s.failed, o.state = true, 0, Open
	o.content(dir, kind, plain)
}

// traffic changes to TLS 1.3's keys of traffic; false: they are not known. The handshake's
// are kept for shakes.
func (o *Opener) traffic(dir flow.Direction) bool {
	s, h := &o.sides[dir], &o.shake
	secret := h.secrets.Traffic[senderOf(int8(dir) == h.client)]
	if len(secret) != h.suite.prf.Size() {
		return false
	}
	h.before[dir] = s.keys
	if s.keys = keysOf13(&h.suite, secret); s.keys == nil {
		s.keys = h.before[dir]
		return false
	}
	s.shaking = false
	return true
}

// shakes takes the handshake's keys again.
func shakes(o *Opener, dir flow.Direction) {
	o.sides[dir].keys, o.sides[dir].shaking = o.shake.before[dir], true
}

// fail passes over a record that could not be opened: it is damaged, or early data (RFC
// 8446 section 4.2.10), or the secrets are another connection's.
func (o *Opener) fail(dir flow.Direction, b []byte) {
	s := &o.sides[dir]
	s.failed++
	if !s.opened && s.keys.version == tls13 && (o.shake.early && int8(dir) == o.shake.client || !s.shaking) && s.failed < maxEarly {
		return // it is none of these keys' records
	}
	if !s.opened && o.state != Open {
		o.shut(WrongKeys)
		return
	}
	s.keys.passed(b)
	o.missing(dir, len(b))
	if s.failed >= maxFailed {
		o.shut(Damaged)
	}
}

// missing tells that a record with n bytes of fragment is lost.
func (o *Opener) missing(dir flow.Direction, n int) {
	s := &o.sides[dir]
	if s.keys != nil {
		n, _ = s.keys.plainSize(n)
	}
	s.Gaps = true
	s.Lost += uint64(n)
	o.to.Missing(dir, uint64(max(1, n)), s.at)
}

// content takes what a record held.
func (o *Opener) content(dir flow.Direction, kind byte, plain []byte) {
	s := &o.sides[dir]
	switch kind {
	case applicationData:
		if len(plain) > 0 {
			s.Plain += uint64(len(plain))
			o.to.Plain(dir, plain, s.at)
		}
	case handshakeRecord:
		o.to.Shaken(dir, plain, s.at)
		o.read(dir, plain)
	case alert:
		if len(plain) == 2 {
			s.Closed = s.Closed || plain[1] == closeNotify
			o.to.Alert(dir, plain[0], plain[1], s.at)
		}
	}
}
