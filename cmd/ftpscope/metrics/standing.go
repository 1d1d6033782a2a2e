package metrics

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"ftpscope/capture/flow"
)

// standings collects the figures of the last Status, all of the same moment.
type standings struct{ *Metrics }

// figure is a metric out of a standing; it has none while its time is not known.
type figure struct {
	desc  *prometheus.Desc
	kind  prometheus.ValueType
	value func(s *standing, now time.Time) (value float64, known bool)
}

var figures = []figure{
	count("packets_total", "Packets read from the interfaces.", func(s *standing) uint64 { return s.Packets }),
	count("bytes_total", "Bytes of the packets read, as they were on the wire.", func(s *standing) uint64 { return s.Bytes }),
	count("kernel_dropped_packets_total", "Packets that the kernel dropped because the analysis did not fetch them in time.",
		func(s *standing) uint64 { return s.Dropped }),
	count("evicted_connections_total", "Connections forgotten because a table was full.", func(s *standing) uint64 { return s.Evicted }),
	size("connections", "TCP connections in the tables.", func(s *standing) int { return s.Tracked }),
	size("control_connections", "Control connections that are open.", func(s *standing) int { return s.Open }),
	moment("lag_seconds", "How far the analysis is behind the wall clock.", func(s *standing, now time.Time) (float64, bool) {
		return now.Sub(clockTime(s.Now)).Seconds(), s.Now > 0 && !s.ended
	}),
	moment("last_packet_timestamp_seconds", "When the last packet came, in Unix time, to a quarter of a second.",
		func(s *standing, _ time.Time) (float64, bool) {
			return unixSeconds(clockTime(s.lastPacket)), s.lastPacket > 0
		}),
	moment("last_status_timestamp_seconds", "When the analysis last gave a sign of life, in Unix time.",
		func(s *standing, _ time.Time) (float64, bool) { return unixSeconds(s.at), !s.at.IsZero() }),
}

func count(name, help string, value func(*standing) uint64) figure {
	return figure{describe(name, help), prometheus.CounterValue,
		func(s *standing, _ time.Time) (float64, bool) { return float64(value(s)), true }}
}

func size(name, help string, value func(*standing) int) figure {
	return figure{describe(name, help), prometheus.GaugeValue,
		func(s *standing, _ time.Time) (float64, bool) { return float64(value(s)), true }}
}

func moment(name, help string, value func(*standing, time.Time) (float64, bool)) figure {
	return figure{describe(name, help), prometheus.GaugeValue, value}
}

func describe(name, help string) *prometheus.Desc {
	return prometheus.NewDesc("ftpscope_"+name, help, nil, nil)
}

func clockTime(t flow.Time) time.Time { return time.Unix(0, int64(t)) }

func unixSeconds(t time.Time) float64 { return float64(t.UnixNano()) / float64(time.Second) }

// Describe names the figures.
func (standings) Describe(ch chan<- *prometheus.Desc) {
	for _, f := range figures {
		ch <- f.desc
	}
}

// Collect gives the figures.
func (c standings) Collect(ch chan<- prometheus.Metric) {
	s := c.standing.Load()
	if s == nil {
		s = &standing{}
	}
	now := c.clock()
	for _, f := range figures {
		if v, known := f.value(s, now); known {
			ch <- prometheus.MustNewConstMetric(f.desc, f.kind, v)
		}
	}
}
