package finding

import (
	"strconv"

	"ftpscope/analyze/prose"
	"ftpscope/analyze/record"
	"ftpscope/analyze/settings"
)

var bruteForce = Rule{
	ID: "brute-force", Severity: record.High,
	Title:   "password guessing",
	Meaning: "Five or more logins from one host failed at one server within five minutes (--brute-failures, --brute-window), in one session or many. It is reported once: with the session whose login succeeded, which makes it critical, or, if that session began first or no login succeeded, with the last session of the series.",
	judge:   once(guessing),
}

// elsewhere reports whether the login that succeeded is of a session that began before
// others of the series.
func (r *series) elsewhere() bool { return r.success.Mark == r.early.Mark }

// then is "then ", unless failures came after the success too, or places and times
// contradict each other.
func (r *series) then() string {
	switch {
	case r.elsewhere() && r.failed > r.before:
		return "after " + strconv.Itoa(r.before) + " of these failures "
	case r.last.Ord > r.success.Mark.Ord || r.last.Time > r.success.Mark.Time:
		return ""
	}
	return "then "
}

func guessing(c *Case) (draft, bool) {
	r := c.series
	if r == nil || !r.hot {
		return draft{}, false
	}
	if c.spent {
		return draft{}, true
	}
	what := r.key.client.String() + " failed " + prose.Times(r.failed) + " to log in at " + r.key.server.String()
	if d := r.last.Time - r.first.Time; d > 0 {
		what += " in " + prose.Lasting(d)
	}
	if r.users.n > 0 {
		what += ", as " + r.users.String()
	}
	what += ", in " + prose.Many(r.sessions, "session") + c.packets(append(r.frames, r.last.Pos)...)
	v := draft{
		frames: append(r.frames, r.last.Pos),
		advice: "block the host (fail2ban), or let the server slow it down" + c.settings(settings.SlowGuessing) + ", and check the accounts that it tried",
	}
	end := "none of these logins succeeded in this capture"
	if r.success != nil {
		v.severity = record.Critical
		v.frames = append(v.frames, r.success.Mark.Pos)
		end = r.then() + "it logged in as " + prose.Quote(r.success.User) + c.packets(r.success.Mark.Pos)
		where := "this session"
		if r.elsewhere() {
			where = "the session of that login"
		}
		v.advice = "change the password of " + prose.Quote(r.success.User) + " now and look at what " + where + " did; " + v.advice
	}
	others := ""
	if n := c.rivals.others(r); n > 0 {
		others = prose.Many(n, "other host") + " failed to log in there at the same time"
	}
	v.message = prose.Clauses(what, end, others)
	return v, true
}
