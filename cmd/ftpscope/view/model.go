package view

import (
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	tea "charm.land/bubbletea/v2"

	"ftpscope/analyze/report"
	"ftpscope/analyze/report/table"
)

// model is what is on the screen.
type model struct {
	opt       Options
	store     *store
	stop      func()
	began     time.Time
	quitting  bool
	impatient bool // asked to quit twice
	left      bool // what is drawn is what stays on the terminal
	paused    bool
	shot      *shot
	read      int // messages that were looked at

	width, height int
	columns       columns
	list          []*entry // what is shown of the shot
	show          show
	typing        bool
	words         string // the list is only of rows that hold it
	follow        bool
	expanded      map[uint64]bool
	drawn         map[*entry][]string // what they expand to, at this width
	cursor        uint64              // id of the entry that it is on
	inside        int                 // line of the entry
	row           int                 // line of the screen, from the top of the list
	over          page                // a page in place of the list
	overTop       int
}

// show is which sessions are listed.
type show int

const (
	all   show = iota // by their start
	open              // by their start
	ended             // in the order in which they ended
	found             // those with findings or failures, likewise, the open ones last
	shows
)

var showNames = [shows]string{"all", "open", "ended", "findings"}

// page is what may stand in place of the list.
type page int

const (
	sessions page = iota
	help
	messages
)

func newModel(o Options, s *store) *model {
	m := &model{opt: o, store: s, began: o.Now(), follow: true, expanded: map[uint64]bool{}, drawn: map[*entry][]string{}, width: report.DefaultWidth, height: 24}
	m.look()
	return m
}

// tick is the time to look for news.
type tick struct{}

// Init begins to tick.
func (m *model) Init() tea.Cmd { return nextTick() }

func nextTick() tea.Cmd { return tea.Tick(look, func(time.Time) tea.Msg { return tick{} }) }

func (m *model) update(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case tick:
		if !m.paused {
			m.look()
		}
		return nextTick()
	case tea.WindowSizeMsg:
		m.width, m.height, m.columns = max(msg.Width, 1), max(msg.Height, 1), columns{}
		clear(m.drawn)
		m.settle()
	case tea.KeyPressMsg:
		cmd := m.key(msg.String(), msg.Text)
		m.settle()
		return cmd
	}
	return nil
}

// look takes what the analysis has handed over since.
func (m *model) look() {
	m.shot = m.store.take(m.shot, m.opt.Now())
	m.choose()
	m.settle()
}

// choose lists the sessions to show.
func (m *model) choose() {
	list := make([]*entry, 0, len(m.shot.open)+len(m.shot.ended))
	keep := func(from []*entry) {
		for _, e := range from {
			if (m.show != found || e.Worst != "" || e.Failed) && e.holds(m.words) {
				list = append(list, e)
			}
		}
	}
	if m.show != open {
		keep(m.shot.ended)
	}
	if m.show != ended {
		keep(m.shot.open)
	}
	if m.show == all {
		slices.SortFunc(list, byStart)
	}
	m.list = list
}

// holds reports whether a row, or what it expands to, has the words in it.
func (e *entry) holds(words string) bool {
	if words == "" {
		return true
	}
	words = strings.ToLower(words)
	has := func(s string) bool { return strings.Contains(strings.ToLower(s), words) }
	return has(e.Client) || has(e.Server) || has(e.User) || has(e.Mode) || has(e.Sums) || has(e.Worst) ||
		slices.ContainsFunc(e.Transfers, func(t table.TransferRow) bool { return has(t.Name) || has(t.Method) || has(t.Status) }) ||
		slices.ContainsFunc(e.Findings, func(f table.FindingRow) bool { return has(f.ID) || has(f.Severity) })
}

// key does what a key is for.
func (m *model) key(name, text string) tea.Cmd {
	if name == "ctrl+c" {
		return m.quit()
	}
	if m.typing {
		m.edit(name, text)
		return nil
	}
	switch name {
	case "q":
		return m.quit()
	case "p":
		if m.paused = !m.paused; !m.paused {
			m.look()
		}
	case "?", "h":
		m.turn(help)
	case "m":
		m.turn(messages)
	case "esc":
		if m.over == sessions {
			m.words = ""
			m.choose()
		}
		m.over = sessions
	default:
		if m.over != sessions {
			m.overTop += m.distance(name)
			return nil
		}
		m.listKey(name)
	}
	return nil
}

// quit asks the analysis to stop; asked again, it leaves the terminal.
func (m *model) quit() tea.Cmd {
	if m.quitting {
		m.impatient = true
		return tea.Quit
	}
	m.quitting = true
	if m.stop != nil {
		go m.stop()
	}
	return nil
}

// turn shows another page, or the list again.
func (m *model) turn(to page) {
	m.read = len(m.shot.messages) + m.shot.lost
	if m.over == to {
		to = sessions
	}
	m.over, m.overTop = to, 0
}

