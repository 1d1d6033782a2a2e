package casedb

import (
	"database/sql"
	"os"

	"ftpscope/analyze/record"
	"ftpscope/analyze/report"
)

// Writer puts the records of a run into a case. They are in it when Summary returned.
type Writer struct {
	db      *sql.DB
	conn    *conn
	path    string
	info    os.FileInfo // of the file that was opened
	opt     Options
	staged  [tableCount]stage
	counts  struct{ attempts, orphans int }
	outcome Outcome
}

var _ report.Writer = (*Writer)(nil)

// Session stages a session, with its dialogue if the analysis kept it. Snapshots of
// sessions that go on are left out.
func (w *Writer) Session(s *record.Session) error {
	if s.Open {
		return nil
	}
	w.addSession(s)
	return w.flush()
}

// Attempt stages an attempt.
func (w *Writer) Attempt(a *record.Attempt) error {
	w.counts.attempts++
	w.addAttempt(a)
	return w.flush()
}

// Orphan stages an orphan.
func (w *Writer) Orphan(o *record.Orphan) error {
	w.counts.orphans++
	w.addOrphan(o)
	return w.flush()
}

// Summary stores the run.
func (w *Writer) Summary(s *record.Summary) error { return w.store(s) }

// flush writes what was added, parents first.
func (w *Writer) flush() error {
	for i := range w.staged {
		if err := w.staged[i].flush(); err != nil {
			return staging(err)
		}
	}
	return nil
}

// Outcome tells what became of the run, after Summary.
func (w *Writer) Outcome() Outcome { return w.outcome }

// Close ends the work. Without a summary before it nothing was stored.
func (w *Writer) Close() error {
	if w.conn != nil {
		w.conn.exec("ROLLBACK")                                              // of an analysis that failed
		w.conn.exec("PRAGMA busy_timeout = 0; PRAGMA journal_mode = DELETE") // one file again, unless others have it open: then theirs makes it so
		w.conn.Close()
	}
	return plain(w.db.Close())
}
