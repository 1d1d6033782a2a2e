package html

import (
	"slices"
	"strconv"

	"ftpscope/analyze/finding"
	"ftpscope/analyze/prose"
	"ftpscope/analyze/record"
	"ftpscope/analyze/report/diagnosis"
	"ftpscope/capture/flow"
)

// What stands at the top of the page: what happened, the gravest first, then the figures.

// lead is a finding that the verdict states, with its outcome.
type lead struct {
	Severity, Title, Text, Then string
	Session, Transfer           int
	Ref                         string
	More                        string // how many others of its kind
}

const maxLeads = 6

// isDeed reports whether findings of a rule tell what somebody did. Among equals they come
// before those that explain why something failed.
func isDeed(id string) bool { return record.KindOf(id) == record.Deed }

// leads are the findings that the verdict states: one of each kind.
func (h *writer) leads() (list []lead) {
	kinds := slices.DeleteFunc(h.found.kinds(), func(k foundKind) bool {
		return habit(k) || h.found[k].told == h.found[k].count && !(isDeed(k.id) && diagnosis.Grave(record.Severities[k.gravity]))
	})
	for _, k := range kinds[:min(len(kinds), maxLeads)] {
		g := h.found[k]
		e := g.examples[0]
		l := lead{Severity: record.Severities[k.gravity], Title: ruleTitle(prose.Escape(k.id)), Text: e.outcome, Session: e.session, Transfer: e.transfer, Ref: place(e.session, e.transfer)}
		if n := g.count - 1; n > 0 {
			l.More = prose.Number(uint64(n)) + " more"
		}
		if k.id == bruteForceID {
			l.Then = h.then(e.session)
		}
		list = append(list, l)
	}
	return list
}

// then says what the client did after its guessing had succeeded in a session.
func (h *writer) then(id int) string {
	for _, x := range h.series {
		if x.session != id || x.success == 0 {
			continue
		}
		p := h.parties.byPair[x.party]
		if p == nil {
			return ""
		}
		if did := p.after(x.success); did != "" {
			return "After that login it did: " + did + "."
		}
		return "After that login it transferred and changed nothing in this capture."
	}
	return ""
}

// ruleTitle is a rule's title; its ID when there is none.
func ruleTitle(id string) string {
	for _, r := range finding.Rules() {
		if r.ID == id {
			return r.Title
		}
	}
	return id
}

// verdict is how the page is coloured, and the figures in a sentence.
func (h *writer) verdict(s *record.Summary, leads []lead) (level, text string) {
	c := &h.tally
	if h.seen == 0 {
		return "none", diagnosis.NoneFound(s, prose.Many(s.Packets, "packet"))
	}
	text = prose.Many(h.seen, "FTP session") + " with " + prose.Many(c.transfers, "transfer")
	switch {
	case c.transfers == 0:
		text = prose.Many(h.seen, "FTP session") + ", and nothing was transferred"
	case c.outcomes[record.OK] == c.transfers && c.transfers == 1:
		text += ", which the server confirmed"
	case c.outcomes[record.OK] == c.transfers:
		text += ", all of which the server confirmed"
	default:
		text += ": " + h.endings()
	}
	text += "."
	if c.rejected > 0 {
		text += " " + prose.Number(uint64(c.rejected)) + " of " + prose.Many(c.rejected+c.accepted, "login") + " rejected."
	}
	if hidden := diagnosis.HiddenWords(s); hidden != "" {
		text += " This page is not complete: " + hidden + "."
	}
	level = "good"
	worst := h.causes.Worst()
	if len(leads) > 0 || worst > diagnosis.Well {
		level = "warn"
	}
	if worst == diagnosis.Failed {
		level = "bad"
	}
	if c.failed > 0 || c.third > 0 || len(leads) > 0 && diagnosis.Grave(leads[0].Severity) {
		level = "bad"
	}
	return level, text
}

// endings counts the transfers by how they ended.
func (h *writer) endings() string {
	var words []string
	if n := h.tally.outcomes[record.OK]; n > 0 {
		words = append(words, prose.Number(uint64(n))+" worked")
	}
	for _, o := range []struct{ outcome, words string }{
		{record.NoConnection, "without a data connection"}, {record.Denied, "denied"}, {record.Aborted, "aborted"}, {record.Incomplete, "without a final reply in the capture"},
		{record.Rejected, "rejected at the negotiation"}, {record.Unused, "negotiated and not used"}, {record.Unknown, "hidden by encryption"},
	} {
		if n := h.tally.outcomes[o.outcome]; n > 0 {
			words = append(words, prose.Number(uint64(n))+" "+o.words)
		}
	}
	return prose.List(words)
}

