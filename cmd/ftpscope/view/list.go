package view

import (
	"strings"
	"time"

	"ftpscope/analyze/prose"
	"ftpscope/analyze/record"
	"ftpscope/analyze/report"
	"ftpscope/capture/flow"
)

// The list of sessions: which columns there is room for, and the rows.

// column is one of a row's cells.
type column int

const (
	colID column = iota
	colStart
	colLasted
	colClient
	colServer
	colUser
	colMode
	colOpener
	colSums
	colWorst
	columnsAll
)

var columnNames = [columnsAll]string{"#", "start", "lasted", "client", "server", "user", "mode", "opened by", "transfers", "findings"}

// columns are the widths that the rows on the screen have asked for; they grow until the
// window changes its size.
type columns struct {
	full, short [columnsAll]int // short: endpoints without the ports that say little
}

// layouts are sets of columns, the richest first: the first one that fits is shown.
var layouts = []struct {
	short bool
	cells []column
}{
	{false, []column{colID, colStart, colLasted, colClient, colServer, colUser, colMode, colOpener, colSums, colWorst}},
	{true, []column{colID, colStart, colLasted, colClient, colServer, colUser, colMode, colOpener, colSums, colWorst}},
	{true, []column{colID, colStart, colClient, colServer, colUser, colMode, colOpener, colSums, colWorst}},
	{true, []column{colID, colStart, colClient, colServer, colUser, colMode, colSums, colWorst}},
	{true, []column{colStart, colClient, colServer, colMode, colSums, colWorst}},
	{true, []column{colID, colClient, colServer, colMode, colSums, colWorst}},
	{true, []column{colClient, colServer, colMode, colWorst}},
	{true, []column{colClient, colMode, colWorst}},
}

// least is how far a column may be cut: "anonymous" and IPv4 addresses stay whole.
var least = map[column]int{colUser: 9, colSums: 14, colClient: 15, colServer: 15}

const (
	between = 2 // columns
	margin  = 2 // for the cursor and the sign of open sessions
)

// cell is a row's text in a column.
func (m *model) cell(e *entry, c column, short bool) string {
	switch c {
	case colID:
		if e.ID == "0" {
			return "–"
		}
		return e.ID
	case colStart:
		return m.start(e.Start)
	case colLasted:
		if e.open {
			return "open"
		}
		return lasted(time.Duration(e.End.Time - e.Start.Time))
	case colClient:
		if short {
			return e.ClientIP
		}
		return e.Client
	case colServer:
		if short {
			return e.Listen
		}
		return e.Server
	case colUser:
		return e.User
	case colMode:
		return e.Mode
	case colOpener:
		if e.OpenedBy == record.None {
			return "–"
		}
		return e.OpenedBy
	case colSums:
		return e.Sums
	}
	return e.Worst
}

// clocks names the zone of the times on the screen.
func (o *Options) clocks(at time.Time) string {
	now := flow.Time(at.UnixNano())
	return o.Zone.Name(now, now)
}

// start is the time of day, with the date if that is not today's.
func (m *model) start(s record.Stamp) string {
	t := m.opt.Zone.At(s.Time)
	if now := m.shot.at.In(t.Location()); t.YearDay() != now.YearDay() || t.Year() != now.Year() {
		return t.Format("01-02 15:04")
	}
	return t.Format(time.TimeOnly)
}

// lasted is a duration in few columns: "12 s", "3:05 min", "2:15 h".
func lasted(d time.Duration) string {
	if d < time.Minute {
		return prose.Span(d)
	}
	text := running(d)
	if d < time.Hour {
		return strings.TrimPrefix(text[len("00:"):], "0") + " min"
	}
	return strings.TrimPrefix(text[:len(text)-len(":00")], "0") + " h"
}

// grow fits the columns to the rows on the screen.
func (m *model) grow(top, room int) {
	line := 0
	for _, e := range m.list {
		if line >= top+room {
			return
		}
		n := m.tall(e)
		if line+n > top {
			for c := range columnsAll {
				m.columns.full[c] = max(m.columns.full[c], prose.Columns(m.cell(e, c, false)))
				m.columns.short[c] = max(m.columns.short[c], prose.Columns(m.cell(e, c, true)))
			}
		}
		line += n
	}
}

