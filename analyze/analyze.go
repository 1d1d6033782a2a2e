package analyze

import (
	"ftpscope/analyze/control"
	"ftpscope/analyze/finding"
	"ftpscope/analyze/keylog"
	"ftpscope/analyze/match"
	"ftpscope/analyze/record"
	"ftpscope/capture"
	"ftpscope/capture/decode"
	"ftpscope/capture/flow"
	"ftpscope/capture/tcp"
)

// Options of an analysis; the zero value works.
type Options struct {
	Workers  int      // goroutines that track connections; 0 and 1: none but the caller's
	Ports    []uint16 // ports that FTP is expected on, besides 21 and 990
	Dialogue bool     // keep every command and reply in the sessions
	Curves   bool     // notes of transfers have curves of their data, for pictures
	// ShowPasswords leaves passwords in commands, replies and messages; without it only
	// Session.Password has one.
	ShowPasswords bool
	Judge         finding.Options // what of it users choose; the analysis knows Files and Live
	Filter        Filter          // packets that it does not match are as if they were not in the capture; nil: none
	Evidence      Evidence        // nil: nobody keeps packets
	Decode        decode.Options
	Follow        Follower      // nil: nobody reads what data connections carry
	Keys          *keylog.Store // open what is under TLS; nil: there are none
	Claims        match.Claimer // hears which session is given which data connection; nil: nobody
	// MergeNetworks takes the same addresses for the same hosts whatever tags, tunnels
	// and files they are seen in.
	MergeNetworks bool
	// IdleTimeout ends sessions whose control connection is silent for longer; 0: never.
	IdleTimeout flow.Time
	// Interval is how often a live analysis gives a snapshot of each open session; 0:
	// never.
	Interval flow.Time
	// Status hears how a live analysis stands, every pulse.
	Status func(*Status)
	// Problem hears of files whose link type no decoder knows, once each.
	Problem func(*capture.FileError)
}

// Filter chooses packets by what was captured of them, their bytes on the wire and their
// LINKTYPE.
type Filter interface {
	Match(data []byte, length, link uint32) bool
	Knows(link uint32) bool // false: it matches no packet of this LINKTYPE
}

// Records takes what an analysis finds: sessions in the order of their first packet, then
// attempts, orphans and, last, the summary.
type Records interface {
	Session(*record.Session) error
	Attempt(*record.Attempt) error
	Orphan(*record.Orphan) error
	Summary(*record.Summary) error
}

// tickEvery is how many packets pass between two looks at the clock.
const tickEvery = 1 << 16

// Run analyzes all that the source gives. Sessions come in the order of their first
// packet; of a Live source in the order of their end, as soon as they are complete. What
// could not be read is the source's to report; the error is the first that out returned.
func Run(c Source, opt Options, out Records) (*record.Summary, error) {
	a := &analysis{source: c, heart: newHeart(c), ports: newPorts(opt.Ports), opt: opt}
	a.join(out, c.Stats().Files, a.decoder.Network)
	a.log = a.matcher
	a.track()
	a.order.files(c.Stats().Files) // as of the end
	a.matcher.End()
	return a.report(a.totals())
}

// join makes what takes the log: the Matcher, and what follows it.
func (a *analysis) join(out Records, files int, network func(flow.Net) flow.Path) {
	a.matcher = match.New(a, match.Options{
		ControlPort: a.ports.has, Network: network, Points: !a.opt.MergeNetworks && a.heart.live == nil,
		Watcher: a.opt.Evidence, Claimer: a.opt.Claims, Reading: a.readingOptions(control.Deaf{}),
	})
	judge := a.opt.Judge
	judge.Files, judge.Live = files, a.heart.live != nil
	numbers, _ := a.opt.Evidence.(Numbers)
	judge.OneFile = numbers != nil
	a.order = newOrder(out, judge)
	if a.order.numbers = numbers; numbers != nil {
		a.order.bench.Files = 1
	}
}

// track reads the source, and gives what the shards learn to the log.
func (a *analysis) track() {
	a.decoder.Options = a.opt.Decode
	if a.opt.Workers > 1 {
		a.parallel(min(a.opt.Workers, tcp.Shards))
	} else {
		a.single()
	}
	a.decoder.Close()
}

// analysis is one run.
type analysis struct {
	source   Source
	heart    heart
	opt      Options
	ports    ports
	log      events         // hears what the shards learn
	matcher  *match.Matcher // nil: the log is recorded
	recorded Log            // nil: it is not
	decoder  decode.Decoder
	count    counts
	links    linkTypes
	stats    tcp.Stats
	order    *order
	attempts []record.Attempt
	orphans  []record.Orphan
	settled  flow.Time
	lost     int // orphans that are not kept: beyond the limit, or told at once
}

// counts is what the summary says of the packets.
type counts struct {
	packets, bytes uint64
	first, last    record.Stamp
}

func (n *counts) add(p *capture.Packet) {
	n.packets++
	n.bytes += uint64(p.Length)
	if p.Time < n.first.Time || n.packets == 1 {
		n.first = record.Stamp{Time: p.Time, Digits: p.Digits}
	}
	if p.Time > n.last.Time || n.packets == 1 {
		n.last = record.Stamp{Time: p.Time, Digits: p.Digits}
	}
}

