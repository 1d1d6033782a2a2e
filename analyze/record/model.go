package record

import (
	"net/netip"
	"strings"

	"ftpscope/analyze/ftp"
	"ftpscope/capture/flow"
)

// The record model: what ftpscope says, one Go type a record, one field a key. Pointers
// are nil where a value is unknown. The formats of analyze/report read it and nothing else.

// Stamp is a packet's time with the digits of the second that its capture gives.
type Stamp struct {
	Time   flow.Time
	Digits uint8
}

// Session is one control connection.
type Session struct {
	ID         int
	Start, End Stamp
	Client     netip.AddrPort
	Server     netip.AddrPort
	Network    *Network // nil: the plain one
	User       *string
	Anonymous  bool
	Password   *string // as the wire had it; writers hide it unless asked for
	Login      string  // LoginOK, …
	TLS        string
	Banner     *string
	Said
	Mode      string
	Initiator string
	Closing   string
	Open      bool // a snapshot: the session goes on
	Commands  int
	Capture   Coverage
	Transfers []Transfer
	Findings  []Finding
	TCP       *TCP     // how the control connection did
	Verdict   *Verdict // nil: not judged

	Origin
	Notes Notes // what rules need beyond the record; not written
}

// Origin is where a session comes from: its place in the capture, and who is behind it.
type Origin struct {
	Sensor     string    // who sniffed it, of those whose records were collected; empty: no sensor
	First      flow.Mark // the control connection's first packet: the order of sessions; not written
	Twin       int       // the ID of the same session as captured on a NAT's other side; 0: there is none
	RealClient string    // who is behind the client by a PROXY line, "192.0.2.1:40000"; empty: nobody is named
	RealServer string    // where the client asked a proxy to connect to, "ftp.example.net:21"; empty: as RealClient
}

// Said is what was said on the control connection, beside what it led to.
type Said struct {
	Handshake  *TLSInfo    // nil: none of TLS was seen
	System     *string     // text of the reply to SYST
	Dialogue   []Exchange  // the commands themselves, when asked for
	Operations []Operation // what changed the server's files, or was to, in order, at most MaxOperations
}

// HiddenText stands for a password.
const HiddenText = ftp.Hidden

// Values of Session.Login.
const (
	LoginOK     = "ok"
	LoginFailed = "failed"
	LoginNone   = "none"
)

// Values of Session.TLS.
const (
	TLSNone     = "none"
	TLSExplicit = "explicit"
	TLSRefused  = "refused"
	TLSImplicit = "implicit"
)

// IsUnderTLS reports whether the control connection is under TLS.
func (s *Session) IsUnderTLS() bool { return s.TLS == TLSExplicit || s.TLS == TLSImplicit }

// Hides reports whether TLS hides what the control connection said.
func (s *Session) Hides() bool { return s.IsUnderTLS() && !s.Capture.Decrypted }

// Values of Session.Mode and Transfer.Mode.
const (
	Active  = "active"
	Passive = "passive"
	Mixed   = "mixed"
	Unknown = "unknown"
	None    = "none"
)

// Values of Session.Initiator and Transfer.Initiator (with Mixed and None).
const (
	Client     = "client"
	Server     = "server"
	ThirdParty = "third-party"
)

// Values of Session.Closing (with those of Connection.Closing).
const ClosingQuit = "quit"

// Values of Transfer.Outcome (with Unknown).
const (
	OK           = "ok"
	Denied       = "denied"
	NoConnection = "no-connection"
	Aborted      = "aborted"
	Incomplete   = "incomplete"
	Unused       = "unused"
	Rejected     = "rejected"
)

// Values of Transfer.Method besides the commands' names.
const (
	MethodDefault   = "default"   // none was negotiated: RFC 959 section 3.2
	MethodEncrypted = "encrypted" // the control connection is under TLS
)

// Values of Transfer.Direction.
const (
	Download = "download"
	Upload   = "upload"
)

// Values of Transfer.Evidence (with None).
const (
	EvidenceSYN      = "syn"
	EvidenceInferred = "inferred"
)

// Coverage is what of the control connection the capture holds.
type Coverage struct {
	FromStart, ToEnd       bool
	ClientSide, ServerSide bool
	MissingBytes           uint64
	Decrypted              bool   // what is under TLS was opened with the keys that were given
	Undecrypted            string // why they do not open all of it; empty: they do, there are none, or not its own
}

