package session

import (
	"cmp"
	"net/netip"
	"slices"

	"ftpscope/capture/flow"
)

// MaxAttempts bounds the attempts and MaxOrphans the orphans that are reported; the rest is only counted.
const (
	MaxAttempts = 10_000
	MaxOrphans  = 10_000
)

// attempts gathers control connections that never came to be, one record a client host and server endpoint.
type attempts struct {
	kept    map[attemptKey]*attemptRow
	dropped int
}

type attemptKey struct {
	client netip.Addr
	server netip.AddrPort
}

type attemptRow struct {
	Attempt
	first uint64
}

func newAttempts() attempts { return attempts{kept: map[attemptKey]*attemptRow{}} }

func (a *attempts) total() int { return len(a.kept) + a.dropped }

// add takes a connection to a control port; one that was established is none.
func (a *attempts) add(c *flow.Conn) {
	if c.State == flow.Established || c.State == flow.Unknown {
		return
	}
	k := attemptKey{c.Src.Addr(), c.Dst}
	first := Stamp{c.Start.Time, c.Digits}
	r := a.kept[k]
	if r == nil {
		if len(a.kept) >= 2*MaxAttempts {
			a.prune()
		}
		r = &attemptRow{Attempt: Attempt{ClientIP: k.client, Server: k.server, First: first}, first: c.Start.Ord}
		a.kept[k] = r
	}
	r.Count += max(c.SYNs, 1)
	r.State = c.State.String()
	r.Last = Stamp{c.Last.Time, c.Digits}
	if c.ICMP != nil {
		r.ICMP = &ICMP{From: c.ICMP.From.Addr(), Type: int(c.ICMP.Type), Code: int(c.ICMP.Code)}
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

// prune keeps the largest half.
func (a *attempts) prune() {
	rows := a.sorted()
	for _, r := range rows[MaxAttempts:] {
		delete(a.kept, attemptKey{r.ClientIP, r.Server})
	}
	a.dropped += len(rows) - MaxAttempts
}

// each gives those to report in the order of their first packet.
func (a *attempts) each(out func(*Attempt)) {
	rows := a.sorted()
	if len(rows) > MaxAttempts {
		rows = rows[:MaxAttempts]
	}
	slices.SortFunc(rows, func(x, y *attemptRow) int { return cmp.Compare(x.first, y.first) })
	for _, r := range rows {
		out(&r.Attempt)
	}
}

// orphanOf makes the record of a data connection without a control connection: from port 20, with data.
func orphanOf(c *flow.Conn) *Orphan {
	conn := *c
	if !conn.OpenerKnown && conn.Dst.Port() == ftpData {
		conn = turned(conn)
	}
	bytes := conn.Half[flow.Out].Bytes + conn.Half[flow.In].Bytes
	if conn.Src.Port() != ftpData || bytes == 0 {
		return nil
	}
	return &Orphan{Mode: Active, Evidence: EvidenceInferred, Initiator: Server, Connection: *connectionOf(&conn, max(conn.SYNs, 1)), Bytes: bytes}
}
