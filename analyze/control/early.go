package control

import (
	"bytes"

	"ftpscope/analyze/ftp"
	"ftpscope/analyze/tlsrec"
	"ftpscope/capture/flow"
)

// early is what the sides said so far of something that shows what it is only when more of it
// is there: a host may send it in pieces as small as it likes.
type early struct{ begun *[2][]byte } // nil: neither began so

// join puts what a side said so before its next bytes.
func (e early) join(dir flow.Direction, b []byte) []byte {
	if e.begun == nil || len(e.begun[dir]) == 0 {
		return b
	}
	b, e.begun[dir] = append(e.begun[dir], b...), nil
	return b
}

func (e *early) keep(dir flow.Direction, b []byte) {
	if e.begun == nil {
		e.begun = new([2][]byte)
	}
	e.begun[dir] = bytes.Clone(b)
}

// clone is for a Conversation that ends while this one goes on.
func (e early) clone() (c early) {
	if e.begun != nil {
		begun := *e.begun
		c.begun = &begun
	}
	return c
}

// longestHeader bounds what is waited for: PROXY protocol version 1 has 107 bytes at most,
// one of version 2 with an address of every kind 232.
const longestHeader = 256

// recordHeader is the length of a TLS record's header.
const recordHeader = 5

// isEarly reports whether what a side says has to be waited for: the header of a TLS record
// where one may begin, and, as the client's first words, what stands before FTP.
func isEarly(c *Conversation, dir flow.Direction, b []byte) bool {
	s := &c.sides[dir]
	switch {
	case tlsrec.IsHandshake(b[0]):
		return len(b) < recordHeader && c.tls.records == nil && s.framer.Pending() == 0 && (!s.spoke || mayBeginTLS(c))
	case s.spoke || s.lossy || dir != c.client || c.roles != rolesBySYN || len(b) > longestHeader:
		return false
	case b[0] == 'P' || b[0] == '\r':
		return beginsProxyLine(b)
	}
	return (b[0] != 'C' || !c.isOnControlPort()) && beginsTunnel(b)
}

// mayBeginTLS reports whether TLS may begin although the server's consent was not seen.
func mayBeginTLS(c *Conversation) bool {
	waiting := c.pairing.pending
	return len(waiting) > 0 && waiting[len(waiting)-1].verb == ftp.AUTH || c.sides[c.client^1].lossy
}

// hearEarly takes what was waited for as it is: no more comes.
func hearEarly(c *Conversation, dir flow.Direction) {
	if b := c.early.join(dir, nil); len(b) > 0 {
		takeSaid(c, dir, b)
	}
}

// MayBeginMore reports whether the first bytes of a client are too few to tell whether they
// ask a proxy for a connection.
func MayBeginMore(first []byte) bool { return beginsTunnel(first) }

// beginsTunnel reports whether that is so: of CONNECT a part of the word, of SOCKS a part of
// what version 4 or 5 begins with.
func beginsTunnel(b []byte) bool {
	const connect = "CONNECT "
	switch b[0] {
	case connect[0]:
		return len(b) < len(connect) && bytes.HasPrefix([]byte(connect), b)
	case 4:
		return (len(b) < 2 || b[1] == 1) && (len(b) < 9 || b[len(b)-1] != 0)
	case 5:
		return len(b) < 2 || len(b) < int(b[1])+2
	}
	return false
}

// beginsProxyLine reports whether b is a part of a balancer's header.
func beginsProxyLine(b []byte) bool {
	if len(b) < len(proxyV1) {
		return bytes.HasPrefix([]byte(proxyV1), b) || bytes.HasPrefix([]byte(proxyV2), b)
	}
	if bytes.HasPrefix(b, []byte(proxyV1)) {
		return bytes.IndexByte(b, '\n') < 0
	}
	if len(b) < len(proxyV2)+4 {
		return bytes.HasPrefix([]byte(proxyV2), b[:min(len(b), len(proxyV2))])
	}
	return bytes.HasPrefix(b, []byte(proxyV2)) && len(b) < 16+(int(b[14])<<8|int(b[15]))
}
