package finding

import "ftpscope/analyze/record"

// plain reports whether a transfer was certainly sent as the file is: MODE S (RFC 959 section 3.4.1), and not under TLS.
func (c *Case) plain(t *record.Transfer) bool {
	return t.Notes.Mode == "S" && !c.encrypted()
}

// replied says what the server answered to a command; nil: the capture holds no reply.
func (c *Case) replied(r *record.Reply) string {
	if r == nil {
		return "in this capture no reply followed"
	}
	return "the server " + c.answered(r)
}
