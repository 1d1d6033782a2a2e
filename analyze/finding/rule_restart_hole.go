package finding

import (
	"fmt"

	"ftpscope/analyze/prose"
	"ftpscope/analyze/record"
	"ftpscope/capture/flow"
)

var restartHole = Rule{
	ID: "restart-hole", Severity: record.Medium,
	Title:   "restart leaves a hole",
	Meaning: "An upload was resumed (REST) at an offset beyond what had been uploaded of that file before in the session: the bytes between were never sent.",
	judge:   holes,
}

// holes follows the uploads of a session whose lengths are known from their start.
func holes(c *Case) []draft {
	type upload struct {
		end uint64
		t   *record.Transfer
	}
	var list []draft
	had := map[string]upload{}
	for i := range c.Transfers {
		t := &c.Transfers[i]
		if t.Path == nil || t.Command == nil || *t.Command != "STOR" {
			continue
		}
		from := uint64(0)
		if t.Restart != nil {
			from = *t.Restart
		}
		before, known := had[*t.Path]
		if known && c.plain(t) && from > before.end && t.Carried() != nil && *t.Carried() > 0 {
			list = append(list, draft{
				transfer: t.N,
				message: fmt.Sprintf("the upload of %s was resumed at byte %d%s, but transfer %d had ended at byte %d%s: %s were not sent", prose.Quote(*t.Path),
					from, c.packets(t.Frames.Command), before.t.N, before.end, c.packets(before.t.Frames.Reply), prose.Many(from-before.end, "byte")),
				frames: []flow.Pos{before.t.Frames.Command, before.t.Frames.Reply, t.Frames.Command, t.Frames.FirstData},
				advice: "upload the whole file again; a client should ask for the size (SIZE) before it resumes",
			})
		}
		switch {
		case t.Carried() == nil || t.MissingBytes == nil || *t.MissingBytes > 0 || t.Notes.Conn == nil || !t.Notes.Conn.SYN.Seen() || !c.plain(t):
			delete(had, *t.Path)
		case from == 0 || known:
			had[*t.Path] = upload{from + *t.Carried(), t}
		}
	}
	return list
}
