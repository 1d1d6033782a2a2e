package match

import (
	"net/netip"
	"slices"

	"ftpscope/analyze/record"
	"ftpscope/capture/flow"
)

// overlap is how far the times of two files of one capture that was written in turns may
// overlap.
const overlap = 5 * flow.Millisecond

// elsewhere reports whether a connection was captured at another point than the control
// connection: each is in one file, not the same, and the control connection's goes on
// before and after the connection began. So that file was written at the same time, not
// in turn.
func (b *builder) elsewhere(c *flow.Conn) bool {
	control := &b.c.Notes.Control
	return b.points && !control.ManyFiles && !c.ManyFiles && control.Start.Pos.File() != c.Start.Pos.File() &&
		control.Start.Time < c.Start.Time-overlap && control.Last.Time > c.Start.Time+overlap
}

// giveBack reports the connections that were captured elsewhere than their session's
// control connection: they are no session's.
func (m *Matcher) giveBack(p *pendingSession) {
	if control := &p.said.Notes.Control; !m.opt.Points || control.ManyFiles {
		return
	}
	b := builder{c: p.said, points: true}
	for _, t := range p.tried {
		if c := &t.claim.conn[0]; !t.claim.control && b.elsewhere(c) {
			m.unclaimed(c)
		}
	}
}

// networkNames makes the records of networks.
type networkNames struct {
	path  func(flow.Net) flow.Path
	known map[flow.Nets]*record.Network
}

// maxNames bounds the records that are kept to be used again.
const maxNames = 1024

// of is the record of some networks; nil for the plain one.
func (n *networkNames) of(nets flow.Nets) *record.Network {
	if n.path == nil || nets == (flow.Nets{}) {
		return nil
	}
	if r := n.known[nets]; r != nil {
		return r
	}
	r := &record.Network{}
	for i, net := range nets {
		if !slices.Contains(nets[:i], net) {
			r.Paths = append(r.Paths, pathOf(n.path(net)))
		}
	}
	if n.known == nil || len(n.known) >= maxNames {
		n.known = map[flow.Nets]*record.Network{}
	}
	n.known[nets] = r
	return r
}

func pathOf(path flow.Path) record.NetworkPath {
	p := record.NetworkPath{Name: "untagged"}
	if len(path) > 0 {
		p.Name = path.String()
	}
	for i := range path {
		s := &path[i]
		step := record.NetworkStep{Kind: s.Kind.String()}
		if s.HasID() {
			step.ID = &s.ID
		}
		if s.HasEnds() {
			step.Ends = []netip.Addr{s.Ends[0].Addr(), s.Ends[1].Addr()}
		}
		p.Steps = append(p.Steps, step)
	}
	return p
}

// seenFrom are a connection's networks, that of one end's packets first.
func seenFrom(c *flow.Conn, end netip.AddrPort) flow.Nets {
	nets := c.Nets
	if c.Src != end {
		nets[0], nets[1] = nets[1], nets[0]
	}
	return nets
}

// within reports whether a connection was seen in no other networks than another.
func within(nets, others *flow.Nets) bool {
	if *nets == *others {
		return true
	}
	for _, net := range nets {
		if !others.Has(net) {
			return false
		}
	}
	return true
}

// attempt gives out an attempt.
func (m *Matcher) attempt(a *record.Attempt, nets flow.Nets) {
	a.Network = m.names.of(nets)
	m.out.Attempt(a)
}
