package main

import (
	"fmt"
	"os"
	"path/filepath"

	"ftpscope/capture/capturetest/traffic"
)

// plotsDir is where the plots that the README shows are.
const plotsDir = "cmd/bench/plots"

// growth is one question of how cost grows, and the captures that answer it.
type growth struct {
	name     string // of the file
	title    string
	axis     string
	captures []captureFile
	at       []float64 // on the axis; 0: the file's size
}

// growths returns the questions, with axes cut short for -quick.
func (b *bench) growths() []growth {
	few := 0
	if b.quick {
		few = 1
	}
	size := growth{name: "size", title: "The capture gets longer: mixed traffic, 2 % FTP", axis: "capture, MiB"}
	mix, big := b.big()
	for _, part := range []int64{16, 4} {
		c := captureFile{fmt.Sprintf("%s-%dth", mix.name, part), mix.plan}
		c.plan.Bytes /= part
		size.add(c, 0)
	}
	size.add(mix, 0)
	size.add(big, 0)
	connections := growth{name: "connections", axis: "open at once"}
	total := []int{1e6, 1e4}[few]
	connections.title = "More connections are open at once, of " + grouped(int64(total)) + " in all, one in ten FTP"
	for _, n := range [][]int{{1e3, 1e4, 1e5, 1e6}, {1e2, 1e3, 1e4}}[few] {
		connections.add(captureFile{fmt.Sprintf("open-%d-of-%d", n, total),
			traffic.Plan{Kind: traffic.Concurrent, Seed: 1, Connections: total, Concurrent: n}}, float64(n))
	}
	sessions := growth{name: "sessions", title: "More FTP sessions, 1,000 at a time", axis: "sessions"}
	for _, n := range [][]int{{1e3, 1e4, 1e5, 1e6}, {1e2, 1e3, 1e4}}[few] {
		sessions.add(captureFile{fmt.Sprintf("sessions-%d", n), traffic.Plan{Kind: traffic.Brief, Seed: 1, Sessions: n}}, float64(n))
	}
	for _, p := range b.paths() { // made already
		for i, c := range sessions.captures {
			if c.plan == p.plan {
				sessions.captures[i] = p.captureFile
			}
		}
	}
	return []growth{size, connections, sessions}
}

func (g *growth) add(c captureFile, at float64) {
	g.captures, g.at = append(g.captures, c), append(g.at, at)
}

// plot measures the growths and draws them.
func (b *bench) plot() error {
	if !b.plots {
		return nil
	}
	dir := plotsDir
	if b.quick {
		dir = b.path("plots")
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	for _, g := range b.growths() {
		c, err := b.grow(g)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, g.name+".svg"), c.svg(), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// dissected is how long a capture may be that tshark reads for a plot: it takes a minute
// for a GB.
const dissected = 350e6

// grow measures one growth and prints it.
func (b *bench) grow(g growth) (chart, error) {
	labels := []string{"ftpscope", "tcpdump"}
	if b.tshark {
		labels = append(labels, "tshark")
	}
	c := chart{title: g.title, axis: g.axis, panels: []panel{{title: "seconds"}, {title: "peak memory, MiB"}}}
	head := []string{g.axis, "packets"}
	for i, unit := range []string{" s", " MiB"} {
		for _, label := range labels {
			c.panels[i].lines = append(c.panels[i].lines, line{label: label})
			head = append(head, label+unit)
		}
	}
	kept := b.kept()
	t := table{head}
	for i, file := range g.captures {
		if !b.room(6e9) {
			fmt.Fprintf(b.out, "\nno room for %s: not measured\n", file.pcap())
			continue
		}
		counts, err := b.make(file)
		if err != nil {
			return c, err
		}
		all, err := b.takeTurns([]command{{labels[0], b.analyze(b.ftpscope, "json", file.pcap())}, {labels[1], b.filter(file.pcap())}}, min(pathRounds, b.rounds))
		if err == nil && b.tshark && counts.Bytes < dissected {
			var slow [][]usage
			slow, err = b.takeTurns([]command{{labels[2], b.dissect(file.pcap())}}, 1)
			all = append(all, slow...)
		}
		if err != nil {
			return c, err
		}
		if !kept[file.name] {
			if err := b.drop(file); err != nil {
				return c, err
			}
		}
		if g.at[i] == 0 {
			g.at[i] = float64(counts.Bytes) / mib
		}
		row := []string{grouped(int64(g.at[i])), grouped(counts.Packets)}
		for p, f := range []figure{wallTime, peakMiB} {
			for l := range labels {
				if l >= len(all) {
					row = append(row, "")
					continue
				}
				s := of(f, all[l])
				c.panels[p].lines[l].add(g.at[i], s.median)
				row = append(row, s.text([]string{"%.3f", "%.1f"}[p]))
			}
		}
		t.add(row...)
	}
	fmt.Fprintf(b.out, "\n%s:\n", g.title)
	t.print(b.out)
	return c, nil
}

// kept are the captures that the next run begins with; the others are made and removed
// one by one.
func (b *bench) kept() map[string]bool {
	kept := map[string]bool{}
	for _, c := range contests {
		kept[b.sized(c).name] = true
	}
	for _, p := range b.paths() {
		kept[p.name] = true
	}
	return kept
}
