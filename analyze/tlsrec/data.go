package tlsrec

import "ftpscope/capture/flow"

// DataReader reads the beginning of a data connection under TLS for who sends what it
// carries. It cannot be told by the bytes where the handshake outweighs them, nor by who
// spoke last: a TLS 1.3 server sends its tickets when it likes (RFC 8446 section 4.6.1),
// also after a short upload.
type DataReader struct {
	Next  ByteReader // hears all as well; nil: nobody
	sides [2]dataSide
	off   bool // it cannot be told any more
}

// ByteReader is what tables give a connection's bytes to.
type ByteReader interface {
	Data(dir flow.Direction, b []byte, at flow.Mark) bool
	Gap(dir flow.Direction, n uint64, at flow.Mark)
	Closed(c *flow.Conn) flow.Told // the connection's end; what the reader made of it
}

// dataSide is one direction: its records (RFC 8446 section 5.1).
type dataSide struct {
	read     int // bytes
	records  recordReader
	hello    byte // the type of its first message
	begins   bool // the next byte is the first of a handshake message
	changed  bool // its cipher did
	sealed   bool // a handshake message came after that which is no second hello: Finished of TLS 1.2
	app      int  // records of application data, which under TLS 1.3 hold the rest of the handshake too
	odd      bool // one before Finished that a client without certificate does not send
	finished bool
	after    int  // those after Finished
	more     bool // one of them is no alert
}

const (
	// What application data holds of a client's handshake under TLS 1.3, with its type
	// and tag: Finished with SHA-256 and SHA-384, a Certificate message without
	// certificate, an alert.
	finished256, finished384 = 4 + 32 + 1 + 16, 4 + 48 + 1 + 16
	noCertificate            = 4 + 4 + 1 + 16
	alert                    = 2 + 1 + 16
)

// Data takes the next bytes of a direction; false: nobody needs more.
func (s *DataReader) Data(dir flow.Direction, b []byte, at flow.Mark) bool {
	if s.Next != nil && !s.Next.Data(dir, b, at) {
		s.Next = nil
	}
	if !s.off {
		x := &s.sides[dir]
		if x.read += len(b); x.read >= flow.Short || !x.take(b) {
			s.off = true
		}
	}
	return !s.off || s.Next != nil
}

// Gap says that n bytes of a direction are missing.
func (s *DataReader) Gap(dir flow.Direction, n uint64, at flow.Mark) {
	if s.off = true; s.Next != nil {
		s.Next.Gap(dir, n, at)
	}
}

// comparer is a ByteReader that wants to hear of bytes with two contents.
type comparer interface {
	Compares() bool
	Conflict(dir flow.Direction, from int64, n uint64, at flow.Mark)
}

// Compares reports whether Next wants to hear of bytes with two contents.
func (s *DataReader) Compares() bool {
	c, ok := s.Next.(comparer)
	return ok && c.Compares()
}

// Conflict passes them on.
func (s *DataReader) Conflict(dir flow.Direction, from int64, n uint64, at flow.Mark) {
	if c, ok := s.Next.(comparer); ok {
		c.Conflict(dir, from, n, at)
	}
}

// take reads the next bytes; false: this is no TLS.
func (x *dataSide) take(b []byte) bool {
	for len(b) > 0 {
		fragment, rest, begins := x.records.next(b)
		if b = rest; begins && !x.record() {
			return false
		}
		if len(fragment) > 0 && x.begins {
			x.message(fragment[0])
		}
	}
	return true
}

// message takes the type of a handshake record's first message.
func (x *dataSide) message(kind byte) {
	if x.begins = false; x.hello == 0 {
		x.hello = kind
	}
	x.sealed = x.sealed || x.changed && kind != helloOfClient
}

// record takes a record's header.
func (x *dataSide) record() bool {
	kind := x.records.kind()
	if kind < changeCipherSpec || kind > heartbeat || !x.records.isTLS() || x.hello == 0 && kind != handshakeRecord {
		return false
	}
	x.begins, x.changed = kind == handshakeRecord, x.changed || kind == changeCipherSpec
	if kind != applicationData {
		return true
	}
	x.app++
	switch {
	case x.finished:
		x.after++
		x.more = x.more || x.records.left != alert
	case x.records.left == finished256 || x.records.left == finished384:
		x.finished = true
	default:
		x.odd = x.odd || x.records.left != noCertificate
	}
	return true
}

// Closed tells of the connection's end, and returns who sent what it carried.
func (s *DataReader) Closed(c *flow.Conn) flow.Told {
	if s.Next != nil {
		s.Next.Closed(c)
	}
	return flow.Told{Sent: s.Sent(c.Closing != flow.Cut)}
}

// Sent is who sent what the connection carried, which is over or may go on. TLS 1.2 has
// its handshake in records of their own; under TLS 1.3 a client that sends anything but an
// alert after Finished sends data.
func (s *DataReader) Sent(over bool) flow.Sent {
	client := flow.Out
	if s.sides[flow.In].hello == helloOfClient {
		client = flow.In
	}
	c, server := &s.sides[client], &s.sides[client^1]
	switch {
	case s.off || c.hello != helloOfClient:
	case c.app+server.app == 0:
		return flow.SentNothing
	case server.hello != helloOfServer:
	case c.app == 0 && !c.sealed: // of TLS 1.3: the server's are of the handshake
	case c.app == 0:
		return flow.SentBy(client ^ 1)
	case server.app == 0:
		return flow.SentBy(client)
	case c.odd || !c.finished: // a client's certificate, early data
	case c.more || c.after > 1:
		return flow.SentBy(client)
	case over:
		return flow.SentBy(client ^ 1)
	}
	return flow.SentUnknown
}
