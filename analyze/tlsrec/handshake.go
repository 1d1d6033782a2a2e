package tlsrec

import (
	"strconv"

	"ftpscope/analyze/record"
	"ftpscope/capture/flow"
)

// Handshake reads the beginning of TLS as it passes: the handshake messages that are in
// clear, once, and then lets go of what it held. A nil one has nothing to read.
type Handshake struct {
	info      facts
	sides     [2]handshakeSide
	alertSide flow.Direction // who sent the alert
	room      *flow.Budget   // for open messages; nil: there is enough
}

// handshakeSide is one direction: records (RFC 8446 section 5.1), in them messages
// (section 4), which may span records.
type handshakeSide struct {
	done    bool // no more messages are wanted, only alerts
	lost    bool // nor are those: where records begin is not known
	opened  bool // its messages come from Opened
	alert   []byte
	read    int // bytes
	records recordReader
	msgs    Messages
	held    int  // bytes of room
	asks    bool // this side sent the ClientHello
	hello   bool // this side sent the ServerHello
	more    bool // and what makes it a full handshake
}

// Data takes the next bytes of a side.
func (h *Handshake) Data(side flow.Direction, b []byte, at flow.Mark) {
	s := &h.sides[side]
	b = b[:min(len(b), maxHandshake-s.read)]
	s.read += len(b)
	for len(b) > 0 && !s.lost {
		fragment, rest, begins := s.records.next(b)
		if b = rest; begins {
			h.record(s)
		}
		if s.records.kind() == alertRecord {
			h.alert(side, s, fragment, at)
		} else if s.records.kind() == handshakeRecord {
			h.fragment(s, fragment, at)
		}
	}
	if s.read == maxHandshake {
		h.end(s)
		s.lost = true
	}
}

// fatal is the level of an alert that ends the connection; under TLS 1.3 all do but
// close_notify and user_canceled.
const fatal = 2

// alert takes a piece of an alert: its level and its description (RFC 8446 section 6). One
// that is encrypted is longer.
func (h *Handshake) alert(side flow.Direction, s *handshakeSide, b []byte, at flow.Mark) {
	const length = 2
	if s.records.header[3] != 0 || s.records.header[4] != length || h.info.Alert.Mark.Seen() {
		return
	}
	if s.alert = append(s.alert, b...); len(s.alert) < length {
		return
	}
	h.info.Alert = record.TLSAlert{Mark: at, Name: alertName(s.alert[1]), Fatal: s.alert[0] == fatal}
	h.alertSide = side
}

// Opened takes a piece of handshake messages that were encrypted and are opened: under TLS
// 1.3 the certificate is among them.
func (h *Handshake) Opened(side flow.Direction, b []byte, at flow.Mark) {
	s := &h.sides[side]
	if h.info.Encrypted && !s.opened {
		s.opened, s.done, s.msgs = true, false, Messages{}
	}
	if s.msgs.Held()+len(b) > 2*maxHandshake {
		h.end(s)
	}
	if s.opened && !s.lost {
		h.fragment(s, b, at)
	}
}

// OpenedAlert takes an alert that was encrypted and is opened. close_notify is none: it
// ends every connection.
func (h *Handshake) OpenedAlert(side flow.Direction, level, description byte, at flow.Mark) {
	if description != 0 && !h.info.Alert.Mark.Seen() {
		h.info.Alert = record.TLSAlert{Mark: at, Name: alertName(description), Fatal: level == fatal || h.info.Encrypted}
		h.alertSide = side
	}
}

// alertNames are those of RFC 8446 section 6 and of its forerunners.
var alertNames = map[byte]string{
	0: "close notify", 10: "unexpected message", 20: "bad record MAC", 22: "record overflow", 40: "handshake failure", 42: "bad certificate",
	43: "unsupported certificate", 44: "certificate revoked", 45: "certificate expired", 46: "certificate unknown", 47: "illegal parameter",
	48: "unknown CA", 49: "access denied", 50: "decode error", 51: "decrypt error", 70: "protocol version", 71: "insufficient security",
	80: "internal error", 86: "inappropriate fallback", 90: "user canceled", 109: "missing extension", 110: "unsupported extension",
	112: "unrecognized name", 113: "bad certificate status response", 115: "unknown PSK identity", 116: "certificate required", 120: "no application protocol",
}

func alertName(description byte) string {
	if name := alertNames[description]; name != "" {
		return name
	}
	return "alert " + strconv.Itoa(int(description))
}

