package verdict

import (
	"fmt"

	"ftpscope/analyze/prose"
	"ftpscope/analyze/record"
	"ftpscope/capture/flow"
)

// What held data up, as TCP tells it: windows, repetitions, silence.

// leastHold is how long data must have waited for it to be why a transfer failed.
const leastHold = 3 * flow.Second

// heldUp is a data connection whose data waited to the end, or nearly, until somebody
// gave up.
func heldUp(c *hearing, t *record.Transfer, conn *flow.Conn) *record.Verdict {
	from := sender(t)
	if t.TCP == nil || conn.Course == nil || from == "" || t.Outcome == record.OK {
		return nil
	}
	if s := t.TCP.Stall; s != nil && s.Lasted() >= leastHold && conn.Last.Time-s.To.Time < s.Lasted() {
		switch s.Why {
		case flow.WhyZeroWindow.String():
			return zeroWindow(c, t, other(from))
		case flow.WhyMTU.String(), flow.WhyLoss.String():
			return lost(c, t, conn)
		}
	}
	return silent(c, t, conn, from)
}

// zeroWindow is a receiver that stopped reading.
func zeroWindow(c *hearing, t *record.Transfer, receiver string) *record.Verdict {
	v := opening(t, record.CauseDataZeroWindow, receiver)
	v.Certainty = record.Certain
	v.Frames = append(v.Frames, t.Notes.Conn.Last.Pos)
	v.Text = sentence("the window of the "+receiver+" stayed 0 for "+prose.Lasting(t.TCP.Stall.Lasted())+" on the data connection of "+named(t)+after(t)+": the program there did not read", c.then(t))
	v.Next = steps("why does the program on the " + receiver + " not read on? Look for a full disk, a prompt, a scanner, a stopped program")
	return v
}

// lost is a sender that repeated its data until somebody gave up.
func lost(c *hearing, t *record.Transfer, conn *flow.Conn) *record.Verdict {
	s := &conn.Course.Side[dataSide(t)]
	v := opening(t, record.CauseDataLoss, record.AtPath)
	v.Certainty = record.Likely
	v.Frames = append(v.Frames, conn.Last.Pos)
	again := "the sender sent them again for " + prose.Lasting(t.TCP.Stall.Lasted())
	if t.TCP.Again != nil {
		again = prose.Many(t.TCP.Again.Segments, "segment") + " sent again in " + prose.Lasting(t.TCP.Stall.Lasted())
	}
	acked := ""
	if t.TCP.Acknowledged != nil {
		acked = ", " + prose.Number(*t.TCP.Acknowledged) + " bytes acknowledged"
		if t.Bytes != nil {
			acked = ", " + prose.Number(*t.TCP.Acknowledged) + " of " + prose.Number(*t.Bytes) + " bytes acknowledged"
		}
	}
	switch {
	case s.TooBig != nil && t.TCP.Stall.Why == flow.WhyMTU.String():
		unheeded(c, t, v, again+acked)
	case t.TCP.Stall.Why == flow.WhyMTU.String():
		v.Cause = record.CauseDataMTU
		v.Text = sentence("full-size segments of "+prose.Number(uint64(s.Stuck))+" bytes did not arrive in "+named(t)+acked+c.packets(conn.Last.Pos)+", while smaller ones did: "+again, c.then(t))
		v.Next = steps("find the link with the smaller MTU on the way (ping with do-not-fragment), a tunnel or PPPoE; lower the MSS there (MSS clamping) or the host's MTU",
			"let firewalls pass ICMP fragmentation needed and ICMPv6 packet too big")
	default:
		if s.Stuck > 0 && t.Notes.Passed < s.Stuck {
			v.Or, v.Certainty = []string{record.CauseDataMTU}, record.Open
		}
		v.Text = sentence("segments were lost on the data connection of "+named(t)+acked+c.packets(conn.Last.Pos)+": "+again, c.then(t))
		v.Next = steps("look for loss on the way: interface errors, duplex, overload, a rate limit, a firewall that forgot the connection", "capture at the receiver and compare: that shows where they are lost")
	}
	return v
}

