package table

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"ftpscope/analyze/prose"
	"ftpscope/analyze/record"
	"ftpscope/analyze/report"
	"ftpscope/analyze/report/diagnosis"
)

// What stands below the table: findings, connections without a session, files.

// found keeps findings: those of one kind between the same hosts are one.
type found struct {
	count [len(record.Severities)]int
	kinds map[foundKey]*foundRow
	lists [classes][]*foundRow // in order of arrival
}

// classes are the severities, then the habits.
const classes = len(record.Severities) + 1

type foundKey struct {
	id             string
	class          int
	told           bool // a verdict says it, too
	client, server netip.Addr
}

type foundRow struct {
	foundKey
	gravity         int
	count           int
	refs            []string // the first of them
	message, advice string   // of the first
}

// maxRefs is how many places a finding names.
const maxRefs = 6

// keepFinding keeps a finding for the foot of the table and says how its session ranks
// for it.
func (t *table) keepFinding(s *record.Session, f *record.Finding) int {
	g := record.Gravity(f.Severity)
	t.found.count[g]++
	limit := maxFindings
	if t.opt.All {
		limit = maxAllFound
	}
	k := foundKey{id: f.ID, class: g, told: diagnosis.Told(s, f), client: s.Client.Addr(), server: s.Server.Addr()}
	if diagnosis.Habit(f) {
		k.class, k.client = classes-1, netip.Addr{} // every client has it
	}
	row := t.found.kinds[k]
	if row == nil && len(t.found.lists[k.class]) < limit {
		if row = newFoundRow(k, f); t.found.kinds == nil {
			t.found.kinds = map[foundKey]*foundRow{}
		}
		t.found.kinds[k] = row
		t.found.lists[k.class] = append(t.found.lists[k.class], row)
	}
	if row != nil {
		row.add(s, f)
	}
	switch {
	case diagnosis.Habit(f):
		return diagnosis.Quiet
	case diagnosis.Grave(f.Severity):
		return diagnosis.Trouble
	}
	return diagnosis.Noted
}

// newFoundRow leaves the advice to the verdict, if that says what the finding says.
func newFoundRow(k foundKey, f *record.Finding) *foundRow {
	r := &foundRow{foundKey: k, gravity: record.Gravity(f.Severity), message: prose.Escape(f.Message), advice: prose.Escape(f.Advice)}
	if k.told {
		r.message, r.advice = prose.Escape(prose.FirstClause(f.Message)), ""
	}
	return r
}

func (r *foundRow) add(s *record.Session, f *record.Finding) {
	if r.count++; len(r.refs) == maxRefs {
		return
	}
	ref := "#" + strconv.Itoa(s.ID)
	if f.Transfer > 0 {
		ref += "." + strconv.Itoa(f.Transfer)
	}
	if !slices.Contains(r.refs, ref) {
		r.refs = append(r.refs, ref)
	}
}

// title is "#1.1 #1.2 …  data-unanswered × 10".
func (r *foundRow) title() string {
	refs, name := strings.Join(r.refs, " "), prose.Escape(r.id)
	if r.count > 1 {
		name += " × " + prose.Number(uint64(r.count))
		if r.count > len(r.refs) && len(r.refs) == maxRefs {
			refs += " …"
		}
	}
	return refs + "  " + name
}

// writeMore says how to see the sessions that are not shown.
func (t *table) writeMore(b *strings.Builder) {
	if hidden := t.stats.sessions - report.MaxShown; hidden > 0 && !t.opt.All {
		t.foot(b, "\n… "+prose.Many(hidden, "more session")+
			"; shown are those with failures or findings first; --all shows every one, --cause, --at and --host choose")
	}
}

// foot writes a line of the foot, as wide as the page.
func (t *table) foot(b *strings.Builder, text string) {
	rest, after := strings.CutPrefix(text, "\n")
	if after {
		b.WriteByte('\n')
	}
	b.WriteString(strings.Join(prose.Wrap(rest, t.width), "\n") + "\n")
}

