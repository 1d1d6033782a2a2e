package finding

import (
	"hash/maphash"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"ftpscope/analyze/prose"
	"ftpscope/analyze/record"
	"ftpscope/capture/flow"
)

// maxQuoted is how many bytes a name has at most that prose.Quote shows whole for
// certain.
const maxQuoted = 80

// maxNumbers is how many packet numbers a sentence bears.
const maxNumbers = 8

// packets is " (packets 16, 22 and 31)" of those that were seen, and nothing if none was.
func (c *Case) packets(all ...flow.Pos) string {
	var space [128]byte
	return string(c.appendPackets(space[:0], all))
}

func (c *Case) appendPackets(b []byte, all []flow.Pos) []byte {
	if c.spent {
		return b
	}
	var room [maxFrames]flow.Pos
	seen := slices.DeleteFunc(appendFrames(room[:0], all), func(p flow.Pos) bool { return p.Packet() == 0 })
	if len(seen) == 0 {
		return b
	}
	slices.Sort(seen)
	count := len(seen)
	if count > maxNumbers { // the last one often tells how it ended
		seen = append(seen[:maxNumbers-1], seen[count-1])
	}
	several := c.files > 1
	for _, p := range seen {
		several = several || p.File() > 0
	}
	b = append(b, " (packet"...)
	if count > 1 {
		b = append(b, 's')
	}
	for i, p := range seen {
		if i > 0 {
			b = append(b, ',')
		}
		if i == maxNumbers-1 && count > maxNumbers {
			b = append(b, " …,"...)
		}
		b = prose.AppendPacket(append(b, ' '), p, several)
	}
	return append(b, ')')
}

// packet is one packet's number in a sentence.
func (c *Case) packet(p flow.Pos) string {
	return string(prose.AppendPacket(nil, p, c.files > 1 || p.File() > 0))
}

func named(t *record.Transfer) string { return t.Named(prose.Quote) }

// answered says what the server replied: `replied 425 "Failed to establish connection."`.
func (c *Case) answered(r *record.Reply) string {
	text, _, _ := strings.Cut(r.Text, "\n")
	s := "replied " + strconv.Itoa(r.Code)
	if text != "" {
		s += " " + prose.Quote(text)
	}
	return s + c.packets(r.Pos)
}

// party names a host by its part in the session.
func (c *Case) party(a netip.Addr) string {
	switch a {
	case c.Client.Addr():
		return "the client"
	case c.Server.Addr():
		return "the server"
	}
	return "another host, " + a.String() + ","
}

// opener names who opened or tried to open a transfer's data connection.
func (c *Case) opener(t *record.Transfer) string {
	switch t.Initiator {
	case record.Client, record.Server:
		return "the " + t.Initiator
	}
	if t.Connection == nil {
		return "nobody"
	}
	return c.party(t.Connection.Src.Addr())
}

// replied says what the server answered to a command; nil: the capture holds no reply.
func (c *Case) replied(r *record.Reply) string {
	if r == nil {
		return "no reply followed in this capture"
	}
	return "the server " + c.answered(r)
}

// set makes a set of the words of a text.
func set(words string) map[string]bool {
	m := map[string]bool{}
	for word := range strings.FieldsSeq(words) {
		m[word] = true
	}
	return m
}

// nameOf is a transfer's path, or its command where that is not known.
func nameOf(t *record.Transfer) string {
	switch {
	case t.Path != nil:
		return prose.Quote(*t.Path)
	case t.Argument != nil:
		return prose.Quote(*t.Argument)
	}
	return named(t)
}

// mover names the client by its user.
func (c *Case) mover() string {
	if c.User == nil {
		return "the client " + c.Client.Addr().String()
	}
	return prose.Quote(*c.User) + " from " + c.Client.Addr().String()
}

// names collects different names; String lists the first of them.
type names struct {
	first [maxListed]string // as they are quoted
	seen  map[uint64]bool   // the hashes of the others, and of those of the first that are too long to be quoted whole
	n     int
	room  *int // for how many more in seen, of all that share it; nil: no matter
}

const (
	// maxListed is how many names a message lists.
	maxListed = 5
	// maxNames bounds how many names are told apart: a word list of more is as long as it
	// needs to be.
	maxNames = 10_000
	// maxAllNames bounds those of all series of logins together, some 10 MB.
	maxAllNames = 1 << 18
)

// A name may be as long as a line, so its hash stands for it; which one differs from run
// to run, what it tells apart does not.
var nameSeed = maphash.MakeSeed()

func hashOf(name string) uint64 { return maphash.String(nameSeed, name) }

func (u *names) has(name string) bool {
	return len(name) <= maxQuoted && slices.Contains(u.listed(), name) || len(u.seen) > 0 && u.seen[hashOf(name)]
}

func (u *names) add(name string) {
	if u.n >= maxNames || u.has(name) {
		return
	}
	listed := u.n < maxListed
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
	if listed {
		u.first[u.n] = prose.Shortened(name)
	}
	u.n++
}

func (u *names) listed() []string { return u.first[:min(u.n, maxListed)] }

// forget gives back the room of names that are not needed any more.
func (u *names) forget() {
	if u.room != nil {
		*u.room += len(u.seen)
	}
	*u = names{room: u.room}
}

func (u *names) String() string { return string(u.append(nil)) }

func (u *names) append(b []byte) []byte {
	switch {
	case u.n == 1:
		return strconv.AppendQuote(append(b, "user "...), u.first[0])
	case u.n > maxListed:
		return append(b, prose.Many(u.n, "user")+" ("+u.plain()+")"...)
	}
	return append(append(b, "users "...), u.plain()...)
}

// plain is the names without saying what they are of.
func (u *names) plain() string {
	var quoted [maxListed]string
	for i, name := range u.listed() {
		quoted[i] = prose.Quote(name)
	}
	if list := quoted[:len(u.listed())]; u.n <= maxListed {
		return prose.List(list)
	}
	return strings.Join(quoted[:], ", ") + ", …"
}
