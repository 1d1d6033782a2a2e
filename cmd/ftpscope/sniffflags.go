package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/spf13/pflag"

	"ftpscope/capture/pcapfile"
	"ftpscope/cmd/ftpscope/bytesize"
	"ftpscope/cmd/ftpscope/fleet"
)

// sniffFlags are what sniff takes.
type sniffFlags struct {
	common
	extract     extractFlags
	interfaces  []string
	ring        bytesize.Size
	noPromisc   bool
	keep        string // -w
	rotate      string
	rotation    pcapfile.Rotation
	keepFiles   int
	interval    time.Duration
	duration    time.Duration
	packets     uint64
	idleTimeout time.Duration
	user        string
	metrics     string
	fleet       fleet.SensorFlags
}

const (
	defaultRing = 64 << 20
	minRing     = 128 << 10
	maxRing     = 4 << 30
	defaultIdle = time.Hour
)

func (f *sniffFlags) set() *pflag.FlagSet {
	s := newSet("sniff")
	f.ring = defaultRing
	s.StringSliceVarP(&f.interfaces, "interface", "i", nil, "listen on interface `NAME`, or any; repeatable")
	f.outputFlag(s)
	s.StringVarP(&f.keep, "write", "w", "", "keep the packets of FTP connections in `FILE`.pcapng")
	s.StringVar(&f.rotate, "rotate", "", "begin a new file after `LIMIT`: 100MB, 1h, or 100MB,1h")
	s.IntVar(&f.keepFiles, "keep", 0, "with --rotate, keep the `N` newest files (0: all)")
	s.DurationVar(&f.interval, "interval", 0, "write a record of each open session every `TIME`")
	s.DurationVar(&f.duration, "duration", 0, "stop after `TIME`")
	s.Uint64VarP(&f.packets, "packets", "c", 0, "stop after `N` packets")
	s.DurationVar(&f.idleTimeout, "idle-timeout", defaultIdle, "end sessions that are silent for `TIME`")
	s.Var(&f.ring, "ring-size", "let `SIZE` of packets wait for each interface")
	s.BoolVar(&f.noPromisc, "no-promisc", false, "capture only packets addressed to this host")
	s.StringVar(&f.user, "user", "", "become `USER` if root (default: sudo's user or nobody)")
	f.extract.add(s)
	s.StringVar(&f.metrics, "metrics", "", "serve Prometheus metrics at `ADDRESS`, e.g. 127.0.0.1:9641")
	f.add(s)
	return s
}

// all are the flags, those of the topics too.
func (f *sniffFlags) all() *pflag.FlagSet {
	s := f.set()
	f.addTopics(s, "ftp-user")
	f.extract.addMore(s)
	f.keyFlags.add(s)
	f.fleet.Flags(s)
	return s
}

func sniffUsage() string {
	var f sniffFlags
	return `Shows FTP sessions on live interfaces as they happen, and who opened their data connections.

Usage:
  ftpscope sniff [flags] -i INTERFACE

On a terminal it shows a live view, elsewhere one line per event. SIGINT and SIGTERM end it with
a summary, a second one at once; SIGHUP reopens output files. It needs CAP_NET_RAW, and gives up
what other rights it has as soon as it listens.

Flags:
` + f.set().FlagUsagesWrapped(100) + `
Examples:
  sudo ftpscope sniff -i eth0
  sudo ftpscope sniff -i eth0 -o json=sessions.jsonl -w evidence.pcapng --rotate 100MB --keep 20
`
}

// keepsOneFile reports whether -w names one file, whose numbers packets have then.
func (f *sniffFlags) keepsOneFile() bool { return f.keep != "" && f.rotate == "" }

// parse reads the arguments; done tells that there is nothing left to do but to exit with code.
func (f *sniffFlags) parse(e *env, args []string) (code int, done bool) {
	s := f.all()
	return e.parseFlags(s, args, &f.help, sniffUsage, func() error {
		switch {
		case s.NArg() > 0:
			return strayArguments(s.Args())
		case len(f.interfaces) == 0:
			return errors.New("no interface named: -i INTERFACE (ftpscope interfaces lists them)")
		case f.ring < minRing || f.ring > maxRing:
			return fmt.Errorf("--ring-size takes 128KiB to 4GiB, got %s", f.ring.String())
		case f.keep == "" && (f.rotate != "" || f.keepFiles != 0):
			return errors.New("--rotate and --keep belong to -w")
		case f.keepFiles < 0 || f.keepFiles > 0 && f.rotate == "":
			return errors.New("--keep takes a number from 1, and --rotate")
		case f.interval < 0 || f.duration < 0 || f.idleTimeout <= 0:
			return errors.New("--interval, --duration and --idle-timeout take times like 30s or 1h")
		case f.interval > 0 && f.interval < time.Second:
			return errors.New("--interval takes a second or more")
		}
		for _, check := range []func() error{f.extract.check, f.fleet.Check} {
			if err := check(); err != nil {
				return err
			}
		}
		if f.keep = keptPath(f.keep); f.rotate != "" {
			var err error
			if f.rotation, err = pcapfile.ParseRotation(f.rotate); err != nil {
				return fmt.Errorf("--rotate: %w", err)
			}
		}
		return f.check()
	})
}

// strayArguments says what arguments of sniff should have been.
func strayArguments(args []string) error {
	if !exists(args[0]) {
		if err := filterWords(args); err != nil {
			return err
		}
	}
	return &wayOut{fmt.Errorf("sniff takes no files, got %q", args[0]), "analyze reads them: ftpscope analyze FILE"}
}
