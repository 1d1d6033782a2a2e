package finding

var bruteForce = Rule{
	ID: "brute-force", Severity: High,
	Title:   "password guessing",
	Meaning: "Five or more logins from one host failed at one server within five minutes (--brute-failures, --brute-window), in one session or many; told once: at the session whose login succeeded, which makes it critical, else at the last session of the series.",
	judge:   once(guessing),
}

func guessing(c *Case) (verdict, bool) {
	r := c.series
	if r == nil || !r.hot {
		return verdict{}, false
	}
	if c.spent {
		return verdict{}, true
	}
	what := r.key.client.String() + " failed " + times(r.failed) + " to log in at " + r.key.server.String()
	if d := r.last.Time - r.first.Time; d > 0 {
		what += " in " + seconds(d)
	}
	what += ", as " + r.users.String() + ", in " + many(r.sessions, "session") + c.packets(append(r.frames, r.last.Pos)...)
	v := verdict{
		frames: append(r.frames, r.last.Pos),
		advice: "block or slow down the host (" + c.settings("fail2ban", "vsftpd max_login_fails", "ProFTPD mod_ban") + "), and check the accounts that it tried",
	}
	end := "none of these logins succeeded in this capture"
	if r.success != nil {
		v.severity = Critical
		v.frames = append(v.frames, r.success.Mark.Pos)
		end = "then it logged in as " + quote(r.success.User) + c.packets(r.success.Mark.Pos)
		v.advice = "change the password of " + quote(r.success.User) + " now and look at what this session did; " + v.advice
	}
	others := ""
	if n := c.rivals.others(r); n > 0 {
		others = many(n, "other host") + " failed to log in there at the same time"
	}
	v.message = clauses(what, end, others)
	return v, true
}
