// Package record is the record model: what ftpscope says of a capture, one Go type a
// record, one field a key. analyze/match fills it in, analyze/finding judges it and
// analyze/report writes it.
package record

import (
	"net/netip"

	"ftpscope/capture/flow"
)

// ModeParallel is the MODE of GridFTP (GFD.20): blocks that may come over several connections.
const ModeParallel = "E"

// MethodStriped is GridFTP's PORT of several endpoints, which several hosts may connect to.
const MethodStriped = "SPOR"

// Notes is what rules and explanations need of a session beyond its record.
type Notes struct {
	Control flow.Conn // the control connection
	Heard
	Size int // of the record in memory: bytes, about

	// Idle is the longest silence after the server's last word: until a command of the
	// client or, when none followed, until the connection's last packet. It is how long a
	// NAT or firewall had nothing to see but keepalives and acknowledgments.
	Idle flow.Time
	// ClientSpoke is when the client last sent something before the server's last word.
	ClientSpoke flow.Time
	// Unbegun says that the server agreed to TLS, and nothing of the client came after its AUTH.
	Unbegun bool
	// Twin is the same session as captured on a NAT's other side; nil: there is none. IsHalf says
	// that this one is what is left of it: the twin holds what both sides said.
	Twin   *Session
	IsHalf bool
	// Refused is the proxy's answer to the client that wanted the control connection; nil: it
	// refused none.
	Refused *Tunnel
	// Dropped is how many packets the kernel dropped while a live session lasted, of
	// whatever connections.
	Dropped uint64
}

// Heard is what is noted of the conversation as it goes.
type Heard struct {
	Oddities []Oddity      // at most MaxOddities
	Logins   []Login       // at most MaxLogins, in order
	LoginEnd flow.Mark     // the reply that logged the user in
	Quit     flow.Mark     // QUIT
	AuthTLS  flow.Mark     // the AUTH command that was answered
	Security string        // that it asked for, if that is no TLS: "GSSAPI"
	ProtC    flow.Mark     // PROT C accepted under TLS
	Site     []SiteCommand // at most MaxSite
	Climbs   []Climb       // at most MaxClimbs

	OperationsLeft int // operations beyond MaxOperations

	Greeting Reply    // the server's first reply; code 0: none
	Extra    Reply    // a reply to nothing, between the greeting and the first command; code 0: none
	Denied   *Denial  // the last command apart from logins and transfers, if it was rejected
	Late     *Denial  // the last command apart from transfers, if its answer took LateReply, whatever it was
	Parting  *Reply   // the last reply that nobody asked for, or that says that the server fails: 421, 500 OOPS
	Waiting  *Line    // the first command that was never answered, though no reply is missing
	Foreign  *Foreign // what a side said first, if that is no FTP
	Ident    *Ident   // what the server asked the client back while it did not greet
}

// Ident is the server's connection to the client's port 113 (RFC 1413), which nobody answered.
type Ident struct {
	First, Last flow.Mark
	Tries       int
}

// Denial is a command that the server answered by 4yz or 5yz.
type Denial struct {
	Line  Line
	Reply Reply
}

// LateReply is how long a server may take before one may say that it does not answer.
const LateReply = 10 * flow.Second

// Foreign is another protocol than FTP in clear, by the first bytes of a side.
type Foreign struct {
	Protocol string // "TLS", "SSH", "HTTP", …
	Mark     flow.Mark
	ByServer bool
}

// Login is one try: USER, and PASS if it was sent, with the reply that decided it.
type Login struct {
	Mark       flow.Mark // of PASS, or of what was decided on without it
	NoPassword bool      // the capture shows none: USER was decided on
	User       string    // empty: not known
	OK         bool
	Sealed     bool   // under TLS
	Code       int    // 0: the capture holds no reply to PASS
	Reply      *Reply // that failed it
	Challenge  string // of a one-time password, in lower case: "otp-md5 487 dog2"
	OneTime    bool   // the password has the form of an answer to it: whoever reads it cannot use it again
}

// Name is the user; nil: the capture does not tell, for it lacks USER.
func (l *Login) Name() *string { return Known(&l.User, l.User != "") }

