package analyze

import (
	"ftpscope/analyze/session"
	"ftpscope/capture/flow"
	"ftpscope/capture/tcp"
)

// sealing follows connections that may be data connections under TLS, for who sends what they carry, and whatever next wants.
type sealing struct{ next tcp.Follower }

// maySeal reports whether a connection's first payload can be the beginning of TLS on a data connection. Data connections lead to
// unprivileged ports, and come from such or from port 20.
func maySeal(s *flow.Segment) bool {
	low, high := min(s.SrcPort, s.DstPort), max(s.SrcPort, s.DstPort)
	return len(s.Payload) > 0 && isTLS(s.Payload) && high >= flow.FirstUnprivileged && (low >= flow.FirstUnprivileged || low == flow.PortFTPData)
}

// Follow makes the reader.
func (f *sealing) Follow(c *flow.Conn) tcp.Reader {
	r := &session.Sealed{}
	if f.next != nil {
		if next := f.next.Follow(c); next != nil {
			r.Next = next
		}
	}
	return r
}

// Followed passes on.
func (f *sealing) Followed(c *flow.Conn, r tcp.Reader) {
	if next := r.(*session.Sealed).Next; next != nil {
		f.next.Followed(c, next)
	}
}
