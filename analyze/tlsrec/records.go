// Package tlsrec reads TLS records (RFC 8446 section 5.1) as they pass: the handshakes of
// control connections, what follows TLS in clear, and who sends what on data connections.
// Package control is its reader on control connections.
package tlsrec

// recordReader walks over the records of one direction (RFC 8446 section 5.1). Skipper,
// Handshake and DataReader have one a side.
type recordReader struct {
	header [5]byte // which may come in pieces
	have   int     // bytes of it; 0: it is whole, or has not begun
	left   int     // bytes of the record's fragment that are still to come
}

// longestRecord is RFC 5246's (section 6.2.3); RFC 8446's is shorter.
const longestRecord = 1<<14 + 2048

// Kinds of records.
const (
	changeCipherSpec = 20
	alertRecord      = 21
	handshakeRecord  = 22
	applicationData  = 23
	heartbeat        = 24 // the last that there is
)

// next takes a step into b: over a piece of a fragment, or of a header. begins says that
// the header is whole now.
func (r *recordReader) next(b []byte) (fragment, rest []byte, begins bool) {
	if r.left > 0 {
		n := min(r.left, len(b))
		r.left -= n
		return b[:n], b[n:], false
	}
	n := copy(r.header[r.have:], b)
	r.have += n
	if begins = r.have == len(r.header); begins {
		r.have, r.left = 0, int(r.header[3])<<8|int(r.header[4])
	}
	return nil, b[n:], begins
}

// isBetween reports whether the next byte begins a record.
func (r *recordReader) isBetween() bool { return r.have == 0 && r.left == 0 }

func (r *recordReader) kind() byte { return r.header[0] }

// isTLS reports whether the version and the length of the record that begins are TLS's.
func (r *recordReader) isTLS() bool { return isVersion(r.header[1:]) && r.left <= longestRecord }

// isVersion reports whether b begins with a version: 3, 0 is SSL's, 3, 4 that of TLS 1.3.
func isVersion(b []byte) bool { return b[0] == 3 }

// Skipper passes over TLS records in one direction, so that a control connection that
// goes back to clear text (CCC, RFC 4217 section 12.3) is read again: after CCC the first
// byte at a record boundary is no record's.
type Skipper struct {
	On      bool
	lost    bool // a gap: where the next record begins is not known
	records recordReader
}

// IsRecord reports whether a byte can begin a record (RFC 8446 section 5.1):
// change_cipher_spec … application_data.
func IsRecord(first byte) bool { return first >= changeCipherSpec && first <= applicationData }

// BeginsRecord reports whether b begins with the header of a record.
func BeginsRecord(b []byte) bool {
	return len(b) >= 5 && IsRecord(b[0]) && isVersion(b[1:]) && b[2] <= 4 && int(b[3])<<8|int(b[4]) <= longestRecord
}

// IsAlert reports whether a byte can begin an alert.
func IsAlert(first byte) bool { return first == alertRecord }

// IsHandshake reports whether a byte can begin a handshake: TLS begins with its record.
func IsHandshake(first byte) bool { return first == handshakeRecord }

// AnswersHello reports whether b begins with a ServerHello: a hello that the capture lacks
// came before it.
func AnswersHello(b []byte) bool {
	return BeginsRecord(b) && IsHandshake(b[0]) && len(b) > 5 && b[5] == helloOfServer
}

// Skip takes the bytes of records and returns what follows them in clear; nil when there
// is nothing.
func (t *Skipper) Skip(b []byte) (clear []byte) {
	if t.lost && !t.resync(b) {
		return nil
	}
	for len(b) > 0 {
		if t.records.isBetween() && !IsRecord(b[0]) {
			t.On = false
			return b
		}
		_, b, _ = t.records.next(b)
	}
	return nil
}

// resync finds its place at the beginning of a segment: a record's header, or a line of
// text.
func (t *Skipper) resync(b []byte) bool {
	if !BeginsRecord(b) && !isText(b) {
		return false
	}
	t.lost, t.records = false, recordReader{}
	return true
}

// Gap says that bytes are missing.
func (t *Skipper) Gap() { t.lost = true }

// Lost reports whether where the next record begins is not known.
func (t *Skipper) Lost() bool { return t.lost }

// isText reports whether b is nothing but lines of printable ASCII.
func isText(b []byte) bool {
	for _, c := range b {
		if c >= 0x7f || c < ' ' && c != '\r' && c != '\n' && c != '\t' {
			return false
		}
	}
	return len(b) > 2 && b[len(b)-1] == '\n'
}