// Oddity is traffic that breaks the protocol or its customs; it is data, never an error.
type Oddity struct {
	Kind   string
	Mark   flow.Mark
	Detail string
}

// TransferNotes is what rules and explanations need of a transfer beyond its record.
type TransferNotes struct {
	Asked    *Line          // the negotiation as sent: PORT …, PASV
	Answer   *Reply         // its reply
	Ran      *Line          // the transfer command as sent
	Abort    flow.Mark      // ABOR
	Mode     string         // MODE in force: "S", "B", "C" or "Z"; empty when the capture does not tell
	Size     *uint64        // what the server said of the file's size (150 text, SIZE)
	SizeFrom flow.Pos       // where it said so
	Conn     *flow.Conn     // the data connection
	From     netip.AddrPort // the end of Conn that sent the data, if it carried any
	Tried    []flow.Conn    // every connection to the announced endpoint, Conn among them, in order
	InVain   bool           // no command came: the client waited for a connection, and left or tried something else
	Tunnel   *Tunnel        // the proxy's, through which Conn went
	Via      *netip.Addr    // the address that was used instead of the announced one
	Spoken   *Spoken        // what Conn carried reads like a control connection; nil: it does not
	Passed   uint32         // payload bytes of the largest segment of the data's sender that was acknowledged, in the session
	InClear  bool           // Conn carried its data in clear, though the control connection is under TLS
	Blind    bool           // nothing tells whether Conn is under TLS, as the control connection is: the capture lacks its beginning
	Curve    *flow.Curve    // how its data came, when asked for
}

// Tunnel is a connection that a client asked a proxy for.
type Tunnel struct {
	Kind    string // "HTTP CONNECT", "SOCKS5", …
	Target  string // where to: a host or an address with its port, as the client sent it
	Answer  string // of the proxy; empty: none was seen
	Refused bool
	At      flow.Mark // of the answer
}

// Spoken is the first line that reads like FTP's control connection: a command's verb, or
// a reply's code. Its text is not kept, for it may be a secret.
type Spoken struct {
	Mark flow.Mark
	Verb string // empty: a reply
	Code int    // 0: a command
	Both bool   // both sides sent such lines
}

// Line is a line of the client as sent (a password hidden).
type Line struct {
	Mark flow.Mark
	Text string
}

// Limits of what is kept for the rules, in one session.
const (
	// MaxSteps bounds negotiations, and transfer commands, of one session.
	MaxSteps = 10_000
	// MaxOddities and MaxLogins bound what is kept for the rules, in one session.
	MaxOddities = 100
	MaxLogins   = 10_000
	// MaxSite bounds the SITE commands that are kept, MaxSiteAlike those of them with the
	// same first word: a client that sets the permissions of a thousand files does not
	// hide the one EXEC after them.
	MaxSite      = 100
	MaxSiteAlike = 50
	// MaxOperations bounds the operations that are kept.
	MaxOperations = 10_000
	// MaxClimbs bounds the climbing paths that are kept: lists of such attempts differ
	// little after that.
	MaxClimbs = 100
)

// SiteCommand is SITE (RFC 959 section 4.1.3) with its argument as sent; Reply is nil
// when none was seen.
type SiteCommand struct {
	Mark  flow.Mark
	Text  string
	Reply *Reply
}

// Climb is a path argument that leads above the login directory by ".."; Reply is nil
// when none was seen.
type Climb struct {
	Mark     flow.Mark
	Verb     string
	Argument string
	Reply    *Reply

	FromLogin bool // only if the capture began before the login: where the session was then is what makes it one
}

// Kinds of Oddity.
const (
	OddLine      = "long-line"        // longer than ftp.MaxLine
	OddNoCode    = "reply-no-code"    // a line from the server that is no reply
	OddConflict  = "overlap-conflict" // bytes that came again with another content
	OddBytes     = "control-bytes"    // NUL or control bytes in a command
	OddEndpoint  = "bad-endpoint"     // PORT, EPRT, LPRT, 227, 228 or 229 that names none
	OddMultiLine = "multi-line"       // a multi-line reply that did not end as it should
	OddPending   = "pending-dropped"  // more than control keeps commands without a reply
)
