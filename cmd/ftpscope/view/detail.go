package view

import (
	"slices"
	"strings"
	"time"

	"ftpscope/analyze/prose"
	"ftpscope/analyze/record"
	"ftpscope/analyze/report"
	"ftpscope/analyze/report/table"
)

// What stands under a session that was opened, and the pages of help and messages.

const (
	indent   = 4
	maxName  = 40 // columns of a transfer's name
	hang     = 12 // of what a finding says
	tightest = 50 // columns: on fewer, findings do not hang
)

// details are the lines under a session's row: what the row has no room for, transfers,
// findings.
func (m *model) details(e *entry) []string {
	lines, ok := m.drawn[e]
	if !ok {
		lines = m.draw(e)
		m.drawn[e] = lines
	}
	return lines
}

func (m *model) draw(e *entry) []string {
	var out []string
	add := func(paint, indent int, text string) {
		for _, line := range prose.Wrap(text, max(m.width-indent, 10)) {
			if line = clip(strings.Repeat(" ", indent)+line, m.width); paint != 0 {
				line = m.paint(paint, line)
			}
			out = append(out, line)
		}
	}
	about := append([]string{e.Client + " → " + e.Server}, e.Facts...)
	if e.User != "–" {
		about = slices.Insert(about, 1, "user "+e.User)
	}
	add(dim, indent, strings.Join(about, " · "))
	out = append(out, m.transfers(e)...)
	if e.HiddenTransfers > 0 {
		add(0, indent, "… "+prose.Many(uint64(e.HiddenTransfers), "more transfer")+": -o json has them all")
	}
	for i := range e.Findings {
		out = append(out, m.finding(&e.Findings[i])...)
	}
	if e.HiddenFindings > 0 {
		add(0, indent, "… "+prose.Many(uint64(e.HiddenFindings), "more finding")+": -o json has them all")
	}
	return out
}

// transfers are a line each if all fit, their columns in line; else what does not fit
// goes below.
func (m *model) transfers(e *entry) []string {
	name, method, full, short, status, frames := 0, 0, 0, 0, 0, 0
	for i := range e.Transfers {
		t := &e.Transfers[i]
		name, method = max(name, min(prose.Columns(t.Name), maxName)), max(method, prose.Columns(t.Method))
		full, short = max(full, prose.Columns(t.Main)), max(short, prose.Columns(t.Short))
		status, frames = max(status, prose.Columns(t.Status)), max(frames, prose.Columns(t.Frames))
	}
	around := indent + name + method + status + 3*between
	byRole, main := false, full
	if around+main > m.width {
		byRole, main = true, short
	}
	withFrames := around+main+between+frames <= m.width
	var out []string
	for i := range e.Transfers {
		t := &e.Transfers[i]
		who := t.Main
		if byRole {
			who = t.Short
		}
		result := t.Status
		if t.Failed {
			result = m.paint(red, result)
		}
		left := strings.Repeat(" ", indent)
		if around+main <= m.width {
			if name > 0 {
				left += pad(prose.Cut(t.Name, maxName), name) + "  "
			}
			line := left + pad(t.Method, method) + "  " + pad(who, main) + "  " + result
			if withFrames && t.Frames != "" {
				line += strings.Repeat(" ", max(status-prose.Columns(t.Status), 0)+between) + m.paint(dim, t.Frames)
			}
			out = append(out, strings.TrimRight(line, " "))
		} else {
			out = append(out, m.stacked(t, who, result)...)
		}
		for _, d := range prose.Wrap(t.Detail, max(m.width-indent-between, 10)) {
			out = append(out, clip(strings.Repeat(" ", indent+between)+d, m.width))
		}
	}
	return out
}

