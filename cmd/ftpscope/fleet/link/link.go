// Package link connects to the NATS servers of a fleet, and names what is on them:
// streams, subjects. What uses it is sensor, collect and the commands of package fleet.
package link

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/spf13/pflag"
)

// Where says which servers, and who one is to them.
type Where struct {
	URLs      string // nats://a:4222,nats://b:4222
	Creds     string // file of NATS's credentials
	Token     string // file
	CA        string // file
	Cert, Key string // files

	prefix string // of the flags
}

// DefaultPort is NATS's.
const DefaultPort = 4222

// Flags adds the flags to a set; their names begin with the prefix.
func (w *Where) Flags(s *pflag.FlagSet, prefix string) {
	w.prefix = "--" + prefix
	s.StringVar(&w.Creds, prefix+"creds", "", "prove who you are with NATS's credentials in `FILE`")
	s.StringVar(&w.Token, prefix+"token", "", "or with the token in `FILE`")
	s.StringVar(&w.CA, prefix+"tls-ca", "", "trust the authorities in `FILE` (PEM), with nats:// too")
	s.StringVar(&w.Cert, prefix+"tls-cert", "", "or prove it with the certificate in `FILE`")
	s.StringVar(&w.Key, prefix+"tls-key", "", "and its key in `FILE`")
}

// Prefixed is the same as flags with this prefix leave it when none is given.
func (w Where) Prefixed(prefix string) Where {
	w.prefix = "--" + prefix
	return w
}

// Check says what is wrong with flags.
func (w *Where) Check() error {
	if _, err := w.servers(); err != nil {
		return err
	}
	switch {
	case (w.Cert == "") != (w.Key == ""):
		return fmt.Errorf("%stls-cert and %[1]stls-key belong together", w.prefix)
	case w.Creds != "" && w.Token != "":
		return fmt.Errorf("%screds and %[1]stoken: one of them is enough", w.prefix)
	}
	return nil
}

// servers are the URLs, each with a port.
func (w *Where) servers() (list []*url.URL, err error) {
	for text := range strings.SplitSeq(w.URLs, ",") {
		text = strings.TrimSpace(text)
		if !strings.Contains(text, "://") {
			text = "nats://" + text
		}
		u, err := url.Parse(text)
		if err != nil || u.Hostname() == "" || u.Path != "" && u.Path != "/" {
			return nil, fmt.Errorf("want URLs like nats://hub:4222, got %q", w.URLs)
		}
		if u.Scheme != "nats" && u.Scheme != "tls" {
			return nil, fmt.Errorf("want nats:// or tls://, got %q", u.Scheme+"://")
		}
		if u.User != nil {
			return nil, fmt.Errorf("others see a password on the command line: use %screds or %[1]stoken", w.prefix)
		}
		if u.Port() == "" {
			u.Host = net.JoinHostPort(u.Hostname(), strconv.Itoa(DefaultPort))
		}
		list = append(list, u)
	}
	return list, nil
}

// Names are the servers for people.
func (w *Where) Names() string {
	list, _ := w.servers()
	var names []string
	for _, u := range list {
		names = append(names, u.Scheme+"://"+u.Host)
	}
	return strings.Join(names, ", ")
}

// Ports are those that servers are reached at: all that a confined program may connect to.
func (w *Where) Ports() (ports []uint16) {
	list, _ := w.servers()
	for _, u := range list {
		n, err := strconv.ParseUint(u.Port(), 10, 16)
		if err == nil && !slices.Contains(ports, uint16(n)) {
			ports = append(ports, uint16(n))
		}
	}
	return ports
}

// maxSecret bounds the files that are read.
const maxSecret = 1 << 20

func read(name string) ([]byte, error) {
	info, err := os.Stat(name)
	if err == nil && info.Size() > maxSecret {
		return nil, fmt.Errorf("%s: is no file of this kind: it is too large", name)
	}
	return os.ReadFile(name)
}

// options read all files now: who reconnects later may have no right to.
func (w *Where) options() (list []nats.Option, err error) {
	if w.Creds != "" {
		b, err := read(w.Creds)
		if err != nil {
			return nil, err
		}
		list = append(list, nats.UserCredentialBytes(b))
	}
	if w.Token != "" {
		b, err := read(w.Token)
		if err != nil {
			return nil, err
		}
		list = append(list, nats.Token(strings.TrimSpace(string(b))))
	}
	if w.CA == "" && w.Cert == "" {
		return list, nil
	}
	conf := &tls.Config{MinVersion: tls.VersionTLS12}
	if w.CA != "" {
		b, err := read(w.CA)
		if err != nil {
			return nil, err
		}
		if conf.RootCAs = x509.NewCertPool(); !conf.RootCAs.AppendCertsFromPEM(b) {
			return nil, fmt.Errorf("%s: holds no certificate (PEM)", w.CA)
		}
	}
	if w.Cert != "" {
		pair, err := tls.LoadX509KeyPair(w.Cert, w.Key)
		if err != nil {
			return nil, fmt.Errorf("%s, %s: %w", w.Cert, w.Key, err)
		}
		conf.Certificates = []tls.Certificate{pair}
	}
	return append(list, nats.Secure(conf)), nil
}

