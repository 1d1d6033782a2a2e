//go:build !nofleet

package fleet

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/pflag"

	"ftpscope/cmd/ftpscope/fleet/link"
)

// command is a word behind "ftpscope fleet".
type command struct {
	Word
	run func(*Env, []string) int
}

func commands() []command {
	return []command{
		{Word{"serve", "a hub, for those who have no NATS server"}, runServe},
		{Word{"collect", "writes the records that sensors sent to the hub"}, runCollect},
		{Word{"status", "how sensors and collectors stand"}, runStatus},
	}
}

// Words are the commands.
func Words() (list []Word) {
	for _, c := range commands() {
		list = append(list, c.Word)
	}
	return list
}

// Usage is the page of fleet.
func Usage() string {
	var b strings.Builder
	b.WriteString(`Many sensors, one place: records of sniff --fleet go through a hub, which is a NATS server with
JetStream, and none is lost or twice, whoever is away, killed or started anew.

Usage:
  ftpscope fleet COMMAND [flags]

Commands:
`)
	for _, c := range commands() {
		fmt.Fprintf(&b, "  %-10s %s\n", c.Name, c.Doc)
	}
	b.WriteString(`
ftpscope fleet COMMAND --help shows a command's page, ftpscope help sensors the whole story.

Examples:
  sudo ftpscope sniff -i eth0 --fleet nats://hub:4222 --sensor dmz1
  ftpscope fleet collect --nats nats://hub:4222 --state /var/lib/ftpscope-collect -o json=all.jsonl
`)
	return b.String()
}

// Run runs a command of fleet.
func Run(e *Env, args []string) int {
	if len(args) == 0 {
		e.Error("fleet takes a command: %s", strings.Join(names(), ", "))
		e.Hint("ftpscope fleet --help")
		return exitUsage
	}
	for _, c := range commands() {
		if c.Name == args[0] {
			return c.run(e, args[1:])
		}
	}
	e.Error("fleet has no command %q", args[0])
	e.Suggest(args[0], names(), "ftpscope fleet ", "ftpscope fleet --help lists the commands")
	return exitUsage
}

func names() (list []string) {
	for _, c := range commands() {
		list = append(list, c.Name)
	}
	return list
}

// newSet makes the flag set of a command.
func newSet(command string) *pflag.FlagSet {
	s := pflag.NewFlagSet("fleet "+command, pflag.ContinueOnError)
	s.SortFlags = false
	s.Usage = func() {}
	return s
}

// client is what commands have that use a hub.
type client struct {
	where link.Where
	help  bool
}

func (c *client) add(s *pflag.FlagSet) {
	s.StringVar(&c.where.URLs, "nats", "", "use the NATS servers at `URL`[,URL…], e.g. nats://hub:4222")
	c.where.Flags(s, "")
	s.BoolVarP(&c.help, "help", "h", false, "show this page")
}

// check says what is wrong with arguments that all such commands have.
func (c *client) check(s *pflag.FlagSet) error {
	switch {
	case s.NArg() > 0:
		return fmt.Errorf("%s takes no arguments, got %q", s.Name(), s.Arg(0))
	case c.where.URLs == "":
		return fmt.Errorf("%s needs to know where the hub is: --nats nats://hub:4222", s.Name())
	}
	if err := c.where.Check(); err != nil {
		return fmt.Errorf("--nats: %w", err)
	}
	return nil
}

// untilSignal is a context that SIGINT and SIGTERM end.
func untilSignal() (context.Context, context.CancelFunc) {
	return signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
}
