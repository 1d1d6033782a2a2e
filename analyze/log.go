package analyze

import (
	"ftpscope/analyze/control"
	"ftpscope/analyze/record"
	"ftpscope/capture/flow"
)

// Log takes what the shards of a run learn, in the order of the packets that caused it.
// It is all that a Matcher needs: Replay makes the same records of it as Run of the
// packets. What a call is given is valid only during the call, a Transcript for good.
type Log interface {
	control.Listener
	Opened(c *flow.Conn)
	Unanswered(s *flow.LoneSYN)
	Closed(c *flow.Conn, said *control.Transcript)
	Tick(t Tick)
}

// Tick is a look at the clock.
type Tick struct {
	Now           flow.Time
	OldestSYN     uint64 // Ord of the oldest SYN that still waits for an answer
	OldestSession uint64 // no session that is still to come began before this packet
}

// Recording is what a run needs that stops before the Matcher.
type Recording struct {
	Log
	// Network is the path of a network that the log names; nil before the run.
	Network func(flow.Net) flow.Path
}

// logged is the shards' side of a Log. Only live runs tell how far they came.
type logged struct{ Log }

func (logged) Progress(*flow.Conn, *control.Transcript) {}

// Record reads a source that is not Live as Run does, and gives the log what the Matcher
// would hear. Who follows connections or keeps packets has no part in it.
func Record(c Source, opt Options, r *Recording) *Totals {
	opt.Evidence, opt.Follow, opt.Claims = nil, nil, nil
	a := &analysis{source: c, ports: newPorts(opt.Ports), opt: opt, recorded: r.Log, log: logged{r.Log}}
	r.Network = a.decoder.Network
	a.track()
	return a.totals()
}

// Replay is a log that was recorded.
type Replay struct {
	Files   int // how many files the run began with
	Network func(flow.Net) flow.Path
	// Play gives the log all that was recorded; it returns what the packets amount to.
	Play func(Log) (*Totals, error)
}

// Run makes records of the log as Run makes them of a source, with the options that the
// log was recorded with. The error is the first of Play, or of out.
func (r *Replay) Run(opt Options, out Records) (*record.Summary, error) {
	opt.Evidence, opt.Follow, opt.Claims = nil, nil, nil
	a := &analysis{ports: newPorts(opt.Ports), opt: opt}
	a.join(out, r.Files, r.Network)
	t, err := r.Play(player{a.matcher, a})
	if err != nil {
		return nil, err
	}
	a.order.files(len(t.Files))
	a.matcher.End()
	return a.report(t)
}

// player gives the Matcher what was recorded.
type player struct {
	events
	a *analysis
}

// Tick tells the time.
func (p player) Tick(t Tick) { p.a.look(&t) }
