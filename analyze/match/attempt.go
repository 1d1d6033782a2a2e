package match

import (
	"cmp"
	"slices"

	"ftpscope/analyze/record"
	"ftpscope/capture/flow"
)

// attempts gathers control connections that never came to be, one record a client host
// and server endpoint. When there are too many, a new one takes the place of one with the
// fewest SYNs, if it has more itself: floods of single SYNs leave the first ones standing
// and cost no more than a look.
type attempts struct {
	kept    map[attemptKey]*attemptRow
	filter  [1 << 14]uint64 // a bit for each key's hash: most keys of a flood are not among those kept
	floor   int             // no row has fewer SYNs, when the table is full
	lowest  []*attemptRow   // those that had as many when last looked at
	dropped int
	told    int // by settle
}

type attemptKey struct {
	client, server flow.Host
	net            flow.Net // the first of them
	port           uint16
}

func (k *attemptKey) hash() uint64 {
	x := k.client.Lo*0x9e3779b97f4a7c15 ^ k.client.Hi*0xd6e8feb86659fd93 ^ k.server.Lo*0xa0761d6478bd642f ^ k.server.Hi*0xe7037ed1a0b428db ^ uint64(k.port)<<32 ^ uint64(k.net)
	return (x ^ x>>29) * 0x8ebc6af09c88c6e3 >> 44
}

type attemptRow struct {
	record.Attempt
	key   attemptKey
	nets  flow.Nets
	first uint64
}

func newAttempts() attempts { return attempts{kept: map[attemptKey]*attemptRow{}} }

func (a *attempts) total() int { return len(a.kept) + a.dropped + a.told }

// unanswered adds a SYN that nothing followed.
func (a *attempts) unanswered(s *flow.LoneSYN) {
	k := attemptKey{s.Src, s.Dst, s.Net, s.DstPort}
	h := k.hash()
	full := len(a.kept) >= record.MaxAttempts
	if full && s.Count() <= a.floor && a.filter[h/64]>>(h%64)&1 == 0 {
		a.dropped++
		return
	}
	c := s.Conn()
	c.State = flow.Unanswered // as far as the capture goes
	a.add(&c)
}

// add takes a connection to a control port; one that was established is none.
func (a *attempts) add(c *flow.Conn) {
	if c.State == flow.Established || c.State == flow.Unknown && !halfOpen(c) {
		return
	}
	r := a.row(c)
	if r == nil {
		return
	}
	r.Count += max(c.SYNs, 1)
	if r.State = c.State.String(); c.State == flow.Unknown {
		r.State, r.Answer = flow.Unanswered.String(), c.SYNACK.Pos
	}
	r.Last = record.Stamp{Time: c.Last.Time, Digits: c.Digits}
	if c.ICMP != nil {
		r.ICMP = &record.ICMP{From: c.ICMP.From.Addr(), Type: int(c.ICMP.Type), Code: int(c.ICMP.Code)}
	}
}

// halfOpen reports whether a SYN was answered in vain: either side repeated itself, and
// nothing else came.
func halfOpen(c *flow.Conn) bool {
	out, in := &c.Half[flow.Out], &c.Half[flow.In]
	return c.SYN.Seen() && c.SYNACK.Seen() && (c.LastSYN.Time > c.SYNACK.Time || in.Packets > 1) && out.Bytes+in.Bytes == 0 && !out.RST.Seen() && !out.FIN.Seen() && !in.FIN.Seen()
}

// row is the record that c belongs to; nil when there are too many and it has too few
// SYNs.
func (a *attempts) row(c *flow.Conn) *attemptRow {
	k := attemptKey{flow.HostOf(c.Src.Addr()), flow.HostOf(c.Dst.Addr()), c.Nets.First(), c.Dst.Port()}
	if r := a.kept[k]; r != nil {
		return r
	}
	if len(a.kept) >= record.MaxAttempts && !a.makeRoom(max(c.SYNs, 1)) {
		a.dropped++
		return nil
	}
	r := &attemptRow{key: k, nets: c.Nets, first: c.Start.Ord}
	r.Attempt = record.Attempt{ClientIP: c.Src.Addr(), Server: c.Dst, First: record.Stamp{Time: c.Start.Time, Digits: c.Digits}}
	a.kept[k] = r
	h := k.hash()
	a.filter[h/64] |= 1 << (h % 64)
	return r
}

// makeRoom drops a row with fewer than n SYNs, of the fewest the latest.
func (a *attempts) makeRoom(n int) bool {
	for {
		for len(a.lowest) > 0 {
			r := a.lowest[len(a.lowest)-1]
			if r.Count == a.floor && n <= a.floor {
				return false
			}
			a.lowest = a.lowest[:len(a.lowest)-1]
			if r.Count == a.floor {
				delete(a.kept, r.key)
				a.dropped++
				return true
			}
		}
		rows := a.sorted()
		a.floor = rows[len(rows)-1].Count
		for i, r := range rows {
			if r.Count == a.floor {
				a.lowest = slices.Clone(rows[i:])
				break
			}
		}
	}
}

// sorted lists the largest first, and of equals those that came first.
func (a *attempts) sorted() []*attemptRow {
	rows := make([]*attemptRow, 0, len(a.kept))
	for _, r := range a.kept {
		rows = append(rows, r)
	}
	slices.SortFunc(rows, func(x, y *attemptRow) int {
		return cmp.Or(cmp.Compare(y.Count, x.Count), cmp.Compare(x.first, y.first))
	})
	return rows
}

// settle gives out and forgets the attempts that nobody repeated since a time, in the
// order of their first packet.
func (a *attempts) settle(since flow.Time, out func(*record.Attempt, flow.Nets)) {
	var rows []*attemptRow
	for _, r := range a.kept {
		if r.Last.Time < since {
			rows = append(rows, r)
		}
	}
	if len(rows) == 0 {
		return
	}
	slices.SortFunc(rows, func(x, y *attemptRow) int { return cmp.Compare(x.first, y.first) })
	for _, r := range rows {
		out(&r.Attempt, r.nets)
		delete(a.kept, r.key)
	}
	a.told += len(rows)
	a.lowest, a.floor = nil, 0
	clear(a.filter[:])
	for k := range a.kept {
		h := k.hash()
		a.filter[h/64] |= 1 << (h % 64)
	}
}

// each gives all in the order of their first packet.
func (a *attempts) each(out func(*record.Attempt, flow.Nets)) {
	rows := a.sorted()
	slices.SortFunc(rows, func(x, y *attemptRow) int { return cmp.Compare(x.first, y.first) })
	for _, r := range rows {
		out(&r.Attempt, r.nets)
	}
}

// orphanOf makes the record of a data connection without a control connection: from port
// 20, with data.
func orphanOf(c *flow.Conn) *record.Orphan {
	conn := *c
	if !conn.OpenerKnown && conn.Dst.Port() == flow.PortFTPData {
		conn = conn.Swapped()
	}
	bytes := conn.Half[flow.Out].Bytes + conn.Half[flow.In].Bytes
	if conn.Src.Port() != flow.PortFTPData || bytes == 0 {
		return nil
	}
	return &record.Orphan{
		Mode: record.Active, Evidence: record.EvidenceInferred, Initiator: record.Server, Connection: connectionOf(&conn, max(conn.SYNs, 1)), Bytes: bytes,
		Conn: conn, TCP: orphanTCP(&conn),
	}
}
