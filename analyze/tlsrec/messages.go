package tlsrec

// Messages cuts the handshake messages of a side (RFC 8446 section 4) out of fragments, which
// they may span. Of each only as much is kept as is wanted.
type Messages struct {
	open []byte // of the message that is not there yet
	skip int    // bytes of one that are not wanted
	told bool   // open was given out
}

// A message's header has a type and a length of 3 bytes.
const messageHeader = 4

// MessageSize is how long a message is, by its header.
func MessageSize(b []byte) int { return messageHeader + length24(b[1:]) }

// Next takes bytes from b and returns the message that is complete with them, valid until the
// next call, and what is left of b; nil as long as none is. needs says of the beginning of a
// message, its header at least, how much of it is wanted; 0: nobody wants what follows.
func (m *Messages) Next(b []byte, needs func(open []byte) int) (message, rest []byte) {
	if m.told {
		m.open, m.told = m.open[:0], false
	}
	for len(b) > 0 {
		if m.skip > 0 {
			n := min(m.skip, len(b))
			m.skip -= n
			b = b[n:]
			continue
		}
		wanted := messageHeader
		if len(m.open) >= messageHeader {
			if wanted = needs(m.open); wanted == 0 {
				return nil, nil
			}
		}
		n := min(wanted-len(m.open), len(b))
		m.open = append(m.open, b[:n]...)
		b = b[n:]
		if len(m.open) >= messageHeader && len(m.open) == needs(m.open) {
			m.skip, m.told = MessageSize(m.open)-len(m.open), true
			return m.open, b
		}
	}
	return nil, nil
}

// Held is how many bytes are kept.
func (m *Messages) Held() int {
	if m.told {
		return 0
	}
	return len(m.open)
}
