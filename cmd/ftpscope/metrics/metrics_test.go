package metrics

import (
	"fmt"
	"io"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/require"

	"ftpscope/analyze"
	"ftpscope/analyze/record"
	"ftpscope/capture/flow"
)

var _ analyze.Records = (*Metrics)(nil)

// start serves on a free port until the test ends, with a clock that stands still.
func start(t *testing.T, addr string) (m *Metrics, url string) {
	t.Helper()
	m, err := Listen(addr)
	require.NoError(t, err)
	m.clock = func() time.Time { return noon }
	served := make(chan error)
	go func() { served <- m.Serve() }()
	t.Cleanup(func() {
		require.NoError(t, m.Close())
		require.NoError(t, <-served)
	})
	return m, "http://" + m.Addr()
}

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func at(seconds int) flow.Time {
	return flow.Time(noon.Add(time.Duration(seconds) * time.Second).UnixNano())
}

// sample is a session with a transfer that went well, one in the other mode that did not, and one that says little.
func sample() *record.Session {
	bytes, down, up := uint64(1000), record.Download, record.Upload
	return &record.Session{
		Mode: record.Mixed, Login: record.LoginOK, Capture: record.Coverage{MissingBytes: 7},
		Transfers: []record.Transfer{
			{Mode: record.Passive, Outcome: record.OK, Initiator: record.Client, Direction: &down, Bytes: &bytes},
			{Mode: record.Active, Outcome: record.NoConnection, Initiator: record.None, Direction: &up},
			{Mode: record.Passive, Outcome: record.Unknown, Initiator: record.Client, Bytes: &bytes},
		},
		Findings: []record.Finding{
			{ID: "data-refused", Severity: record.High}, {ID: "data-refused", Severity: record.High}, {ID: "capture-gap", Severity: record.Info},
		},
	}
}

// series are ftpscope's own series in a scrape that are not 0.
func series(t *testing.T, url string) []string {
	t.Helper()
	var list []string
	for line := range strings.Lines(get(t, url+"/metrics")) {
		own, is := strings.CutPrefix(line, "ftpscope_")
		if is && !strings.HasSuffix(own, " 0\n") && !strings.HasPrefix(own, "build_info") {
			list = append(list, strings.TrimSuffix(own, "\n"))
		}
	}
	return list
}

func get(t *testing.T, url string) string {
	t.Helper()
	r, err := http.Get(url)
	require.NoError(t, err)
	defer r.Body.Close()
	body, err := io.ReadAll(r.Body)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, r.StatusCode, "%s", body)
	return string(body)
}

func TestRecords(t *testing.T) {
	m, url := start(t, ":0")
	open := sample()
	open.Open = true
	for _, s := range []*record.Session{sample(), open, sample(), {Mode: record.None, Login: record.LoginFailed}} {
		require.NoError(t, m.Session(s))
	}
	require.NoError(t, m.Attempt(&record.Attempt{State: "refused", Count: 9}))
	require.NoError(t, m.Orphan(&record.Orphan{Mode: record.Active}))
	require.Equal(t, []string{
		`attempts_total{state="refused"} 1`,
		`control_missing_bytes_total 14`,
		`findings_total{id="capture-gap",severity="info"} 2`,
		`findings_total{id="data-refused",severity="high"} 4`,
		`orphans_total{mode="active"} 1`,
		`sessions_total{login="failed",mode="none"} 1`,
		`sessions_total{login="ok",mode="mixed"} 2`,
		`transfer_bytes_total{direction="download",mode="passive"} 2000`,
		`transfer_bytes_total{direction="unknown",mode="passive"} 2000`,
		`transfers_by_initiator_total{initiator="client",mode="passive"} 4`,
		`transfers_by_initiator_total{initiator="none",mode="active"} 2`,
		`transfers_total{mode="active",outcome="no-connection"} 2`,
		`transfers_total{mode="passive",outcome="ok"} 2`,
		`transfers_total{mode="passive",outcome="unknown"} 2`,
	}, series(t, url))
}

