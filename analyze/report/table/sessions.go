package table

import (
	"slices"
	"strings"

	"ftpscope/analyze/prose"
	"ftpscope/analyze/record"
	"ftpscope/analyze/report"
)

// The sessions' rows: which columns a page has, how wide they are, and how a row breaks
// into several lines where they are too narrow for it.

// widths are the columns of a page. Those of sessions never shrink from one page to the
// next, those of transfers are each page's own.
type widths struct {
	id, start, client, server, user, mode, sums       int
	extra                                             [len(extras)]int // 0: not shown
	name, method, main, size, status, frames, elapsed int
	stacked                                           bool // sessions take two rows each
	short                                             bool // endpoints by role, since addresses do not fit
}

const (
	gap       = 2   // between columns
	indent    = 4   // of transfers
	deep      = 8   // of what a transfer's row has no room for
	minName   = 16  // unless names are shorter
	maxName   = 40  // longer ones stand above their row
	maxUser   = 24  // likewise
	leastUser = 12  // that has room in any column
	maxWhole  = 400 // columns of a name that is written whole
	maxHost   = 21  // 255.255.255.255:65535; sessions with longer endpoints take two rows
	wide      = 120 // from here on pages show more of each session
	measured  = 124 // columns of running text, however wide the page
)

// extras are the columns that wide pages have room for, what matters most first.
var extras = [...]struct {
	title string
	text  func(*sessionRow) string
	most  int
}{
	{"opened by", func(r *sessionRow) string { return r.opener }, 12},
	{"took", func(r *sessionRow) string { return r.took }, 12},
	{"ended by", func(r *sessionRow) string { return r.ended }, 12},
	{"TLS", func(r *sessionRow) string { return r.tls }, 12},
	{"server", func(r *sessionRow) string { return r.banner }, 44},
}

// measure fits the columns to the page's rows. Where they are too wide for it, endpoints
// that are longer than those of IPv4 do not count, then long users; their rows are
// stacked. At last all are.
func (t *table) measure() {
	start := t.columns
	over := t.measureSessions(t.width, maxUser)
	narrowed := over > 0
	for _, most := range []int{maxUser, leastUser} {
		if over > 0 {
			t.columns = start
			over = t.measureSessions(maxHost, most)
		}
	}
	if narrowed {
		t.columns.stacked = over > 0 || !slices.ContainsFunc(t.page, func(r sessionRow) bool { return t.columns.fits(&r) })
	}
	t.measureExtras(-over)
	t.measureTransfers()
}

// fits reports whether a session's names fit in their columns: none is cut.
func (c *widths) fits(r *sessionRow) bool {
	return prose.Columns(r.client) <= c.client && prose.Columns(r.server) <= c.server && prose.Columns(r.user) <= c.user
}

// measureSessions makes room for endpoints and users up to a length, and says how many columns are
// missing then.
func (t *table) measureSessions(longest, user int) (over int) {
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
		grow(&c.user, r.user, user)
		grow(&c.mode, r.mode, t.width)
		grow(&c.sums, r.sums, t.width)
	}
	return 1 + c.id + c.start + c.client + c.server + c.user + c.mode + c.sums + 6*gap - t.width
}

