package main

import (
	"context"
	"fmt"
	"math"
)

// The rates are a ladder: rung 0 is as fast as the sender can, each further one a tenth slower.
const (
	rungs       = 25 // to a twelfth
	rungStep    = 0.9
	mustSucceed = 3   // tries at a rate, none of which may lose a packet
	slowSender  = 0.9 // of the rate asked for, or of the sender's top: less is not that rate
)

// climb is a search for the first rung without loss: strides that double, then halves.
type climb struct {
	tool
	lost  int // the slowest rung known to lose; -1: none
	found int // the fastest rung without loss; rungs: none yet
	at    int // the rung that is being tried
	tried []try
	kept  []try   // of the rung found
	worst float64 // share lost on the rung above
}

func newClimb(t tool) *climb { return &climb{tool: t, lost: -1, found: rungs} }

func (c *climb) done() bool { return c.found == c.lost+1 }

// add takes the result of a try and says where to go on.
func (c *climb) add(t try) {
	c.tried = append(c.tried, t)
	switch {
	case t.missing() > 0:
		c.lost, c.worst = c.at, float64(t.missing())/float64(t.Packets)
	case len(c.tried) < mustSucceed:
		return
	default:
		c.found, c.kept = c.at, c.tried
	}
	c.tried = nil
	if c.found == rungs {
		c.at = min(2*c.lost+1, rungs-1)
	} else {
		c.at = (c.lost + c.found) / 2
	}
}

// rung is the rate of a rung; 0: as fast as it can.
func rung(n int, top float64) float64 {
	if n == 0 {
		return 0
	}
	return top * math.Pow(rungStep, float64(n))
}

// search finds each tool's rung, in turns.
func (b *bench) search(ctx context.Context, l *lab, tools []tool, from *sender, packets int64) (list []*climb, top float64, err error) {
	for _, t := range tools {
		list = append(list, newClimb(t))
	}
	for round, left := 0, true; left; round++ {
		left = false
		for i := range list {
			c := list[(i+round)%len(list)]
			if c.done() {
				continue
			}
			left = true
			r := request{Packets: packets, Rate: rung(c.at, top)}
			least := slowSender * r.Rate
			if c.at == 0 {
				least = slowSender * top
			}
			x, err := l.replay(ctx, c.tool, from, r, least)
			if err != nil {
				return nil, 0, err
			}
			fmt.Fprintf(b.log, "%s: rung %d, %.0f k packets/s: %d of %d missing, the kernel dropped %d, %.3f s CPU\n",
				c.name, c.at, x.rate()/1e3, x.Packets-x.got, x.Packets, x.drops, x.cpu.Seconds())
			if c.at == 0 {
				top = max(top, x.rate())
			}
			c.add(x)
		}
	}
	return list, top, nil
}

// spread is a figure over the tries without loss.
func (c *climb) spread(f func(try) float64) spread {
	if len(c.kept) == 0 {
		return spread{}
	}
	sample := make([]float64, len(c.kept))
	for i, t := range c.kept {
		sample[i] = f(t)
	}
	return spreadOf(sample)
}
