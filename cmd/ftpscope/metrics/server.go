package metrics

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Limits of the server. A scrape takes milliseconds: who needs longer is broken, or means
// harm.
const (
	// maxConnections bounds the memory that readers can take; one more than these and the
	// oldest is closed.
	maxConnections = 32
	// maxHeader is more than any scraper's request (net/http adds 4 KiB).
	maxHeader = 8 << 10
	// readTimeout and writeTimeout bound how long one connection lives, with readTimeout
	// for its whole request.
	readTimeout  = 5 * time.Second
	writeTimeout = 10 * time.Second
	// grace is how long Close waits for answers that are under way.
	grace = time.Second
)

// silence is how long the analysis may give no sign of life before it counts as stuck:
// Status comes four times a second.
const silence = 10 * time.Second

// loopback is where metrics are served unless told otherwise.
const loopback = "127.0.0.1"

// Listen takes the address: HOST:PORT, or :PORT or PORT for loopback only. Nothing is
// answered before Serve.
func Listen(addr string) (*Metrics, error) {
	full, err := address(addr)
	if err != nil {
		return nil, err
	}
	m := newMetrics()
	m.host, _, _ = net.SplitHostPort(full)
	if m.listener, err = net.Listen("tcp", full); err != nil {
		return nil, fmt.Errorf("metrics at %s: %w", full, cause(err))
	}
	g := &guard{}
	m.server = &http.Server{
		Handler: m.handler(), ConnState: g.state, ErrorLog: log.New(io.Discard, "", 0), MaxHeaderBytes: maxHeader,
		ReadTimeout: readTimeout, WriteTimeout: writeTimeout, DisableGeneralOptionsHandler: true,
	}
	m.server.SetKeepAlivesEnabled(false) // none idles, so the oldest connection is the slowest: see guard
	return m, nil
}

// address completes an address.
func address(addr string) (string, error) {
	wrong := func() error {
		return fmt.Errorf("metrics: %q is no address with a port, such as %s:9641", addr, loopback)
	}
	host, port := "", addr
	if strings.Contains(addr, ":") {
		var err error
		if host, port, err = net.SplitHostPort(addr); err != nil {
			return "", wrong()
		}
	}
	if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		return "", wrong()
	}
	return net.JoinHostPort(cmp.Or(host, loopback), port), nil
}

// cause is what went wrong, without Go's words for where.
func cause(err error) error {
	var op *net.OpError
	if errors.As(err, &op) {
		err = op.Err
	}
	var call *os.SyscallError
	if errors.As(err, &call) {
		err = call.Err
	}
	return err
}

// Addr is where it listens.
func (m *Metrics) Addr() string { return m.listener.Addr().String() }

// Port is the TCP port of Addr.
func (m *Metrics) Port() int { return m.listener.Addr().(*net.TCPAddr).Port }

// Reads are the files that a scrape reads, on Linux: without the right to, figures of the
// process are left out.
func Reads() []string {
	return []string{"/proc/self/stat", "/proc/self/fd", "/proc/self/limits", "/proc/stat"}
}

// Serve answers until Close.
func (m *Metrics) Serve() error {
	if err := m.server.Serve(m.listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// Close stops serving; answers under way have a moment to end.
func (m *Metrics) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), grace)
	defer cancel()
	err := m.server.Shutdown(ctx)
	m.listener.Close() // Serve may never have been called
	if errors.Is(err, context.DeadlineExceeded) {
		return m.server.Close()
	}
	return err
}

func (m *Metrics) handler() http.Handler {
	metrics := promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{
		ErrorHandling:      promhttp.ContinueOnError, // a figure of the process that cannot be read is left out
		DisableCompression: true,
		CoalesceGather:     true, // many readers at a time take no more of the processor than one
	})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Content-Type-Options", "nosniff")
		if !m.isOwn(r.Host) {
			http.Error(w, "asked for another host: use its address, localhost, or the name that it listens on", http.StatusMisdirectedRequest)
			return
		}
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			http.Error(w, "only GET and HEAD", http.StatusMethodNotAllowed)
			return
		}
		switch r.URL.Path {
		case "/metrics":
			metrics.ServeHTTP(w, r)
		case "/healthz":
			m.healthz(w)
		case "/":
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			w.Header().Set("Content-Security-Policy", "default-src 'none'")
			io.WriteString(w, index)
		default:
			http.Error(w, "not found: there are /metrics and /healthz", http.StatusNotFound)
		}
	})
}

// isOwn reports whether a request's Host is this server: an address, localhost, or the
// name that it was told to listen on. Any other may be a site's whose name leads here for
// a moment, so that its page in somebody's browser may read what it gets (DNS rebinding).
// Programs of HTTP/1.0 name none.
func (m *Metrics) isOwn(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	host = strings.TrimSuffix(strings.TrimSuffix(strings.TrimPrefix(host, "["), "]"), ".")
	_, err := netip.ParseAddr(host)
	return err == nil || host == "" || strings.EqualFold(host, "localhost") || strings.EqualFold(host, strings.TrimSuffix(m.host, "."))
}

const index = `<!doctype html>
<title>ftpscope</title>
<h1>ftpscope</h1>
<p><a href="/metrics">/metrics</a>: for Prometheus
<p><a href="/healthz">/healthz</a>: whether the analysis is alive
`

func (m *Metrics) healthz(w http.ResponseWriter) {
	if reason := m.ill(); reason != "" {
		http.Error(w, reason, http.StatusServiceUnavailable)
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	io.WriteString(w, "ok\n")
}

// ill says why the analysis is not at work.
func (m *Metrics) ill() string {
	s := m.standing.Load()
	if s == nil {
		return "the analysis has not begun"
	}
	if s.ended {
		return "the capture has ended"
	}
	if quiet := m.clock().Sub(s.at); quiet > silence {
		return fmt.Sprintf("no sign of life from the analysis for %d s", int(quiet.Seconds()))
	}
	return ""
}
