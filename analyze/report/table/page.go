package table

import (
	"slices"
	"strings"

	"ftpscope/analyze/prose"
	"ftpscope/analyze/record"
	"ftpscope/analyze/report"
)

// The page: how wide each column is, and the lines.

// widths are the columns of a page. Those of sessions never shrink from one page to the
// next, those of transfers are each page's own.
type widths struct {
	id, start, client, server, user, mode, sums int
	name, method, main, size, status, frames    int
	stacked                                     bool // sessions take two rows each
	short                                       bool // endpoints by role, since addresses do not fit
}

const (
	gap       = 2   // between columns
	indent    = 4   // of transfers
	deep      = 8   // of what a transfer's row has no room for
	minName   = 16  // unless names are shorter
	maxName   = 40  // longer ones stand above their row
	maxUser   = 24  // likewise below it
	leastUser = 12  // of a longer one stays in its column
	maxWhole  = 400 // columns of a name that is written whole
	maxFrames = 16  // more packet numbers stick out, or go below
	maxHost   = 21  // 255.255.255.255:65535; sessions with longer endpoints take two rows
	maxMain   = 59  // "server opened … → …" of the longest IPv4 endpoints
)

func (t *table) writePage(b *strings.Builder) {
	t.measure()
	if !t.stats.titled {
		t.stats.titled = true
		head := sessionRow{id: "#", client: "client", server: "server", user: "user", mode: "mode", sums: "transfers"}
		b.WriteString(t.opt.Paint(report.Dim, t.cells(&head, t.startTitle(), t.columns.stacked)) + "\n")
	}
	for i := range t.page {
		if g := t.page[i].heading; g != "" {
			b.WriteString(strings.Join(prose.Wrap(g, t.width), "\n") + "\n")
		}
		t.writeSession(b, &t.page[i])
	}
}

// measure fits the columns to the page's rows. Where they are too wide for it, endpoints
// that are longer than those of IPv4 do not count, their rows are stacked; then all are.
func (t *table) measure() {
	start := t.columns
	if over := t.measureSessions(t.width); over > 0 {
		t.columns = start
		over = t.measureSessions(maxHost)
		c := &t.columns
		if over > 0 && c.user-over >= leastUser {
			c.user, over = c.user-over, 0
		}
		c.stacked = over > 0 || !slices.ContainsFunc(t.page, func(r sessionRow) bool { return t.fits(&r) })
	}
	t.measureTransfers()
}

// fits reports whether a session's endpoints fit in their columns.
func (t *table) fits(r *sessionRow) bool {
	return prose.Columns(r.client) <= t.columns.client && prose.Columns(r.server) <= t.columns.server
}

// measureSessions makes room for endpoints up to a length, and says how many columns are
// missing then.
func (t *table) measureSessions(longest int) (over int) {
	c := &t.columns
	c.stacked = false
	grow := func(n *int, s string, most int) {
		if w := prose.Columns(s); w <= most {
			*n = max(*n, w)
		}
	}
	c.start, c.mode, c.sums = max(c.start, prose.Columns(t.startTitle())), max(c.mode, len("mode")), max(c.sums, len("transfers"))
	c.client, c.server, c.user = max(c.client, len("client")), max(c.server, len("server")), max(c.user, len("user"))
	for i := range t.page {
		r := &t.page[i]
		grow(&c.id, r.id, t.width)
		grow(&c.start, t.when(r.start), t.width)
		grow(&c.client, r.client, longest)
		grow(&c.server, r.server, longest)
		c.user = max(c.user, min(prose.Columns(r.user), maxUser))
		grow(&c.mode, r.mode, t.width)
		grow(&c.sums, r.sums, t.width)
	}
	return 1 + c.id + c.start + c.client + c.server + c.user + c.mode + c.sums + 6*gap - t.width
}

// measureTransfers fits the transfers' columns: full addresses if names keep minName
// columns, else roles. Rows that failed say more than a number: they may stick out of the
// columns, so they do not make them.
func (t *table) measureTransfers() {
	c := &t.columns
	c.name, c.method, c.main, c.size, c.status, c.frames = 0, 0, 0, 0, 0, 0
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
	rest := t.width - indent - c.method - c.status - c.frames - 4*gap
	c.short = rest-full < min(c.name, minName)
	c.main = full
	if c.short {
		c.main = short
	}
	c.name = min(c.name, maxName, max(minName, rest-c.main))
	c.main = max(min(c.main, rest-c.name), 0)
}

func (t *table) eachTransfer(do func(*transferRow)) {
	for i := range t.page {
		for k := range t.page[i].transfers {
			do(&t.page[i].transfers[k])
		}
	}
}

// startTitle names the zone of the times on the page.
func (t *table) startTitle() string {
	first, last := t.page[0].start.Time, t.page[0].start.Time
	for i := range t.page {
		first, last = min(first, t.page[i].start.Time), max(last, t.page[i].start.Time)
	}
	return "start (" + t.opt.Zone.Name(first, last) + ")"
}

// when is a time of day, with the date where the page is about several days.
func (t *table) when(s record.Stamp) string {
	switch {
	case t.stats.manyYears:
		return t.opt.Zone.Moment(s.Time)
	case t.stats.manyDays:
		return t.opt.Zone.At(s.Time).Format("01-02 15:04:05")
	}
	return t.opt.Zone.Clock(s.Time)
}

