package finding

import (
	"strings"

	"ftpscope/analyze/session"
	"ftpscope/capture/flow"
)

var pathTraversal = Rule{
	ID: "path-traversal", Severity: Medium,
	Title:   "path that climbs out",
	Meaning: "A path argument climbs by .. above the directory of the login, also with \\ or encoded: an attempt at files that are not meant for the user.",
	judge:   traversals,
}

// climb is one path that does so.
type climb struct {
	transfer int
	line     string
	frame    flow.Pos
	reply    *session.Reply
}

// traversals has one verdict a session: such attempts come in long lists.
func traversals(c *Case) []verdict {
	all := c.climbs()
	if len(all) == 0 {
		return nil
	}
	first := all[0]
	var frames []flow.Pos
	worked := 0
	for _, x := range all {
		frames = append(frames, x.frame)
		if x.reply != nil && x.reply.Code < 400 {
			if worked == 0 {
				first = x
			}
			worked++
		}
	}
	what := first.line + " climbs above the login directory" + c.packets(first.frame)
	more := ""
	if len(all) > 1 {
		more = many(len(all), "command") + " did so" + c.packets(frames...)
	}
	return []verdict{{
		transfer: first.transfer,
		message:  clauses(what, c.replied(said{reply: first.reply}), more),
		frames:   append([]flow.Pos{first.frame}, frames...),
		advice:   "keep users in their directory (vsftpd chroot_local_user, ProFTPD DefaultRoot ~, pure-ftpd -A), and check what was read or written by this client",
	}}
}

// climbs lists the commands whose paths climb: transfers, and those that the dialogue holds.
func (c *Case) climbs() []climb {
	var all []climb
	seen := map[flow.Pos]bool{}
	for i := range c.Transfers {
		t := &c.Transfers[i]
		if t.Argument != nil && (climbsIn(*t.Argument) || t.Path != nil && above(*t.Path)) {
			seen[t.Frames.Command] = true
			all = append(all, climb{t.N, named(t), t.Frames.Command, t.Reply})
		}
	}
	c.commands(func(s said) bool {
		if pathVerbs[s.verb] && climbsIn(s.argument) && !seen[s.pos] {
			all = append(all, climb{0, s.verb + " " + quote(s.argument), s.pos, s.reply})
		}
		return len(all) < maxClimbs
	})
	return all
}

// maxClimbs bounds those that are counted; transfers are bounded by session.MaxSteps.
const maxClimbs = 1000

var pathVerbs = set("CWD XCWD DELE RMD XRMD MKD XMKD RNFR RNTO SIZE MDTM STAT MLST")

// above reports whether a path that is relative to the login directory leads out of it.
func above(path string) bool { return path == ".." || strings.HasPrefix(path, "../") }

// climbsIn reports whether a path climbs above where it starts by so much that no working directory of a client that
// merely walks about explains it, or hides that it climbs.
func climbsIn(arg string) bool {
	const far = 4 // levels up, and then down again
	if len(arg) < 2 || !strings.Contains(arg, "..") && !strings.Contains(arg, "%2") {
		return false
	}
	lower := strings.ToLower(arg)
	for _, hidden := range []string{"%2e%2e", "..%2f", "..%5c", "..%c0%af", "..%c1%9c", "..%252f"} {
		if strings.Contains(lower, hidden) {
			return true
		}
	}
	depth, deepest, last := 0, 0, ""
	for element := range strings.SplitSeq(strings.ReplaceAll(arg, `\`, "/"), "/") {
		switch element {
		case "", ".":
		case "..":
			depth--
			deepest = min(deepest, depth)
		default:
			depth++
			last = element
		}
	}
	absolute := strings.HasPrefix(arg, "/") || strings.HasPrefix(arg, `\`)
	return deepest < 0 && (absolute || strings.Contains(arg, `..\`)) || deepest <= -far && last != ""
}
