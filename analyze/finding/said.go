package finding

import "ftpscope/analyze/session"

// plain reports whether a transfer was certainly sent as the file is: MODE S (RFC 959 section 3.4.1), and not under TLS.
func (c *Case) plain(t *session.Transfer) bool {
	return t.Notes.Mode == "S" && !c.encrypted()
}

// replied says what the server answered to a command; nil: the capture holds no reply.
func (c *Case) replied(r *session.Reply) string {
	if r == nil {
		return "in this capture no reply followed"
	}
	return "the server " + c.answered(r)
}
