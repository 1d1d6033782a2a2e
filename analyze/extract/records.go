package extract

import (
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"strings"
	"time"

	"ftpscope/analyze/record"
	"ftpscope/capture/flow"
)

// Records takes what an analysis finds.
type Records interface {
	Session(*record.Session) error
	Attempt(*record.Attempt) error
	Orphan(*record.Orphan) error
	Summary(*record.Summary) error
}

// Records returns records that give files their names and write the manifest, in the
// order of the sessions, before they hand on to out.
func (x *Extractor) Records(out Records) Records { return &records{out, x} }

type records struct {
	Records
	x *Extractor
}

func (r *records) Session(s *record.Session) error {
	if live := r.x.live; !s.Open {
		for i := range s.Transfers {
			if live == nil || live.chosen(s) {
				r.x.settle(s, &s.Transfers[i])
			}
		}
		if live != nil {
			live.release(s)
		}
	}
	return r.Records.Session(s)
}

// Summary adds the limits that were reached.
func (r *records) Summary(s *record.Summary) error {
	for _, limit := range []string{whySize, whyTotal, whyFiles} {
		if n := r.x.limits[limit]; n > 0 {
			s.Capture.Limits = append(s.Capture.Limits, record.LimitHit{Limit: limitWords[limit], Count: n})
		}
	}
	if r.x.over > 0 {
		s.Capture.Limits = append(s.Capture.Limits, record.LimitHit{Limit: "transfers that are hashed or extracted", Count: r.x.over})
	}
	if n := r.x.failures - 1; n > 0 && r.x.problem != nil {
		r.x.problem(fmt.Errorf("and %d times more: what was not written has no file in the manifest, or no line", n))
	}
	return r.Records.Summary(s)
}

var limitWords = map[string]string{
	whySize: "size of an extracted file", whyTotal: "bytes of all extracted files", whyFiles: "number of extracted files",
}

// Doubts are the bytes of a file that nobody can be sure of.
type Doubts struct {
	Gaps      []Gap `json:"gaps,omitempty"`
	Conflicts []Gap `json:"conflicts,omitempty"` // bytes that the capture holds with two contents; the file has the first
}

// Entry is a line of the manifest: a transfer of which there is a file, or could have
// been.
type Entry struct {
	Session        int       `json:"session"`
	Transfer       int       `json:"transfer"`
	File           *string   `json:"file"` // in the directory; null: there is none
	Path           *string   `json:"path"`
	Command        *string   `json:"command"`
	Direction      *string   `json:"direction"`
	Representation *string   `json:"representation"`
	Client         *endpoint `json:"client"`
	Server         *endpoint `json:"server"`
	User           *string   `json:"user"`
	Start          string    `json:"start"`
	End            string    `json:"end"`
	Offset         uint64    `json:"offset"`        // in the file, of the first byte that was transferred: REST, or what APPE met
	Bytes          uint64    `json:"bytes"`         // transferred
	MissingBytes   uint64    `json:"missing_bytes"` // those of them that the capture lacks
	Doubts
	Joined     *Joined  `json:"joined,omitempty"`      // what is before offset was copied from the file of this transfer
	Appended   bool     `json:"appended,omitempty"`    // what was before in the server's file is not known
	FileSHA256 *string  `json:"file_sha256,omitempty"` // of the whole file, where it was joined
	SHA256     *string  `json:"sha256"`
	SHA1       *string  `json:"sha1,omitempty"`
	MD5        *string  `json:"md5,omitempty"`
	MIMEType   *string  `json:"mime_type"`
	Complete   bool     `json:"complete"`
	Why        []string `json:"why,omitempty"` // it is not
}

type endpoint struct {
	IP   string `json:"ip"`
	Port uint16 `json:"port"`
}

func endpointOf(a netip.AddrPort) *endpoint {
	if !a.IsValid() {
		return nil
	}
	return &endpoint{a.Addr().String(), a.Port()}
}

func stamp(s record.Stamp) string {
	layout := "2006-01-02T15:04:05." + strings.Repeat("0", int(s.Digits)) + "Z"
	return time.Unix(0, int64(s.Time)).UTC().Format(strings.Replace(layout, ".Z", "Z", 1))
}

// settlement is a transfer whose session is over: what is known of its data, and what is
// said of it.
type settlement struct {
	s *record.Session
	t *record.Transfer
	r *result
	e Entry
}

// settle names the file of a transfer and writes its line of the manifest.
func (x *Extractor) settle(s *record.Session, t *record.Transfer) {
	w, r := x.lookup(t)
	if w == nil {
		return
	}
	if x.folder != nil && (x.opt.Listings || !isListing(t)) {
		known := r
		if known == nil {
			known = &result{want: w} // the capture has none of its bytes
		}
		x.file(&settlement{s: s, t: t, r: known})
	}
	if k, _ := keyOf(t); r != nil && x.live == nil {
		if r.uses--; r.uses <= 0 {
			x.mu.Lock()
			delete(x.done, k)
			x.mu.Unlock()
		}
	}
}

