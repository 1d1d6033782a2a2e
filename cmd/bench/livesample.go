package main

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"
)

// samplePause is between two looks at a process.
const samplePause = time.Second

// sample is how a process stands at a time. What only its metrics tell is 0 while they do
// not answer.
type sample struct {
	at                    time.Duration
	rss, anon             float64 // MiB; anon is without the ring and the program's file
	heap                  float64 // MiB: what the runtime has in use, garbage included
	goroutines, threads   float64
	files                 float64
	connections, controls float64
	packets, drops, lag   float64
	ran, waited           float64 // seconds: on a processor, and for one
}

// sampledFigure is one column; flat ones must not grow.
type sampledFigure struct {
	name   string
	flat   bool
	digits int
	of     func(sample) float64
}

var (
	inRSS        = sampledFigure{"RSS, MiB", true, 1, func(s sample) float64 { return s.rss }}
	inHeap       = sampledFigure{"heap in use, MiB", false, 1, func(s sample) float64 { return s.heap }}
	inGoroutines = sampledFigure{"goroutines", true, 0, func(s sample) float64 { return s.goroutines }}
	inFiles      = sampledFigure{"open files", true, 0, func(s sample) float64 { return s.files }}
)

var sampled = []sampledFigure{
	inRSS,
	{"RSS without the ring, MiB", true, 1, func(s sample) float64 { return s.anon }},
	inHeap, inGoroutines,
	{"threads", true, 0, func(s sample) float64 { return s.threads }},
	inFiles,
	{"connections", false, 0, func(s sample) float64 { return s.connections }},
	{"control connections", false, 0, func(s sample) float64 { return s.controls }},
	{"packets", false, 0, func(s sample) float64 { return s.packets }},
	{"dropped", false, 0, func(s sample) float64 { return s.drops }},
	{"lag, s", false, 2, func(s sample) float64 { return s.lag }},
	{"CPU, s", false, 1, func(s sample) float64 { return s.ran }},
	{"waited for CPU, s", false, 1, func(s sample) float64 { return s.waited }},
}

// watch looks at the process until done.
func (s *sniffer) watch(done <-chan struct{}, began time.Time, log io.Writer) (all []sample) {
	client := clientIn(s.process.Process.Pid)
	tick := time.NewTicker(samplePause)
	defer tick.Stop()
	for {
		x := s.sample(client)
		x.at = time.Since(began)
		all = append(all, x)
		if n := len(all); n%60 == 0 {
			fmt.Fprintf(log, "%4.0f s: %.1f MiB, %.0f goroutines, %.0f files, %.0f packets\n", x.at.Seconds(), x.rss, x.goroutines, x.files, x.packets)
		}
		select {
		case <-done:
			return all
		case <-tick.C:
		}
	}
}

func (s *sniffer) sample(client *http.Client) (x sample) {
	status := values(s.proc("status"), ":")
	x.rss, x.anon, x.threads = status["VmRSS"]/1024, status["RssAnon"]/1024, status["Threads"]
	if list, err := os.ReadDir(s.proc("fd")); err == nil {
		x.files = float64(len(list))
	}
	ran, waited := s.running()
	x.ran, x.waited = ran.Seconds(), waited.Seconds()
	answer, err := client.Get("http://" + metricsAt + "/metrics")
	if err != nil {
		return x
	}
	defer answer.Body.Close()
	m := valuesOf(answer.Body, " ")
	x.goroutines, x.heap = m["go_goroutines"], m["go_memstats_heap_inuse_bytes"]/mib
	x.packets, x.drops = m["ftpscope_packets_total"], m["ftpscope_kernel_dropped_packets_total"]
	x.connections, x.controls, x.lag = m["ftpscope_connections"], m["ftpscope_control_connections"], m["ftpscope_lag_seconds"]
	return x
}

func values(file, between string) map[string]float64 {
	f, err := os.Open(file)
	if err != nil {
		return nil
	}
	defer f.Close()
	return valuesOf(f, between)
}

// valuesOf reads lines of a name and a number; what follows the number is left out.
func valuesOf(r io.Reader, between string) map[string]float64 {
	m := map[string]float64{}
	for lines := bufio.NewScanner(r); lines.Scan(); {
		name, rest, _ := strings.Cut(lines.Text(), between)
		if f := strings.Fields(rest); len(f) > 0 {
			if v, err := strconv.ParseFloat(f[0], 64); err == nil {
				m[name] = v
			}
		}
	}
	return m
}
