package finding

import (
	"path"
	"strings"

	"ftpscope/analyze/prose"
	"ftpscope/analyze/record"
	"ftpscope/capture/flow"
)

// What the rules on operations share.

// massive is how many files a client deletes or renames in one session before that is worth
// a word: who tidies up by hand stops earlier.
const massive = 20

// done are the operations of a kind that the server agreed to.
func (c *Case) done(what string) (list []*record.Operation) {
	for i := range c.Operations {
		if o := &c.Operations[i]; o.What == what && o.Agreed() {
			list = append(list, o)
		}
	}
	return list
}

// uploaded are the paths that the session wrote.
func (c *Case) uploaded() map[string]*record.Transfer {
	var all map[string]*record.Transfer
	for i := range c.Transfers {
		t := &c.Transfers[i]
		if t.Path == nil || t.Direction == nil || *t.Direction != record.Upload || !moved(t) {
			continue
		}
		if all == nil {
			all = map[string]*record.Transfer{}
		}
		all[*t.Path] = t
	}
	return all
}

// firstNames lists the first paths of some operations.
func firstNames(list []*record.Operation) string {
	var u names
	for _, o := range list {
		if o.Path != nil {
			u.add(*o.Path)
		}
	}
	if u.n == 0 {
		return ""
	}
	return " (" + u.plain() + ")"
}

// lasted is the time from the first to the last of some operations.
func lasted(list []*record.Operation) string {
	d := list[len(list)-1].Time.Time - list[0].Time.Time
	if d <= 0 {
		return ""
	}
	return " in " + prose.Lasting(d)
}

func positions(list []*record.Operation) (all []flow.Pos) {
	for _, o := range list {
		all = append(all, o.Pos)
	}
	return all
}

// isProgram reports whether systems or web servers run a file, by its name.
func isProgram(name string) bool {
	name = strings.ToLower(path.Base(strings.ReplaceAll(name, `\`, "/")))
	return runs[name] || programs[path.Ext(strings.TrimRight(name, ". "))]
}
