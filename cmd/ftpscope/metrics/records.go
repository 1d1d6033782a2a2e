package metrics

import (
	"slices"

	"github.com/prometheus/client_golang/prometheus"

	"ftpscope/analyze/finding"
	"ftpscope/analyze/record"
	"ftpscope/capture/flow"
)

// records are the counters of records.
type records struct {
	sessions, transfers, initiators, bytes, findings, attempts, orphans *family

	missing prometheus.Counter
}

func newRecords(r prometheus.Registerer) *records {
	var (
		mode      = label{"mode", []string{record.Active, record.Passive, record.Unknown}}
		modes     = label{"mode", []string{record.Active, record.Passive, record.Mixed, record.Unknown, record.None}}
		login     = label{"login", []string{record.LoginOK, record.LoginFailed, record.LoginNone}}
		initiator = label{"initiator", []string{record.Client, record.Server, record.ThirdParty, record.None}}
		direction = label{"direction", []string{record.Download, record.Upload, record.Unknown}}
		state     = label{"state", []string{flow.Refused.String(), flow.Unanswered.String(), flow.Unreachable.String()}}
		outcome   = label{"outcome", []string{record.OK, record.Denied, record.NoConnection, record.Aborted, record.Incomplete,
			record.Unused, record.Rejected, record.Unknown}}
		id       = label{name: "id"}
		severity = label{"severity", record.FromMildest()}
	)
	for _, rule := range finding.Rules() {
		id.values = append(id.values, rule.ID)
	}
	c := &records{
		sessions:   newFamily("sessions_total", "Sessions that are over, by data connection mode and login.", modes, login),
		transfers:  newFamily("transfers_total", "Transfers of sessions that are over, by mode and outcome.", mode, outcome),
		initiators: newFamily("transfers_by_initiator_total", "Transfers of sessions that are over, by mode and by who opened the data connection.", mode, initiator),
		bytes:      newFamily("transfer_bytes_total", "Payload bytes of the transfers of sessions that are over.", mode, direction),
		findings:   newFamily("findings_total", "Findings on sessions that are over; ftpscope findings explains the ids.", id, severity),
		attempts:   newFamily("attempts_total", "Control connections that never came to be, by what met them; told when the capture ends.", state),
		orphans:    newFamily("orphans_total", "Data connections without a control connection in the capture; told when the capture ends.", mode),
		missing: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "ftpscope_control_missing_bytes_total", Help: "Bytes of control connections that the capture lacks, in sessions that are over.",
		}),
	}
	for _, f := range []*family{c.sessions, c.transfers, c.initiators, c.bytes, c.attempts, c.orphans} {
		f.begin()
	}
	for _, rule := range finding.Rules() {
		c.findings.of(rule.ID, rule.Severity) // other severities are rare
	}
	r.MustRegister(c.sessions.vec, c.transfers.vec, c.initiators.vec, c.bytes.vec, c.findings.vec, c.attempts.vec, c.orphans.vec, c.missing)
	return c
}

func (c *records) session(s *record.Session) {
	c.sessions.of(s.Mode, s.Login).Inc()
	c.missing.Add(float64(s.Capture.MissingBytes))
	for i := range s.Transfers {
		t := &s.Transfers[i]
		c.transfers.of(t.Mode, t.Outcome).Inc()
		c.initiators.of(t.Mode, t.Initiator).Inc()
		if t.Bytes == nil {
			continue
		}
		direction := record.Unknown
		if t.Direction != nil {
			direction = *t.Direction
		}
		c.bytes.of(t.Mode, direction).Add(float64(*t.Bytes))
	}
	for i := range s.Findings {
		c.findings.of(s.Findings[i].ID, s.Findings[i].Severity).Inc()
	}
}

// label is a label with all its values but other.
type label struct {
	name   string
	values []string
}

// other is the label value for what is not known.
const other = "other"

// maxLabels is the most that a family has.
const maxLabels = 2

// family is a counter with labels. Its series are found without an allocation.
type family struct {
	vec    *prometheus.CounterVec
	labels []label
	series map[[maxLabels]string]prometheus.Counter
}

func newFamily(name, help string, labels ...label) *family {
	names := make([]string, len(labels))
	for i, l := range labels {
		names[i] = l.name
	}
	return &family{
		vec:    prometheus.NewCounterVec(prometheus.CounterOpts{Name: "ftpscope_" + name, Help: help}, names),
		labels: labels, series: map[[maxLabels]string]prometheus.Counter{},
	}
}

// begin makes the series of all known values, at 0: a rate over a series that is new
// misses its first increase.
func (f *family) begin() {
	for _, a := range f.labels[0].values {
		if len(f.labels) == 1 {
			f.of(a)
			continue
		}
		for _, b := range f.labels[1].values {
			f.of(a, b)
		}
	}
}

// of is the counter with these label values.
func (f *family) of(values ...string) prometheus.Counter {
	var key [maxLabels]string
	for i, l := range f.labels {
		if key[i] = other; slices.Contains(l.values, values[i]) {
			key[i] = values[i]
		}
	}
	c, ok := f.series[key]
	if !ok {
		c = f.vec.WithLabelValues(key[:len(f.labels)]...)
		f.series[key] = c
	}
	return c
}