// Exchange is a command with its replies. Command is empty for replies to no command (the
// greeting) or to one not seen.
type Exchange struct {
	Time     Stamp
	Pos      flow.Pos
	Link     flow.Pos // as Frames.Link
	Command  string
	Argument *string
	Replies  []Reply
}

// Reply is a reply of the server: the text of a multi-line reply has its lines joined by
// "\n".
type Reply struct {
	Time Stamp
	Pos  flow.Pos
	Link flow.Pos // as Frames.Link
	Code int
	Text string

	Cut   bool   // the capture lacks its end; not written
	About string // the path or the user that its command named: servers repeat it; not written
}

// Operation is a command that changes the server's files without carrying any: DELE, RMD,
// MKD, RNTO, MFMT and its like, MDTM that sets a time, SITE.
type Operation struct {
	Time     Stamp
	Pos      flow.Pos
	Link     flow.Pos // as Frames.Link
	What     string   // the command, of SITE with its first word: "DELE", "RNTO", "SITE CHMOD"
	Path     *string  // its path, against the working directory; nil: not known, or none
	From     *string  // RNTO: what was renamed, as Path
	Argument *string  // what is left of its argument: a time, a mode
	Reply    *Reply   // nil: none was seen
}

// Agreed reports whether the server did what was asked for.
func (o *Operation) Agreed() bool { return o.Reply != nil && o.Reply.Code < 400 }

// Transfer is one data channel, negotiated or used.
type Transfer struct {
	N                 int
	Command           *string
	Argument          *string
	Path              *string
	Direction         *string
	Representation    *string
	Restart           *uint64
	Method            string
	Mode              string
	Announced         *netip.AddrPort
	ExpectedInitiator *string
	Initiator         string
	Evidence          string
	Connection        *Connection
	Bytes             *uint64
	MissingBytes      *uint64
	Sealed
	Preliminary *Reply
	Reply       *Reply
	Outcome     string
	Frames      Frames
	Content
	TCP     *TCP
	Verdict *Verdict // nil: it went well, or was not judged

	Notes TransferNotes // what rules need beyond the record; not written
}

// Content is what was found out about the bytes that a transfer carried, when asked for.
type Content struct {
	SHA256    *string
	MD5, SHA1 *string
	MIMEType  *string
	File      *string
}

// Carried is how many bytes of its own a transfer's data connection carried: plaintext
// where it is under TLS and that is known.
func (t *Transfer) Carried() *uint64 {
	if t.PlainBytes != nil {
		return t.PlainBytes
	}
	return t.Bytes
}

// OfFile reports whether it carries a file, not a listing.
func (t *Transfer) OfFile() bool {
	if t.Command == nil {
		return false
	}
	switch strings.ToUpper(*t.Command) {
	case "RETR", "STOR", "STOU", "APPE":
		return true
	}
	return false
}

// Opened reports whether a transfer's data connection came to be.
func (t *Transfer) Opened() bool {
	return t.Connection != nil && t.Connection.State == Established
}

// Failed reports whether a transfer did not do what the client asked for.
func (t *Transfer) Failed() bool {
	return t.Outcome == Denied || t.Outcome == NoConnection || t.Outcome == Aborted
}

// SYNSeen reports whether the capture itself shows who opened the data connection.
func (t *Transfer) SYNSeen() bool {
	return t.Frames.SYN.Seen() || t.Notes.Conn != nil && t.Notes.Conn.OpenerKnown
}

// Values of Connection.State and Attempt.State (with Unknown).
const (
	Established = "established"
	Refused     = "refused"
	Unanswered  = "unanswered"
	Unreachable = "unreachable"
)

// Connection is a data connection; Src opened it.
type Connection struct {
	Src, Dst   netip.AddrPort
	Start, End Stamp
	State      string   // Established, …
	Attempts   int      // SYNs sent, over all tries
	Channels   int      // connections that the transfer used side by side (MODE E); 0: one
	Closing    string   // "fin", "rst", "cut"
	Network    *Network // nil: none but the session's; of an orphan: the plain one
}

// Frames are the packets that show a transfer; zero: not seen.
type Frames struct {
	Negotiation, Command, SYN, FirstData, Reply flow.Pos

	Link *Frames // where they were on the link, when a live run keeps them in a file that numbers them anew; else nil
}

