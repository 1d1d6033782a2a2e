package decrypt

import (
	"bytes"

	"golang.org/x/crypto/cryptobyte"

	"ftpscope/analyze/keylog"
	"ftpscope/analyze/tlsrec"
	"ftpscope/capture/flow"
)

// unknown is the client's side before a ClientHello.
const unknown = -1

// handshake is what the keys depend on.
type handshake struct {
	client                   int8 // the side that sent the ClientHello
	random                   keylog.Random
	offeredID, offeredTicket sessionID // zero: none
	sessionID                []byte    // offered
	given                    sessionID // by the server; zero: none
	early                    bool      // early data may follow (RFC 8446 section 4.2.10)

	version  uint16 // zero: no ServerHello yet
	suite    suite
	guessed  bool // by trial
	resumed  bool
	full     bool    // the server sent what a resumed session has not
	answered bool    // the server's flight is over
	session  session // before TLS 1.3
	secrets  keylog.Secrets
	before   [2]*keys // of TLS 1.3's handshake, by side
}

// Messages (RFC 8446 section 4, RFC 5246 section 7.4).
const (
	clientHello       = 1
	serverHello       = 2
	newSessionTicket  = 4
	encryptedExts     = 8
	certificate       = 11
	serverKeyExchange = 12
	serverHelloDone   = 14
	finished          = 20
	keyUpdate         = 24
)

// Extensions.
const (
	extEncryptThenMAC = 22 // RFC 7366
	extTicket         = 35 // RFC 5077
	extPreSharedKey   = 41
	extEarlyData      = 42
	extVersions       = 43
)

// messages are the handshake messages of a side.
type messages struct {
	tlsrec.Messages
	any bool // one was read
}

const (
	messageHeader = 4
	// maxMessage bounds the messages that are wanted: hellos and tickets.
	maxMessage = 64 << 10
)

// read takes a fragment of handshake messages.
func (o *Opener) read(dir flow.Direction, b []byte) {
	s := &o.sides[dir]
	for len(b) > 0 && !s.deaf && o.state != Shut {
		var message []byte
		if message, b = s.messages.Next(b, needs); message != nil {
			s.messages.any = true
			o.message(dir, message[0], message[messageHeader:])
		}
	}
}

// needs is how much of a message is wanted.
func needs(open []byte) int {
	switch open[0] {
	case clientHello, serverHello, newSessionTicket, keyUpdate:
		if size := tlsrec.MessageSize(open); size <= maxMessage {
			return size
		}
	}
	return messageHeader
}

// message takes one of which all that is wanted is there.
func (o *Opener) message(dir flow.Direction, kind byte, body []byte) {
	h, s := &o.shake, &o.sides[dir]
	isClient := h.client == int8(dir)
	switch kind {
	case clientHello:
		o.clientHello(dir, body)
	case serverHello:
		o.serverHello(body)
	case newSessionTicket:
		if h.version != 0 && h.version < tls13 && !isClient {
			ticket(o, body)
		}
	case certificate, serverKeyExchange, serverHelloDone:
		if !isClient && h.version < tls13 {
			isFull(o)
			h.answered = h.answered || kind == serverHelloDone
		}
	case finished:
		s.mute = s.shaking && !o.traffic(dir)
	case keyUpdate:
		if s.keys != nil && s.keys.version == tls13 && !s.shaking {
			if s.keys = s.keys.updated(); s.keys == nil {
				o.shut(WrongKeys)
			}
		}
	}
}

// clientHello is RFC 8446 section 4.1.2. A second one answers a HelloRetryRequest, or
// begins a handshake within the connection.
func (o *Opener) clientHello(dir flow.Direction, body []byte) {
	h := &o.shake
	in := cryptobyte.String(body)
	var random []byte
	var id, rest cryptobyte.String
	if !in.Skip(2) || !in.ReadBytes(&random, 32) || !in.ReadUint8LengthPrefixed(&id) ||
		!in.ReadUint16LengthPrefixed(&rest) || !in.ReadUint8LengthPrefixed(&rest) {
		o.shut(Damaged)
		return
	}
	if o.guessed && h.client == int8(dir) && bytes.Equal(h.random[:], random) {
		return // it comes late: what it names was found out
	}
	*h = handshake{client: int8(dir), random: keylog.Random(random), sessionID: bytes.Clone(id), early: h.early && h.version == 0}
	if len(id) > 0 {
		h.offeredID = idOf(byID, id)
	}
	eachExtension(&in, func(kind uint16, b cryptobyte.String) {
		switch kind {
		case extTicket:
			if len(b) > 0 {
				h.offeredTicket = idOf(byTicket, b)
			}
		case extEarlyData:
			h.early = true
		}
	})
}

func eachExtension(in *cryptobyte.String, f func(kind uint16, b cryptobyte.String)) {
	var list cryptobyte.String
	if !in.ReadUint16LengthPrefixed(&list) {
		return
	}
	for !list.Empty() {
		var kind uint16
		var b cryptobyte.String
		if !list.ReadUint16(&kind) || !list.ReadUint16LengthPrefixed(&b) {
			return
		}
		f(kind, b)
	}
}

// serverHello is RFC 8446 section 4.1.3.
func (o *Opener) serverHello(body []byte) {
	h := &o.shake
	in := cryptobyte.String(body)
	var version, id uint16
	var random []byte
	var session cryptobyte.String
	var compression uint8
	if !in.ReadUint16(&version) || !in.ReadBytes(&random, 32) || !in.ReadUint8LengthPrefixed(&session) ||
		!in.ReadUint16(&id) || !in.ReadUint8(&compression) {
		o.shut(Damaged)
		return
	}
	if tlsrec.IsRetry(random) {
		return
	}
	x := &h.session
	eachExtension(&in, func(kind uint16, b cryptobyte.String) {
		switch kind {
		case extVersions:
			b.ReadUint16(&version)
		case extEncryptThenMAC:
			x.encryptThenMAC = true
		case extPreSharedKey:
			h.resumed = true
		}
	})
	s, ok := suiteOf(id)
	if !ok || version <= ssl30 || version > tls13 || compression != 0 {
		o.shut(Unsupported)
		return
	}
	h.version, h.suite = version, s
	if version == tls13 {
		return
	}
	x.version, x.suite, x.client, x.server = version, &h.suite, h.random, [32]byte(random)
	x.encryptThenMAC = x.encryptThenMAC && !s.isAEAD()
	if len(session) > 0 {
		h.resumed = bytes.Equal(session, h.sessionID)
		h.given = idOf(byID, session)
		o.remember(h.given)
	}
}

// isFull notes that the server begins a session: that of the ClientHello does not go on.
func isFull(o *Opener) {
	if h := &o.shake; !h.full {
		if h.full, h.resumed = true, false; h.given != (sessionID{}) {
			o.ring.remember(h.given, h.random)
		}
	}
}

// ticket is RFC 5077 section 3.3.
func ticket(o *Opener, body []byte) {
	in := cryptobyte.String(body)
	var ticket cryptobyte.String
	if in.Skip(4) && in.ReadUint16LengthPrefixed(&ticket) && len(ticket) > 0 {
		o.remember(idOf(byTicket, ticket))
	}
}

// remember notes which connection the session began with.
func (o *Opener) remember(id sessionID) {
	h := &o.shake
	first := h.random
	if r, ok := o.first(); ok && !h.full && r != first {
		if _, own := o.ring.store.Lookup(&h.random, ^uint64(0)); !own {
			first = r
		}
	}
	o.ring.remember(id, first)
}
