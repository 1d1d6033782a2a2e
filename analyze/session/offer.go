package session

import (
	"net/netip"

	"ftpscope/analyze/ftp"
	"ftpscope/analyze/record"
	"ftpscope/capture/flow"
)

// ftpData is the port that servers connect from (RFC 959 section 3.2: L-1, where L is 21), if they keep to it.
const ftpData = 20

// Offer is one negotiation of a data connection: a PORT, EPRT or LPRT that names the client's endpoint, a PASV, EPSV
// or LPSV whose reply names the server's, or (MethodDefault) neither: then the server connects to the port of the
// client's control connection (RFC 959 section 3.2).
type Offer struct {
	Control  uint64 // Conn.ID of the control connection
	Index    int    // within the session
	Passive  bool
	Endpoint netip.AddrPort // announced; invalid when the announcement was not seen or malformed
	Peer     netip.Addr     // the announcing side's address on the control connection
	Expected netip.Addr     // who should connect
	Mark     flow.Mark      // from when on a connection may be tried
	Nets     flow.Nets      // of the control connection, as far as they are known
}

// fits reports whether a connection from src to dst is what the offer asks for: from the expected host to the announced
// port, at the announced address or (NAT) the control peer's; else from any host to exactly the announced endpoint.
func (o *Offer) fits(src, dst netip.AddrPort) bool {
	if dst.Port() != o.Endpoint.Port() {
		return false
	}
	if src.Addr() == o.Expected && dst.Addr() == o.Peer {
		return true
	}
	return dst.Addr() == o.Endpoint.Addr()
}

// reach orders the offers that a connection fits: from the expected host, and to the announced address, come first.
func (o *Offer) reach(src, dst netip.AddrPort) int {
	n := 0
	if src.Addr() == o.Expected {
		n += 2
	}
	if dst.Addr() == o.Endpoint.Addr() {
		n++
	}
	return n
}

// text and number are a string and a number that may not be known.
type (
	text struct {
		value string
		known bool
	}
	number struct {
		value uint64
		known bool
	}
)

func (t *text) pointer() *string { return pointer(&t.value, t.known) }

// pointer is nil for a value that is not known, as the record has it.
func pointer[T any](value *T, known bool) *T {
	if known {
		return value
	}
	return nil
}

// seen is the reply, nil when there was none.
func seenReply(r *record.Reply) *record.Reply { return pointer(r, r.Code != 0) }

// negotiation is what the control connection said of an offer.
type negotiation struct {
	method   string
	endpoint netip.AddrPort // as Offer's
	since    flow.Time      // when it was made
	asked    record.Line    // the command; empty text when it was not seen
	answer   record.Reply   // code 0: none was seen
	index    int32
	serial   int32          // its place among negotiations and steps
	client   flow.Direction // the side that was taken for the client
	passive  bool
	rejected bool
	before   int32 // rejected: where to look for the one that was in force before it
	consumed bool  // a transfer began with it (passive offers serve one)
	used     bool  // a transfer command refers to it
}

// parties are the announcing side's address and that of who should connect.
func (n *negotiation) parties(client, server netip.Addr) (peer, expected netip.Addr) {
	if n.passive {
		return server, client
	}
	return client, server
}

// step is one transfer command, or one that was not seen but whose replies were.
type step struct {
	offer          int32 // index of the negotiation; -1: none
	serial         int32 // its place among negotiations and steps
	verb           ftp.Verb
	unseen         bool // the command itself was not seen
	mode           byte // MODE; 0: not known
	modeSaid       bool // it was, not only what sessions begin with
	hasRestart     bool
	hasSize        bool
	line           record.Line
	argument, path string // empty: none, not known
	representation string
	prelim, reply  record.Reply // code 0: none was seen
	aborted        *flow.Mark   // ABOR
	restart, size  uint64
	sizeFrom       flow.Pos
}

// verbNames are what records point to.
var verbNames = func() (list [256]string) {
	for v := range list {
		list[v] = ftp.Verb(v).String()
	}
	return list
}()
