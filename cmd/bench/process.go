package main

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// command is a program to measure.
type command struct {
	label string
	argv  []string
}

// usage is what one process cost.
type usage struct {
	wall, cpu time.Duration
	peak      int64 // bytes of memory
}

// tooLong is how long a process may run: the slowest takes half a minute.
const tooLong = 10 * time.Minute

// measure runs a command to its end. Its output goes nowhere.
func measure(c command) (usage, error) {
	ctx, cancel := context.WithTimeout(context.Background(), tooLong)
	defer cancel()
	p := exec.CommandContext(ctx, c.argv[0], c.argv[1:]...)
	said := &tail{}
	p.Stderr = said
	start := time.Now()
	err := p.Run()
	wall := time.Since(start)
	if err != nil {
		return usage{}, fmt.Errorf("%s: %w\n%s", strings.Join(c.argv, " "), err, said.b)
	}
	peak, err := peakMemory(p.ProcessState)
	return usage{wall, p.ProcessState.UserTime() + p.ProcessState.SystemTime(), peak}, err
}

// tail keeps the end of what is written to it.
type tail struct{ b []byte }

const tailSize = 64 << 10

func (t *tail) Write(p []byte) (int, error) {
	n := len(p)
	if len(p) > tailSize {
		p = p[len(p)-tailSize:]
	}
	if over := len(t.b) + len(p) - tailSize; over > 0 {
		t.b = slices.Delete(t.b, 0, over)
	}
	t.b = append(t.b, p...)
	return n, nil
}

// takeTurns measures each command rounds times: a round runs each once, and the next begins with another. A first
// round warms up and does not count.
func (b *bench) takeTurns(commands []command, rounds int) ([][]usage, error) {
	all := make([][]usage, len(commands))
	for round := range rounds + 1 {
		for i := range commands {
			k := (i + round) % len(commands)
			u, err := measure(commands[k])
			if err != nil {
				return nil, err
			}
			if round > 0 {
				all[k] = append(all[k], u)
			}
		}
	}
	return all, nil
}

func (b *bench) analyze(binary, output, file string, flags ...string) []string {
	return slices.Concat([]string{binary, "analyze", "-q", "-o", output + "=/dev/null"}, flags, []string{b.path(file)})
}

func (b *bench) filter(file string) []string {
	return []string{b.tcpdump, "-r", b.path(file), "-w", "/dev/null", "tcp port 21"}
}

func (b *bench) path(file string) string { return filepath.Join(b.dir, file) }
