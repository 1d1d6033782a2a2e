package report

import (
	"net/netip"
	"slices"

	"ftpscope/analyze/record"
	"ftpscope/capture/flow"
)

// Choice says which records an output shows; the zero value is all of them. Each field
// that is set must be met, by any of its values. It never changes what a record says, and
// the summary still counts everything.
type Choice struct {
	Hosts       []netip.Prefix // an end of the control connection or of a data connection
	Users       []string       // as they logged in
	Modes       []string
	Initiators  []string
	Outcomes    []string                   // of a transfer
	Findings    []string                   // identifiers
	MinSeverity string                     // of a finding
	Causes      []string                   // of a verdict: the record's, or one of its transfers'
	Places      []string                   // of the same verdict
	Failed      func(*record.Verdict) bool // tells records that failed by their verdicts; nil: what went well is chosen too
	Since       flow.Time
	Until       flow.Time // exclusive; 0: no end
}

// any reports whether there is something to choose by, of a session in itself and at all.
// Verdicts are not of sessions alone.
func (c *Choice) any() (inside, all bool) {
	inside = len(c.Users)+len(c.Modes)+len(c.Initiators)+len(c.Outcomes)+len(c.Findings) > 0 || c.MinSeverity != ""
	return inside, inside || c.judged() || len(c.Hosts) > 0 || c.Since != 0 || c.Until != 0
}

// judged reports whether verdicts are chosen by.
func (c *Choice) judged() bool { return len(c.Causes)+len(c.Places) > 0 || c.Failed != nil }

// verdict reports whether a verdict is of the choice.
func (c *Choice) verdict(v *record.Verdict) bool {
	return !c.judged() || v != nil && oneOf(c.Causes, v.Cause) && oneOf(c.Places, v.At)
}

// failed reports whether a record with this verdict meets Failed.
func (c *Choice) failed(v *record.Verdict) bool { return c.Failed == nil || c.Failed(v) }

// Choose returns a writer that hands on to out the records of the choice, and counts the
// others in the summary.
func (c Choice) Choose(out Writer) Writer {
	inside, all := c.any()
	if !all {
		return out
	}
	return &chooser{Choice: c, out: out, inside: inside}
}

type chooser struct {
	Choice
	out    Writer
	inside bool
	hidden record.Hidden
}

func (c *chooser) Session(s *record.Session) error {
	if !c.has(s) {
		if !s.Open {
			c.hidden.Sessions++
		}
		return nil
	}
	return c.out.Session(s)
}

func (c *chooser) Attempt(a *record.Attempt) error {
	if c.inside || !c.verdict(a.Verdict) || !c.failed(a.Verdict) || !c.during(a.First, a.Last) || !c.host(a.ClientIP) && !c.host(a.Server.Addr()) {
		c.hidden.Attempts++
		return nil
	}
	return c.out.Attempt(a)
}

func (c *chooser) Orphan(o *record.Orphan) error {
	x := &o.Connection
	inside := c.inside && !c.orphan(o)
	if inside || !c.verdict(o.Verdict) || !c.failed(o.Verdict) || !c.during(x.Start, x.End) || !c.host(x.Src.Addr()) && !c.host(x.Dst.Addr()) {
		c.hidden.Orphans++
		return nil
	}
	return c.out.Orphan(o)
}

// orphan reports whether an orphan meets what it can meet besides hosts and times.
func (c *chooser) orphan(o *record.Orphan) bool {
	return len(c.Users)+len(c.Outcomes)+len(c.Findings) == 0 && c.MinSeverity == "" &&
		oneOf(c.Modes, o.Mode) && oneOf(c.Initiators, o.Initiator)
}

func (c *chooser) Summary(s *record.Summary) error {
	chosen := *s
	chosen.Hidden = &c.hidden
	return c.out.Summary(&chosen)
}

func (c *chooser) has(s *record.Session) bool {
	return c.during(s.Start, s.End) && c.failed(s.Verdict) && c.hosts(s) && oneOf(c.Modes, s.Mode) && oneOf(c.Initiators, s.Initiator) &&
		(c.verdict(s.Verdict) || slices.ContainsFunc(s.Transfers, func(t record.Transfer) bool { return c.verdict(t.Verdict) })) &&
		(len(c.Users) == 0 || s.User != nil && slices.Contains(c.Users, *s.User)) &&
		(len(c.Outcomes) == 0 || slices.ContainsFunc(s.Transfers, func(t record.Transfer) bool { return slices.Contains(c.Outcomes, t.Outcome) })) &&
		(len(c.Findings) == 0 || slices.ContainsFunc(s.Findings, func(f record.Finding) bool { return slices.Contains(c.Findings, f.ID) })) &&
		(c.MinSeverity == "" || slices.ContainsFunc(s.Findings, func(f record.Finding) bool { return record.Gravity(f.Severity) <= record.Gravity(c.MinSeverity) }))
}

func oneOf(list []string, s string) bool { return len(list) == 0 || slices.Contains(list, s) }

// during reports whether any of what lasted from first to last falls into the time that
// is asked for.
func (c *chooser) during(first, last record.Stamp) bool {
	return (c.Since == 0 || last.Time >= c.Since) && (c.Until == 0 || first.Time < c.Until)
}

func (c *chooser) host(a netip.Addr) bool {
	return len(c.Hosts) == 0 || slices.ContainsFunc(c.Hosts, func(p netip.Prefix) bool { return p.Contains(a.Unmap()) })
}

func (c *chooser) hosts(s *record.Session) bool {
	if c.host(s.Client.Addr()) || c.host(s.Server.Addr()) {
		return true
	}
	return slices.ContainsFunc(s.Transfers, func(t record.Transfer) bool {
		return t.Connection != nil && (c.host(t.Connection.Src.Addr()) || c.host(t.Connection.Dst.Addr())) ||
			t.Announced != nil && c.host(t.Announced.Addr())
	})
}
