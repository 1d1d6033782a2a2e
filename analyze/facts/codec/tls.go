package codec

import "ftpscope/analyze/record"

func tlsInfo(c *Coder, p *record.TLSInfo) {
	Mark(c, &p.ClientHello)
	Mark(c, &p.ServerHello)
	c.raw(p.Random[:])
	for _, s := range []*string{&p.ServerName, &p.Version, &p.Cipher, &p.Protocol, &p.JA3, &p.JA4, &p.JA3S} {
		c.String(s)
	}
	List(c, &p.Offered, Text)
	List(c, &p.Protocols, Text)
	for _, b := range []*bool{&p.Encrypted, &p.Resumed, &p.Full, &p.Asked, &p.Resumable} {
		c.Bool(b)
	}
	List(c, &p.Tickets, Number)
	alert(c, &p.Alert)
	optional(c, &p.Certificate, certificate)
	List(c, &p.Replies, func(c *Coder, p *record.SealedReply) {
		Mark(c, &p.At)
		Number(c, &p.Size)
	})
}

func alert(c *Coder, p *record.TLSAlert) {
	Mark(c, &p.Mark)
	c.String(&p.Name)
	for _, b := range []*bool{&p.Fatal, &p.ByServer, &p.Guessed, &p.Late} {
		c.Bool(b)
	}
}

func certificate(c *Coder, p *record.Certificate) {
	Mark(c, &p.Mark)
	c.raw(p.SHA256[:])
	c.String(&p.Serial)
	c.String(&p.Subject)
	c.String(&p.Issuer)
	List(c, &p.Names, Text)
	clock(c, &p.NotBefore)
	clock(c, &p.NotAfter)
	c.Bool(&p.SelfSigned)
}

// dataTLS takes what is known of a data connection under TLS.
func dataTLS(c *Coder, p *record.DataTLS) {
	for i := range p.Ends {
		end(c, &p.Ends[i])
		optional(c, &p.Plain[i], Number)
	}
	c.Bool(&p.Opened)
	optional(c, &p.Info, tlsInfo)
	if Number(c, &p.Server); p.Server < 0 || p.Server > 1 {
		c.fail(errValue)
		p.Server = 0
	}
	List(c, &p.Early, Number)
}
