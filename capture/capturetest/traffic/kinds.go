package traffic

// kind is how a capture of a Kind begins and goes on.
type kind struct {
	defaults Plan
	begin    func(*generator)
}

var kinds = map[Kind]kind{
	Bulk:        {Plan{Bytes: 1 << 30, Concurrent: 4}, (*generator).bulk},
	Mix:         {Plan{Bytes: 1 << 30, Concurrent: 2000}, (*generator).mix},
	SYNFlood:    {Plan{SYNs: 3e6, Sessions: 100}, (*generator).synFlood},
	Chatty:      {Plan{Sessions: 1e5, Concurrent: 4000}, (*generator).chatty},
	Brief:       {Plan{Sessions: 1e6, Concurrent: 1000}, (*generator).brief},
	Interleaved: {Plan{Sessions: 1e4, Commands: 100}, (*generator).interleaved},
	LongSession: {Plan{Commands: 1e6}, (*generator).longSession},
	Reorder:     {Plan{Bytes: 100e6}, (*generator).reorder},
	Concurrent:  {Plan{Connections: 1e6, Concurrent: 1000}, (*generator).concurrent},
}

// keep begins n conversations, stagger apart, and another for each one that ends, until
// next returns nil.
func (g *generator) keep(n int, stagger int64, next func() *talk) {
	for i := range n {
		t := next()
		if t == nil {
			return
		}
		g.start(int64(i)*stagger, t)
	}
	g.more = func() {
		if t := next(); t != nil {
			g.start(g.between(0, 20*millisecond), t)
		}
	}
}

const bulkTransfers = 4

// bulk has sessions of a few transfers, each about a 64th of the capture.
func (g *generator) bulk() {
	each := max(g.plan.Bytes/64, 1000)
	planned := int64(0)
	size := func() int64 { return g.between(each-each/8, each+each/8) }
	g.keep(g.plan.Concurrent, millisecond, func() *talk {
		if planned+planned/14 >= g.plan.Bytes { // headers and acknowledgments are 7 %
			return nil
		}
		planned += bulkTransfers * each
		t := g.newTalk(g.begun%4 == 3, 2*millisecond, 6*microsecond)
		return g.newSession(t, script{transfers: bulkTransfers, list: true, size: size, think: 20 * millisecond})
	})
}

func (g *generator) smallFile() int64 { return g.between(1<<10, 20<<10) }

// newChatty is a session such as scripts make.
func (g *generator) newChatty(size func() int64) *talk {
	t := g.newTalk(g.rnd.IntN(4) == 0, g.between(millisecond, 40*millisecond), 20*microsecond)
	return g.newSession(t, script{transfers: 1 + g.rnd.IntN(3), list: true, size: size, think: 200 * millisecond})
}

// sessions returns a source of Sessions conversations.
func (g *generator) sessions(next func() *talk) func() *talk {
	left := g.plan.Sessions
	return func() *talk {
		if left == 0 {
			return nil
		}
		left--
		return next()
	}
}

func (g *generator) chatty() {
	g.keep(g.plan.Concurrent, 200*microsecond, g.sessions(func() *talk { return g.newChatty(g.smallFile) }))
}

// brief has about a thousand sessions a second, which take a second or two each.
func (g *generator) brief() {
	g.keep(g.plan.Concurrent, 200*microsecond, g.sessions(func() *talk {
		t := g.newTalk(false, 2*millisecond, 20*microsecond)
		s := script{think: 500 * millisecond, size: func() int64 { return 1000 }}
		if g.rnd.IntN(4) == 0 {
			s.transfers = 1
		}
		return g.newSession(t, s)
	}))
}

// interleaved has all sessions at the same pace, so that each line is another session's
// than the one before.
func (g *generator) interleaved() {
	g.keep(g.plan.Sessions, 10*microsecond, g.sessions(func() *talk {
		t := g.newTalk(false, 20*millisecond, 50*microsecond)
		return g.newSession(t, script{chores: g.plan.Commands, think: 20 * millisecond})
	}))
}

const choresPerTransfer = 500

func (g *generator) longSession() {
	t := g.newTalk(false, 2*millisecond, 20*microsecond)
	g.start(0, g.newSession(t, script{chores: g.plan.Commands, every: choresPerTransfer,
		transfers: g.plan.Commands / choresPerTransfer, size: g.smallFile, think: millisecond}))
}

const (
	floodPause    = 2 * microsecond
	floodHosts    = 223 // first octets of unicast
	ephemeralFrom = 1024
)

// flood is SYNs from random addresses; each is a conversation of its own.
type flood struct{ left int }

func (f *flood) plan(g *generator, t *talk) bool {
	if f.left == 0 {
		return false
	}
	f.left--
	r, where := g.rnd.Uint64(), g.rnd.Uint64()
	src := endpoint{ip: [16]byte{byte(1 + r%floodHosts), byte(r >> 8), byte(r >> 16), byte(r >> 24)}, port: ephemeralFrom + uint16(r>>32)%(65535-ephemeralFrom)}
	if src.ip[0] == 100 {
		src.ip[0] = 101 // the clients' network is not in it
	}
	port := uint16(21)
	if where&1 != 0 {
		port = 1 + uint16(where>>8)%65535
	}
	t.line[0] = g.connect(src, serverEnd(int(where>>32)%servers, false, port))
	t.add(act{do: doSYN, wait: floodPause})
	return true
}

func (g *generator) synFlood() {
	t := g.newTalk(false, 0, 0)
	t.who = &flood{g.plan.SYNs}
	g.start(0, t)
	next := g.sessions(func() *talk { return g.newChatty(g.smallFile) })
	span := int64(g.plan.SYNs) * floodPause
	for i := range g.plan.Sessions {
		g.start(span*int64(i)/int64(g.plan.Sessions), next())
	}
}

// concurrent has its connections open for twice as long as it takes to open Concurrent of
// them, but for less than the five minutes that a firewall or an analyzer may give a
// silent one.
func (g *generator) concurrent() {
	const open = 200 * second
	left := g.plan.Connections
	g.keep(g.plan.Concurrent, open/2/int64(g.plan.Concurrent), func() *talk {
		if left == 0 {
			return nil
		}
		if left--; left%10 != 0 {
			return g.newTCP(80, &rounds{left: 1, hold: open, round: func(g *generator, t *talk, _ *rounds) { g.fetch(t, 0, 500) }})
		}
		t := g.newTalk(false, 10*millisecond, 20*microsecond)
		return g.newSession(t, script{transfers: 1, size: func() int64 { return 1000 }, think: 20 * millisecond, hold: open})
	})
}

const ftpShare = 50 // one byte in so many is FTP

// mix begins FTP when its share is due, and the rest by weight.
func (g *generator) mix() {
	planned := int64(0)
	size := func() int64 { return g.skewed(20e3, 1.5, 8<<20) }
	g.keep(g.plan.Concurrent, 200*microsecond, func() *talk {
		switch {
		case g.written >= g.plan.Bytes:
			return nil
		case planned*ftpShare < g.written:
			t := g.newChatty(size)
			planned += 14e3 + int64(t.who.(*session).transfers)*60e3 // what one comes to, on the average
			return t
		}
		switch x := g.rnd.IntN(100); {
		case x < 22:
			return g.newHTTP()
		case x < 50:
			return g.newTLS()
		case x < 54:
			return g.newMail()
		case x < 90:
			return g.newDNS()
		case x < 95:
			return g.newVoice()
		default:
			return g.newPing()
		}
	})
}
