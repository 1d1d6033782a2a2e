package main

import (
	"errors"
	"time"

	"ftpscope/capture"
)

// checkFollow checks the flags of analyze that have to do with files that grow.
func (f *flags) checkFollow() error {
	switch {
	case !f.follow && (f.interval != 0 || f.idleTimeout != 0):
		return errors.New("--interval and --idle-timeout belong to --follow")
	case f.interval < 0 || f.idleTimeout < 0:
		return errors.New("--interval and --idle-timeout take times like 30s or 1h")
	case f.interval > 0 && f.interval < time.Second:
		return errors.New("--interval takes a second or more")
	}
	return nil
}

// runFollow is analyze of captures that are still being written: it tells of sessions as sniff does.
func runFollow(e *env, f *flags, files []string) int {
	sniff := &sniffFlags{common: f.common, extract: f.extract, interval: f.interval, idleTimeout: f.idleTimeout}
	if sniff.idleTimeout == 0 {
		sniff.idleTimeout = defaultIdle
	}
	s := &sniffing{job: newJob(e, &sniff.common, &sniff.extract, files), sniff: sniff, follows: true}
	specs, ok := s.specs()
	if !ok {
		return exitUsage
	}
	return s.profiled(func() { s.follow(specs) })
}

func (s *sniffing) follow(specs []outputSpec) {
	source, err := capture.Follow(s.files, capture.Options{Stdin: s.stdin, Problem: s.job.problem})
	if err != nil {
		s.fail("%v", err)
		return
	}
	defer source.Close()
	s.source = source
	if !source.Alive() || !s.open(specs) || !s.openExtract() {
		return
	}
	s.listen()
}
