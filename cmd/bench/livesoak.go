package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"time"

	"ftpscope/capture/capturetest/traffic"
)

const (
	soakShare    = 0.8  // of the highest rate without loss
	soakGrowth   = 1.10 // the last minute's memory must not exceed the second minute's by more
	soakSessions = 10_000
)

// metricsAt is where ftpscope serves its metrics: nobody else is in its namespace.
const metricsAt = "127.0.0.1:9641"

// soakAt has ftpscope sniff new sessions all the time, at a rate that it can just about
// take, and watches it.
func (b liveBench) soakAt(ctx context.Context, l *lab) error {
	tools, p := b.tools(), livePlans[1]
	ftpscope := tools[len(tools)-1]
	list, _, err := b.fastest(ctx, l, p, []tool{ftpscope})
	if err != nil {
		return err
	}
	if list[0].found == rungs {
		return errors.New("no rate without loss was found: nothing to soak at")
	}
	rate := soakShare * list[0].spread((try).rate).median
	from, err := l.sender(ctx, p)
	if err != nil {
		return err
	}
	p, err = enough(rate * b.soak.Seconds())
	if err != nil {
		return errors.Join(err, from.close())
	}
	fmt.Fprintf(b.log, "soak: %.0f packets/s, %s sessions\n", rate, grouped(int64(p.Sessions)))
	c, err := b.sniffLong(ctx, l, ftpscope, from, request{New: &p, Rate: rate})
	if err := errors.Join(err, from.close()); err != nil {
		return err
	}
	return b.tellSoak(c, rate)
}

// enough plans new sessions for about so many packets. Their client addresses are not
// used again.
func enough(packets float64) (traffic.Plan, error) {
	sample := traffic.Plan{Kind: traffic.Chatty, Seed: 2, Sessions: 1000}
	counts, err := traffic.Write(io.Discard, sample)
	sample.Sessions = max(int(packets/float64(counts.Packets)*float64(counts.Sessions)), 1)
	return sample, err
}

// soaked is a soak that is over.
type soaked struct {
	sent
	heard   liveSummary
	wired   int64
	cpu     time.Duration
	samples []sample
	began   time.Time
}

// sniffLong runs the soak.
func (b liveBench) sniffLong(ctx context.Context, l *lab, t tool, from *sender, r request) (x soaked, err error) {
	t.argv = append(t.argv[:len(t.argv):len(t.argv)], "--metrics", metricsAt)
	out := &tail{}
	s, err := l.sniff(ctx, t, out)
	if err != nil {
		return x, err
	}
	defer s.kill()
	before, err := s.wired()
	if err != nil {
		return x, err
	}
	x.began = time.Now()
	done := make(chan struct{})
	watched := make(chan []sample)
	go func() { watched <- s.watch(done, x.began, b.log) }()
	x.sent, err = from.send(r)
	close(done)
	x.samples = <-watched
	if err != nil {
		return x, err
	}
	time.Sleep(drain)
	if x.wired, err = s.wired(); err != nil {
		return x, err
	}
	x.wired -= before
	if err := s.end(); err != nil {
		return x, err
	}
	x.cpu = s.process.ProcessState.UserTime() + s.process.ProcessState.SystemTime()
	x.heard, err = lastSummary(out.b)
	return x, err
}

// tellSoak prints the curve, draws it and judges.
func (b liveBench) tellSoak(x soaked, rate float64) error {
	dir := b.path("plots")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	c := curve{title: fmt.Sprintf("ftpscope sniff, %.0f k packets/s, %s new sessions", x.rate()/1e3, grouped(x.Counts.Sessions)), samples: x.samples}
	for name, content := range map[string][]byte{"soak.csv": c.csv(), "soak.svg": c.svg()} {
		if err := os.WriteFile(b.path("plots/"+name), content, 0o644); err != nil {
			return err
		}
	}
	fmt.Fprintf(b.out, "\n%s. Soak: %.0f s at %.0f k packets/s (asked: %.0f, %.0f %% of the highest without loss), %.2f Gbit/s, CPU %.3f s / M packets.\n\n",
		b.machine, x.Seconds, x.rate()/1e3, rate/1e3, 100*soakShare, x.gbits(), x.cpu.Seconds()/float64(x.Packets)*1e6)
	if x.rate() < slowSender*rate {
		fmt.Fprintf(b.out, "the sender reached only %.0f %% of the rate asked for\n\n", 100*x.rate()/rate)
	}
	c.thinned().print(b.out)
	fmt.Fprintln(b.out)
	t := table{{"", "sent", "ftpscope", ""}}
	b.equal(&t, "packets", x.wired, x.heard.Packets)
	b.equal(&t, "dropped by the kernel", 0, x.heard.Capture.Dropped)
	b.equal(&t, "sessions", x.Counts.Sessions, x.heard.Sessions)
	b.equal(&t, "active transfers", x.Counts.Active, x.heard.Transfers.Active)
	b.equal(&t, "passive transfers", x.Counts.Passive, x.heard.Transfers.Passive)
	b.equal(&t, "unknown transfers", 0, x.heard.Transfers.Unknown)
	b.equal(&t, "missing bytes", 0, x.heard.Capture.Missing)
	b.equal(&t, "evicted connections", 0, x.heard.Capture.Evicted)
	t.print(b.out)
	if lost := x.Packets - x.wired; lost != 0 {
		fmt.Fprintf(b.out, "\n%d packets were lost before they reached the interface\n", lost)
	}
	if x.Counts.Sessions < soakSessions && !b.quick {
		b.missed = append(b.missed, fmt.Sprintf("%d sessions are too few for a soak, goal ≥ %d", x.Counts.Sessions, soakSessions))
	}
	fmt.Fprintln(b.out)
	b.judgeFlat(x.samples).print(b.out)
	return nil
}

// equal adds a row with what must be equal.
func (b liveBench) equal(t *table, what string, want, have int64) {
	verdict := "met"
	if want != have {
		verdict = "missed"
		b.missed = append(b.missed, fmt.Sprintf("soak: %s: %d, right is %d", what, have, want))
	}
	t.add(what, grouped(want), grouped(have), verdict)
}

// judgeFlat compares the last minute with the second one; of short runs, the last fifth
// with the second one.
func (b liveBench) judgeFlat(samples []sample) table {
	t := table{{"median of", "second minute", "last minute", "growth"}}
	if len(samples) < 5 {
		b.missed = append(b.missed, "soak: too short to judge")
		return t
	}
	minute := min(int(time.Minute/samplePause), len(samples)/5)
	second, last := samples[minute:2*minute], samples[len(samples)-minute:]
	for _, f := range sampled {
		if !f.flat {
			continue
		}
		a, z := medianOf(second, f), medianOf(last, f)
		if a == 0 && z == 0 {
			continue // not known
		}
		verdict := "met"
		if z > a*soakGrowth {
			verdict = "missed"
			b.missed = append(b.missed, fmt.Sprintf("soak: %s: from %s to %s", f.name, f.text(a), f.text(z)))
		}
		t.add(f.name, f.text(a), f.text(z), fmt.Sprintf("× %.2f (≤ %.2f: %s)", z/max(a, 1), soakGrowth, verdict))
	}
	return t
}

func medianOf(samples []sample, f sampledFigure) float64 {
	var all []float64
	for _, s := range samples {
		all = append(all, f.of(s))
	}
	return spreadOf(all).median
}

func (f sampledFigure) text(v float64) string { return strconv.FormatFloat(v, 'f', f.digits, 64) }
