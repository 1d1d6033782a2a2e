package html

import (
	"cmp"
	"crypto/sha256"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"ftpscope/analyze/prose"
	"ftpscope/analyze/record"
	"ftpscope/analyze/report/diagnosis"
	"ftpscope/capture/flow"
)

// A reviewer asks what a client did, over all of its sessions: when it guessed, when it
// got in, and what it took or left then. parties keep a short chronology of each
// client at each server.

// parties are bounded in number and in length: the sessions have everything.
type parties struct {
	byPair map[partyPair]*party
	order  []*party // as first seen
	left   int      // sessions of parties that found no room
}

type partyPair struct {
	client  netip.Addr
	server  netip.AddrPort
	network string // empty: the plain one
}

func partyOf(s *record.Session) partyPair {
	return partyPair{prose.Plain(s.Client.Addr()), s.Server, diagnosis.OneNetwork(s.Network)}
}

// party is one client host at one server.
type party struct {
	partyPair
	sessions           int
	accepted, rejected int
	users              []string // the first few, escaped
	manyUsers          bool
	rank               int
	events             []partyEvent
	left               int
}

// partyEvent is something that a client did; logins that were rejected one after the
// other are one.
type partyEvent struct {
	from, to  flow.Time
	first     flow.Pos
	last      flow.Pos
	session   int
	sessions  int
	until     int // the last session
	transfer  int
	rejected  int   // logins
	passwords []int // their labels
	text      string
	brief     string // of a transfer, for the verdict
	bad       bool
}

const (
	maxParties      = 1000
	maxPartyEvents  = 40 // of each party
	maxPartyUsers   = 5
	maxPartyLabels  = 200
	maxPartiesShown = 20 // on the page, if they are in trouble
	maxQuietParties = 3  // else
	maxEventsShown  = 12 // of each party, the others fold
)

// passwordLabels tell passwords apart without showing them: A, B, C, … in order of first
// use.
type passwordLabels map[[sha256.Size]byte]int

const maxPasswordLabels = 10_000

// of is a password's number from 1; 0 when there was no room.
func (l passwordLabels) of(password string) int {
	key := sha256.Sum256([]byte(password))
	n := l[key]
	if n == 0 && len(l) < maxPasswordLabels {
		n = len(l) + 1
		l[key] = n
	}
	return n
}

// labelWords is "password A", "password AB".
func labelWords(n int) string {
	text := ""
	for ; n > 0; n = (n - 1) / 26 {
		text = string(rune('A'+(n-1)%26)) + text
	}
	return "password " + text
}

func newParties() parties { return parties{byPair: map[partyPair]*party{}} }

// add takes a session that ranks so.
func (h *parties) add(s *record.Session, rank int, labels passwordLabels) {
	k := partyOf(s)
	p := h.byPair[k]
	if p == nil {
		if len(h.order) >= maxParties {
			h.left++
			return
		}
		p = &party{partyPair: k}
		h.byPair[k] = p
		h.order = append(h.order, p)
	}
	p.sessions++
	p.rank = max(p.rank, rank)
	said := map[flow.Pos]int{} // the passwords, by packet
	for i := range s.Dialogue {
		if e := &s.Dialogue[i]; e.Argument != nil && strings.EqualFold(e.Command, "PASS") {
			said[e.Pos] = labels.of(*e.Argument)
		}
	}
	for i := range s.Notes.Logins {
		p.login(s, &s.Notes.Logins[i], said[s.Notes.Logins[i].Mark.Pos])
	}
	for i := range s.Transfers {
		p.transfer(s, &s.Transfers[i])
	}
	for i := range s.Dialogue {
		p.command(s, &s.Dialogue[i])
	}
}

