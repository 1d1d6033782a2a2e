// Package markdown writes a section to paste into a ticket, for -o markdown. Package
// formats makes it known.
package markdown

import (
	"fmt"
	"io"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"ftpscope/analyze/prose"
	"ftpscope/analyze/record"
	"ftpscope/analyze/report"
	"ftpscope/analyze/report/diagnosis"
	"ftpscope/analyze/report/jsonl"
	"ftpscope/capture/flow"
)

// markdown writes a section for a ticket, when all records are there: what was found, the
// sessions, why transfers failed, the findings. It keeps the gravest of each and counts
// the rest, so it is short whatever the capture holds.
type markdown struct {
	w        io.Writer
	opt      report.Options
	sessions gravest
	failures gravest
	findings findings
	others   gravest
	answer   diagnosis.Answer
	causes   diagnosis.Causes
	modes    map[string]int // transfers
	failed   int            // of them
	worked   gravest
	carried  carried
	found    map[string]int // findings by severity, of the sessions that are shown
	several  bool
}

// What is kept, and of a text: trackers take some 65,000 characters, GitHub's comments
// 65,536.
const (
	mdSessions = 20
	mdFailures = 20
	mdWorked   = 10
	mdFindings = 20
	mdCauses   = 10
	mdSteps    = 2 // of a transfer that its session's verdict is not about
	mdOthers   = 10
	mdFiles    = 10
	mdName     = 60
	mdText     = 500
)

// room is what is shown: of many sessions less of each, since a ticket has other readers
// than the capture. Together that is less than 6 KB.
type room struct{ sessions, failures, worked, findings, causes, steps, advice, others, files, text int }

// mdFew are so few sessions that all is told of them.
const mdFew = 10

func (m *markdown) room() room {
	if m.sessions.count <= mdFew || m.opt.All {
		return room{mdSessions, mdFailures, mdWorked, mdFindings, mdCauses, maxSteps, mdFindings, mdOthers, mdFiles, mdText}
	}
	return room{sessions: 6, failures: 4, worked: 3, findings: 5, causes: 4, steps: 1, advice: 1, others: 2, files: 2, text: 150}
}

// maxSteps is more than any verdict has.
const maxSteps = 10

// Format is -o markdown.
func Format() report.Format {
	return report.Format{Name: "markdown", Doc: "a section to paste into a ticket", New: newMarkdown}
}

func newMarkdown(w io.Writer, o report.Options) report.Writer {
	return &markdown{w: w, opt: o, sessions: gravest{most: mdSessions}, failures: gravest{most: mdFailures}, worked: gravest{most: mdWorked}, others: gravest{most: mdOthers},
		modes: map[string]int{}, found: map[string]int{}}
}

// gravest keeps the worst lines of many, in the order in which they came.
type gravest struct {
	most, count int
	kept        []ranking
}

type ranking struct {
	rank, order int    // the smaller the graver
	text, below string // a line, and what there is to say below it
}

// room reports whether a line of this rank would be kept: who asks first need not write
// lines for nothing.
func (w *gravest) room(rank int) bool {
	return len(w.kept) < w.most || w.kept[w.mildest()].rank > rank
}

func (w *gravest) mildest() int {
	last := 0
	for i := range w.kept {
		if w.kept[i].rank >= w.kept[last].rank {
			last = i
		}
	}
	return last
}

func (w *gravest) add(rank int, text func() (line, below string)) {
	w.count++
	if !w.room(rank) {
		return
	}
	if len(w.kept) == w.most {
		i := w.mildest()
		w.kept = slices.Delete(w.kept, i, i+1)
	}
	line, below := text()
	w.kept = append(w.kept, ranking{rank, w.count, line, below})
}

// plainly is a line with nothing below it.
func plainly(line func() string) func() (string, string) {
	return func() (string, string) { return line(), "" }
}

// write writes so many lines, and below them what there is if all are shown; what says of
// what there are more.
func (w *gravest) write(b *strings.Builder, most int, what string) {
	for len(w.kept) > most {
		w.kept = slices.Delete(w.kept, w.mildest(), w.mildest()+1)
	}
	for i := range w.kept {
		b.WriteString(w.kept[i].text)
		if w.count <= w.most {
			b.WriteString(w.kept[i].below)
		}
	}
	if more := w.count - len(w.kept); more > 0 {
		b.WriteString("\n… and " + prose.Many(more, "more "+what) + ".\n")
	}
}

