package html

import (
	"cmp"

	"ftpscope/analyze/prose"
	"ftpscope/analyze/record"
	"ftpscope/analyze/report/diagnosis"
)

// What a session changed at the server, or tried to, besides its transfers.

// doneTable lists operations: packet, microseconds since the session's start, what, with
// which file, and how the server answered.
type doneTable struct {
	Rows [][]any `json:"rows"`
	More string  `json:"more,omitempty"`
}

// maxDone is how many operations of a session are shown: of a client that deletes ten
// thousand files the first tell enough.
const maxDone = 200

func newDoneTable(s *record.Session, files bool) *doneTable {
	if len(s.Operations) == 0 {
		return nil
	}
	d := &doneTable{}
	for i := range s.Operations[:min(len(s.Operations), maxDone)] {
		o := &s.Operations[i]
		frame, since := "", any("")
		if o.Pos.Seen() {
			frame, since = prose.Packet(o.Pos, files), microseconds(o.Time.Time-s.Start.Time)
		}
		answer := "no reply in the capture"
		if o.Reply != nil {
			answer = prose.CutEnd(diagnosis.ReplyLine(o.Reply), maxText)
		}
		d.Rows = append(d.Rows, []any{frame, since, prose.Escape(o.What), operationPath(o), answer, o.Agreed()})
	}
	if n := len(s.Operations) - len(d.Rows) + s.Notes.OperationsLeft; n > 0 {
		d.More = "… and " + prose.Many(n, "more operation") + ": -o json has those that were kept"
	}
	return d
}

// operationPath is "/a", "/a → /b" of a renaming, with what else was said.
func operationPath(o *record.Operation) string {
	text := prose.Escape(prose.Known(o.Path))
	if o.From != nil {
		text = prose.Escape(*o.From) + " → " + cmp.Or(text, "?")
	}
	if o.Argument != nil && *o.Argument != "" {
		if text != "" {
			text += ", "
		}
		text += prose.Escape(*o.Argument)
	}
	return prose.CutEnd(text, maxText)
}
