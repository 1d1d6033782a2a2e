package finding

import (
	"ftpscope/analyze/prose"
	"ftpscope/analyze/record"
)

var massDeletion = Rule{
	ID: "mass-deletion", Severity: record.Medium,
	Title:   "many files deleted",
	Meaning: "The client deleted twenty files or more in one session (DELE), and the server did so. Mirroring does that too; so does somebody who destroys data or covers tracks.",
	judge:   once(deletions),
}

func deletions(c *Case) (draft, bool) {
	list := c.done("DELE")
	if len(list) < massive {
		return draft{}, false
	}
	at := positions(list)
	return draft{
		message: c.mover() + " deleted " + prose.Many(len(list), "file") + lasted(list) + firstNames(list) + c.packets(at...),
		frames:  at,
		advice:  "was that intended? If not, preserve the server's disk, and check what else this client did",
	}, true
}