// measureExtras shares out the room that is left. Later pages keep the columns of the
// first, or have none.
func (t *table) measureExtras(room int) {
	c := &t.columns
	had := c.extra
	c.extra = [len(extras)]int{}
	if t.width < wide || c.stacked {
		return
	}
	for i, x := range extras {
		w := had[i]
		if !t.stats.titled {
			for k := range t.page {
				w = max(w, prose.Columns(x.text(&t.page[k])))
			}
			if w > 0 {
				w = max(min(w, x.most), len(x.title))
			}
		}
		if w > 0 && gap+w <= room {
			c.extra[i] = w
			room -= gap + w
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

// line is one of the page while it is put together; colours take no room.
type line struct {
	opt   *report.Options
	b     strings.Builder
	width int
}

func (t *table) line(from int) *line {
	l := &line{opt: &t.opt}
	return l.pad(from)
}

func (l *line) put(c report.Color, s string) *line {
	l.b.WriteString(l.opt.Paint(c, s))
	l.width += prose.Columns(s)
	return l
}

// pad goes on at a column.
func (l *line) pad(to int) *line {
	n := max(to-l.width, 0)
	l.b.WriteString(prose.Spaces(n))
	l.width += n
	return l
}

// cell puts a text into a column, and ends behind the gap after it.
func (l *line) cell(c report.Color, s string, width int) *line {
	end := l.width + width + gap
	return l.put(c, s).pad(end)
}

func (l *line) String() string { return strings.TrimRight(l.b.String(), " ") }

// sums puts how the transfers went; what failed is red.
func (l *line) sums(s string) *line {
	for i, part := range strings.SplitAfter(s, ", ") {
		color := report.Color(0)
		if words := strings.TrimRight(part, ", "); strings.HasSuffix(words, "failed") && (i > 0 || words != "0 failed") {
			color = report.Red
		}
		if strings.Contains(part, "in doubt") {
			color = report.Yellow
		}
		l.put(color, part)
	}
	return l
}

// writeHead writes the names of the columns.
func (t *table) writeHead(b *strings.Builder) {
	plain := *t
	plain.opt.Color = false
	head := sessionRow{id: "#", client: "client", server: "server", user: "user", mode: "mode", sums: "transfers"}
	var text string
	if t.columns.stacked {
		text = plain.stackedCells(&head, t.startTitle())
	} else {
		l := plain.cells(&head, t.startTitle())
		for i, w := range t.columns.extra {
			if w > 0 {
				l.pad(l.width+gap).put(0, extras[i].title).pad(l.width + w - len(extras[i].title))
			}
		}
		text = l.String()
	}
	for part := range strings.SplitSeq(text, "\n") {
		b.WriteString(t.opt.Paint(report.Dim, part) + "\n")
	}
}

// writeRow writes a session's row.
func (t *table) writeRow(b *strings.Builder, r *sessionRow) {
	if t.columns.stacked || !t.columns.fits(r) {
		b.WriteString(t.stackedCells(r, t.when(r.start)) + "\n")
		return
	}
	l := t.cells(r, t.when(r.start))
	for i, w := range t.columns.extra {
		if w > 0 {
			text := prose.CutEnd(extras[i].text(r), w)
			l.pad(l.width+gap).put(0, text).pad(l.width + w - prose.Columns(text))
		}
	}
	b.WriteString(l.String() + "\n")
}

// cells lays out the columns that every page has, in one line.
func (t *table) cells(r *sessionRow, start string) *line {
	c := &t.columns
	l := t.line(1+c.id-prose.Columns(r.id)).cell(report.Bold, r.id, prose.Columns(r.id)).cell(0, start, c.start)
	l.cell(report.Bold, r.client, c.client).cell(report.Bold, r.server, c.server).cell(report.Bold, r.user, c.user)
	end := l.cell(report.ModeColor(r.mode), r.mode, c.mode).width + c.sums
	return l.sums(r.sums).pad(end)
}

// stackedCells lays them out one above the other, so that every name is whole.
func (t *table) stackedCells(r *sessionRow, start string) string {
	c := &t.columns
	l := t.line(1+c.id-prose.Columns(r.id)).cell(report.Bold, r.id, prose.Columns(r.id)).cell(0, start, c.start)
	hang := l.width
	lines := []string{}
	ends := hang
	if max(prose.Columns(r.client), prose.Columns(r.server))+len(" →") > t.width-hang {
		ends = indent
		lines = append(lines, l.String())
		l = t.line(ends)
	}
	for i, part := range prose.Wrap(r.client+" → "+r.server, t.width-ends) {
		if i > 0 {
			l = t.line(ends)
		}
		lines = append(lines, l.put(report.Bold, part).String())
	}
	l = t.line(hang)
	user := prose.Columns(r.user)
	switch {
	case user <= c.user:
		l.cell(report.Bold, r.user, c.user)
	case hang+user+c.mode+prose.Columns(r.sums)+2*gap <= t.width:
		l.cell(report.Bold, r.user, user)
	default:
		for _, part := range prose.Wrap(prose.Prefix(r.user, maxWhole), t.width-hang) {
			lines = append(lines, t.line(hang).put(report.Bold, part).String())
		}
		l.pad(hang + c.user + gap)
	}
	from := l.cell(report.ModeColor(r.mode), r.mode, c.mode).width
	for i, part := range prose.Wrap(r.sums, t.width-from) {
		if i > 0 {
			l = t.line(from)
		}
		lines = append(lines, l.sums(part).String())
	}
	if r.sums == "" {
		lines = append(lines, l.String())
	}
	return strings.Join(lines, "\n")
}