func (m *markdown) Session(s *record.Session) error {
	if s.Open {
		return nil // it comes again when it ended
	}
	files := m.opt.FileNumbers(s)
	m.several = m.several || files
	m.answer.Session(s)
	m.causes.Session(s, files)
	rank := len(record.Severities) + 1
	bad := 0
	for i := range s.Transfers {
		t := &s.Transfers[i]
		m.modes[t.Mode]++
		m.carried.add(t)
		failed := t.Failed() || t.Outcome == record.Rejected
		if failed {
			bad++
			m.failed++
		}
		if failed || diagnosis.StandingOf(t.Verdict) >= diagnosis.Slow {
			m.failures.add(gravityOf(t), func() (string, string) { return failureLine(s, t, files) })
		} else if t.Outcome == record.OK && t.Opened() {
			m.worked.add(0, plainly(func() string { return workedLine(s, t) }))
		}
	}
	if bad > 0 || diagnosis.StandingOf(s.Verdict) == diagnosis.Failed {
		rank = len(record.Severities)
	}
	for i := range s.Findings {
		f := &s.Findings[i]
		m.found[f.Severity]++
		if !diagnosis.Habit(f) {
			rank = min(rank, record.Gravity(f.Severity))
		}
		m.findings.add(s, f, files)
	}
	m.sessions.add(rank, plainly(func() string { return sessionLine(s, bad, m.opt.Zone) }))
	return nil
}

// gravityOf orders transfers that went wrong: those that failed, those whose negotiation was
// rejected, those that are not to be trusted.
func gravityOf(t *record.Transfer) int {
	switch {
	case t.Failed():
		return 0
	case t.Outcome == record.Rejected:
		return 1
	}
	return 2
}

func (m *markdown) Attempt(a *record.Attempt) error {
	m.answer.Attempt(a)
	m.causes.Attempt(a)
	m.others.add(0, plainly(func() string {
		return "- " + codeSpan(prose.Plain(a.ClientIP).String()) + " tried to reach " + codeSpan(a.Server.String()) + " with " + prose.Many(a.Count, "SYN") + ": " + mdProse(diagnosis.Attempt(a)) + "\n"
	}))
	return nil
}

func (m *markdown) Orphan(o *record.Orphan) error {
	m.answer.Orphan(o)
	m.causes.Orphan(o)
	m.others.add(1, plainly(func() string {
		return "- data connection without its session: " + codeSpan(o.Connection.Src.String()) + " → " + codeSpan(o.Connection.Dst.String()) + ", " + prose.Size(o.Bytes) + "\n"
	}))
	return nil
}

func (m *markdown) Summary(s *record.Summary) error {
	var b strings.Builder
	title := "FTP analysis"
	if m.opt.Title != "" {
		title = mdProse(prose.CutEnd(prose.Escape(m.opt.Title), mdText))
	}
	b.WriteString("## " + title + "\n\n")
	if line := m.answer.Line(); line != "" {
		b.WriteString("**" + mdProse(prose.FirstUpper(line)) + "**\n\n")
	}
	b.WriteString(m.sentence(s) + "\n")
	if s.First != nil && s.Last != nil {
		b.WriteString("\nCaptured " + codeSpan(m.instant(s.First)) + " to " + codeSpan(m.instant(s.Last)) + ".\n")
	}
	if line := m.carried.line(); line != "" {
		b.WriteString("\n" + line + "\n")
	}
	show := m.room()
	m.writeCauses(&b, show)
	if m.sessions.count > 0 {
		b.WriteString("\n### Sessions\n\n| session | start (" + m.clocks(s) + ") | client | server | user | mode | opened by | transfers | verdict |\n|--:|---|---|---|---|---|---|---|---|\n")
		m.sessions.write(&b, show.sessions, "session")
	}
	if m.failures.count > 0 {
		b.WriteString("\n### Transfers that went wrong\n\n")
		m.failures.write(&b, show.failures, "transfer")
	}
	if m.worked.count > 0 {
		b.WriteString("\n### Transfers that worked\n\n")
		m.worked.write(&b, show.worked, "transfer")
	}
	m.findings.write(&b, show)
	if m.others.count > 0 {
		b.WriteString("\n### Beside the sessions\n\n")
		m.others.write(&b, show.others, "line")
	}
	m.writeFiles(&b, s, show.files)
	_, err := io.WriteString(m.w, b.String())
	return err
}

// instant is a moment in full, with its offset from UTC.
func (m *markdown) instant(s *record.Stamp) string {
	if m.opt.Zone.IsUTC() {
		return jsonl.RFC3339(*s)
	}
	return m.opt.Zone.At(s.Time).Format(time.RFC3339)
}

// clocks names the zone of the times in the table.
func (m *markdown) clocks(s *record.Summary) string {
	if s.First == nil || s.Last == nil {
		return m.opt.Zone.Name(0, 0)
	}
	return m.opt.Zone.Name(s.First.Time, s.Last.Time)
}

// sentence says it all in one line.
func (m *markdown) sentence(s *record.Summary) string {
	read := prose.Many(s.Packets, "packet")
	if s.First != nil && s.Last != nil {
		read += " over " + prose.Span(s.Last.Time-s.First.Time)
	}
	if m.sessions.count == 0 {
		return diagnosis.NoneFound(s, read)
	}
	text := prose.Many(m.sessions.count, "FTP session") + " with " + m.transfers() + "; "
	found := m.found
	if s.Hidden == nil {
		found = s.Findings // counts those too that are too many to be told
	}
	var words []string
	for _, severity := range record.Severities {
		if n := found[severity]; n > 0 {
			words = append(words, prose.Number(uint64(n))+" "+severity)
		}
	}
	if words == nil {
		text += "no findings"
	} else {
		text += "findings: " + prose.List(words)
	}
	if hidden := diagnosis.HiddenWords(s); hidden != "" {
		text += "; " + hidden
	}
	return text + "; in " + read + "."
}