func (p *party) login(s *record.Session, l *record.Login, label int) {
	user := prose.Cut(prose.Escape(l.User), maxRowUser)
	if user == "" {
		user = "an unknown user"
	} else if !slices.Contains(p.users, user) {
		if p.manyUsers = len(p.users) >= maxPartyUsers; !p.manyUsers {
			p.users = append(p.users, user)
		}
	}
	e := partyEvent{from: l.Mark.Time, to: l.Mark.Time, first: l.Mark.Pos, last: l.Mark.Pos, session: s.ID, sessions: 1, until: s.ID}
	switch {
	case l.OK:
		p.accepted++
		e.text = "login as " + user + " accepted"
		if label > 0 {
			e.text += " (" + labelWords(label) + ")"
		}
	case l.Code > 0:
		p.rejected++
		e.rejected, e.bad, e.text = 1, true, user
		if label > 0 {
			e.passwords = []int{label}
		}
		if p.goOn(&e) {
			return
		}
	default:
		e.text = "login as " + user + ", its answer not in the capture"
	}
	p.note(e)
}

// goOn adds a rejected login to those before it, whatever sessions they were in.
func (p *party) goOn(e *partyEvent) bool {
	if len(p.events) == 0 {
		return false
	}
	before := &p.events[len(p.events)-1]
	if before.rejected == 0 || before.text != e.text {
		return false
	}
	if before.rejected++; before.until != e.session {
		before.sessions, before.until = before.sessions+1, e.session
	}
	before.from, before.to = min(before.from, e.from), max(before.to, e.to)
	before.last = e.last
	if len(before.passwords) < maxPartyLabels {
		before.passwords = append(before.passwords, e.passwords...)
	}
	return true
}

func (p *party) transfer(s *record.Session, t *record.Transfer) {
	from, to := spanOf(s, t)
	e := partyEvent{from: from, to: max(from, to), session: s.ID, sessions: 1, until: s.ID, transfer: t.N, bad: stateOf(s, t) == stateBad}
	for _, at := range []flow.Pos{t.Frames.Command, t.Frames.Negotiation, t.Frames.SYN} {
		if at.Seen() && !e.first.Seen() {
			e.first = at
		}
	}
	if t.Command == nil && (t.Outcome == record.Unused || t.Outcome == record.Rejected) {
		return
	}
	if e.last = t.Frames.Reply; !e.last.Seen() {
		e.last = e.first
	}
	if t.Notes.Ran != nil {
		e.from = t.Notes.Ran.Mark.Time
	}
	e.text = transferName(t)
	if t.Carried() != nil && t.Opened() {
		e.text += ": " + prose.Many(*t.Carried(), "byte") + map[bool]string{true: " up", false: " down"}[arrowOf(t) == "↑"]
	}
	e.brief = e.text
	if e.text += ", " + resultWords(s, t); t.Outcome != record.OK || e.bad {
		e.brief = e.text
	}
	p.note(e)
}

// command notes what changes files without a data connection.
func (p *party) command(s *record.Session, c *record.Exchange) {
	switch strings.ToUpper(c.Command) {
	case "DELE", "RNFR", "RNTO", "MKD", "RMD", "XMKD", "XRMD", "SITE", "MFMT":
	default:
		return
	}
	e := partyEvent{from: c.Time.Time, to: c.Time.Time, first: c.Pos, last: c.Pos, session: s.ID, sessions: 1, until: s.ID}
	e.text = prose.Cut(strings.TrimRight(prose.Escape(c.Command)+" "+prose.Escape(prose.Known(c.Argument)), " "), maxRowUser)
	for i := range c.Replies {
		if r := &c.Replies[i]; r.Code > 0 {
			e.text += ", reply " + strconv.Itoa(r.Code)
		}
	}
	p.note(e)
}

// note keeps an event; the last place is for those that matter.
func (p *party) note(e partyEvent) {
	switch n := len(p.events); {
	case n < maxPartyEvents:
		p.events = append(p.events, e)
		return
	case e.bad && !p.events[n-1].bad:
		p.events[n-1] = e
	}
	p.left++
}

// clientRow is a party on the page.
type clientRow struct {
	ID, Name, Server, Sums string
	Events, Folded         []event
	More                   string
}

