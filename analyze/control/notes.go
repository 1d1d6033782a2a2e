package control

import (
	"slices"
	"strings"

	"ftpscope/analyze/ftp"
	"ftpscope/analyze/record"
	"ftpscope/capture/flow"
)

// notes is what rules read besides the record, and the commands themselves if they are
// asked for. Few sessions have any of the lists, and those that have none pay a
// comparison.
type notes struct {
	record.Heard
	dialogue   []record.Exchange
	operations []record.Operation
}

// maxDialogue bounds the commands kept with --commands, in one session.
const maxDialogue = 100_000

// command keeps a command for --commands and returns its place; none: there is no room.
func (n *notes) command(b *budget, p *pending, e record.Exchange, hasArg bool) int32 {
	if len(n.dialogue) >= maxDialogue || !b.reserve(exchangeSize+len(p.line.Text)) {
		b.struck++
		return none
	}
	if hasArg {
		arg := p.arg
		e.Argument = &arg
	}
	n.dialogue = append(n.dialogue, e)
	return int32(len(n.dialogue) - 1)
}

// reply adds a reply to the exchange at a place; none: it is one of its own.
func (n *notes) reply(b *budget, place int32, r *record.Reply) {
	if place < 0 && len(n.dialogue) >= maxDialogue {
		return
	}
	if !b.reserve(exchangeSize + replySize + len(r.Text)) {
		b.struck++
		return
	}
	if place < 0 {
		n.dialogue = append(n.dialogue, record.Exchange{Time: r.Time, Pos: r.Pos})
		place = int32(len(n.dialogue) - 1)
	}
	e := &n.dialogue[place]
	e.Replies = append(e.Replies, *r)
}

// login keeps a try that was decided on, or whose decision the capture lacks.
func (n *notes) login(b *budget, l *login, p *pending, try record.Login) {
	if len(n.Logins) < record.MaxLogins && b.reserve(loginSize) {
		n.Logins = append(n.Logins, l.try(p, try))
	}
}

// odd keeps an oddity.
func (n *notes) odd(b *budget, kind, detail string, at flow.Mark) {
	if len(n.Oddities) < record.MaxOddities && b.reserve(oddSize+len(detail)) {
		n.Oddities = append(n.Oddities, record.Oddity{Kind: kind, Mark: at, Detail: detail})
	}
}

// site keeps a SITE command and returns its place from 1; 0: it is not kept.
func (n *notes) site(b *budget, p *pending) int32 {
	if len(n.Site) >= record.MaxSite {
		return 0
	}
	word, alike := firstWord(p.arg), 0
	for i := range n.Site {
		if strings.EqualFold(firstWord(n.Site[i].Text), word) {
			alike++
		}
	}
	if alike >= record.MaxSiteAlike || !b.reserve(siteSize+len(p.arg)) {
		return 0
	}
	n.Site = append(n.Site, record.SiteCommand{Mark: p.line.Mark, Text: p.arg})
	return int32(len(n.Site))
}

func firstWord(s string) string {
	word, _, _ := strings.Cut(strings.TrimLeft(s, " "), " ")
	return word
}

// climb keeps a command whose path climbs above the login directory, and returns its
// place from 1; 0: it does not, or is not kept. It is asked when the command is settled,
// for only then is the working directory known that the path is relative to.
func (n *notes) climb(b *budget, d *directory, p *pending) int32 {
	if !takesPath(p.verb) || p.cut || len(n.Climbs) >= record.MaxClimbs {
		return 0
	}
	arg := p.arg
	if p.verb == ftp.LIST || p.verb == ftp.NLST {
		arg = listed(arg)
	}
	if !mayClimb(arg) || (p.verb == ftp.CWD || p.verb == ftp.XCWD) && strings.TrimRight(arg, "/") == ".." ||
		!d.working.climbs(d.home, arg) || !b.reserve(climbSize+len(p.arg)) {
		return 0 // CWD .. is CDUP in other words: how people walk about
	}
	anyway := workingDirectory{d.working.dir, d.working.known && isAbsolute(d.working.dir)}
	n.Climbs = append(n.Climbs, record.Climb{Mark: p.line.Mark, Verb: p.verb.String(), Argument: p.arg, FromLogin: !anyway.climbs("", arg)})
	return int32(len(n.Climbs))
}

