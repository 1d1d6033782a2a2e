package main

import (
	"bytes"
	"encoding/xml"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ftpscope/capture/capturetest/traffic"
)

// TestMain lets the tests write captures as the program does, by a process of their own.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == writeCommand {
		os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
	}
	os.Exit(m.Run())
}

func TestUsage(t *testing.T) {
	for name, args := range map[string][]string{
		"unknown flag": {"-fast"}, "soak alone": {"-soak", "1m"}, "an argument": {"mix.pcap"}, "no round": {"-rounds", "0"},
		"no plan": {writeCommand, "x.pcap"}, "bad plan": {writeCommand, "x.pcap", "{"}, "no file": {writeCommand, t.TempDir(), "{}"},
	} {
		t.Run(name, func(t *testing.T) {
			var said bytes.Buffer
			require.NotEqual(t, exitMissed, run(args, io.Discard, &said))
			require.NotEmpty(t, said.String())
		})
	}
}

func TestSpread(t *testing.T) {
	require.Equal(t, spread{2, 1, 9}, spreadOf([]float64{9, 1, 2}))
	require.Equal(t, spread{2.5, 1, 9}, spreadOf([]float64{9, 1, 3, 2}))
	require.Equal(t, "2.00 (1.00–9.00)", spread{2, 1, 9}.text("%.2f"))
	s := func(ms ...int) (us []usage) {
		for _, m := range ms {
			us = append(us, usage{wall: time.Duration(m) * time.Millisecond, peak: 3 * mib})
		}
		return us
	}
	require.Equal(t, spread{0.5, 0.5, 3}, ratio(wallTime, s(10, 20, 30), s(20, 40, 10)), "ratios within the rounds")
	require.Equal(t, spread{3, 3, 3}, of(peakMiB, s(1, 2)))
}

func TestJudge(t *testing.T) {
	b := &bench{}
	all := [][]usage{{{time.Second, time.Second, 0}}, {{time.Second / 2, time.Second, 100 * mib}}}
	require.Equal(t, []string{"0.50 (≤ 0.75: met)", "1.00 (≤ 0.85: missed)", "100 (≤ 96: missed)"}, b.judge("mix", goal{0.75, 0.85, 96}, all))
	require.Equal(t, []string{"mix: CPU 1.00, goal ≤ 0.85", "mix: memory 100, goal ≤ 96"}, b.missed)
	b.missed = nil
	require.Equal(t, []string{"0.50 (≤ 1: met)", "1.00 (≤ 1: met)", "100 (≤ 100: met)"}, b.judge("mix", goal{1, 1, 100}, all))
	require.Empty(t, b.missed)
	require.Equal(t, "× 1.10 (≤ 1.10: met)", b.judgeGrowth(1.1))
	require.Empty(t, b.missed)
	require.Equal(t, "× 1.11 (≤ 1.10: missed)", b.judgeGrowth(1.11))
	require.Len(t, b.missed, 1)
}

func TestSummary(t *testing.T) {
	var out bytes.Buffer
	b := &bench{out: &out, machine: "2026-01-02; a processor", rounds: 5, goals: []table{{{"a"}, {"1"}}}}
	require.NoError(t, b.summary())
	require.Equal(t, "\n2026-01-02; a processor. Medians of 5 rounds, in turns, after one to warm up.\n\n| a |\n| - |\n| 1 |\n", out.String())
}

func TestVerdict(t *testing.T) {
	for name, x := range map[string]struct {
		bench
		want int
	}{
		"all met": {bench{}, exitMet}, "missed": {bench{missed: []string{"a"}}, exitMissed},
		"missed, quick": {bench{missed: []string{"a"}, quick: true}, exitMet}, "wrong, quick": {bench{wrong: []string{"a"}, quick: true}, exitMissed},
	} {
		x.out = io.Discard
		require.Equal(t, x.want, x.verdict(), name)
	}
}

func TestCaptureIsMadeOnce(t *testing.T) {
	dir := t.TempDir()
	answer := `{"type":"summary","packets":1}`
	b := &bench{dir: dir, log: io.Discard, ftpscope: filepath.Join(dir, "ftpscope")}
	require.NoError(t, os.WriteFile(b.ftpscope, []byte("#!/bin/sh\necho '"+answer+"'\n"), 0o755))
	c := captureFile{"x", traffic.Plan{Kind: traffic.Brief, Sessions: 3}}
	if _, err := b.make(c); err != nil {
		t.Skip("no shell here: ", err)
	}
	require.Len(t, b.wrong, 1, "one packet is not what the capture holds")

	old := time.Now().Add(-time.Hour).Truncate(time.Second)
	require.NoError(t, os.Chtimes(b.path("x.pcap"), old, old))
	again := func() bool {
		_, err := b.make(c)
		require.NoError(t, err)
		info, err := os.Stat(b.path("x.pcap"))
		require.NoError(t, err)
		return !info.ModTime().Equal(old)
	}
	require.False(t, again(), "the same plan")
	c.plan.Sessions++
	require.True(t, again(), "another plan")
	require.NoError(t, b.drop(c))
	require.NoFileExists(t, b.path("x.pcap"))
}

