package main

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"ftpscope/analyze/record"
	"ftpscope/analyze/report"
	"ftpscope/analyze/report/diagnosis"
	"ftpscope/capture/flow"
	"ftpscope/cmd/ftpscope/mistakes"
)

// choiceFlags choose which records the outputs show.
type choiceFlags struct {
	hosts        []string
	since, until string
	failed       bool
	choice       report.Choice
}

// add adds the flags; user is what the one for names is called.
func (f *choiceFlags) add(s *pflag.FlagSet, user string) {
	c := &f.choice
	s.StringSliceVar(&f.hosts, "host", nil, "show sessions of host or network `ADDRESS`")
	s.StringSliceVar(&c.Users, user, nil, "show sessions of user `NAME`")
	s.StringSliceVar(&c.Modes, "mode", nil, "show sessions whose mode is `MODE`: active, passive, mixed, none, unknown")
	s.StringSliceVar(&c.Initiators, "initiator", nil, "show sessions whose data connections `WHO` opened: client, server, …")
	s.StringSliceVar(&c.Outcomes, "outcome", nil, "show sessions with a transfer that ended as `OUTCOME`: no-connection, …")
	s.BoolVar(&f.failed, "failed", false, "show sessions that failed")
	s.StringSliceVar(&c.Findings, "finding", nil, "show sessions with finding `ID`")
	s.StringSliceVar(&c.Causes, "cause", nil, "show sessions with a verdict of `CAUSE`: data-blocked, …")
	s.StringSliceVar(&c.Places, "at", nil, "… that says to look at `PLACE`: firewall, nat, server, …")
	s.StringVar(&c.MinSeverity, "min-severity", "", "show sessions with a finding of `SEVERITY` or above")
	s.StringVar(&f.since, "since", "", "show sessions that ended at `TIME` (UTC, or --tz) or later: 2026-11-24T10:00, 2026-11-24")
	s.StringVar(&f.until, "until", "", "show sessions that began before `TIME`")
}

// The words that a record can have.
var (
	sessionModes = []string{record.Active, record.Passive, record.Mixed, record.None, record.Unknown}
	initiators   = []string{record.Client, record.Server, record.ThirdParty, record.Mixed, record.None}
	outcomes     = []string{
		record.OK, record.Denied, record.NoConnection, record.Aborted, record.Incomplete, record.Unused, record.Rejected, record.Unknown,
	}
)

// check reads the values. What no record can have is an error, since it would choose nothing.
func (f *choiceFlags) check(zone *time.Location) error {
	c := &f.choice
	if f.failed {
		c.Failed = diagnosis.HasFailed
	}
	for _, text := range f.hosts {
		p, err := prefix(text)
		if err != nil {
			return fmt.Errorf("--host takes an address or a network such as 10.0.0.0/8, got %q", text)
		}
		c.Hosts = append(c.Hosts, p)
	}
	for _, words := range []struct {
		flag        string
		given, have []string
	}{
		{"mode", c.Modes, sessionModes}, {"initiator", c.Initiators, initiators}, {"outcome", c.Outcomes, outcomes},
		{"cause", c.Causes, words(record.Causes)}, {"at", c.Places, words(record.Places)}, {"finding", c.Findings, ruleNames()},
	} {
		if err := known(words.flag, words.given, words.have); err != nil {
			return err
		}
	}
	if c.MinSeverity != "" && severity(c.MinSeverity) < 0 {
		return fmt.Errorf("--min-severity takes %s, got %q", strings.Join(record.FromMildest(), ", "), c.MinSeverity)
	}
	for _, moment := range []struct {
		flag, text string
		at         *flow.Time
	}{{"since", f.since, &c.Since}, {"until", f.until, &c.Until}} {
		if moment.text == "" {
			continue
		}
		t, err := instant(moment.text, zone)
		if err != nil {
			return fmt.Errorf("--%s takes a time such as 2026-11-24T10:00:00Z or 2026-11-24, got %q", moment.flag, moment.text)
		}
		*moment.at = t
	}
	if f.since != "" && f.until != "" && c.Until <= c.Since {
		return fmt.Errorf("--until %s is not after --since %s: nothing is between them", f.until, f.since)
	}
	return nil
}

// words are those of a list with meanings.
func words(list []record.Meaning) (words []string) {
	for _, m := range list {
		words = append(words, m.Word)
	}
	return words
}

// maxNamed is how many words an error names.
const maxNamed = 30

// known holds that the words given to a flag are among those there are. An error names the
// nearest, else all.
func known(flag string, given, have []string) error {
	noun := cmp.Or(map[string]string{"disable": "finding", "at": "place"}[flag], flag)
	for _, w := range given {
		if slices.Contains(have, w) {
			continue
		}
		if near := mistakes.Nearest(w, have); near != "" {
			return fmt.Errorf("--%s: there is no %s %q; did you mean %s?", flag, noun, w, near)
		}
		if len(have) > maxNamed {
			return fmt.Errorf("--%s: there is no %s %q (%s lists them)", flag, noun, w, map[bool]string{true: "ftpscope findings --causes", false: "ftpscope findings"}[flag == "cause"])
		}
		return fmt.Errorf("--%s takes %s, got %q", flag, strings.Join(have, ", "), w)
	}
	return nil
}

// settings are the flags as they were given.
func (f *choiceFlags) settings() (list []string) {
	if f.failed {
		list = append(list, "--failed")
	}
	for _, x := range []struct {
		flag   string
		values []string
	}{
		{"host", f.hosts}, {"user", f.choice.Users}, {"mode", f.choice.Modes}, {"initiator", f.choice.Initiators}, {"outcome", f.choice.Outcomes},
		{"finding", f.choice.Findings}, {"cause", f.choice.Causes}, {"at", f.choice.Places}, {"min-severity", []string{f.choice.MinSeverity}}, {"since", []string{f.since}}, {"until", []string{f.until}},
	} {
		for _, v := range x.values {
			if v != "" {
				list = append(list, "--"+x.flag+" "+strconv.Quote(v))
			}
		}
	}
	return list
}

// prefix reads an address or a network.
func prefix(text string) (netip.Prefix, error) {
	if p, err := netip.ParsePrefix(text); err == nil {
		return p.Masked(), nil
	}
	a, err := netip.ParseAddr(text)
	if err != nil {
		return netip.Prefix{}, err
	}
	a = a.Unmap().WithZone("")
	return netip.PrefixFrom(a, a.BitLen()), nil
}

// instant reads a time; one that names no zone is in that of the results.
func instant(text string, zone *time.Location) (flow.Time, error) {
	var err error
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05", "2006-01-02T15:04", "2006-01-02 15:04:05", "2006-01-02 15:04", time.DateOnly} {
		var t time.Time
		if t, err = time.ParseInLocation(layout, text, zone); err == nil {
			return flow.Time(t.UnixNano()), nil
		}
	}
	return 0, err
}
