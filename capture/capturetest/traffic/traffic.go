// Package traffic makes captures of any size for benchmarks, by seed: two runs write the
// same bytes. It keeps the open conversations and nothing else, so its memory does not
// grow with the capture. What it wrote, it counts as it goes: the counts are the truth
// that the analyzer's answer is held against.
//
// The captures are right where an analyzer looks: checksums, sequence numbers,
// timestamps, control lines and the order of what depends on each other. Nothing is lost,
// and nothing out of order except in Reorder.
package traffic

import (
	"fmt"
	"io"
	"math/rand/v2"
)

// Kind is what a capture is made of.
type Kind string

// The kinds, and which fields of Plan each one reads.
const (
	Bulk        Kind = "bulk"        // Bytes of big transfers, Concurrent sessions at a time
	Mix         Kind = "mix"         // Bytes, 2 % of them FTP among HTTP, TLS, mail, names, voice and pings
	SYNFlood    Kind = "synflood"    // SYNs from everywhere, half of them to port 21, and Sessions between
	Chatty      Kind = "chatty"      // Sessions with a few small transfers each, IPv4 and IPv6
	Brief       Kind = "brief"       // Sessions that log in and leave, one in four with a transfer
	Interleaved Kind = "interleaved" // Sessions that take turns, line by line, each with Commands
	LongSession Kind = "longsession" // one session with Commands, a transfer every now and then
	Reorder     Kind = "reorder"     // Bytes of one session whose segments arrive in hardly any order
	Concurrent  Kind = "concurrent"  // Connections, Concurrent of them open at once, one in ten FTP
)

// Version rises when the same plan begins to write other bytes, so that captures kept
// from before are made anew.
const Version = 1

// Plan says what to write. Zero numbers stand for the kind's defaults, which Defaults
// tells.
type Plan struct {
	Kind        Kind
	Seed        uint64
	Bytes       int64 // about: the conversations begun are finished
	SYNs        int
	Sessions    int
	Commands    int
	Connections int
	Concurrent  int
}

// Counts is what a capture holds.
type Counts struct {
	Packets  int64 `json:"packets"`
	Bytes    int64 `json:"bytes"`    // of the file
	Captured int64 `json:"captured"` // of the packets in it
	Sessions int64 `json:"sessions"`
	Commands int64 `json:"commands"`
	Active   int64 `json:"active"` // transfers by mode
	Passive  int64 `json:"passive"`
	PORT     int64 `json:"PORT"` // transfers by negotiation
	EPRT     int64 `json:"EPRT"`
	PASV     int64 `json:"PASV"`
	EPSV     int64 `json:"EPSV"`
	Data     int64 `json:"data"` // payload of the transfers
	Open     int   `json:"open"` // the most conversations going on at once
}

// generator is one run of Write.
type generator struct {
	wire
	plan    Plan
	rnd     *rand.Rand
	queue   schedule
	counts  Counts
	begun   int             // conversations
	passive [servers]uint16 // ports given out, by server
	more    func()          // begins the next conversation, when one is over
	noise   *pool
	list    *pool
	mail    *pool
}

// Write writes a capture to w as pcap with microseconds.
func Write(w io.Writer, p Plan) (Counts, error) {
	p, err := Defaults(p)
	if err != nil {
		return Counts{}, err
	}
	g := &generator{
		plan: p, rnd: rand.New(rand.NewPCG(p.Seed, 21)),
		noise: newNoise(p.Seed), list: newListing(), mail: newMail(p.Seed),
	}
	g.wire.begin(w)
	g.more = func() {}
	kinds[p.Kind].begin(g)
	g.run()
	g.wire.flush()
	c := g.counts
	c.Packets, c.Bytes, c.Captured = g.packets, g.written, g.captured
	c.Active, c.Passive = c.PORT+c.EPRT, c.PASV+c.EPSV
	return c, g.wire.err
}

// Defaults returns p with the numbers that Write would use.
func Defaults(p Plan) (Plan, error) {
	k, known := kinds[p.Kind]
	if !known {
		return p, fmt.Errorf("no kind of traffic %q", p.Kind)
	}
	d := k.defaults
	for _, n := range []struct{ have, otherwise *int }{
		{&p.SYNs, &d.SYNs}, {&p.Sessions, &d.Sessions}, {&p.Commands, &d.Commands},
		{&p.Connections, &d.Connections}, {&p.Concurrent, &d.Concurrent},
	} {
		if *n.have < 0 {
			return p, fmt.Errorf("%d is less than nothing", *n.have)
		}
		if *n.have == 0 {
			*n.have = *n.otherwise
		}
	}
	switch {
	case p.Bytes < 0:
		return p, fmt.Errorf("%d bytes are less than nothing", p.Bytes)
	case p.Bytes == 0:
		p.Bytes = d.Bytes
	}
	return p, nil
}

// run plays the conversations, each packet at its time, until all are over.
func (g *generator) run() {
	for len(g.queue) > 0 && g.wire.err == nil {
		g.counts.Open = max(g.counts.Open, len(g.queue))
		t := g.queue[0]
		g.now = t.at
		if g.step(t) {
			g.queue.sink()
			continue
		}
		g.queue.drop()
		g.more()
	}
}

// start begins a conversation after a delay.
func (g *generator) start(after int64, t *talk) {
	t.at = g.now + after
	g.queue.add(t)
}

// between draws from a to b, both included.
func (g *generator) between(a, b int64) int64 { return a + g.rnd.Int64N(b-a+1) }
