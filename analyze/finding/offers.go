package finding

import (
	"net/netip"

	"ftpscope/analyze/record"
	"ftpscope/capture/flow"
)

// offers are the endpoints that held sessions announced, by which the two ends of FXP
// transfers find each other. They go in the order in which they came. Only a PORT to
// another host than the client can meet another session's endpoint, and most captures
// hold none, so the others are found by their endpoint only while there is one.
type offers struct {
	list    []offer
	first   int                       // in list: those before it went
	went    uint64                    // how many did; the first one's nth
	foreign int                       // offers of active mode
	newest  map[netip.AddrPort]uint64 // nth of each endpoint's newest offer, while there are any of those
}

// offer is a transfer of a held session.
type offer struct {
	link
	n         int // the transfer's number
	time      flow.Time
	active    bool
	announced netip.AddrPort
	older     uint64 // nth of the offer of the same endpoint before it, which may have gone
}

// maxOffers bounds the transfers that are looked at for one endpoint, the newest first: a
// port comes around again.
const maxOffers = 64

func newOffers() offers { return offers{went: 1, newest: map[netip.AddrPort]uint64{}} }

// get is the nth offer; nil: it went, or there is none.
func (o *offers) get(nth uint64) *offer {
	if nth < o.went {
		return nil
	}
	return &o.list[o.first+int(nth-o.went)]
}

// add links the session's transfers with those of others and keeps them for sessions to
// come.
func (o *offers) add(w *waiting) {
	for i := range w.Transfers {
		t := &w.Transfers[i]
		if !candidate(w.Session, t) {
			continue
		}
		w.offers++
		o.list = append(o.list, offer{
			link: linkOf(w, t), n: t.N, time: offered(w.Session, t), active: t.Mode == record.Active, announced: *t.Announced,
		})
		x := &o.list[len(o.list)-1]
		if x.active {
			o.foreign++
		}
		switch {
		case o.foreign == 0:
			continue
		case o.foreign == 1 && x.active:
			for i := o.first; i < len(o.list)-1; i++ {
				o.index(i)
			}
		}
		o.index(len(o.list) - 1)
		if y := o.partner(x); y != nil {
			x.join(y)
			y.join(x)
		}
	}
}

// index makes an offer the newest of its endpoint.
func (o *offers) index(i int) {
	x := &o.list[i]
	x.older = o.newest[x.announced]
	o.newest[x.announced] = o.went + uint64(i-o.first)
}

// candidate reports whether a transfer may be one end of FXP: a server's endpoint, or a
// PORT to another host than the client.
func candidate(s *record.Session, t *record.Transfer) bool {
	if t.Announced == nil {
		return false
	}
	return t.Mode == record.Passive || t.Mode == record.Active && t.Announced.Addr() != s.Client.Addr()
}

// partner is the transfer, of another session and the other mode, that announced the same
// endpoint nearest in time.
func (o *offers) partner(x *offer) *offer {
	var best *offer
	nearest := hold
	y := o.get(x.older)
	for i := 0; y != nil && i < maxOffers; i++ {
		d := x.time - y.time
		if d = max(d, -d); y.of != x.of && y.active != x.active && d < nearest && y.of.ends.nets.Meet(&x.of.ends.nets) {
			best, nearest = y, d
		}
		y = o.get(y.older)
	}
	return best
}

// offered is when a transfer's endpoint was announced.
func offered(s *record.Session, t *record.Transfer) flow.Time {
	switch {
	case t.Notes.Asked != nil:
		return t.Notes.Asked.Mark.Time
	case t.Notes.Answer != nil:
		return t.Notes.Answer.Time.Time
	}
	return s.Start.Time
}

func (x *offer) join(y *offer) {
	if x.of.left {
		return
	}
	if x.of.links == nil {
		x.of.links = map[int]*link{}
	}
	l := y.link
	x.of.links[x.n] = &l
}

// remove forgets the first session's.
func (o *offers) remove(w *waiting) {
	for range w.offers {
		x := &o.list[o.first]
		if x.active {
			if o.foreign--; o.foreign == 0 {
				clear(o.newest)
			}
		}
		if o.foreign > 0 && o.newest[x.announced] == o.went {
			delete(o.newest, x.announced)
		}
		*x = offer{}
		o.first++
		o.went++
	}
	if o.first > len(o.list)/2 {
		n := copy(o.list, o.list[o.first:])
		clear(o.list[n:])
		o.list, o.first = o.list[:n], 0
	}
}
