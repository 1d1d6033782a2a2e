package analyze_test

import (
	"bytes"
	"flag"
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"sort"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/analyze/analyzetest"
	"ftpscope/analyze/record"
	"ftpscope/capture/capturetest"
	"ftpscope/capture/flow"
)

// A permanent attacker. Every sample, and each of the conversations attacked, is damaged in every way below, and what is said of the
// damaged capture is held against what is said of the whole one: a fact may become unknown,
// it may not change; nothing grave may be found that the whole capture does not show. A
// failure prints the smallest damage of its kind. make attack tries more of each.

var (
	attackEach   = flag.Int("attack", 6, "variants that TestAttack tries for each sample and kind of damage; 0: all")
	attackSample = flag.String("attack-sample", "", "only the samples whose names match this expression")
	attackDamage = flag.String("attack-damage", "", "only the kinds of damage whose names do")
)

// damage is a kind of damage.
type damage struct {
	name string
	// variants is how many there are for so many frames.
	variants func(frames int) int
	// do makes the i-th, and says what it did in how many packets.
	do func(frames []capturetest.Frame, i int) (damaged []capturetest.Frame, what string, packets int)
	// harmless: what hosts do not notice changes nothing at all in the records.
	harmless bool
	early    bool // the capture ends before the conversation
}

// undecided is what a conversation may still change: another login, another connection.
var undecided = []string{"login", "user", "src", "dst", "state", "finding", "outcome no-connection"}

// anyOther is with how many others over the capture each packet is lost together.
const anyOther = 4

// perFrame are variants that strike one frame each.
func perFrame(n int) int { return n }

var damages = []damage{
	{name: "lost", variants: perFrame, do: func(f []capturetest.Frame, i int) ([]capturetest.Frame, string, int) {
		return capturetest.Drop(f, i), fmt.Sprintf("packet %d lost", i+1), 1
	}},
	{name: "two lost", variants: func(n int) int { return 3 * n }, do: func(f []capturetest.Frame, i int) ([]capturetest.Frame, string, int) {
		a, b := i/3, i/3+1+i%3
		return capturetest.Drop(f, a, b), fmt.Sprintf("packets %d and %d lost", a+1, b+1), 2
	}},
	{name: "two far apart lost", variants: func(n int) int { return n * anyOther }, do: func(f []capturetest.Frame, i int) ([]capturetest.Frame, string, int) {
		a, b := i/anyOther, (i/anyOther+1+i%anyOther*(len(f)/anyOther+1))%len(f)
		if a > b {
			a, b = b, a
		}
		return capturetest.Drop(f, a, b), fmt.Sprintf("packets %d and %d lost", a+1, b+1), 2
	}},
	{name: "burst lost", variants: func(n int) int { return max(0, n-20) }, do: func(f []capturetest.Frame, i int) ([]capturetest.Frame, string, int) {
		to := min(len(f), i+20)
		return slices.Concat(f[:i], f[to:]), fmt.Sprintf("packets %d to %d lost", i+1, to), to - i
	}},
	{name: "again", variants: perFrame, do: func(f []capturetest.Frame, i int) ([]capturetest.Frame, string, int) {
		to := min(len(f), i+1+i%17)
		return slices.Concat(f[:to], f[i:i+1], f[to:]), fmt.Sprintf("packet %d captured again behind packet %d", i+1, to), 1
	}},
	{name: "displaced", variants: func(n int) int { return 3 * n }, do: func(f []capturetest.Frame, i int) ([]capturetest.Frame, string, int) {
		from, by := i/3, 1+i%3
		return displaced(f, from, by), fmt.Sprintf("packet %d came %d places later", from+1, by), 1
	}},
	{name: "one direction", variants: func(int) int { return 2 }, do: func(f []capturetest.Frame, i int) ([]capturetest.Frame, string, int) {
		out := capturetest.OneSided(f, flow.Direction(i))
		return out, fmt.Sprintf("only direction %d", i), len(f) - len(out)
	}},
	{name: "prefix", early: true, variants: perFrame, do: func(f []capturetest.Frame, i int) ([]capturetest.Frame, string, int) {
		return f[:i], fmt.Sprintf("ends before packet %d", i+1), len(f) - i
	}},
	{name: "suffix", variants: perFrame, do: func(f []capturetest.Frame, i int) ([]capturetest.Frame, string, int) {
		return f[i:], fmt.Sprintf("begins with packet %d", i+1), i
	}},
	{name: "sequence numbers wrap", variants: func(int) int { return 4 }, harmless: true, do: wrapped},
	{name: "FTP in data", variants: func(int) int { return len(disguises) }, harmless: true, do: disguised},
}

