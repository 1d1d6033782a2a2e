package table

import (
	"strings"

	"ftpscope/analyze/prose"
	"ftpscope/analyze/report"
)

// The page: sessions with their verdicts and transfers.

const (
	maxFrames   = 16 // more packet numbers stick out, or go below
	maxNameWide = 60 // of a wide page
	maxMain     = 59 // "server opened … → …" of the longest IPv4 endpoints
)

func (t *table) writePage(b *strings.Builder) {
	t.measure()
	if !t.stats.titled {
		t.writeHead(b)
		t.stats.titled = true
	}
	for i := range t.page {
		if g := t.page[i].heading; g != "" {
			for k, part := range prose.Wrap(g, t.width-headHang) {
				b.WriteString(t.line(min(k, 1)*headHang).put(report.Bold, part).String() + "\n")
			}
		}
		t.writeSession(b, &t.page[i])
	}
}

// headHang is where the second line of a group's heading begins.
const headHang = 3

// measureTransfers fits the transfers' columns: full addresses if names keep minName
// columns, else roles. Rows that failed say more than a number: they may stick out of the
// columns, so they do not make them.
func (t *table) measureTransfers() {
	c := &t.columns
	c.name, c.method, c.main, c.size, c.status, c.frames, c.elapsed = 0, 0, 0, 0, 0, 0, 0
	full, short := 0, 0
	t.eachTransfer(func(r *transferRow) {
		c.name, c.method = max(c.name, prose.Columns(r.name)), max(c.method, prose.Columns(r.method))
		c.size = max(c.size, prose.Columns(r.size))
		if prose.Columns(r.main) <= maxMain {
			full = max(full, prose.Columns(r.main))
		}
		short = max(short, min(prose.Columns(r.short), maxMain))
	})
	t.eachTransfer(func(r *transferRow) {
		if !r.failed {
			c.status, c.frames = max(c.status, prose.Columns(t.status(r))), max(c.frames, min(prose.Columns(r.frames), maxFrames))
		}
	})
	longest := maxName
	if t.width >= wide {
		longest = maxNameWide
		t.eachTransfer(func(r *transferRow) { c.elapsed = max(c.elapsed, prose.Columns(r.elapsed)) })
		if c.elapsed > 0 && indent+c.method+c.status+c.frames+min(c.name, longest)+full+c.elapsed+5*gap > t.width {
			c.elapsed = 0
		}
	}
	rest := t.width - indent - c.method - c.status - c.frames - 4*gap
	if c.elapsed > 0 {
		rest -= c.elapsed + gap
	}
	c.short = rest-full < min(c.name, minName)
	c.main = full
	if c.short {
		c.main = short
	}
	c.name = min(c.name, longest, max(minName, rest-c.main))
	c.main = max(min(c.main, rest-c.name), 0)
}

func (t *table) eachTransfer(do func(*transferRow)) {
	for i := range t.page {
		for k := range t.page[i].transfers {
			do(&t.page[i].transfers[k])
		}
	}
}

func (t *table) writeSession(b *strings.Builder, r *sessionRow) {
	t.writeRow(b, r)
	if r.network != "" {
		t.below(b, "in "+r.network, indent)
	}
	t.writeVerdict(b, r)
	if r.logins != "" {
		t.below(b, r.logins, indent)
	}
	for i := range r.transfers {
		t.writeTransfer(b, &r.transfers[i])
	}
	if r.more != "" {
		t.below(b, r.more, indent)
	}
}

// below writes text under a row.
func (t *table) below(b *strings.Builder, text string, indent int) {
	for _, line := range prose.Wrap(text, min(t.width-indent, measured)) {
		b.WriteString(prose.Spaces(indent) + line + "\n")
	}
}

// mostSteps is how many columns of steps a verdict shows, whole steps only; a wide page
// has room for more.
const (
	mostSteps     = 280
	mostStepsWide = 600
)

// maxSaid bounds the verdicts that later ones refer to.
const maxSaid = 1000

// writeVerdict writes where to look, what happened, and what to do next. What stands
// above already is said by the number of its session.
func (t *table) writeVerdict(b *strings.Builder, r *sessionRow) {
	if r.verdict == "" {
		return
	}
	hang := indent + prose.Columns(r.place) + 3
	if t.width < narrow {
		hang = indent + gap
	}
	color := report.Yellow
	if r.failed {
		color = report.Red
	}
	text, steps := r.verdict, someSteps(r.next, t.width)
	before := t.before(r.id, text+"\n"+steps)
	if before != "" {
		text, steps = "The same as in session "+before+".", ""
	} else if before = t.before(r.id, steps); before != "" && steps != "" {
		steps = "As in session " + before + "."
	}
	t.labelled(b, labelled{r.place, color, text, strings.TrimSpace(r.frames + "  " + r.cause), hang})
	if steps != "" {
		t.labelled(b, labelled{"next", report.Advice, steps, "", hang})
	}
}

// before is the session that had this text first; empty: this one.
func (t *table) before(id, text string) string {
	first, known := t.said[text]
	if !known && len(t.said) < maxSaid {
		t.said[text] = id
	}
	return first
}

