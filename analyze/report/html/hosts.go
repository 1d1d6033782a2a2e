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

// hostTable counts who opened, or tried to open, data connections to whom.
type hostTable struct {
	byPair map[hostPair]*hostEdge
	order  []*hostEdge // as first seen
	left   int         // connections between further pairs
}

type hostPair struct{ src, dst netip.Addr }

// hostEdge is one direction between two hosts.
type hostEdge struct {
	hostPair
	opened, failed  int
	active, passive int
	third           bool // opened by a host that is neither client nor server
	bounced         bool // opened by the server to a host that is not the client, as a finding says
	bytes           uint64
	ports           servers.Ports // of the host that it went to
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
	for i := range s.Transfers {
		t := &s.Transfers[i]
		c := t.Connection
		if c == nil {
			continue
		}
		p := hostPair{prose.Plain(c.Src.Addr()), prose.Plain(c.Dst.Addr())}
		e := h.byPair[p]
		if e == nil {
			if len(h.order) >= maxHostPairs {
				h.left++
				continue
			}
			e = &hostEdge{hostPair: p, session: s.ID}
			h.byPair[p] = e
			h.order = append(h.order, e)
		}
		e.add(s, t)
	}
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
	Opened, Failed string
	Mode, Bytes    string
	Ports, For     string
	Session        int
	Odd            string // "third party", "bounce"
}

// sorted are the pairs, those in trouble and the busiest first.
func (h *hostTable) sorted() []*hostEdge {
	list := slices.Clone(h.order)
	slices.SortStableFunc(list, func(a, b *hostEdge) int {
		return cmp.Or(diagnosis.TrueFirst(a.odd() != "", b.odd() != ""), diagnosis.TrueFirst(a.failed > 0, b.failed > 0), cmp.Compare(b.opened+b.failed, a.opened+a.failed))
	})
	return list
}

// rows are those for the table, and how many found no room.
func (h *hostTable) rows() (rows []hostRow, more int) {
	sorted := h.sorted()
	for _, e := range sorted[:min(len(sorted), maxHostRows)] {
		mode := "unknown"
		switch {
		case e.active > 0 && e.passive > 0:
			mode = record.Mixed
		case e.active > 0:
			mode = record.Active
		case e.passive > 0:
			mode = record.Passive
		}
		r := hostRow{From: e.src.String(), To: e.dst.String(), Opened: prose.Number(uint64(e.opened)), Failed: prose.Number(uint64(e.failed)), Mode: mode, Bytes: prose.Size(e.bytes),
			Ports: e.ports.Numbers(), For: e.client.String(), Session: e.session, Odd: e.odd()}
		if e.clients {
			r.For += " and others"
		}
		rows = append(rows, r)
	}
	return rows, len(sorted) - len(rows)
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
	rows := h.sorted()
	for _, e := range rows[:min(len(rows), maxHostLines)] {
		list = append(list, []any{e.src.String(), e.dst.String(), e.opened, e.failed, e.odd()})
	}
	return list
}
