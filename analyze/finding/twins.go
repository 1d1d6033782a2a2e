package finding

import (
	"fmt"
	"strconv"

	"ftpscope/analyze/prose"
	"ftpscope/analyze/record"
	"ftpscope/capture/flow"
)

// Twins are one session captured at two points with a NAT between them: everything is the
// same but one end's address, and what the NAT's FTP helper rewrote. Sessions that only
// look alike (a job that runs on two hosts at the same second) must not be taken for
// twins, so the rules below ask for much and give up in doubt.
const (
	// twinApart is how far apart twins begin: the way between the points, and clocks that
	// differ.
	twinApart = 2 * flow.Second
	// twinPace is how much later or sooner after its session's begin a twin's command may
	// come: the way's jitter.
	twinPace = 50 * flow.Millisecond
	// maxTwins is how many held sessions a new one is compared with, the newest first.
	maxTwins = 64
)

// twins links the newest session with its twin and forgets the oldest of those that it
// was compared with.
func (st *Stream) twins(w *waiting) {
	if st.opt.Files < 2 {
		return
	}
	if whole(w.Session) {
		st.twin(w)
	}
	if i := len(st.held) - maxTwins; i >= 0 && st.held[i].left {
		st.drop(st.held[i])
	}
}

// twin looks for a session's twin. Where one fits several, none of them has one.
func (st *Stream) twin(w *waiting) {
	var found *waiting
	for i := len(st.held) - 1; i >= max(0, len(st.held)-maxTwins); i-- {
		h := st.held[i]
		if h.Session == nil || !alike(h.Session, w.Session) {
			continue
		}
		if found != nil || h.later != nil {
			if h.later != nil {
				h.later.twin = nil
			}
			return
		}
		found = h
	}
	if found != nil {
		found.later, w.twin, w.twinNth = w, found.Session, found.nth
	}
}

// comparable reports whether a session may yet be another's twin.
func (st *Stream) comparable(w *waiting) bool {
	return st.opt.Files > 1 && st.added-w.nth < maxTwins && whole(w.Session)
}

// whole reports whether the capture holds enough of a session to compare it.
func whole(s *record.Session) bool {
	g := s.Capture
	return g.FromStart && g.ClientSide && g.ServerSide && g.MissingBytes == 0 && s.User != nil && len(s.Transfers) > 0
}

// alike reports whether two sessions are twins.
func alike(a, b *record.Session) bool {
	if a.First.Pos.Point() == b.First.Pos.Point() || distance(a.Start.Time, b.Start.Time) > twinApart || !translated(a, b) || !whole(a) {
		return false
	}
	if a.Commands != b.Commands || len(a.Transfers) != len(b.Transfers) || !same(a.User, b.User) || !same(a.Banner, b.Banner) {
		return false
	}
	for i := range a.Transfers {
		x, y := &a.Transfers[i], &b.Transfers[i]
		if x.Method != y.Method || !same(x.Command, y.Command) || !same(x.Argument, y.Argument) || code(x.Reply) != code(y.Reply) {
			return false
		}
		if x.Bytes != nil && y.Bytes != nil && *x.Bytes != *y.Bytes {
			return false // one alone knows them where no helper made the data connection findable
		}
		if p, q := x.Notes.Ran, y.Notes.Ran; p != nil && q != nil && distance(p.Mark.Time-a.Start.Time, q.Mark.Time-b.Start.Time) > twinPace {
			return false
		}
	}
	return true
}

// translated reports whether one end has another address in b than in a and the other end
// is the same, its port included.
func translated(a, b *record.Session) bool {
	if a.Server == b.Server {
		return a.Client.Addr() != b.Client.Addr()
	}
	return a.Client == b.Client && a.Server.Addr() != b.Server.Addr()
}

func distance(a, b flow.Time) flow.Time { return max(a-b, b-a) }

func same[T comparable](a, b *T) bool { return a == b || a != nil && b != nil && *a == *b }

func code(r *record.Reply) int {
	if r == nil {
		return 0
	}
	return r.Code
}

