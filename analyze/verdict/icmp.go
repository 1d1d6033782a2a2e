package verdict

import (
	"net/netip"

	"ftpscope/analyze/prose"
	"ftpscope/analyze/record"
	"ftpscope/capture/flow"
)

// Errors of routers and hosts about the SYN of a data connection.

func unreachable(c *hearing, t *record.Transfer) *record.Verdict {
	if !met(t, flow.Unreachable) {
		return nil
	}
	conn := t.Notes.Conn
	v := opening(t, record.CauseDataUnreachable, record.AtPath)
	e := conn.ICMP
	tried := c.party(conn.Src.Addr()) + " tried " + prose.Times(t.Connection.Attempts) + " to open the data connection to " + conn.Dst.String()
	if e == nil {
		v.Text = sentence(tried+" and got an ICMP error: unreachable", c.then(t))
		v.Next = steps("check the route to " + conn.Dst.Addr().String())
		return v
	}
	v.Frames, v.Certainty = append(v.Frames, e.Mark.Pos), record.Certain
	from := e.From.Addr()
	far, forged := reporter(c, from, e.TTL)
	v.Text = sentence(tried+" and got "+prose.ICMPError(from, int(e.Type), int(e.Code), c.party(from)+far)+c.packets(e.Mark.Pos), c.then(t))
	v.Next = steps("check the route to "+conn.Dst.Addr().String()+" at "+from.String(), "if a firewall at "+from.String()+" rejects it: "+c.permit(t))
	if rejects(e) {
		v.Cause, v.At = record.CauseDataRejected, record.AtFirewall
		if from == conn.Dst.Addr() && (from == c.Client.Addr() || from == c.Server.Addr()) && !forged {
			v.At = c.place(from)
		}
		v.Next = steps("the firewall at " + from.String() + " rejects the connection: " + c.permit(t))
		if forged {
			v.Next = steps("look for the firewall on the way that rejects the connection in the name of "+from.String(), c.permit(t))
		}
	}
	return v
}

// rejects reports whether an ICMP error is how firewalls reject: prohibited, or port
// unreachable (RFC 792, RFC 1812 section 5.2.7.1, RFC 4443 section 3.1).
func rejects(e *flow.ICMP) bool {
	if e.V6 {
		return e.Type == 1 && (e.Code == 1 || e.Code >= 4)
	}
	return e.Type == 3 && (e.Code == 2 || e.Code == 3 || e.Code == 9 || e.Code == 10 || e.Code == 13)
}

// reporter says how far away the sender of an ICMP error is, by its TTL, and whether that is
// farther or nearer than the host in whose name it came.
func reporter(c *hearing, from netip.Addr, ttl uint8) (far string, forged bool) {
	hops := flow.Hops(ttl)
	switch {
	case hops < 0:
		return "", false
	case from == c.Client.Addr(), from == c.Server.Addr():
		if c.madeBy(from, ttl) != madeBetween {
			return "", false
		}
		return ", which by its TTL did not send it", true
	}
	return ", " + prose.Many(hops, "router") + " away", false
}
