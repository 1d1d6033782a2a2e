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

// places are "#1.1 #1.2 …".
func (r *foundRow) places() string {
	text := strings.Join(r.refs, " ")
	if r.count > len(r.refs) && len(r.refs) == maxRefs {
		text += " …"
	}
	return text
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

// writeFindings writes the gravest first and habits last, those of one rule together, each
// with what it says and what to check.
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
		rows = rows[:min(len(rows), left)]
		left -= len(rows)
		for _, r := range rows {
			more -= r.count
		}
		for _, group := range byRule(rows) {
			b.WriteByte('\n')
			t.writeRule(b, group)
		}
	}
	if more > 0 {
		t.foot(b, "\n… "+prose.Many(more, "more finding")+": -o json has them all")
	}
}

// byRule puts what one rule found together, in the order of the first of each.
func byRule(rows []*foundRow) (groups [][]*foundRow) {
	at := map[string]int{}
	for _, r := range rows {
		i, known := at[r.id]
		if !known {
			i = len(groups)
			at[r.id] = i
			groups = append(groups, nil)
		}
		groups[i] = append(groups[i], r)
	}
	return groups
}

const labels = 12 // columns of severities

// writeRule writes what one rule found: between one pair of hosts behind its name, between
// several below it. Advice is given once.
func (t *table) writeRule(b *strings.Builder, group []*foundRow) {
	first, count := group[0], 0
	for _, r := range group {
		count += r.count
	}
	hang := labels
	if t.width < narrow {
		hang = indent
	}
	name := prose.Escape(first.id)
	if count > 1 {
		name += " × " + prose.Number(uint64(count))
	}
	l := t.line(0).put(report.ColorOf(first.gravity), report.Mark(first.gravity)+" "+record.Severities[first.gravity]).pad(labels)
	if len(group) > 1 {
		b.WriteString(l.put(report.Bold, name).String() + "\n")
	} else {
		t.writeFound(b, l, hang, first, name)
	}
	advised := map[string]bool{}
	for i, r := range group {
		if len(group) > 1 {
			t.writeFound(b, t.line(hang), hang+gap, r, "")
		}
		if last := i == len(group)-1; r.advice != "" && !advised[r.advice] && (last || group[i+1].advice != r.advice) {
			advised[r.advice] = true
			t.advise(b, r.advice, hang)
		}
	}
}

// writeFound writes where something was found, which rule found it if that is not said yet,
// and what it says.
func (t *table) writeFound(b *strings.Builder, l *line, hang int, r *foundRow, name string) {
	places := r.places()
	if l.width+prose.Columns(places+name)+2*gap > t.width && l.width > hang {
		b.WriteString(l.String() + "\n")
		l = t.line(hang)
	}
	l.put(report.Dim, places).pad(l.width + gap)
	if name != "" {
		l.put(report.Bold, name).pad(l.width + gap)
	}
	lines := prose.WrapAfter(l.width-hang, r.message, min(t.width-hang, measured))
	for i, part := range lines {
		if i > 0 {
			l = t.line(hang)
		}
		b.WriteString(l.put(0, part).String() + "\n")
	}
}

// advise writes what to check, set off from what was found.
func (t *table) advise(b *strings.Builder, advice string, hang int) {
	const label = "check:"
	for i, part := range prose.Wrap(label+" "+advice, min(t.width-hang, measured)) {
		rest, first := strings.CutPrefix(part, label)
		if l := t.line(hang); i == 0 && first {
			b.WriteString(l.put(report.Advice, label).put(0, rest).String() + "\n")
		} else {
			b.WriteString(l.put(0, part).String() + "\n")
		}
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

func (x *beside) add(at record.Stamp, text string, v *record.Verdict, width int) {
	l := triedLine{at: at, text: text}
	if diagnosis.StandingOf(v) > diagnosis.Well && v != nil {
		if x.advised == nil {
			x.advised = map[string]bool{}
		}
		if key := v.Cause + v.At + v.Certainty; !x.advised[key] {
			x.advised[key] = true
			l.place, l.next = diagnosis.Place(v), someSteps(diagnosis.Steps(v), width)
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
		for i, part := range prose.Wrap(t.when(l.at)+" "+l.text, t.width-1-indent) {
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
		number := " " + prose.PadLeft(strconv.Itoa(i+1), 2)
		for k, part := range prose.Wrap(prose.Escape(name), t.width-len(number)-gap) {
			b.WriteString(t.line(0).put(report.Dim, number[:len(number)*(1-min(k, 1))]).pad(len(number)+gap).put(0, part).String() + "\n")
		}
	}
	if more := len(s.Files) - most; more > 0 {
		b.WriteString("  … " + prose.Many(more, "more file") + "\n")
	}
}
