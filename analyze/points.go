package analyze

import (
	"net/netip"
	"slices"

	"ftpscope/analyze/compare"
	"ftpscope/analyze/session"
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
	c := &pointRecords{side: s}
	sum, err := Run(src, opt, c)
	if err != nil {
		return nil, err
	}
	s.Summary = sum
	s.Files, s.Packets, s.Dropped, s.Undecoded, s.Truncated = sum.Files, sum.Packets, sum.Capture.Dropped, sum.Capture.Undecoded, sum.Capture.TruncatedFiles
	if sum.First != nil {
		s.First, s.Last = *sum.First, *sum.Last
	}
	t := newTracer(s, c.attempts, newPorts(opt.Ports))
	for _, x := range s.Sessions {
		t.session(x)
	}
	opt.Problem = nil // told once
	return s, p.trace(opt, t.packet)
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
	side     *compare.Side
	attempts []session.Attempt
}

// Session keeps the first ones and counts the others.
func (r *pointRecords) Session(s *session.Session) error {
	if len(r.side.Sessions) >= compare.MaxSessions {
		r.side.Skipped++
		return nil
	}
	r.side.Sessions = append(r.side.Sessions, &compare.Session{Session: s})
	return nil
}

// Attempt keeps the first ones.
func (r *pointRecords) Attempt(t *session.Attempt) error {
	if len(r.attempts) < compare.MaxAttempts {
		r.attempts = append(r.attempts, *t)
	}
	return nil
}

// Orphan and Summary are not compared.
func (r *pointRecords) Orphan(*session.Orphan) error { return nil }

// Summary has nothing that Run does not return.
func (r *pointRecords) Summary(*session.Summary) error { return nil }

// fromClient reports whether a data connection was opened from the client's side.
func fromClient(s *session.Session, t *session.Transfer, c *flow.Conn) bool {
	client, server := s.Client.Addr(), s.Server.Addr()
	switch src := c.Src.Addr(); {
	case client == server:
		return t.Initiator == session.Client
	case src == client:
		return true
	case src == server:
		return false
	}
	return t.Mode == session.Passive || t.Mode == session.Unknown && c.Dst.Addr() == server
}

// tried are the connections of a transfer.
func tried(t *session.Transfer) []flow.Conn {
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