// Attempt is a control connection that never came to be: one a client host and server
// endpoint.
type Attempt struct {
	ClientIP    netip.Addr
	Server      netip.AddrPort
	Count       int // SYNs, retransmissions counted
	State       string
	First, Last Stamp
	ICMP        *ICMP
	Network     *Network // nil: the plain one
	Verdict     *Verdict
	Sensor      string // as Origin.Sensor

	Answer flow.Pos // a SYN-ACK that did not get through; not written
}

// ICMP is the error that a SYN met: RFC 792 or RFC 4443 type and code, and who sent it.
type ICMP struct {
	From       netip.Addr
	Type, Code int
}

// Orphan is a data connection whose control connection is not in the capture.
type Orphan struct {
	Mode, Evidence, Initiator string
	Connection                Connection
	Bytes                     uint64
	TCP                       *TCP
	Verdict                   *Verdict
	Sensor                    string // as Origin.Sensor

	Conn flow.Conn // the connection itself; not written
}

// Finding is a rule's verdict; see package finding.
type Finding struct {
	ID       string
	Severity string
	Message  string
	Transfer int // 0: the whole session
	Frames   []flow.Pos
	Link     []flow.Pos // those on the link, as Frames.Link
	Advice   string
	Shared   bool // Advice is the next steps of the verdict on the same failure: who shows that leaves it out; not written
}

// Summary is the last record: what was read, found and not read.
type Summary struct {
	Files     []string
	Packets   uint64
	Bytes     uint64 // of the packets as they were on the wire
	First     *Stamp
	Last      *Stamp
	Sessions  int
	Transfers Tally
	Attempts  int // those counted, not only those kept
	Orphans   int
	Findings  map[string]int // by severity
	Capture   SummaryCapture
	Hidden    *Hidden // what a Choice of records left out; nil: there was none
	Sensor    string  // as Origin.Sensor
}

// Gap says that records of a sensor were lost on their way, before those that follow.
type Gap struct {
	Sensor  string
	Records uint64
}

// Hidden counts records that were left out on demand. All other counts of the Summary
// include them.
type Hidden struct{ Sessions, Attempts, Orphans int }

// Tally counts transfers by mode.
type Tally struct{ Active, Passive, Unknown int }

// SummaryCapture says what the capture lacks.
type SummaryCapture struct {
	MissingBytes   uint64          // over all control connections
	TruncatedFiles []string        // files that could not be read to their end
	Undecoded      uint64          // packets that no decoder understood
	Reasons        []Reason        // why, the most frequent first
	WrongChecksums []ChecksumCount // hosts of which most are wrong, if they were verified; not written
	Dropped        uint64          // by the capturing machine, as pcapng's statistics say
	Evicted        uint64          // connections forgotten because a table was full
	Repeated       uint64          // packets that came again long after: the capture holds them twice
	Limits         []LimitHit
}

// Reason is why packets were not decoded, and how many.
type Reason struct {
	Text    string
	Packets uint64
}

// ChecksumCount says how many of a host's checksums were checked and how many of those
// were wrong.
type ChecksumCount struct {
	Host           netip.Addr
	Wrong, Checked uint64
}

// LimitHit says that a limit was reached, and how often.
type LimitHit struct {
	Limit string
	Count uint64
}

// MaxAttempts bounds the attempts and MaxOrphans the orphans that are reported; the rest
// is only counted.
const (
	MaxAttempts = 10_000
	MaxOrphans  = 10_000
)

// Network is where a connection was seen, where that is not the plain network.
type Network struct {
	// Paths are those of the packets of the client (of a data connection: of who opened
	// it), then others that its packets were seen in: of the other direction, and of
	// copies (SPAN ports).
	Paths []NetworkPath
}

// NetworkPath is the tags and tunnels that packets were in, the outermost first; those of
// the plain network are none.
type NetworkPath struct {
	Name  string // for people
	Steps []NetworkStep
}

// NetworkStep is a tag or a tunnel.
type NetworkStep struct {
	Kind string
	ID   *uint64
	Ends []netip.Addr // of a tunnel, the smaller first
}

// Known points to a value, and is nil for one that is not known: so the record has it.
func Known[T any](value *T, known bool) *T {
	if known {
		return value
	}
	return nil
}

// SeenReply is the reply, nil when there was none.
func SeenReply(r *Reply) *Reply { return Known(r, r.Code != 0) }
