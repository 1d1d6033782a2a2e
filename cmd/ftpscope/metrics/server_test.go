package metrics

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ftpscope/analyze"
	"ftpscope/analyze/record"
)

func TestAddress(t *testing.T) {
	for _, c := range []struct{ addr, want string }{
		{"9641", "127.0.0.1:9641"},
		{":9641", "127.0.0.1:9641"},
		{"127.0.0.1:9641", "127.0.0.1:9641"},
		{"0.0.0.0:9641", "0.0.0.0:9641"},
		{"[::1]:9641", "[::1]:9641"},
		{"[::]:0", "[::]:0"},
		{"probe.example:9641", "probe.example:9641"},
		{"", `metrics: "" is no address with a port, such as 127.0.0.1:9641`},
		{"127.0.0.1", `metrics: "127.0.0.1" is no address with a port, such as 127.0.0.1:9641`},
		{"::1", `metrics: "::1" is no address with a port, such as 127.0.0.1:9641`},
		{"::1:x", `metrics: "::1:x" is no address with a port, such as 127.0.0.1:9641`},
		{":http", `metrics: ":http" is no address with a port, such as 127.0.0.1:9641`},
		{":65536", `metrics: ":65536" is no address with a port, such as 127.0.0.1:9641`},
	} {
		got, err := address(c.addr)
		if err != nil {
			got = err.Error()
		}
		require.Equal(t, c.want, got, c.addr)
	}
}

func TestListen(t *testing.T) {
	m, url := start(t, ":0")
	require.True(t, strings.HasPrefix(m.Addr(), "127.0.0.1:"), m.Addr())
	require.Contains(t, get(t, url+"/"), `href="/metrics"`)

	_, err := Listen(m.Addr())
	require.EqualError(t, err, fmt.Sprintf("metrics at 127.0.0.1:%d: address already in use", m.Port()))
	require.ErrorIs(t, err, syscall.EADDRINUSE)

	_, err = Listen("203.0.113.1:0")
	require.EqualError(t, err, "metrics at 203.0.113.1:0: cannot assign requested address")
}

func TestListenIPv6(t *testing.T) {
	if l, err := net.Listen("tcp", "[::1]:0"); err != nil {
		t.Skip("no IPv6 here")
	} else {
		l.Close()
	}
	m, url := start(t, "[::1]:0")
	require.True(t, strings.HasPrefix(m.Addr(), "[::1]:"), m.Addr())
	require.Contains(t, get(t, url+"/metrics"), "ftpscope_packets_total 0\n")
}

// A page of another site whose name leads here (DNS rebinding) gets nothing.
func TestHosts(t *testing.T) {
	m, url := start(t, ":0")
	m.host = "Probe.example"
	for host, want := range map[string]int{
		"127.0.0.1:9641": 200, "127.0.0.1": 200, "[::1]:9641": 200, "[fe80::1%25eth0]:9641": 200, "localhost:9641": 200, "LOCALHOST.": 200, "probe.example:9641": 200,
		"evil.example:9641": 421, "evil.example": 421, "localhost.evil.example": 421, "127.0.0.1.evil.example": 421, "127.1": 421,
	} {
		for _, path := range []string{"/metrics", "/healthz", "/"} {
			r, err := http.NewRequest("GET", url+path, nil)
			require.NoError(t, err)
			r.Host = host
			response, err := http.DefaultClient.Do(r)
			require.NoError(t, err)
			response.Body.Close()
			if path == "/healthz" && want == 200 {
				continue // ill: nothing began
			}
			require.Equal(t, want, response.StatusCode, host+path)
		}
	}
}

func TestPaths(t *testing.T) {
	_, url := start(t, ":0")
	for _, c := range []struct {
		method, path string
		want         int
	}{
		{"GET", "/", 200},
		{"HEAD", "/", 200},
		{"GET", "/metrics", 200},
		{"HEAD", "/metrics", 200},
		{"GET", "/metrics?name[]=ftpscope_packets_total", 200},
		{"POST", "/metrics", 405},
		{"DELETE", "/healthz", 405},
		{"OPTIONS", "*", 405},
		{"FROB", "/", 405},
		{"POST", "/nowhere", 405},
		{"GET", "/metrics/", 404},
		{"GET", "//metrics", 421},
		{"GET", "/./metrics", 404},
		{"GET", "/debug/pprof/", 404},
	} {
		r, err := http.NewRequest(c.method, url, nil)
		require.NoError(t, err)
		r.URL.Opaque = c.path // as it is
		got, err := http.DefaultClient.Do(r)
		require.NoError(t, err, c.path)
		got.Body.Close()
		require.Equal(t, c.want, got.StatusCode, "%s %s", c.method, c.path)
		require.Equal(t, c.want == 405, got.Header.Get("Allow") == "GET, HEAD", "%s %s", c.method, c.path)
	}
}

