package finding

import (
	"net/netip"

	"ftpscope/analyze/session"
	"ftpscope/capture/flow"
)

// offers are the endpoints that held sessions announced, by which the two ends of FXP transfers find each other.
type offers map[netip.AddrPort][]offer

// offer is a transfer of a held session.
type offer struct {
	of *waiting
	t  *session.Transfer
}

// maxOffers bounds the transfers that are looked at for one endpoint, the newest first: a port comes around again.
const maxOffers = 64

// add links the session's transfers with those of others and keeps them for sessions to come.
func (o offers) add(w *waiting) {
	for i := range w.Transfers {
		t := &w.Transfers[i]
		if !candidate(w.Session, t) {
			continue
		}
		x := offer{w, t}
		if y, ok := o.partner(x); ok {
			x.join(y)
			y.join(x)
		}
		k := *t.Announced
		o[k] = append(o[k], x)
	}
}

// candidate reports whether a transfer may be one end of FXP: a server's endpoint, or a PORT to another host than the client.
func candidate(s *session.Session, t *session.Transfer) bool {
	if t.Announced == nil {
		return false
	}
	return t.Mode == session.Passive || t.Mode == session.Active && t.Announced.Addr() != s.Client.Addr()
}

// partner is the transfer, of another session and the other mode, that announced the same endpoint nearest in time.
func (o offers) partner(x offer) (offer, bool) {
	list := o[*x.t.Announced]
	var best offer
	nearest := hold
	for i := len(list) - 1; i >= max(0, len(list)-maxOffers); i-- {
		y := list[i]
		d := x.time() - y.time()
		if d = max(d, -d); y.of != x.of && y.t.Mode != x.t.Mode && d < nearest {
			best, nearest = y, d
		}
	}
	return best, best.t != nil
}

func (x offer) time() flow.Time {
	switch {
	case x.t.Notes.Asked != nil:
		return x.t.Notes.Asked.Mark.Time
	case x.t.Notes.Answer != nil:
		return x.t.Notes.Answer.Time.Time
	}
	return x.of.Start.Time
}

func (x offer) join(y offer) {
	if x.of.links == nil {
		x.of.links = map[int]*link{}
	}
	x.of.links[x.t.N] = &link{y.of.Session, y.t}
}

// remove forgets a session that leaves. Sessions leave in the order in which they came, so its transfers come first.
func (o offers) remove(w *waiting) {
	for i := range w.Transfers {
		t := &w.Transfers[i]
		if !candidate(w.Session, t) {
			continue
		}
		k := *t.Announced
		list := o[k]
		for len(list) > 0 && list[0].of == w {
			list = list[1:]
		}
		if len(list) > 0 {
			o[k] = list
		} else {
			delete(o, k)
		}
	}
}
