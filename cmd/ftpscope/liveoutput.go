package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"sync/atomic"

	"ftpscope/analyze/prose"
	"ftpscope/analyze/record"
	"ftpscope/analyze/report"
	"ftpscope/capture/outfile"
)

// liveFile is an output file that is written while the program runs: whole records, each at once. It may be moved away and
// made anew (SIGHUP), and its disk may be full for a while: then records are lost, which is said, and no half of one stays.
type liveFile struct {
	path    string
	private bool // for the user's eyes only
	file    *os.File
	reopen  atomic.Bool
	lost    int // records since the disk was full
	warning func(format string, args ...any)
}

// openLive opens the file to append to it.
func openLive(path string, private bool, warning func(string, ...any)) (*liveFile, error) {
	l := &liveFile{path: path, private: private, warning: warning}
	if err := l.open(); err != nil {
		return nil, fmt.Errorf("%s: %w", path, cause(err))
	}
	return l, nil
}

func (l *liveFile) open() error {
	file, err := outfile.Open(l.path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, l.private)
	if err != nil {
		return err
	}
	if l.file != nil {
		l.file.Close()
	}
	l.file = file
	return nil
}

// ready opens the file anew if that was asked for, and reports whether it is a regular one, and empty.
func (l *liveFile) ready() (regular, empty bool) {
	if l.reopen.CompareAndSwap(true, false) {
		if err := l.open(); err != nil {
			l.warning("%s: cannot be reopened: %v", l.path, cause(err))
		}
	}
	info, err := l.file.Stat()
	regular = err == nil && info.Mode().IsRegular()
	return regular, regular && info.Size() == 0
}

// Write writes one record. It never fails: what cannot be written is counted.
func (l *liveFile) Write(b []byte) (int, error) {
	n, err := l.file.Write(b)
	if err == nil {
		if l.lost > 0 {
			l.warning("%s: written again; %s lost", l.path, prose.Many(uint64(l.lost), "record"))
			l.lost = 0
		}
		return len(b), nil
	}
	if info, e := l.file.Stat(); e == nil && n > 0 && info.Mode().IsRegular() {
		l.file.Truncate(info.Size() - int64(n)) // no half record
	}
	if l.lost++; l.lost == 1 {
		l.warning("%s: %v; records are lost until it can be written again", l.path, cause(err))
	}
	return len(b), nil
}

func (l *liveFile) close() error {
	if l.lost > 0 {
		l.warning("%s: %s lost", l.path, prose.Many(uint64(l.lost), "record"))
	}
	return l.file.Close()
}

// eachRecord hands on each record in one piece, as soon as it is written. Each file begins with the format's heading.
type eachRecord struct {
	report.Writer
	heading report.Heading
	buf     *bytes.Buffer
	out     io.Writer
	file    *liveFile // out, if it is one
}

// maxKeptRecord is the largest record whose buffer is kept for the next.
const maxKeptRecord = 1 << 20

func newEachRecord(w io.Writer, format report.Format, opt report.Options) *eachRecord {
	e := &eachRecord{buf: &bytes.Buffer{}, out: w}
	opt.Heading = &e.heading
	e.Writer = format.New(e.buf, opt)
	e.file, _ = w.(*liveFile)
	return e
}

// begin sees before each record to what it is written to. A file that is empty gets a heading, one that has records goes
// on; what is no file has one heading.
func (w *eachRecord) begin() *eachRecord {
	if w.file != nil {
		if regular, empty := w.file.ready(); regular {
			w.heading.Written = !empty
		}
	}
	return w
}

func (w *eachRecord) flush(err error) error {
	if err == nil && w.buf.Len() > 0 {
		_, err = w.out.Write(w.buf.Bytes())
	}
	if w.buf.Reset(); w.buf.Cap() > maxKeptRecord {
		*w.buf = bytes.Buffer{}
	}
	return err
}

func (w *eachRecord) Session(s *record.Session) error { return w.begin().flush(w.Writer.Session(s)) }
func (w *eachRecord) Attempt(a *record.Attempt) error { return w.begin().flush(w.Writer.Attempt(a)) }
func (w *eachRecord) Orphan(o *record.Orphan) error   { return w.begin().flush(w.Writer.Orphan(o)) }
func (w *eachRecord) Summary(s *record.Summary) error { return w.begin().flush(w.Writer.Summary(s)) }
