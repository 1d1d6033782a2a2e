package compare

import (
	"net/netip"
	"slices"

	"ftpscope/analyze/record"
	"ftpscope/capture/flow"
)

// Collector makes a Side in two passes: it takes the records of an analysis, as far as
// they are compared, then the segments of the same packets.
type Collector struct {
	tracer
	transfers int // of side.Sessions
	tries     int
}

// NewCollector begins a side; control says on which ports FTP is expected.
func NewCollector(s *Side, control func(port uint16) bool) *Collector {
	return &Collector{tracer: *newTracer(s, control)}
}

// Segment takes a segment of the second pass, or nil for a packet that holds none.
func (r *Collector) Segment(s *flow.Segment) { r.packet(s) }

// Close is called after the last segment: what was kept for more is let go.
func (r *Collector) Close() { r.settle() }

// Session keeps the first ones and counts the others.
func (r *Collector) Session(s *record.Session) error {
	if len(r.side.Sessions) >= MaxSessions || r.transfers+len(s.Transfers) > MaxTransfers {
		r.side.Skipped++
		return nil
	}
	r.transfers += len(s.Transfers)
	x := &Session{Session: s}
	r.want(x)
	x.Session = lightened(s)
	r.side.Sessions = append(r.side.Sessions, x)
	return nil
}

// Attempt keeps the first ones.
func (r *Collector) Attempt(t *record.Attempt) error {
	if r.tries++; r.tries <= MaxAttempts {
		r.attempts[attemptKey{t.ClientIP, t.Server}] = copied(t)
	}
	return nil
}

// Orphan and Summary are not compared.
func (r *Collector) Orphan(*record.Orphan) error { return nil }

// Summary has nothing that Run does not return.
func (r *Collector) Summary(*record.Summary) error { return nil }

// fromClient reports whether a data connection was opened from the client's side.
func fromClient(s *record.Session, t *record.Transfer, c *flow.Conn) bool {
	client, server := s.Client.Addr(), s.Server.Addr()
	switch src := c.Src.Addr(); {
	case client == server:
		return t.Initiator == record.Client
	case src == client:
		return true
	case src == server:
		return false
	}
	return t.Mode == record.Passive || t.Mode == record.Unknown && c.Dst.Addr() == server
}

// connsOf are the connections of a transfer.
func connsOf(t *record.Transfer) []flow.Conn {
	list := t.Notes.Tried
	if c := t.Notes.Conn; c != nil && !slices.ContainsFunc(list, func(x flow.Conn) bool { return x.ID == c.ID }) {
		list = append(slices.Clone(list), *c)
	}
	return list
}

// attemptKey is what an attempt and its packets have in common.
type attemptKey struct {
	client netip.Addr
	server netip.AddrPort
}

// lightened is a session without what no comparison looks at: most of what it holds. What
// is kept is copied out of what it stands in, all that was read of the control
// connection.
func lightened(of *record.Session) *record.Session {
	s := copied(of)
	s.Notes, s.Findings, s.Transfers = record.Notes{}, nil, slices.Clone(of.Transfers)
	s.TCP, s.Verdict, s.Dialogue, s.Operations = nil, nil, nil, nil
	s.User, s.Password, s.Banner, s.System = copied(s.User), copied(s.Password), copied(s.Banner), copied(s.System)
	for i := range s.Transfers {
		t := &s.Transfers[i]
		t.TCP, t.Verdict = nil, nil
		t.Argument, t.Path, t.Restart = copied(t.Argument), copied(t.Path), copied(t.Restart)
		t.Representation, t.Announced = copied(t.Representation), copied(t.Announced)
		t.Bytes, t.MissingBytes = copied(t.Bytes), copied(t.MissingBytes)
		t.Preliminary, t.Reply = copied(t.Preliminary), copied(t.Reply)
		n := &t.Notes
		conn := n.Conn
		*n = record.TransferNotes{Asked: copied(n.Asked), Answer: copied(n.Answer), Ran: copied(n.Ran)}
		if n.Asked == nil && n.Answer == nil && n.Ran == nil { // else these say when it began
			n.Conn = copied(conn)
		}
	}
	return s
}

func copied[T any](x *T) *T {
	if x == nil {
		return nil
	}
	y := *x
	return &y
}
