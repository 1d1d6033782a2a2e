package html

import (
	"strings"

	"ftpscope/analyze/prose"
	"ftpscope/analyze/record"
	"ftpscope/analyze/report/diagnosis"
)

// What went wrong, where to look and what to do next: verdicts as the page shows them.

// causeRef is where a verdict or a finding stands.
type causeRef struct {
	Session, Transfer int
	Ref               string
}

const (
	maxCauseShown  = 6 // the others fold away
	maxCauseFolded = 50
	maxCauseRefs   = 6
)

// judged is a verdict as the page shows it.
type judged struct {
	Place  string   `json:"place"`
	Cause  string   `json:"cause"`
	Level  string   `json:"level"` // as the page is coloured
	Text   string   `json:"text"`
	Also   string   `json:"also,omitempty"`
	Next   []string `json:"next,omitempty"`
	Filter string   `json:"filter,omitempty"` // the packets that decide
	File   int      `json:"file,omitempty"`   // that they are in, from 1
}

// levels are the colours of standings.
var levels = [...]string{diagnosis.Well: "good", diagnosis.Untold: "none", diagnosis.Slow: "warn", diagnosis.Failed: "bad"}

func newJudged(v *record.Verdict) judged {
	j := judged{Place: diagnosis.Place(v), Cause: causeWords(v.Cause), Level: levels[diagnosis.StandingOf(v)], Text: toldOf(v.Text)}
	if v.Cause == record.CauseNone {
		j.Place, j.Cause = "no failure · "+prose.Escape(v.Certainty), ""
	}
	if also := diagnosis.AlsoFits(v); also != "" {
		j.Also = prose.CutEnd(also, maxStory)
	}
	for _, step := range diagnosis.Steps(v) {
		j.Next = append(j.Next, prose.CutEnd(prose.Sentence(step), maxStory))
	}
	j.Filter, j.File = framesFilter(v.Frames)
	return j
}

// causeWords is a cause's name as words.
func causeWords(cause string) string { return prose.Escape(strings.ReplaceAll(cause, "-", " ")) }

// rankOf is how much a session with this verdict deserves to be looked at.
func rankOf(v *record.Verdict) int {
	switch diagnosis.StandingOf(v) {
	case diagnosis.Failed:
		return diagnosis.Trouble
	case diagnosis.Slow:
		return diagnosis.Noted
	}
	return diagnosis.Quiet
}

// causeRow is what went wrong with one or several sessions.
type causeRow struct {
	judged
	Count string // of several
	Refs  []causeRef
	More  string
}

// viewCauses are the verdicts of the whole capture, what failed and what is most frequent
// first.
func (h *writer) viewCauses(v *view) {
	v.Answer = prose.FirstUpper(h.answer.Line())
	list, left := h.causes.Told(maxCauseShown + maxCauseFolded)
	for i, g := range list {
		r := causeRow{judged: newJudged(&g.Verdict)}
		for _, ref := range g.Refs {
			r.Refs = append(r.Refs, causeRef{ref.Session, ref.Transfer, place(ref.Session, ref.Transfer)})
		}
		if g.Count > 1 {
			r.Count = prose.Many(g.Count, g.What)
		}
		if n := g.Count - len(g.Refs); n > 0 && len(g.Refs) > 0 {
			r.More = "and " + prose.Number(uint64(n)) + " more"
		}
		if i < maxCauseShown {
			v.Causes = append(v.Causes, r)
		} else {
			v.CausesFolded = append(v.CausesFolded, r)
		}
	}
	if left > 0 {
		v.CausesMore = "… and " + prose.Many(left, "verdict") + " of other kinds"
	}
}
