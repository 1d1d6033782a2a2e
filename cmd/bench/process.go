package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
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

// takeTurns measures each command rounds times: a round runs each once, and the next
// begins with another. A first round warms up and does not count.
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

func (b *bench) dissect(file string) []string {
	return []string{"tshark", "-r", b.path(file), "-Y", "ftp", "-T", "fields", "-e", "frame.number"}
}

func (b *bench) path(file string) string { return filepath.Join(b.dir, file) }

// describe prints what the numbers are measured with.
func (b *bench) describe() error {
	b.machine = fmt.Sprintf("%s; %s, %d cores, %s %s; %s; %s", time.Now().UTC().Format(time.DateOnly), processor(), runtime.NumCPU(),
		runtime.GOOS, firstWord("/proc/sys/kernel/osrelease"), runtime.Version(), b.version())
	fmt.Fprintf(b.out, "%s; load %s\n", b.machine, firstWord("/proc/loadavg"))
	if !b.live {
		fmt.Fprintf(b.out, "%d rounds after one to warm up; median (least–most)\n", b.rounds)
	}
	return nil
}

// floor prints what a process that does nothing seems to need of memory: the runner's
// own.
func (b *bench) floor() error {
	u, err := measure(command{argv: []string{"true"}})
	if err == nil {
		_, err = fmt.Fprintf(b.out, "\npeak memory has a floor of %.1f MiB, the runner's own\n", peakMiB(u))
	}
	return err
}

// version returns tcpdump's, which is the yardstick.
func (b *bench) version() string {
	out, err := exec.Command(b.tcpdump, "--version").CombinedOutput()
	if err != nil {
		return "tcpdump"
	}
	lines := strings.SplitN(string(out), "\n", 3)
	return strings.Join(lines[:min(len(lines), 2)], ", ")
}

func firstWord(file string) string {
	content, err := os.ReadFile(file)
	if err != nil {
		return "?"
	}
	word, _, _ := strings.Cut(strings.TrimSpace(string(content)), " ")
	return word
}

func processor() string {
	content, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return runtime.GOARCH
	}
	for line := range strings.Lines(string(content)) {
		if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return runtime.GOARCH
}