func TestTakeTurns(t *testing.T) {
	file := filepath.Join(t.TempDir(), "order")
	say := func(s string) command { return command{s, []string{"sh", "-c", "echo " + s + " >>" + file}} }
	all, err := (&bench{}).takeTurns([]command{say("a"), say("b"), say("c")}, 2)
	if err != nil {
		t.Skip("no shell here: ", err)
	}
	order, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Equal(t, "a b c b c a c a b", strings.Join(strings.Fields(string(order)), " "))
	for _, us := range all {
		require.Len(t, us, 2, "the first round does not count")
		for _, u := range us {
			require.Positive(t, u.wall)
			require.Positive(t, u.peak)
		}
	}
	_, err = measure(command{"", []string{"sh", "-c", "echo why >&2; exit 3"}})
	require.ErrorContains(t, err, "exit status 3\nwhy")
}

func TestTail(t *testing.T) {
	var s tail
	for range 3 {
		n, err := s.Write(make([]byte, tailSize/2))
		require.NoError(t, err)
		require.Equal(t, tailSize/2, n)
	}
	_, err := s.Write([]byte("end"))
	require.NoError(t, err)
	require.Len(t, s.b, tailSize)
	require.True(t, bytes.HasSuffix(s.b, []byte("\x00end")))
	n, err := s.Write(bytes.Repeat([]byte("x"), 2*tailSize))
	require.NoError(t, err)
	require.Equal(t, 2*tailSize, n)
	require.Equal(t, bytes.Repeat([]byte("x"), tailSize), s.b)
}

func TestTable(t *testing.T) {
	var b strings.Builder
	table{{"a", "bcd"}, {"× 1", "2"}}.print(&b)
	require.Equal(t, "| a   | bcd |\n| --- | --- |\n| × 1 | 2   |\n", b.String())
	require.Equal(t, []string{"1", "999", "1,000", "1,234,567"}, []string{grouped(1), grouped(999), grouped(1000), grouped(1234567)})
}

// TestFileNames would fail if two plans shared a file, which each would make anew.
func TestFileNames(t *testing.T) {
	plans := map[string]traffic.Plan{}
	for _, quick := range []bool{false, true} {
		b := &bench{quick: quick}
		var all []captureFile
		for _, c := range contests {
			all = append(all, b.sized(c))
		}
		for _, r := range races {
			all = append(all, r.captureFile)
		}
		for _, p := range b.paths() {
			all = append(all, p.captureFile)
		}
		for _, g := range b.growths() {
			require.Len(t, g.at, len(g.captures))
			all = append(all, g.captures...)
		}
		for _, c := range all {
			if p, ok := plans[c.name]; ok {
				require.Equal(t, p, c.plan, c.name)
			}
			plans[c.name] = c.plan
			_, err := traffic.Defaults(c.plan)
			require.NoError(t, err)
		}
	}
}

func TestChart(t *testing.T) {
	c := chart{title: "a < b", axis: "sessions", panels: []panel{
		{title: "seconds", lines: []line{{"one", []point{{1000, 0.02}, {1e6, 12}}}, {"two", []point{{1000, 0.02}, {1e6, 11.9}}}}},
		{title: "nothing"},
		{title: "no logarithm", lines: []line{{"zero", []point{{0, 1}, {1, 0}}}}},
	}}
	drawn := c.svg()
	require.Equal(t, drawn, c.svg())
	require.NoError(t, xml.Unmarshal(drawn, new(struct{})))
	for _, want := range []string{"a &lt; b", ">sessions<", ">seconds<", ">one<", ">two<", ">1 M<", ">0.01<", "prefers-color-scheme:dark"} {
		require.Contains(t, string(drawn), want)
	}
	require.NotContains(t, string(drawn), "NaN")
	require.NotContains(t, string(drawn), "Inf")
}

func TestShort(t *testing.T) {
	for v, want := range map[float64]string{0.01: "0.01", 1: "1", 1000: "1 k", 1e4: "10 k", 1.5e6: "1.5 M", 2e9: "2 G", 123.456: "123"} {
		require.Equal(t, want, short(v))
	}
}
