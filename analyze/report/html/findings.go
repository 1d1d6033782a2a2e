package html

import (
	"cmp"
	"net/netip"
	"slices"
	"strconv"

	"ftpscope/analyze/finding"
	"ftpscope/analyze/prose"
	"ftpscope/analyze/record"
	"ftpscope/analyze/report/diagnosis"
)

// findingTable groups the run's findings by rule and severity. There are as many groups
// as rules, a few more at most.
type findingTable map[foundKind]*foundGroup

type foundKind struct {
	gravity int
	id      string
}

// foundGroup is what one rule found.
type foundGroup struct {
	count, sessions int
	told            int // of count: their session's verdict says that it failed of them
	last            int // the session counted last
	examples        []*foundExample
	byHosts         map[foundHosts]*foundExample
}

// foundHosts are the hosts of a session: what one rule finds between them is told once.
type foundHosts struct{ client, server netip.Addr }

type foundExample struct {
	session, transfer int
	message, advice   string
	outcome           string // the message without numbers of packets
	count             int
	refs              []causeRef // of the others
}

// The examples of each group; the table finds the others.
const (
	maxExamples       = 10
	maxExamplesMinor  = 5 // of what is not grave
	maxExamplesFolded = 50
)

// add takes a session's findings and ranks it by them.
func (f findingTable) add(s *record.Session) int {
	rank := diagnosis.Quiet
	for _, x := range diagnosis.Ranked(s) {
		switch {
		case diagnosis.Habit(x):
		case diagnosis.Grave(x.Severity):
			rank = diagnosis.Trouble
		default:
			rank = max(rank, diagnosis.Noted)
		}
		k := foundKind{record.Gravity(x.Severity), x.ID}
		g := f[k]
		if g == nil {
			g = &foundGroup{byHosts: map[foundHosts]*foundExample{}}
			f[k] = g
		}
		g.count++
		if diagnosis.Told(s, x) && diagnosis.StandingOf(s.Verdict) > diagnosis.Well {
			g.told++
		}
		if g.last != s.ID || g.sessions == 0 {
			g.sessions, g.last = g.sessions+1, s.ID
		}
		g.example(s, x)
	}
	return rank
}

// example keeps a finding, or counts it with one between the same hosts.
func (g *foundGroup) example(s *record.Session, x *record.Finding) {
	hosts := foundHosts{prose.Plain(s.Client.Addr()), prose.Plain(s.Server.Addr())}
	e := g.byHosts[hosts]
	switch {
	case e != nil:
		if e.count++; len(e.refs) < maxCauseRefs {
			e.refs = append(e.refs, causeRef{s.ID, x.Transfer, place(s.ID, x.Transfer)})
		}
	case len(g.examples) < maxExamplesFolded:
		e = &foundExample{session: s.ID, transfer: x.Transfer, message: toldOf(x.Message), outcome: toldOf(prose.WithoutPackets(x.Message)), count: 1}
		if !x.Shared && !diagnosis.Told(s, x) {
			e.advice = toldOf(x.Advice)
		}
		g.byHosts[hosts] = e
		g.examples = append(g.examples, e)
	}
}

// group is a rule's part of the page.
type group struct {
	ID, Severity, Title, Meaning string
	Anchor                       string
	Count                        string
	More                         string
	Examples, Folded             []example
	Number, Sessions             string
	FoldedCount                  string
}

type example struct {
	Session         int
	Transfer        int
	Ref             string
	Message, Advice string
	Others          []causeRef // between the same hosts
	More            string
}

// groups are the page's, the gravest first. Advice that the example before has as well is
// not said again.
func (f findingTable) groups() []group {
	var list []group
	for _, k := range f.kinds() {
		g := f[k]
		h := group{ID: prose.Escape(k.id), Severity: record.Severities[k.gravity], Anchor: "f" + strconv.Itoa(len(list)+1)}
		for _, r := range finding.Rules() {
			if r.ID == k.id {
				h.Title, h.Meaning = r.Title, r.Meaning
			}
		}
		h.Number, h.Sessions = prose.Number(uint64(g.count)), prose.Number(uint64(g.sessions))
		if h.Count = prose.Many(g.count, "finding"); g.sessions > 1 {
			h.Count += " in " + prose.Many(g.sessions, "session")
		}
		most := maxExamplesMinor
		if diagnosis.Grave(h.Severity) {
			most = maxExamples
		}
		const few = 2 // not worth a fold
		if len(g.examples) <= most+few {
			most = len(g.examples)
		}
		given, told := map[string]bool{}, 0
		for i, e := range g.examples {
			x := example{Session: e.session, Transfer: e.transfer, Ref: place(e.session, e.transfer), Message: e.message, Others: e.refs}
			if n := e.count - 1 - len(e.refs); n > 0 {
				x.More = "and " + prose.Number(uint64(n)) + " more between these hosts"
			}
			told += e.count
			if !given[e.advice] {
				x.Advice, given[e.advice] = e.advice, true
			}
			if i < most {
				h.Examples = append(h.Examples, x)
			} else {
				h.Folded = append(h.Folded, x)
			}
		}
		h.FoldedCount = prose.Many(len(h.Folded), "more finding") + " like these"
		if more := g.count - told; more > 0 {
			h.More = prose.Many(more, "more finding") + " like these"
		}
		list = append(list, h)
	}
	return list
}

func (f findingTable) kinds() []foundKind {
	var list []foundKind
	for k := range f {
		list = append(list, k)
	}
	slices.SortFunc(list, func(a, b foundKind) int {
		// habits, such as passwords in clear text, stand after what failed
		return cmp.Or(diagnosis.TrueFirst(!habit(a), !habit(b)), cmp.Compare(a.gravity, b.gravity),
			diagnosis.TrueFirst(isDeed(a.id), isDeed(b.id)), diagnosis.TrueFirst(!diagnosis.Symptom(a.id), !diagnosis.Symptom(b.id)), cmp.Compare(f[b].count, f[a].count), cmp.Compare(a.id, b.id))
	})
	return list
}

// habit reports whether findings of a kind tell of how FTP is used, not of what went wrong.
func habit(k foundKind) bool {
	return diagnosis.Habit(&record.Finding{ID: k.id, Severity: record.Severities[k.gravity]})
}

// bySeverity counts all findings, the gravest first.
func (f findingTable) bySeverity() [len(record.Severities)]int {
	var n [len(record.Severities)]int
	for k, g := range f {
		n[k.gravity] += g.count
	}
	return n
}

// place is "session 3, transfer 1".
func place(session, transfer int) string {
	text := "session " + strconv.Itoa(session)
	if transfer > 0 {
		text += ", transfer " + strconv.Itoa(transfer)
	}
	return text
}
