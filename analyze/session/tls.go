package session

// tlsSkipper passes over TLS records in one direction, so that a control connection that goes back to clear text
// (CCC, RFC 4217 section 12.3) is read again: after CCC the first byte at a record boundary is no record's.
type tlsSkipper struct {
	on     bool
	lost   bool // a gap: where the next record begins is not known
	header [5]byte
	have   int
	left   int
}

func isTLSRecord(first byte) bool { return first >= 20 && first <= 23 } // RFC 8446 section 5.1: change_cipher_spec … application_data

// skip takes the bytes of records and returns what follows them in clear; nil when there is nothing.
func (t *tlsSkipper) skip(b []byte) (clear []byte) {
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
		if t.have == 0 && !isTLSRecord(b[0]) {
			t.on = false
			return b
		}
		n := copy(t.header[t.have:], b)
		t.have += n
		b = b[n:]
		if t.have == len(t.header) {
			t.left = int(t.header[3])<<8 | int(t.header[4])
			t.have = 0
		}
	}
	return nil
}

// resync finds its place at the beginning of a segment: a record's header, or a line of text.
func (t *tlsSkipper) resync(b []byte) bool {
	isRecord := len(b) >= 3 && isTLSRecord(b[0]) && b[1] == 3 && b[2] <= 4
	if !isRecord && !isText(b) {
		return false
	}
	t.lost, t.have, t.left = false, 0, 0
	return true
}

func (t *tlsSkipper) gap() { t.lost = true }

// isText reports whether b is nothing but lines of printable ASCII.
func isText(b []byte) bool {
	for _, c := range b {
		if c >= 0x7f || c < ' ' && c != '\r' && c != '\n' && c != '\t' {
			return false
		}
	}
	return len(b) > 2 && b[len(b)-1] == '\n'
}
