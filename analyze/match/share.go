package match

import (
	"cmp"
	"slices"

	"ftpscope/analyze/control"
	"ftpscope/analyze/record"
	"ftpscope/capture/flow"
)

// share gives each step its connections. One expectation serves several transfers when
// PORT holds on, and so does the default data port: in active mode a connection follows
// its command; in passive mode its data do.
func (b *builder) share() [][]flow.Conn {
	b.given = zeroed(b.given, len(b.c.TransferCommands))
	given := b.given
	if b.plain(given) {
		return given
	}
	const defaults = -1
	pools := map[int][]int{}
	for i := range b.c.TransferCommands {
		o := int(b.c.TransferCommands[i].Negotiation)
		if o < 0 {
			continue
		}
		if b.c.Negotiations[o].Method == record.MethodDefault {
			o = defaults
		}
		pools[o] = append(pools[o], i)
	}
	for _, pool := range pools {
		b.shareOut(pool, given)
	}
	return given
}

// plain is the usual case: each step has an expectation to itself.
func (b *builder) plain(given [][]flow.Conn) bool {
	last := -1
	for i := range b.c.TransferCommands {
		o := int(b.c.TransferCommands[i].Negotiation)
		if o <= last || b.c.Negotiations[o].Method == record.MethodDefault {
			clear(given)
			return false
		}
		given[i], last = b.byNegotiation[o], o
	}
	return true
}

// shareOut shares the connections of one pool of transfer commands.
func (b *builder) shareOut(pool []int, given [][]flow.Conn) {
	var all []flow.Conn
	last := -1
	for _, i := range pool {
		if o := int(b.c.TransferCommands[i].Negotiation); o != last {
			all = append(all, b.byNegotiation[o]...)
			last = o
		}
	}
	compare := b.clock()
	slices.SortStableFunc(all, func(x, y flow.Conn) int { return compare(x.Start, y.Start) })
	sent := make([]flow.Mark, len(pool)) // the commands, those that the capture reordered put in order
	for k, i := range pool {
		sent[k] = b.c.TransferCommands[i].Line.Mark
		if k > 0 && compare(sent[k], sent[k-1]) < 0 {
			sent[k] = sent[k-1]
		}
	}
	passive := b.c.Negotiations[last].Passive
	for _, c := range all {
		owner, _ := slices.BinarySearchFunc(sent[1:], used(&c, passive, compare), compare)
		if carriedBefore(&c, &b.c.TransferCommands[pool[owner]]) {
			continue
		}
		given[pool[owner]] = append(given[pool[owner]], c)
	}
	b.even(pool, given)
}

// carriedBefore reports whether a connection was over before the command was sent, or its
// reply if that is all that was seen, and carried something: for another command, which
// the capture lacks.
func carriedBefore(c *flow.Conn, s *control.TransferCommand) bool {
	at := &s.Line.Mark
	return c.Half[0].Bytes+c.Half[1].Bytes > 0 && c.Last.Ord < at.Ord && c.Last.Time < at.Time
}

// used is when the connection came into use: when it was opened, in passive mode when its
// data came.
func used(c *flow.Conn, passive bool, compare func(x, y flow.Mark) int) flow.Mark {
	when := c.Start
	for dir := range c.Half {
		if m := c.Half[dir].FirstData; passive && m.Seen() && compare(m, when) > 0 {
			when = m
		}
	}
	return when
}

// clock tells what came before what. Packets may come into the capture in disorder, so
// that is for their times to say, unless the clock was set back meanwhile.
func (b *builder) clock() func(x, y flow.Mark) int {
	if b.setBack() {
		return func(x, y flow.Mark) int { return cmp.Compare(x.Ord, y.Ord) }
	}
	return func(x, y flow.Mark) int { return cmp.Or(cmp.Compare(x.Time, y.Time), cmp.Compare(x.Ord, y.Ord)) }
}

// setBack reports whether the clock was set back while the session lasted: the times of
// commands and replies go back, whose order the connection has kept.
func (b *builder) setBack() bool {
	sent := b.c.TransferCommands[0].Line.Mark.Time
	said := sent
	for i := range b.c.TransferCommands {
		s := &b.c.TransferCommands[i]
		back := s.Line.Mark.Time < sent
		sent = s.Line.Mark.Time
		for _, r := range [...]*record.Reply{&s.Preliminary, &s.Reply} {
			if r.Code != 0 {
				back = back || r.Time.Time < max(sent, said)
				said = r.Time.Time
			}
		}
		if back {
			return true
		}
	}
	return false
}

// even gives a transfer that the server says it made, and that has no connection, one of
// a neighbour that has one too many: the capture reordered command and connection.
func (b *builder) even(pool []int, given [][]flow.Conn) {
	for k, i := range pool {
		if len(given[i]) > 0 || !b.c.TransferCommands[i].Carried() {
			continue
		}
		if k > 0 && spare(given[pool[k-1]]) {
			list := given[pool[k-1]]
			given[i], given[pool[k-1]] = list[len(list)-1:], list[:len(list)-1]
		} else if k+1 < len(pool) && spare(given[pool[k+1]]) {
			list := given[pool[k+1]]
			given[i], given[pool[k+1]] = list[:1:1], list[1:]
		}
	}
}

// spare reports whether the connections are more than one transfer takes.
func spare(list []flow.Conn) bool {
	n := 0
	for i := range list {
		if list[i].State == flow.Established {
			n++
		}
	}
	return n > 1
}
