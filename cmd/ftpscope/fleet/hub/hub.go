// Package hub is the broker for those who have none: a NATS server with JetStream in this
// process. Sensors and collectors connect to it by package link.
package hub

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
)

// Options say what the server is to be.
type Options struct {
	Store  string // folder
	Listen string // address; empty: it listens nowhere, and only this process uses it
	Config string // file of nats-server's own: accounts, clusters, whatever it can

	Cert, Key string // files; empty: no TLS
	ClientCA  string // file: clients need a certificate of these authorities
	Token     string // file: clients need it

	Warn func(format string, args ...any)
}

// startTime is how long a server may take to be ready: it reads what it stored.
const startTime = time.Minute

// Start starts the server.
func Start(opt Options) (*server.Server, error) {
	conf, err := opt.config()
	if err != nil {
		return nil, err
	}
	if !conf.DontListen { // the server would end the program
		l, err := net.Listen("tcp", net.JoinHostPort(conf.Host, strconv.Itoa(max(conf.Port, 0))))
		if err != nil {
			return nil, err
		}
		l.Close()
	}
	s, err := server.NewServer(conf)
	if err != nil {
		return nil, err
	}
	s.SetLoggerV2(logger{opt.Warn}, false, false, false)
	s.Start()
	if !s.ReadyForConnections(startTime) {
		s.Shutdown()
		return nil, errors.New("the server did not start in time")
	}
	if !s.JetStreamEnabled() {
		s.Shutdown()
		return nil, fmt.Errorf("%s: the server cannot store here", opt.Store)
	}
	return s, nil
}

// Connect connects this process to its server.
func (o *Options) Connect(s *server.Server) (*nats.Conn, error) {
	token, err := o.token()
	if err != nil {
		return nil, err
	}
	return nats.Connect("", nats.InProcessServer(s), nats.Token(token))
}

// Stop ends the server when it has written what it has.
func Stop(s *server.Server) {
	s.Shutdown()
	s.WaitForShutdown()
}

func (o *Options) config() (*server.Options, error) {
	conf := &server.Options{}
	if o.Config != "" {
		var err error
		if conf, err = server.ProcessConfigFile(o.Config); err != nil {
			return nil, fmt.Errorf("%s: %w", o.Config, err)
		}
	}
	conf.NoSigs, conf.JetStream = true, true
	if conf.ServerName == "" && o.Listen != "" {
		conf.ServerName, _ = os.Hostname()
	}
	if err := o.store(conf); err != nil {
		return nil, err
	}
	if o.Config != "" {
		return conf, nil
	}
	if o.Listen == "" {
		conf.DontListen = true
		return conf, nil
	}
	host, port, err := net.SplitHostPort(o.Listen)
	if err != nil {
		return nil, fmt.Errorf("want an address like 127.0.0.1:4222, got %q", o.Listen)
	}
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		return nil, fmt.Errorf("want a port from 1 to 65535, got %q", port)
	}
	conf.Host, conf.Port = host, int(n)
	if n == 0 {
		conf.Port = server.RANDOM_PORT
	}
	if host == "" {
		conf.Host = "0.0.0.0"
	}
	return conf, o.secrets(conf)
}

func (o *Options) store(conf *server.Options) error {
	if o.Store == "" {
		if conf.StoreDir == "" {
			return errors.New("no folder to store in")
		}
		return nil
	}
	abs, err := filepath.Abs(o.Store)
	if err != nil {
		return err
	}
	conf.StoreDir = abs
	return os.MkdirAll(abs, 0o700)
}

// secrets sets TLS and what clients prove who they are with.
func (o *Options) secrets(conf *server.Options) error {
	var err error
	if conf.Authorization, err = o.token(); err != nil || o.Cert == "" {
		return err
	}
	t, err := server.GenTLSConfig(&server.TLSConfigOpts{CertFile: o.Cert, KeyFile: o.Key, CaFile: o.ClientCA, Verify: o.ClientCA != "", MinVersion: tls.VersionTLS12})
	if err != nil {
		return err
	}
	conf.TLSConfig, conf.TLS, conf.TLSVerify = t, true, o.ClientCA != ""
	conf.TLSTimeout = 5
	return nil
}

// token is what clients need; empty: nothing.
func (o *Options) token() (string, error) {
	if o.Token == "" {
		return "", nil
	}
	b, err := os.ReadFile(o.Token)
	token := strings.TrimSpace(string(b))
	if err == nil && token == "" {
		err = fmt.Errorf("%s: is empty", o.Token)
	}
	return token, err
}

// logger hands on what is worth a warning.
type logger struct {
	warn func(format string, args ...any)
}

func (logger) Noticef(string, ...any) {}
func (logger) Debugf(string, ...any)  {}
func (logger) Tracef(string, ...any)  {}

func (l logger) Warnf(format string, args ...any)  { l.say(format, args) }
func (l logger) Errorf(format string, args ...any) { l.say(format, args) }
func (l logger) Fatalf(format string, args ...any) { l.say(format, args) }

func (l logger) say(format string, args []any) {
	if l.warn != nil {
		l.warn("server: "+format, args...)
	}
}