// record takes a record's header.
func (h *Handshake) record(s *handshakeSide) {
	if s.lost = !s.records.isTLS(); s.done || s.records.kind() == alertRecord {
		return
	}
	if s.records.kind() == handshakeRecord && s.records.isTLS() {
		return
	}
	if h.info.retries && s.records.kind() == changeCipherSpec {
		return // of a HelloRetryRequest: the ServerHello is still to come
	}
	h.info.Resumed = h.info.Resumed || s.records.kind() == changeCipherSpec && s.hello && !s.more && !h.info.Encrypted
	h.end(s)
}

// fragment takes a piece of handshake messages.
func (h *Handshake) fragment(s *handshakeSide, b []byte, at flow.Mark) {
	for len(b) > 0 && !s.done {
		var message []byte
		message, b = s.msgs.Next(b, func(open []byte) int { return h.reserve(s, s.needs(open)) })
		if message != nil {
			h.message(s, message, at)
		}
	}
}

// In a Certificate follow the length of the list and that of the first certificate (RFC
// 5246 section 7.4.2), the only one that is read.
const leafHeader = messageHeader + 3 + 3

func length24(b []byte) int { return int(b[0])<<16 | int(b[1])<<8 | int(b[2]) }

// needs is how long a message has to be before it can be read.
func (s *handshakeSide) needs(open []byte) int {
	whole := MessageSize(open)
	switch open[0] {
	case helloOfClient, helloOfServer, encryptedExtensions:
		return whole
	case certificate:
		from := s.leafHeader()
		if len(open) < from {
			return min(whole, from)
		}
		return min(whole, from+length24(open[from-3:]))
	}
	return messageHeader
}

// leafHeader is where the first certificate begins: TLS 1.3's message begins with a
// context, which a server's has none of (RFC 8446 section 4.4.2).
func (s *handshakeSide) leafHeader() int {
	if s.opened {
		return leafHeader + 1
	}
	return leafHeader
}

// message takes a message of which enough is there.
func (h *Handshake) message(s *handshakeSide, message []byte, at flow.Mark) {
	body := wire{b: message[messageHeader:]}
	switch message[0] {
	case helloOfClient:
		s.asks, h.info.ClientHello = true, at
		h.info.clientHello(body)
		h.end(s) // what the client says after it, only the server needs
		return
	case helloOfServer:
		s.hello, h.info.ServerHello = true, at
		h.info.serverHello(body)
		if h.info.Encrypted && !h.info.retries {
			h.end(s)
			return
		}
	case certificate:
		if from := s.leafHeader(); s.hello && len(message) > from {
			h.info.Full = h.info.Full || !h.info.Encrypted
			h.info.leaf(message[from:], at)
		}
		if h.info.Encrypted || !s.hello {
			h.end(s)
			return
		}
	case encryptedExtensions:
		if s.hello && s.opened {
			h.info.extensions(body)
		}
	case newTicket:
		h.info.Resumable = h.info.Resumable || s.hello && !h.info.Encrypted
	default:
		s.more = true
		h.info.Full = h.info.Full || s.hello && !h.info.Encrypted && (message[0] == serverKeyExchange || message[0] == helloDone)
	}
}

// end stops reading a side and frees what was held of it.
func (h *Handshake) end(s *handshakeSide) {
	if s.done, s.msgs = true, (Messages{}); h.room != nil {
		h.room.Release(s.held)
	}
	s.held = 0
}

// reserve makes room for an open message of n bytes; 0: there is none, and the side is left.
func (h *Handshake) reserve(s *handshakeSide, n int) int {
	if more := n - s.held; h.room != nil && more > 0 {
		if !h.room.Reserve(more) {
			h.end(s)
			return 0
		}
		s.held += more
	}
	return n
}

// Gap is a loss of bytes in a direction: what follows cannot be told apart any more.
func (h *Handshake) Gap(side flow.Direction) {
	if h != nil {
		h.end(&h.sides[side])
		h.sides[side].lost = true
	}
}

// Info is what was read; nil when that is nothing.
func (h *Handshake) Info(client flow.Direction) *record.TLSInfo {
	if h == nil || !h.info.ClientHello.Seen() && !h.info.ServerHello.Seen() {
		return nil
	}
	h.info.Alert.ByServer = h.info.Alert.Mark.Seen() && h.alertSide != client
	return &h.info.TLSInfo
}
