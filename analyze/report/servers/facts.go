// Package servers folds sessions into what they tell of each server: ports, modes and
// client networks. Packages table, explain, html and rules show it.
package servers

import (
	"net/netip"
	"slices"

	"ftpscope/analyze/prose"
	"ftpscope/analyze/record"
	"ftpscope/analyze/report/diagnosis"
	"ftpscope/capture/flow"
)

// Seen folds sessions into what a network engineer asks of each server: which ports it
// announces and uses, and which modes work from which client networks. table and explain
// tell it in words, the rules formats as rules.
type Seen struct {
	All    []*Server // in order of their first session
	byEnd  map[serverKey]*Server
	byPair map[pair]*Client
	Failed bool // some data connection did not come to be
	Left   int  // sessions that found no room
}

// The limits of what is kept of servers and of their client networks: some 10 MB when
// both are reached. A capture with more holds a scan; sessions beyond are counted.
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

// Server is one control endpoint.
type Server struct {
	Server    netip.AddrPort
	Network   string    // that it is in; empty: the plain one
	Banners   []greeted // in order of their first session, at most MaxBanners
	Sessions  int
	Encrypted int // sessions under TLS
	Clients   []*Client
	announced Ports // passive ports, as the server's replies name them
	reached   Ports // those that a client's connection was established to
	taken     Ports // those that a third host's connection was established to
	unshown   bool  // a transfer over an announced port worked, or may have, over a connection that is not in the capture
	worked    Ports // those, announced or tried, that a rule may name: over these transfers worked,
	missed    Ports // over these they did not
	Low, High Ports // ports from which the server opened active connections: below 1024, and above
	failed    bool
}

// greeted is a banner: the start of its first line as the wire had it, and whom it
// greeted.
type greeted struct {
	Text        string
	Sessions    int
	First, Last int // sessions
}

// MaxBanners are those kept of one server: it changes its program now and then, not with
// every session.
const MaxBanners = 8

// greet notes with which banner a session began.
func (f *Server) greet(id int, banner string) {
	for i := range f.Banners {
		if b := &f.Banners[i]; b.Text == banner {
			b.Sessions, b.Last = b.Sessions+1, id
			return
		}
	}
	if len(f.Banners) < MaxBanners {
		f.Banners = append(f.Banners, greeted{banner, 1, id, id})
	}
}

// Client is what the clients of one network did with one server.
type Client struct {
	Network         netip.Prefix
	host            netip.Addr // the only one of them seen; invalid when there are more
	Control         Sample
	Plausible       int // sessions whose login did not fail
	Active, Passive Mode
	elsewhere       Mode      // active connections to hosts that are no clients: bounces, FXP
	Low, High       Mode      // active connections by the port of the server that they came from: below 1024, and above
	Odd             []LeftOut // at most one a kind
}

// Mode is how one mode fared. Evidence are the connections that a rule may permit.
type Mode struct {
	worked, failed, rejected int
	Evidence                 Sample
	Opened, Inferred         int // of the evidence
}

// LeftOut is traffic that no rule should permit unseen, with its first example.
type LeftOut struct {
	Kind     oddKind
	Src, Dst netip.AddrPort // src is zero when nobody connected
	Sample
}

type oddKind uint8

const (
	OddHost    oddKind = iota // opened by another host than client or server
	OddAddress                // to another address than the control connection's
	OddPort                   // to a port below 1024
	oddSource                 // active and never seen to be tried: from which port is not known
)

// Ports is the lowest and highest of n ports, and the first few of them.
type Ports struct {
	Lo, Hi uint16
	n      int
	few    [fewPorts]uint16 // in order
	kinds  int              // of few; fewPorts+1: there were more
}

// fewPorts are told one by one: an administrator would take a range for the server's
// configured one.
const fewPorts = 6

// Add counts a port.
func (r *Ports) Add(p uint16) {
	if r.n == 0 {
		r.Lo, r.Hi = p, p
	}
	r.Lo, r.Hi, r.n = min(r.Lo, p), max(r.Hi, p), r.n+1
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

// Sample counts events and keeps where the first were seen.
type Sample struct {
	N, Sessions, Packets int
	Ids                  [Sampled]int
	At                   [Sampled]flow.Pos
	last                 int // the session of the last event
}

// Sampled is how many places a Sample names.
const Sampled = 3 // enough to find an example; JSON has them all

func (s *Sample) add(id int, at flow.Pos) {
	s.N++
	if id != s.last {
		if s.Sessions < Sampled {
			s.Ids[s.Sessions] = id
		}
		s.Sessions, s.last = s.Sessions+1, id
	}
	if at.Seen() {
		if s.Packets < Sampled {
			s.At[s.Packets] = at
		}
		s.Packets++
	}
}

// New returns an empty Seen.
func New() *Seen {
	return &Seen{byEnd: map[serverKey]*Server{}, byPair: map[pair]*Client{}}
}

// Add folds one session; nothing of it is kept but its greeting.
func (g *Seen) Add(s *record.Session) {
	if !s.Server.IsValid() || !s.Client.IsValid() {
		return
	}
	server := serverKey{netip.AddrPortFrom(prose.Plain(s.Server.Addr()), s.Server.Port()), diagnosis.OneNetwork(s.Network)}
	f, c := g.server(server), g.client(server, s.Client.Addr())
	if f == nil || c == nil {
		g.Left++
	}
	if f == nil {
		f = &Server{Server: server.end, Network: server.network}
	}
	if c == nil {
		c = &Client{}
	}
	if f.Sessions++; s.Banner != nil {
		f.greet(s.ID, greeting(*s.Banner))
	}
	if s.TLS == record.TLSExplicit || s.TLS == record.TLSImplicit {
		f.Encrypted++
	}
	at := s.Notes.Control.SYN.Pos
	if !at.Seen() {
		at = s.First.Pos
	}
	c.Control.add(s.ID, at)
	if s.Login != record.LoginFailed {
		c.Plausible++
	}
	if client := prose.Plain(s.Client.Addr()); c.Control.N == 1 {
		c.host = client
	} else if c.host != client {
		c.host = netip.Addr{}
	}
	for i := range s.Transfers {
		(&folding{f, c, s, &s.Transfers[i]}).fold()
	}
	g.Failed = g.Failed || f.failed
}

// server finds or makes a server's facts; nil when there is no room.
func (g *Seen) server(e serverKey) *Server {
	f := g.byEnd[e]
	if f == nil && len(g.All) < maxServers {
		f = &Server{Server: e.end, Network: e.network}
		g.byEnd[e] = f
		g.All = append(g.All, f)
	}
	return f
}

// client finds or makes the facts of a client's network at a server; nil when there is no
// room for either.
func (g *Seen) client(server serverKey, client netip.Addr) *Client {
	key := pair{server, networkOf(client)}
	c, f := g.byPair[key], g.byEnd[server]
	if c == nil && f != nil && len(g.byPair) < maxNetworks {
		c = &Client{Network: key.client}
		g.byPair[key] = c
		f.Clients = append(f.Clients, c)
	}
	return c
}

func networkOf(a netip.Addr) netip.Prefix {
	a = prose.Plain(a)
	bits := network6
	if a.Is4() {
		bits = network4
	}
	return netip.PrefixFrom(a, bits).Masked()
}
