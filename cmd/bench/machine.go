package main

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"time"
)

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

// floor prints what a process that does nothing seems to need of memory: the runner's own.
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
