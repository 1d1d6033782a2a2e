package analyze_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/analyze"
	"ftpscope/analyze/analyzetest"
	"ftpscope/capture/capturetest"
	"ftpscope/capture/flow"
)

// What captures in disorder, or joined to others, must not change.

// disorders bring packets in disorder, by no more than a time. Where only the capture is
// to blame, times go back and forth and are true; where the network is, they go with the
// packets, and what the hosts said still follows from what they had heard.
var disorders = []struct {
	name string
	do   func(frames []capturetest.Frame, most flow.Time, seed uint64) []capturetest.Frame
}{{"each packet late", capturetest.Delay}, {"by queues", capturetest.Buffer}, {"held up by the network", capturetest.Hold}}

// lateness is how late packets come: less than what a packet is waited for.
var lateness = []flow.Time{10 * flow.Millisecond, 100 * flow.Millisecond, 1900 * flow.Millisecond}

// TestDisorder sees every sample in disorder: what is said stays the same.
func TestDisorder(t *testing.T) {
	for _, s := range samples(t) {
		if s.name != "stray-segments" { // that they are is told by what came before them
			requireSameInDisorder(t, s.name, s.frames, 3)
		}
	}
}

func TestDisorderOfConversations(t *testing.T) {
	for _, c := range some(slices.Concat(varied, uneven)) {
		requireSameInDisorder(t, c.Name, c.Frames(t), 10)
	}
}

// uneven are conversations with something that could be confounded.
var uneven = []analyzetest.Conversation{
	{Name: "two with one PORT", Script: "login\nC: TYPE I\nS: 200 ok\nport\nC: RETR a\nS: 150 here\ndata d1 S:20 > C:50000\nd1> 500 fin\nd1 fin <\nS: 226 done\nwait 3s\n" +
		"C: RETR b\nS: 150 here\nseed two\ndata d2 S:20 > C:50000\nd2> 700 fin\nd2 fin <\nS: 226 done\nbye"},
	{Name: "two on the default port", Script: "login\nC: RETR a\nS: 150 here\ndata d1 S:20 > C:51234\nd1> 700 fin\nS: 226 done\n" +
		"C: NLST\nS: 150 here\ndata d2 S:2020 > C:51234\nd2> 70 fin\nS: 226 done\nbye"},
	{Name: "AUTH refused", Script: "S: 220 ready\nC: AUTH TLS\nS: 502 no\nC: USER bob\nS: 331 password\nC: PASS x\nS: 230 in\nC: PWD\nS: 257 \"/\"\nbye"},
	{Name: "one guess right, in the session that began first", Script: "S: 220 ready\ncontrol c2 192.0.2.10:51300 > 192.0.2.21:21\nc2S: 220 ready\n" +
		strings.Repeat("c2C: USER bob\nc2S: 331 p\nc2C: PASS x\nc2S: 530 no\n", 6) + "C: USER bob\nS: 331 p\nC: PASS y\nS: 230 in\nbye\nc2 fin >"},
}

// Of thousands of sessions a second the connections that ended wait for what is late as
// well.
func TestDisorderOfMany(t *testing.T) {
	const sessions, within = 1000, flow.Second / 2
	var list [][]capturetest.Frame
	for i := range sessions {
		host, port := fmt.Sprintf("10,0,%d,%d", i/200, 1+i%200), 20000+i
		ip := strings.ReplaceAll(host, ",", ".")
		c := analyzetest.Conversation{Script: fmt.Sprintf("seed %d\nclient %s:51234\nlogin\nC: PORT %s,%d,%d\nS: 200 ok\nC: RETR a\nS: 150 here\ndata d1 S:20 > %s:%d\nd1> 900 fin\nd1 fin <\nS: 226 done\nbye",
			i, ip, host, port/256, port%256, ip, port)}
		list = append(list, capturetest.Shift(c.Frames(t), flow.Time(i)*within/sessions))
	}
	frames := capturetest.Interleave(list...)
	want := statements(analyzetest.Analyzed(t, frames, options))
	for _, d := range disorders {
		if diff := differences(want, statements(analyzetest.Analyzed(t, d.do(frames, 1900*flow.Millisecond, 1), options))); diff != "" {
			t.Errorf("%s\n%s", d.name, diff)
		}
	}
}