func (h *writer) tiles(s *record.Summary) []tile {
	c := &h.tally
	sessions := tile{Name: "Sessions", Value: prose.Number(uint64(h.seen))}
	for _, m := range []struct{ mode, words string }{{record.Passive, "passive"}, {record.Active, "active"}, {record.Mixed, "mixed"},
		{record.Unknown, "of unknown mode"}, {record.None, "without a transfer"}} {
		if n := c.modes[m.mode]; n > 0 {
			sessions.Lines = append(sessions.Lines, prose.Number(uint64(n))+" "+m.words)
		}
	}
	failures := tile{Name: "Failed transfers", Value: prose.Number(uint64(c.failed)), Lines: []string{"of " + prose.Many(c.transfers, "transfer")}}
	if c.failed > 0 {
		failures.Level = "bad"
	}
	for _, o := range []string{record.NoConnection, record.Denied, record.Aborted} {
		if n := c.outcomes[o]; n > 0 {
			failures.Lines = append(failures.Lines, prose.Number(uint64(n))+" "+outcomeWords(o))
		}
	}
	data := tile{Name: "Data connections", Value: prose.Number(uint64(c.opened)), Lines: []string{"opened, of " + prose.Number(uint64(c.expected)) + " that were needed"}}
	if c.thirdOpened > 0 {
		data = tile{Name: "Data connections with a third host", Level: "bad", Value: prose.Number(uint64(c.thirdOpened)), Lines: []string{"of " + prose.Number(uint64(c.opened)) + " opened, " + prose.Number(uint64(c.expected)) + " needed"}}
	}
	logins := tile{Name: "Logins rejected", Value: prose.Number(uint64(c.rejected)), Lines: []string{prose.Number(uint64(c.accepted)) + " accepted"}}
	if c.rejected > 0 {
		logins.Level = "bad"
	}
	total := 0
	found := tile{Name: "Findings"}
	for g, n := range h.found.bySeverity() {
		if total += n; n > 0 {
			found.Lines = append(found.Lines, prose.Number(uint64(n))+" "+record.Severities[g])
			if diagnosis.Grave(record.Severities[g]) {
				found.Level = "bad"
			}
		}
	}
	found.Value = prose.Number(uint64(total))
	read := tile{Name: "Packets", Value: prose.Number(s.Packets)}
	if s.First != nil && s.Last != nil {
		read.Lines = append(read.Lines, "over "+prose.Span(s.Last.Time-s.First.Time))
		read.From = h.clock().when(moment, s.First.Time)
	}
	return []tile{found, sessions, logins, failures, data, read}
}

// static is the row as text.
func (r *tableRow) static(c clock) staticRow {
	x := staticRow{ID: r.ID, Start: c.when(fine, flow.Time(r.Start)*flow.Microsecond), Client: r.Client, Server: r.Server,
		User: r.User, Mode: r.Mode, Initiator: diagnosis.Party(r.Initiator), Sums: r.Sums, Data: r.Data, Shown: r.Shown, Worst: "none", Login: r.logins(), Rejected: r.Rejected > 0,
		Failed: r.Failed > 0, Lasted: prose.Span(flow.Time(r.Length) * flow.Microsecond)}
	x.Cause, x.Place, x.Level = r.Cause, r.Place, r.Level
	if r.User == "" {
		x.User = "–"
	}
	if r.Sums == "" {
		x.Sums = "–"
	}
	if r.Initiator == record.None {
		x.Initiator = ""
	}
	if r.Mode == record.None {
		x.Mode, x.Initiator = "–", ""
	}
	if r.Gravity < len(record.Severities) && !(r.Said && r.Place != "") {
		x.Severity, x.Worst = record.Severities[r.Gravity], ruleTitle(r.Worst)
		if r.Count > 1 {
			x.Worst += " +" + strconv.Itoa(r.Count-1)
		}
		if r.Series > 0 {
			x.Worst += ", see session " + strconv.Itoa(r.Series)
		}
	}
	return x
}

// logins says how a session's logins went.
func (r *tableRow) logins() string {
	switch {
	case r.Rejected > 0 && r.Accepted > 0:
		return prose.Number(uint64(r.Rejected)) + " rejected, then accepted"
	case r.Rejected > 0:
		return prose.Number(uint64(r.Rejected)) + " rejected"
	case r.Login == record.LoginOK:
		return "accepted"
	case r.Login == record.LoginFailed:
		return "rejected"
	}
	return ""
}
