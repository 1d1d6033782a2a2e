// Package tlsrec reads TLS records (RFC 8446 section 5.1) as they pass: the handshakes of control connections, what
// follows TLS in clear, and who sends what on data connections. Package control is its reader on control connections.
package tlsrec

// tlsHeader gathers a record's header (RFC 8446 section 5.1), which may come in pieces.
type recordHeader struct {
	bytes [5]byte
	have  int
}

// longestRecord is RFC 5246's (section 6.2.3); RFC 8446's is shorter.
const longestRecord = 1<<14 + 2048

// Kinds of records.
const (
	changeCipherSpec = 20
	handshakeRecord  = 22
	applicationData  = 23
	heartbeat        = 24 // the last that there is
)

// take takes what of b belongs to the header; whole: that was all of it, and the next one may begin.
func (h *recordHeader) take(b []byte) (rest []byte, whole bool) {
	n := copy(h.bytes[h.have:], b)
	h.have += n
	if whole = h.have == len(h.bytes); whole {
		h.have = 0
	}
	return b[n:], whole
}

func (h *recordHeader) kind() byte { return h.bytes[0] }

// length is that of the record, without header.
func (h *recordHeader) length() int { return int(h.bytes[3])<<8 | int(h.bytes[4]) }

// isTLS reports whether the version and the length are those of a record.
func (h *recordHeader) isTLS() bool { return h.bytes[1] == 3 && h.length() <= longestRecord }

// tlsSkipper passes over TLS records in one direction, so that a control connection that goes back to clear text
// (CCC, RFC 4217 section 12.3) is read again: after CCC the first byte at a record boundary is no record's.
type Skipper struct {
	On     bool
	lost   bool // a gap: where the next record begins is not known
	header recordHeader
	left   int
}

// IsRecord reports whether a byte can begin a record (RFC 8446 section 5.1): change_cipher_spec … application_data.
func IsRecord(first byte) bool { return first >= changeCipherSpec && first <= applicationData }

// IsHandshake reports whether a byte can begin a handshake: TLS begins with its record.
func IsHandshake(first byte) bool { return first == handshakeRecord }

// skip takes the bytes of records and returns what follows them in clear; nil when there is nothing.
func (t *Skipper) Skip(b []byte) (clear []byte) {
	if t.lost && !t.resync(b) {
		return nil
	}
	for len(b) > 0 {
		if t.left > 0 {
			n := min(t.left, len(b))
			t.left -= n
			b = b[n:]
			continue
		}
		if t.header.have == 0 && !IsRecord(b[0]) {
			t.On = false
			return b
		}
		var whole bool
		if b, whole = t.header.take(b); whole {
			t.left = t.header.length()
		}
	}
	return nil
}

// resync finds its place at the beginning of a segment: a record's header, or a line of text.
func (t *Skipper) resync(b []byte) bool {
	isRecord := len(b) >= 3 && IsRecord(b[0]) && b[1] == 3 && b[2] <= 4
	if !isRecord && !isText(b) {
		return false
	}
	t.lost, t.header.have, t.left = false, 0, 0
	return true
}

func (t *Skipper) Gap() { t.lost = true }

// isText reports whether b is nothing but lines of printable ASCII.
func isText(b []byte) bool {
	for _, c := range b {
		if c >= 0x7f || c < ' ' && c != '\r' && c != '\n' && c != '\t' {
			return false
		}
	}
	return len(b) > 2 && b[len(b)-1] == '\n'
}