// displaced moves a packet; the times stay where they are.
func displaced(f []capturetest.Frame, from, by int) []capturetest.Frame {
	out := slices.Clone(f)
	to := min(len(f)-1, from+by)
	copy(out[from:to], f[from+1:to+1])
	out[to] = f[from]
	for i := from; i <= to; i++ {
		out[i].Time = f[i].Time
	}
	return out
}

// wrapped moves the sequence numbers of every connection so that they wrap soon after its
// beginning.
func wrapped(f []capturetest.Frame, i int) ([]capturetest.Frame, string, int) {
	shift := map[string]*[2]uint32{}
	room := []uint32{0, 1, 30, 2000}[i]
	for k := range f {
		m := f[k].Meta
		if m == nil {
			continue
		}
		if m.ICMP != nil || f[k].Length > len(f[k].Data) {
			return f, "", 0 // it quotes a number, or cannot be made anew
		}
		s := shift[f[k].Conn]
		if s == nil {
			s = &[2]uint32{-m.Seq - room, -m.Ack - room}
			if m.Dir == flow.In {
				s[0], s[1] = s[1], s[0]
			}
			shift[f[k].Conn] = s
		}
	}
	out := capturetest.Change(f, func(fr *capturetest.Frame, m *capturetest.Meta) bool {
		if s := shift[fr.Conn]; s != nil {
			m.Seq += s[m.Dir]
			if m.Flags&flow.ACK != 0 {
				m.Ack += s[m.Dir^1]
			}
		}
		return true
	})
	return out, fmt.Sprintf("sequence numbers wrap after %d", room), len(f)
}

// disguises are what a file may begin with.
var disguises = []string{
	"220 (vsFTPd 3.0.3)\r\n", "331 x\r\n", "USER a\r\nPASS b\r\n", "150 x\r\n226 y\r\n", "PORT 10,9,8,7,4,5\r\n", "227 ok (10,9,8,7,4,5)\r\n", "AUTH TLS\r\n234 x\r\n",
}

// disguised makes the beginnings of what data connections carry look like FTP. They are those
// of which neither end has a control port; listings and files of one type are no other ones
// by it.
func disguised(f []capturetest.Frame, i int) ([]capturetest.Frame, string, int) {
	seen, n := map[string]bool{}, 0
	out := capturetest.Change(f, func(fr *capturetest.Frame, m *capturetest.Meta) bool {
		if m.ICMP != nil || len(m.Payload) < len(disguises[i]) || seen[fr.Conn] || !isData(m) || m.Payload[0] == 22 {
			return true
		}
		seen[fr.Conn] = true
		m.Payload = append([]byte(disguises[i]), m.Payload[len(disguises[i]):]...)
		n++
		return true
	})
	return out, fmt.Sprintf("%d files begin with %q", n, disguises[i]), n
}

// isData reports whether neither end has a port that something listens on by custom.
func isData(m *capturetest.Meta) bool {
	low := min(m.Src.Port(), m.Dst.Port())
	return (low >= flow.FirstUnprivileged || low == flow.PortFTPData) && m.Src.Port() != 2121 && m.Dst.Port() != 2121 && m.Src.Port() != 6667 && m.Dst.Port() != 6667
}

// falseStatements lists what is falsely said of a damaged capture.
func falseStatements(full, part *analyzetest.Records, harmless bool) (list []string) {
	list = contradictions(full, part)
	known, failed := graveIDs(full), slices.ContainsFunc(ruleIDs(full), isFailure) || slices.ContainsFunc(full.Sessions, hasFailed)
	for _, id := range graveIDs(part) {
		if !slices.Contains(known, id) && !(failed && slices.Contains(failures, id)) {
			list = append(list, "finding "+id)
		}
	}
	if harmless && len(part.Sessions) != len(full.Sessions) {
		list = append(list, fmt.Sprintf("%d sessions of %d", len(part.Sessions), len(full.Sessions)))
	}
	return list
}

