package view

import (
	"strings"

	"ftpscope/analyze/record"
	"ftpscope/capture/flow"
)

// tally counts what sessions hold.
type tally struct {
	modes    [3]int // of transfers: active, passive, unknown
	openers  [3]int // of data connections: client, server, third party
	findings [5]int // by severity, the gravest first
}

func tallyOf(s *record.Session) tally {
	var t tally
	for i := range s.Transfers {
		x := &s.Transfers[i]
		switch x.Mode {
		case record.Active:
			t.modes[0]++
		case record.Passive:
			t.modes[1]++
		default:
			t.modes[2]++
		}
		switch x.Initiator {
		case record.Client:
			t.openers[0]++
		case record.Server:
			t.openers[1]++
		case record.ThirdParty:
			t.openers[2]++
		}
	}
	for i := range s.Findings {
		for g, name := range record.Severities {
			if s.Findings[i].Severity == name {
				t.findings[g]++
			}
		}
	}
	return t
}

// add adds another tally n times.
func (t *tally) add(x *tally, n int) {
	for i := range t.modes {
		t.modes[i] += n * x.modes[i]
	}
	for i := range t.openers {
		t.openers[i] += n * x.openers[i]
	}
	for i := range t.findings {
		t.findings[i] += n * x.findings[i]
	}
}

const (
	paceEvery = flow.Second
	paceKept  = 32 // seconds that the curve shows, and one
	paceOver  = 5  // seconds of the rate
)

// pace is how many packets come, by their own clock.
type pace struct {
	marks [paceKept]paceMark // a second apart or more, the newest last
	last  paceMark
}

type paceMark struct {
	at             flow.Time
	packets, bytes uint64
}

func (p *pace) add(at flow.Time, packets, bytes uint64) {
	p.last = paceMark{at, packets, bytes}
	if newest := p.marks[paceKept-1].at; newest == 0 || at-newest >= paceEvery {
		copy(p.marks[:], p.marks[1:])
		p.marks[paceKept-1] = p.last
	}
}

// rate is packets and bits a second, over the last seconds.
func (p *pace) rate() (packets, bits float64, known bool) {
	first := p.marks[paceKept-1]
	for i := paceKept - 2; i >= paceKept-1-paceOver && p.marks[i].at != 0; i-- {
		first = p.marks[i]
	}
	d := float64(p.last.at-first.at) / float64(flow.Second)
	if d < 0.5 {
		return 0, 0, false
	}
	return float64(p.last.packets-first.packets) / d, 8 * float64(p.last.bytes-first.bytes) / d, true
}

// curve draws the packets of each of the last seconds, the largest at full height.
func (p *pace) curve() string {
	var rates []float64
	most := 0.0
	for i := 1; i < paceKept; i++ {
		a, b := p.marks[i-1], p.marks[i]
		if a.at == 0 {
			continue
		}
		r := float64(b.packets-a.packets) * float64(flow.Second) / float64(max(b.at-a.at, 1))
		rates, most = append(rates, r), max(most, r)
	}
	levels := []rune("▁▂▃▄▅▆▇█")
	var b strings.Builder
	for _, r := range rates {
		n := 0
		if most > 0 {
			n = min(int(r/most*float64(len(levels))), len(levels)-1)
		}
		b.WriteRune(levels[n])
	}
	return b.String()
}
