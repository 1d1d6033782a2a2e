package html

import (
	"slices"

	"ftpscope/analyze/record"
	"ftpscope/analyze/report/diagnosis"
	"ftpscope/capture/flow"
)

// What is counted and noted over all sessions, kept or not.

// tally counts over all sessions, kept or not.
type tally struct {
	modes, outcomes           map[string]int
	transfers, failed         int
	opened, expected          int    // data connections
	partial, encrypted, third int    // sessions
	thirdOpened               int    // data connections to or from another host than client and server
	accepted, rejected        int    // logins
	control, data             uint64 // packets
}

// add counts a session and ranks it.
func (c *tally) add(s *record.Session) int {
	rank, third := diagnosis.Quiet, false
	c.modes[s.Mode]++
	for i := range s.Notes.Logins {
		if l := &s.Notes.Logins[i]; l.OK {
			c.accepted++
		} else if l.Code > 0 {
			c.rejected++
			rank = diagnosis.Noted
		}
	}
	c.control += packetsOf(&s.Notes.Control)
	for i := range s.Transfers {
		t := &s.Transfers[i]
		c.transfers++
		c.outcomes[t.Outcome]++
		switch {
		case t.Opened():
			c.opened++
			c.expected++
		case t.Outcome == record.NoConnection:
			c.expected++
		}
		if t.Failed() {
			c.failed++
			rank = diagnosis.Trouble
		}
		if t.Opened() && stateOf(s, t) == stateBad {
			if _, odd := strangerOf(s, t); odd {
				c.thirdOpened++
				third = true
			}
		}
		third = third || t.Initiator == record.ThirdParty
		if t.Notes.Conn != nil {
			c.data += packetsOf(t.Notes.Conn)
		}
	}
	if third {
		c.third++
	}
	if v := &s.Capture; !v.FromStart || !v.ToEnd || !v.ClientSide || !v.ServerSide || v.MissingBytes > 0 {
		c.partial++
	}
	if s.IsUnderTLS() {
		c.encrypted++
	}
	return rank
}

func packetsOf(c *flow.Conn) uint64 { return c.Half[flow.Out].Packets + c.Half[flow.In].Packets }

// fileFacts are what the sessions tell of an input file.
type fileFacts struct {
	sessions    int
	first, last flow.Time // of sessions that began in it
}

func (h *writer) place(s *record.Session) {
	if !s.First.Pos.Seen() {
		return
	}
	f := h.perFile[s.First.Pos.File()]
	if f == nil {
		f = &fileFacts{first: s.Start.Time}
		h.perFile[s.First.Pos.File()] = f
	}
	f.sessions++
	f.first, f.last = min(f.first, s.Start.Time), max(f.last, s.End.Time)
}

// series is a finding about the logins of several sessions, told at one of them.
type series struct {
	party   partyPair
	session int
	id      string
	gravity int
	start   flow.Time
	success flow.Time // of the login that was accepted in its session; 0: none
}

const (
	maxSeries    = 1000
	bruteForceID = "brute-force"
	seriesGap    = 5 * 60 * 1_000_000 // microseconds: logins further apart are another series, as for the rule
)

func serious(list []series, s *record.Session) []series {
	i := slices.IndexFunc(s.Findings, func(f record.Finding) bool { return f.ID == bruteForceID })
	if i < 0 || len(list) >= maxSeries {
		return list
	}
	x := series{party: partyOf(s), session: s.ID, id: bruteForceID, gravity: record.Gravity(s.Findings[i].Severity), start: s.Start.Time}
	for k := range s.Notes.Logins {
		if l := &s.Notes.Logins[k]; l.OK && x.success == 0 {
			x.success = l.Mark.Time
		}
	}
	return append(list, x)
}

// tagSeries tells the kept sessions of each series that they belong to it: those before
// the one that tells of it, at most seriesGap apart.
func (h *writer) tagSeries(entries []*entry) {
	if len(h.series) == 0 {
		return
	}
	by := map[partyPair][]*entry{}
	for _, e := range entries {
		by[e.party] = append(by[e.party], e)
	}
	for _, x := range h.series {
		list := by[x.party]
		until := microseconds(x.start)
		for _, e := range slices.Backward(list) {
			r := &e.row
			if r.ID == x.session || r.Start > until || r.Series > 0 {
				continue
			}
			if r.Start+r.Length < until-seriesGap {
				break
			}
			if r.Rejected == 0 {
				continue
			}
			until, r.Series, r.Rank = r.Start, x.session, diagnosis.Trouble
			if addOnce(&r.Findings, x.id); x.gravity < r.Gravity {
				r.Gravity, r.Worst = x.gravity, x.id
			}
		}
	}
}
