package view

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"ftpscope/analyze/prose"
	"ftpscope/analyze/record"
	"ftpscope/analyze/report"
)

// The frame: how the capture stands, the list or another page, messages, keys.

const (
	lateAfter = 2 * time.Second // of the analysis behind the clock: less is how it works
	compactAt = 16              // lines: on fewer the head is short
	labels    = 11              // columns of "transfers" and a gap
	roomyAt   = 24              // lines: from here on there is one to spare
)

// frame draws the screen: exactly its lines, none wider.
func (m *model) frame() string {
	lines := header{m}.lines()
	room := m.room()
	if m.over != sessions {
		all := m.overLines()
		all = all[min(m.overTop, len(all)):]
		lines = append(lines, fill(all, room)...)
	} else {
		lines = append(lines, m.titles())
		lines = append(lines, fill(m.rows(room), room)...)
	}
	if text := m.note(); text != "" {
		lines = append(lines, text)
	}
	lines = append(lines, m.foot())
	if len(lines) > m.height {
		lines = append(lines[:m.height-1:m.height-1], lines[len(lines)-1])
	}
	return strings.Join(lines, "\n")
}

// lastFrame is what stays on the terminal when the display is over: how it stood at the end,
// and the sessions that began last, as many as fit.
func lastFrame(m *model) string {
	m.quitting, m.left, m.over, m.show, m.words = true, true, sessions, all, ""
	m.look()
	lines := append(header{m}.lines(), m.titles())
	room := max(m.height-len(lines)-2, 1) // the summary and the prompt come below
	for _, e := range m.list[max(len(m.list)-room, 0):] {
		lines = append(lines, m.summary(e, false))
	}
	return strings.Join(lines, "\n") + "\n"
}

// fill makes it n lines.
func fill(lines []string, n int) []string {
	for len(lines) < n {
		lines = append(lines, "")
	}
	return lines[:n]
}

// room is how many lines are left for the list.
func (m *model) room() int {
	used := len(header{m}.lines()) + 1 // the keys
	if m.over == sessions {
		used++ // the titles
	}
	if m.note() != "" {
		used++
	}
	return max(m.height-used, 1)
}

// header is the screen's head: how the capture stands.
type header struct{ *model }

func (m header) lines() []string {
	lines := []string{m.title()}
	for _, a := range m.alerts() {
		lines = append(lines, m.paint(red, a))
	}
	if m.height < compactAt {
		return append(lines, m.fit("", m.inShort()...))
	}
	lines = append(lines,
		m.fit("packets", m.traffic()...),
		m.fit("sessions", m.sessionCounts()...))
	lines = append(lines, m.transferCounts()...)
	lines = append(lines, m.fit("findings", m.findingCounts()))
	if m.height >= roomyAt {
		lines = append(lines, "")
	}
	return lines
}

// title is the first line: where, how long, and what the display is doing.
func (m header) title() string {
	state := ""
	switch {
	case m.left:
	case m.quitting:
		state = "STOPPING"
	case m.paused:
		state = "PAUSED"
	case m.follow && m.over == sessions:
		state = "following"
	}
	elapsed := m.shot.at.Sub(m.began)
	left := "ftpscope sniff"
	if m.opt.Files {
		left = "ftpscope --follow"
	}
	names := make([]string, len(m.opt.Interfaces))
	for i, n := range m.opt.Interfaces {
		names[i] = prose.Escape(n)
	}
	where := strings.Join(names, ", ")
	if m.height < compactAt || m.width < 60 {
		left = ""
	}
	left = strings.TrimSpace(left + "  " + prose.Cut(where, max(m.width/3, 8)) + "  " + running(elapsed))
	if !m.opt.Zone.IsUTC() {
		left += "  times in " + m.opt.clocks(m.shot.at)
	}
	gap := m.width - prose.Columns(left) - prose.Columns(state)
	if state == "" || gap < 1 {
		return m.paint(bold, prose.Cut(left, m.width))
	}
	color := dim
	if state != "following" {
		color = reverse
	}
	return m.paint(bold, left) + strings.Repeat(" ", gap) + m.paint(color, state)
}

// running writes a time like a clock.
func running(d time.Duration) string {
	s := int(max(d, 0) / time.Second)
	days := ""
	if n := s / 86400; n > 0 {
		days = strconv.Itoa(n) + " d "
	}
	return fmt.Sprintf("%s%02d:%02d:%02d", days, s/3600%24, s/60%60, s%60)
}

// alerts are what must not be overlooked.
func (m header) alerts() []string {
	var list []string
	if st := m.shot.now; st != nil {
		if st.Dropped > 0 {
			list = append(list, "! "+prose.Many(st.Dropped, "packet")+" dropped by the kernel: transfers may be missing")
		}
		if st.Evicted > 0 {
			list = append(list, "! "+prose.Many(st.Evicted, "connection")+" forgotten, the table was full: transfers may be missing")
		}
	}
	if lag := m.shot.lag(); lag > lateAfter && !m.quitting && !m.opt.Files {
		list = append(list, "! the analysis is "+prose.Span(lag.Truncate(time.Second/10))+" behind: packets may get lost")
	}
	for i := range list {
		list[i] = clip(list[i], m.width)
	}
	return list
}

