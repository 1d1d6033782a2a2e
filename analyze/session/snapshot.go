package session

import (
	"slices"

	"ftpscope/analyze/record"
	"ftpscope/capture/flow"
)

// A session that goes on has a record too: what Finish and build would make of it now.

// Snapshot is what Finish would return now, and the Fold goes on; nil: it is not certain that this is FTP.
func (f *Fold) Snapshot(c *flow.Conn) *Control {
	s := *f
	s.opt = NewFoldOptions(f.opt.ControlPort, f.opt.Dialogue, nobody{})
	s.pending, s.negotiations, s.steps = slices.Clone(f.pending), slices.Clone(f.negotiations), slices.Clone(f.steps)
	s.encrypted, s.dialogue = slices.Clone(f.encrypted), slices.Clone(f.dialogue)
	n := &s.notes
	n.Oddities, n.Logins = slices.Clone(n.Oddities), slices.Clone(n.Logins)
	n.Site, n.Climbs = slices.Clone(n.Site), slices.Clone(n.Climbs)
	return s.Finish(c)
}

// nobody hears of no offers.
type nobody struct{}

func (nobody) Offered(*Offer) {}
func (nobody) Wanted(Want)    {}

// Progress takes how far an open connection came, and what it said so far if it is a control connection.
func (m *Matcher) Progress(c *flow.Conn, control *Control) {
	if cl := m.claims[c.ID]; cl != nil {
		cl.conn[0] = *c
	}
	if control != nil {
		m.open = append(m.open, control)
	}
}

// Snapshots gives records of the sessions of which Progress told since the last time.
func (m *Matcher) Snapshots(out func(*record.Session)) {
	for _, control := range m.open {
		g := &gathering{control: control}
		if have := m.sessions[control.Notes.Control.ID]; have != nil {
			g.tried, g.paired, g.strangers = slices.Clone(have.tried), slices.Clone(have.paired), have.strangers
		}
		s := m.build(g)
		s.Open = true
		out(s)
	}
	clear(m.open)
	m.open = m.open[:0]
}