// unheeded tells of a sender to which a router said that its packets were too big, and
// that sent them again all the same.
func unheeded(c *hearing, t *record.Transfer, v *record.Verdict, what string) {
	conn := t.Notes.Conn
	s, from := &conn.Course.Side[dataSide(t)], sender(t)
	e := s.TooBig
	v.Cause = record.CauseDataMTU
	v.Frames = append(v.Frames, e.Mark.Pos)
	router, limit := e.From.Addr().String(), ""
	if e.MTU > 0 {
		limit = ", at most " + prose.Number(uint64(e.MTU)) + " bytes may pass"
	}
	said := "ICMP fragmentation needed"
	if e.V6 {
		said = "ICMPv6 packet too big"
	}
	v.Text = sentence("the router "+router+" reported ("+said+") that packets of "+named(t)+" were too big"+limit+c.packets(e.Mark.Pos)+", and the "+from+" did not send smaller ones: "+what, c.then(t))
	if c.gapless() && s.Repeats > 1 {
		v.Certainty = record.Certain
	}
	lower := "until then, lower the MTU of the " + from + " or the MSS on the way (MSS clamping)"
	if header := headers(e); e.MTU > header {
		lower = "until then, lower the MTU of the " + from + " to " + prose.Number(uint64(e.MTU)) + ", or clamp the MSS to " + prose.Number(uint64(e.MTU-header)) + " on the way"
	}
	v.Next = steps("why does the "+from+" ignore ICMP? If the capture was taken outside its firewall, check whether that drops "+said, lower, "look at the link behind "+router+": tunnels and PPPoE have a smaller MTU")
}

// headers are the bytes of an IP and a TCP header without options.
func headers(e *flow.ICMP) uint32 {
	if e.V6 {
		return 60
	}
	return 40
}

// silent is a sender that stopped although all that it sent was acknowledged.
func silent(c *hearing, t *record.Transfer, conn *flow.Conn, from string) *record.Verdict {
	side := &conn.Course.Side[dataSide(t)]
	end := gaveUpAt(c, t)
	if end == 0 || t.Bytes == nil || *t.Bytes > 0 && !side.AckSeen || side.Open(*t.Bytes) || !c.gapless() {
		return nil
	}
	client, server := c.Halves(conn)
	mine := server
	if from == record.Client {
		mine = client
	}
	e := c.ended(conn)
	if mine.FIN.Seen() && mine.FIN == e.at || e.at.Seen() && e.at.Time < end-flow.Second {
		return nil
	}
	var since flow.Time
	if s := t.TCP.Stall; s != nil && s.Why == flow.WhySender.String() {
		since = s.From.Time
	} else if *t.Bytes == 0 {
		since = conn.Start.Time
	} else if !e.at.Seen() {
		since = conn.Last.Time
	} else {
		return nil
	}
	if end-since < leastHold {
		return nil
	}
	v := opening(t, record.CauseDataSilent, from)
	v.Certainty = record.Likely
	v.Text = sentence("the "+from+" sent nothing for "+prose.Lasting(end-since)+" on the data connection of "+named(t)+after(t)+", all of them acknowledged", c.then(t))
	if *t.Bytes == 0 {
		v.Text = sentence("the "+from+" sent nothing for "+prose.Lasting(end-since)+" on the data connection of "+named(t)+", which was open", c.then(t))
	}
	v.Next = steps("why does the program on the "+from+" send nothing? Look for a slow disk or database, a pipe that waits, a stopped program", "capture at the "+from+": if its segments leave it and do not arrive here, they are lost on the way")
	if c.takenAt() != from {
		v.Text = sentence("nothing from the "+from+" arrived here for "+prose.Lasting(end-since)+" on the data connection of "+named(t)+after(t)+", all of them acknowledged", c.then(t))
		v.Certainty, v.Or = record.Open, []string{record.CauseDataLoss}
		if *t.Bytes == 0 {
			v.Text = sentence("the data connection of "+named(t)+" was open, and nothing from the "+from+" arrived here for "+prose.Lasting(end-since), c.then(t))
			v.Or = []string{record.CauseDataLoss, record.CauseDataMTU} // small packets came: full-size ones may not
		}
		v.Next[0], v.Next[1] = v.Next[1], v.Next[0]
	}
	return v
}

