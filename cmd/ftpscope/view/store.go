package view

import (
	"cmp"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"ftpscope/analyze"
	"ftpscope/analyze/prose"
	"ftpscope/analyze/record"
	"ftpscope/analyze/report"
	"ftpscope/analyze/report/table"
	"ftpscope/capture/flow"
)

// The limits of what is kept: more than anybody scrolls through. What is let go is
// counted.
const (
	maxEnded    = 2000 // the sessions that ended last
	maxOpen     = 1000 // the open sessions that began last
	maxMessages = 100
	maxText     = 256  // columns of a name from the wire
	maxSentence = 1000 // columns of a finding
)

// entry is a session as it is shown. It never changes: a later record makes a new one.
type entry struct {
	table.Row
	id    uint64 // stays when a record replaces another
	seq   uint64 // by arrival
	open  bool
	ends  ends
	tally tally
}

// ends are a control connection's endpoints in any order: a mid-stream one may change its
// roles.
type ends [2]netip.AddrPort

func endsOf(s *record.Session) ends {
	if s.Server.Compare(s.Client) < 0 {
		return ends{s.Server, s.Client}
	}
	return ends{s.Client, s.Server}
}

// message is what the program itself has to say.
type message struct {
	at   time.Time
	text string
}

// store is what the analysis hands over. Both sides hold it only to copy.
type store struct {
	mu       sync.Mutex
	opt      report.Options
	last     uint64 // id given
	version  uint64 // of the sessions
	open     map[ends]*entry
	byStart  []*entry // those of open, by their start
	ended    []*entry // a ring
	next     int      // of ended
	done     uint64   // sessions that ended
	total    tally
	attempts uint64
	orphans  uint64
	now      *analyze.Status
	pace     pace
	messages []message
	lost     int // messages
}

func (s *store) init(passwords bool) {
	s.opt = report.Options{ShowPasswords: passwords}
	s.open = map[ends]*entry{}
}

// add keeps a session, in place of an earlier record of it.
func (s *store) add(x *record.Session) {
	key := endsOf(x)
	s.mu.Lock()
	defer s.mu.Unlock()
	old := s.open[key]
	if old != nil && old.Start.Time > x.End.Time {
		old = nil // of a later connection between the same endpoints
	}
	if x.Open && old == nil && (s.open[key] != nil || len(s.byStart) == maxOpen && x.Start.Time <= s.byStart[0].Start.Time) {
		return
	}
	e := &entry{Row: table.SessionRow(x, s.opt), open: x.Open, ends: key, tally: tallyOf(x)}
	e.shorten()
	s.version++
	e.seq = s.version
	if old != nil {
		e.id = old.id
		s.drop(old)
	} else {
		s.last++
		e.id = s.last
	}
	s.total.add(&e.tally, 1)
	if !x.Open {
		s.end(e)
		return
	}
	if len(s.byStart) == maxOpen {
		s.drop(s.byStart[0])
	}
	s.open[key] = e
	at, _ := slices.BinarySearchFunc(s.byStart, e, byStart)
	s.byStart = slices.Insert(s.byStart, at, e)
}

func byStart(a, b *entry) int {
	return cmp.Or(cmp.Compare(a.Start.Time, b.Start.Time), cmp.Compare(a.id, b.id))
}

// drop forgets an open session.
func (s *store) drop(e *entry) {
	s.total.add(&e.tally, -1)
	delete(s.open, e.ends)
	if at, ok := slices.BinarySearchFunc(s.byStart, e, byStart); ok {
		s.byStart = slices.Delete(s.byStart, at, at+1)
	}
}

// end keeps a session that ended, in place of the one that did so longest ago. Its counts
// stay.
func (s *store) end(e *entry) {
	s.done++
	if len(s.ended) < maxEnded {
		s.ended = append(s.ended, e)
		return
	}
	s.ended[s.next] = e
	s.next = (s.next + 1) % maxEnded
}

// shorten bounds the memory of what the wire named.
func (e *entry) shorten() {
	e.User = strings.Clone(prose.Cut(e.User, maxText)) // else it keeps the line that it is a part of
	for i := range e.Facts {
		e.Facts[i] = prose.Cut(e.Facts[i], maxText)
	}
	for i := range e.Transfers {
		t := &e.Transfers[i]
		t.Name, t.Detail = prose.Cut(t.Name, maxText), prose.Cut(t.Detail, maxSentence)
	}
	for i := range e.Findings {
		f := &e.Findings[i]
		f.Message, f.Advice = prose.Cut(f.Message, maxSentence), prose.Cut(f.Advice, maxSentence)
	}
}

func (s *store) attempt() {
	s.mu.Lock()
	s.attempts++
	s.mu.Unlock()
}

func (s *store) orphan() {
	s.mu.Lock()
	s.orphans++
	s.mu.Unlock()
}

func (s *store) status(st *analyze.Status) {
	now := *st
	s.mu.Lock()
	s.now = &now
	s.pace.add(now.Now, now.Packets, now.Bytes)
	s.mu.Unlock()
}

func (s *store) warn(text string, at time.Time) {
	m := message{at, prose.Cut(prose.Escape(text), maxSentence)}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.messages) == maxMessages {
		s.messages = slices.Delete(s.messages, 0, 1)
		s.lost++
	}
	s.messages = append(s.messages, m)
}

func (s *store) warnings() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []string
	if s.lost > 0 {
		list = append(list, prose.Many(uint64(s.lost), "earlier message")+" not kept")
	}
	for _, m := range s.messages {
		list = append(list, m.text)
	}
	return list
}

// shot is a picture of the store.
type shot struct {
	at       time.Time
	version  uint64
	open     []*entry // by start
	ended    []*entry // by arrival
	done     uint64
	total    tally
	attempts uint64
	orphans  uint64
	now      *analyze.Status
	pace     pace
	messages []message
	lost     int
}

// take copies the store; the sessions only if they are not those of the picture before.
func (s *store) take(before *shot, at time.Time) *shot {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := &shot{
		at: at, version: s.version, done: s.done, total: s.total, attempts: s.attempts, orphans: s.orphans,
		now: s.now, pace: s.pace, messages: slices.Clone(s.messages), lost: s.lost,
	}
	if before != nil && before.version == s.version {
		p.open, p.ended = before.open, before.ended
		return p
	}
	p.open = slices.Clone(s.byStart)
	p.ended = slices.Concat(s.ended[s.next:], s.ended[:s.next])
	return p
}

// lag is how far the analysis is behind the clock.
func (p *shot) lag() time.Duration {
	if p.now == nil || p.now.Now == 0 {
		return 0
	}
	return time.Duration(flow.Time(p.at.UnixNano()) - p.now.Now)
}

// stillOpen is how many control connections are open.
func (p *shot) stillOpen() uint64 {
	n := len(p.open)
	if p.now != nil {
		n = max(n, p.now.Open)
	}
	return uint64(n)
}