// arrange chooses the columns and their widths.
func (m *model) arrange() (cells []column, widths []int, short bool) {
	for _, l := range layouts {
		cells, widths, short = l.cells, make([]int, len(l.cells)), l.short
		over := margin - between - m.width
		for i, c := range cells {
			widths[i] = m.columns.full[c]
			if short {
				widths[i] = m.columns.short[c]
			}
			widths[i] = max(widths[i], prose.Columns(columnNames[c]))
			over += widths[i] + between
		}
		for _, c := range []column{colUser, colSums, colClient, colServer} {
			for i := range cells {
				narrow := least[c]
				if !short && (c == colClient || c == colServer) {
					narrow += len(":65535")
				}
				if less := min(over, widths[i]-narrow); cells[i] == c && less > 0 {
					widths[i] -= less
					over -= less
				}
			}
		}
		if over <= 0 {
			return cells, widths, short
		}
	}
	return cells, widths, short
}

// titles names the columns.
func (m *model) titles() string {
	cells, widths, _ := m.arrange()
	line := strings.Repeat(" ", margin)
	for i, c := range cells {
		line += align(c, columnNames[c], widths[i])
		if i < len(cells)-1 {
			line += strings.Repeat(" ", between)
		}
	}
	return m.paint(dim, clip(strings.TrimRight(line, " "), m.width))
}

func align(c column, text string, width int) string {
	if c == colSums {
		return pad(clip(text, width), width)
	}
	text = prose.Cut(text, width)
	if c == colID {
		return strings.Repeat(" ", max(width-prose.Columns(text), 0)) + text
	}
	return pad(text, width)
}

// rows are the lines of the list on the screen.
func (m *model) rows(room int) []string {
	if len(m.list) == 0 {
		return []string{"", clip("  "+m.nothing(), m.width)}
	}
	at, _ := m.place()
	top, line := at-m.row, 0
	var out []string
	for _, e := range m.list {
		n := m.tall(e)
		if line+n > top && line < top+room {
			all := []string{m.summary(e, line == at)}
			if n > 1 {
				for i, d := range m.details(e) {
					if line+1+i == at {
						d = m.paint(bold, "›"+strings.TrimPrefix(prose.Unpainted(d), " "))
					}
					all = append(all, d)
				}
			}
			out = append(out, all[max(top-line, 0):]...)
		}
		line += n
	}
	return out[:min(len(out), room)]
}

// nothing says why the list is empty.
func (m *model) nothing() string {
	switch {
	case m.words != "":
		return "no session with " + prose.Escape(m.words)
	case m.show == found:
		return "no findings"
	case m.show == open && m.shot.stillOpen() > 0:
		return prose.Many(m.shot.stillOpen(), "control connection") + " open, of which no record came yet"
	case m.show == open:
		return "no open sessions"
	case m.show == ended:
		return "no session has ended yet"
	case m.shot.stillOpen() > 0:
		return prose.Many(m.shot.stillOpen(), "control connection") + " open; sessions are listed as soon as there is more to say"
	}
	return "no FTP sessions yet"
}

// summary is a session's row.
func (m *model) summary(e *entry, here bool) string {
	cells, widths, short := m.arrange()
	cursor, sign := " ", " "
	if here {
		cursor = "›"
	}
	if e.open {
		sign = "▸"
	}
	line := cursor + sign
	for i, c := range cells {
		text := m.cell(e, c, short)
		if c == colWorst {
			text = prose.Cut(text, max(m.width-width(line), 0))
			if !here {
				text = m.paint(int(report.ColorOf(record.Gravity(e.Severity))), text)
			}
			line += text
			break
		}
		line += align(c, text, widths[i])
		if i < len(cells)-1 {
			line += strings.Repeat(" ", between)
		}
	}
	if here && m.opt.Color {
		return m.paint(reverse, pad(clip(line, m.width), m.width))
	}
	if width(line) > m.width {
		line = clip(prose.Unpainted(line), m.width)
	}
	return line
}