// gaveUpAt is when somebody gave a transfer up: the server by its reply, the client by
// leaving; 0: nobody did.
func gaveUpAt(c *hearing, t *record.Transfer) flow.Time {
	client, _ := c.Halves(&c.Notes.Control)
	switch {
	case t.Reply != nil && t.Reply.Code >= 400:
		return t.Reply.Time.Time
	case t.Reply != nil:
		return 0
	case client.FIN.Seen():
		return client.FIN.Time
	case client.RST.Seen():
		return client.RST.Time
	}
	return 0
}

// leftWaiting is a transfer whose data waited until the client left.
func leftWaiting(c *hearing, t *record.Transfer) *record.Verdict {
	if t.Reply != nil || !met(t, flow.Established) || gaveUpAt(c, t) == 0 || !c.gapless() {
		return nil
	}
	return heldUp(c, t, t.Notes.Conn)
}

// dataSide is the direction of a transfer's data on its connection.
func dataSide(t *record.Transfer) flow.Direction {
	if t.Notes.From == t.Notes.Conn.Src {
		return flow.Out
	}
	return flow.In
}

// slow is a transfer that worked, and waited for more than half of its time.
func slow(c *hearing, t *record.Transfer) *record.Verdict {
	const least, leastPause = 5 * flow.Second, flow.Second
	if t.TCP == nil || t.TCP.Duration < least || !met(t, flow.Established) || t.Notes.Conn.Course == nil || sender(t) == "" || t.Bytes == nil || *t.Bytes == 0 {
		return nil
	}
	x, waited := t.Notes.Conn.Course, flow.Time(0)
	for w, took := range x.Waited {
		if flow.Why(w) != flow.WhyUnknown {
			waited += took
		}
	}
	if waited < least || waited*2 <= t.TCP.Duration {
		return nil
	}
	v := about(t, record.CauseSlow, record.AtPath)
	v.Certainty = record.Likely
	why := ""
	switch t.TCP.Limit {
	case record.LimitLoss:
		why = "segments were lost and sent again"
		if t.TCP.Again != nil && *t.Bytes > 0 {
			why += fmt.Sprintf(": %s, %d %% of the bytes", prose.Many(t.TCP.Again.Segments, "segment"), t.TCP.Again.Bytes*100 / *t.Bytes)
		}
		v.Next = steps("look for loss on the way: interface errors, duplex, overload, a rate limit")
	case record.LimitWindow:
		v.At = other(sender(t))
		why = "the window of the " + v.At + " was 0: the program there did not read"
		v.Next = steps("why does the program on the " + v.At + " read so slowly? Look for a slow disk, a scanner")
	case record.LimitSender:
		from := c.Server.Addr()
		if sender(t) == record.Client {
			from = c.Client.Addr()
		}
		if c.Distance(from) != 0 || c.Notes.Control.Closing == flow.Cut || t.TCP.Stall == nil || t.TCP.Stall.Lasted() < leastPause {
			return nil // from afar a slow way looks alike
		}
		v.At = sender(t)
		why = "the " + v.At + " sent nothing, although everything was acknowledged"
		v.Next = steps("why does the program on the " + v.At + " send so slowly? Look for a slow disk, a rate limit of its own, a pipe that waits")
	default:
		return nil
	}
	v.Frames = append(v.Frames, t.Notes.Conn.Last.Pos)
	v.Text = sentence(named(t) + " took " + prose.Lasting(t.TCP.Duration) + " for " + prose.Many(*t.Bytes, "byte") + ", of which " + prose.Lasting(waited) + " were waiting: " + why)
	return v
}
