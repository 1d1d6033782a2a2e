//go:build !nofleet

package fleet

import (
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/pflag"

	"ftpscope/analyze/report"
	"ftpscope/cmd/ftpscope/bytesize"
	"ftpscope/cmd/ftpscope/fleet/collect"
	"ftpscope/cmd/ftpscope/fleet/link"
)

// collectFlags are what collect takes.
type collectFlags struct {
	client
	outputs       []string
	name, state   string
	once          bool
	keep          bytesize.Size
	replicas      int
	showPasswords bool
}

func (f *collectFlags) set() *pflag.FlagSet {
	s := newSet("collect")
	f.keep = defaultKeep
	s.StringArrayVarP(&f.outputs, "output", "o", nil, "write in `FORMAT[=FILE]` (json, ecs, eve, lines); repeatable")
	s.StringVar(&f.state, "state", "", "keep its place in `DIR` (default: the service's, or /var/lib/ftpscope/collect)")
	s.StringVar(&f.name, "name", "collect", "be shown as `NAME` by fleet status")
	s.BoolVar(&f.once, "once", false, "end when all is written that is there")
	s.BoolVar(&f.showPasswords, "show-passwords", false, "show passwords, of sensors that send them")
	s.Var(&f.keep, "keep", "where there is no stream yet, make one of `SIZE`")
	s.IntVar(&f.replicas, "replicas", 1, "and keep it on `N` servers of a cluster")
	f.add(s)
	return s
}

func collectUsage() string {
	var f collectFlags
	return `Writes the records that sensors sent to the hub, each once, as they come.

Usage:
  ftpscope fleet collect --nats URL [flags]

Started anew it goes on where it was, whatever ended it. Where records are missing, because a
store was full, it says how many, and of whom. Files are only appended to; SIGHUP opens them
anew. What goes to standard output cannot be taken back: a record may come twice there, after a
kill.

Flags:
` + f.set().FlagUsagesWrapped(100) + `
Examples:
  ftpscope fleet collect --nats nats://hub:4222 -o json=all.jsonl -o ecs=all.ndjson
  ftpscope fleet collect --nats tls://hub:4222 --creds reader.creds -o lines
`
}

func (f *collectFlags) check(s *pflag.FlagSet) error {
	if err := f.client.check(s); err != nil {
		return err
	}
	switch {
	case f.replicas < 1 || f.replicas > maxReplicas:
		return fmt.Errorf("--replicas takes a number from 1 to %d, got %d", maxReplicas, f.replicas)
	case f.keep < minKeep:
		return errors.New("--keep takes 16MiB or more")
	}
	if err := link.CheckName("collector", f.name); err != nil {
		return fmt.Errorf("--name: %w", err)
	}
	if f.state == "" {
		f.state = stateDir("collect")
	}
	return nil
}

func runCollect(e *Env, args []string) int {
	var f collectFlags
	s := f.set()
	if code, done := e.Parse(s, args, &f.help, collectUsage, func() error { return f.check(s) }); done {
		return code
	}
	if len(f.outputs) == 0 {
		f.outputs = []string{"lines"}
	}
	list, ok := e.Outputs(f.outputs)
	if !ok {
		return exitUsage
	}
	var outs []collect.Output
	for _, o := range list {
		if !o.Format.Sensors {
			e.Error("-o %s does not say which sensor a record is of", o.Format.Name)
			e.Hint("json, ecs, eve and lines do")
			return exitUsage
		}
		outs = append(outs, collect.Output(o))
	}
	ctx, cancel := untilSignal()
	defer cancel()
	hup, reopen := make(chan os.Signal, 1), make(chan struct{}, 1)
	signal.Notify(hup, syscall.SIGHUP)
	defer signal.Stop(hup)
	go func() {
		for range hup {
			select {
			case reopen <- struct{}{}:
			default:
			}
		}
	}()
	e.Say("collecting from %s; Ctrl-C ends it", f.where.Names())
	err := collect.Run(ctx, collect.Options{
		Where: f.where, Keep: link.Keep{Bytes: int64(f.keep), Replicas: f.replicas}, Name: f.name, State: f.state, Once: f.once,
		Version: e.Version, Outputs: outs, Report: report.Options{ShowPasswords: f.showPasswords, All: true, Live: true},
		Stdout: e.Stdout, Reopen: reopen, Warn: e.Warn,
	})
	if err != nil {
		e.Error("%v", err)
		return exitRead
	}
	return exitDone
}