// transfers is "2 active and 1 passive transfers, 1 of them failed".
func (m *markdown) transfers() string {
	var words []string
	all := 0
	for _, mode := range []string{record.Active, record.Passive, record.Unknown} {
		if n := m.modes[mode]; n > 0 {
			words = append(words, prose.Number(uint64(n))+" "+mode)
			all += n
		}
	}
	switch {
	case all == 0:
		return "no transfer"
	case all == 1:
		words[0] += " transfer"
	default:
		words[len(words)-1] += " transfers"
	}
	text := prose.List(words)
	if m.failed > 0 {
		text += ", " + prose.Number(uint64(m.failed)) + " of them failed"
	}
	return text
}

func (m *markdown) writeFiles(b *strings.Builder, s *record.Summary, most int) {
	b.WriteString("\n### Files\n\n")
	if m.several {
		b.WriteString("Packets are numbered in each file: 2:14 is packet 14 of file 2.\n\n")
	}
	for i, name := range s.Files[:min(len(s.Files), most)] {
		fmt.Fprintf(b, "%d. %s\n", i+1, codeCut(name, 2*mdName))
	}
	if more := len(s.Files) - most; more > 0 {
		b.WriteString("\n… and " + prose.Many(more, "more file") + ".\n")
	}
}

// sessionLine is a row of the table.
func sessionLine(s *record.Session, bad int, z prose.Zone) string {
	user, opened := "–", diagnosis.Opener(s)
	if s.User != nil {
		user = codeCut(*s.User, mdName)
	}
	counts := strconv.Itoa(len(s.Transfers))
	if bad > 0 {
		counts += ", **" + strconv.Itoa(bad) + " failed**"
	}
	verdict := "–"
	if v := s.Verdict; v != nil && v.Cause == record.CauseNone {
		verdict = "no failure"
	} else if v != nil {
		verdict = diagnosis.Place(v) + ", " + codeSpan(v.Cause)
	}
	cells := []string{strconv.Itoa(s.ID), z.Moment(s.Start.Time), mdEndpoint(s.Client), mdEndpoint(s.Server), user, s.Mode, diagnosis.Party(opened), counts, verdict}
	return "| " + strings.Join(cells, " | ") + " |\n"
}

func mdEndpoint(e netip.AddrPort) string {
	if !e.IsValid() {
		return "–"
	}
	return codeSpan(e.String())
}

// failureLine says what was asked for, and why it did not work; below is its own verdict.
func failureLine(s *record.Session, t *record.Transfer, files bool) (line, below string) {
	name := t.Method + " (" + t.Mode + ")"
	if t.Command != nil {
		name = codeCut(strings.TrimRight(*t.Command+" "+prose.Known(t.Argument), " "), mdName) + diagnosis.Resumed(t) + " (" + t.Method + ", " + t.Mode + ")"
	}
	why, own := diagnosis.Outcome(s, t), ""
	if v := t.Verdict; v != nil {
		why = ""
		if s.Verdict == nil || s.Verdict.Text != v.Text { // else said above
			own = "  - **" + diagnosis.Place(v) + "** " + codeSpan(v.Cause) + ": " + mdProse(prose.CutEnd(diagnosis.VerdictText(v), mdText)) + "\n"
			for _, step := range diagnosis.Steps(v)[:min(len(v.Next), mdSteps)] {
				own += "  - next: " + mdProse(prose.CutEnd(step, mdText)) + "\n"
			}
		}
	}
	f := &t.Frames
	var packets []string
	for _, p := range []struct {
		what string
		at   flow.Pos
	}{{"negotiation", f.Negotiation}, {"command", f.Command}, {"SYN", f.SYN}, {"reply", f.Reply}} {
		if p.at.Seen() {
			packets = append(packets, p.what+" "+mdPacket(p.at, files))
		}
	}
	line = "- session " + strconv.Itoa(s.ID) + ", transfer " + strconv.Itoa(t.N) + ": " + name + ": **" + t.Outcome + "**"
	if t.Reply != nil {
		line += ", reply " + codeCut(diagnosis.ReplyLine(t.Reply), mdName)
	}
	if line += "."; why != "" {
		line += " " + mdProse(prose.CutEnd(prose.Ended(prose.Escape(why)), mdText))
	}
	if len(packets) > 0 {
		line += " Packets: " + strings.Join(packets, ", ") + "."
	}
	return line + "\n", own
}

// mdPacket is a packet's number without the # that trackers link to an issue.
func mdPacket(p flow.Pos, files bool) string {
	return strings.Replace(prose.Packet(p, files), "#", "", 1)
}
