package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"ftpscope/capture/capturetest/traffic"
)

// captureFile is a capture to measure on; name is without its extension.
type captureFile struct {
	name string
	plan traffic.Plan
}

func (c captureFile) pcap() string { return c.name + ".pcap" }

// made is what lies beside a capture, so that it need not be made again.
type made struct {
	Version int
	Plan    traffic.Plan
	Counts  traffic.Counts
}

// writeCommand makes a capture in a process of its own: what the generator needs of
// memory would be the least that any process measured afterwards seems to need (see
// peakMemory).
const writeCommand = "write-capture"

func writeCapture(args []string, stdout, stderr io.Writer) int {
	if err := writeOne(args, stdout); err != nil {
		fmt.Fprintln(stderr, "bench: error:", err)
		return exitUnable
	}
	return exitMet
}

func writeOne(args []string, stdout io.Writer) error {
	var p traffic.Plan
	if len(args) != 2 {
		return errors.New(writeCommand + " takes a file and a plan")
	}
	if err := json.Unmarshal([]byte(args[1]), &p); err != nil {
		return err
	}
	f, err := os.Create(args[0])
	if err != nil {
		return err
	}
	counts, err := traffic.Write(f, p)
	if err := errors.Join(err, f.Close()); err != nil {
		return errors.Join(err, os.Remove(args[0]))
	}
	return json.NewEncoder(stdout).Encode(counts)
}

// make makes a capture, unless it is there, reads it into the page cache and checks what
// ftpscope says of it: speed is worth nothing while the answer is wrong.
func (b *bench) make(c captureFile) (traffic.Counts, error) {
	file, beside := b.path(c.pcap()), b.path(c.name+".json")
	m, ok := b.cached(beside, c)
	if !ok {
		counts, err := b.write(file, c.plan)
		if err != nil {
			return counts, fmt.Errorf("%s: %w", file, err)
		}
		m = made{traffic.Version, c.plan, counts}
		record, err := json.Marshal(m)
		if err != nil {
			return counts, err
		}
		if err := os.WriteFile(beside, record, 0o644); err != nil {
			return counts, err
		}
	}
	if err := warm(file); err != nil {
		return m.Counts, err
	}
	return m.Counts, b.check(c, m.Counts)
}

// write has a capture written.
func (b *bench) write(file string, p traffic.Plan) (counts traffic.Counts, err error) {
	fmt.Fprintf(b.log, "writing %s\n", file)
	plan, err := json.Marshal(p)
	if err != nil {
		return counts, err
	}
	self, err := os.Executable()
	if err != nil {
		return counts, err
	}
	writer := exec.Command(self, writeCommand, file, string(plan))
	writer.Stderr = b.log
	answer, err := writer.Output()
	if err != nil {
		return counts, err
	}
	return counts, json.Unmarshal(answer, &counts)
}

func (b *bench) cached(beside string, c captureFile) (m made, ok bool) {
	record, err := os.ReadFile(beside)
	if err != nil || json.Unmarshal(record, &m) != nil {
		return made{}, false
	}
	info, err := os.Stat(b.path(c.pcap()))
	if err != nil || info.Size() != m.Counts.Bytes || m.Version != traffic.Version || m.Plan != c.plan {
		return made{}, false
	}
	return m, true
}

// drop removes a capture.
func (b *bench) drop(c captureFile) error {
	return errors.Join(os.Remove(b.path(c.pcap())), os.Remove(b.path(c.name+".json")))
}

// warm reads a file into the page cache.
func warm(file string) error {
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = io.CopyBuffer(struct{ io.Writer }{io.Discard}, struct{ io.Reader }{f}, make([]byte, 1<<20))
	return err
}

// summary is what check reads of ftpscope's last line.
type summary struct {
	Packets, Bytes, Sessions int64
	Transfers                struct{ Active, Passive, Unknown int64 }
	Capture                  struct {
		Missing   int64 `json:"missing_bytes"`
		Undecoded int64 `json:"undecoded_packets"`
	}
}

// check compares what ftpscope says of a capture with what was written.
func (b *bench) check(c captureFile, want traffic.Counts) error {
	said, complained := &tail{}, &tail{}
	p := exec.Command(b.ftpscope, "analyze", "-q", "-o", "json", b.path(c.pcap()))
	p.Stdout, p.Stderr = said, complained
	if err := p.Run(); err != nil {
		return fmt.Errorf("%s: %w\n%s", strings.Join(p.Args, " "), err, complained.b)
	}
	lines := strings.Split(strings.TrimSpace(string(said.b)), "\n")
	var have summary
	if err := json.Unmarshal([]byte(lines[len(lines)-1]), &have); err != nil {
		return fmt.Errorf("the last line of what ftpscope says of %s: %w", c.pcap(), err)
	}
	right := summary{Packets: want.Packets, Bytes: want.Captured, Sessions: want.Sessions}
	right.Transfers.Active, right.Transfers.Passive = want.Active, want.Passive
	if have != right {
		b.wrong = append(b.wrong, fmt.Sprintf("%s: ftpscope says %+v, right is %+v", c.pcap(), have, right))
	}
	return nil
}

const (
	// mostHash is how much longer hashing may take than what it replaces: an analysis,
	// and sha256sum of the same files.
	mostHash = 1.3
	// mostHashPeak is what it may take of memory, MiB.
	mostHashPeak = 64
)

// hashes measures --hash sha256 on large transfers: two passes, against one and sha256sum
// of what was transferred.
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