// nearest puts that of two twins first which was captured nearer to the client. A router
// takes one from the TTL of what passes (RFC 791 section 3.2), so TTLs tell which it is,
// and show sessions of two hosts that only look like twins.
func nearest(a, b *record.Session) (near, far *record.Session, ok bool) {
	ac, as := a.Halves(&a.Notes.Control)
	bc, bs := b.Halves(&b.Notes.Control)
	d := int(ac.TTL) - int(bc.TTL)
	if ac.TTL == 0 || as.TTL == 0 || bc.TTL == 0 || bs.TTL == 0 || d != int(bs.TTL)-int(as.TTL) || d == 0 {
		return nil, nil, false
	}
	if d < 0 {
		a, b = b, a
	}
	return a, b, true
}

// acrossNAT compares what twins announce: once a session, at the later twin.
func acrossNAT(c *Case) (draft, bool) {
	if c.twin == nil {
		return draft{}, false
	}
	near, far, ok := nearest(c.twin, c.Session)
	if !ok {
		return draft{}, false
	}
	kept := -1
	for i := range near.Transfers {
		x, y := &near.Transfers[i], &far.Transfers[i]
		if x.Announced == nil || y.Announced == nil {
			continue
		}
		if changed(x, y) {
			return c.acrossDraft(near, far, i), true
		}
		own, seen := near.Client.Addr(), far.Client.Addr() // of the end that announces, on its side of the NAT and on the other
		if x.Mode == record.Passive {
			own, seen = far.Server.Addr(), near.Server.Addr()
		}
		if kept < 0 && namesAddress(x) && own != seen && x.Announced.Addr() == own {
			kept = i
		}
	}
	if kept < 0 {
		return draft{}, false
	}
	return c.acrossDraft(near, far, kept), true
}

// changed reports whether the announcement was rewritten between the points: a 229 reply
// has no address (RFC 2428 section 3), so only its port counts.
func changed(x, y *record.Transfer) bool {
	if !namesAddress(x) {
		return x.Announced.Port() != y.Announced.Port()
	}
	return *x.Announced != *y.Announced
}

func namesAddress(t *record.Transfer) bool {
	return t.Method != "EPSV" && t.Method != record.MethodDefault
}

// acrossDraft tells of transfer i, in the direction in which its announcement went.
func (c *Case) acrossDraft(near, far *record.Session, i int) draft {
	x, y := &near.Transfers[i], &far.Transfers[i]
	from, to := x, y
	if x.Mode == record.Passive {
		from, to = y, x
	}
	what, then := x.Method+" "+from.Announced.String(), " "
	if x.Mode == record.Passive {
		what, then = "the endpoint that the server announced by "+x.Method+", "+from.Announced.String(), ", "
	}
	other, mine := c.twin, c.Session
	was, is := other.Client, mine.Client
	if was == is {
		was, is = other.Server, mine.Server
	}
	first := "the other capture"
	if other.ID > 0 {
		first = "session " + strconv.Itoa(other.ID)
	}
	both := fmt.Sprintf("this is %s, captured on the other side of a NAT: there %s%s, here %s%s", first, was, c.packets(other.First.Pos), is, c.packets(mine.First.Pos))
	v := draft{transfer: x.N, frames: []flow.Pos{other.First.Pos, mine.First.Pos, announcement(from), announcement(to)}}
	where := c.packets(announcement(from), announcement(to))
	if changed(x, y) {
		v.message = prose.Clauses(both, fmt.Sprintf("on the way %s%sbecame %s%s: the NAT's FTP helper (ALG) rewrites it", what, then, to.Announced, where))
		v.advice = "nothing, if transfers work; if not, switch the helper off, or use EPSV, which names no address"
		return v
	}
	v.message = prose.Clauses(both, fmt.Sprintf("%s%spassed it unchanged%s: no FTP helper (ALG) rewrites it", what, then, where))
	v.advice = "use EPSV, which names no address, or let the NAT rewrite " + x.Method + " (an FTP ALG)"
	if x.Mode == record.Passive {
		v.advice = c.announceAdvice()
	}
	return v
}

// announcement is the packet that carried the endpoint: the client's command, or the
// server's reply.
func announcement(t *record.Transfer) flow.Pos {
	if t.Mode == record.Passive && t.Notes.Answer != nil {
		return t.Notes.Answer.Pos
	}
	return t.Frames.Negotiation
}
