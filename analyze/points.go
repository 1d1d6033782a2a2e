package analyze

import (
	"net/netip"
	"slices"

	"ftpscope/analyze/compare"
	"ftpscope/analyze/record"
	"ftpscope/capture/decode"
	"ftpscope/capture/flow"
)

// Point is one of the two points of a comparison: a capture that can be read several times.
type Point struct {
	Name string
	Open func() (Source, error) // as often as it is read
}

// Compare analyzes what was captured at two points and says what both together show. It reads each point twice, since only
// the analysis says which connections matter: the first time for the sessions, the second for the segments of their
// connections; and a third time where connections of the other point's are not among them.
func Compare(here, there Point, opt Options) (*compare.Result, error) {
	points := [2]Point{here, there}
	var sides [2]*compare.Side
	for i, p := range points {
		var err error
		if sides[i], err = p.side(opt); err != nil {
			return nil, err
		}
	}
	for i, p := range points {
		if missing := compare.Missing(sides[1-i], sides[i]); len(missing) > 0 {
			if err := p.strays(sides[i], missing, opt); err != nil {
				return nil, err
			}
		}
	}
	return compare.Compare(sides[0], sides[1]), nil
}

// side makes the facts of a point.
func (p *Point) side(opt Options) (*compare.Side, error) {
	src, err := p.Open()
	if err != nil {
		return nil, err
	}
	s := &compare.Side{Name: p.Name}
	opt.Dialogue, opt.Evidence, opt.Interval, opt.Status = false, nil, 0, nil
	c := &pointRecords{side: s, tracer: newTracer(s, newPorts(opt.Ports))}
	sum, err := Run(src, opt, c)
	if err != nil {
		return nil, err
	}
	s.Summary = copied(sum) // it stands in what the analysis held
	s.Files, s.Packets, s.Dropped, s.Undecoded, s.Truncated = sum.Files, sum.Packets, sum.Capture.Dropped, sum.Capture.Undecoded, sum.Capture.TruncatedFiles
	if sum.First != nil {
		s.First, s.Last = *sum.First, *sum.Last
	}
	opt.Problem = nil // told once
	err = p.trace(opt, c.tracer.packet)
	c.tracer.settle()
	return s, err
}

// lightened is a session without what no comparison looks at: most of what it holds. What is kept is copied out of what it
// stands in, all that was read of the control connection.
func lightened(of *record.Session) *record.Session {
	s := copied(of)
	s.Notes, s.Findings, s.Transfers = record.Notes{}, nil, slices.Clone(of.Transfers)
	s.User, s.Password, s.Banner, s.System = copied(s.User), copied(s.Password), copied(s.Banner), copied(s.System)
	for i := range s.Transfers {
		t := &s.Transfers[i]
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

// trace reads the point again and gives its segments to take, and nil for packets that hold none.
func (p *Point) trace(opt Options, take func(*flow.Segment)) error {
	src, err := p.Open()
	if err != nil {
		return err
	}
	var d decode.Decoder
	d.Options = opt.Decode
	var seg flow.Segment
	for {
		batch, err := src.Next()
		if err != nil {
			return nil // what could not be read was reported the first time
		}
		for i := range batch {
			q := &batch[i]
			if opt.Filter != nil && !opt.Filter.Match(q.Data, q.Length, q.Link) {
				continue
			}
			seg.Mark, seg.Digits = q.Mark, q.Digits
			switch d.Decode(decode.Frame{Data: q.Data, Length: q.Length, Link: q.Link, FCS: q.FCS}, &seg) {
			case decode.TCP, decode.ICMP:
				for ok := true; ok; ok = d.More(&seg) {
					take(&seg)
				}
			default:
				take(nil)
			}
		}
	}
}

// pointRecords keeps what an analysis finds, as far as it is compared.
type pointRecords struct {
	side      *compare.Side
	tracer    *tracer
	transfers int // of side.Sessions
	attempts  int
}

// Session keeps the first ones and counts the others.
func (r *pointRecords) Session(s *record.Session) error {
	if len(r.side.Sessions) >= compare.MaxSessions || r.transfers+len(s.Transfers) > compare.MaxTransfers {
		r.side.Skipped++
		return nil
	}
	r.transfers += len(s.Transfers)
	x := &compare.Session{Session: s}
	r.tracer.session(x)
	x.Session = lightened(s)
	r.side.Sessions = append(r.side.Sessions, x)
	return nil
}

// Attempt keeps the first ones.
func (r *pointRecords) Attempt(t *record.Attempt) error {
	if r.attempts++; r.attempts <= compare.MaxAttempts {
		r.tracer.attempts[attemptKey{t.ClientIP, t.Server}] = copied(t)
	}
	return nil
}

// Orphan and Summary are not compared.
func (r *pointRecords) Orphan(*record.Orphan) error { return nil }

// Summary has nothing that Run does not return.
func (r *pointRecords) Summary(*record.Summary) error { return nil }

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

// tried are the connections of a transfer.
func tried(t *record.Transfer) []flow.Conn {
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
