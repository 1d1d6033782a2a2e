package main

import "ftpscope/analyze/session"

// goesOn is a writer that never fails: it keeps a run going that has more to write than records, packets (-w) or files
// (--extract), when nobody reads the records any more.
type goesOn struct{}

func (goesOn) Session(*session.Session) error { return nil }
func (goesOn) Attempt(*session.Attempt) error { return nil }
func (goesOn) Orphan(*session.Orphan) error   { return nil }
func (goesOn) Summary(*session.Summary) error { return nil }