// failures are the findings of a data connection that did not come to be. Without the packet
// that refused it, or answered it late, it is one that nobody answered.
var failures = []string{"data-unanswered", "data-refused", "data-unreachable", "data-never-tried"}

// hasFailed reports whether one of a session's data connections did not come to be.
func hasFailed(s *record.Session) bool {
	return slices.ContainsFunc(s.Transfers, func(t record.Transfer) bool { return t.Outcome == record.NoConnection })
}

func isFailure(id string) bool {
	return slices.Contains(failures, id) || id == "bounce-attempt" || id == "data-late"
}

// graveIDs are the findings of high and critical.
func graveIDs(r *analyzetest.Records) (ids []string) {
	for _, s := range r.Sessions {
		for i := range s.Findings {
			if f := &s.Findings[i]; record.Gravity(f.Severity) <= record.Gravity(record.High) {
				ids = append(ids, f.ID)
			}
		}
	}
	return ids
}

// struck is a false statement and the damage that caused it.
type struck struct {
	sample, what string
	packets      int
	false        []string
}

func TestAttack(t *testing.T) {
	worst := map[string][]struck{}
	tried := map[string]int{}
	sample, kind := regexp.MustCompile(*attackSample), regexp.MustCompile(*attackDamage)
	targets := samples(t)
	for _, c := range attacked() {
		targets = append(targets, sampled{c.Name, c.Frames(t)})
	}
	for _, s := range targets {
		if !sample.MatchString(s.name) {
			continue
		}
		full := analyzetest.Analyzed(t, s.frames, options)
		for k, d := range slices.Concat(damages, strays) {
			if !kind.MatchString(d.name) {
				continue
			}
			for _, i := range chosen(d.variants(len(s.frames)), uint64(k)) {
				damaged, what, packets := d.do(s.frames, i)
				if packets == 0 || len(damaged) == 0 {
					continue
				}
				tried[d.name]++
				said := falseStatements(full, analyzetest.Analyzed(t, damaged, options), d.harmless)
				if d.early { // what was not decided yet is no false statement
					said = slices.DeleteFunc(said, func(s string) bool {
						return slices.Contains(undecided, s) || slices.Contains(undecided, strings.Fields(s)[0])
					})
				}
				if len(said) > 0 {
					worst[d.name] = append(worst[d.name], struck{s.name, what, packets, said})
				}
			}
		}
	}
	total := 0
	for _, d := range slices.Concat(damages, strays) {
		total += tried[d.name]
		list := worst[d.name]
		if len(list) == 0 {
			continue
		}
		sort.SliceStable(list, func(a, b int) bool { return list[a].packets < list[b].packets })
		var b strings.Builder
		for _, x := range list[:min(len(list), 12)] {
			fmt.Fprintf(&b, "\n  %s, %s: %q", x.sample, x.what, x.false)
		}
		t.Errorf("%s: %d of %d variants say what is not true:%s", d.name, len(list), tried[d.name], b.String())
	}
	t.Logf("%d variants of %d kinds", total, len(damages)+len(strays))
	require.Greater(t, total, len(damages)+len(strays))
}

// chosen are the variants to try, the same in every run: all, or so many evenly spread ones
// from a place that the kind chooses.
func chosen(n int, seed uint64) []int {
	if *attackEach == 0 || n <= *attackEach {
		return ints(n)
	}
	rnd := rand.New(rand.NewPCG(seed, uint64(n)))
	list := make([]int, *attackEach)
	for i := range list {
		list[i] = (i*n + rnd.IntN(n)) / *attackEach
	}
	return list
}

func ints(n int) []int {
	list := make([]int, n)
	for i := range list {
		list[i] = i
	}
	return list
}

// The damages that hosts do not notice leave the frames what they were otherwise.
func TestDamagesKeepFrames(t *testing.T) {
	frames := framesOf(t, samplesDir+"/passive-pasv.pcap")
	for _, d := range slices.Concat(damages, strays) {
		before := capturetest.Dump(frames)
		n := d.variants(len(frames))
		d.do(frames, n/2)
		require.True(t, bytes.Equal([]byte(before), []byte(capturetest.Dump(frames))), d.name)
	}
}
