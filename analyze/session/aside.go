package session

import "ftpscope/analyze/ftp"

// aside reports whether a reply is of the NOOP or STAT behind a transfer that runs: clients keep the control connection
// busy by them, and servers answer at once, some by 500.
func (f *Fold) aside(code int) bool {
	if len(f.pending) < 2 || !f.endsNone(code) {
		return false
	}
	v := f.pending[1].verb
	return v == ftp.NOOP || v == ftp.STAT || v == ftp.VerbUnknown
}

// endsNone reports whether a transfer runs that no such code ends.
func (f *Fold) endsNone(code int) bool {
	head := &f.pending[0]
	return !endsTransfer(code) && !head.doubtful && head.step >= 0 && f.steps[head.step].prelim.Code != 0
}

// endsTransfer reports whether a code can end a transfer that began (RFC 959 section 5.4, and what is met besides): the
// answers to NOOP and STAT and errors of syntax cannot.
func endsTransfer(code int) bool {
	switch code {
	case 200, 211, 212, 213, 500, 501, 502, 503, 504:
		return false
	}
	return true
}
