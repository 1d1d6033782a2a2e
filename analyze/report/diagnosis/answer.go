package diagnosis

import (
	"cmp"
	"net/netip"
	"slices"
	"strings"

	"ftpscope/analyze/prose"
	"ftpscope/analyze/record"
)

// Answer is what a whole capture says: how many sessions failed, and of what. Its size is
// bounded by the number of causes and places.
type Answer struct {
	sessions, encrypted int
	standing            [Failed + 1]int
	groups              map[answerKey]*answerGroup
	hosts               hosts    // servers of all sessions
	graves              int      // findings that no verdict tells
	grave               []string // the first kinds of them
}

// answerKey is what a group has in common.
type answerKey struct {
	cause, at, mode string
	what            recordKind
}

type recordKind uint8

const (
	aSession recordKind = iota
	anAttempt
	anOrphan
)

// answerGroup is records with one cause at one place.
type answerGroup struct {
	answerKey
	count     int
	certainty int // the least, as an index of record.Certainties
	servers   hosts
	targets   hosts // that data connections were to go to
	low, high uint16
	control   uint16 // the port of the control connections; 0: several
}

// hosts remembers one host, and whether there were others.
type hosts struct {
	first netip.Addr
	many  bool
}

func (h *hosts) add(a netip.Addr) {
	switch {
	case !a.IsValid():
	case !h.first.IsValid():
		h.first = a
	case h.first != a:
		h.many = true
	}
}

func (h *hosts) one() bool { return h.first.IsValid() && !h.many }

// Session takes a session into the answer. One that was captured on both sides of a NAT
// counts once.
func (a *Answer) Session(s *record.Session) {
	if s.Twin > 0 && s.Twin < s.ID {
		return
	}
	a.sessions++
	a.hosts.add(s.Server.Addr())
	if s.Hides() && !s.ReadsAgain() {
		a.encrypted++
	}
	for i := range s.Findings {
		if f := &s.Findings[i]; Grave(f.Severity) && !Told(s, f) {
			if a.graves++; len(a.grave) < mostGroups && !slices.Contains(a.grave, f.ID) {
				a.grave = append(a.grave, f.ID)
			}
		}
	}
	standing := StandingOf(s.Verdict)
	a.standing[standing]++
	if standing < Slow {
		return
	}
	var t *record.Transfer
	mode := ""
	for i := range s.Transfers {
		if s.Transfers[i].N == s.Verdict.Transfer {
			t = &s.Transfers[i]
			mode = t.Mode
		}
	}
	if t != nil && s.Bounces(t) {
		mode = bouncing
	}
	g := a.group(s.Verdict, aSession, mode)
	g.add(s.Verdict, s.Server)
	if t != nil {
		if e, ok := Target(t); ok {
			g.target(e)
		}
	}
}

// bouncing is the mode of groups whose transfers are bounces.
const bouncing = "bounce"

// Attempt takes an attempt into the answer.
func (a *Answer) Attempt(x *record.Attempt) {
	if x.Verdict != nil {
		a.group(x.Verdict, anAttempt, "").add(x.Verdict, x.Server)
	}
}

// Orphan takes an orphan into the answer.
func (a *Answer) Orphan(o *record.Orphan) {
	if StandingOf(o.Verdict) == Failed {
		a.group(o.Verdict, anOrphan, "").add(o.Verdict, o.Connection.Src)
	}
}

func (a *Answer) group(v *record.Verdict, what recordKind, mode string) *answerGroup {
	k := answerKey{cause: v.Cause, at: v.At, mode: mode, what: what}
	g := a.groups[k]
	if g == nil {
		if a.groups == nil {
			a.groups = map[answerKey]*answerGroup{}
		}
		g = &answerGroup{answerKey: k}
		a.groups[k] = g
	}
	return g
}

func (g *answerGroup) add(v *record.Verdict, server netip.AddrPort) {
	if g.count++; g.count == 1 {
		g.control = server.Port()
	} else if g.control != server.Port() {
		g.control = 0
	}
	g.servers.add(server.Addr())
	g.certainty = max(g.certainty, slices.IndexFunc(record.Certainties, func(m record.Meaning) bool { return m.Word == v.Certainty }))
}

