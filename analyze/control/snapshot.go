package control

import (
	"slices"

	"ftpscope/capture/flow"
)

// A session that goes on has a record too: what Finish and build would make of it now.

// Snapshot is what Finish would return now, and the Fold goes on; nil: it is not certain that this is FTP.
func (f *Conversation) Snapshot(c *flow.Conn) *Transcript {
	s := *f
	s.opt = NewOptions(f.opt.ControlPort, f.opt.Dialogue, Deaf{})
	s.pending, s.negotiations, s.steps = slices.Clone(f.pending), slices.Clone(f.negotiations), slices.Clone(f.steps)
	s.encrypted, s.dialogue = slices.Clone(f.encrypted), slices.Clone(f.dialogue)
	n := &s.notes
	n.Oddities, n.Logins = slices.Clone(n.Oddities), slices.Clone(n.Logins)
	n.Site, n.Climbs = slices.Clone(n.Site), slices.Clone(n.Climbs)
	return s.Finish(c)
}

// nobody hears of no offers.
type Deaf struct{}

func (Deaf) Expect(*Expectation)         {}
func (Deaf) ExpectHosts(HostExpectation) {}