// Options say how a connection is to be held.
type Options struct {
	Name    string                           // of who connects, for the server's lists
	Patient bool                             // a server that is not there yet is waited for
	Warn    func(format string, args ...any) // what happens to the connection; nil: nobody hears
}

const (
	dialTime  = 5 * time.Second
	retryTime = time.Second
)

// Connect connects; it goes on trying when the connection is lost.
func (w *Where) Connect(opt Options) (*nats.Conn, error) {
	list, err := w.options()
	if err != nil {
		return nil, err
	}
	warn := opt.Warn
	if warn == nil {
		warn = func(string, ...any) {}
	}
	servers, err := w.servers()
	if err != nil {
		return nil, err
	}
	var urls []string
	for _, u := range servers {
		urls = append(urls, u.String())
	}
	list = append(list, nats.Name(opt.Name), nats.MaxReconnects(-1), nats.ReconnectWait(retryTime), nats.Timeout(dialTime),
		nats.RetryOnFailedConnect(opt.Patient), nats.ReconnectBufSize(-1), nats.IgnoreDiscoveredServers(), nats.IgnoreAuthErrorAbort(),
		nats.PingInterval(10*time.Second), nats.MaxPingsOutstanding(2),
		nats.DisconnectErrHandler(func(_ *nats.Conn, err error) {
			if err != nil {
				warn("%s: the connection is lost (%v)", w.Names(), Plain(err))
			}
		}),
		nats.ReconnectHandler(func(c *nats.Conn) { warn("%s: connected again", c.ConnectedUrlRedacted()) }),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) { warn("%s: %v", w.Names(), Plain(err)) }))
	c, err := nats.Connect(strings.Join(urls, ","), list...)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", w.Names(), Plain(err))
	}
	return c, nil
}

// Plain says an error of NATS in words that need no knowledge of it.
func Plain(err error) error {
	for known, text := range map[error]string{
		nats.ErrNoServers:             "no server answers there",
		nats.ErrAuthorization:         "the server does not know these credentials",
		nats.ErrAuthExpired:           "the credentials have expired",
		nats.ErrAuthRevoked:           "the credentials were revoked",
		nats.ErrPermissionViolation:   "the credentials do not allow this",
		nats.ErrSecureConnWanted:      "the server speaks no TLS",
		nats.ErrSecureConnRequired:    "the server wants TLS: tls://, or a file of authorities",
		nats.ErrTimeout:               "no answer in time",
		nats.ErrNoResponders:          "the server has no JetStream, or no stream for this yet",
		jetstream.ErrNoStreamResponse: "the server has no JetStream, or no stream for this yet",
		nats.ErrConnectionClosed:      "the connection is closed",
		nats.ErrDisconnected:          "not connected",
	} {
		if errors.Is(err, known) {
			return errors.New(text)
		}
	}
	return err
}

// What is on the servers.
const (
	RecordStream   = "FTPSCOPE_RECORDS"
	recordSubjects = "ftpscope.records.*"
	StatusStream   = "FTPSCOPE_STATUS"
	statusSubjects = "ftpscope.status.*.*"
)

// RecordSubject is where a sensor's blocks go: servers may allow it no other.
func RecordSubject(sensor string) string { return "ftpscope.records." + sensor }

// StatusSubject is where the last word of a part of the fleet stands: kind is sensor,
// collector or worker.
func StatusSubject(kind, name string) string { return "ftpscope.status." + kind + "." + name }

// nameForm is what names of sensors, points and collectors may be: they become subjects,
// folders and parts of records.
var nameForm = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$`)

// CheckName says what is wrong with a name.
func CheckName(kind, name string) error {
	if !nameForm.MatchString(name) {
		return fmt.Errorf("the name of a %s has letters, digits, - and _, 64 at most, got %q", kind, name)
	}
	return nil
}

// SubjectName is the name at the end of a subject; empty: it is none of ours.
func SubjectName(subject string) string {
	name := subject[strings.LastIndexByte(subject, '.')+1:]
	if !nameForm.MatchString(name) {
		return ""
	}
	return name
}