func requireSameInDisorder(t *testing.T, name string, frames []capturetest.Frame, seeds uint64) {
	t.Helper()
	want := statements(analyzetest.Analyzed(t, frames, options))
	for _, d := range disorders {
		want, tell := want, statements
		if d.name == "held up by the network" { // which may bring two SYNs so close that one may be the other's copy
			tell = statementsButTries
			want = tell(analyzetest.Analyzed(t, frames, options))
		}
		for _, most := range lateness {
			for seed := range seeds {
				mixed := d.do(frames, most, seed)
				got := analyzetest.Analyzed(t, mixed, options)
				analyzetest.RequireSane(t, got)
				if list := tell(got); !slices.Equal(want, list) {
					t.Errorf("%s, %s, %d ms, seed %d\n%s", name, d.name, most/flow.Millisecond, seed, differences(want, list))
				}
				if seed == 0 {
					require.Equal(t, got, analyzetest.Analyzed(t, mixed, analyze.Options{Workers: 8}))
				}
			}
		}
	}
}

// statements are all that is said but numbers, places and times, and which of several
// sessions a finding about all of them is told at; in an order of their own.
func statements(r *analyzetest.Records) (list []string) {
	found := map[string]bool{}
	for _, s := range r.Sessions {
		var transfers []string
		for i := range s.Transfers {
			_, facts, _ := strings.Cut(analyzetest.TransferFacts(&s.Transfers[i]), " ") // without its number
			transfers = append(transfers, facts)
		}
		slices.Sort(transfers)
		list = append(list, strings.Join(append([]string{analyzetest.SessionFacts(s)}, transfers...), "\n"))
		for _, f := range s.Findings {
			found[f.ID+" "+f.Severity] = true
		}
	}
	others := analyzetest.Records{Attempts: r.Attempts, Orphans: r.Orphans}
	list = append(list, strings.Split(others.Facts(), "\n")...)
	for f := range found {
		list = append(list, f)
	}
	slices.Sort(list)
	return list
}

var tries = regexp.MustCompile(` attempts=\d+|(^attempt \S+) \d+`)

// statementsButTries leave out how many SYNs there were.
func statementsButTries(r *analyzetest.Records) (list []string) {
	for _, s := range statements(r) {
		list = append(list, tries.ReplaceAllString(s, "$1"))
	}
	return list
}

// TestJoinedCaptures sees every sample twice, one capture behind the other: those of two
// points with a router between, whose clocks are not the same. Nothing is said twice;
// only of SYNs that nobody answered it may seem as if there were more.
func TestJoinedCaptures(t *testing.T) {
	for _, s := range samples(t) {
		want := statementsButTries(analyzetest.Analyzed(t, s.frames, options))
		far := capturetest.Shift(routed(mac(s.frames)), 200*flow.Microsecond)
		joined := map[string][]capturetest.Frame{
			"near, far":                   slices.Concat(s.frames, far),
			"far, near":                   slices.Concat(far, s.frames),
			"far half a second ahead":     slices.Concat(s.frames, capturetest.Shift(far, 500*flow.Millisecond)),
			"far 20 seconds behind":       slices.Concat(s.frames, capturetest.Shift(far, -20*flow.Second)),
			"far a day behind, in queues": slices.Concat(s.frames, capturetest.Buffer(capturetest.Shift(far, -86400*flow.Second), flow.Second, 1)),
		}
		for name, frames := range joined {
			if s.name == "control-lost-silence" && strings.Contains(name, "behind") {
				continue // for how long it was silent is not known then
			}
			if d := differences(want, statementsButTries(analyzetest.Analyzed(t, frames, options))); d != "" {
				t.Errorf("%s, %s\n%s", s.name, name, d)
			}
		}
	}
}
