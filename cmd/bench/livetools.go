package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strconv"
)

// tool is a program that captures.
type tool struct {
	name string
	argv []string
	// heard reads what it says at its end: packets captured and lost.
	heard func(stdout, stderr []byte) (got, lost int64, err error)
}

// tools are ftpscope and what it is compared with, all with as much room for packets that wait. ftpscope writes its
// records to a file, since the last one tells what it saw.
func (b *bench) tools() []tool {
	return []tool{
		{"tcpdump", []string{b.tcpdump, "-i", plugThere, "-n", "-B", "65536", "-w", "/dev/null"}, tcpdumpHeard},
		{"dumpcap", []string{"dumpcap", "-q", "-i", plugThere, "-B", "64", "-w", "/dev/null"}, dumpcapHeard},
		{"ftpscope", []string{b.ftpscope, "sniff", "-i", plugThere, "--ring-size", "64MiB", "-o", "json"}, ftpscopeHeard},
	}
}

const yardstick, judged = "tcpdump", "ftpscope"

var (
	tcpdumpSays = regexp.MustCompile(`(?s)(\d+) packets? captured.*\n(\d+) packets? dropped by kernel`)
	dumpcapSays = regexp.MustCompile(`Packets received/dropped on interface .*: (\d+)/(\d+)`)
)

func tcpdumpHeard(_, stderr []byte) (got, lost int64, err error) { return numbers(tcpdumpSays, stderr) }

func dumpcapHeard(_, stderr []byte) (got, lost int64, err error) { return numbers(dumpcapSays, stderr) }

func numbers(says *regexp.Regexp, b []byte) (got, lost int64, err error) {
	m := says.FindSubmatch(b)
	if m == nil {
		return 0, 0, fmt.Errorf("it did not say what it captured, but %q", b)
	}
	got, err = strconv.ParseInt(string(m[1]), 10, 64)
	if err == nil {
		lost, err = strconv.ParseInt(string(m[2]), 10, 64)
	}
	return got, lost, err
}

func ftpscopeHeard(stdout, _ []byte) (got, lost int64, err error) {
	s, err := lastSummary(stdout)
	return s.Packets, s.Capture.Dropped, err
}

// liveSummary is ftpscope's last line.
type liveSummary struct {
	Type string
	summary
	Capture struct {
		Dropped int64 `json:"dropped_packets"`
		Missing int64 `json:"missing_bytes"`
		Evicted int64 `json:"evicted_connections"`
	}
}

func lastSummary(stdout []byte) (s liveSummary, err error) {
	stdout = bytes.TrimSpace(stdout)
	if err := json.Unmarshal(stdout[bytes.LastIndexByte(stdout, '\n')+1:], &s); err != nil {
		return s, fmt.Errorf("ftpscope's last line: %w", err)
	}
	if s.Type != "summary" {
		return s, errors.New("ftpscope's last line is no summary")
	}
	return s, nil
}
