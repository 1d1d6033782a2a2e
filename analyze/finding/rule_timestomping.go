package finding

import (
	"ftpscope/analyze/prose"
	"ftpscope/analyze/record"
)

var timestomping = Rule{
	ID: "timestomping", Severity: record.Medium,
	Title:   "time of a file set",
	Meaning: "The client set the time of a file that it had not uploaded in this session (MFMT, MDTM, SITE UTIME), and the server did so: a file looks older or newer than it is. Low for a program that it did upload; clients that preserve the times of their uploads do the same, and that is not reported.",
	judge:   once(stomped),
}

func stomped(c *Case) (draft, bool) {
	if len(c.Operations) == 0 {
		return draft{}, false
	}
	uploaded := c.uploaded()
	var list []*record.Operation
	v := draft{severity: record.Low, advice: "look at the file, and at the time when it was really written: the server's log, the inode change time"}
	for i := range c.Operations {
		o := &c.Operations[i]
		switch o.What {
		case "MFMT", "MFCT", "MFF", "MDTM", "SITE UTIME":
		default:
			continue
		}
		if o.Path == nil || !o.Agreed() {
			continue
		}
		own := uploaded[*o.Path] != nil
		if own && !isProgram(*o.Path) || !own && !c.whole() {
			continue
		}
		if !own {
			v.severity = ""
		}
		list = append(list, o)
	}
	if len(list) == 0 {
		return draft{}, false
	}
	v.frames = positions(list)
	first := list[0]
	v.message = c.mover() + " set the time of " + prose.Quote(*first.Path) + " to " + prose.Quote(prose.Known(first.Argument)) + " (" + first.What + ")" + c.packets(v.frames...)
	if len(list) > 1 {
		v.message = c.mover() + " set the times of " + prose.Many(len(list), "file") + firstNames(list) + c.packets(v.frames...)
	}
	return v, true
}