// writeFindings writes the gravest first and habits last, each with what it says and what
// to check.
func (t *table) writeFindings(b *strings.Builder) {
	left := maxFindings
	if t.opt.All {
		left = maxAllFound
	}
	more := 0
	for _, n := range t.found.count {
		more += n
	}
	for _, rows := range t.found.lists {
		shown := min(len(rows), left)
		left -= shown
		for _, r := range rows[:shown] {
			more -= r.count
			b.WriteByte('\n')
			t.writeFinding(b, r)
		}
	}
	if more > 0 {
		t.foot(b, "\n… "+prose.Many(more, "more finding")+": -o json has them all")
	}
}

func (t *table) writeFinding(b *strings.Builder, f *foundRow) {
	const labels = 12 // columns of severities
	hang := labels
	if t.width < narrow {
		hang = indent
	}
	severity := report.Mark(f.gravity) + " " + record.Severities[f.gravity]
	b.WriteString(t.opt.Paint(report.ColorOf(f.gravity), severity) + prose.Spaces(labels-prose.Columns(severity)))
	title, text := f.title()+"  ", f.message
	if labels+prose.Columns(title) > t.width {
		title, text = "", title+text
	}
	b.WriteString(title)
	lines := prose.WrapAfter(labels-hang+prose.Columns(title), text, t.width-hang)
	b.WriteString(strings.Join(lines, "\n"+prose.Spaces(hang)) + "\n")
	if f.advice != "" {
		t.below(b, "check: "+f.advice, hang)
	}
}

// beside are attempts and orphans, a line each, with what to do about them: once for all
// that have the same verdict.
type beside struct {
	lines   []triedLine
	advised map[string]bool
}

type triedLine struct {
	at                record.Stamp
	text, place, next string
}

func (x *beside) add(at record.Stamp, text string, v *record.Verdict) {
	l := triedLine{at: at, text: text}
	if diagnosis.StandingOf(v) > diagnosis.Well && v != nil {
		if x.advised == nil {
			x.advised = map[string]bool{}
		}
		if key := v.Cause + v.At + v.Certainty; !x.advised[key] {
			x.advised[key] = true
			l.place, l.next = diagnosis.Place(v), someSteps(diagnosis.Steps(v))
			if v.Cause == record.CauseDataReset || v.Cause == record.CauseNotCaptured {
				l.next = diagnosis.VerdictText(v) + " " + l.next
			}
		}
	}
	x.lines = append(x.lines, l)
}

// writeTried writes attempts and orphans.
func (t *table) writeTried(b *strings.Builder) {
	if len(t.tried.lines) == 0 {
		return
	}
	b.WriteByte('\n')
	for _, l := range t.tried.lines {
		for i, part := range prose.Wrap(t.when(l.at)+"  "+l.text, t.width-1-indent) {
			b.WriteString(prose.Spaces(1+min(i, 1)*(indent-1)) + part + "\n")
		}
		if l.place != "" {
			t.labelled(b, labelled{l.place, report.Yellow, l.next, "", min(indent+prose.Columns(l.place)+3, t.width/2)})
		}
	}
	if more := t.stats.attempts + t.stats.orphans - len(t.tried.lines); more > 0 {
		b.WriteString(" … " + prose.Number(uint64(more)) + " more: -o json has them all\n")
	}
}

// writeFiles says which file a packet's number belongs to, when there are several.
func (t *table) writeFiles(b *strings.Builder, s *record.Summary) {
	const most = 10
	if !t.stats.several {
		return
	}
	t.foot(b, "\npackets are numbered in each file, 2:#14 is packet 14 of file 2:")
	for i, name := range s.Files[:min(len(s.Files), most)] {
		b.WriteString(" " + prose.PadLeft(strconv.Itoa(i+1), 2) + "  " + prose.Escape(name) + "\n")
	}
	if more := len(s.Files) - most; more > 0 {
		b.WriteString("  … " + prose.Many(more, "more file") + "\n")
	}
}
