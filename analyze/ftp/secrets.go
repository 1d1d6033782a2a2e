package ftp

import (
	"bytes"
	"cmp"
	"slices"
	"strings"
)

// Secrets gathers what is secret in a session, to find it where it is said again: servers
// tell what they did not like, and people type a password where the name belongs. First
// all commands go through Command, then lines through Of. The zero value is ready.
type Secrets struct {
	words     [][]byte // in lower case, in the order of their bytes: a session has one or two
	users     []typed
	bytes     []byte // of words
	afterUser bool   // USER came, and no other command since
	ready     bool   // search.finder is, if it is of these Secrets: no word came since it was made
	search    *Search
}

// Search is what looking for secrets needs. Secrets may share one, if one of them looks at
// a time; those that do not, and have something to look for, make their own.
type Search struct {
	Texts  *Texts // keep names
	of     *Secrets
	finder Finder
	list   [][]byte
	text   []byte // of OfText
}

// Share has them look with s.
func (s *Secrets) Share(with *Search) { s.search, s.ready = with, false }

// Emptied is empty Secrets in the memory of some that are over, which are a session's usual
// ones: one or two.
func (s *Secrets) Emptied() Secrets {
	const most = 4
	if cap(s.words) > most || cap(s.users) > most || cap(s.bytes) > most*longSecret*2 {
		return Secrets{}
	}
	clear(s.words)
	clear(s.users)
	clear(s.bytes)
	return Secrets{words: s.words[:0], users: s.users[:0], bytes: s.bytes[:0]}
}

// typed is a name that was typed as USER.
type typed struct {
	name     string
	accepted bool // the server let it in
}

// Span is a part of a line.
type Span struct{ From, To int }

// Limits of what is looked for in a line. Shorter words are said by anybody, those
// shorter than long only count where they stand alone.
const (
	shortestSecret = 3
	longSecret     = 6
)

const entry = 64 // bytes of a word besides its text, about

// Command takes the client's next line and returns where what is secret in it begins, as
// [Secret] does; a line without a verb right after USER is a password as a whole. The
// size is the bytes that are held of it from now on.
func (s *Secrets) Command(line []byte) (from, size int) {
	cmd := ParseCommand(line)
	if from = len(line); cmd.mayHide(line) {
		from = Secret(line)
	}
	if from == len(line) && s.afterUser && cmd.Verb == VerbUnknown && len(cmd.Name) > 0 {
		from = len(line) - len(cmd.Name)
		if cmd.HasArg {
			from -= len(cmd.Arg) + 1
		}
	}
	s.afterUser = cmd.Verb == USER || s.afterUser && cmd.Verb == VerbUnknown
	if cmd.Verb == USER {
		name, _, _ := bytes.Cut(cmd.Arg[:len(cmd.Arg)-(len(line)-from)], []byte(":"))
		size += s.user(name, false)
	}
	if from == len(line) {
		return from, size
	}
	secret := bytes.TrimRight(line[from:], " \t")
	size += s.add(secret)
	if bare := bytes.Trim(secret, quotes); len(bare) < len(secret) { // servers may say it without
		size += s.add(bare)
	}
	if cmd.Verb == SITE {
		for word := range bytes.FieldsSeq(secret) {
			size += s.add(word)
		}
	}
	if cmd.Verb == VerbUnknown && !cmd.HasArg { // PASSx: said again as such
		size += s.add(cmd.Name)
	}
	return from, size
}

// Piece takes a part of a line that is secret as a whole.
func (s *Secrets) Piece(text []byte) { s.add(text) }

func (s *Secrets) add(word []byte) int {
	if len(word) < shortestSecret || isEveryday(word) {
		return 0
	}
	i, known := search(s.words, word)
	if known {
		return 0
	}
	from := len(s.bytes)
	s.bytes = append(s.bytes, word...) // growing leaves other words in the old array, which they keep
	low := s.bytes[from:len(s.bytes):len(s.bytes)]
	for j, c := range low {
		low[j] = lowered(c)
	}
	s.ready, s.words = false, slices.Insert(s.words, i, low)
	return entry + len(word)
}

