package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"syscall"

	"ftpscope/capture/capturetest/traffic"
)

// livePlans are what is replayed: all of it TCP, in memory. It is sent over and over
// until livePackets went.
var livePlans = []traffic.Plan{
	{Kind: traffic.Bulk, Seed: 1, Bytes: 256 * mib},
	{Kind: traffic.Chatty, Seed: 1, Sessions: 1e4},
}

const (
	livePackets      = 1 << 20
	livePacketsQuick = 1 << 17
)

// liveBench measures sniff, beside tools that write what they hear.
type liveBench struct{ *bench }

// rates finds how fast packets may come that ftpscope, tcpdump and dumpcap sniff, and
// none is lost. With -soak only ftpscope is asked, and then sniffs for long.
func (b liveBench) rates() error {
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer cancel()
	l, err := newLab(b.log)
	if err != nil {
		return err
	}
	defer l.close()
	if b.soak > 0 {
		return b.soakAt(ctx, l)
	}
	if _, err := exec.LookPath("dumpcap"); err != nil {
		return errors.New("no dumpcap to compare with; hint: apt install wireshark-common")
	}
	verdicts := table{{"traffic", "tool", "no loss up to, k packets/s", "Gbit/s", "limit", "rate, × tcpdump", "CPU s / M packets", "CPU, × tcpdump"}}
	for _, p := range livePlans {
		list, _, err := b.fastest(ctx, l, p, b.tools())
		if err != nil {
			return err
		}
		b.compareClimbs(string(p.Kind), list, &verdicts)
	}
	fmt.Fprintf(b.out, "\n%s. Highest rate without a packet lost in %d replays of %s packets, in turns; median (least–most).\n",
		b.machine, mustSucceed, grouped(b.livePackets()))
	fmt.Fprintln(b.out)
	verdicts.print(b.out)
	return nil
}

func (b liveBench) livePackets() int64 {
	if b.quick {
		return livePacketsQuick
	}
	return livePackets
}

// fastest searches with a sender of its own.
func (b liveBench) fastest(ctx context.Context, l *lab, p traffic.Plan, tools []tool) ([]*climb, float64, error) {
	from, err := l.sender(ctx, p)
	if err != nil {
		return nil, 0, err
	}
	list, top, err := b.search(ctx, l, tools, from, b.livePackets())
	return list, top, errors.Join(err, from.close())
}

// compareClimbs adds a row for each tool, and judges.
func (b liveBench) compareClimbs(kind string, list []*climb, t *table) {
	var peer *climb
	for _, c := range list {
		if c.name == yardstick {
			peer = c
		}
	}
	for _, c := range list {
		rate, cost := c.spread((try).rate), c.spread((try).cost)
		row := []string{kind, c.name, "none found", "", c.limit(), "", "", ""}
		if c.found < rungs {
			row[2] = fmt.Sprintf("%.0f (%.0f–%.0f)", rate.median/1e3, rate.least/1e3, rate.most/1e3)
			row[3] = fmt.Sprintf("%.2f", c.spread((try).gbits).median)
			row[6] = cost.text("%.3f")
		}
		if c.found < rungs && peer.found < rungs {
			row[5] = fmt.Sprintf("%.2f", rate.median/peer.spread((try).rate).median)
			row[7] = fmt.Sprintf("%.2f", cost.median/peer.spread((try).cost).median)
		}
		if c.name == judged {
			row[5] += b.judgeClimb(kind, c, peer)
		}
		t.add(row...)
	}
}

// limit says what the rate found is limited by.
func (c *climb) limit() string {
	switch {
	case c.found == 0:
		return "the sender's top"
	case c.found == rungs:
		return fmt.Sprintf("%.2f %% lost at the slowest", 100*c.worst)
	}
	return fmt.Sprintf("%.2f %% lost a step above", 100*c.worst)
}

// judgeClimb compares rungs: rates of the same rung differ by chance only.
func (b liveBench) judgeClimb(kind string, c, peer *climb) string {
	if c.found <= peer.found && c.found < rungs {
		return " (no lower: met)"
	}
	b.missed = append(b.missed, fmt.Sprintf("%s: %s loses packets at a rate at which %s does not", kind, c.name, peer.name))
	return " (no lower: missed)"
}
