package verdict

import (
	"strconv"

	"ftpscope/analyze/prose"
	"ftpscope/analyze/record"
	"ftpscope/capture/flow"
)

// One session captured on both sides of a box that translates addresses: what came to it and
// did not leave it, it dropped itself.

// half judges what is left of a session that its twin tells as a whole.
func (b *Bench) half(s *record.Session) {
	whole := s.Notes.Twin
	if whole.Verdict == nil {
		b.Preview(whole)
	}
	v := *whole.Verdict
	v.Transfer = 0
	v.Text = "What the server sent in " + sessionNamed(whole) + ", seen on the other side of a NAT. " + v.Text
	s.Verdict = &v
}

func sessionNamed(s *record.Session) string {
	if s.ID == 0 {
		return "another session"
	}
	return "session " + strconv.Itoa(s.ID)
}

// counterpart is a transfer as the twin has it; nil: there is no twin, or nothing that is
// certainly the same.
func counterpart(c *hearing, t *record.Transfer) *record.Transfer {
	o := c.Notes.Twin
	if o == nil || c.Notes.IsHalf || o.Notes.IsHalf || len(o.Transfers) != len(c.Transfers) || !c.gapless() || !(&hearing{Session: o}).gapless() {
		return nil
	}
	x := &o.Transfers[t.N-1]
	if x.Method != t.Method || (x.Command == nil) != (t.Command == nil) || x.Command != nil && *x.Command != *t.Command {
		return nil
	}
	return x
}

// box names what lies between the twins.
func box(c *hearing) string {
	if c.First.Pos.Point() == c.Notes.Twin.First.Pos.Point() {
		return "this box"
	}
	return "the device between the two places of capture"
}

// there is where the twin's packets are.
func there(c *hearing) string {
	return "the other side (" + sessionNamed(c.Notes.Twin) + ")"
}

// droppedHere is a SYN, or its answer, that was seen on one side of the box and not on the
// other.
func droppedHere(c *hearing, t *record.Transfer) *record.Verdict {
	x := counterpart(c, t)
	if x == nil {
		return nil
	}
	in, out := t, x
	came, left := "", " on "+there(c)
	if t.Connection == nil {
		in, out, came, left = x, t, left, came
	}
	if in.Connection == nil {
		return nil
	}
	if in.Notes.Conn.State == flow.Refused && out.Connection == nil {
		return rejectedHere(c, t, in, came, left)
	}
	if in.Notes.Conn.State != flow.Unanswered || in.Connection.Attempts < 2 {
		return nil
	}
	v := opening(in, record.CauseDataBlocked, record.AtFirewall)
	if v.Certainty = record.Certain; givenUpAtOnce(c, in) {
		v.Certainty = record.Likely
	}
	syns := prose.Many(in.Connection.Attempts, "SYN") + " of " + sideOf(c, in) + " for the data connection to " + in.Connection.Dst.String()
	where := c.packets(in.Notes.Conn.SYN.Pos, in.Notes.Conn.LastSYN.Pos)
	switch {
	case out.Connection == nil:
		v.Text = sentence(syns+" reached "+box(c)+came+where+" and did not leave it"+left+": it drops them", c.then(t))
	case out.Notes.Conn.SYNACK.Seen():
		v.Frames = append(v.Frames, out.Notes.Conn.SYNACK.Pos)
		v.Text = sentence(syns+" passed "+box(c)+where+", and the answer"+c.packets(out.Notes.Conn.SYNACK.Pos)+" reached it and did not leave it: it drops the answer", c.then(t))
	default:
		return nil
	}
	v.Next = steps("look at the firewall rules of "+box(c)+", its forwarding and its drop counters: it must let data connections through", c.permit(in))
	return v
}

