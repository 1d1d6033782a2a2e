// Package verdict says of every session, attempt, orphan and failed transfer what went
// wrong, where to look and how certain that is. It sees records and their notes, never a
// packet; package report writes what it says.
//
// A cause is a judge: a function that looks at one transfer, or at the session, and says
// its verdict, or nothing. Judges stand in the order in which they are believed: the
// server's own words before what TCP shows, what is seen before what is missing. A
// transfer's verdict is the first that a judge says. The session's is that of its login,
// else that of its gravest transfer, else that of its end.
package verdict

import (
	"cmp"
	"net/netip"
	"slices"

	"ftpscope/analyze/prose"
	"ftpscope/analyze/record"
	"ftpscope/capture/flow"
)

// Bench judges the sessions of a run, one after the other, and remembers of each server
// which passive ports worked, for what is far from them may be a port that nobody opened,
// and whose logins failed, for such a client may be shut out.
type Bench struct {
	Files   int // of the run: with several, packets are named with their file
	servers map[netip.AddrPort]*worked
	hearing hearing // of one session after the other
	shut    map[visit]*failed
}

// worked are the passive ports of a server over which connections were opened.
type worked struct {
	low, high uint16
	count     int
}

// maxServers bounds the servers that are remembered; then those that come later are
// judged by their own sessions alone.
const maxServers = 4096

// NewBench makes a Bench for a run of so many files.
func NewBench(files int) *Bench {
	return &Bench{Files: files, servers: map[netip.AddrPort]*worked{}, shut: map[visit]*failed{}}
}

// Session fills in the verdicts of a session and of its transfers.
func (b *Bench) Session(s *record.Session) {
	b.learn(s)
	b.failures(s)
	b.Preview(s)
}

// Preview does the same for a session that goes on, and remembers nothing of it.
func (b *Bench) Preview(s *record.Session) {
	if s.Notes.IsHalf {
		b.half(s)
		return
	}
	c := &b.hearing
	*c = hearing{Session: s, files: b.Files, ports: b.servers[s.Server]}
	for i := range s.Transfers {
		t := &s.Transfers[i]
		t.Verdict = c.transfer(t)
	}
	s.Verdict = c.session()
	c.advise()
	*c = hearing{} // the session is not kept
}

// learn takes the ports that worked in a session.
func (b *Bench) learn(s *record.Session) {
	w := b.servers[s.Server]
	for i := range s.Transfers {
		t := &s.Transfers[i]
		if t.Mode != record.Passive || t.Notes.Conn == nil || t.Notes.Conn.State != flow.Established || t.Initiator != record.Client {
			continue
		}
		port := t.Notes.Conn.Dst.Port()
		if w == nil {
			if len(b.servers) >= maxServers {
				return
			}
			w = &worked{low: port, high: port}
			b.servers[s.Server] = w
		}
		w.low, w.high, w.count = min(w.low, port), max(w.high, port), w.count+1
	}
}

// hearing is a session before its judges.
type hearing struct {
	*record.Session
	files  int
	ports  *worked // nil: none is known
	probed int     // offers that are of a bounce; 0: not counted yet
}

// judge says what a transfer's verdict is; nil: it has nothing to say.
type judge func(*hearing, *record.Transfer) *record.Verdict

// first is the verdict of the first judge that has one.
func first(c *hearing, t *record.Transfer, judges []judge) *record.Verdict {
	for _, j := range judges {
		if v := j(c, t); v != nil {
			return v
		}
	}
	return nil
}

// transfer judges one transfer; nil: it went well.
func (c *hearing) transfer(t *record.Transfer) *record.Verdict {
	var v *record.Verdict
	switch t.Outcome {
	case record.OK:
		v = first(c, t, afterSuccess)
	case record.Rejected:
		v = first(c, t, rejections)
	case record.NoConnection:
		v = first(c, t, openings)
	case record.Denied, record.Aborted:
		v = first(c, t, failures)
	case record.Incomplete:
		v = first(c, t, incompletes)
	case record.Unused:
		v = first(c, t, leftUnused)
	case record.Unknown:
		v = first(c, t, underTLS)
	}
	if v == nil {
		return nil
	}
	v.Transfer = t.N
	c.asBounce(t, v)
	return c.finished(v)
}

