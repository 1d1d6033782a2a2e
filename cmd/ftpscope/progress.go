package main

import (
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"ftpscope/analyze/prose"
	"ftpscope/analyze/report"
	"ftpscope/capture"
)

const (
	progressAfter = time.Second // shorter runs need none
	progressEvery = 200 * time.Millisecond
)

// progress shows how far the reading is, on terminals; the result ends it.
func (j *job) progress(doing string, c *capture.Capture, sessions func() int64) (stop func()) {
	columns, ok := terminal(j.w)
	if !ok || j.quiet {
		return func() {}
	}
	if columns == 0 {
		columns = report.DefaultWidth
	}
	done := make(chan struct{})
	var running sync.WaitGroup
	running.Go(func() {
		begin := time.Now()
		wait := time.NewTimer(progressAfter)
		defer wait.Stop()
		for {
			select {
			case <-done:
				j.clear()
				return
			case <-wait.C:
			}
			s := c.Stats()
			p := pace{doing, j.what(), s.BytesRead, s.BytesTotal, sessions(), time.Since(begin)}
			j.show(prose.Cut(p.String(), columns-1))
			wait.Reset(progressEvery)
		}
	})
	return func() {
		close(done)
		running.Wait()
	}
}

// what names the input in a few columns.
func (j *job) what() string {
	name := prose.Cut(prose.Escape(filepath.Base(j.files[0])), 30)
	if more := len(j.files) - 1; more > 0 {
		return fmt.Sprintf("%s and %d more", name, more)
	}
	return name
}

// pace is one moment of a run.
type pace struct {
	doing       string
	name        string
	read, total int64
	sessions    int64
	elapsed     time.Duration
}

// String is the status line: "analyzing a.pcap   41 %  12.3 GB of 30.1 GB   2.1 GB/s   8 s left   1,204 sessions".
func (p pace) String() string {
	rate := float64(p.read) / max(p.elapsed.Seconds(), 0.001)
	line := p.doing + " " + p.name + "   "
	if p.total > 0 {
		line += fmt.Sprintf("%d %%  %s of %s   ", 100*p.read/p.total, prose.Size(uint64(p.read)), prose.Size(uint64(p.total)))
	} else {
		line += prose.Size(uint64(p.read)) + "   "
	}
	line += prose.Size(uint64(rate)) + "/s   "
	if left := p.total - p.read; p.total > 0 && rate > 0 {
		line += prose.Span(time.Duration(float64(left)/rate*float64(time.Second)).Round(time.Second)) + " left   "
	}
	if p.sessions == 0 {
		return strings.TrimRight(line, " ")
	}
	return line + prose.Many(uint64(p.sessions), "session")
}
