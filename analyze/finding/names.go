package finding

import (
	"slices"
	"strings"
)

// names collects different names; String lists the first of them.
type names struct {
	first []string
	seen  map[string]bool // the others
	n     int
}

// maxListed is how many names a message lists.
const maxListed = 5

// maxNames bounds how many names are told apart: a word list of more is as long as it needs to be.
const maxNames = 10_000

func (u *names) has(name string) bool { return slices.Contains(u.first, name) || u.seen[name] }

func (u *names) add(name string) {
	if u.has(name) || u.n >= maxNames {
		return
	}
	u.n++
	if len(u.first) < maxListed {
		u.first = append(u.first, name)
		return
	}
	if u.seen == nil {
		u.seen = map[string]bool{}
	}
	u.seen[name] = true
}

func (u *names) String() string {
	if u.n > len(u.first) {
		return many(u.n, "user") + " (" + u.plain() + ")"
	}
	if u.n == 1 {
		return "user " + u.plain()
	}
	return "users " + u.plain()
}

// plain is the names without saying what they are of.
func (u *names) plain() string {
	quoted := make([]string, len(u.first))
	for i, name := range u.first {
		quoted[i] = quote(name)
	}
	if u.n > len(u.first) {
		return strings.Join(quoted, ", ") + ", …"
	}
	return list(quoted)
}
