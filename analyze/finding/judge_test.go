package finding

import "ftpscope/analyze/record"

// Judge gives the findings of a session that has no neighbours: a Stream shows them to the
// rules that look at several.
func Judge(s *record.Session, opt Options) []record.Finding {
	c, one := newCase(s, opt), &series{}
	if one.begin(keyOf(s), &opt); one.take(s) {
		c.series = one
	}
	c.judge(opt.rules())
	return c.found
}

func newCase(s *record.Session, opt Options) *Case {
	return &Case{Session: s, files: opt.Files, until: latest(s)}
}
