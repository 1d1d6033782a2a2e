package finding

import "strings"

// names collects different names; String lists the first of them.
type names struct {
	seen  map[string]bool
	first []string
	n     int
}

// maxListed is how many names a message lists.
const maxListed = 5

// maxNames bounds how many names are told apart: a word list of more is as long as it needs to be.
const maxNames = 10_000

func (u *names) add(name string) {
	if u.seen[name] || len(u.seen) >= maxNames {
		return
	}
	if u.seen == nil {
		u.seen = map[string]bool{}
	}
	u.seen[name] = true
	u.n++
	if len(u.first) < maxListed {
		u.first = append(u.first, quote(name))
	}
}

func (u *names) String() string {
	if u.n > len(u.first) {
		return many(u.n, "user") + " (" + strings.Join(u.first, ", ") + ", …)"
	}
	if u.n == 1 {
		return "user " + u.first[0]
	}
	return "users " + list(u.first)
}

// plain is the names without saying what they are of.
func (u *names) plain() string {
	if u.n > len(u.first) {
		return strings.Join(u.first, ", ") + ", …"
	}
	return list(u.first)
}
