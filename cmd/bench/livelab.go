package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"strconv"
	"strings"

	"ftpscope/capture/capturetest/traffic"
)

// lab is two network namespaces with a cable between them: what one end sends comes out
// of the other.
type lab struct {
	here, there string // namespaces of the sender and of what captures
	log         io.Writer
}

// The ends of the cable.
const (
	plugHere  = "ftpsend"
	plugThere = "ftpsniff"
)

func newLab(log io.Writer) (*lab, error) {
	if os.Getuid() != 0 {
		return nil, errors.New("network namespaces take root; hint: sudo make bench-live")
	}
	l := &lab{fmt.Sprintf("ftpscope-send-%d", os.Getpid()), fmt.Sprintf("ftpscope-sniff-%d", os.Getpid()), log}
	// Without IPv6 and ARP nobody says anything on the cable by himself.
	quiet := "echo 1 >/proc/sys/net/ipv6/conf/all/disable_ipv6; echo 1 >/proc/sys/net/ipv6/conf/default/disable_ipv6"
	for _, args := range [][]string{
		{"netns", "add", l.here}, {"netns", "add", l.there},
		{"netns", "exec", l.here, "sh", "-c", quiet}, {"netns", "exec", l.there, "sh", "-c", quiet},
		{"link", "add", plugHere, "netns", l.here, "type", "veth", "peer", "name", plugThere, "netns", l.there},
		{"-n", l.here, "link", "set", plugHere, "arp", "off", "up"},
		{"-n", l.there, "link", "set", plugThere, "arp", "off", "up"},
		{"-n", l.there, "link", "set", "lo", "up"},
	} {
		if out, err := exec.Command("ip", args...).CombinedOutput(); err != nil {
			l.close()
			return nil, fmt.Errorf("ip %s: %w\n%s", strings.Join(args, " "), err, out)
		}
	}
	return l, nil
}

func (l *lab) close() {
	for _, name := range []string{l.here, l.there} {
		exec.Command("ip", "netns", "del", name).Run() // the cable goes with them
	}
}

// command is a process in a namespace and, where there are two, on a processor of its
// own.
func (l *lab) command(ctx context.Context, namespace string, processor int, argv ...string) *exec.Cmd {
	all := []string{"netns", "exec", namespace}
	if runtime.NumCPU() > 1 {
		all = append(all, "taskset", "-c", strconv.Itoa(processor))
	}
	return exec.CommandContext(ctx, "ip", append(all, argv...)...)
}

// The processors: the sender's also does what the kernel does to deliver a packet.
const (
	sendersProcessor  = 0
	sniffersProcessor = 1
)

// sender is the process that sends.
type sender struct {
	process  *exec.Cmd
	in       io.Closer
	requests *json.Encoder
	answers  *json.Decoder
}

func (l *lab) sender(ctx context.Context, p traffic.Plan) (*sender, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	plan, err := json.Marshal(p)
	if err != nil {
		return nil, err
	}
	c := l.command(ctx, l.here, sendersProcessor, self, sendCommand, plugHere, string(plan))
	c.Stderr = l.log
	in, err := c.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := c.StdoutPipe()
	if err != nil {
		return nil, err
	}
	return &sender{c, in, json.NewEncoder(in), json.NewDecoder(out)}, startFirst(c)
}

func (s *sender) send(r request) (answer sent, err error) {
	if err = s.requests.Encode(r); err == nil {
		err = s.answers.Decode(&answer)
	}
	if err != nil {
		err = fmt.Errorf("the sender: %w", err)
	}
	return answer, err
}

func (s *sender) close() error { return errors.Join(s.in.Close(), s.process.Wait()) }

// tool is a program that captures.
type tool struct {
	name string
	argv []string
	// heard reads what it says at its end: packets captured and lost.
	heard func(stdout, stderr []byte) (got, lost int64, err error)
}

// tools are ftpscope and what it is compared with, all with as much room for packets that
// wait. ftpscope writes its records to a file, since the last one tells what it saw.
func (b liveBench) tools() []tool {
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
