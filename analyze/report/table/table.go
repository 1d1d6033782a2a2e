// Package table writes sessions at a glance, as a table and as lines, and gives the rows
// to the view. Package formats makes it known.
package table

import (
	"io"
	"strings"

	"ftpscope/analyze/prose"
	"ftpscope/analyze/record"
	"ftpscope/analyze/report"
	"ftpscope/analyze/report/diagnosis"
	"ftpscope/analyze/report/servers"
)

// table shows sessions as lines with their transfers under them. Columns line up over a
// page of sessions, so rows wait until their page is full; without Options.All there is
// one page, written by Summary.
type table struct {
	out     *report.Held
	opt     report.Options
	width   int
	answer  diagnosis.Answer
	shelf   shelf
	page    []sessionRow      // with Options.All: the page being filled
	columns widths            // grow from page to page
	said    map[string]string // verdicts and steps, and the session that they stand under
	found   found
	tried   beside
	servers *servers.Seen
	stats   tableStats
}

// The limits of a page: a screen or two. More sessions than that are a matter for -o
// json, and rows cost memory.
const (
	maxFindings = 20     // without Options.All
	maxAllFound = 10_000 // with it: they wait for the end of the table
)

// tableStats is what the last line says.
type tableStats struct {
	sessions            int
	modes               map[string]int
	opened, expected    int
	attempts, orphans   int
	several, titled     bool
	manyDays, manyYears bool
	day                 string
}

// Format is -o table.
func Format() report.Format {
	return report.Format{Name: "table", Doc: "sessions and their transfers at a glance, findings below", New: newTable}
}

func newTable(w io.Writer, o report.Options) report.Writer {
	return &table{out: o.Hold(w), opt: o, width: o.PageWidth(), servers: servers.New(), said: map[string]string{}, stats: tableStats{modes: map[string]int{}}}
}

func (t *table) Session(s *record.Session) error {
	t.servers.Add(s)
	t.answer.Session(s)
	rank := t.count(s)
	if t.opt.All {
		t.page = append(t.page, t.row(s))
		if len(t.page) < report.MaxShown {
			return nil
		}
		return t.flush()
	}
	if g := t.shelf.room(s, rank); g != nil {
		g.rows = append(g.rows, t.row(s))
	}
	return nil
}

// row is a session's row, numbered by arrival.
func (t *table) row(s *record.Session) sessionRow {
	r := newSessionRow(s, t.opt)
	r.order = t.stats.sessions
	return r
}

// count takes a session into the statistics, keeps its findings and ranks it.
func (t *table) count(s *record.Session) int {
	c, rank := &t.stats, diagnosis.Quiet
	c.sessions++
	c.modes[s.Mode]++
	c.several = c.several || t.opt.FileNumbers(s)
	c.on(t.opt.Zone.Date(s.Start.Time))
	for i := range s.Transfers {
		tr := &s.Transfers[i]
		switch {
		case tr.Opened():
			c.opened++
			c.expected++
		case tr.Outcome == record.NoConnection:
			c.expected++
		}
		if tr.Failed() {
			rank = diagnosis.Trouble
		}
	}
	for _, f := range diagnosis.Ranked(s) {
		rank = max(rank, t.keepFinding(s, f))
	}
	switch diagnosis.StandingOf(s.Verdict) {
	case diagnosis.Failed:
		rank = diagnosis.Trouble
	case diagnosis.Slow:
		rank = max(rank, diagnosis.Noted)
	}
	return rank
}

// on notes a day that the page is about.
func (c *tableStats) on(day string) {
	const year = len("2006")
	if c.day == "" {
		c.day = day
	} else if c.day != day {
		c.manyDays, c.manyYears = true, c.manyYears || c.day[:year] != day[:year]
	}
}

func (t *table) Attempt(a *record.Attempt) error {
	t.answer.Attempt(a)
	if t.stats.attempts++; t.room(t.stats.attempts) {
		t.stats.on(t.opt.Zone.Date(a.First.Time))
		t.tried.add(a.First, a.ClientIP.String()+" tried "+a.Server.String()+", "+
			prose.Many(a.Count, "SYN")+", "+diagnosis.Attempt(a)+diagnosis.InNetwork(a.Network), a.Verdict, t.width)
	}
	return nil
}

func (t *table) Orphan(o *record.Orphan) error {
	t.answer.Orphan(o)
	if t.stats.orphans++; t.room(t.stats.orphans) {
		c := &o.Connection
		t.stats.on(t.opt.Zone.Date(c.Start.Time))
		t.tried.add(c.Start, diagnosis.Party(o.Initiator)+" opened "+c.Src.String()+" → "+c.Dst.String()+
			", "+prose.Size(o.Bytes)+diagnosis.InNetwork(c.Network)+", but its control connection is not in the capture", o.Verdict, t.width)
	}
	return nil
}

