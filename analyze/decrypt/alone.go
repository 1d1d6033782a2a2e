package decrypt

import (
	"ftpscope/analyze/keylog"
	"ftpscope/analyze/tlsrec"
	"ftpscope/capture/flow"
)

// maxGuesses bounds the connections of the logs that are tried for one whose ClientHello
// the capture lacks: the newest.
const maxGuesses = 256

// alone finds out which of the logs' connections this is, where the capture has the server's
// side only, or lost the ClientHello: the one whose secrets open the first record that is
// encrypted. It is tried once, when that record is there. Then all goes on as if the hello
// had been seen. Of a client's side alone TLS 1.3 needs no such search: the hello names it;
// TLS 1.2 cannot be opened, since its keys depend on the server's hello too.
func (o *Opener) alone(dir flow.Direction) {
	s := &o.sides[dir]
	if o.shake.client != unknown || o.guessed || !s.blocked || !tlsrec.AnswersHello(s.buf) || !hasSealed(s.buf) {
		return
	}
	o.guessed = true
	o.ring.seek()
	ring := Keyring{store: o.ring.store, sessions: map[sessionID]keylog.Random{}, held: o.ring.held, scratch: o.ring.buffer()}
	for _, r := range o.ring.store.Newest(maxGuesses, s.at.Ord) {
		try := ring.Open(nobody{})
		try.shake.client, try.shake.random = int8(dir^1), r
		if try.data(dir, s.buf, s.at); try.state == Open {
			o.shake.client, o.shake.random = int8(dir^1), r
			o.unblock(dir)
			return
		}
	}
	if o.sides[dir^1].deaf {
		o.shut(NoHandshake)
	}
}

// hasSealed reports whether a whole record of b is encrypted: one of application data, or
// what follows ChangeCipherSpec.
func hasSealed(b []byte) bool {
	changed := false
	for len(b) >= headerSize && len(b) >= recordSize(b) {
		switch {
		case b[0] == applicationData, changed && b[0] == handshakeRecord:
			return true
		case b[0] == changeCipherSpec:
			changed = true
		}
		b = b[recordSize(b):]
	}
	return false
}

// nobody is told what a guess opens.
type nobody struct{}

func (nobody) Plain(flow.Direction, []byte, flow.Mark)     {}
func (nobody) Missing(flow.Direction, uint64, flow.Mark)   {}
func (nobody) Shaken(flow.Direction, []byte, flow.Mark)    {}
func (nobody) Alert(flow.Direction, byte, byte, flow.Mark) {}
