package diagnosis

import (
	"cmp"
	"net/netip"
	"slices"

	"ftpscope/analyze/record"
)

// Causes groups the verdicts of a run: those with one cause at one place, about one server,
// are told once.
type Causes struct {
	byKey map[causeKey]*Cause
	order []*Cause // as first seen
	left  int      // verdicts that found no room
}

type causeKey struct {
	cause, at, what string
	server          netip.Addr
}

// Cause is verdicts that are told as one, in the words of the first.
type Cause struct {
	Verdict  record.Verdict
	Standing Standing
	Count    int
	What     string // "session", "host", "data connection"
	Refs     []Ref  // the sessions, the first of them
	Files    bool   // packet numbers need their file
}

// Ref is a session, or a transfer of it.
type Ref struct{ Session, Transfer int }

// Limits of Causes.
const (
	maxCauses = 500 // with one each, nobody reads them
	maxRefs   = 6   // of each
)

// Session takes a session's verdict, unless all went well.
func (c *Causes) Session(s *record.Session, files bool) {
	if StandingOf(s.Verdict) == Well {
		return
	}
	if g := c.add(s.Verdict, "session", s.Server.Addr()); g != nil {
		if g.Count == 1 {
			g.Files = files
		}
		if len(g.Refs) < maxRefs {
			g.Refs = append(g.Refs, Ref{s.ID, s.Verdict.Transfer})
		}
	}
}

// Attempt takes an attempt's verdict.
func (c *Causes) Attempt(a *record.Attempt) { c.add(a.Verdict, "host", a.Server.Addr()) }

// Orphan takes an orphan's verdict, if it failed: its session is missing anyhow.
func (c *Causes) Orphan(o *record.Orphan) {
	if StandingOf(o.Verdict) == Failed {
		c.add(o.Verdict, "data connection", o.Connection.Src.Addr())
	}
}

// add counts a verdict; nil: there is none, or no room.
func (c *Causes) add(v *record.Verdict, what string, server netip.Addr) *Cause {
	if v == nil {
		return nil
	}
	k := causeKey{v.Cause, v.At, what, server}
	g := c.byKey[k]
	if g == nil {
		if len(c.order) >= maxCauses {
			c.left++
			return nil
		}
		if c.byKey == nil {
			c.byKey = map[causeKey]*Cause{}
		}
		g = &Cause{Verdict: *v, Standing: StandingOf(v), What: what}
		g.Verdict.Frames, g.Verdict.Next, g.Verdict.Or = slices.Clone(v.Frames), slices.Clone(v.Next), slices.Clone(v.Or)
		c.byKey[k] = g
		c.order = append(c.order, g)
	}
	g.Count++
	return g
}

// Told are at most so many of them, what failed and what is most frequent first; left are
// the verdicts of the others.
func (c *Causes) Told(most int) (list []*Cause, left int) {
	list = slices.Clone(c.order)
	slices.SortStableFunc(list, func(a, b *Cause) int {
		return cmp.Or(cmp.Compare(b.Standing, a.Standing), cmp.Compare(b.Count, a.Count))
	})
	left = c.left
	for _, g := range list[min(len(list), most):] {
		left += g.Count
	}
	return list[:min(len(list), most)], left
}

// Worst is the gravest standing of them; Well: there are none.
func (c *Causes) Worst() (worst Standing) {
	for _, g := range c.order {
		worst = max(worst, g.Standing)
	}
	return worst
}