func (x *Extractor) file(d *settlement) {
	if x.live != nil {
		x.locate(d.t, d.r)
	}
	d.enter()
	x.resume(d)
	for _, why := range d.e.Why {
		x.limits[why]++
	}
	x.name(d)
	x.remember(d)
	if err := x.folder.list(&d.e); err != nil {
		x.report(fmt.Errorf("%s: %w", ManifestName, cause(err)))
	}
}

// locate learns from a live session's record where in the file its data belong, if
// anywhere.
func (x *Extractor) locate(t *record.Transfer, r *result) {
	w := r.want
	if r.file == nil || r.name != "" {
		return
	}
	if blind(t) {
		r.file.discard()
		r.file = nil
		return
	}
	if t.Restart == nil {
		return
	}
	if w.offset = *t.Restart; w.offset > 0 && w.offset >= x.opt.Limits.Size {
		w.why = whyPlace
		r.file.discard()
		r.file = nil
	}
}

// name gives a transfer's file its name; of two transfers of the same data the second has
// the same file.
func (x *Extractor) name(d *settlement) {
	t, r, f := d.t, d.r, d.r.file
	if f == nil {
		return
	}
	if f.err != nil {
		x.report(fmt.Errorf("%s: %w", nameOf(t), cause(f.err)))
		return
	}
	if r.name == "" {
		ending := ""
		if !d.e.Complete {
			ending = partial
		}
		f.at = time.Unix(0, int64(t.Connection.End.Time))
		name, err := x.folder.keep(f, nameOf(t), ending)
		if err != nil {
			x.report(fmt.Errorf("%s: %w", nameOf(t), cause(err)))
		}
		r.name = name
	}
	if r.name != "" {
		d.e.File, t.File = &r.name, &r.name
	}
}

// report tells of the first thing that could not be written, and counts the others: they
// have the same reason as a rule.
func (x *Extractor) report(err error) {
	if x.failures++; x.failures == 1 && x.problem != nil {
		x.problem(err)
	}
}

// cause drops a file's temporary name.
func cause(err error) error {
	var where *fs.PathError
	if errors.As(err, &where) {
		return where.Err
	}
	return err
}

// enter says what is known.
func (d *settlement) enter() {
	s, t, r, w := d.s, d.t, d.r, d.r.want
	e := Entry{
		Session: s.ID, Transfer: t.N, Path: t.Path, Command: t.Command, Direction: t.Direction, Representation: t.Representation,
		Client: endpointOf(s.Client), Server: endpointOf(s.Server), User: s.User,
		Start: stamp(t.Connection.Start), End: stamp(t.Connection.End), Offset: w.offset, Bytes: r.size, MissingBytes: r.missing,
		SHA256: t.SHA256, SHA1: t.SHA1, MD5: t.MD5, MIMEType: t.MIMEType,
	}
	if w.offset > 0 {
		e.Gaps = append(e.Gaps, Gap{0, w.offset})
	}
	for _, g := range r.gaps {
		e.Gaps = append(e.Gaps, Gap{g.From + w.offset, g.To + w.offset})
	}
	for _, c := range r.conflicts {
		e.Conflicts = append(e.Conflicts, Gap{c.From + w.offset, c.To + w.offset})
	}
	e.Appended = appends(t)
	e.Why = d.reasons()
	e.Complete = len(e.Why) == 0
	d.e = e
}

// reasons says why a file is not whole.
func (d *settlement) reasons() (why []string) {
	t, r, w := d.t, d.r, d.r.want
	say := func(is bool, words string) {
		if is {
			why = append(why, words)
		}
	}
	c := t.Notes.Conn
	sender := flow.In
	if t.Notes.From == c.Src {
		sender = flow.Out
	}
	say(r.encrypted || blind(t), whyEncrypted)
	say(w.why != "", w.why)
	say(r.file != nil && r.file.why != "", whyTotal)
	say(r.file != nil && r.file.cut && r.file.why+w.why == "", whySize)
	say(r.file != nil && r.file.err != nil, whyUnwritten)
	say(!c.SYN.Seen() && !c.SYNACK.Seen(), whyBegin)
	say(r.missing > 0 || t.MissingBytes != nil && *t.MissingBytes > 0, whyMissing)
	say(len(r.conflicts) > 0, whyConflict)
	say(w.offset > 0, whyRest)
	say(t.Notes.Mode != "" && t.Notes.Mode != "S", whyMode)
	say(t.Outcome == record.Aborted, whyAborted)
	say(t.Outcome != record.OK && t.Outcome != record.Aborted && !c.Half[sender].FIN.Seen(), whyCut)
	say(len(why) == 0 && r.file == nil && r.size == 0 && t.Bytes != nil && *t.Bytes > 0, whyUnkept)
	return why
}