// search is where a word, in any letter case, stands among words in lower case, or would.
func search[T string | []byte](words [][]byte, word T) (int, bool) {
	return slices.BinarySearchFunc(words, word, func(low []byte, word T) int {
		for i := range min(len(low), len(word)) {
			if c := lowered(word[i]); low[i] != c {
				return cmp.Compare(low[i], c)
			}
		}
		return cmp.Compare(len(low), len(word))
	})
}

// Clone is a copy that changes on its own.
func (s *Secrets) Clone() Secrets {
	c := *s
	c.words, c.users, c.bytes = slices.Clone(s.words), slices.Clone(s.users), nil
	c.search, c.ready = nil, false
	return c
}

// Accepted says that the server let a user in: the name is one.
func (s *Secrets) Accepted(user string) {
	var room [maxText]byte
	s.user(append(room[:0], user...), true)
}

func (s *Secrets) user(name []byte, accepted bool) int {
	if name = bytes.Trim(name, " \t"); len(name) == 0 {
		return 0
	}
	s.ready = false
	if u := s.typed(string(name)); u != nil {
		u.accepted = u.accepted || accepted
		return 0
	}
	s.users = append(s.users, typed{s.room().Texts.Keep(name), accepted})
	return entry + len(name)
}

// typed is a name among those that were typed; nil: it was not.
func (s *Secrets) typed(name string) *typed {
	for i := range s.users {
		if s.users[i].name == name {
			return &s.users[i]
		}
	}
	return nil
}

// None reports whether there is nothing that Of could find.
func (s *Secrets) None() bool { return len(s.words) == 0 }

// HidesUser reports whether a name in USER is a password: it was sent as one, too, and no
// server let anybody of that name in. Names that many accounts have are names whatever
// their password.
func (s *Secrets) HidesUser(name string) bool {
	name = strings.Trim(name, " \t")
	i, secret := search(s.words, name)
	if !secret || isAccount(s.words[i]) {
		return false
	}
	u := s.typed(name)
	return u == nil || !u.accepted
}

// OfText is Of where the text is a string.
func (s *Secrets) OfText(text string, code int) []Span {
	if s.None() && !strings.ContainsAny(text, quotes) {
		return nil
	}
	f := s.room()
	if f.text == nil {
		f.text = make([]byte, 0, maxText)
	}
	f.text = append(f.text[:0], text...)
	return s.Of(f.text, code)
}

// Of finds secrets in a reply's text, in order. code is the reply's, 0 if there is none.
// Digits are secret only in replies about syntax and logins (RFC 959 section 4.2.1: x0z
// and x3z): elsewhere they are addresses, sizes and times.
func (s *Secrets) Of(text []byte, code int) (list []Span) {
	list = quoted(text)
	for _, f := range s.find(text) {
		to := f.At + len(f.Word)
		isAlone := Alone(text, f.At, to)
		switch about := code / 10 % 10; {
		case f.At >= 5 && beginsFold(text[f.At-5:], "PASS "):
		case isNumber(f.Word) && (!isAlone || about != 0 && about != 3), len(f.Word) < longSecret && !isAlone:
			continue
		}
		list = append(list, Span{f.At, to})
	}
	return Merge(list)
}

// OfReply finds secrets in a line of the server.
func (s *Secrets) OfReply(line []byte) []Span {
	code, at := 0, 0
	if r := ParseReplyLine(line); r.Code != 0 {
		code, at = r.Code, 3
	}
	list := s.Of(line[at:], code)
	for i := range list {
		list[i].From, list[i].To = list[i].From+at, list[i].To+at
	}
	return list
}

