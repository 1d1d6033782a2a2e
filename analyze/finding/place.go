package finding

import (
	"net/netip"
	"strconv"

	"ftpscope/analyze/prose"
	"ftpscope/capture/flow"
)

// point is where between the hosts the capture was taken, as TTLs tell it.
type point struct {
	client, server int // routers between the host and the place of capture; -1: not known
}

func (c *Case) point() point {
	client, server := c.Halves(&c.Notes.Control)
	return point{flow.Hops(client.TTL), flow.Hops(server.TTL)}
}

// fate says what an unanswered SYN means at the place of capture; to is the host that it
// was sent to.
func (c *Case) fate(from, to netip.Addr) string {
	p := c.point()
	if p.client < 0 || p.server < 0 {
		return ""
	}
	near, far := p.client, p.server // of the sender, of the receiver
	if from == c.Server.Addr() {
		near, far = far, near
	} else if from != c.Client.Addr() {
		return ""
	}
	known := to == c.Client.Addr() || to == c.Server.Addr()
	switch sender, receiver := c.party(from), c.party(to); {
	case !known && near == 0:
		return "the capture was taken next to " + sender + " (by the TTLs), so it does not show how far the SYNs got"
	case !known:
		return ""
	case near == 0 && far == 0:
		return "according to the TTLs, no router is between the two, so the firewall of " + receiver + ", or one right in front of it, most likely drops them"
	case near == 0:
		return "the capture was taken next to " + sender + " (by the TTLs), so it does not show whether the SYNs arrived or the answers were lost"
	case far == 0:
		return "the capture was taken next to " + receiver + " (by the TTLs), so the SYNs got that far: its own firewall, or one right in front of it, most likely drops them"
	default:
		return "the SYNs had passed " + prose.Many(near, "router") + " and had " + strconv.Itoa(far) + " ahead of them where the capture was taken (by the TTLs)"
	}
}

// forged reports whether a packet with this TTL came from another place than the other
// packets of the host, by the TTLs.
func (c *Case) forged(host netip.Addr, ttl uint8) bool {
	own, h := c.Distance(host), flow.Hops(ttl)
	return own >= 0 && h >= 0 && own != h
}

// neighbours reports whether two addresses are likely in one network: the same /24, the
// same /64.
func neighbours(a, b netip.Addr) bool {
	bits := 24
	if a.Is6() {
		bits = 64
	}
	p, err := a.Prefix(bits)
	return err == nil && p.Contains(b)
}
