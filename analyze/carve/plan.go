// Package carve writes the packets of chosen sessions, and of nothing else, into a
// capture of their own. A first pass has told which sessions those are; package pick
// finds their packets, package rewrite takes out of them what is not to be shared.
package carve

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"

	"ftpscope/analyze/pick"
	"ftpscope/analyze/record"
	"ftpscope/capture/flow"
)

// MaxConns is how many connections a Plan should hold at most: about 1 GB.
const MaxConns = pick.MaxConns

// Plan is what is to be carved. The zero value is an empty one.
type Plan struct {
	conns    []conn
	byID     map[uint64]int        // index in conns by flow.Conn.ID
	findings map[flow.Pos][]string // identifiers by the packets that show them
	named    map[netip.Addr]bool   // addresses that were announced
	sessions int
	randoms  [][32]byte // of the connections under TLS
	sealed   int        // sessions under TLS
}

// conn is a connection to carve, with what it is in the sessions that it belongs to: in
// two of them for FXP.
type conn struct {
	pick.Conn
	roles   []string
	first   []string // findings told at its first packet, which are about all of it
	control bool     // then A is the client
	users   []string // names that the server let in
	oneTime bool     // a one-time password was sent, of which findings say that it is one
}

// sender is the index of the side that sent a segment, or the one that an ICMP error
// quotes.
func (c *conn) sender(seg *flow.Segment) int {
	if seg.SrcPort == c.A.Port() && seg.Src == flow.HostOf(c.A.Addr()) {
		return 0
	}
	return 1
}

// Sessions is how many sessions were added.
func (p *Plan) Sessions() int { return p.sessions }

// Randoms are what key logs name the connections under TLS by.
func (p *Plan) Randoms() [][32]byte { return p.randoms }

// Sealed is how many of the sessions are under TLS.
func (p *Plan) Sealed() int { return p.sealed }

// underTLS notes a connection under TLS.
func (p *Plan) underTLS(x *record.TLSInfo) {
	if x != nil && x.ClientHello.Seen() {
		p.randoms = append(p.randoms, x.Random)
	}
}

// Conns is how many connections that are.
func (p *Plan) Conns() int { return len(p.conns) }

// Add takes the packets of a session: of its control connection, and of the data
// connections of the transfers with these numbers, or of all if there are none. It
// returns the numbers that the session does not have.
func (p *Plan) Add(s *record.Session, transfers []int) (unknown []int) {
	p.sessions++
	if s.IsUnderTLS() {
		p.sealed++
	}
	p.underTLS(s.Handshake)
	name := fmt.Sprintf("session %d", s.ID)
	control := p.conn(&s.Notes.Control, name+" control")
	control.control, control.A, control.B = true, s.Client, s.Server
	control.oneTime = slices.ContainsFunc(s.Notes.Logins, func(l record.Login) bool { return l.OneTime })
	for _, l := range s.Notes.Logins {
		if l.OK && !slices.Contains(control.users, l.User) {
			control.users = append(control.users, l.User)
		}
	}
	wanted := func(n int) bool { return len(transfers) == 0 || slices.Contains(transfers, n) }
	about := map[int][]string{} // findings by transfer
	for i := range s.Findings {
		f := &s.Findings[i]
		if f.Transfer != 0 && !slices.Contains(about[f.Transfer], f.ID) {
			about[f.Transfer] = append(about[f.Transfer], f.ID)
		}
		if f.Transfer != 0 && !wanted(f.Transfer) {
			continue
		}
		if f.Transfer == 0 {
			control.first = append(control.first, f.ID)
		}
		for _, at := range f.Frames {
			p.finding(at, f.ID)
		}
	}
	for _, n := range transfers {
		if n > len(s.Transfers) {
			unknown = append(unknown, n)
		}
	}
	for i := range s.Transfers {
		t := &s.Transfers[i]
		if t.Announced != nil {
			p.named[t.Announced.Addr()] = true
		}
		if wanted(t.N) {
			p.transfer(s, t, about[t.N])
		}
	}
	return unknown
}

func (p *Plan) transfer(s *record.Session, t *record.Transfer, findings []string) {
	role := fmt.Sprintf("session %d transfer %d", s.ID, t.N)
	if t.Command != nil {
		role += " " + *t.Command
	}
	for i := range t.Notes.Tried {
		if d := record.TLSOf(&t.Notes.Tried[i]); d != nil {
			p.underTLS(d.Info)
		}
		c := p.conn(&t.Notes.Tried[i], role)
		for _, id := range findings {
			if !slices.Contains(c.first, id) {
				c.first = append(c.first, id)
			}
		}
	}
	if c := t.Notes.Conn; c != nil {
		p.conn(c, role)
	}
}

// AddOrphan takes the packets of a data connection whose control connection is not in the
// capture.
func (p *Plan) AddOrphan(o *record.Orphan) { p.conn(&o.Conn, "data connection without a session") }

// AddAttempt takes the packets of a try to make a control connection.
func (p *Plan) AddAttempt(c *flow.Conn) {
	e := p.conn(c, "attempt of a control connection")
	e.control, e.A, e.B = true, c.Src, c.Dst // should more be said after all
}

// conn returns the entry of a connection, which has this role.
func (p *Plan) conn(c *flow.Conn, role string) *conn {
	if p.byID == nil {
		p.byID, p.findings, p.named = map[uint64]int{}, map[flow.Pos][]string{}, map[netip.Addr]bool{}
	}
	i, known := p.byID[c.ID]
	if !known {
		i = len(p.conns)
		p.byID[c.ID] = i
		p.conns = append(p.conns, conn{Conn: pick.Of(c)})
	}
	entry := &p.conns[i]
	if !slices.Contains(entry.roles, role) {
		entry.roles = append(entry.roles, role)
	}
	return entry
}

func (p *Plan) finding(at flow.Pos, id string) {
	if at.Seen() && !slices.Contains(p.findings[at], id) {
		p.findings[at] = append(p.findings[at], id)
	}
}

// known are the addresses of the connections and those that were announced: by them
// addresses are recognised in text.
func (p *Plan) known() map[netip.Addr]bool {
	all := maps.Clone(p.named)
	for i := range p.conns {
		all[p.conns[i].A.Addr()], all[p.conns[i].B.Addr()] = true, true
	}
	return all
}

func (p *Plan) set() *pick.Set {
	list := make([]pick.Conn, len(p.conns))
	for i := range p.conns {
		list[i] = p.conns[i].Conn
	}
	return pick.NewSet(list)
}

// comment says of a packet what it belongs to and where it stood: "session 3 transfer 2
// RETR; data-refused; a.pcap packet 31".
func (p *Plan) comment(index int, file string, m flow.Mark) string {
	c := &p.conns[index]
	var b strings.Builder
	b.WriteString(strings.Join(c.roles, ", "))
	ids := p.findings[m.Pos]
	if m.Ord == c.First {
		ids = slices.Clone(ids)
		for _, id := range c.first {
			if !slices.Contains(ids, id) {
				ids = append(ids, id)
			}
		}
	}
	if len(ids) > 0 {
		b.WriteString("; finding " + strings.Join(ids, ", "))
	}
	fmt.Fprintf(&b, "; %s packet %d", file, m.Pos.Packet())
	return b.String()
}
