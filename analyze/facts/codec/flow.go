package codec

import (
	"ftpscope/analyze/record"
	"ftpscope/capture/flow"
)

// Conn takes a connection.
func Conn(c *Coder, p *flow.Conn) {
	Number(c, &p.ID)
	end(c, &p.Src)
	end(c, &p.Dst)
	Mark(c, &p.Start)
	Mark(c, &p.Last)
	Mark(c, &p.SYN)
	Mark(c, &p.SYNACK)
	Number(c, &p.SYNs)
	Mark(c, &p.LastSYN)
	optional(c, &p.SYNPos, syns)
	c.Bool(&p.OpenerKnown)
	Number(c, &p.State)
	Number(c, &p.Closing)
	c.byte(&p.Digits)
	c.Bool(&p.ManyFiles)
	Number(c, &p.Sent)
	told(c, p)
	nets(c, &p.Nets)
	optional(c, &p.ICMP, icmp)
	optional(c, &p.Conflict, Mark)
	Number(c, &p.Numbers)
	for i := range p.Half {
		half(c, &p.Half[i])
	}
	if optional(c, &p.Course, course); p.State > flow.Unreachable || p.Closing > flow.ResetBy || p.Sent > flow.SentNothing {
		c.fail(errValue)
		p.State, p.Closing, p.Sent = 0, 0, 0
	}
}

// told takes what a reader made of what a connection carried.
func told(c *Coder, p *flow.Conn) {
	d := record.TLSOf(p)
	if optional(c, &d, dataTLS); c.reads {
		if p.Facts = nil; d != nil {
			p.Facts = d
		}
	}
}

func half(c *Coder, p *flow.Half) {
	Number(c, &p.Bytes)
	Number(c, &p.Missing)
	Number(c, &p.Packets)
	Mark(c, &p.FirstData)
	Mark(c, &p.FIN)
	Mark(c, &p.RST)
	c.byte(&p.TTL)
	c.Bool(&p.Silent)
	c.byte(&p.PlainTTL)
	c.byte(&p.FINTTL)
	c.byte(&p.RSTTTL)
	c.byte(&p.First)
}

func syns(c *Coder, p *flow.SYNs) {
	for i := range p {
		pos(c, &p[i])
	}
}

// nets takes those of a connection, which are mostly one.
func nets(c *Coder, p *flow.Nets) {
	one := p[0].Nets() == *p
	c.Bool(&one)
	if Number(c, &p[0]); one {
		*p = p[0].Nets()
		return
	}
	for i := range p[1:] {
		Number(c, &p[1+i])
	}
}

// Host takes a host.
func Host(c *Coder, p *flow.Host) {
	a := p.Addr()
	if Address(c, &a); c.reads && a.IsValid() {
		*p = flow.HostOf(a)
	}
}

func icmp(c *Coder, p *flow.ICMP) {
	Host(c, &p.From)
	c.Bool(&p.V6)
	c.byte(&p.Type)
	c.byte(&p.Code)
	c.byte(&p.TTL)
	Number(c, &p.MTU)
	Mark(c, &p.Mark)
}

func course(c *Coder, p *flow.Course) {
	span(c, &p.Shake)
	Time(c, &p.Stall.From)
	Time(c, &p.Stall.To)
	Number(c, &p.Stall.After)
	if Number(c, &p.Stall.Why); p.Stall.Why >= flow.Whys {
		c.fail(errValue)
		p.Stall.Why = 0
	}
	for i := range p.Waited {
		span(c, &p.Waited[i])
	}
	for i := range p.Side {
		side(c, &p.Side[i])
	}
}

func side(c *Coder, p *flow.Side) {
	Number(c, &p.Acked)
	Number(c, &p.Again)
	Number(c, &p.AgainBytes)
	span(c, &p.RTT)
	span(c, &p.ZeroWindow)
	for _, n := range []*uint32{&p.Window, &p.Largest, &p.Passed, &p.Stuck, &p.Repeats} {
		Number(c, n)
	}
	for _, b := range []*bool{&p.AckSeen, &p.Doubtful, &p.Shrunk, &p.Heeded, &p.Routed} {
		c.Bool(b)
	}
	optional(c, &p.TooBig, icmp)
	optional(c, &p.Curve, curve)
}

func curve(c *Coder, p *flow.Curve) {
	List(c, &p.Points, func(c *Coder, p *flow.CurvePoint) {
		Time(c, &p.At)
		Number(c, &p.Sent)
		Number(c, &p.Acked)
	})
	List(c, &p.Marks, func(c *Coder, p *flow.CurveMark) {
		Number(c, &p.Kind)
		Time(c, &p.From)
		Time(c, &p.To)
		Number(c, &p.After)
		Number(c, &p.Count)
	})
}

// LoneSYN takes a SYN that nothing followed.
func LoneSYN(c *Coder, p *flow.LoneSYN) {
	Host(c, &p.Src)
	Host(c, &p.Dst)
	Mark(c, &p.First)
	optional(c, &p.Again, func(c *Coder, p *flow.Repeated) {
		Number(c, &p.Count)
		Mark(c, &p.Last)
		syns(c, &p.At)
	})
	Number(c, &p.SrcPort)
	Number(c, &p.DstPort)
	c.byte(&p.TTL)
	c.byte(&p.Digits)
	Number(c, &p.Net)
	c.Bool(&p.Cut)
}

// Path takes the tags and tunnels of a network.
func Path(c *Coder, p *flow.Path) {
	list := []flow.Step(*p)
	List(c, &list, func(c *Coder, p *flow.Step) {
		if Number(c, &p.Kind); p.Kind > flow.StepLISP {
			c.fail(errValue)
			p.Kind = 0
		}
		Number(c, &p.ID)
		for i := range p.Ends {
			Number(c, &p.Ends[i].Hi)
			Number(c, &p.Ends[i].Lo)
		}
	})
	*p = list
}
