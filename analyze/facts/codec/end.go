package codec

import (
	"ftpscope/analyze"
	"ftpscope/analyze/record"
)

// Tick takes a look at the clock.
func Tick(c *Coder, p *analyze.Tick) {
	Time(c, &p.Now)
	ord(c, &p.OldestSYN)
	ord(c, &p.OldestSession)
}

// Totals takes what the packets amount to.
func Totals(c *Coder, p *analyze.Totals) {
	List(c, &p.Files, Text)
	List(c, &p.Truncated, Text)
	for _, n := range []*uint64{&p.Packets, &p.Bytes, &p.Undecoded, &p.Dropped, &p.LostNetworks, &p.Evicted, &p.Repeated, &p.Unwatched} {
		Number(c, n)
	}
	Stamp(c, &p.First)
	Stamp(c, &p.Last)
	List(c, &p.Reasons, func(c *Coder, p *record.Reason) {
		c.String(&p.Text)
		Number(c, &p.Packets)
	})
	List(c, &p.WrongChecksums, func(c *Coder, p *record.ChecksumCount) {
		Address(c, &p.Host)
		Number(c, &p.Wrong)
		Number(c, &p.Checked)
	})
}
