package report

import (
	"net/netip"
	"slices"

	"ftpscope/analyze/record"
	"ftpscope/capture/flow"
)

// servers folds sessions into what a network engineer asks of each server: which ports it announces and uses, and
// which modes work from which client networks. table and explain tell it in words, the rules formats as rules.
type servers struct {
	all    []*serverFacts // in order of their first session
	byEnd  map[serverKey]*serverFacts
	byPair map[pair]*clientFacts
	failed bool // some data connection did not come to be
	left   int  // sessions that found no room
}

// The limits of what is kept of servers and of their client networks: some 10 MB when both are reached. A capture with
// more holds a scan; sessions beyond are counted.
const (
	maxServers  = 10_000
	maxNetworks = 10_000 // over all servers
)

// How large a client network is: what is routed, and mostly filtered, as one.
const (
	network4 = 24
	network6 = 64 // RFC 4291 section 2.5.4: a subnet
)

// serverKey is a control endpoint, in its network.
type serverKey struct {
	end     netip.AddrPort
	network string // empty: the plain one
}

type pair struct {
	server serverKey
	client netip.Prefix
}

// serverFacts is one control endpoint.
type serverFacts struct {
	server    netip.AddrPort
	network   string    // that it is in; empty: the plain one
	banners   []greeted // in order of their first session, at most maxBanners
	sessions  int
	encrypted int // sessions under TLS
	clients   []*clientFacts
	announced portRange // passive ports, as the server's replies name them
	reached   portRange // those that a client's connection was established to
	taken     portRange // those that a third host's connection was established to
	permit    portRange // those, announced or tried, that a rule may name
	low, high portRange // ports from which the server opened active connections: below 1024, and above
	failed    bool
}

// greeted is a banner: the start of its first line as the wire had it, and whom it greeted.
type greeted struct {
	text        string
	sessions    int
	first, last int // sessions
}

// maxBanners are those kept of one server: it changes its program now and then, not with every session.
const maxBanners = 8

// greet notes with which banner a session began.
func (f *serverFacts) greet(id int, banner string) {
	for i := range f.banners {
		if b := &f.banners[i]; b.text == banner {
			b.sessions, b.last = b.sessions+1, id
			return
		}
	}
	if len(f.banners) < maxBanners {
		f.banners = append(f.banners, greeted{banner, 1, id, id})
	}
}

// clientFacts is what the clients of one network did with one server.
type clientFacts struct {
	network         netip.Prefix
	host            netip.Addr // the only one of them seen; invalid when there are more
	control         sample
	plausible       int // sessions whose login did not fail
	active, passive modeFacts
	elsewhere       modeFacts // active connections to hosts that are no clients: bounces, FXP
	low, high       bool      // its active connections came from such a port of the server
	odd             []leftOut // at most one a kind
}

// modeFacts is how one mode fared. evidence are the connections that a rule may permit.
type modeFacts struct {
	worked, failed, rejected int
	evidence                 sample
	opened, inferred         int // of the evidence
}

// leftOut is traffic that no rule should permit unseen, with its first example.
type leftOut struct {
	kind     oddKind
	src, dst netip.AddrPort // src is zero when nobody connected
	sample
}

type oddKind uint8

const (
	oddHost    oddKind = iota // opened by another host than client or server
	oddAddress                // to another address than the control connection's
	oddPort                   // to a port below 1024
	oddSource                 // active and never seen to be tried: from which port is not known
)

// portRange is the lowest and highest of n ports, and the first few of them.
type portRange struct {
	lo, hi uint16
	n      int
	few    [fewPorts]uint16 // in order
	kinds  int              // of few; fewPorts+1: there were more
}

// fewPorts are told one by one: an administrator would take a range for the server's configured one.
const fewPorts = 6

func (r *portRange) add(p uint16) {
	if r.n == 0 {
		r.lo, r.hi = p, p
	}
	r.lo, r.hi, r.n = min(r.lo, p), max(r.hi, p), r.n+1
	if r.kinds > fewPorts {
		return
	}
	at, known := slices.BinarySearch(r.few[:r.kinds], p)
	if known {
		return
	}
	if r.kinds++; r.kinds <= fewPorts {
		copy(r.few[at+1:], r.few[at:r.kinds-1])
		r.few[at] = p
	}
}

// sample counts events and keeps where the first were seen.
type sample struct {
	n, sessions, packets int
	ids                  [sampled]int
	at                   [sampled]flow.Pos
	last                 int // the session of the last event
}

const sampled = 3 // enough to find an example; JSON has them all

func (s *sample) add(id int, at flow.Pos) {
	s.n++
	if id != s.last {
		if s.sessions < sampled {
			s.ids[s.sessions] = id
		}
		s.sessions, s.last = s.sessions+1, id
	}
	if at.Seen() {
		if s.packets < sampled {
			s.at[s.packets] = at
		}
		s.packets++
	}
}

func newServers() *servers {
	return &servers{byEnd: map[serverKey]*serverFacts{}, byPair: map[pair]*clientFacts{}}
}

// add folds one session; nothing of it is kept but its greeting.
func (g *servers) add(s *record.Session) {
	if !s.Server.IsValid() || !s.Client.IsValid() {
		return
	}
	server := serverKey{netip.AddrPortFrom(plain(s.Server.Addr()), s.Server.Port()), oneNetwork(s.Network)}
	f, c := g.server(server), g.client(server, s.Client.Addr())
	if f == nil || c == nil {
		g.left++
	}
	if f == nil {
		f = &serverFacts{server: server.end, network: server.network}
	}
	if c == nil {
		c = &clientFacts{}
	}
	if f.sessions++; s.Banner != nil {
		f.greet(s.ID, greeting(*s.Banner))
	}
	if s.TLS == record.TLSExplicit || s.TLS == record.TLSImplicit {
		f.encrypted++
	}
	at := s.Notes.Control.SYN.Pos
	if !at.Seen() {
		at = s.First.Pos
	}
	c.control.add(s.ID, at)
	if s.Login != record.LoginFailed {
		c.plausible++
	}
	if client := plain(s.Client.Addr()); c.control.n == 1 {
		c.host = client
	} else if c.host != client {
		c.host = netip.Addr{}
	}
	for i := range s.Transfers {
		(&folding{f, c, s, &s.Transfers[i]}).fold()
	}
	g.failed = g.failed || f.failed
}

// server finds or makes a server's facts; nil when there is no room.
func (g *servers) server(e serverKey) *serverFacts {
	f := g.byEnd[e]
	if f == nil && len(g.all) < maxServers {
		f = &serverFacts{server: e.end, network: e.network}
		g.byEnd[e] = f
		g.all = append(g.all, f)
	}
	return f
}

// client finds or makes the facts of a client's network at a server; nil when there is no room for either.
func (g *servers) client(server serverKey, client netip.Addr) *clientFacts {
	key := pair{server, networkOf(client)}
	c, f := g.byPair[key], g.byEnd[server]
	if c == nil && f != nil && len(g.byPair) < maxNetworks {
		c = &clientFacts{network: key.client}
		g.byPair[key] = c
		f.clients = append(f.clients, c)
	}
	return c
}

// plain is an address as rules write it: IPv4 unmapped, without a zone.
func plain(a netip.Addr) netip.Addr { return a.Unmap().WithZone("") }

func networkOf(a netip.Addr) netip.Prefix {
	a = plain(a)
	bits := network6
	if a.Is4() {
		bits = network4
	}
	return netip.PrefixFrom(a, bits).Masked()
}
