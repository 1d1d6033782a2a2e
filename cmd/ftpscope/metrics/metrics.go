// Package metrics shows how a live analysis stands to Prometheus: it is one more writer
// of records, that counts them, and takes the Status that package analyze gives a few
// times a second. No label comes from the wire.
package metrics

import (
	"net"
	"net/http"
	"runtime"
	"runtime/debug"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"ftpscope/analyze"
	"ftpscope/analyze/record"
	"ftpscope/capture/flow"
)

// Metrics counts records and serves what it counted. Session, Attempt, Orphan, Summary
// and Status are for one goroutine, that of the analysis, and never wait for those who
// read.
type Metrics struct {
	registry *prometheus.Registry
	records  *records
	standing atomic.Pointer[standing] // nil before the first Status
	clock    func() time.Time

	host     string // that it was told to listen on
	listener net.Listener
	server   *http.Server
}

// standing is a Status, and what it says when seen from outside.
type standing struct {
	analyze.Status
	at         time.Time // of the wall clock
	lastPacket flow.Time // 0: none yet
	ended      bool      // the summary came: no more packets
}

func newMetrics() *Metrics {
	m := &Metrics{registry: prometheus.NewRegistry(), clock: time.Now}
	m.records = newRecords(m.registry)
	m.registry.MustRegister(standings{m}, buildInfo(),
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// Session counts a session that is over; a snapshot counts nothing.
func (m *Metrics) Session(s *record.Session) error {
	if !s.Open {
		m.records.session(s)
	}
	return nil
}

// Attempt counts an attempt.
func (m *Metrics) Attempt(a *record.Attempt) error {
	m.records.attempts.of(a.State).Inc()
	return nil
}

// Orphan counts an orphan.
func (m *Metrics) Orphan(o *record.Orphan) error {
	m.records.orphans.of(o.Mode).Inc()
	return nil
}

// Status keeps how the analysis stands.
func (m *Metrics) Status(st *analyze.Status) {
	next := &standing{Status: *st, at: m.clock()}
	var packets uint64
	if last := m.standing.Load(); last != nil {
		packets, next.lastPacket = last.Packets, last.lastPacket
	}
	if st.Packets > packets {
		next.lastPacket = st.Now
	}
	m.standing.Store(next)
}

// Summary is the end: its sums are the last word.
func (m *Metrics) Summary(s *record.Summary) error {
	next := &standing{at: m.clock(), ended: true}
	if last := m.standing.Load(); last != nil {
		next.Status, next.lastPacket = last.Status, last.lastPacket
	}
	next.Packets, next.Bytes = max(next.Packets, s.Packets), max(next.Bytes, s.Bytes)
	next.Dropped, next.Evicted = max(next.Dropped, s.Capture.Dropped), max(next.Evicted, s.Capture.Evicted)
	next.Open, next.Tracked = 0, 0
	if s.Last != nil {
		next.lastPacket = max(next.lastPacket, s.Last.Time)
	}
	m.standing.Store(next)
	return nil
}

func buildInfo() prometheus.Collector {
	version := "devel"
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" && info.Main.Version != "(devel)" {
		version = info.Main.Version
	}
	g := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "ftpscope_build_info", Help: "Which ftpscope this is; always 1.",
		ConstLabels: prometheus.Labels{"version": version, "goversion": runtime.Version()},
	})
	g.Set(1)
	return g
}
