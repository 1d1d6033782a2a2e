package control

import (
	"net/netip"

	"ftpscope/analyze/ftp"
	"ftpscope/analyze/record"
	"ftpscope/capture/flow"
)

// Listener hears which data connections a control connection leads to expect, as it says
// so.
type Listener interface {
	// Expect tells of a negotiation; connections may follow.
	Expect(*Expectation)
	// ExpectHosts says from when on any connection between the two hosts may be a data
	// connection of this session (TLS, or a negotiation that the capture lacks), and when
	// that is over.
	ExpectHosts(HostExpectation)
}

// Deaf hears of nothing.
type Deaf struct{}

func (Deaf) Expect(*Expectation)         {}
func (Deaf) ExpectHosts(HostExpectation) {}

// HostExpectation is what Listener.ExpectHosts hears.
type HostExpectation struct {
	Control        uint64 // Conn.ID of the control connection
	Client, Server netip.Addr
	On             bool
	Lossy          bool // the capture lacks something of the control connection
	Mark           flow.Mark
	Nets           flow.Nets // of the control connection, as far as they are known
}

// Fits reports whether a connection can have one of the keys that the session is wanted
// by. It is asked of a thousand connections in turn where much was lost, and nearly all
// are other hosts'.
func (w *HostExpectation) Fits(c *flow.Conn) bool {
	switch w.Server {
	case c.Src.Addr():
		return c.Src.Port() == flow.PortFTPData || c.Dst.Addr() == w.Client
	case c.Dst.Addr():
		return c.Src.Addr() == w.Client
	}
	return false
}

// Expectation is one negotiation of a data connection: a PORT, EPRT or LPRT that names
// the client's endpoint, a PASV, EPSV or LPSV whose reply names the server's, or
// (MethodDefault) neither: then the server connects to the port of the client's control
// connection (RFC 959 section 3.2).
type Expectation struct {
	Control  uint64 // Conn.ID of the control connection
	Index    int    // within the session
	Passive  bool
	Endpoint netip.AddrPort // announced; invalid when the announcement was not seen or malformed
	Peer     netip.Addr     // the announcing side's address on the control connection
	Expected netip.Addr     // who should connect
	Also     bool           // beside those before: a striped transfer has several endpoints
	Mark     flow.Mark      // from when on a connection may be tried
	Nets     flow.Nets      // of the control connection, as far as they are known
}

// Fits reports whether a connection from src to dst is what the expectation asks for:
// from the expected host to the announced port, at the announced address or (NAT) the
// control peer's; else from any host to exactly the announced endpoint.
func (o *Expectation) Fits(src, dst netip.AddrPort) bool {
	if dst.Port() != o.Endpoint.Port() {
		return false
	}
	if src.Addr() == o.Expected && dst.Addr() == o.Peer {
		return true
	}
	return dst.Addr() == o.Endpoint.Addr()
}

// Rank orders the expectations that a connection fits: from the expected host, and to the
// announced address, come first.
func (o *Expectation) Rank(src, dst netip.AddrPort) int {
	n := 0
	if src.Addr() == o.Expected {
		n += 2
	}
	if dst.Addr() == o.Endpoint.Addr() {
		n++
	}
	return n
}

// Negotiation is what the control connection said of an expectation.
type Negotiation struct {
	Method     string
	Endpoint   netip.AddrPort // as Expectation's
	Since      flow.Time      // when it was made
	Asked      record.Line    // the command; empty text when it was not seen
	Answer     record.Reply   // code 0: none was seen
	Index      int32
	Serial     int32          // its place among negotiations and transfer commands
	ClientSide flow.Direction // the side that was taken for the client
	Passive    bool
	Rejected   bool
	before     int32 // rejected: where to look for the one that was in force before it
	consumed   bool  // a transfer began with it (passive offers serve one)
	used       bool  // a transfer command refers to it
}

// parties are the announcing side's address and that of who should connect.
func (n *Negotiation) parties(client, server netip.Addr) (peer, expected netip.Addr) {
	if n.Passive {
		return server, client
	}
	return client, server
}

// Begin is when the negotiation begins: with its command, or its reply if that was not
// seen.
func (n *Negotiation) Begin() flow.Time {
	if n.Asked.Mark.Seen() {
		return n.Asked.Mark.Time
	}
	return n.Since
}

// TransferCommand is one transfer command, or one that was not seen but whose replies
// were.
type TransferCommand struct {
	Negotiation        int32 // index of the negotiation; -1: none
	Serial             int32 // its place among negotiations and transfer commands
	Verb               ftp.Verb
	Unseen             bool // the command itself was not seen
	Mode               byte // MODE; 0: not known
	modeSaid           bool // it was, not only what sessions begin with
	HasRestart         bool
	HasSize            bool
	ReplyDoubtful      bool // the capture lacks replies between the command and Reply
	Line               record.Line
	Argument, Path     string // empty: none, not known
	Representation     string
	Preliminary, Reply record.Reply // code 0: none was seen
	Aborted            *flow.Mark   // ABOR
	Restart, Size      uint64
	SizeFrom           flow.Pos
}

// Carried reports whether the server said that data flowed.
func (s *TransferCommand) Carried() bool {
	return s.Preliminary.Code != 0 || s.Reply.Code != 0 && s.Reply.Code < 300
}

// VerbNames are what records point to.
var VerbNames = func() (list [256]string) {
	for v := range list {
		list[v] = ftp.Verb(v).String()
	}
	return list
}()