// OfCommand finds secrets in a line of the client that its verb does not tell: a password
// typed as USER, or again behind what is no verb.
func (s *Secrets) OfCommand(line []byte) (list []Span) {
	switch cmd := ParseCommand(line); cmd.Verb {
	case VerbUnknown, SITE:
		if Secret(line) < len(line) {
			return nil // before it is a verb
		}
		return s.Of(line, 0)
	case USER:
		if s.HidesUser(string(cmd.Arg)) {
			list = append(list, Span{len(line) - len(cmd.Arg), len(line)})
		}
		return list
	}
	list = quoted(line)
	for _, f := range s.find(line) {
		if to := f.At + len(f.Word); len(f.Word) >= longSecret && Alone(line, f.At, to) {
			list = append(list, Span{f.At, to})
		}
	}
	return Merge(list)
}

func quoted(line []byte) (list []Span) {
	if !hasQuote(line) {
		return nil
	}
	for from, to := Quoted(line, 0); from < len(line); from, to = Quoted(line, to) {
		list = append(list, Span{from, to})
	}
	return list
}

// List has the words that are looked for, in lower case.
func (s *Secrets) List() [][]byte {
	if !s.isReady() {
		s.prepare()
	}
	return slices.Clone(s.search.list)
}

func (s *Secrets) room() *Search {
	if s.search == nil {
		s.search = new(Search)
	}
	return s.search
}

// isReady reports whether the finder is these Secrets'.
func (s *Secrets) isReady() bool { return s.ready && s.search.of == s }

// prepare makes the finder. What is a user's name is no secret elsewhere.
func (s *Secrets) prepare() {
	f := s.room()
	f.list = append(f.list[:0], s.words...)
	for _, u := range s.users {
		if i, ok := search(s.words, u.name); ok && !s.HidesUser(u.name) {
			f.list[i] = nil
		}
	}
	f.list = slices.DeleteFunc(f.list, func(w []byte) bool { return w == nil })
	f.finder.reset(f.list, true)
	f.of, s.ready = s, true
}

// find finds the words in a text, wherever they stand.
func (s *Secrets) find(text []byte) []Found {
	if s.None() {
		return nil
	}
	if !s.isReady() {
		s.prepare()
	}
	return s.search.finder.In(text, func(int, int) bool { return true })
}

// Steps is how many bytes of words were looked at: what the search costs.
func (s *Secrets) Steps() int {
	if !s.isReady() {
		return 0
	}
	return s.search.finder.steps
}

// Merge sorts spans, and makes one of those that overlap or touch.
func Merge(list []Span) []Span {
	if len(list) < 2 {
		return list
	}
	slices.SortFunc(list, func(a, b Span) int { return a.From - b.From })
	kept := list[:0]
	for _, x := range list {
		if n := len(kept); n > 0 && x.From <= kept[n-1].To {
			kept[n-1].To = max(kept[n-1].To, x.To)
		} else {
			kept = append(kept, x)
		}
	}
	return kept
}

// Hidden stands for what is secret.
const Hidden = "(hidden)"

// Hide is a text with Hidden instead of some of its parts.
func Hide(text string, parts []Span) string {
	if len(parts) == 0 {
		return text
	}
	var b []byte
	at := 0
	for _, p := range parts {
		b = append(append(b, text[at:p.From]...), Hidden...)
		at = p.To
	}
	return string(append(b, text[at:]...))
}

func lowered(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c | 0x20
	}
	return c
}

// everyday are words that are passwords and say nothing; accounts are names that accounts
// have on many systems.
var (
	everyday = words("password", "anonymous", "anonymous@", "ftp", "user", "pass", "login", "guest")
	accounts = words("admin", "administrator", "root", "test", "user", "guest", "ftpuser", "www", "web", "backup", "support", "oracle",
		"mysql", "postgres", "pi", "ubuntu", "nobody", "operator", "service", "demo", "default", "upload")
)

func words(all ...string) (list [][]byte) {
	slices.Sort(all)
	for _, w := range all {
		list = append(list, []byte(w))
	}
	return list
}

// isEveryday and isAccount know them in any letter case.
func isEveryday(word []byte) bool { return isAmong(everyday, word) }
func isAccount(name []byte) bool  { return isAmong(accounts, name) }

func isAmong(words [][]byte, word []byte) bool {
	_, ok := search(words, word)
	return ok
}