// finished is a verdict as it is told: never more certain than the capture allows.
func (c *hearing) finished(v *record.Verdict) *record.Verdict {
	if v.Certainty == record.Certain && !c.whole() {
		v.Certainty = record.Likely
	}
	v.Certainty = cmp.Or(v.Certainty, record.Likely)
	if v.Cause == record.CauseNone {
		v.At = record.AtNone
	}
	v.Frames = seen(v.Frames)
	return v
}

// whole reports whether the capture holds all of the control connection.
func (c *hearing) whole() bool {
	k := &c.Capture
	return k.FromStart && k.ClientSide && k.ServerSide && k.MissingBytes == 0 && c.Notes.Dropped == 0
}

// gapless reports whether it does so from where the capture begins.
func (c *hearing) gapless() bool {
	return c.Capture.ClientSide && c.Capture.ServerSide && c.Capture.MissingBytes == 0
}

// maxFrames is how many packets decide at most: enough to open each of them by hand.
const maxFrames = 16

// seen drops packets that were not seen and those named twice, and puts them in order.
func seen(all []flow.Pos) []flow.Pos {
	var list []flow.Pos
	for _, p := range all {
		if p.Seen() && !slices.Contains(list, p) && len(list) < maxFrames {
			list = append(list, p)
		}
	}
	slices.Sort(list)
	return list
}

// session judges the whole.
func (c *hearing) session() *record.Verdict {
	for _, j := range logins {
		if v := j(c); v != nil {
			return c.finished(v)
		}
	}
	worst := c.gravest()
	if worst != nil && gravity(worst.Cause) > 1 {
		return worst
	}
	for _, j := range ends {
		if v := j(c); v != nil {
			if v.Cause == record.CauseNoReply && worst != nil && worst.Cause == v.Cause && c.Transfers[worst.Transfer-1].Connection != nil {
				return worst // it tells more
			}
			return c.finished(v)
		}
	}
	if worst != nil {
		return worst
	}
	return c.finished(c.allWell())
}

// gravest is the verdict of the transfer that hurt most, nil: none did.
func (c *hearing) gravest() (worst *record.Verdict) {
	var done func(*record.Transfer) bool
	for i := range c.Transfers {
		t := &c.Transfers[i]
		v := t.Verdict
		if v == nil || gravity(v.Cause) == 0 || worst != nil && gravity(v.Cause) <= gravity(worst.Cause) {
			continue
		}
		if done == nil {
			done = c.doneLater()
		}
		if !done(t) {
			worst = v
		}
	}
	return worst
}

// doneLater tells which transfers failed and were done all the same: the client asked for
// the same again, or offered another way, and that worked; or it stopped one by ABOR and
// went on. A firewall that drops the way that was tried first is told all the same.
func (c *hearing) doneLater() func(*record.Transfer) bool {
	last, commanded, listed := 0, 0, 0 // the last transfers that worked, that a command began, that listed a directory
	asked := map[string]int{}
	for i := range c.Transfers {
		t := &c.Transfers[i]
		if t.Command != nil {
			commanded = t.N
		}
		if t.Outcome != record.OK || t.Connection == nil && t.Announced != nil && t.Mode == record.Active && t.Announced.Addr() != c.Client.Addr() {
			continue // of a bounce nobody knows what was done
		}
		last = t.N
		if t.Command != nil {
			asked[request(t)] = t.N
			if lists(t) {
				listed = t.N
			}
		}
	}
	return func(t *record.Transfer) bool {
		switch {
		case t.Command != nil && listed > t.N && lists(t) && code(t.Reply, 500, 501, 502, 504):
			return true // the server knows another command for it
		case t.Command != nil:
			return asked[request(t)] > t.N && t.Verdict.Cause != record.CauseDataBlocked || t.Verdict.Cause == record.CauseClientAborted && last > t.N
		case !c.Capture.ClientSide:
			return false
		}
		return commanded > t.N || last > t.N
	}
}

