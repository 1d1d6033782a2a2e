package verdict

import (
	"strconv"

	"ftpscope/analyze/record"
	"ftpscope/analyze/settings"
	"ftpscope/capture/flow"
)

// Bounces: a client that has the server connect to others (RFC 2577 section 2). What met the
// server there is the cause that packets and replies tell; who is to blame is the client.

// asBounce tells a failed transfer of a bounce as such.
func (c *hearing) asBounce(t *record.Transfer, v *record.Verdict) {
	if t.Outcome != record.NoConnection && t.Outcome != record.Denied && t.Outcome != record.Aborted || !c.Bounces(t) {
		return
	}
	if c.probed == 0 {
		for i := range c.Transfers {
			if c.Bounces(&c.Transfers[i]) {
				c.probed++
			}
		}
	}
	what := "this is a bounce"
	if c.probed > 1 {
		what = "this is a bounce scan, with " + strconv.Itoa(c.probed) + " such commands in the session"
	}
	if v.Cause == record.CauseAddressUntranslated { // no NAT explains a bounce
		if met := first(c, t, []judge{refused, unreachable, unanswered, saidTimedOut, neverTried}); met != nil {
			*v = *met
			v.Transfer = t.N
		}
	}
	v.At = record.AtClient
	v.Text = sentence("with "+t.Method+c.packets(t.Frames.Negotiation)+" the client made the server connect to "+t.Announced.String()+", which is not the client: "+what, c.outcomeOf(t), c.then(t))
	v.Next = steps("look at what else this client did, and at what the server sent to "+t.Announced.Addr().String(),
		"let the server refuse PORT to hosts other than the client"+c.settings(settings.OwnPeer))
}

// thirdHost reports whether PORT named a host that no NAT explains: the client wants the
// server to connect to somebody else.
func thirdHost(c *hearing, t *record.Transfer) bool {
	a := t.Announced.Addr()
	if t.Mode != record.Active || a == c.Client.Addr() || a.IsUnspecified() {
		return false
	}
	return t.Announced.Port() < flow.FirstUnprivileged || a.IsLoopback() && !c.Client.Addr().IsLoopback() ||
		!flow.IsInternal(a) && !flow.IsInternal(c.Client.Addr()) || !elsewhere(a, c.Server.Addr())
}