// someSteps are the first steps, as many as fit, a sentence each.
func someSteps(next []string, width int) string {
	text, most := "", mostSteps
	if width >= wide {
		most = mostStepsWide
	}
	for i, s := range next {
		if i > 0 && prose.Columns(text)+prose.Columns(s) > most {
			break
		}
		text += " " + prose.Sentence(s)
	}
	return strings.TrimPrefix(text, " ")
}

// narrow pages have no room for a column of labels.
const narrow = 80

// labelled is a text behind a label, with something at its end, and where its lines begin.
type labelled struct {
	label string
	color report.Color
	text  string
	end   string
	hang  int
}

func (t *table) labelled(b *strings.Builder, l labelled) {
	room := min(t.width-l.hang, measured)
	lead := prose.Pad(l.label, l.hang-indent)
	if prose.Columns(l.label)+gap > l.hang-indent {
		lead = l.label + prose.Spaces(gap)
	}
	used := max(indent+prose.Columns(lead)-l.hang, 0)
	lines := prose.WrapAfter(used, l.text, room)
	if last := len(lines) - 1; l.end != "" {
		taken := prose.Columns(lines[last])
		if last == 0 {
			taken += used
		}
		if taken+3+prose.Columns(l.end) <= room {
			lines[last] += "   " + t.opt.Paint(report.Dim, l.end)
		} else {
			lines = append(lines, t.opt.Paint(report.Dim, l.end))
		}
	}
	if len(lines) == 0 || lines[0] == "" { // what follows has no room beside the label
		lead = l.label
	}
	b.WriteString(prose.Spaces(indent) + t.opt.Paint(l.color, l.label) + lead[len(l.label):])
	b.WriteString(strings.Join(lines, "\n"+prose.Spaces(l.hang)) + "\n")
}

func (t *table) writeTransfer(b *strings.Builder, r *transferRow) {
	c := &t.columns
	l, name := t.line(indent), r.name
	if prose.Columns(name) > c.name {
		t.below(b, prose.Prefix(name, maxWhole), indent)
		name = ""
	}
	main := r.main
	if c.short || prose.Columns(main) > c.main {
		main = r.short
	}
	if c.name > 0 && (name != "" || c.mainFrom()+prose.Columns(main) <= t.width) {
		l.cell(0, name, c.name)
	}
	l.cell(report.ModeColor(r.mode), r.method, c.method)
	hang := l.width
	if hang+prose.Columns(main) > t.width {
		b.WriteString(l.String() + "\n")
		hang = deep
		l = t.line(hang)
	}
	if hang+prose.Columns(main) > t.width {
		t.below(b, main, hang)
		main, l = "", t.line(hang)
	}
	l = t.middle(b, l.put(0, main), r)
	detail := r.detail
	if room := t.width - l.width - gap; t.width >= wide && detail != "" && prose.Columns(detail) <= room {
		l.pad(l.width+gap).put(0, detail)
		detail = ""
	}
	b.WriteString(l.String() + "\n")
	if t.width < narrow {
		hang = min(hang, deep)
	}
	t.below(b, detail, hang)
}

// middle puts what follows who opened what: how it ended, how fast it was and its packets.
// A row that would be too wide gives up its padding, so that it leaves the columns but not
// the page; if that is not enough, this goes below.
func (t *table) middle(b *strings.Builder, l *line, r *transferRow) *line {
	c := &t.columns
	status := t.status(r)
	color := report.Color(0)
	if r.failed {
		color = report.Red
	}
	elapsed := 0
	if c.elapsed > 0 {
		elapsed = c.elapsed + gap
	}
	width := prose.Columns(status) + gap + elapsed + prose.Columns(r.frames)
	mainRoom, statusRoom := max(c.main-(l.width-c.mainFrom()), 0), max(c.status-prose.Columns(status), 0)
	over := l.width + mainRoom + gap + statusRoom + width - t.width
	less := max(min(over, mainRoom), 0)
	mainRoom, over = mainRoom-less, over-less
	less = max(min(over, statusRoom), 0)
	statusRoom, over = statusRoom-less, over-less
	if over > 0 && elapsed > 0 {
		over, elapsed, width = over-elapsed, 0, width-elapsed
	}
	if over <= 0 {
		l.pad(l.width+mainRoom+gap).put(color, status).pad(l.width + statusRoom + gap)
		if elapsed > 0 {
			l.cell(0, r.elapsed, c.elapsed)
		}
		return l.put(report.Dim, r.frames)
	}
	if strings.TrimSpace(l.b.String()) != "" {
		b.WriteString(l.String() + "\n")
	}
	if width > t.width-indent {
		b.WriteString(t.line(indent).put(color, status).String() + "\n")
		return t.line(indent).put(report.Dim, r.frames)
	}
	l = t.line(t.width-width).put(color, status)
	if r.frames != "" {
		l.pad(l.width+gap).put(report.Dim, r.frames)
	}
	return l
}

// mainFrom is the column where who opened what begins.
func (c *widths) mainFrom() int {
	from := indent + c.method + gap
	if c.name > 0 {
		from += c.name + gap
	}
	return from
}

// status is size, direction and result: "60.0 kB ↓ 226", the sizes of a page lined up.
func (t *table) status(r *transferRow) string {
	if r.size == "" {
		return r.result
	}
	arrow := r.arrow
	if arrow == "" {
		arrow = " "
	}
	return prose.PadLeft(r.size, t.columns.size) + " " + arrow + " " + r.result
}