// single runs everything in the calling goroutine.
func (a *analysis) single() {
	shards := a.shards(a.log)
	var oldest [tcp.Shards]horizon
	tick := func(now flow.Time) {
		for i, l := range shards {
			l.tick(now)
			oldest[i] = l.oldest
		}
		a.tick(now, oldest[:], &a.count)
	}
	var segments [tcp.BatchSize]flow.Segment
	var together tcp.Batch
	for {
		batch, err := a.source.Next()
		if err != nil {
			break
		}
		for i := range batch {
			p := &batch[i]
			for ok := a.segment(p, &segments[together.Len()]); ok; ok = a.more(p, &segments[together.Len()]) {
				s := &segments[together.Len()]
				if together.Add(shards[tcp.Shard(s.Src, s.Dst)].table, s); together.Len() == tcp.BatchSize || !a.decoder.Stays() {
					together.Flush(nil)
				}
			}
			if p.Ord%tickEvery == 0 {
				together.Flush(nil)
				tick(p.Time)
			}
		}
		together.Flush(nil) // its segments point into the packets
		if now, ok := a.heart.beats(); ok {
			shot := a.heart.shot(now, a.opt.Interval)
			for _, l := range shards {
				if shot {
					l.table.Progress()
				}
			}
			if tick(now); shot {
				a.matcher.Snapshots(a.order.snapshot)
			}
			if a.order.failed.Load() {
				break // nobody hears
			}
		}
	}
	for _, l := range shards {
		l.table.Close(a.count.last.Time)
	}
	a.tally(shards)
}

// segment counts and decodes a packet; false: it is nothing to track.
func (a *analysis) segment(p *capture.Packet, s *flow.Segment) bool {
	if f := a.opt.Filter; f != nil && !f.Match(p.Data, p.Length, p.Link) {
		a.links.check(a, p) // no filter looks into what nobody knows
		return false
	}
	a.count.add(p)
	s.Mark, s.Digits = p.Mark, p.Digits
	switch a.decoder.Decode(decode.Frame{Data: p.Data, Length: p.Length, Link: p.Link, FCS: p.FCS}, s) {
	case decode.TCP, decode.ICMP:
		a.found(p, s)
		return true
	case decode.Fragment:
		if a.opt.Evidence != nil {
			a.keep(p, s)
		}
	case decode.Undecoded:
		a.links.check(a, p)
	}
	return false
}

// more goes on with a packet that holds more than one segment.
func (a *analysis) more(p *capture.Packet, s *flow.Segment) bool {
	if !a.decoder.More(s) {
		return false
	}
	a.found(p, s)
	return true
}

// found is told of each segment.
func (a *analysis) found(p *capture.Packet, s *flow.Segment) {
	if a.opt.MergeNetworks {
		s.Net = flow.PlainNet
	}
	if a.opt.Evidence != nil {
		a.keep(p, s)
	}
}

func (a *analysis) tally(shards []*shard) {
	for _, l := range shards {
		st := l.table.Stats()
		a.stats.Evicted, a.stats.Repeated = a.stats.Evicted+st.Evicted, a.stats.Repeated+st.Repeated
		a.stats.Unwatched += st.Unwatched
	}
}

// tick tells the log the time after the shards.
func (a *analysis) tick(now flow.Time, shards []horizon, count *counts) {
	all := shards[0]
	for _, h := range shards[1:] {
		all.add(h)
	}
	if a.heart.live != nil {
		stats := a.source.Stats()
		a.order.drops.look(now, stats.Dropped)
		a.order.files(stats.Files) // there may be more of them
	}
	if a.recorded != nil {
		a.recorded.Tick(Tick{Now: now, OldestSYN: all.syn, OldestSession: all.session})
		return
	}
	a.look(&Tick{Now: now, OldestSYN: all.syn, OldestSession: all.session})
	if a.heart.live != nil {
		a.order.ready()
		a.order.judged.Tick(now)
		a.settle(now)
	}
	if a.opt.Status != nil && a.heart.live != nil {
		a.opt.Status(a.status(now, all, count))
	}
}

// look tells the Matcher the time, and lets sessions go that no older one can precede.
func (a *analysis) look(t *Tick) {
	a.matcher.Tick(t.Now, t.OldestSYN)
	a.order.release(min(a.matcher.Oldest(), t.OldestSession))
}

// Session, Orphan and Attempt take the Matcher's records.
func (a *analysis) Session(s *record.Session) {
	if a.opt.Follow != nil {
		a.opt.Follow.Fill(s)
	}
	a.order.add(s)
}

// Orphan keeps the first ones and counts the others.
func (a *analysis) Orphan(o *record.Orphan) {
	if a.heart.live != nil {
		a.lost++
		x := *o
		a.order.park(parked{orphan: &x})
		return
	}
	if len(a.orphans) >= record.MaxOrphans {
		a.lost++
		return
	}
	a.orphans = append(a.orphans, *o)
}

// Attempt comes at the end, already bounded; of a live source also before.
func (a *analysis) Attempt(t *record.Attempt) {
	if a.heart.live != nil {
		x := *t
		a.order.park(parked{attempt: &x})
		return
	}
	a.attempts = append(a.attempts, *t)
}

// report gives out what is left, and the summary.
func (a *analysis) report(t *Totals) (*record.Summary, error) {
	o := a.order
	o.unparkAll()
	o.all()
	for i := range a.attempts {
		o.attempt(&a.attempts[i])
	}
	for i := range a.orphans {
		o.orphan(&a.orphans[i])
	}
	a.summarize(t)
	o.keep(o.out.Summary(&o.sum.Summary))
	return &o.sum.Summary, o.err
}
