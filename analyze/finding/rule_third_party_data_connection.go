package finding

import (
	"fmt"
	"net/netip"

	"ftpscope/analyze/prose"
	"ftpscope/analyze/record"
	"ftpscope/analyze/settings"
	"ftpscope/capture/flow"
)

var thirdParty = Rule{
	ID: "third-party-data-connection", Severity: record.Critical,
	Title:   "data connection of a third host",
	Meaning: "A host that is neither the client nor the server connected to the announced endpoint: it took the data or replaced them (port stealing, \"pizza thief\"), unless the client or the server has several addresses (NAT, load balancers, clusters). Low if it carried nothing and the server ended the transfer.",
	judge:   each(stolen),
}

func stolen(c *Case, t *record.Transfer) (draft, bool) {
	thief := thief(c, t)
	if thief == nil || fxp(c, t) || t.Mode == record.Passive && t.Announced != nil && c.mayLink(t, thief.Src.Addr()) {
		return draft{}, false
	}
	out, in := thief.Half[flow.Out].Bytes, thief.Half[flow.In].Bytes
	share := "no data were transferred over it"
	switch {
	case out > 0 && in > 0:
		share = "it sent " + prose.Many(out, "byte") + " and received " + prose.Many(in, "byte")
	case out > 0:
		share = "it sent " + prose.Many(out, "byte")
	case in > 0:
		share = "it received " + prose.Many(in, "byte")
	}
	first := thief.SYN
	if !first.Seen() {
		first = thief.Start
	}
	v := draft{
		message: prose.Clauses(thief.Src.Addr().String()+", neither the client nor the server, connected to "+thief.Dst.String()+
			", announced by "+t.Method+" for "+named(t)+c.packets(t.Frames.Negotiation, first.Pos), share, robbed(c, t), c.afterStranger(t)),
		frames: evidence(t, first.Pos),
	}
	refused := t.Reply != nil && t.Reply.Code >= 400
	if out+in == 0 && (refused || !c.gapless()) { // what the server said of it may be missing
		v.severity = record.Low
	}
	if out+in > 0 || !refused {
		v.advice = thirdAdvice(c, t, thief)
	}
	return v, true
}

// afterStranger is the refusal of a transfer whose data connection a third host opened.
func (c *Case) afterStranger(t *record.Transfer) string {
	if t.Reply == nil || t.Reply.Code < 400 {
		return ""
	}
	return c.then(t)
}

// robbed says what the host saw that should have opened the connection.
func robbed(c *Case, t *record.Transfer) string {
	host, who := c.Client.Addr(), "the client"
	if t.Mode == record.Active {
		host, who = c.Server.Addr(), "the server"
	}
	if t.Mode == record.Unknown || !c.covered(host) || c.Capture.MissingBytes > 0 {
		return ""
	}
	for i := range t.Notes.Tried {
		if t.Notes.Tried[i].Src.Addr() == host {
			return ""
		}
	}
	if t.Outcome == record.OK && t.Mode == record.Passive && t.Reply != nil {
		return fmt.Sprintf("%s opened none in this capture, but got %d anyway", who, t.Reply.Code)
	}
	return who + " opened none in this capture"
}

func thirdAdvice(c *Case, t *record.Transfer, thief *flow.Conn) string {
	advice := "whose address is " + thief.Src.Addr().String() + "? "
	if thief.Half[flow.Out].Bytes+thief.Half[flow.In].Bytes > 0 {
		advice += "If it is not another address of the client or the server (NAT, load balancer, cluster), treat what was transferred as disclosed or forged; "
	} else {
		advice += "If it is not another address of the client or the server (NAT, load balancer, cluster), it tried to receive or send data in its place;  "
	}
	if t.Mode == record.Active {
		return advice + "let the client accept data connections only from the server's address, and use TLS"
	}
	return advice + "let the server accept data connections only from the client's address" + c.settings(settings.OwnPeer) + ", and use TLS"
}

// thief is the connection of a third host that was established to a transfer's endpoint;
// nil when there is none.
func thief(c *Case, t *record.Transfer) *flow.Conn {
	if t.Method == record.MethodEncrypted || t.Method == record.MethodDefault {
		return nil
	}
	stranger := func(a netip.Addr) bool { return a != c.Client.Addr() && a != c.Server.Addr() }
	if conn := t.Notes.Conn; conn != nil && t.Initiator == record.ThirdParty && conn.State == flow.Established {
		return conn
	}
	for i := range t.Notes.Tried {
		if conn := &t.Notes.Tried[i]; conn.OpenerKnown && conn.State == flow.Established && stranger(conn.Src.Addr()) {
			return conn
		}
	}
	return nil
}
