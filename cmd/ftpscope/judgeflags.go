package main

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"ftpscope/analyze/finding"
	"ftpscope/analyze/prose"
	"ftpscope/analyze/record"
	"ftpscope/analyze/report"
	"ftpscope/capture/flow"
	"ftpscope/cmd/ftpscope/mistakes"
)

// judgeFlags concern the findings.
type judgeFlags struct {
	disable       []string
	failOn        []string // severities and causes
	bruteFailures int
	bruteWindow   time.Duration
}

// maxBruteWindow is the longest time that sessions are remembered for: memory grows with it.
const maxBruteWindow = 24 * time.Hour

func (f *judgeFlags) add(s *pflag.FlagSet) {
	s.StringSliceVar(&f.disable, "disable", nil, "leave out the findings of rule `ID`; repeatable")
	s.StringSliceVar(&f.failOn, "fail-on", nil, "exit with status 3 if a finding has severity `WHAT` or above, or a verdict has that cause")
	s.IntVar(&f.bruteFailures, "brute-failures", finding.BruteFailures, "report password guessing after `N` failed logins from one host at one server …")
	s.DurationVar(&f.bruteWindow, "brute-window", time.Duration(finding.BruteWindow), "… within `TIME`")
}

func (f *judgeFlags) check() error {
	for _, what := range f.failOn {
		if severity(what) < 0 && !slices.Contains(words(record.Causes), what) {
			if near := mistakes.Nearest(what, slices.Concat(record.FromMildest(), words(record.Causes))); near != "" {
				return fmt.Errorf("--fail-on: there is no severity or cause %q; did you mean %s?", what, near)
			}
			return fmt.Errorf("--fail-on takes %s, or the cause of a verdict (data-blocked, …), got %q", strings.Join(record.FromMildest(), ", "), what)
		}
	}
	switch {
	case f.bruteFailures < 1 || f.bruteFailures > finding.MaxBruteFailures:
		return fmt.Errorf("--brute-failures takes a number from 1 to %d, got %d", finding.MaxBruteFailures, f.bruteFailures)
	case f.bruteWindow <= 0 || f.bruteWindow > maxBruteWindow:
		return errors.New("--brute-window takes a time like 30s or 5m, at most 24h")
	}
	return known("disable", f.disable, ruleNames())
}

// options are what the analysis needs of them.
func (f *judgeFlags) options() finding.Options {
	opt := finding.Options{Disable: map[string]bool{}, BruteFailures: f.bruteFailures, BruteWindow: flow.Time(f.bruteWindow)}
	for _, id := range f.disable {
		opt.Disable[id] = true
	}
	return opt
}

// settings are those flags that change what is found and differ from their defaults.
func (f *judgeFlags) settings() (list []string) {
	for _, id := range slices.Sorted(slices.Values(f.disable)) {
		list = append(list, "--disable "+id)
	}
	if f.bruteFailures != finding.BruteFailures {
		list = append(list, "--brute-failures "+strconv.Itoa(f.bruteFailures))
	}
	if f.bruteWindow != time.Duration(finding.BruteWindow) {
		list = append(list, "--brute-window "+f.bruteWindow.String())
	}
	return list
}

func ruleNames() (list []string) {
	for _, r := range finding.Rules() {
		list = append(list, r.ID)
	}
	return list
}

// severity is a severity's rank; -1: there is no such severity.
func severity(name string) int { return slices.Index(record.FromMildest(), name) }

// watch sees whether what --fail-on asks for is among the records that it hands on.
type watch struct {
	report.Writer
	what []string // causes and severities
	seen bool
}

func (w *watch) verdict(v *record.Verdict) {
	w.seen = w.seen || v != nil && slices.Contains(w.what, v.Cause)
}

// Session hands on a session. One that goes on has no verdict yet.
func (w *watch) Session(s *record.Session) error {
	if !s.Open {
		w.verdict(s.Verdict)
		for i := range s.Transfers {
			w.verdict(s.Transfers[i].Verdict)
		}
	}
	return w.Writer.Session(s)
}

// Attempt hands on an attempt.
func (w *watch) Attempt(a *record.Attempt) error {
	w.verdict(a.Verdict)
	return w.Writer.Attempt(a)
}

// Orphan hands on an orphan.
func (w *watch) Orphan(o *record.Orphan) error {
	w.verdict(o.Verdict)
	return w.Writer.Orphan(o)
}

// Summary looks for findings.
func (w *watch) Summary(s *record.Summary) error {
	for _, what := range w.what {
		w.seen = w.seen || severity(what) >= 0 && foundAtLeast(s.Findings, what)
	}
	return w.Writer.Summary(s)
}

// dataSeen sees whether the capture has data connections at all.
type dataSeen struct {
	report.Writer
	opened bool
	missed int // transfers that a server completed, on connections that are not in the capture
}

// Session hands on a session.
func (d *dataSeen) Session(s *record.Session) error {
	for i := range s.Transfers {
		switch t := &s.Transfers[i]; {
		case t.Connection != nil:
			d.opened = true
		case t.Announced != nil && t.Announced.Addr() != s.Client.Addr() && t.Announced.Addr() != s.Server.Addr(): // a third host's
		case t.Outcome == record.OK || t.Reply != nil && t.Reply.Code == 226:
			d.missed++
		}
	}
	return d.Writer.Session(s)
}

// Orphan hands on an orphan.
func (d *dataSeen) Orphan(o *record.Orphan) error {
	d.opened = true
	return d.Writer.Orphan(o)
}

// tell warns of a capture, or a filter, that leaves out all data connections: people filter by FTP's port.
func (d *dataSeen) tell(j *job) {
	if d.opened || d.missed == 0 {
		return
	}
	j.warning("no data connection was captured, though servers completed %s: who opened them is unknown", prose.Many(uint64(d.missed), "transfer"))
	if j.flags.packets != nil {
		j.hint("-f 'host ADDRESS' instead of a port")
	} else {
		j.hint("a capture of port 21 lacks them: tcpdump -w FILE host SERVER has all")
	}
}

// foundAtLeast reports whether the counts by severity have a finding of a severity or above.
func foundAtLeast(counts map[string]int, least string) bool {
	for name, n := range counts {
		if n > 0 && severity(name) >= severity(least) {
			return true
		}
	}
	return false
}
