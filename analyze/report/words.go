package report

import (
	"strings"

	"ftpscope/analyze/prose"
	"ftpscope/analyze/record"
)

// The words that several formats share. Whatever comes from the wire goes through escape first.

// party names who opened a connection.
func party(initiator string) string {
	if initiator == record.ThirdParty {
		return "third party"
	}
	return initiator
}

// deref is a text that may be unknown, escaped.
func deref(s *string) string {
	if s == nil {
		return ""
	}
	return prose.Escape(*s)
}

// commandLine is a transfer's command with its argument as sent, escaped; empty when there was none.
func commandLine(t *record.Transfer) string {
	if t.Command == nil {
		return ""
	}
	return strings.TrimRight(deref(t.Command)+" "+deref(t.Argument), " ")
}

// failed reports whether a transfer did not do what the client asked for.
func failed(t *record.Transfer) bool {
	return t.Outcome == record.Denied || t.Outcome == record.NoConnection || t.Outcome == record.Aborted
}

const established = "established" // Connection.State

// opened reports whether a transfer's data connection came to be.
func opened(t *record.Transfer) bool {
	return t.Connection != nil && t.Connection.State == established
}

// synSeen reports whether the capture itself shows who opened the data connection.
func synSeen(t *record.Transfer) bool {
	return t.Frames.SYN.Seen() || t.Notes.Conn != nil && t.Notes.Conn.OpenerKnown
}

// several reports whether a session's packets need their file's number.
func several(s *record.Session, o Options) bool {
	if o.Files > 1 || s.First.Pos.File() > 0 || s.Notes.Control.Last.Pos.File() > 0 {
		return true
	}
	for i := range s.Transfers {
		f := &s.Transfers[i].Frames
		if (f.Negotiation | f.Command | f.SYN | f.FirstData | f.Reply).File() > 0 {
			return true
		}
	}
	return false
}
