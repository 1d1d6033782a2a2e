package carve

import (
	"fmt"
	"slices"

	"ftpscope/analyze/ftp"
	"ftpscope/capture"
	"ftpscope/capture/flow"
	"ftpscope/capture/rewrite"
)

// scanner reads what control connections say, and keeps of each only what must change in
// it.
type scanner struct {
	cleaner
	plan  *Plan
	open  map[int]*dialogue
	size  int
	conns []*rewrite.Conn // by index in the plan; nil: nothing changes
}

func newScanner(p *Plan, opt *Options) *scanner {
	s := &scanner{
		plan: p, open: map[int]*dialogue{}, conns: make([]*rewrite.Conn, len(p.conns)),
		cleaner: cleaner{redact: opt.Redact},
	}
	if opt.Names != nil {
		s.rename = &ftp.Renamer{Name: opt.Names.Addr, Known: p.known()}
	}
	return s
}

func (s *scanner) packet(index int, p *capture.Packet, seg *flow.Segment) error {
	c := &s.plan.conns[index]
	if !c.control && s.rename == nil || s.conns[index] != nil {
		return nil
	}
	d := s.open[index]
	if d == nil {
		d = &dialogue{}
		s.open[index] = d
	}
	if seg.ICMP == nil {
		grown := d.side[c.sender(seg)].add(seg)
		d.size += grown
		s.size += grown
	}
	if d.size > maxText || s.size > maxAllText || max(len(d.side[0].pieces), len(d.side[1].pieces)) > maxPieces {
		return fmt.Errorf("%s: there is more text in it than can be rewritten", c.roles[0])
	}
	if p.Ord == c.Last || !c.control && d.enough() {
		s.close(index, d)
	}
	return nil
}

// plain reports whether a data connection is not under TLS: then what it carries is a
// file's.
func (d *dialogue) plain() bool {
	return !slices.ContainsFunc(d.side[:], func(s stream) bool { return len(s.pieces) > 0 && tlsRecord(s.pieces[0].data) > 0 })
}

// enough reports whether what is said of addresses at the beginning of a data connection
// has passed: it is under TLS, and then in the handshake, or is a file's.
func (d *dialogue) enough() bool {
	const handshake = 16 << 10
	for i := range d.side {
		if p := d.side[i].pieces; len(p) > 0 && (tlsRecord(p[0].data) == 0 || len(p[0].data) > handshake) {
			return true
		}
	}
	return false
}

func (s *scanner) close(index int, d *dialogue) {
	if c := &s.plan.conns[index]; c.control || d.size > 0 && !d.plain() {
		d.users = c.users
		s.conns[index] = s.clean(d, c.oneTime)
	} else {
		s.conns[index] = &rewrite.Conn{}
	}
	s.size -= d.size
	delete(s.open, index)
}

func (s *scanner) end() {
	for index, d := range s.open {
		s.close(index, d)
	}
}
