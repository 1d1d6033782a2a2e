package codec

import (
	"ftpscope/analyze/control"
	"ftpscope/analyze/record"
	"ftpscope/capture/flow"
)

// Expectation takes a negotiation as the Matcher hears of it.
func Expectation(c *Coder, p *control.Expectation) {
	Number(c, &p.Control)
	Number(c, &p.Index)
	c.Bool(&p.Passive)
	end(c, &p.Endpoint)
	Address(c, &p.Peer)
	Address(c, &p.Expected)
	c.Bool(&p.Also)
	Mark(c, &p.Mark)
	nets(c, &p.Nets)
}

// HostExpectation takes a session's wish for the connections of its hosts.
func HostExpectation(c *Coder, p *control.HostExpectation) {
	Number(c, &p.Control)
	Address(c, &p.Client)
	Address(c, &p.Server)
	c.Bool(&p.On)
	c.Bool(&p.Lossy)
	Mark(c, &p.Mark)
	nets(c, &p.Nets)
}

// Transcript takes what a control connection said: all that is known of it before the
// Matcher completes its Session.
func Transcript(c *Coder, p *control.Transcript) {
	session(c, &p.Session)
	List(c, &p.Negotiations, negotiation)
	List(c, &p.TransferCommands, transferCommand)
	for i := range p.TransferCommands {
		if n := p.TransferCommands[i].Negotiation; c.reads && (n < -1 || int(n) >= len(p.Negotiations)) {
			c.fail(errValue)
		}
	}
	List(c, &p.Encrypted, func(c *Coder, p *control.Span) {
		Mark(c, &p.From)
		Mark(c, &p.To)
		Number(c, &p.Serial)
	})
	for _, b := range []*bool{&p.LostCommands, &p.LostReplies, &p.Unheard, &p.BothSpoke, &p.OnControlPort} {
		c.Bool(b)
	}
	spoken(c, &p.Spoken)
	direction(c, &p.ClientSide)
	Number(c, &p.LimitHits)
	Number(c, &p.Held)
	optional(c, &p.Tunnel, tunnel)
	optional(c, &p.Half, func(c *Coder, p *control.Half) {
		List(c, &p.Pieces, func(c *Coder, p *control.Piece) {
			List(c, &p.Bytes, (*Coder).byte)
			Mark(c, &p.At)
		})
		c.Bool(&p.Lost)
	})
}

func direction(c *Coder, p *flow.Direction) {
	if Number(c, p); *p > flow.In {
		c.fail(errValue)
		*p = 0
	}
}

func spoken(c *Coder, p *record.Spoken) {
	Mark(c, &p.Mark)
	c.String(&p.Verb)
	Number(c, &p.Code)
	c.Bool(&p.Both)
}

func tunnel(c *Coder, p *record.Tunnel) {
	c.String(&p.Kind)
	c.String(&p.Target)
	c.String(&p.Answer)
	c.Bool(&p.Refused)
	Mark(c, &p.At)
}

func negotiation(c *Coder, p *control.Negotiation) {
	c.String(&p.Method)
	end(c, &p.Endpoint)
	Time(c, &p.Since)
	line(c, &p.Asked)
	reply(c, &p.Answer)
	signed(c, &p.Index)
	signed(c, &p.Serial)
	direction(c, &p.ClientSide)
	c.Bool(&p.Passive)
	c.Bool(&p.Rejected)
}

func transferCommand(c *Coder, p *control.TransferCommand) {
	signed(c, &p.Negotiation)
	signed(c, &p.Serial)
	Number(c, &p.Verb)
	c.Bool(&p.Unseen)
	c.byte(&p.Mode)
	c.Bool(&p.HasRestart)
	c.Bool(&p.HasSize)
	c.Bool(&p.ReplyDoubtful)
	line(c, &p.Line)
	c.String(&p.Argument)
	c.String(&p.Path)
	c.String(&p.Representation)
	reply(c, &p.Preliminary)
	reply(c, &p.Reply)
	optional(c, &p.Aborted, Mark)
	Number(c, &p.Restart)
	Number(c, &p.Size)
	pos(c, &p.SizeFrom)
}