type event struct {
	When              when
	Text, Packets     string
	Session, Transfer int
	Ref               string
	Bad               bool
}

// shown are the parties for the page, those in trouble first.
func (h *parties) shown() (list []*party, more int) {
	list = slices.Clone(h.order)
	slices.SortStableFunc(list, func(a, b *party) int { return cmp.Compare(b.rank, a.rank) })
	n := 0
	for n < len(list) && n < maxPartiesShown && (list[n].rank == diagnosis.Trouble || n < maxQuietParties) {
		n++
	}
	return list[:n], len(h.order) - n
}

// anchor tells parties of several networks apart: letters and digits of the network's
// name.
func (p *partyPair) anchor() string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' {
			return r
		}
		return -1
	}, p.network)
}

func (p *party) page(files bool, clocks clock) clientRow {
	c := clientRow{ID: "c-" + strings.NewReplacer(":", "-", ".", "-", "[", "", "]", "").Replace(p.client.String()+"-"+p.server.String()+p.anchor()),
		Name: p.client.String(), Server: diagnosis.Placed(p.server.String(), p.network)}
	c.Sums = prose.Many(p.sessions, "session")
	if len(p.users) > 0 {
		users := prose.List(p.users)
		if p.manyUsers {
			users = strings.Join(p.users, ", ") + " and others"
		}
		c.Sums += ", as " + users
	}
	if p.rejected > 0 {
		c.Sums += "; " + prose.Number(uint64(p.rejected)) + " of " + prose.Many(p.accepted+p.rejected, "login") + " rejected"
	}
	events := slices.Clone(p.events)
	slices.SortStableFunc(events, func(a, b partyEvent) int { return cmp.Compare(a.from, b.from) })
	for i := range events {
		x := events[i].page(files, clocks)
		if i < maxEventsShown || len(events) <= maxEventsShown+2 {
			c.Events = append(c.Events, x)
		} else {
			c.Folded = append(c.Folded, x)
		}
	}
	if p.left > 0 {
		c.More = "… and " + prose.Many(p.left, "more event") + ": the sessions have them"
	}
	return c
}

func (e *partyEvent) page(files bool, c clock) event {
	x := event{When: c.when(fine, e.from), Text: e.words(), Session: e.session, Transfer: e.transfer, Ref: place(e.session, e.transfer), Bad: e.bad}
	if e.sessions > 1 {
		x.Ref = prose.Many(e.sessions, "session") + ", " + strconv.Itoa(e.session) + " to " + strconv.Itoa(e.until)
	}
	if e.first.Seen() {
		if x.Packets = prose.Packet(e.first, files); e.last.Seen() && e.last != e.first {
			x.Packets += "–" + prose.Packet(e.last, files && e.last.File() != e.first.File())
		}
	}
	return x
}

// words tells what happened; of rejected logins how many, and whether their passwords
// differ.
func (e *partyEvent) words() string {
	if e.rejected == 0 {
		return e.text
	}
	text := prose.Many(e.rejected, "login") + " as " + e.text + " rejected"
	if e.rejected > 1 {
		text += " in " + prose.Span(e.to-e.from)
		if len(e.passwords) == e.rejected {
			kinds := slices.Clone(e.passwords)
			slices.Sort(kinds)
			text += ", " + prose.Many(len(slices.Compact(kinds)), "different password")
		}
	}
	return text
}

// after tells in short what a client did after a time: the files first of all.
func (p *party) after(at flow.Time) string {
	const most = 6
	var words []string
	for i := range p.events {
		e := &p.events[i]
		if e.from <= at || e.rejected > 0 || strings.HasPrefix(e.text, "login as ") {
			continue
		}
		if len(words) == most {
			words = append(words, "and more")
			break
		}
		text := e.brief
		if text == "" {
			text = e.text
		}
		words = append(words, text+" (session "+strconv.Itoa(e.session)+")")
	}
	return strings.Join(words, "; ")
}