// TestBegins: what can be counted is there at 0 from the start, and passes Prometheus' own lint.
func TestBegins(t *testing.T) {
	m, url := start(t, ":0")
	for range 2 {
		problems, err := testutil.GatherAndLint(m.registry)
		require.NoError(t, err)
		require.Empty(t, problems)
		m.Status(&analyze.Status{Now: at(-1), Packets: 1})
		require.NoError(t, m.Session(sample()))
	}
	require.NoError(t, testutil.ScrapeAndCompare(url+"/metrics", strings.NewReader(`# HELP ftpscope_packets_total Packets read from the interfaces.
# TYPE ftpscope_packets_total counter
ftpscope_packets_total 1
`), "ftpscope_packets_total"))
	body := get(t, url+"/metrics")
	for _, want := range []string{
		`ftpscope_sessions_total{login="none",mode="unknown"} 0`, `ftpscope_transfers_total{mode="active",outcome="ok"} 0`,
		`ftpscope_findings_total{id="bounce-attempt",severity="high"} 0`, `ftpscope_attempts_total{state="unreachable"} 0`,
		fmt.Sprintf("ftpscope_build_info{goversion=%q,version=", runtime.Version()), "go_goroutines ",
	} {
		require.Contains(t, body, want)
	}
	if runtime.GOOS == "linux" {
		require.Contains(t, body, "process_open_fds ")
		require.Contains(t, body, "process_resident_memory_bytes ")
	}
}

func TestStanding(t *testing.T) {
	const scale = 1_772_366_400 // noon
	busy := &analyze.Status{Now: at(-3), Packets: 10, Bytes: 900, Dropped: 2, Open: 1, Tracked: 5, Evicted: 4}
	idle := *busy
	idle.Now = at(-1)
	end := record.Summary{Packets: 12, Bytes: 950, Last: &record.Stamp{Time: at(-2)}, Capture: record.SummaryCapture{Dropped: 3}}
	counted := []string{"bytes_total 900", "connections 5", "control_connections 1", "evicted_connections_total 4", "kernel_dropped_packets_total 2"}
	list := func(before []string, after ...string) []string {
		return append(before[:len(before):len(before)], after...)
	}
	m, url := start(t, ":0")
	for _, step := range []struct {
		name string
		do   func()
		want []string
	}{
		{"nothing yet", func() {}, nil},
		{"packets", func() { m.Status(busy) }, list(counted, "lag_seconds 3", "packets_total 10", "last packet -3", "last status 0")},
		{"none for a while", func() { m.Status(&idle) }, list(counted, "lag_seconds 1", "packets_total 10", "last packet -3", "last status 0")},
		{"the end", func() { require.NoError(t, m.Summary(&end)) }, []string{
			"bytes_total 950", "evicted_connections_total 4", "kernel_dropped_packets_total 3", "packets_total 12", "last packet -2", "last status 0"}},
	} {
		t.Run(step.name, func(t *testing.T) {
			step.do()
			var got, times []string
			for _, s := range series(t, url) {
				var name string
				var seconds float64
				if n, _ := fmt.Sscanf(s, "last_%s %g", &name, &seconds); n == 2 {
					name = strings.TrimSuffix(name, "_timestamp_seconds")
					times = append(times, fmt.Sprintf("last %s %g", name, seconds-scale))
					continue
				}
				got = append(got, s)
			}
			require.Equal(t, step.want, append(got, times...))
		})
	}
}

// TestHostile: whatever records say, the number of series stays what it is once other is among them.
func TestHostile(t *testing.T) {
	m, _ := start(t, ":0")
	count := func() int {
		n, err := testutil.GatherAndCount(m.registry, "ftpscope_sessions_total", "ftpscope_transfers_total", "ftpscope_transfers_by_initiator_total",
			"ftpscope_transfer_bytes_total", "ftpscope_findings_total", "ftpscope_attempts_total", "ftpscope_orphans_total")
		require.NoError(t, err)
		return n
	}
	made := func(i int) {
		odd, n := fmt.Sprintf("x%d\n\xff\"{}", i), ^uint64(0)
		require.NoError(t, m.Session(&record.Session{
			Mode: odd, Login: odd,
			Transfers: []record.Transfer{{Mode: odd, Outcome: odd, Initiator: odd, Direction: &odd, Bytes: &n}},
			Findings:  []record.Finding{{ID: odd, Severity: odd}},
		}))
		require.NoError(t, m.Attempt(&record.Attempt{State: odd}))
		require.NoError(t, m.Orphan(&record.Orphan{Mode: odd}))
	}
	before := count()
	for i := range 100 {
		made(i)
	}
	require.Equal(t, before+7, count(), "one series a family")
	require.InDelta(t, 100, testutil.ToFloat64(m.records.findings.vec.WithLabelValues(other, other)), 0)
}

// TestAllocations: the analysis pays for no allocation a session.
func TestAllocations(t *testing.T) {
	m := newMetrics()
	s := sample()
	require.NoError(t, m.Session(s))
	require.Zero(t, testing.AllocsPerRun(100, func() { m.Session(s) }))
}
