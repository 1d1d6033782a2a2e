package finding

import (
	"path"

	"ftpscope/analyze/prose"
	"ftpscope/analyze/record"
)

var massRenaming = Rule{
	ID: "mass-renaming", Severity: record.Medium,
	Title:   "many files renamed",
	Meaning: "The client renamed twenty files or more in one session (RNFR, RNTO) that it had not uploaded in that session, and the server did so. High if all of them got the same new extension: ransomware does that.",
	judge:   once(renamings),
}

func renamings(c *Case) (draft, bool) {
	var list []*record.Operation
	renamed := c.done("RNTO")
	if len(renamed) < massive {
		return draft{}, false
	}
	uploaded := c.uploaded()
	ending, same := "", true
	for _, o := range renamed {
		if o.Path == nil || o.From != nil && uploaded[*o.From] != nil {
			continue // under another name until it was whole
		}
		end := path.Ext(*o.Path)
		if len(list) == 0 {
			ending = end
		}
		same = same && end == ending && end != "" && (o.From == nil || path.Ext(*o.From) != end)
		list = append(list, o)
	}
	if len(list) < massive {
		return draft{}, false
	}
	at := positions(list)
	v := draft{
		message: c.mover() + " renamed " + prose.Many(len(list), "file") + lasted(list) + firstNames(list) + c.packets(at...),
		frames:  at,
		advice:  "was that intended? If not, preserve the server's disk, and check what else this client did",
	}
	if same {
		v.severity = record.High
		v.message = prose.Clauses(v.message, "all of them now end in "+prose.Quote(ending))
	}
	return v, true
}