// cells lays out the sessions' columns: in one row, or stacked in two.
func (t *table) cells(r *sessionRow, start string, stacked bool) string {
	c := &t.columns
	line := " " + prose.PadLeft(r.id, c.id) + prose.Spaces(gap) + prose.Pad(start, c.start) + prose.Spaces(gap)
	rest := prose.Pad(prose.Cut(r.user, c.user), c.user) + prose.Spaces(gap) + prose.Pad(r.mode, c.mode) + prose.Spaces(gap)
	if !stacked {
		return strings.TrimRight(line+prose.Pad(r.client, c.client)+prose.Spaces(gap)+prose.Pad(r.server, c.server)+prose.Spaces(gap)+rest+r.sums, " ")
	}
	hang := prose.Columns(line)
	ends := hang
	if max(prose.Columns(r.client), prose.Columns(r.server)) > t.width-hang {
		ends = indent
		line += "\n" + prose.Spaces(ends)
	}
	line += strings.Join(prose.Wrap(r.client+" → "+r.server, t.width-ends), "\n"+prose.Spaces(ends))
	below := prose.Wrap(r.sums, t.width-hang-prose.Columns(rest))
	return strings.TrimRight(line+"\n"+prose.Spaces(hang)+rest+strings.Join(below, "\n"+prose.Spaces(hang+prose.Columns(rest))), " ")
}

func (t *table) writeSession(b *strings.Builder, r *sessionRow) {
	c := &t.columns
	stacked := c.stacked || !t.fits(r)
	b.WriteString(t.cells(r, t.when(r.start), stacked) + "\n")
	if prose.Columns(r.user) > c.user {
		t.below(b, "user "+prose.Prefix(r.user, maxWhole), indent)
	}
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
	for _, line := range prose.Wrap(text, t.width-indent) {
		b.WriteString(prose.Spaces(indent) + line + "\n")
	}
}

// mostSteps is how many columns of steps a verdict shows, whole steps only.
const mostSteps = 280

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
	text, steps := r.verdict, someSteps(r.next)
	before := t.before(r.id, text+"\n"+steps)
	if before != "" {
		text, steps = "The same as in session "+before+".", ""
	} else if before = t.before(r.id, steps); before != "" && steps != "" {
		steps = "As in session " + before + "."
	}
	t.labelled(b, labelled{r.place, color, text, strings.TrimSpace(r.frames + "  " + r.cause), hang})
	if steps != "" {
		t.labelled(b, labelled{"next", report.Dim, steps, "", hang})
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
func someSteps(next []string) string {
	text := ""
	for i, s := range next {
		if i > 0 && prose.Columns(text)+prose.Columns(s) > mostSteps {
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
	room := t.width - l.hang
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
			lines[last] += "   " + l.end
		} else {
			lines = append(lines, l.end)
		}
	}
	b.WriteString(prose.Spaces(indent) + t.opt.Paint(l.color, l.label) + lead[len(l.label):])
	b.WriteString(strings.Join(lines, "\n"+prose.Spaces(l.hang)) + "\n")
}

func (t *table) writeTransfer(b *strings.Builder, r *transferRow) {
	c := &t.columns
	left, name := prose.Spaces(indent), r.name
	if prose.Columns(name) > c.name {
		t.below(b, prose.Prefix(name, maxWhole), indent)
		name = ""
	}
	if c.name > 0 {
		left += prose.Pad(name, c.name) + prose.Spaces(gap)
	}
	left += prose.Pad(r.method, c.method) + prose.Spaces(gap)
	main := r.main
	if c.short || prose.Columns(main) > c.main {
		main = r.short
	}
	hang := prose.Columns(left)
	if hang+prose.Columns(main) > t.width {
		b.WriteString(strings.TrimRight(left, " ") + "\n")
		hang = deep
		left = prose.Spaces(hang)
	}
	if hang+prose.Columns(main) > t.width {
		t.below(b, main, hang)
		main = ""
	}
	b.WriteString(strings.TrimRight(left+t.middle(r, main, hang), " ") + "\n")
	if t.width < narrow {
		hang = min(hang, deep)
	}
	t.below(b, r.detail, hang)
}

// middle is what follows a row's name and method. A row that would be too wide gives up
// its padding, so that it leaves the columns but not the page; if that is not enough, all
// but who opened what goes below.
func (t *table) middle(r *transferRow, main string, left int) string {
	c := &t.columns
	status := t.status(r)
	mainRoom, statusRoom := max(c.main-prose.Columns(main), 0), max(c.status-prose.Columns(status), 0)
	over := left + prose.Columns(main) + mainRoom + prose.Columns(status) + statusRoom + prose.Columns(r.frames) + 2*gap - t.width
	less := max(min(over, mainRoom), 0)
	mainRoom, over = mainRoom-less, over-less
	less = max(min(over, statusRoom), 0)
	statusRoom, over = statusRoom-less, over-less
	painted := status
	if r.failed {
		painted = t.opt.Paint(report.Red, status)
	}
	if over > 0 {
		tail := strings.TrimRight(status+prose.Spaces(gap)+r.frames, " ")
		room := prose.Spaces(t.width - prose.Columns(tail))
		if len(room) < indent {
			return main + "\n" + prose.Spaces(indent) + painted + "\n" + prose.Spaces(indent) + r.frames
		}
		if main != "" {
			main += "\n"
		} else {
			room = room[min(left, len(room)):]
		}
		return main + room + painted + tail[len(status):]
	}
	return main + prose.Spaces(mainRoom+gap) + painted + prose.Spaces(statusRoom+gap) + r.frames
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
