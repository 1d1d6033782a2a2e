package table

import (
	"io"
	"strconv"
	"strings"

	"ftpscope/analyze/prose"
	"ftpscope/analyze/record"
	"ftpscope/analyze/report"
	"ftpscope/analyze/report/diagnosis"
)

// lines writes one line an event, for terminals that scroll, logs and grep: fields two
// spaces apart, the time first, then the session's number, or session and transfer.
type lines struct {
	w   io.Writer
	opt report.Options
}

// Lines is -o lines.
func Lines() report.Format {
	return report.Format{Name: "lines", Doc: "one line an event: sessions, transfers and findings as they come", New: newLines, Sensors: true}
}

func newLines(w io.Writer, o report.Options) report.Writer { return &lines{w: w, opt: o} }

func (l *lines) Session(s *record.Session) error {
	var b strings.Builder
	o := l.opt
	o.All, o.Width = true, 0 // what stands in a log is the same everywhere
	r, closing := newSessionRow(s, o), s.Closing
	if s.Open { // it has no number yet
		r.id, closing = "open", "goes on"
	}
	name := s.Sensor + "#" + r.id
	l.event(&b, s.End, name, r.client+" → "+r.server, r.network, r.user, r.mode, r.sums, closing)
	if v := s.Verdict; v != nil && v.Cause != record.CauseNone && !s.Open {
		l.event(&b, s.End, name, verdictFields(v)...)
	}
	for i := range s.Transfers {
		t := &s.Transfers[i]
		at := s.End
		if t.Notes.Ran != nil {
			at.Time = t.Notes.Ran.Mark.Time
		}
		row := &r.transfers[i]
		place := name + "." + strconv.Itoa(t.N)
		l.event(&b, at, place, row.name, row.method, row.main, row.detail, row.size, row.result, row.frames)
		if v := t.Verdict; v != nil && !s.Open && (s.Verdict == nil || v.Text != s.Verdict.Text) {
			l.event(&b, at, place, verdictFields(v)...)
		}
	}
	for _, f := range diagnosis.Ranked(s) {
		place := name
		if f.Transfer > 0 {
			place += "." + strconv.Itoa(f.Transfer)
		}
		g := record.Gravity(f.Severity)
		l.event(&b, s.End, place, report.Mark(g)+" "+record.Severities[g], prose.Escape(f.ID), prose.Escape(f.Message))
	}
	return l.write(&b)
}

func (l *lines) Attempt(a *record.Attempt) error {
	var b strings.Builder
	l.event(&b, a.Last, a.Sensor+"–", a.ClientIP.String()+" → "+a.Server.String(), "no session", prose.Many(a.Count, "SYN"), diagnosis.Attempt(a), diagnosis.Network(a.Network))
	if a.Verdict != nil && a.Verdict.Cause != record.CauseNone {
		l.event(&b, a.Last, a.Sensor+"–", verdictFields(a.Verdict)...)
	}
	return l.write(&b)
}

func (l *lines) Orphan(o *record.Orphan) error {
	var b strings.Builder
	c := &o.Connection
	l.event(&b, c.End, o.Sensor+"–", c.Src.String()+" → "+c.Dst.String(), "data connection without a session", prose.Size(o.Bytes), diagnosis.Network(c.Network))
	if o.Verdict != nil && o.Verdict.Cause != record.CauseNone {
		l.event(&b, c.End, o.Sensor+"–", verdictFields(o.Verdict)...)
	}
	return l.write(&b)
}

func (l *lines) Summary(s *record.Summary) error {
	var b strings.Builder
	if s.Sensor != "" {
		b.WriteString(s.Sensor + ": ")
	}
	b.WriteString(diagnosis.Summary(s) + "\n")
	return l.write(&b)
}

func (l *lines) Gap(g *record.Gap) error {
	var b strings.Builder
	b.WriteString(g.Sensor + ": " + prose.Many(g.Records, "record") + " lost on the way to the hub\n")
	return l.write(&b)
}

// verdictFields are a verdict's part of a line: "cause data-blocked", "firewall · likely",
// the sentence.
func verdictFields(v *record.Verdict) []string {
	place := v.At + " · " + v.Certainty
	if len(v.Or) > 0 {
		place += " (or " + strings.Join(v.Or, ", ") + ")"
	}
	return []string{"cause " + prose.Escape(v.Cause), prose.Escape(place), prose.Escape(v.Text)}
}

// event writes a line about something; empty fields are left out.
func (l *lines) event(b *strings.Builder, at record.Stamp, what string, fields ...string) {
	b.WriteString(l.opt.Stamped(at.Time) + "  " + what)
	for _, f := range fields {
		if f != "" {
			b.WriteString("  " + f)
		}
	}
	b.WriteByte('\n')
}

func (l *lines) write(b *strings.Builder) error {
	_, err := io.WriteString(l.w, b.String())
	return err
}
