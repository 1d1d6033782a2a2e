package extract

import (
	"ftpscope/analyze/record"
	"ftpscope/capture/flow"
)

// Plan takes the records of a first pass and notes which connections' data are wanted, in
// order of the sessions: so limits strike the same transfers in every run. It implements
// the records of an analysis.
type Plan struct {
	opt     Options
	files   bool
	wants   map[key]*want
	written uint64 // bytes that files will take
	count   int    // files
	over    uint64 // transfers beyond maxWanted
}

// NewPlan begins a plan; files tells whether files are asked for.
func NewPlan(opt Options, files bool) *Plan {
	return &Plan{opt: opt, files: files, wants: map[key]*want{}}
}

// Session notes the data connections of a session.
func (p *Plan) Session(s *record.Session) error {
	for i := range s.Transfers {
		p.transfer(s, &s.Transfers[i])
	}
	return nil
}

// Attempt has no data.
func (*Plan) Attempt(*record.Attempt) error { return nil }

// Orphan belongs to no session.
func (*Plan) Orphan(*record.Orphan) error { return nil }

// Summary has no data.
func (*Plan) Summary(*record.Summary) error { return nil }

func (p *Plan) transfer(s *record.Session, t *record.Transfer) {
	k, ok := keyOf(t)
	if !ok || !carries(t) {
		return
	}
	if w := p.wants[k]; w != nil {
		w.uses++
		return
	}
	if len(p.wants) >= maxWanted {
		p.over++
		return
	}
	w := &want{uses: 1, blind: blind(t), tls: s.TLS == record.TLSExplicit || s.TLS == record.TLSImplicit}
	p.wants[k] = w
	if p.files && (p.opt.Listings || !isListing(t)) && !w.blind {
		p.file(w, t)
	}
}

// carries reports whether a transfer has a data connection that has, or could have,
// carried something.
func carries(t *record.Transfer) bool {
	return t.Notes.Conn.State == flow.Established && (t.Command != nil || t.Bytes != nil && *t.Bytes > 0)
}

// blind reports whether a transfer's data may be encrypted without showing it: the beginning
// of the data is not in the capture.
func blind(t *record.Transfer) bool {
	c := t.Notes.Conn
	return t.Notes.Blind || t.Method == record.MethodEncrypted && !c.SYN.Seen() && !c.SYNACK.Seen()
}

// file decides how much of the transfer's data becomes a file.
func (p *Plan) file(w *want, t *record.Transfer) {
	limits, size := p.opt.Limits, uint64(0)
	if t.Bytes != nil {
		size = *t.Bytes
	}
	if t.Restart != nil {
		w.offset = *t.Restart
	}
	switch {
	case p.count >= limits.Files:
		w.why = whyFiles
		return
	case w.offset > 0 && w.offset >= limits.Size:
		w.why = whyPlace
		return
	}
	w.most = limits.Size
	if left := limits.Total - p.written; min(size, limits.Size-w.offset) > left {
		if w.most = w.offset + left; left == 0 {
			w.most, w.why = 0, whyTotal
			return
		}
		w.why = whyTotal
	}
	p.written += min(size, w.most-w.offset)
	p.count++
}

// Why there is no whole file.
const (
	whyFiles     = "the limit on the number of files was reached"
	whyTotal     = "the limit on the bytes of all files was reached"
	whySize      = "the file is larger than the limit on a file"
	whyPlace     = "REST names an offset beyond the limit on a file"
	whyEncrypted = "the data are encrypted"
	whyMode      = "it was sent by MODE Z, B or C and is as it was sent: compressed, or in blocks"
	whyAborted   = "the transfer was aborted"
	whyCut       = "the capture ends before the transfer does"
	whyBegin     = "the capture lacks the beginning of the connection"
	whyMissing   = "the capture lacks some of the bytes"
	whyConflict  = "the capture holds some of the bytes with two contents"
	whyRest      = "what is before the offset of REST was not transferred with it"
	whyUnkept    = "too much of the data had passed before their session was known"
	whyUnwritten = "it could not be written"
)

// isListing reports whether a transfer carries a listing and no file; of one without a
// command that is not known.
func isListing(t *record.Transfer) bool { return t.Command != nil && !t.OfFile() }