// lists reports whether a transfer is of a listing.
func lists(t *record.Transfer) bool {
	return *t.Command == "MLSD" || *t.Command == "LIST" || *t.Command == "NLST"
}

// request is what a transfer asks for.
func request(t *record.Transfer) string {
	if t.Argument == nil {
		return *t.Command
	}
	return *t.Command + " " + *t.Argument
}

// gravity orders the causes of transfers: 0 hurts nobody, what the capture does not tell
// is 1.
func gravity(cause string) int {
	switch cause {
	case record.CauseNone:
		return 0
	case record.CauseNotCaptured, record.CauseClientAborted, record.CauseNoReply:
		return 1
	case record.CauseDataAltered, record.CauseSlow:
		return 2
	case record.CauseFileDenied, record.CauseModeRejected, record.CauseCommandDenied:
		return 3
	case record.CauseStorageFull, record.CauseEndpointInvalid, record.CauseReplyMissed:
		return 4
	case record.CauseDataStolen:
		return 6
	}
	return 5
}

// allDone are the texts that most sessions share, by the number of transfers.
var allDone = func() (texts [16]string) {
	for i := range texts {
		texts[i] = done(i)
	}
	return texts
}()

func done(transfers int) string { return "All went well: " + many(transfers, "transfer") + " done." }

// allWell is the verdict where nothing went wrong.
func (c *hearing) allWell() *record.Verdict {
	v := &record.Verdict{Cause: record.CauseNone, At: record.AtNone, Certainty: record.Certain}
	worked := 0
	for i := range c.Transfers {
		if c.Transfers[i].Outcome == record.OK {
			worked++
		}
	}
	switch {
	case c.encrypted() && !c.ReadsAgain():
		v.Text, v.Certainty = "The capture shows no sign of failure; "+prose.Escape(c.Protection())+" hides the server's replies.", record.Likely
	case worked > 0 && worked < len(allDone):
		v.Text = allDone[worked]
	case worked > 0:
		v.Text = done(worked)
	case c.Login == record.LoginOK:
		v.Text = "The login succeeded, and no command failed."
	default:
		v.Text, v.Certainty = "No command failed.", record.Likely
	}
	// Whoever offers and leaves may have failed where no capture shows it, and whoever has a
	// proxy connect, where the request is lost.
	if !c.orderly() || c.Notes.Waiting != nil && !c.Notes.Quit.Seen() || c.RealServer != "" || worked == 0 && len(c.Transfers) > 0 {
		v.Certainty = record.Likely
	}
	return v
}

// orderly reports whether the capture holds the end of everything: QUIT or the client's
// FIN, both FINs of each data connection, what held one up for long, and as many bytes as
// the server told. Where one lacks, it may have been RST, or late.
func (c *hearing) orderly() bool {
	client, server := c.Halves(&c.Notes.Control)
	if !c.Notes.Quit.Seen() && (!client.FIN.Seen() || earlier(server.FIN, client.FIN) && c.Notes.Parting == nil) {
		return false
	}
	for i := range c.Transfers {
		t := &c.Transfers[i]
		if x := t.Notes.Conn; x == nil && len(t.Notes.Tried) > 0 || x != nil && !(x.Half[0].FIN.Seen() && x.Half[1].FIN.Seen()) {
			return false
		}
		if t.TCP != nil && t.TCP.Stall != nil && t.TCP.Stall.Why == flow.WhyUnknown.String() && t.TCP.Stall.Lasted() >= lateGreeting {
			return false // what held it up is not in the capture: it may have been loss
		}
		if t.Notes.Size != nil && t.Bytes != nil && t.Restart == nil && *t.Bytes < *t.Notes.Size {
			return false
		}
	}
	return true
}

// encrypted reports whether the control connection is under TLS, and was not opened.
func (c *hearing) encrypted() bool { return c.Hides() }
