package record

import (
	"net/netip"
	"time"

	"ftpscope/capture/flow"
)

// TLSInfo is what a connection's first TLS handshake says (RFC 8446 section 4, RFC 5246
// section 7.4). Nobody has verified any of it.
type TLSInfo struct {
	ClientHello, ServerHello flow.Mark // where they ended; not seen: zero

	Random     [32]byte // the client's: key logs name the connection by it
	ServerName string   // RFC 6066 section 3, as sent; empty when the client named none
	Offered    []string // versions, the client's best first: "TLS 1.3", …
	Protocols  []string // ALPN, as the client offers them

	Version  string // chosen by the server
	Cipher   string // "TLS_AES_128_GCM_SHA256"; "0x…" when it has no name here
	Protocol string // ALPN, chosen

	// Encrypted says that the version, TLS 1.3, encrypts the server's certificate: only
	// keys show it (RFC 8446 section 2).
	Encrypted bool
	Fingerprints
	Resumption
	Alert TLSAlert // the first that could be read

	Certificate *Certificate // the server's; nil: not seen

	// Replies are what the server said of a control connection that cannot be read: the last
	// ones, as far as the lengths of records tell.
	Replies []SealedReply
}

// SealedReply is a reply under TLS of which nothing but its length is known.
type SealedReply struct {
	At   flow.Mark
	Size int // bytes
}

// Fingerprints tell programs apart by their hellos; empty: the hello was not seen.
type Fingerprints struct {
	JA3, JA4 string // of the client
	JA3S     string // of the server
}

// Resumption is whether an earlier session goes on.
type Resumption struct {
	// Resumed says that it does: the server sent no certificate (RFC 5246 section 7.3,
	// figure 2), or accepted a pre-shared key (RFC 8446 section 2.2). Full says that it
	// does not.
	Resumed, Full bool
	Asked         bool // the client offered to resume one
	// Resumable says that the server gave what a later connection can resume this session
	// by. Tickets are the sizes of the encrypted messages with which TLS 1.3 does; nil: not
	// known.
	Resumable bool
	Tickets   []int
}

// Certificate is the server's own, the first of its chain.
type Certificate struct {
	Mark                flow.Mark // where it ended
	SHA256              [32]byte
	Serial              string    // in hexadecimal digits
	Subject, Issuer     string    // RFC 2253 text
	Names               []string  // subject alternative names
	NotBefore, NotAfter time.Time // zero: it could not be read
	SelfSigned          bool      // subject and issuer are the same
}

// Read reports whether the certificate could be read.
func (c *Certificate) Read() bool { return c != nil && !c.NotAfter.IsZero() }

// Expired reports whether it was not in force any more when it was shown.
func (c *Certificate) Expired() bool {
	return c.Read() && time.Unix(0, int64(c.Mark.Time)).After(c.NotAfter)
}

// Early reports whether it was not in force yet.
func (c *Certificate) Early() bool {
	return c.Read() && time.Unix(0, int64(c.Mark.Time)).Before(c.NotBefore)
}

// TLSAlert is an alert (RFC 8446 section 6).
type TLSAlert struct {
	Mark     flow.Mark // not seen: zero
	Name     string    // "unknown CA"; "alert 99" when it has no name here; empty: encrypted
	Fatal    bool
	ByServer bool
	// Guessed says that it is encrypted: a record with the length of an alert where
	// Finished was due or, with Late, where the server's first reply was.
	Guessed, Late bool
}

// By is the side that sent it: Client or Server.
func (a *TLSAlert) By() string {
	if a.ByServer {
		return Server
	}
	return Client
}

// DataTLS is what was found out about a data connection under TLS; its flow.Conn has it
// among its Facts.
type DataTLS struct {
	Ends   [2]netip.AddrPort // who sent Plain[0] and Plain[1]
	Plain  [2]*uint64        // bytes of application data; nil: not known
	Opened bool              // by keys
	Info   *TLSInfo          // of its handshake; nil: none was seen

	// Server is which of Ends is the server, Early the sizes of its first records under
	// TLS 1.3: they may be tickets, which are no data.
	Server int
	Early  []int
}

// maxTicketDiffers is by how much a ticket's size differs from that of another of the
// same server: it holds names and times.
const maxTicketDiffers = 32

// PlainFrom is how much of application data an end sent, where tickets have the sizes
// that those of the control connection have; nil: not known.
func (d *DataTLS) PlainFrom(end netip.AddrPort, tickets []int) *uint64 {
	side := 0
	switch end {
	case d.Ends[0]:
	case d.Ends[1]:
		side = 1
	default:
		return nil
	}
	n := d.Plain[side]
	if n == nil || side != d.Server || len(d.Early) == 0 {
		return n
	}
	if tickets == nil {
		return nil
	}
	left := *n
	for i, size := range d.Early {
		if i >= len(tickets) || size != d.Early[0] || max(size-tickets[0], tickets[0]-size) > maxTicketDiffers {
			break
		}
		left -= uint64(size)
	}
	return &left
}

// TLSOf is what was found out about a connection under TLS; nil: it was not, as far as is
// known.
func TLSOf(c *flow.Conn) *DataTLS {
	d, _ := c.Facts.(*DataTLS)
	return d
}

// Sealed is what is known of a transfer's data under TLS.
type Sealed struct {
	PlainBytes *uint64  // of Bytes: the plaintext's
	Handshake  *TLSInfo // of the data connection; nil: none was seen
}

// IsSealed reports whether its data are under TLS, and nobody knows how many they are.
func (t *Transfer) IsSealed() bool { return t.PlainBytes == nil && t.UsesTLS() }

// UsesTLS reports whether the data connection was seen to be under TLS.
func (t *Transfer) UsesTLS() bool { return t.Notes.Conn != nil && TLSOf(t.Notes.Conn) != nil }

// ReadsAgain reports whether what was hidden is told by what was said in clear after it
// (CCC, RFC 4217 section 12.3): all transfers are.
func (s *Session) ReadsAgain() bool {
	told := s.Notes.Quit.Seen()
	for i := range s.Transfers {
		if s.Transfers[i].Method == MethodEncrypted {
			return false
		}
		told = told || s.Transfers[i].Command != nil
	}
	return s.Hides() && told
}

// Protection is what protects the control connection: TLS, or another mechanism of RFC
// 2228 by the name that AUTH gave it.
func (s *Session) Protection() string {
	if s.Notes.Security != "" {
		return s.Notes.Security
	}
	return "TLS"
}
