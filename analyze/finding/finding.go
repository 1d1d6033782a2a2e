// Package finding judges sessions: what failed and why, what is unsafe, what the capture
// cannot show. It sees a session's record, notes and coverage, never a packet; package
// report writes the findings.
//
// A rule is a value in a file of its own, named by its ID, and a line of the list rules.
// Its judge looks at a Case, a session with what is known of its neighbours, and returns
// drafts; a Stream gives each session its neighbours and decides when its findings are
// certain.
package finding

import (
	"cmp"
	"fmt"
	"slices"

	"ftpscope/analyze/record"
	"ftpscope/capture/flow"
)

// Rule finds one kind of thing in a session.
type Rule struct {
	ID       string
	Severity string // the usual one
	Title    string
	Meaning  string
	judge    func(*Case) []draft
	spent    bool // what it finds is counted and not told, for the capture has too much of it
}

// Rules lists the rules.
func Rules() []Rule {
	var list []Rule
	for _, r := range rules {
		list = append(list, *r)
	}
	return list
}

var rules = []*Rule{
	&cleartextCredentials, &anonymousLogin, &bruteForce, &bounceAttempt, &privilegedPort, &thirdParty, &fxpTransfer, &natMismatch,
	&dataUnanswered, &dataRefused, &dataUnreachable, &dataNeverTried, &negotiationRejected, &controlLost, &sizeMismatch,
	&asciiBinary, &tlsRefused, &tlsOutdated, &tlsCertificate, &cleartextData, &protocolViolation, &overlapConflict, &pathTraversal, &captureGap,
	&dataLate, &dataCut, &restartHole, &siteExec, &siteChmod, &executableUpload, &credentialFile,
	&ftpInData, &massDeletion, &massRenaming, &timestomping, &executableDownload, &disguisedContent, &anonymousWrite, &passiveRedirect,
	&vsftpdBackdoor, &formatString, &overlongArgument,
}

// Options of judging; the zero value works.
type Options struct {
	Disable map[string]bool // rules to leave out, by ID
	Files   int             // files of the run: with several, packets are named with their file
	OneFile bool            // but not if all are numbered in one
	Live    bool            // sessions come in the order of their end, and cannot wait long
	// BruteFailures failed logins within BruteWindow are password guessing; 0: the
	// constants of these names.
	BruteFailures int
	BruteWindow   flow.Time
}

func (o *Options) brute() (failures int, window flow.Time) {
	return min(cmp.Or(o.BruteFailures, BruteFailures), MaxBruteFailures), cmp.Or(o.BruteWindow, BruteWindow)
}

// rules are those to judge by.
func (o *Options) rules() []*Rule {
	return slices.DeleteFunc(slices.Clone(rules), func(r *Rule) bool { return o.Disable[r.ID] })
}

// draft is a finding in the making. No severity means the rule's usual one.
type draft struct {
	severity string
	transfer int
	message  string
	advice   string
	frames   []flow.Pos
}

// Limits of what is said of one session.
const (
	// maxPerRule is how many findings one rule may have in a session: more of a kind tell
	// a reader nothing new.
	maxPerRule = 8
	// maxFrames is how many packets prove a finding: enough to open each of them by hand.
	maxFrames = 16
)

// judge runs the rules over a session and keeps its findings: what went wrong, by transfer,
// then by rule, then what is unsafe.
func (c *Case) judge(rules []*Rule) {
	c.bounces = slices.ContainsFunc(rules, func(r *Rule) bool { return r.ID == bounceAttempt.ID })
	for _, r := range rules {
		c.spent = r.spent
		if list := r.judge(c); len(list) > 0 {
			r.tell(c, list)
		}
	}
	c.order()
}

// order puts the findings of transfers in their order, and habits last.
func (c *Case) order() {
	slices.SortStableFunc(c.found, func(a, b record.Finding) int {
		return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(a.Transfer, b.Transfer))
	})
}

// rank is 1 for findings that are no news: habits, and what limits the others.
func rank(f record.Finding) int {
	if k := record.KindOf(f.ID); k == record.Habit || k == record.Reservation {
		return 1
	}
	return 0
}

// tell keeps the gravest of a rule's drafts and counts the rest in the last one's
// message.
func (r *Rule) tell(c *Case, list []draft) {
	if r.spent {
		for range min(len(list), maxPerRule) {
			c.untold = append(c.untold, r.ID)
		}
		return
	}
	for i := range list {
		list[i].severity = cmp.Or(list[i].severity, r.Severity)
	}
	if more := len(list) - maxPerRule; more > 0 {
		slices.SortStableFunc(list, func(a, b draft) int { return cmp.Compare(record.Gravity(a.severity), record.Gravity(b.severity)) })
		list = list[:maxPerRule]
		slices.SortStableFunc(list, func(a, b draft) int { return cmp.Compare(a.transfer, b.transfer) })
		last := &list[maxPerRule-1]
		last.message += fmt.Sprintf("; the session has %d more findings of this kind", more)
	}
	for _, v := range list {
		c.found = append(c.found, record.Finding{
			ID: r.ID, Severity: v.severity, Message: v.message, Transfer: v.transfer, Frames: sorted(frames(v.frames...)), Advice: v.advice,
		})
	}
}

// frames drops packets that were not seen and those named twice. Of many the last one
// stays: it often tells how it ended.
func frames(all ...flow.Pos) []flow.Pos {
	return appendFrames(make([]flow.Pos, 0, min(len(all), maxFrames)), all)
}

func appendFrames(seen, all []flow.Pos) []flow.Pos {
	for _, p := range all {
		switch {
		case !p.Seen() || slices.Contains(seen, p):
		case len(seen) < maxFrames:
			seen = append(seen, p)
		default:
			seen[maxFrames-1] = p
		}
	}
	return seen
}

func sorted(list []flow.Pos) []flow.Pos {
	slices.Sort(list)
	return list
}

// each makes a judge of a session out of one of a transfer.
func each(judge func(*Case, *record.Transfer) (draft, bool)) func(*Case) []draft {
	return func(c *Case) []draft {
		var list []draft
		for i := range c.Transfers {
			t := &c.Transfers[i]
			if v, ok := judge(c, t); ok {
				v.transfer = t.N
				list = append(list, v)
			}
		}
		return list
	}
}

// eachOpening does so of a data connection that was not opened. What met those of a
// bounce is what the client wanted to learn, and no fault to look for: bounce-attempt
// tells it.
func eachOpening(judge func(*Case, *record.Transfer) (draft, bool)) func(*Case) []draft {
	return each(func(c *Case, t *record.Transfer) (draft, bool) {
		v, ok := judge(c, t)
		return v, ok && !toldAsBounce(c, t)
	})
}

// once makes a judge out of one that has at most one draft for a session.
func once(judge func(*Case) (draft, bool)) func(*Case) []draft {
	return func(c *Case) []draft {
		v, ok := judge(c)
		if !ok {
			return nil
		}
		c.one[0] = v
		return c.one[:]
	}
}