// listKey does what a key is for in the list of sessions.
func (m *model) listKey(name string) {
	switch name {
	case "tab", "shift+tab":
		step := show(1)
		if name == "shift+tab" {
			step = shows - 1
		}
		m.show = (m.show + step) % shows
		m.follow = true
		m.choose()
	case "/":
		m.typing = true
	case "f":
		m.follow = !m.follow
	case "end", "G":
		m.follow = true
	case "home", "g":
		m.follow = false
		m.move(-m.lines())
	case "enter", "space", "right", "l", "left":
		m.expand(name)
	default:
		if n := m.distance(name); n != 0 {
			m.follow = false
			m.move(n)
		}
	}
}

// distance is how many lines a key moves.
func (m *model) distance(name string) int {
	switch name {
	case "up", "k":
		return -1
	case "down", "j":
		return 1
	case "pgup", "ctrl+b":
		return -max(m.room()-1, 1)
	case "pgdown", "ctrl+f":
		return max(m.room()-1, 1)
	case "home", "g":
		return -1 << 20
	case "end", "G":
		return 1 << 20
	}
	return 0
}

// expand shows or hides the transfers and findings of the session that the cursor is on.
func (m *model) expand(name string) {
	if m.cursor == 0 {
		return
	}
	if m.expanded[m.cursor] && (name == "enter" || name == "space") || name == "left" {
		delete(m.expanded, m.cursor)
		m.row -= m.inside
		m.inside = 0
	} else {
		m.expanded[m.cursor] = true
		m.reveal()
	}
	m.follow = false
}

// reveal moves the list so that what the cursor's session expands to is on the screen, as
// far as it goes there.
func (m *model) reveal() {
	for _, e := range m.list {
		if e.id == m.cursor {
			m.row = max(min(m.row, m.room()-m.tall(e)+m.inside), m.inside)
		}
	}
}

// edit takes a key of the words that rows are to hold.
func (m *model) edit(name, text string) {
	const most = 64
	switch name {
	case "enter":
		m.typing = false
	case "esc":
		m.typing, m.words = false, ""
	case "backspace":
		_, n := utf8.DecodeLastRuneInString(m.words)
		m.words = m.words[:len(m.words)-n]
	default:
		if text != "" && len(m.words)+len(text) <= most {
			m.words += text
		}
	}
	m.choose()
}

// tall is how many lines an entry takes.
func (m *model) tall(e *entry) int {
	if m.expanded[e.id] {
		return 1 + len(m.details(e))
	}
	return 1
}

// lines is how many lines the list has.
func (m *model) lines() int {
	n := 0
	for _, e := range m.list {
		n += m.tall(e)
	}
	return n
}

// place is the cursor's line, of all lines of the list.
func (m *model) place() (line int, ok bool) {
	for _, e := range m.list {
		n := m.tall(e)
		if e.id == m.cursor {
			return line + min(m.inside, n-1), true
		}
		line += n
	}
	return 0, false
}

// put moves the cursor to a line.
func (m *model) put(line int) {
	line = max(line, 0)
	for i, e := range m.list {
		n := m.tall(e)
		if line < n || i == len(m.list)-1 {
			m.cursor, m.inside = e.id, min(line, n-1)
			return
		}
		line -= n
	}
	m.cursor, m.inside = 0, 0
}

// move moves the cursor, and the list where it has to.
func (m *model) move(n int) {
	from, _ := m.place()
	m.put(from + n)
	to, _ := m.place()
	m.row += to - from
}

// settle makes the screen fit what it shows: the cursor is on a session, and keeps its
// line while others come and go.
func (m *model) settle() {
	m.forget()
	total, room := m.lines(), m.room()
	line, ok := m.place()
	if last := len(m.list) - 1; m.follow && last >= 0 {
		m.cursor, m.inside = m.list[last].id, 0
		line = total - m.tall(m.list[last])
		m.row = room
	} else if !ok {
		m.put(m.row)
		line, _ = m.place()
	}
	m.row = min(max(m.row, 0), room-1)
	top := min(max(line-m.row, 0), max(total-room, 0))
	if m.follow {
		top = min(max(total-room, 0), line)
	}
	m.row = line - top
	m.grow(top, room)
	m.overTop = max(min(m.overTop, len(m.overLines())-room), 0)
}

// forget drops what was expanded and is gone.
func (m *model) forget() {
	if len(m.expanded) == 0 {
		clear(m.drawn)
		return
	}
	living, drawn := map[uint64]bool{}, map[*entry][]string{}
	for _, from := range [][]*entry{m.shot.open, m.shot.ended} {
		for _, e := range from {
			if m.expanded[e.id] {
				living[e.id] = true
				drawn[e] = m.details(e)
			}
		}
	}
	m.expanded, m.drawn = living, drawn
}