// room reports whether the nth attempt or orphan is shown.
func (t *table) room(n int) bool {
	return n <= report.MaxTried || t.opt.All && n <= maxAllFound
}

func (t *table) Summary(s *record.Summary) error {
	if !t.opt.All {
		t.page = t.shelf.chosen()
	}
	if err := t.flush(); err != nil {
		return err
	}
	var b strings.Builder
	t.writeMore(&b)
	t.writeFindings(&b)
	t.writeServers(&b)
	t.writeTried(&b)
	t.writeFiles(&b, s)
	if b.Len() > 0 || t.stats.sessions > 0 {
		b.WriteByte('\n')
	}
	first := ""
	if line := t.answer.Line(); line != "" {
		for _, part := range prose.Wrap(line, min(t.width, measured)) {
			first += t.opt.Paint(report.Bold, part) + "\n"
		}
	}
	last := strings.Join(prose.Wrap(t.lastLine(s), t.width), "\n") + "\n"
	foot := b.String()
	if t.stats.sessions == 0 {
		foot = strings.TrimPrefix(foot, "\n")
	}
	above, err := t.out.Open(strings.TrimPrefix(first+"\n", "\n"))
	if err != nil {
		return err
	}
	if !above {
		last += first
	}
	_, err = io.WriteString(t.out, foot+last)
	return err
}

// flush writes the page and starts the next.
func (t *table) flush() error {
	if len(t.page) == 0 {
		return nil
	}
	var b strings.Builder
	t.writePage(&b)
	t.page = t.page[:0]
	_, err := io.WriteString(t.out, b.String())
	return err
}

// lastLine sums up: sessions by mode, data connections opened, packets and the time they
// cover.
func (t *table) lastLine(s *record.Summary) string {
	c := &t.stats
	covered := prose.Many(s.Packets, "packet")
	if s.First != nil && s.Last != nil {
		covered += " over " + prose.Span(s.Last.Time-s.First.Time) + ", " + t.opt.Zone.Days(s.First.Time, s.Last.Time)
	}
	hidden := diagnosis.HiddenWords(s)
	if hidden != "" {
		hidden = " · " + hidden
	}
	if c.sessions == 0 {
		return diagnosis.NoSessions(s) + " in " + covered + tail(c) + hidden + "\n"
	}
	line := prose.Many(c.sessions, "session") + ": " + modesInWords(c.modes)
	if c.expected > 0 {
		line += " · " + prose.Number(uint64(c.opened)) + " of " + prose.Number(uint64(c.expected)) + " data connections opened"
	}
	return line + tail(c) + hidden + " · " + covered + "\n"
}

// tail counts what is no session.
func tail(c *tableStats) string {
	s := ""
	if c.attempts > 0 {
		s += " · " + prose.Many(c.attempts, "host") + " without a control connection"
	}
	if c.orphans > 0 {
		s += " · " + prose.Many(c.orphans, "data connection") + " without a session"
	}
	return s
}

func modesInWords(modes map[string]int) string {
	var words []string
	for _, m := range []string{record.Active, record.Passive, record.Mixed, record.Unknown} {
		if n := modes[m]; n > 0 {
			words = append(words, prose.Number(uint64(n))+" "+m)
		}
	}
	if n := modes[record.None]; n > 0 {
		words = append(words, prose.Number(uint64(n))+" without a transfer")
	}
	return strings.Join(words, ", ")
}

// writeServers writes the servers below the findings, where a data connection failed or
// with Options.All.
func (t *table) writeServers(b *strings.Builder) {
	if !t.servers.Failed && !t.opt.All {
		return
	}
	shown, more := t.servers.Told(t.opt.All)
	if len(shown) == 0 {
		return
	}
	hint := "  (-o rules=nft, rules=iptables or rules=cisco sketches firewall rules)"
	if prose.Columns("servers"+hint) > t.width {
		hint = "  (-o rules=nft sketches firewall rules)"
	}
	if t.found.count[record.Gravity("critical")] > 0 { // nobody should permit what that was
		hint = ""
	}
	b.WriteString("\nservers" + t.opt.Paint(report.Dim, hint) + "\n")
	for _, f := range shown {
		t.below(b, diagnosis.Placed(f.Server.String(), f.Network), 1)
		lines := f.ClientLines(t.opt.All)
		if p := f.Ports(); p != "" {
			lines = append([]string{p}, lines...)
		}
		for _, text := range lines {
			for _, line := range prose.Wrap(text, t.width-indent) {
				b.WriteString(prose.Spaces(indent) + line + "\n")
			}
		}
	}
	if more > 0 {
		b.WriteString(" … " + prose.Many(more, "more server") + ": --all names them\n")
	}
	if t.servers.Left > 0 {
		t.foot(b, "… and what "+prose.Many(t.servers.Left, "more session")+" did, from or to hosts beyond the number kept")
	}
}
