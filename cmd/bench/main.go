// Command bench measures ftpscope as its users run it: whole processes on captures of its
// own making, in turn with tcpdump, which reads the same file and decides the same
// question a packet.
//
//	go run ./cmd/bench [-quick] [-tshark] [-against OLD-FTPSCOPE] [-plots] [-dir bench]
//	go run ./cmd/bench -live [-soak 10m] (Linux, root: how fast packets may come that sniff does not lose)
//
// It prints the goals last, for the README. It exits 1 when one is missed or an answer is
// wrong, and 2 when it cannot measure.
//
// What the numbers are: wall time by the monotonic clock around start and wait; processor
// time and peak memory as the kernel counted them for the process that ended (wait4). The
// commands of a set take turns, in another order each round; the first round does not
// count. Ratios are medians of the ratios within the rounds, so that a change of the
// machine's load between rounds does not show. Files are in the page cache.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

// The exit codes.
const (
	exitMet    = 0
	exitMissed = 1
	exitUnable = 2
)

// bench is one run.
type bench struct {
	dir     string // captures and binaries
	quick   bool
	tshark  bool
	plots   bool
	against string
	rounds  int
	live    bool
	tls     bool
	soak    time.Duration

	out, log io.Writer
	ftpscope string // the binaries
	tcpdump  string
	machine  string
	goals    []table  // how they were met
	missed   []string // goals
	wrong    []string // answers
}

func run(args []string, stdout, stderr io.Writer) int {
	if len(args) > 0 && args[0] == writeCommand {
		return writeCapture(args[1:], stdout, stderr)
	}
	if len(args) > 0 && args[0] == sendCommand {
		return runSender(args[1:], os.Stdin, stdout, stderr)
	}
	if len(args) > 0 && args[0] == sealCommand {
		return writeSealed(args[1:], stderr)
	}
	b := &bench{out: stdout, log: stderr}
	if err := b.parse(args, stderr); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return exitMet
		}
		return exitUnable
	}
	steps := []func() error{b.prepare, b.compare, b.compareTshark, b.memory, b.hashes, b.plot, b.otherPaths, b.floor, b.summary}
	if b.tls {
		steps = []func() error{b.prepare, b.sealed, b.summary}
	}
	if b.live {
		steps = []func() error{b.prepare, liveBench{b}.rates}
	}
	for _, step := range steps {
		if err := step(); err != nil {
			fmt.Fprintln(stderr, "bench: error:", err)
			return exitUnable
		}
	}
	return b.verdict()
}

func (b *bench) parse(args []string, stderr io.Writer) error {
	f := flag.NewFlagSet("bench", flag.ContinueOnError)
	f.SetOutput(stderr)
	f.StringVar(&b.dir, "dir", "bench", "folder for captures and binaries: up to 12 GB, 1 GB with -quick")
	f.BoolVar(&b.quick, "quick", false, "captures of a 16th of the size, or less; goals are shown and not judged")
	f.BoolVar(&b.tshark, "tshark", false, "compare with tshark too, on small captures")
	f.BoolVar(&b.plots, "plots", false, "measure how cost grows and draw it, into "+plotsDir)
	f.StringVar(&b.against, "against", "", "another ftpscope to compare with, such as the last release's `binary`")
	f.BoolVar(&b.tls, "tls", false, "measure what decrypting costs instead, beside openssl speed")
	f.IntVar(&b.rounds, "rounds", 5, "rounds that count")
	f.BoolVar(&b.live, "live", false, "measure sniff instead, beside tcpdump and dumpcap: Linux, as root")
	f.DurationVar(&b.soak, "soak", 0, "with -live, watch ftpscope sniff for so `long` at 80 % of the highest rate without loss")
	if err := f.Parse(args); err != nil {
		return err
	}
	if f.NArg() > 0 || b.rounds < 1 || b.soak < 0 || b.soak > 0 && !b.live {
		fmt.Fprintln(stderr, "bench: error: takes flags only, at least one round, and -soak with -live")
		return flag.ErrHelp
	}
	return nil
}

// prepare finds the peers and builds ftpscope.
func (b *bench) prepare() (err error) {
	if b.tcpdump, err = exec.LookPath("tcpdump"); err != nil {
		return errors.New("no tcpdump to compare with; hint: apt install tcpdump, dnf install tcpdump or brew install tcpdump")
	}
	if _, err = exec.LookPath("tshark"); err != nil && b.tshark {
		return errors.New("no tshark to compare with; hint: apt install tshark, or leave -tshark out")
	}
	if err := os.MkdirAll(b.dir, 0o755); err != nil {
		return err
	}
	if b.dir, err = filepath.Abs(b.dir); err != nil {
		return err
	}
	b.ftpscope = filepath.Join(b.dir, "ftpscope")
	build := exec.Command("go", "build", "-trimpath", "-o", b.ftpscope, "ftpscope/cmd/ftpscope")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	build.Stdout, build.Stderr = b.log, b.log
	if err := build.Run(); err != nil {
		return fmt.Errorf("go build: %w", err)
	}
	return b.describe()
}

// summary prints the goals, ready for the README.
func (b *bench) summary() error {
	fmt.Fprintf(b.out, "\n%s. Medians of %d rounds, in turns, after one to warm up.\n", b.machine, b.rounds)
	for _, t := range b.goals {
		fmt.Fprintln(b.out)
		t.print(b.out)
	}
	return nil
}

// verdict says which goals were missed.
func (b *bench) verdict() int {
	for _, w := range b.wrong {
		fmt.Fprintln(b.out, "\nwrong:", w)
	}
	switch {
	case len(b.wrong) > 0:
		return exitMissed
	case len(b.missed) == 0:
		fmt.Fprintln(b.out, "\nall goals met")
		return exitMet
	case b.quick:
		fmt.Fprintf(b.out, "\n%d goals missed, which is not judged with -quick\n", len(b.missed))
		return exitMet
	}
	fmt.Fprintf(b.out, "\n%d goals missed:\n", len(b.missed))
	for _, m := range b.missed {
		fmt.Fprintln(b.out, "  "+m)
	}
	return exitMissed
}
