package finding

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"ftpscope/analyze/prose"
	"ftpscope/analyze/record"
	"ftpscope/analyze/settings"
	"ftpscope/capture/flow"
)

var bounceAttempt = Rule{
	ID: "bounce-attempt", Severity: record.High,
	Title:   "FTP bounce",
	Meaning: "PORT or EPRT names an address that is not the client's, and neither NAT nor FXP explains it: the client wants the server to connect to a third host, to scan it or to attack it (RFC 2577 section 2). This finding says what became of the connections; data-refused and the like do not.",
	judge:   bounces,
}

// foreignness is why an active transfer's announced address is not the client's.
type foreignness uint8

const (
	own foreignness = iota
	byFXP
	byNAT
	byBounce
	untold // the capture lacks what would tell
)

// foreign tells the reasons apart. NAT is what explains an address that is private where
// the client's is public, or the other way round; the endpoint of a neighbour, a
// service's port, or a connection that was made to it speak for bounce.
func foreign(c *Case, t *record.Transfer) foreignness {
	if t.Mode != record.Active || t.Announced == nil || !mismatched(c, t) {
		return own
	}
	a, client, server := t.Announced.Addr(), c.Client.Addr(), c.Server.Addr()
	conn := t.Connection
	met := conn != nil && conn.Dst.Addr() == a && (conn.State == established || conn.State == "refused" && neighbours(a, server))
	switch {
	case fxp(c, t):
		return byFXP
	case c.mayLink(t, a):
		return untold
	case conn != nil && conn.Dst.Addr() == client && conn.State == established:
		return byNAT
	case met || t.Announced.Port() < flow.FirstUnprivileged || a.IsLoopback() || c.scans(a):
		return byBounce
	case a.Is4() != client.Is4() || a.IsUnspecified(), client.IsLoopback():
		return byNAT
	case flow.IsInternal(a) && flow.IsInternal(client):
		if neighbours(a, server) || neighbours(a, client) {
			return byBounce
		}
		return byNAT
	case flow.IsInternal(a), flow.IsInternal(client) && !flow.IsInternal(server):
		return byNAT
	}
	return byBounce
}

// bounces has one draft a session: scans name thousands of endpoints.
func bounces(c *Case) []draft {
	var first, worst *record.Transfer
	var endpoints map[netip.AddrPort]bool
	var hosts map[netip.Addr]bool
	connected := 0
	var v draft
	for i := range c.Transfers {
		t := &c.Transfers[i]
		if foreign(c, t) != byBounce {
			continue
		}
		if first == nil {
			first = t
			endpoints, hosts = map[netip.AddrPort]bool{}, map[netip.Addr]bool{}
		}
		endpoints[*t.Announced], hosts[t.Announced.Addr()] = true, true
		v.frames = append(v.frames, t.Frames.Negotiation, t.Frames.SYN)
		if t.Connection != nil && t.Connection.State == established {
			connected++
			if worst == nil {
				worst = t
			}
		}
	}
	if first == nil {
		return nil
	}
	t := first
	if worst != nil {
		t = worst
	}
	v.transfer = t.N
	v.frames = append(bounceEvidence(c, t), v.frames...)
	more := ""
	if n := len(endpoints) - 1; n > 0 {
		more = fmt.Sprintf("the session names %s on %s in total", prose.Many(len(endpoints), "endpoint"), prose.Many(len(hosts), "host")) + scanned(c, endpoints)
	}
	v.message = prose.Clauses(fmt.Sprintf("%s names %s, which is not the client %s%s", t.Method, t.Announced, c.Client.Addr(), c.packets(t.Frames.Negotiation)),
		bounced(c, t), more)
	v.advice = "let the server refuse PORT to addresses other than the client's and to ports below 1024, as RFC 2577 section 3 recommends" + c.settings(settings.OwnPeer)
	return []draft{v}
}

// maxProbed is how many ports a message lists with what was learned of them.
const maxProbed = 24

// scanned lists what a session learned of the endpoints that it named, in the order of
// their first naming, if they are few.
func scanned(c *Case, endpoints map[netip.AddrPort]bool) string {
	if len(endpoints) > maxProbed || c.spent {
		return ""
	}
	var list []string
	for i := range c.Transfers {
		t := &c.Transfers[i]
		if t.Announced == nil || !endpoints[*t.Announced] || foreign(c, t) != byBounce {
			continue
		}
		list = append(list, t.Announced.String()+" "+probed(t))
		delete(endpoints, *t.Announced)
	}
	return ": " + strings.Join(list, ", ")
}