// stacked is a transfer on a narrow terminal: what and how it ended, below who opened
// what.
func (m *model) stacked(t *table.TransferRow, who, result string) []string {
	left := strings.Repeat(" ", indent)
	tail := "  " + t.Method + "  " + result
	room := max(m.width-indent-width(tail), 0)
	first := left + prose.Cut(t.Name, room) + tail
	if t.Name == "" {
		first = left + strings.TrimLeft(tail, " ")
	}
	if width(first) > m.width {
		first = clip(prose.Unpainted(first), m.width)
	}
	out := []string{first}
	for _, w := range prose.Wrap(who, max(m.width-indent-between, 10)) {
		out = append(out, clip(left+"  "+w, m.width))
	}
	return out
}

// finding is what was found and what to check.
func (m *model) finding(f *table.FindingRow) []string {
	sign := report.Mark(record.Gravity(f.Severity)) + " " + f.Severity
	title := strings.TrimLeft(f.Ref+" "+f.ID+": ", " ")
	left := indent + hang
	if m.width < tightest {
		left = indent + between
	}
	body := prose.Wrap(title+f.Message, max(m.width-left, 10))
	if m.width < tightest {
		body = prose.Wrap(sign+" "+title+f.Message, max(m.width-left, 10))
		sign = ""
	}
	var out []string
	for i, line := range body {
		head := strings.Repeat(" ", left)
		if i == 0 && sign != "" {
			head = strings.Repeat(" ", indent) + m.paint(int(report.ColorOf(record.Gravity(f.Severity))), sign) + strings.Repeat(" ", max(hang-prose.Columns(sign), 1))
		}
		out = append(out, head+line)
	}
	if f.Advice != "" {
		for _, line := range prose.Wrap("check: "+f.Advice, max(m.width-left, 10)) {
			out = append(out, strings.Repeat(" ", left)+line)
		}
	}
	for i := range out {
		if width(out[i]) > m.width {
			out[i] = clip(prose.Unpainted(out[i]), m.width)
		}
	}
	return out
}

// overLines are the lines of the page in place of the list.
func (m *model) overLines() []string {
	switch m.over {
	case help:
		return m.help()
	case messages:
		return m.messageLines()
	}
	return nil
}

var helpKeys = [][2]string{
	{"↑ ↓ j k", "move; also page up and down"},
	{"home g", "to the first session"},
	{"end G", "to the newest, and follow"},
	{"f", "follow the newest session"},
	{"enter space", "a session's transfers, findings"},
	{"← →", "close it, open it"},
	{"tab", "all, open, ended, findings"},
	{"/", "only sessions with some words"},
	{"p", "pause the display; the capture goes on"},
	{"m", "messages"},
	{"q ctrl+c", "stop, with a summary; twice: at once"},
}

func (m *model) help() []string {
	const left = 15
	out := []string{""}
	for _, k := range helpKeys {
		for i, line := range prose.Wrap(k[1], max(m.width-left, 10)) {
			head := "  " + k[0]
			if i > 0 {
				head = ""
			}
			out = append(out, clip(pad(head, left)+line, m.width))
		}
	}
	out = append(out, "")
	for _, text := range []string{
		"▸ a session that goes on · ● critical or high · ○ medium · low or info. Times are " + m.opt.clocks(m.shot.at) + ".",
		"The list has the " + prose.Number(maxEnded) + " sessions that ended last and the " + prose.Number(maxOpen) +
			" open ones that began last; the counts above are of all.",
	} {
		for _, line := range prose.Wrap(text, max(m.width-between, 10)) {
			out = append(out, clip("  "+line, m.width))
		}
	}
	return out
}

func (m *model) messageLines() []string {
	out := []string{""}
	if len(m.shot.messages) == 0 {
		return append(out, "  no messages")
	}
	if m.shot.lost > 0 {
		out = append(out, clip("  "+prose.Many(uint64(m.shot.lost), "earlier message")+" not kept", m.width))
	}
	for _, x := range m.shot.messages {
		for i, line := range prose.Wrap(x.text, max(m.width-hang, 10)) {
			head := strings.Repeat(" ", hang)
			if i == 0 {
				head = "  " + x.at.In(m.opt.Zone.Location()).Format(time.TimeOnly) + "  "
			}
			out = append(out, clip(head+line, m.width))
		}
	}
	return out
}
