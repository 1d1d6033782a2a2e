package finding

import (
	"ftpscope/analyze/prose"
	"ftpscope/analyze/record"
	"ftpscope/capture/flow"
)

// What the rules on failing data connections share: which transfers failed so, how often
// it was tried, what followed.

// shut reports whether a transfer's data connection met its end in this state and the
// transfer failed for it. Under TLS the reply cannot be read; a connection to a service's
// port between the two hosts is no data connection then.
func shut(t *record.Transfer, state flow.State) bool {
	if t.Connection == nil || t.Connection.State != state.String() {
		return false
	}
	if t.Method == record.MethodEncrypted {
		return t.Connection.Dst.Port() >= flow.FirstUnprivileged
	}
	return t.Outcome == record.NoConnection
}

// tries is how often and over which time a data connection was tried, all connections to
// its endpoint together.
type tries struct {
	syns        int
	first, last flow.Mark
	frames      []flow.Pos
	conn        flow.Conn // the one that the record tells of
}

func triesOf(t *record.Transfer) tries {
	var r tries
	if t.Connection != nil {
		r.syns = t.Connection.Attempts
	}
	if t.Notes.Conn != nil {
		r.conn = *t.Notes.Conn
	}
	all := t.Notes.Tried
	if len(all) == 0 {
		all = []flow.Conn{r.conn}
	}
	for i := range all {
		c := &all[i]
		if c.Src.Addr() != r.conn.Src.Addr() || !c.SYN.Seen() {
			continue
		}
		if !r.first.Seen() || c.SYN.Time < r.first.Time {
			r.first = c.SYN
		}
		r.frames = append(r.frames, c.SYN.Pos)
		r.frames = append(r.frames, c.SYNsAt()...)
		r.frames = append(r.frames, c.LastSYN.Pos)
		if m := later(c.SYN, c.LastSYN); m.Time >= r.last.Time {
			r.last = m
		}
	}
	return r
}

func later(a, b flow.Mark) flow.Mark {
	if b.Seen() && b.Time >= a.Time {
		return b
	}
	return a
}

// over is " in 7 s" when it took more than one try.
func (r *tries) over() string {
	if r.syns < 2 || r.last.Time <= r.first.Time {
		return ""
	}
	return " in " + prose.Lasting(r.last.Time-r.first.Time)
}

// then says what the server replied after the data connection failed.
func (c *Case) then(t *record.Transfer) string {
	r := t.Reply
	switch {
	case t.Method == record.MethodEncrypted:
		return "the server's reply is encrypted"
	case r != nil && r.Code >= 400 && r != t.Notes.Answer:
		after := ""
		if ran := t.Notes.Ran; ran != nil && t.Command != nil && r.Time.Time-ran.Mark.Time >= flow.Second {
			after = " " + prose.Lasting(r.Time.Time-ran.Mark.Time) + " after " + *t.Command
		}
		return "the server " + c.answered(r) + after
	case t.Command != nil:
		return "no final reply to " + *t.Command + " is in this capture"
	case t.Preliminary == nil:
		return "no transfer command followed in this capture"
	}
	return ""
}

// evidence is the packets that prove a failed opening.
func evidence(t *record.Transfer, more ...flow.Pos) []flow.Pos {
	list := []flow.Pos{t.Frames.Negotiation, t.Frames.Command}
	if t.Reply != nil {
		list = append(list, t.Reply.Pos)
	}
	return append(list, more...)
}

// misled reports whether the announced address is not its host's and nobody put it right:
// the likeliest cause.
func (c *Case) misled(t *record.Transfer) bool {
	return mismatched(c, t) && (t.Connection == nil || t.Connection.Dst.Addr() == t.Announced.Addr())
}

// translated says so.
func (c *Case) translated(t *record.Transfer) string {
	switch {
	case !c.misled(t):
		return ""
	case t.Mode == record.Passive:
		return "the server announced " + prose.InternalKind(t.Announced.Addr()) + t.Announced.Addr().String() + ", but the client reaches it as " + c.Server.Addr().String()
	}
	return "the client announced " + prose.InternalKind(t.Announced.Addr()) + t.Announced.Addr().String() + ", but the server sees it as " + c.Client.Addr().String()
}