// fit is a line of parts, as many as there is room for, behind a label.
func (m header) fit(label string, parts ...string) string {
	line := ""
	if label != "" {
		line = m.paint(dim, pad(label, labels))
	}
	used := width(line)
	for i, p := range parts {
		if p == "" {
			continue
		}
		if i > 0 && width(line) > used {
			p = " · " + p
		}
		if width(line)+width(p) > m.width {
			if i == 0 {
				line += prose.Cut(p, m.width-used)
			}
			break
		}
		line += p
	}
	return line
}

func (m header) traffic() []string {
	st := m.shot.now
	if st == nil {
		return []string{"none yet"}
	}
	list := []string{prose.Number(st.Packets)}
	if packets, bits, ok := m.shot.pace.rate(); ok {
		list = append(list, prose.Number(uint64(packets+0.5))+"/s", bitRate(bits), m.shot.pace.curve())
	}
	return append(list, prose.Size(st.Bytes))
}

// inShort is the head of small terminals: what is open, findings by their signs, how many
// packets come.
func (m header) inShort() []string {
	signs := map[string]int{}
	var words []string
	for g, name := range record.Severities {
		sign, n := report.Mark(record.Gravity(name)), m.shot.total.findings[g]
		if signs[sign] += n; n > 0 && signs[sign] == n {
			words = append(words, sign)
		}
	}
	for i, sign := range words {
		words[i] = sign + " " + prose.Number(uint64(signs[sign]))
	}
	list := []string{prose.Number(m.shot.stillOpen()) + " open", strings.Join(words, "  ")}
	if packets, _, ok := m.shot.pace.rate(); ok {
		list = append(list, prose.Number(uint64(packets+0.5))+" packets/s")
	}
	return list
}

// bitRate writes bits a second.
func bitRate(n float64) string {
	units := []string{"bit/s", "kbit/s", "Mbit/s", "Gbit/s"}
	i := 0
	for n >= 999.95 && i < len(units)-1 {
		n, i = n/1000, i+1
	}
	digits := 1
	if i == 0 {
		digits = 0
	}
	return strconv.FormatFloat(n, 'f', digits, 64) + " " + units[i]
}

func (m header) sessionCounts() []string {
	s := m.shot
	list := []string{prose.Number(s.stillOpen()) + " open, " + prose.Number(s.done) + " ended"}
	if s.attempts > 0 {
		list = append(list, prose.Many(s.attempts, "host")+" without a control connection")
	}
	if s.orphans > 0 {
		list = append(list, prose.Many(s.orphans, "data connection")+" without a session")
	}
	return list
}

// transferCounts is one line, or two where one is too short and the screen tall.
func (m header) transferCounts() []string {
	t := &m.shot.total
	modes := counts(t.modes[:], record.Active, record.Passive, record.Unknown)
	if modes == "" {
		modes = "none yet"
	}
	by := counts(t.openers[:], "client", "server", "third party")
	if by == "" {
		return []string{m.fit("transfers", modes)}
	}
	if labels+len(modes+" · opened by "+by) > m.width && m.height >= roomyAt {
		return []string{m.fit("transfers", modes), m.fit("opened by", by)}
	}
	return []string{m.fit("transfers", modes, "opened by "+by)}
}

func counts(n []int, names ...string) string {
	var words []string
	for i, name := range names {
		if n[i] > 0 {
			words = append(words, prose.Number(uint64(n[i]))+" "+name)
		}
	}
	return strings.Join(words, ", ")
}

func (m header) findingCounts() string {
	var words []string
	for g, name := range record.Severities {
		if n := m.shot.total.findings[g]; n > 0 {
			words = append(words, m.paint(int(report.ColorOf(record.Gravity(name))), report.Mark(record.Gravity(name))+" "+prose.Number(uint64(n))+" "+name))
		}
	}
	if len(words) == 0 {
		return "none"
	}
	return strings.Join(words, "  ")
}

// cursor stands behind words that are being typed.
var cursor = map[bool]string{true: "▏"}

// note is the newest message that was not looked at.
func (m *model) note() string {
	if m.typing || m.words != "" {
		tail := "  (esc: all)"
		if m.typing {
			tail = ""
		}
		return clip("/"+prose.Escape(m.words)+cursor[m.typing]+"  "+prose.Many(uint64(len(m.list)), "session")+tail, m.width)
	}
	n := len(m.shot.messages)
	fresh := n + m.shot.lost - m.read
	if fresh <= 0 || n == 0 || m.over == messages {
		return ""
	}
	text := "! " + m.shot.messages[n-1].text
	tail := "  (m: all " + strconv.Itoa(n) + ")"
	if n == 1 {
		tail = "  (m)"
	}
	return m.paint(yellow, prose.Cut(text, m.width-len(tail))+tail)
}

// foot names the keys, as many as fit.
func (m *model) foot() string {
	keys := []string{"q quit", "? help", "enter details", "p pause", "f follow", "tab show: " + showNames[m.show], "/ find", "m messages"}
	switch {
	case m.typing:
		keys = []string{"enter keep", "esc all sessions"}
	case m.over != sessions:
		keys = []string{"q quit", "esc back", "↑↓ scroll"}
	case m.quitting:
		keys = []string{"stopping; q once more ends at once"}
	case m.paused:
		keys[3] = "p go on"
	}
	line := ""
	for _, k := range keys {
		if line != "" {
			k = " · " + k
		}
		if prose.Columns(line)+prose.Columns(k) > m.width {
			break
		}
		line += k
	}
	return m.paint(dim, line)
}
