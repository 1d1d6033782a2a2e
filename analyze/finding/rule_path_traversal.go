package finding

import (
	"path"
	"slices"
	"strconv"
	"strings"

	"ftpscope/analyze/prose"
	"ftpscope/analyze/record"
	"ftpscope/analyze/settings"
	"ftpscope/capture/flow"
)

var pathTraversal = Rule{
	ID: "path-traversal", Severity: record.Medium,
	Title:   "path outside the login directory",
	Meaning: "A path argument leads above the login directory with .., also with \\ or encoded: an attempt to reach files that are not meant for the user. CWD .. alone does not count.",
	judge:   traversals,
}

// climb is one path that does so.
type climb struct {
	*record.Transfer               // nil: it was no transfer
	noted            *record.Climb // nil: the path climbs by the directory that the transfer was in
	frame            flow.Pos
	reply            *record.Reply
}

// line is the command in words.
func (x *climb) line() string {
	if x.noted == nil {
		return named(x.Transfer) + " in " + prose.Quote(path.Dir(*x.Path))
	}
	return x.noted.Verb + " " + prose.Quote(x.noted.Argument)
}

// agreed reports whether the server did what was asked.
func (x *climb) agreed() bool { return x.reply != nil && x.reply.Code < 400 }

// traversals has one draft a session: such attempts come in long lists. One that worked
// is told of first.
func traversals(c *Case) []draft {
	all := climbsOf(c)
	if len(all) == 0 {
		return nil
	}
	first := &all[0]
	if i := slices.IndexFunc(all, func(x climb) bool { return x.agreed() }); i >= 0 {
		first = &all[i]
	}
	frames, worked := []flow.Pos{first.frame}, 0
	for i := range all {
		frames = append(frames, all[i].frame)
		if all[i].agreed() {
			worked++
		}
	}
	v := draft{
		frames: frames,
		advice: "keep users in their directory" + c.settings(settings.OwnDirectory),
	}
	if first.Transfer != nil {
		v.transfer = first.N
	}
	if worked > 0 {
		v.advice += ", and check what this client read and wrote there"
	}
	more := ""
	if len(all) > 1 {
		most := ""
		if len(all) >= record.MaxClimbs {
			most = "at least "
		}
		more = most + prose.Many(len(all), "command") + " of the session did so" + c.packets(frames[1:]...) + ", and the server accepted " + agreedTo(worked)
	}
	v.message = prose.Clauses(first.line()+" leads above the login directory"+c.packets(first.frame), c.replied(first.reply), more)
	return []draft{v}
}

func agreedTo(n int) string {
	if n == 0 {
		return "none"
	}
	return strconv.Itoa(n)
}

// climbsOf lists the commands whose paths climb, and the transfers that reached a path
// above the login directory by CWD.
func climbsOf(c *Case) []climb {
	all, told := noted(c)
	for i := range c.Transfers {
		t := &c.Transfers[i]
		if t.Path != nil && t.Argument != nil && above(*t.Path) && !told[t.N] {
			all = append(all, climb{t, nil, t.Frames.Command, t.Reply})
		}
	}
	return all
}

// noted lists the commands that climb by themselves, and the transfers that are among
// them.
func noted(c *Case) (all []climb, told map[int]bool) {
	if len(c.Notes.Climbs) == 0 {
		return nil, nil
	}
	of := map[flow.Pos][]*record.Transfer{} // by the packet of the command
	for i := range c.Transfers {
		if t := &c.Transfers[i]; t.Command != nil {
			of[t.Frames.Command] = append(of[t.Frames.Command], t)
		}
	}
	told = map[int]bool{}
	for i := range c.Notes.Climbs {
		n := &c.Notes.Climbs[i]
		x := climb{noted: n, frame: n.Mark.Pos, reply: n.Reply}
		for _, t := range of[n.Mark.Pos] {
			if t.Argument != nil && *t.Argument == n.Argument && !told[t.N] {
				told[t.N], x.Transfer = true, t
				break
			}
		}
		all = append(all, x)
	}
	return all, told
}

// above reports whether a path that is relative to the login directory leads out of it.
func above(path string) bool { return path == ".." || strings.HasPrefix(path, "../") }
