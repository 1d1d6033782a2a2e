package report

import (
	"sync/atomic"

	"ftpscope/analyze/record"
)

// Tee hands every record to several writers. A writer that fails is left out from then on
// and the others go on; only when none is left does Tee itself fail, since nobody reads
// any more.
type Tee struct {
	writers []Writer
	errs    []error
	failed  int
	count   atomic.Int64
}

// NewTee returns a Tee over the writers.
func NewTee(writers ...Writer) *Tee { return &Tee{writers: writers, errs: make([]error, len(writers))} }

// Errs returns each writer's first error, in the order of NewTee.
func (t *Tee) Errs() []error { return t.errs }

// Sessions is how many sessions were handed on so far; any goroutine may ask.
func (t *Tee) Sessions() int64 { return t.count.Load() }

// Session hands on a session.
func (t *Tee) Session(s *record.Session) error {
	t.count.Add(1)
	return t.each(func(w Writer) error { return w.Session(s) })
}

// Attempt hands on an attempt.
func (t *Tee) Attempt(a *record.Attempt) error {
	return t.each(func(w Writer) error { return w.Attempt(a) })
}

// Orphan hands on an orphan.
func (t *Tee) Orphan(o *record.Orphan) error {
	return t.each(func(w Writer) error { return w.Orphan(o) })
}

// Summary hands on the summary.
func (t *Tee) Summary(s *record.Summary) error {
	return t.each(func(w Writer) error { return w.Summary(s) })
}

func (t *Tee) each(write func(Writer) error) error {
	var last error
	for i, w := range t.writers {
		if t.errs[i] != nil {
			last = t.errs[i]
			continue
		}
		if err := write(w); err != nil {
			t.errs[i], last = err, err
			t.failed++
		}
	}
	if t.failed < len(t.writers) {
		return nil
	}
	return last
}