// probed is what a scan learned of a port: by the connection, or, where the capture does not
// hold it, by the server's words.
func probed(t *record.Transfer) string {
	r := t.Reply
	switch {
	case t.Connection != nil && t.Connection.State == established:
		return "open"
	case t.Connection != nil:
		return t.Connection.State
	case r == nil || t.Command == nil:
		return "not tried"
	case r.Code < 400:
		return "open (" + strconv.Itoa(r.Code) + ")"
	}
	text := strings.ToLower(r.Text)
	switch code := strconv.Itoa(r.Code); {
	case strings.Contains(text, "refused"):
		return "closed (" + code + ")"
	case strings.Contains(text, "timed out") || strings.Contains(text, "timeout") || strings.Contains(text, "unreachable") || strings.Contains(text, "no route"):
		return "filtered (" + code + ")"
	case r.Code == 425 || r.Code == 426:
		return "not open (" + code + ")"
	}
	return "unknown (" + strconv.Itoa(r.Code) + ")"
}

// scans reports whether the session names a host as no NAT explains it, by one of its
// ports: then the others are of the same scan.
func (c *Case) scans(a netip.Addr) bool {
	g := c.glance()
	if !g.bounced {
		g.bounced = true
		for i := range c.Transfers {
			if t := &c.Transfers[i]; t.Mode == record.Active && t.Announced != nil && t.Announced.Port() < flow.FirstUnprivileged && mismatched(c, t) {
				g.scanned = append(g.scanned, t.Announced.Addr())
				if len(g.scanned) == maxScanned {
					break
				}
			}
		}
	}
	return slices.Contains(g.scanned, a)
}

// maxScanned bounds the hosts whose other ports are looked for.
const maxScanned = 64

// bounced says what the server did with it.
func bounced(c *Case, t *record.Transfer) string {
	conn := t.Connection
	switch {
	case conn != nil && conn.State == established && t.Carried() != nil:
		return "the server connected to it" + c.packets(t.Frames.SYN) + " and " + prose.Many(*t.Carried(), "byte") + " were transferred"
	case conn != nil && conn.State == established:
		return "the server connected to it" + c.packets(t.Frames.SYN)
	case conn != nil:
		return prose.Clauses("the server tried to connect to it"+c.packets(t.Frames.SYN)+" and "+rebuffed(c, t), c.then(t))
	case t.Notes.Answer != nil && t.Notes.Answer.Code >= 400:
		return "the server refused: it " + c.answered(t.Notes.Answer)
	case t.Notes.Answer != nil:
		return "the server " + c.answered(t.Notes.Answer) + "; it did not connect in this capture" + afterwards(c, t)
	}
	return "the server did not connect in this capture" + afterwards(c, t)
}

// afterwards is the reply to a transfer command that waited for the connection.
func afterwards(c *Case, t *record.Transfer) string {
	if t.Outcome != record.NoConnection || t.Reply == nil {
		return ""
	}
	return "; " + c.then(t)
}

// rebuffed says what met the server's SYN, and which packet shows it.
func rebuffed(c *Case, t *record.Transfer) string {
	n := t.Notes.Conn
	switch {
	case n != nil && n.State == flow.Refused:
		return "was refused with RST" + c.packets(n.Half[flow.In].RST.Pos)
	case n != nil && n.State == flow.Unreachable && n.ICMP != nil:
		return "got " + icmpError(n.ICMP, n.ICMP.From.Addr().String()) + c.packets(n.ICMP.Mark.Pos)
	}
	return opened(t.Connection.State)
}

// bounceEvidence is the packets that the message names.
func bounceEvidence(c *Case, t *record.Transfer) []flow.Pos {
	list := evidence(t, t.Frames.SYN)
	if n := t.Notes.Conn; n != nil {
		list = append(list, n.Half[flow.In].RST.Pos)
		if n.ICMP != nil {
			list = append(list, n.ICMP.Mark.Pos)
		}
	}
	return list
}

// toldAsBounce reports whether bounce-attempt tells what became of a transfer's data
// connection.
func toldAsBounce(c *Case, t *record.Transfer) bool {
	return c.bounces && foreign(c, t) == byBounce
}
