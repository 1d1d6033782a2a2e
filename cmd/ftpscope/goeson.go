package main

import "ftpscope/analyze/record"

// goesOn is a writer that never fails: it keeps a run going that has more to write than records, packets (-w) or files
// (--extract), when nobody reads the records any more.
type goesOn struct{}

func (goesOn) Session(*record.Session) error { return nil }
func (goesOn) Attempt(*record.Attempt) error { return nil }
func (goesOn) Orphan(*record.Orphan) error   { return nil }
func (goesOn) Summary(*record.Summary) error { return nil }
