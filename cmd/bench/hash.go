package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
)

const (
	// mostHash is how much longer hashing may take than what it replaces: an analysis, and sha256sum of the same files.
	mostHash = 1.3
	// mostHashPeak is what it may take of memory, MiB.
	mostHashPeak = 64
)

// hashes measures --hash sha256 on large transfers: two passes, against one and sha256sum of what was transferred.
func (b *bench) hashes() error {
	sum, err := exec.LookPath("sha256sum")
	if err != nil {
		return errors.New("no sha256sum to compare with; hint: it is in coreutils")
	}
	file := b.sized(contests[1])
	if _, err := b.make(file); err != nil {
		return err
	}
	dir := b.path(file.name + ".files")
	defer os.RemoveAll(dir)
	files, err := b.extract(file, dir)
	if err != nil {
		return err
	}
	all, err := b.takeTurns([]command{
		{"ftpscope", b.analyze(b.ftpscope, "json", file.pcap())},
		{"sha256sum", append([]string{sum}, files...)},
		{"ftpscope --hash sha256", b.analyze(b.ftpscope, "json", file.pcap(), "--hash", "sha256")},
	}, b.rounds)
	if err != nil {
		return err
	}
	parts := make([]usage, b.rounds)
	for i := range parts {
		parts[i] = usage{wall: all[0][i].wall + all[1][i].wall, cpu: all[0][i].cpu + all[1][i].cpu}
	}
	wall, cpu, peak := ratio(wallTime, all[2], parts).median, ratio(processorTime, all[2], parts).median, of(peakMiB, all[2]).most
	t := table{{"hashing " + file.name, "wall s", "CPU s", "peak MiB"}}
	for i, label := range []string{"ftpscope", "sha256sum", "ftpscope --hash sha256"} {
		t.add(label, of(wallTime, all[i]).text("%.2f"), of(processorTime, all[i]).text("%.2f"), fmt.Sprintf("%.1f", of(peakMiB, all[i]).most))
	}
	t.add("× both", b.judgeHash("wall", wall, mostHash), b.judgeHash("CPU", cpu, mostHash), b.judgeHash("MiB", peak, mostHashPeak))
	b.goals = append(b.goals, t)
	return nil
}

func (b *bench) judgeHash(what string, have, most float64) string {
	verdict := "met"
	if have > most {
		verdict = "missed"
		b.missed = append(b.missed, fmt.Sprintf("hashing: %s %.2f, goal ≤ %v", what, have, most))
	}
	return fmt.Sprintf("%.2f (≤ %v: %s)", have, most, verdict)
}

// extract has the transferred files written.
func (b *bench) extract(c captureFile, dir string) ([]string, error) {
	if err := os.RemoveAll(dir); err != nil {
		return nil, err
	}
	if _, err := measure(command{"", b.analyze(b.ftpscope, "json", c.pcap(), "--extract", dir)}); err != nil {
		return nil, err
	}
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	files = slices.DeleteFunc(files, func(f string) bool { return filepath.Ext(f) == ".jsonl" })
	if err == nil && len(files) == 0 {
		err = fmt.Errorf("ftpscope extracted nothing from %s", c.pcap())
	}
	return files, err
}
