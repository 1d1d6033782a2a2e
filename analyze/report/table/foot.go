package table

import (
	"strconv"
	"strings"

	"ftpscope/analyze/prose"
	"ftpscope/analyze/record"
	"ftpscope/analyze/report"
	"ftpscope/analyze/report/diagnosis"
)

// What stands below the table: findings, connections without a session, files.

type findingRow struct {
	ref, id, message, advice string
}

// keepFinding keeps a finding for the foot of the table and says how its session ranks
// for it.
func (t *table) keepFinding(s *record.Session, f *record.Finding) int {
	g := record.Gravity(f.Severity)
	t.stats.findings[g]++
	limit := maxFindings
	if t.opt.All {
		limit = maxAllFound
	}
	if len(t.found[g]) < limit {
		ref := "#" + strconv.Itoa(s.ID)
		if f.Transfer > 0 {
			ref += "." + strconv.Itoa(f.Transfer)
		}
		t.found[g] = append(t.found[g], findingRow{ref, prose.Escape(f.ID), prose.Escape(f.Message), prose.Escape(f.Advice)})
	}
	if diagnosis.Grave(f.Severity) {
		return diagnosis.Trouble
	}
	return diagnosis.Noted
}

// writeMore says how to see the sessions that are not shown.
func (t *table) writeMore(b *strings.Builder) {
	if hidden := t.stats.sessions - report.MaxShown; hidden > 0 && !t.opt.All {
		b.WriteString("\n… " + prose.Many(hidden, "more session") +
			"; shown are those with failures or findings first; --all shows every one\n")
	}
}

// writeFindings writes the gravest first, each with what it says and what to check.
func (t *table) writeFindings(b *strings.Builder) {
	left := maxFindings
	if t.opt.All {
		left = maxAllFound
	}
	more := 0
	for g, rows := range t.found {
		shown := min(len(rows), left)
		left -= shown
		more += t.stats.findings[g] - shown
		for i := range rows[:shown] {
			b.WriteByte('\n')
			t.writeFinding(b, g, &rows[i])
		}
	}
	if more > 0 {
		b.WriteString("\n… " + prose.Many(more, "more finding") + ": -o json has them all\n")
	}
}

func (t *table) writeFinding(b *strings.Builder, g int, f *findingRow) {
	const hang = 12 // the column of the session's number
	b.WriteString(t.opt.Paint(report.ColorOf(g), report.Mark(g)+" "+record.Severities[g]) + prose.Spaces(hang-prose.Columns(report.Mark(g)+" "+record.Severities[g])))
	title := f.ref + "  " + f.id + "  "
	b.WriteString(title)
	for i, line := range prose.WrapAfter(prose.Columns(title), f.message, t.width-hang) {
		if i > 0 {
			b.WriteString("\n" + prose.Spaces(hang))
		}
		b.WriteString(line)
	}
	b.WriteByte('\n')
	if f.advice == "" {
		return
	}
	for _, line := range prose.Wrap("check: "+f.advice, t.width-hang) {
		b.WriteString(prose.Spaces(hang) + line + "\n")
	}
}

// writeTried writes attempts and orphans.
func (t *table) writeTried(b *strings.Builder) {
	if len(t.tried) == 0 {
		return
	}
	b.WriteByte('\n')
	for _, line := range t.tried {
		b.WriteString(" " + line + "\n")
	}
	if more := t.stats.attempts + t.stats.orphans - len(t.tried); more > 0 {
		b.WriteString(" … " + prose.Number(uint64(more)) + " more: -o json has them all\n")
	}
}

// writeFiles says which file a packet's number belongs to, when there are several.
func (t *table) writeFiles(b *strings.Builder, s *record.Summary) {
	const most = 10
	if !t.stats.several {
		return
	}
	b.WriteString("\npackets are numbered in each file, 2:#14 is packet 14 of file 2:\n")
	for i, name := range s.Files[:min(len(s.Files), most)] {
		b.WriteString(" " + prose.PadLeft(strconv.Itoa(i+1), 2) + "  " + prose.Escape(name) + "\n")
	}
	if more := len(s.Files) - most; more > 0 {
		b.WriteString("  … " + prose.Many(more, "more file") + "\n")
	}
}