// rejectedHere is a SYN that was seen on one side of the box only, and was answered there with
// RST.
func rejectedHere(c *hearing, t, in *record.Transfer, came, left string) *record.Verdict {
	conn := in.Notes.Conn
	v := opening(in, record.CauseDataRejected, record.AtFirewall)
	if in.Connection.Attempts > 1 {
		v.Certainty = record.Certain
	}
	v.Frames = append(v.Frames, conn.Half[flow.In].RST.Pos)
	v.Text = sentence(prose.Many(in.Connection.Attempts, "SYN")+" of "+sideOf(c, in)+" for the data connection to "+in.Connection.Dst.String()+" reached "+box(c)+came+c.packets(conn.SYN.Pos, conn.LastSYN.Pos)+
		" and did not leave it"+left+": it rejects them with RST"+c.packets(conn.Half[flow.In].RST.Pos), c.then(t))
	v.Next = steps("look at the firewall rules of "+box(c)+" and its forwarding: it must let data connections through", c.permit(in))
	return v
}

// givenUpAtOnce reports whether who waited for a connection gave it up sooner after the last
// SYN than silence makes anybody give up: an answer is missing.
func givenUpAtOnce(c *hearing, in *record.Transfer) bool {
	client, _ := c.Halves(&c.Notes.Control)
	end := left(client).Time
	if in.Mode == record.Active && in.Reply != nil {
		end = in.Reply.Time.Time
	}
	waited := end - in.Notes.Conn.LastSYN.Time
	return waited >= 0 && waited < flow.Second
}

// sideOf names who opened a transfer's connection.
func sideOf(c *hearing, t *record.Transfer) string {
	switch t.Initiator {
	case record.Client, record.Server:
		return "the " + t.Initiator
	}
	return t.Connection.Src.Addr().String()
}

// passedUnchanged is a private address that left the box as it had come: no NAT translated
// it.
func passedUnchanged(c *hearing, t *record.Transfer) *record.Verdict {
	x := counterpart(c, t)
	if x == nil || t.Connection != nil || x.Connection != nil || t.Announced == nil || x.Announced == nil || *t.Announced != *x.Announced {
		return nil
	}
	host, _ := c.announcer(t)
	known, _ := (&hearing{Session: c.Notes.Twin}).announcer(x)
	announced := t.Announced.Addr()
	if host == known || announced != host || !flow.IsInternal(announced) || flow.IsInternal(known) {
		return nil
	}
	v := opening(t, record.CauseAddressUntranslated, record.AtNAT)
	v.Certainty = record.Certain
	v.Frames = append(v.Frames, x.Frames.Negotiation)
	who := record.Client
	if t.Mode == record.Passive {
		who = record.Server
	}
	v.Text = sentence("the "+who+" announced "+prose.InternalKind(announced)+announced.String()+" by "+t.Method+c.packets(t.Frames.Negotiation)+", and "+box(c)+" let it pass unchanged to "+there(c)+c.packets(x.Frames.Negotiation)+
		", where the "+who+" is known as "+known.String(), c.then(t))
	v.Next = c.translate(t)
	return v
}

// droppedData is data that came to the box and did not all leave it.
func droppedData(c *hearing, t *record.Transfer, conn *flow.Conn) *record.Verdict {
	x := counterpart(c, t)
	if x == nil || !met(x, flow.Established) || t.Bytes == nil || x.Bytes == nil || *t.Bytes == *x.Bytes || *t.MissingBytes+*x.MissingBytes > 0 {
		return nil
	}
	in, out := max(*t.Bytes, *x.Bytes), min(*t.Bytes, *x.Bytes)
	v := opening(t, record.CauseDataLoss, record.AtFirewall)
	v.Certainty = record.Certain
	v.Frames = append(v.Frames, conn.Last.Pos, x.Notes.Conn.Last.Pos)
	v.Text = sentence(prose.Many(in, "byte")+" of "+named(t)+" reached "+box(c)+", and "+prose.Number(out)+" left it on the other side: it drops the rest", c.then(t))
	v.Next = steps("look at " + box(c) + ": what its firewall drops, its MTU towards the receiver, offloading of its interfaces, its load")
	return v
}
