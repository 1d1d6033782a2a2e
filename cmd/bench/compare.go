package main

import (
	"fmt"

	"ftpscope/capture/capturetest/traffic"
)

// goal is what a run must not exceed: wall and processor time as multiples of tcpdump's,
// and memory in MiB.
type goal struct{ wall, cpu, peak float64 }

// contest is a capture that ftpscope and tcpdump both read, and what to reach on it.
type contest struct {
	full, quick captureFile
	goal
}

func (b *bench) sized(c contest) captureFile {
	if b.quick {
		return c.quick
	}
	return c.full
}

const mib = 1 << 20

var contests = []contest{
	{captureFile{"mix", traffic.Plan{Kind: traffic.Mix, Seed: 1, Bytes: 1024 * mib}},
		captureFile{"mix-quick", traffic.Plan{Kind: traffic.Mix, Seed: 1, Bytes: 64 * mib, Concurrent: 500}}, goal{0.50, 0.55, 64}},
	{captureFile{"bulk", traffic.Plan{Kind: traffic.Bulk, Seed: 1, Bytes: 1024 * mib}},
		captureFile{"bulk-quick", traffic.Plan{Kind: traffic.Bulk, Seed: 1, Bytes: 64 * mib}}, goal{0.30, 0.32, 64}},
	{captureFile{"synflood", traffic.Plan{Kind: traffic.SYNFlood, Seed: 1, SYNs: 3e6}},
		captureFile{"synflood-quick", traffic.Plan{Kind: traffic.SYNFlood, Seed: 1, SYNs: 2e5}}, goal{0.75, 0.85, 64}},
	{captureFile{"chatty", traffic.Plan{Kind: traffic.Chatty, Seed: 1, Sessions: 1e5}},
		captureFile{"chatty-quick", traffic.Plan{Kind: traffic.Chatty, Seed: 1, Sessions: 6e3, Concurrent: 1000}}, goal{1.8, 1.9, 192}},
}

// compare measures ftpscope against tcpdump.
func (b *bench) compare() error {
	verdicts := table{{"capture", "packets", "MB", "wall, × tcpdump", "CPU, × tcpdump", "peak MiB"}}
	for _, c := range contests {
		row, err := b.contest(c)
		if err != nil {
			return err
		}
		verdicts.add(row...)
	}
	b.goals = append(b.goals, verdicts)
	return nil
}

// contest measures on one capture, prints all that was measured and returns the row of
// the goals.
func (b *bench) contest(c contest) ([]string, error) {
	file := b.sized(c)
	counts, err := b.make(file)
	if err != nil {
		return nil, err
	}
	commands := []command{
		{"tcpdump 'tcp port 21'", b.filter(file.pcap())},
		{"ftpscope", b.analyze(b.ftpscope, "json", file.pcap())},
		{"ftpscope --workers 2", b.analyze(b.ftpscope, "json", file.pcap(), "--workers", "2")},
	}
	if b.against != "" {
		commands = append(commands, command{b.against, b.analyze(b.against, "json", file.pcap())})
	}
	all, err := b.takeTurns(commands, b.rounds)
	if err != nil {
		return nil, err
	}
	fmt.Fprintf(b.out, "\n%s: %s packets, %s bytes, %s sessions, %s transfers\n", file.name, grouped(counts.Packets),
		grouped(counts.Bytes), grouped(counts.Sessions), grouped(counts.Active+counts.Passive))
	t := table{{"command", "wall s", "CPU s", "peak MiB", "ns/packet", "wall, × tcpdump", "CPU, × tcpdump", "wall, × ftpscope"}}
	for i, cmd := range commands {
		wall := of(wallTime, all[i])
		t.add(cmd.label, wall.text("%.3f"), of(processorTime, all[i]).text("%.3f"), fmt.Sprintf("%.1f", of(peakMiB, all[i]).most),
			fmt.Sprintf("%.0f", wall.median*1e9/float64(counts.Packets)), ratio(wallTime, all[i], all[0]).text("%.2f"),
			ratio(processorTime, all[i], all[0]).text("%.2f"), ratio(wallTime, all[i], all[1]).text("%.2f"))
	}
	t.print(b.out)
	return append([]string{file.name, grouped(counts.Packets), grouped(counts.Bytes / 1e6)}, b.judge(file.name, c.goal, all)...), nil
}

// judge compares with the goals, a cell each: all[0] is tcpdump's usage, all[1]
// ftpscope's.
func (b *bench) judge(name string, g goal, all [][]usage) (cells []string) {
	for _, x := range []struct {
		what   string
		have   float64
		most   float64
		format string
	}{
		{"wall", ratio(wallTime, all[1], all[0]).median, g.wall, "%.2f"},
		{"CPU", ratio(processorTime, all[1], all[0]).median, g.cpu, "%.2f"},
		{"memory", of(peakMiB, all[1]).most, g.peak, "%.0f"},
	} {
		verdict := "met"
		if x.have > x.most {
			verdict = "missed"
			b.missed = append(b.missed, fmt.Sprintf("%s: %s "+x.format+", goal ≤ %v", name, x.what, x.have, x.most))
		}
		cells = append(cells, fmt.Sprintf(x.format+" (≤ %v: %s)", x.have, x.most, verdict))
	}
	return cells
}

// race is a small capture that tshark reads too, and how many times faster ftpscope must
// be.
type race struct {
	captureFile
	times float64
}

var races = []race{
	{captureFile{"mix-small", traffic.Plan{Kind: traffic.Mix, Seed: 1, Bytes: 100 * mib, Concurrent: 600}}, 80},
	{captureFile{"bulk-small", traffic.Plan{Kind: traffic.Bulk, Seed: 1, Bytes: 128 * mib}}, 80},
	{captureFile{"chatty-small", traffic.Plan{Kind: traffic.Chatty, Seed: 1, Sessions: 1500, Concurrent: 1000}}, 80},
	{captureFile{"synflood-small", traffic.Plan{Kind: traffic.SYNFlood, Seed: 1, SYNs: 2e5}}, 80},
}

// compareTshark measures ftpscope against tshark, which dissects everything.
func (b *bench) compareTshark() error {
	if !b.tshark {
		return nil
	}
	t := table{{"capture", "packets", "ftpscope s", "tshark s", "times faster than tshark -Y ftp"}}
	for _, r := range races {
		counts, err := b.make(r.captureFile)
		if err != nil {
			return err
		}
		all, err := b.takeTurns([]command{
			{"ftpscope", b.analyze(b.ftpscope, "json", r.pcap())},
			{"tshark", b.dissect(r.pcap())},
		}, b.rounds)
		if err != nil {
			return err
		}
		times := ratio(wallTime, all[1], all[0])
		verdict := "met"
		if times.median < r.times {
			verdict = "missed"
			b.missed = append(b.missed, fmt.Sprintf("%s: %.0f times faster than tshark, goal ≥ %v", r.name, times.median, r.times))
		}
		t.add(r.name, grouped(counts.Packets), of(wallTime, all[0]).text("%.3f"), of(wallTime, all[1]).text("%.2f"),
			fmt.Sprintf("%.0f (≥ %v: %s)", times.median, r.times, verdict))
	}
	b.goals = append(b.goals, t)
	return nil
}
