package html

import (
	"cmp"
	"net/netip"
	"slices"

	"ftpscope/analyze/prose"
	"ftpscope/analyze/record"
	"ftpscope/analyze/report/diagnosis"
	"ftpscope/analyze/report/servers"
)

// hostTable counts who opened, or tried to open, connections to whom: what a firewall
// between them has to let through.
type hostTable struct {
	byPair map[hostPair]*hostEdge
	order  []*hostEdge // as first seen
	left   int         // connections between further pairs
}

type hostPair struct {
	src, dst netip.Addr
	control  bool // control connections, not data connections
}

// hostEdge is one direction between two hosts.
type hostEdge struct {
	hostPair
	opened, failed  int
	active, passive int
	third           bool // opened by a host that is neither client nor server
	bounced         bool // opened by the server to a host that is not the client, as a finding says
	bytes           uint64
	ports           servers.Ports // of the host that it went to
	from            servers.Ports // of active ones
	client          netip.Addr    // whose session it was, the first
	clients         bool          // there are others
	session         int           // the first, the first failed one if any
}

const (
	maxHostPairs = 2000 // kept: a scan has more, and nobody reads them
	maxHostRows  = 100  // of the page's table
	maxHostLines = 24   // of its picture
)

func newHostTable() hostTable { return hostTable{byPair: map[hostPair]*hostEdge{}} }

func (h *hostTable) add(s *record.Session) {
	if e := h.edge(prose.Plain(s.Client.Addr()), prose.Plain(s.Server.Addr()), true, s.ID); e != nil {
		e.opened++
		e.ports.Add(s.Server.Port())
	}
	for i := range s.Transfers {
		t := &s.Transfers[i]
		c := t.Connection
		if c == nil {
			continue
		}
		if e := h.edge(prose.Plain(c.Src.Addr()), prose.Plain(c.Dst.Addr()), false, s.ID); e != nil {
			e.add(s, t)
		}
	}
}

// attempt counts a control connection that never came to be.
func (h *hostTable) attempt(a *record.Attempt) {
	if e := h.edge(prose.Plain(a.ClientIP), prose.Plain(a.Server.Addr()), true, 0); e != nil {
		e.failed++
		e.ports.Add(a.Server.Port())
	}
}

// edge is the one between two hosts; nil: there is no room for it.
func (h *hostTable) edge(src, dst netip.Addr, control bool, session int) *hostEdge {
	p := hostPair{src, dst, control}
	e := h.byPair[p]
	if e == nil {
		if len(h.order) >= maxHostPairs {
			h.left++
			return nil
		}
		e = &hostEdge{hostPair: p, session: session}
		h.byPair[p] = e
		h.order = append(h.order, e)
	}
	return e
}

func (e *hostEdge) add(s *record.Session, t *record.Transfer) {
	if t.Opened() {
		e.opened++
	} else {
		if e.failed == 0 {
			e.session = s.ID
		}
		e.failed++
	}
	switch t.Mode {
	case record.Active:
		e.active++
	case record.Passive:
		e.passive++
	}
	e.third = e.third || t.Initiator == record.ThirdParty
	e.bounced = e.bounced || servers.Elsewhere(s, t) && t.Initiator == record.Server
	e.ports.Add(t.Connection.Dst.Port())
	if t.Mode == record.Active {
		e.from.Add(t.Connection.Src.Port())
	}
	if client := prose.Plain(s.Client.Addr()); !e.client.IsValid() {
		e.client = client
	} else if e.client != client {
		e.clients = true
	}
	if t.Carried() != nil && t.Opened() {
		e.bytes += *t.Carried()
	}
}

// hostRow is a row of the page's table of hosts.
type hostRow struct {
	From, To       string
	Worked, Failed string
	What, Bytes    string
	Ports, For     string
	Sources        string // the ports that active ones come from
	Session        int    // 0: none
	Odd            string // "third party", "not the client"
	Level          string // "bad": none worked, "some": some did not
}

// sorted are the pairs, those in trouble and the busiest first.
func (h *hostTable) sorted() []*hostEdge {
	list := slices.Clone(h.order)
	slices.SortStableFunc(list, func(a, b *hostEdge) int {
		return cmp.Or(diagnosis.TrueFirst(a.odd() != "", b.odd() != ""), diagnosis.TrueFirst(a.opened == 0, b.opened == 0), diagnosis.TrueFirst(a.failed > 0, b.failed > 0), cmp.Compare(b.opened+b.failed, a.opened+a.failed))
	})
	return list
}

// rows are those for the table, and how many found no room.
func (h *hostTable) rows() (rows []hostRow, more int) {
	sorted := h.sorted()
	for _, e := range sorted[:min(len(sorted), maxHostRows)] {
		rows = append(rows, e.row())
	}
	return rows, len(sorted) - len(rows)
}

func (e *hostEdge) row() hostRow {
	r := hostRow{From: e.src.String(), To: e.dst.String(), Worked: prose.Number(uint64(e.opened)), Failed: prose.Number(uint64(e.failed)), What: "control", Bytes: "–",
		Ports: e.ports.Numbers(), Session: e.session, Odd: e.odd()}
	if !e.control {
		r.Sources = e.from.Numbers()
		r.What, r.Bytes = "data, "+e.mode(), prose.Size(e.bytes)
		if e.client != e.src && e.client != e.dst { // whose it was does not show
			if r.For = e.client.String(); e.clients {
				r.For += " and others"
			}
		}
	}
	switch {
	case e.opened == 0:
		r.Level = "bad"
	case e.failed > 0:
		r.Level = "some"
	}
	return r
}

func (e *hostEdge) mode() string {
	switch {
	case e.active > 0 && e.passive > 0:
		return record.Mixed
	case e.active > 0:
		return record.Active
	case e.passive > 0:
		return record.Passive
	}
	return "unknown mode"
}

// odd is what is wrong with a connection between these two.
func (e *hostEdge) odd() string {
	switch {
	case e.third:
		return "third party"
	case e.bounced:
		return "not the client"
	}
	return ""
}

// picture are the pairs that the script draws: from, to, opened, failed, what is wrong.
func (h *hostTable) picture() [][]any {
	list := [][]any{}
	rows := slices.DeleteFunc(h.sorted(), func(e *hostEdge) bool { return e.control })
	for _, e := range rows[:min(len(rows), maxHostLines)] {
		list = append(list, []any{e.src.String(), e.dst.String(), e.opened, e.failed, e.odd()})
	}
	return list
}
