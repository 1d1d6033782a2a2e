package session

import (
	"net/netip"

	"ftpscope/capture/flow"
)

// Notes is what rules and explanations need of a session beyond its record.
type Notes struct {
	Control  flow.Conn     // the control connection
	Oddities []Oddity      // at most MaxOddities
	Logins   []Login       // at most MaxLogins, in order
	LoginEnd flow.Mark     // the reply that logged the user in
	Quit     flow.Mark     // QUIT
	AuthTLS  flow.Mark     // the AUTH command that was answered
	ProtC    flow.Mark     // PROT C accepted under TLS
	Site     []SiteCommand // at most MaxSite
	Climbs   []Climb       // at most MaxClimbs
	TLS      *TLSInfo      // nil when none of its handshake was seen in clear
	Size     int           // of the record in memory: bytes, about

	// Idle is the longest silence after the server's last word: until a command of the client or, when none followed, until
	// the connection's last packet. It is how long a NAT or firewall had nothing to see but keepalives and acknowledgments.
	Idle flow.Time
	// Dropped is how many packets the kernel dropped while a live session lasted, of whatever connections.
	Dropped uint64
}

// Login is one try: USER, and PASS if it was sent, with the reply that decided it.
type Login struct {
	Mark      flow.Mark // of the command that was decided on: PASS, or USER that needed none
	User      string
	OK        bool
	Code      int    // 0: the capture holds no reply to PASS
	Challenge string // of a one-time password, in lower case: "otp-md5 487 dog2"
	OneTime   bool   // the password has the form of an answer to it: whoever reads it cannot use it again
}

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
	Via      *netip.Addr    // the address that was used instead of the announced one
}

// Line is a line of the client as sent (a password hidden).
type Line struct {
	Mark flow.Mark
	Text string
}
