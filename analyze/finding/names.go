package finding

import (
	"hash/maphash"
	"slices"
	"strings"
)

// names collects different names; String lists the first of them.
type names struct {
	first []string        // as they are quoted
	seen  map[uint64]bool // the hashes of the others, and of those of the first that are too long to be quoted whole
	n     int
	room  *int // for how many more in seen, of all that share it; nil: no matter
}

const (
	// maxListed is how many names a message lists.
	maxListed = 5
	// maxNames bounds how many names are told apart: a word list of more is as long as it needs to be.
	maxNames = 10_000
	// maxAllNames bounds those of all series of logins together, some 10 MB.
	maxAllNames = 1 << 18
)

// A name may be as long as a line, so its hash stands for it; which one differs from run to run, what it tells apart does not.
var nameSeed = maphash.MakeSeed()

func hashOf(name string) uint64 { return maphash.String(nameSeed, name) }

func (u *names) has(name string) bool {
	return len(name) <= maxQuoted && slices.Contains(u.first, name) || len(u.seen) > 0 && u.seen[hashOf(name)]
}

func (u *names) add(name string) {
	if u.n >= maxNames || u.has(name) {
		return
	}
	listed := len(u.first) < maxListed
	if whole := listed && len(name) <= maxQuoted; !whole {
		if u.room != nil && *u.room == 0 {
			return
		}
		if u.seen == nil {
			u.seen = map[uint64]bool{}
		}
		u.seen[hashOf(name)] = true
		if u.room != nil {
			*u.room--
		}
	}
	if u.n++; listed {
		u.first = append(u.first, shortened(name))
	}
}

// forget gives back the room of names that are not needed any more.
func (u *names) forget() {
	if u.room != nil {
		*u.room += len(u.seen)
	}
	*u = names{room: u.room}
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
