package report

import (
	"cmp"
	"slices"
	"strconv"

	"ftpscope/analyze/finding"
	"ftpscope/analyze/session"
)

// htmlFindings groups the run's findings by rule and severity. There are as many groups as rules, a few more at most.
type htmlFindings map[foundKind]*foundGroup

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
}

// The examples of each group; the table finds the others.
const (
	maxExamples      = 10
	maxExamplesMinor = 5 // of what is not grave
)

// add takes a session's findings and ranks it by them.
func (f htmlFindings) add(s *session.Session) int {
	rank := quiet
	for _, x := range ranked(s) {
		if rank = max(rank, noted); grave(x.Severity) {
			rank = trouble
		}
		k := foundKind{gravity(x.Severity), x.ID}
		g := f[k]
		if g == nil {
			g = &foundGroup{}
			f[k] = g
		}
		g.count++
		if g.last != s.ID || g.sessions == 0 {
			g.sessions, g.last = g.sessions+1, s.ID
		}
		most := maxExamplesMinor
		if grave(x.Severity) {
			most = maxExamples
		}
		if len(g.examples) < most {
			g.examples = append(g.examples, foundExample{s.ID, x.Transfer, toldOf(x.Message), toldOf(x.Advice)})
		}
	}
	return rank
}

// htmlGroup is a rule's part of the page.
type htmlGroup struct {
	ID, Severity, Title, Meaning string
	Count                        string
	More                         string
	Examples                     []htmlExample
}

type htmlExample struct {
	Session         int
	Ref             string
	Message, Advice string
}

// groups are the page's, the gravest first. Advice that the example before has as well is not said again.
func (f htmlFindings) groups() []htmlGroup {
	var list []htmlGroup
	for _, k := range f.kinds() {
		g := f[k]
		h := htmlGroup{ID: escape(k.id), Severity: severities[k.gravity]}
		for _, r := range finding.Rules() {
			if r.ID == k.id {
				h.Title, h.Meaning = r.Title, r.Meaning
			}
		}
		if h.Count = many(g.count, "finding"); g.sessions > 1 {
			h.Count += " in " + many(g.sessions, "session")
		}
		advice := ""
		for _, e := range g.examples {
			x := htmlExample{e.session, place(e.session, e.transfer), e.message, ""}
			if e.advice != advice {
				x.Advice, advice = e.advice, e.advice
			}
			h.Examples = append(h.Examples, x)
		}
		if more := g.count - len(g.examples); more > 0 {
			h.More = many(more, "more finding") + " like these"
		}
		list = append(list, h)
	}
	return list
}

func (f htmlFindings) kinds() []foundKind {
	var list []foundKind
	for k := range f {
		list = append(list, k)
	}
	slices.SortFunc(list, func(a, b foundKind) int {
		// a password in clear text, which nearly every session has, stands after what explains a failure
		return cmp.Or(cmp.Compare(a.gravity, b.gravity), compareTrouble(b.id == cleartextID, a.id == cleartextID), cmp.Compare(f[b].count, f[a].count), cmp.Compare(a.id, b.id))
	})
	return list
}

// bySeverity counts all findings, the gravest first.
func (f htmlFindings) bySeverity() [len(severities)]int {
	var n [len(severities)]int
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
