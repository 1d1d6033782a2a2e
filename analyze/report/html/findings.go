package html

import (
	"cmp"
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
	last            int // the session counted last
	examples        []foundExample
}

type foundExample struct {
	session, transfer int
	message, advice   string
	outcome           string // the message without numbers of packets
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
		if rank = max(rank, diagnosis.Noted); diagnosis.Grave(x.Severity) {
			rank = diagnosis.Trouble
		}
		k := foundKind{record.Gravity(x.Severity), x.ID}
		g := f[k]
		if g == nil {
			g = &foundGroup{}
			f[k] = g
		}
		g.count++
		if g.last != s.ID || g.sessions == 0 {
			g.sessions, g.last = g.sessions+1, s.ID
		}
		if len(g.examples) < maxExamplesFolded {
			g.examples = append(g.examples, foundExample{s.ID, x.Transfer, toldOf(x.Message), toldOf(x.Advice), toldOf(prose.WithoutPackets(x.Message))})
		}
	}
	return rank
}

// group is a rule's part of the page.
type group struct {
	ID, Severity, Title, Meaning string
	Anchor                       string
	Count                        string
	More                         string
	Examples, Folded             []example
	FoldedCount                  string
}

type example struct {
	Session         int
	Transfer        int
	Ref             string
	Message, Advice string
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
		given := map[string]bool{}
		for i, e := range g.examples {
			x := example{Session: e.session, Transfer: e.transfer, Ref: place(e.session, e.transfer), Message: e.message}
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
		if more := g.count - len(g.examples); more > 0 {
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
		// a password in clear text, which nearly every session has, stands after what
		// explains a failure
		return cmp.Or(cmp.Compare(a.gravity, b.gravity), diagnosis.TrueFirst(b.id == diagnosis.CleartextID, a.id == diagnosis.CleartextID),
			diagnosis.TrueFirst(deeds[a.id], deeds[b.id]), cmp.Compare(f[b].count, f[a].count), cmp.Compare(a.id, b.id))
	})
	return list
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