func TestHealth(t *testing.T) {
	for _, c := range []struct {
		name string
		do   func(*Metrics)
		want string
	}{
		{"before the analysis", func(*Metrics) {}, "503 the analysis has not begun\n"},
		{"at work", func(m *Metrics) { m.Status(&analyze.Status{}) }, "200 ok\n"},
		{"a pause", func(m *Metrics) {
			m.Status(&analyze.Status{})
			m.clock = func() time.Time { return noon.Add(silence) }
		}, "200 ok\n"},
		{"stuck", func(m *Metrics) {
			m.Status(&analyze.Status{})
			m.clock = func() time.Time { return noon.Add(75 * time.Second) }
		}, "503 no sign of life from the analysis for 75 s\n"},
		{"over", func(m *Metrics) {
			m.Status(&analyze.Status{})
			m.Summary(&record.Summary{})
		}, "503 the capture has ended\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			m, err := Listen(":0")
			require.NoError(t, err)
			m.clock = func() time.Time { return noon }
			c.do(m)
			go m.Serve()
			defer m.Close()
			r, err := http.Get("http://" + m.Addr() + "/healthz")
			require.NoError(t, err)
			defer r.Body.Close()
			body, err := io.ReadAll(r.Body)
			require.NoError(t, err)
			require.Equal(t, c.want, fmt.Sprintf("%d %s", r.StatusCode, body))
		})
	}
}

// TestSlow: clients that never end their request keep nobody out, and only so many of them stay.
func TestSlow(t *testing.T) {
	m, url := start(t, ":0")
	var slow []net.Conn
	for range 3 * maxConnections {
		c, err := net.Dial("tcp", m.Addr())
		require.NoError(t, err)
		defer c.Close()
		_, err = io.WriteString(c, "GET /metrics HTTP/1.1\r\nHost: x\r\nX-Slow: ")
		require.NoError(t, err)
		slow = append(slow, c)
	}
	require.Contains(t, get(t, url+"/metrics"), "ftpscope_packets_total 0\n")
	for _, c := range slow[:2*maxConnections] { // the oldest were closed: by the newer ones, not by a timeout
		require.NoError(t, c.SetReadDeadline(time.Now().Add(readTimeout/2)))
		_, err := c.Read(make([]byte, 1))
		require.Error(t, err)
		require.NotErrorIs(t, err, os.ErrDeadlineExceeded)
	}
}

func TestLongHeader(t *testing.T) {
	_, url := start(t, ":0")
	r, err := http.NewRequest("GET", url+"/metrics", nil)
	require.NoError(t, err)
	r.Header.Set("X-Long", strings.Repeat("x", 2*maxHeader))
	got, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	got.Body.Close()
	require.Equal(t, http.StatusRequestHeaderFieldsTooLarge, got.StatusCode)
}

// TestTogether is for the race detector: scrapes while the analysis goes on.
func TestTogether(t *testing.T) {
	m, url := start(t, ":0")
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 5 {
				if r, err := http.Get(url + "/metrics"); err == nil {
					io.Copy(io.Discard, r.Body)
					r.Body.Close()
				}
			}
		})
	}
	for i := range 2000 {
		m.Session(sample())
		m.Status(&analyze.Status{Now: at(i), Packets: uint64(i)})
		m.Session(&record.Session{Mode: "made up", Login: fmt.Sprint(i)})
	}
	m.Summary(&record.Summary{})
	wg.Wait()
	require.Contains(t, get(t, url+"/metrics"), `ftpscope_sessions_total{login="ok",mode="mixed"} 2000`)
}

// TestClose: nothing is left, whether or not it served, and a client that never ends its request does not hold it up.
func TestClose(t *testing.T) {
	unserved, err := Listen(":0")
	require.NoError(t, err)
	require.NoError(t, unserved.Close())
	require.NoError(t, unserved.Close())
	require.NoError(t, unserved.Serve(), "too late")
	again, err := Listen(unserved.Addr())
	require.NoError(t, err, "the port is free")

	served := make(chan error)
	go func() { served <- again.Serve() }()
	slow, err := net.Dial("tcp", again.Addr())
	require.NoError(t, err)
	defer slow.Close()
	io.WriteString(slow, "GET /")
	require.Contains(t, get(t, "http://"+again.Addr()+"/"), "ftpscope")
	require.NoError(t, again.Close())
	require.NoError(t, <-served)
	require.Eventually(t, func() bool { return !strings.Contains(stacks(), "net/http.(*conn).serve") }, 10*time.Minute, time.Millisecond)
	_, err = net.Dial("tcp", again.Addr())
	require.Error(t, err)
}

func stacks() string {
	b := make([]byte, 1<<20)
	return string(b[:runtime.Stack(b, true)])
}