// session takes what a control connection alone tells of it.
func session(c *Coder, p *record.Session) {
	Mark(c, &p.First)
	Stamp(c, &p.Start)
	Stamp(c, &p.End)
	end(c, &p.Client)
	end(c, &p.Server)
	for _, s := range []**string{&p.User, &p.Password, &p.Banner, &p.System} {
		optional(c, s, Text)
	}
	c.Bool(&p.Anonymous)
	for _, s := range []*string{&p.Login, &p.TLS, &p.Closing, &p.RealClient, &p.RealServer, &p.Sensor, &p.Capture.Undecrypted} {
		c.String(s)
	}
	optional(c, &p.Handshake, tlsInfo)
	List(c, &p.Dialogue, exchange)
	List(c, &p.Operations, operation)
	Number(c, &p.Commands)
	for _, b := range []*bool{&p.Capture.FromStart, &p.Capture.ToEnd, &p.Capture.ClientSide, &p.Capture.ServerSide, &p.Capture.Decrypted} {
		c.Bool(b)
	}
	Number(c, &p.Capture.MissingBytes)
	notes(c, &p.Notes)
}

func notes(c *Coder, p *record.Notes) {
	Conn(c, &p.Control)
	heard(c, &p.Heard)
	span(c, &p.Idle)
	Time(c, &p.ClientSpoke)
	c.Bool(&p.Unbegun)
	optional(c, &p.Refused, tunnel)
}

func heard(c *Coder, p *record.Heard) {
	List(c, &p.Oddities, func(c *Coder, p *record.Oddity) {
		c.String(&p.Kind)
		Mark(c, &p.Mark)
		c.String(&p.Detail)
	})
	List(c, &p.Logins, login)
	Mark(c, &p.LoginEnd)
	Mark(c, &p.Quit)
	Mark(c, &p.AuthTLS)
	c.String(&p.Security)
	Mark(c, &p.ProtC)
	List(c, &p.Site, func(c *Coder, p *record.SiteCommand) {
		Mark(c, &p.Mark)
		c.String(&p.Text)
		optional(c, &p.Reply, reply)
	})
	List(c, &p.Climbs, func(c *Coder, p *record.Climb) {
		Mark(c, &p.Mark)
		c.String(&p.Verb)
		c.String(&p.Argument)
		optional(c, &p.Reply, reply)
		c.Bool(&p.FromLogin)
	})
	Number(c, &p.OperationsLeft)
	reply(c, &p.Greeting)
	reply(c, &p.Extra)
	optional(c, &p.Denied, denial)
	optional(c, &p.Late, denial)
	optional(c, &p.Parting, reply)
	optional(c, &p.Waiting, line)
	optional(c, &p.Foreign, func(c *Coder, p *record.Foreign) {
		c.String(&p.Protocol)
		Mark(c, &p.Mark)
		c.Bool(&p.ByServer)
	})
	optional(c, &p.Ident, func(c *Coder, p *record.Ident) {
		Mark(c, &p.First)
		Mark(c, &p.Last)
		Number(c, &p.Tries)
	})
}

func denial(c *Coder, p *record.Denial) {
	line(c, &p.Line)
	reply(c, &p.Reply)
}

func login(c *Coder, p *record.Login) {
	Mark(c, &p.Mark)
	c.Bool(&p.NoPassword)
	c.String(&p.User)
	c.Bool(&p.OK)
	c.Bool(&p.Sealed)
	Number(c, &p.Code)
	optional(c, &p.Reply, reply)
	c.String(&p.Challenge)
	c.Bool(&p.OneTime)
}

func line(c *Coder, p *record.Line) {
	Mark(c, &p.Mark)
	c.String(&p.Text)
}

func reply(c *Coder, p *record.Reply) {
	Stamp(c, &p.Time)
	pos(c, &p.Pos)
	pos(c, &p.Link)
	Number(c, &p.Code)
	c.String(&p.Text)
	c.Bool(&p.Cut)
	c.String(&p.About)
}

func exchange(c *Coder, p *record.Exchange) {
	Stamp(c, &p.Time)
	pos(c, &p.Pos)
	pos(c, &p.Link)
	c.String(&p.Command)
	optional(c, &p.Argument, Text)
	List(c, &p.Replies, reply)
}

func operation(c *Coder, p *record.Operation) {
	Stamp(c, &p.Time)
	pos(c, &p.Pos)
	pos(c, &p.Link)
	c.String(&p.What)
	optional(c, &p.Path, Text)
	optional(c, &p.From, Text)
	optional(c, &p.Argument, Text)
	optional(c, &p.Reply, reply)
}
