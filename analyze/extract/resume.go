package extract

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/netip"
	"os"
	"slices"
	"strings"

	"ftpscope/analyze/record"
)

// A transfer that was resumed (REST) or that appended (APPE) has only a part of its file.
// Where the part before it was extracted too, from the same server, user and path, the
// new file begins with a copy of it. What both have must be equal.

// location is a file as a user of a server names it.
type location struct {
	server netip.AddrPort
	user   string
	path   string
}

// part is what was extracted of it last, from its first byte on.
type part struct {
	name              string
	length            uint64
	whole             bool
	session, transfer int
}

// Joined says which transfer's data a file begins with.
type Joined struct {
	Session  int    `json:"session"`
	Transfer int    `json:"transfer"`
	Bytes    uint64 `json:"bytes"`
}

func locationOf(s *record.Session, t *record.Transfer) (location, bool) {
	if t.Path == nil || t.Representation == nil || *t.Representation != "I" || isListing(t) {
		return location{}, false
	}
	p := location{server: s.Server, path: *t.Path}
	if s.User != nil {
		p.user = *s.User
	}
	return p, true
}

func appends(t *record.Transfer) bool {
	return t.Command != nil && strings.EqualFold(*t.Command, "APPE") && (t.Restart == nil || *t.Restart == 0)
}

// resume puts what is known of the file before a transfer's data in front of them, and
// the data at their place.
func (x *Extractor) resume(d *settlement) {
	s, t, r := d.s, d.t, d.r
	if r.file == nil || r.file.err != nil || r.name != "" {
		return
	}
	f, at := r.file, r.want.offset
	where, ok := locationOf(s, t)
	before := x.parts[where]
	if appends(t) && before.whole {
		at = before.length
	}
	if at == 0 {
		return
	}
	known := ok && before.length >= at && at+r.size <= x.opt.Limits.Size
	if known && !x.reserveCopy(at) {
		known = false
		d.e.Why = append(d.e.Why, whyTotal)
	}
	if x.live != nil || appends(t) && known {
		if err := x.folder.shift(f, at); err != nil {
			x.report(fmt.Errorf("%s: %w", nameOf(t), cause(err)))
			return
		}
	}
	if !known {
		return
	}
	switch same, err := x.folder.fill(f, front{before, at, r.missing > 0}); {
	case err != nil:
		x.report(fmt.Errorf("%s: %w", nameOf(t), cause(err)))
	case same:
		d.e.joined(before, at)
		if sum, err := x.folder.sum(f.temp); err == nil && d.e.Complete {
			d.e.FileSHA256 = &sum
		}
	}
}

// joined notes that the file begins with an earlier one.
func (e *Entry) joined(before part, at uint64) {
	if e.Offset > 0 {
		e.Gaps = e.Gaps[1:]
	}
	shift := at - e.Offset
	for i := range e.Gaps {
		e.Gaps[i].From, e.Gaps[i].To = e.Gaps[i].From+shift, e.Gaps[i].To+shift
	}
	e.Offset, e.Appended = at, false
	e.Why = slices.DeleteFunc(e.Why, func(why string) bool { return why == whyRest })
	e.Complete = len(e.Why) == 0
	e.Joined = &Joined{before.session, before.transfer, at}
}

// reserveCopy takes n bytes of the limit on all files, as far as transferred data leave
// some of it: those of all transfers that the plan has, in live captures those so far.
func (x *Extractor) reserveCopy(n uint64) bool {
	if x.live != nil {
		return x.folder.reserveCopy(n)
	}
	if n > x.spare {
		return false
	}
	x.spare -= n
	return true
}

// remember notes what was extracted of a file.
func (x *Extractor) remember(d *settlement) {
	e, s, t, r := &d.e, d.s, d.t, d.r
	where, ok := locationOf(s, t)
	if !ok || r.name == "" || e.Joined == nil && (e.Offset > 0 || appends(t)) {
		return
	}
	length := min(e.Offset+r.size, r.file.size)
	if len(e.Gaps) > 0 {
		length = min(length, e.Gaps[0].From)
	}
	x.parts[where] = part{r.name, length, e.Complete, e.Session, e.Transfer}
}

// shift moves the data of a file to their place: what is before stays empty.
func (f *Folder) shift(w *file, at uint64) error {
	from, err := f.root.Open(w.temp)
	if err != nil {
		return err
	}
	defer from.Close()
	temp := w.temp + ".shift"
	to, err := f.open(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL)
	if err != nil {
		return err
	}
	if _, err = io.Copy(io.NewOffsetWriter(to, int64(at)), from); err == nil {
		err = to.Truncate(int64(at + w.size))
	}
	if e := to.Close(); err == nil {
		err = e
	}
	if err == nil {
		err = f.root.Rename(temp, w.temp)
	}
	if err != nil {
		f.root.Remove(temp)
		return err
	}
	w.size += at
	return nil
}

// front is what a file is to begin with: the first bytes of an earlier one, up to where
// its own data begin.
type front struct {
	before part
	at     uint64
	holes  bool // in its own data
}

// fill copies the front; false: where the earlier file goes on they are not equal, and
// nothing is copied. With holes in the data that is not looked at.
func (f *Folder) fill(w *file, what front) (bool, error) {
	before, at := what.before, what.at
	from, err := f.root.Open(before.name)
	if err != nil {
		return false, err
	}
	defer from.Close()
	to, err := f.root.OpenFile(w.temp, os.O_RDWR, 0)
	if err != nil {
		return false, err
	}
	defer to.Close()
	if both := min(before.length, max(w.size, at)) - at; both > 0 && !what.holes {
		same, err := equal(io.NewSectionReader(from, int64(at), int64(both)), io.NewSectionReader(to, int64(at), int64(both)))
		if !same || err != nil {
			return false, err
		}
	}
	_, err = io.Copy(io.NewOffsetWriter(to, 0), io.NewSectionReader(from, 0, int64(at)))
	return err == nil, err
}

func equal(a, b io.Reader) (bool, error) {
	var x, y [64 << 10]byte
	for {
		n, err := io.ReadFull(a, x[:])
		m, other := io.ReadFull(b, y[:])
		switch {
		case n != m || !bytes.Equal(x[:n], y[:n]):
			return false, nil
		case err == io.EOF || err == io.ErrUnexpectedEOF:
			return true, nil
		case err != nil || other != nil:
			return false, err
		}
	}
}

// sum is the SHA-256 of a file.
func (f *Folder) sum(name string) (string, error) {
	file, err := f.root.Open(name)
	if err != nil {
		return "", err
	}
	defer file.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, file); err != nil {
		return "", err
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}
