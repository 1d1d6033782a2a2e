package table

import (
	"strings"

	"ftpscope/analyze/prose"
	"ftpscope/analyze/report"
)

// The page: how wide each column is, and the lines.

// widths are the columns of a page. Those of sessions never shrink from one page to the
// next, those of transfers are each page's own.
type widths struct {
	id, start, client, server, user, mode, sums, worst int
	name, method, main, size, status, frames           int
	short                                              bool // endpoints by role, since addresses do not fit
}

const (
	gap       = 2 // between columns
	indent    = 4 // of transfers
	minUser   = 8
	minName   = 16 // unless names are shorter
	maxName   = 40
	maxFrames = 16 // more packet numbers stick out, or go below
	minHost   = 15 // an endpoint may be cut to this; then a line of its own shows it whole
	maxHost   = 21 // 255.255.255.255:65535; IPv6 endpoints are cut to the widest IPv4 one
	maxMain   = 59 // "server opened … → …" of the longest IPv4 endpoints
)

func (t *table) writePage(b *strings.Builder) {
	t.measure()
	if !t.stats.titled {
		t.stats.titled = true
		b.WriteString(t.opt.Paint(report.Dim, t.cells("#", "start", "client", "server", "user", "mode", "transfers", "findings")) + "\n")
	}
	for i := range t.page {
		t.writeSession(b, &t.page[i])
	}
}

// measure fits the columns to the page's rows.
func (t *table) measure() {
	c := &t.columns
	grow := func(n *int, s string) { *n = max(*n, prose.Columns(s)) }
	c.start, c.mode, c.sums = max(c.start, len("start")), max(c.mode, len("mode")), max(c.sums, len("transfers"))
	c.client, c.server, c.user = max(c.client, len("client")), max(c.server, len("server")), max(c.user, len("user"))
	c.worst = max(c.worst, len("findings"))
	for i := range t.page {
		r := &t.page[i]
		grow(&c.id, r.id)
		grow(&c.start, t.startCell(r))
		c.client = max(c.client, min(prose.Columns(r.client), hostLimit(r.client)))
		c.server = max(c.server, min(prose.Columns(r.server), hostLimit(r.server)))
		grow(&c.user, r.user)
		grow(&c.mode, r.mode)
		grow(&c.sums, r.sums)
		grow(&c.worst, r.worst)
	}
	t.shrinkSessions()
	t.measureTransfers()
}

// hostLimit is how wide an endpoint may make its column.
func hostLimit(endpoint string) int {
	if strings.HasPrefix(endpoint, "[") {
		return minHost
	}
	return maxHost
}

// shrinkSessions takes the columns that are missing from the user's name first, then from
// the endpoints: as far as they stay readable, and only then further.
func (t *table) shrinkSessions() {
	c := &t.columns
	over := c.id + c.start + c.client + c.server + c.user + c.mode + c.sums + c.worst + 8*gap - t.width
	for _, cell := range []struct {
		width *int
		least int
	}{{&c.user, minUser}, {&c.client, minHost}, {&c.server, minHost}, {&c.user, 4}, {&c.client, 12}, {&c.server, 12}, {&c.sums, 9}} {
		if less := min(over, *cell.width-cell.least); less > 0 {
			*cell.width -= less
			over -= less
		}
	}
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

// startCell is a session's time of day, with the date when sessions start on several
// days.
func (t *table) startCell(r *sessionRow) string {
	switch {
	case t.stats.manyYears:
		return prose.Moment(r.start.Time)
	case t.stats.manyDays:
		return prose.UTC(r.start.Time).Format("01-02 15:04:05")
	}
	return prose.Clock(r.start.Time)
}

// cells lays out one line of the sessions' columns.
func (t *table) cells(id, start, client, server, user, mode, sums, worst string) string {
	c := &t.columns
	line := " " + prose.PadLeft(id, c.id)
	for _, cell := range []struct {
		text  string
		width int
	}{{start, c.start}, {client, c.client}, {server, c.server}, {user, c.user}, {mode, c.mode}, {sums, c.sums}} {
		line += prose.Spaces(gap) + prose.Pad(prose.Cut(cell.text, cell.width), cell.width)
	}
	return strings.TrimRight(line+prose.Spaces(gap)+worst, " ")
}

func (t *table) writeSession(b *strings.Builder, r *sessionRow) {
	c := &t.columns
	worst := ""
	if r.worst != "" {
		worst = t.opt.Paint(report.ColorOf(r.gravity), r.worst)
	}
	line := t.cells(r.id, t.startCell(r), r.client, r.server, r.user, r.mode, fewerSums(r.sums, c.sums), worst)
	b.WriteString(line + "\n")
	if prose.Columns(r.client) > c.client || prose.Columns(r.server) > c.server {
		b.WriteString(prose.Spaces(indent) + r.client + " → " + r.server + "\n")
	}
	if r.network != "" {
		for _, line := range prose.Wrap("in "+r.network, t.width-indent) {
			b.WriteString(prose.Spaces(indent) + line + "\n")
		}
	}
	for i := range r.transfers {
		t.writeTransfer(b, &r.transfers[i])
	}
	if r.more != "" {
		b.WriteString(prose.Spaces(indent) + r.more + "\n")
	}
}

func (t *table) writeTransfer(b *strings.Builder, r *transferRow) {
	c := &t.columns
	left := prose.Spaces(indent)
	if c.name > 0 {
		left += prose.Pad(prose.Cut(r.name, c.name), c.name) + prose.Spaces(gap)
	}
	left += prose.Pad(r.method, c.method) + prose.Spaces(gap)
	main := r.main
	if c.short || prose.Columns(main) > c.main {
		main = r.short
	}
	b.WriteString(strings.TrimRight(left+t.middle(r, main, prose.Columns(left)), " ") + "\n")
	for _, part := range prose.Wrap(r.detail, t.width-prose.Columns(left)) {
		b.WriteString(prose.Spaces(prose.Columns(left)) + part + "\n")
	}
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
		tail := prose.Columns(status) + gap + prose.Columns(r.frames)
		return main + "\n" + prose.Spaces(t.width-tail) + painted + prose.Spaces(gap) + r.frames
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
