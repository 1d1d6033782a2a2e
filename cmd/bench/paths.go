package main

import (
	"fmt"

	"ftpscope/capture/capturetest/traffic"
)

// mostGrowth is how much more memory a capture of four times the length may take.
const mostGrowth = 1.10

// big is four times the mix that compare reads.
func (b *bench) big() (mix, big captureFile) {
	mix = b.sized(contests[0])
	big = captureFile{mix.name + "-4x", mix.plan}
	big.plan.Bytes *= 4
	return mix, big
}

// memory shows that memory does not grow with the length of a capture.
func (b *bench) memory() error {
	mix, big := b.big()
	if !b.room(2 * big.plan.Bytes) {
		fmt.Fprintf(b.out, "\nno room for %s: growth of memory not measured\n", big.pcap())
		return nil
	}
	if _, err := b.make(mix); err != nil {
		return err
	}
	if _, err := b.make(big); err != nil {
		return err
	}
	commands := []command{{"", b.analyze(b.ftpscope, "json", mix.pcap())}, {"", b.analyze(b.ftpscope, "json", big.pcap())}}
	all, err := b.takeTurns(commands, b.rounds)
	if err != nil {
		return err
	}
	if !b.plots { // which use it again
		if err := b.drop(big); err != nil {
			return err
		}
	}
	t := table{{"memory, MiB", mix.name, big.name, "growth"}}
	one, four := of(peakMiB, all[0]).median, of(peakMiB, all[1]).median
	t.add("peak", fmt.Sprintf("%.1f", one), fmt.Sprintf("%.1f", four), b.judgeGrowth(four/one))
	b.goals = append(b.goals, t)
	return nil
}

func (b *bench) judgeGrowth(growth float64) string {
	verdict := "met"
	if growth > mostGrowth {
		verdict = "missed"
		b.missed = append(b.missed, fmt.Sprintf("memory: × %.2f for four times the capture, goal ≤ %.2f", growth, mostGrowth))
	}
	return fmt.Sprintf("× %.2f (≤ %.2f: %s)", growth, mostGrowth, verdict)
}

// room reports whether so many bytes may be written, as far as that can be known.
func (b *bench) room(n int64) bool {
	free, known := freeSpace(b.dir)
	return !known || free > n
}

// path is a way through the program that the comparison with tcpdump does not take.
type path struct {
	captureFile
	output string
	most   float64 // seconds; 0: no goal
}

func (b *bench) paths() []path {
	n := 1
	if b.quick {
		n = 20
	}
	name := func(s string) string {
		if b.quick {
			return s + "-quick"
		}
		return s
	}
	interleaved := captureFile{name("interleaved"), traffic.Plan{Kind: traffic.Interleaved, Seed: 1, Sessions: 10000, Commands: 100 / n}}
	long := captureFile{name("longsession"), traffic.Plan{Kind: traffic.LongSession, Seed: 1, Commands: 1e6 / n}}
	fewer := captureFile{name("brief-100k"), traffic.Plan{Kind: traffic.Brief, Seed: 1, Sessions: 1e5 / n}}
	more := captureFile{name("brief-1m"), traffic.Plan{Kind: traffic.Brief, Seed: 1, Sessions: 1e6 / n}}
	reorder := captureFile{name("reorder"), traffic.Plan{Kind: traffic.Reorder, Seed: 1, Bytes: 100e6 / int64(n)}}
	return []path{
		{interleaved, "json", 0}, {long, "json", 0}, {fewer, "json", 0}, {more, "json", 0}, {reorder, "json", 0},
		{fewer, "table", 2}, {b.sized(contests[3]), "table", 0},
	}
}

const pathRounds = 3

// otherPaths measures them.
func (b *bench) otherPaths() error {
	t := table{{"capture", "output", "sessions", "commands", "packets", "MB", "wall s", "CPU s", "peak MiB", "ns/packet", "goal"}}
	for _, p := range b.paths() {
		c, err := b.make(p.captureFile)
		if err != nil {
			return err
		}
		all, err := b.takeTurns([]command{{p.name, b.analyze(b.ftpscope, p.output, p.pcap())}}, min(pathRounds, b.rounds))
		if err != nil {
			return err
		}
		wall, verdict := of(wallTime, all[0]), ""
		if p.most > 0 {
			verdict = fmt.Sprintf("≤ %v s: met", p.most)
			if wall.median > p.most {
				verdict = fmt.Sprintf("≤ %v s: missed", p.most)
				b.missed = append(b.missed, fmt.Sprintf("%s to a %s: %.1f s, goal ≤ %v", p.name, p.output, wall.median, p.most))
			}
		}
		t.add(p.name, p.output, grouped(c.Sessions), grouped(c.Commands), grouped(c.Packets), grouped(c.Bytes/1e6), wall.text("%.3f"),
			fmt.Sprintf("%.3f", of(processorTime, all[0]).median), fmt.Sprintf("%.1f", of(peakMiB, all[0]).most),
			fmt.Sprintf("%.0f", wall.median*1e9/float64(c.Packets)), verdict)
	}
	fmt.Fprintln(b.out, "\nother paths:")
	t.print(b.out)
	return nil
}
