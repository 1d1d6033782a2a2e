//go:build !nofleet

package fleet

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/spf13/pflag"

	"ftpscope/cmd/ftpscope/bytesize"
	"ftpscope/cmd/ftpscope/fleet/hub"
	"ftpscope/cmd/ftpscope/fleet/link"
)

// serveFlags are what serve takes.
type serveFlags struct {
	hub.Options
	keep bytesize.Size
	help bool
}

const (
	defaultListen = "127.0.0.1:4222"
	defaultKeep   = 10 << 30
	minKeep       = 16 << 20
	maxReplicas   = 5 // of JetStream
)

func (f *serveFlags) set() *pflag.FlagSet {
	s := newSet("serve")
	f.keep = defaultKeep
	s.StringVar(&f.Store, "store", "", "keep records in `DIR`")
	s.StringVar(&f.Listen, "listen", defaultListen, "be reached at `ADDRESS`; :4222 is every one of this machine")
	s.Var(&f.keep, "keep", "keep `SIZE` of records, the newest, whether or not they were collected")
	s.StringVar(&f.Token, "token", "", "let in who has the token in `FILE`")
	s.StringVar(&f.Cert, "tls-cert", "", "TLS with the certificate in `FILE` (PEM)")
	s.StringVar(&f.Key, "tls-key", "", "and its key in `FILE`")
	s.StringVar(&f.ClientCA, "tls-ca", "", "let in who has a certificate of the authorities in `FILE`")
	s.StringVar(&f.Config, "nats-config", "", "take all else from `FILE`, nats-server's own: accounts, clusters")
	s.BoolVarP(&f.help, "help", "h", false, "show this page")
	return s
}

func serveUsage() string {
	var f serveFlags
	return `A hub for sensors and collectors: a NATS server with JetStream, for those who have none.

Usage:
  ftpscope fleet serve --store DIR [flags]

It listens on this machine alone unless told otherwise, and runs until SIGINT or SIGTERM.

Flags:
` + f.set().FlagUsagesWrapped(100) + `
Examples:
  ftpscope fleet serve --store /var/lib/ftpscope-hub
  ftpscope fleet serve --store hub --listen :4222 --token token --tls-cert hub.crt --tls-key hub.key
`
}

func (f *serveFlags) check(s *pflag.FlagSet) error {
	switch {
	case s.NArg() > 0:
		return fmt.Errorf("fleet serve takes no arguments, got %q", s.Arg(0))
	case f.Store == "" && f.Config == "":
		return errors.New("fleet serve needs a folder to keep records in: --store DIR")
	case f.keep < minKeep:
		return errors.New("--keep takes 16MiB or more")
	case (f.Cert == "") != (f.Key == ""):
		return errors.New("--tls-cert and --tls-key belong together")
	case f.ClientCA != "" && f.Cert == "":
		return errors.New("--tls-ca needs --tls-cert and --tls-key")
	case f.Config != "" && (f.Cert != "" || f.Token != "" || s.Changed("listen")):
		return errors.New("--nats-config says who is let in, and where: leave out --listen, --token and --tls-…")
	}
	return nil
}

func runServe(e *Env, args []string) int {
	var f serveFlags
	s := f.set()
	if code, done := e.Parse(s, args, &f.help, serveUsage, func() error { return f.check(s) }); done {
		return code
	}
	f.Warn = e.Warn
	server, err := hub.Start(f.Options)
	if err != nil {
		e.Error("%v", err)
		return exitRead
	}
	defer hub.Stop(server)
	ctx, cancel := untilSignal()
	defer cancel()
	if f.Config == "" { // who has accounts makes streams as a user of them: collect does
		conn, err := f.Connect(server)
		if err == nil {
			defer conn.Close()
			var js jetstream.JetStream
			if js, err = jetstream.New(conn); err == nil {
				err = link.Streams(ctx, js, link.Keep{Bytes: int64(f.keep)})
			}
		}
		if err != nil {
			e.Error("%v", link.Plain(err))
			return exitRead
		}
	}
	f.warnOpen(e, server.Addr())
	e.Say("serving at %s; Ctrl-C ends it", server.Addr())
	<-ctx.Done()
	return exitDone
}

// warnOpen says that whoever reaches the address reads and writes records.
func (f *serveFlags) warnOpen(e *Env, addr net.Addr) {
	end, err := netip.ParseAddrPort(addr.String())
	if err != nil || end.Addr().IsLoopback() || f.Config != "" {
		return
	}
	var open []string
	if f.Cert == "" {
		open = append(open, "records travel in clear (--tls-cert)")
	}
	if f.Token == "" && f.ClientCA == "" {
		open = append(open, "whoever reaches it reads and writes them (--token, --tls-ca)")
	}
	if len(open) > 0 {
		e.Warn("%s: %s", addr, strings.Join(open, "; "))
	}
}