// addReply adds the final reply to what was kept of the command.
func (n *notes) addReply(p *pending, r *record.Reply) {
	if p.noted == 0 {
		return
	}
	kept := *r // most replies are read and forgotten, and need no memory of their own
	if p.verb == ftp.SITE {
		n.Site[p.noted-1].Reply = &kept
	} else {
		n.Climbs[p.noted-1].Reply = &kept
	}
}

// settled notes how a command ended that is neither a login nor a transfer: the last of
// them counts. What clients send to keep or to end a session counts for nothing. A USER that
// is refused by another code than 530 decides on no login, and is such a command, as is a
// PASS after which an account is demanded.
func (n *notes) settled(b *budget, p *pending, r *record.Reply) {
	n.Late = nil
	aside := p.negotiation < 0 && p.transfer < 0 && p.verb != ftp.PASS && p.verb != ftp.ACCT
	if p.transfer < 0 && r.Time.Time-p.line.Mark.Time >= record.LateReply && b.reserve(denialSize+len(p.line.Text)+len(r.Text)) {
		n.Late = &record.Denial{Line: p.line, Reply: *r}
	}
	switch {
	case p.verb == ftp.NOOP || p.verb == ftp.QUIT || p.verb == ftp.FEAT || p.verb == ftp.OPTS || p.verb == ftp.SYST || p.verb == ftp.STAT || p.verb == ftp.CLNT || p.verb == ftp.ABOR || p.verb == ftp.ALLO:
	case r.Code < 400 && (r.Code != 332 || p.verb == ftp.USER):
		n.Denied = nil
	case (aside || r.Code == 332) && (p.verb != ftp.USER || r.Code != 530) && b.reserve(denialSize+len(p.line.Text)+len(r.Text)):
		n.Denied = &record.Denial{Line: p.line, Reply: *r}
	}
}

// parting keeps a reply by which the server may end the session, or says that it fails.
func (n *notes) parting(b *budget, r *record.Reply, unasked bool) {
	if r.Code < 400 || !(unasked || r.Code == 421 || strings.HasPrefix(r.Text, "OOPS")) || !b.reserve(replySize+len(r.Text)) {
		return
	}
	kept := *r
	n.Parting = &kept
}

// forgetLogin takes back what is a climb only from the login directory: the capture began
// later.
func (n *notes) forgetLogin() {
	n.Climbs = slices.DeleteFunc(n.Climbs, func(c record.Climb) bool { return c.FromLogin })
}

// clone makes the lists its own.
func (n *notes) clone() {
	n.Oddities, n.Logins = slices.Clone(n.Oddities), slices.Clone(n.Logins)
	n.Site, n.Climbs, n.dialogue = slices.Clone(n.Site), slices.Clone(n.Climbs), slices.Clone(n.dialogue)
	n.operations = slices.Clone(n.operations)
	for i := range n.dialogue { // a reply more does not go where the next of the other's will be
		n.dialogue[i].Replies = slices.Clip(n.dialogue[i].Replies)
	}
}

// silences measures how long nobody spoke at the end of the control connection.
type silences struct {
	last    flow.Time // when either side spoke last
	longest flow.Time // without a word since the server last spoke
	asked   bool      // the client spoke since
	client  flow.Time // when the client spoke last
	heard   flow.Time // the same, of what the server's last word followed
}

// spoke notes that a side sent something.
func (s *silences) spoke(byClient bool, at flow.Time) {
	if byClient {
		if s.last != 0 {
			s.longest, s.asked = max(s.longest, at-s.last), true
		}
		s.client = at
	} else {
		s.longest, s.asked, s.heard = 0, false, s.client
	}
	s.last = at
}

// end is the longest silence since the server last spoke; if the client did not speak
// since either, that until the end.
func (s *silences) end(at flow.Time) flow.Time {
	if s.asked || s.last == 0 {
		return s.longest
	}
	return max(0, at-s.last)
}