func (g *answerGroup) target(e netip.AddrPort) {
	if !g.targets.first.IsValid() {
		g.low, g.high = e.Port(), e.Port()
	}
	g.targets.add(e.Addr())
	g.low, g.high = min(g.low, e.Port()), max(g.high, e.Port())
}

// most groups are named.
const mostGroups = 3

// Line answers for the whole capture in one line, of which each part comes from records:
// "7 of 9 sessions failed; 6 of them: a firewall drops …"; empty: there is nothing to say.
func (a *Answer) Line() string {
	var parts []string
	failed, slow, untold := a.standing[Failed], a.standing[Slow], a.standing[Untold]
	if failed > 0 {
		parts = append(parts, prose.Number(uint64(failed))+" of "+prose.Many(a.sessions, "session")+" failed"+a.why(failed, func(g *answerGroup) bool {
			return g.what == aSession && g.cause != record.CauseSlow && g.cause != record.CauseSlowGreeting
		}))
	}
	if slow > 0 {
		parts = append(parts, prose.Number(uint64(slow))+" of "+prose.Many(a.sessions, "session")+" worked slowly"+a.why(slow, func(g *answerGroup) bool {
			return g.what == aSession && (g.cause == record.CauseSlow || g.cause == record.CauseSlowGreeting)
		}))
	}
	if a.sessions > 0 && failed+slow == 0 {
		parts = append(parts, a.quiet(untold))
	} else if untold > 0 {
		parts = append(parts, "the capture does not show how "+prose.Number(uint64(untold))+" went")
	}
	if n := a.count(anAttempt); n > 0 {
		parts = append(parts, prose.Many(n, "host")+" could not open a control connection"+a.why(n, func(g *answerGroup) bool { return g.what == anAttempt }))
	}
	if n := a.count(anOrphan); n > 0 {
		parts = append(parts, prose.Many(n, "data connection")+" without a session failed"+a.why(n, func(g *answerGroup) bool { return g.what == anOrphan }))
	}
	if a.graves > 0 {
		parts = append(parts, prose.Many(a.graves, "grave finding")+" ("+prose.Escape(strings.Join(a.grave, ", "))+")")
	}
	return prose.Clauses(parts...)
}

// quiet is what is said where no session failed.
func (a *Answer) quiet(untold int) string {
	all := prose.Many(a.sessions, "session")
	switch {
	case untold == a.sessions && untold == 1:
		return all + ": the capture does not show how it went"
	case untold == a.sessions:
		return all + ": the capture does not show how they went"
	case untold > 0:
		return all + ": no failure is visible, but the capture does not show how " + prose.Number(uint64(untold)) + " went"
	case a.encrypted > 0:
		return all + ": no sign of failure, as far as TLS shows"
	}
	return all + ": nothing failed"
}

func (a *Answer) count(what recordKind) (n int) {
	for k, g := range a.groups {
		if k.what == what {
			n += g.count
		}
	}
	return n
}

// why says of what, the most frequent groups first: ": X", or "; 6 of them: X; 1: Y".
func (a *Answer) why(all int, of func(*answerGroup) bool) string {
	var list []*answerGroup
	for _, g := range a.groups {
		if of(g) {
			list = append(list, g)
		}
	}
	order := func(g *answerGroup) int {
		return slices.IndexFunc(record.Causes, func(m record.Meaning) bool { return m.Word == g.cause })
	}
	slices.SortFunc(list, func(x, y *answerGroup) int {
		return cmp.Or(cmp.Compare(y.count, x.count), cmp.Compare(order(x), order(y)), cmp.Compare(x.at, y.at), cmp.Compare(x.mode, y.mode))
	})
	if len(list) == 1 {
		return ": " + a.headline(list[0])
	}
	text, rest := "", all
	for i, g := range list[:min(len(list), mostGroups)] {
		text += "; " + prose.Number(uint64(g.count))
		if i == 0 {
			text += " of them"
		}
		text += ": " + a.headline(g)
		rest -= g.count
	}
	if rest > 0 {
		text += "; " + prose.Number(uint64(rest)) + " for other reasons"
	}
	return text
}
