package analyze

import (
	"ftpscope/analyze/finding"
	"ftpscope/analyze/session"
	"ftpscope/capture"
	"ftpscope/capture/decode"
	"ftpscope/capture/flow"
	"ftpscope/capture/tcp"
)

// Options of an analysis; the zero value works.
type Options struct {
	Workers  int             // goroutines that track connections; 0 and 1: none but the caller's
	Ports    []uint16        // ports that FTP is expected on, besides 21 and 990
	Dialogue bool            // keep every command and reply in the sessions
	Disable  map[string]bool // findings to leave out, by rule
	Filter   Filter          // packets that it does not match are as if they were not in the capture; nil: none
	// Problem hears of files whose link type no decoder knows, once each.
	Problem func(*capture.FileError)
}

// Filter chooses packets by what was captured of them, their bytes on the wire and their LINKTYPE.
type Filter interface {
	Match(data []byte, length, link uint32) bool
}

// Records takes what an analysis finds: sessions in the order of their first packet, then attempts, orphans and,
// last, the summary.
type Records interface {
	Session(*session.Session) error
	Attempt(*session.Attempt) error
	Orphan(*session.Orphan) error
	Summary(*session.Summary) error
}

// tickEvery is how many packets pass between two looks at the clock.
const tickEvery = 1 << 16

// Run analyzes the whole capture. What could not be read is the capture's to report; the error is the first that
// out returned.
func Run(c *capture.Capture, opt Options, out Records) (*session.Summary, error) {
	a := &analysis{capture: c, ports: newPorts(opt.Ports), opt: opt}
	a.matcher = session.NewMatcher(a, a.ports.has)
	a.order = newOrder(out, finding.Options{Disable: opt.Disable, Files: len(c.Files())})
	if opt.Workers > 1 {
		a.parallel(min(opt.Workers, tcp.Lanes))
	} else {
		a.single()
	}
	a.matcher.End()
	return a.report()
}

// analysis is one run.
type analysis struct {
	capture  *capture.Capture
	opt      Options
	ports    ports
	matcher  *session.Matcher
	decoder  decode.Decoder
	count    counts
	links    linkTypes
	stats    tcp.Stats
	order    *order
	attempts []session.Attempt
	orphans  []session.Orphan
	lost     int // orphans beyond the limit
}

// counts is what the summary says of the packets.
type counts struct {
	packets, bytes uint64
	first, last    session.Stamp
}

func (n *counts) add(p *capture.Packet) {
	n.packets++
	n.bytes += uint64(p.Length)
	if p.Time < n.first.Time || n.packets == 1 {
		n.first = session.Stamp{Time: p.Time, Digits: p.Digits}
	}
	if p.Time > n.last.Time || n.packets == 1 {
		n.last = session.Stamp{Time: p.Time, Digits: p.Digits}
	}
}

// single runs everything in the calling goroutine.
func (a *analysis) single() {
	lanes := a.lanes(a.matcher)
	var oldest [tcp.Lanes]horizon
	var s flow.Segment
	for {
		batch, err := a.capture.Next()
		if err != nil {
			break
		}
		for i := range batch {
			p := &batch[i]
			if a.segment(p, &s) {
				lanes[tcp.Lane(s.Src, s.Dst)].table.Segment(&s)
			}
			if p.Ord%tickEvery == 0 {
				for i, l := range lanes {
					l.tick(p.Time)
					oldest[i] = l.oldest
				}
				a.tick(p.Time, oldest[:])
			}
		}
	}
	for _, l := range lanes {
		l.table.Close()
	}
	a.tally(lanes)
}

// segment counts and decodes a packet; false: it is nothing to track.
func (a *analysis) segment(p *capture.Packet, s *flow.Segment) bool {
	if f := a.opt.Filter; f != nil && !f.Match(p.Data, p.Length, p.Link) {
		a.links.check(a, p) // no filter looks into what nobody knows
		return false
	}
	a.count.add(p)
	switch a.decoder.Decode(decode.Frame{Data: p.Data, Length: p.Length, Link: p.Link}, s) {
	case decode.TCP, decode.ICMP:
		s.Mark, s.Digits = p.Mark, p.Digits
		return true
	case decode.Undecoded:
		a.links.check(a, p)
	}
	return false
}

func (a *analysis) tally(lanes []*lane) {
	for _, l := range lanes {
		st := l.table.Stats()
		a.stats.Evicted += st.Evicted
	}
}

// tick tells the Matcher the time after the lanes, and lets sessions go that no older one can precede.
func (a *analysis) tick(now flow.Time, lanes []horizon) {
	oldest := lanes[0]
	for _, h := range lanes[1:] {
		oldest.session, oldest.syn = min(oldest.session, h.session), min(oldest.syn, h.syn)
	}
	a.matcher.Tick(now, oldest.syn)
	a.order.release(min(a.matcher.Oldest(), oldest.session))
}

// Session, Orphan and Attempt take the Matcher's records.
func (a *analysis) Session(s *session.Session) { a.order.add(s) }

// Orphan keeps the first ones and counts the others.
func (a *analysis) Orphan(o *session.Orphan) {
	if len(a.orphans) >= session.MaxOrphans {
		a.lost++
		return
	}
	a.orphans = append(a.orphans, *o)
}

// Attempt comes at the end, already bounded.
func (a *analysis) Attempt(t *session.Attempt) { a.attempts = append(a.attempts, *t) }

// report gives out what is left, and the summary.
func (a *analysis) report() (*session.Summary, error) {
	o := a.order
	o.all()
	for i := range a.attempts {
		o.keep(o.out.Attempt(&a.attempts[i]))
	}
	for i := range a.orphans {
		o.keep(o.out.Orphan(&a.orphans[i]))
	}
	a.summarize()
	o.keep(o.out.Summary(&o.sum.Summary))
	return &o.sum.Summary, o.err
}
