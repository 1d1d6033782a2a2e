package main

import (
	"bytes"
	"encoding/binary"
	"encoding/xml"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ftpscope/capture/capturetest/traffic"
)

// small are the plans with less of everything.
func small() []traffic.Plan {
	list := append([]traffic.Plan(nil), livePlans...)
	for i := range list {
		list[i].Bytes, list[i].Sessions, list[i].Concurrent = list[i].Bytes/256, list[i].Sessions/1000, 4
	}
	return list
}

// TestLivePlans would fail if the tools were not to see the same packets: ftpscope's kernel filter lets TCP pass, and no
// frame may be longer than the cable takes.
func TestLivePlans(t *testing.T) {
	const ethernet, mtu = 14, 1500
	for _, p := range small() {
		kept := &frames{}
		counts, err := traffic.Write(&records{to: kept.add}, p)
		require.NoError(t, err)
		require.Len(t, kept.ends, int(counts.Packets))
		require.Len(t, kept.bytes, int(counts.Captured))
		for i := range kept.ends {
			f := kept.at(i)
			require.LessOrEqual(t, len(f), ethernet+mtu)
			if binary.BigEndian.Uint16(f[12:]) == 0x86dd {
				require.EqualValues(t, 6, f[20])
			} else {
				require.EqualValues(t, 6, f[23])
			}
		}
	}
}

// outbox keeps copies.
type outbox struct {
	frames
	bursts int
}

func (o *outbox) send(list [][]byte) error {
	o.bursts++
	for _, f := range list {
		o.add(f)
	}
	return nil
}

func TestStream(t *testing.T) {
	p := small()[1]
	kept := &frames{}
	counts, err := traffic.Write(&records{to: kept.add}, p)
	require.NoError(t, err)
	t.Run("over and over", func(t *testing.T) {
		var o outbox
		s := &stream{out: &o, Counts: counts}
		require.NoError(t, s.answer(request{Packets: 2*counts.Packets + 1}, kept))
		require.Equal(t, string(kept.bytes)+string(kept.bytes)+string(kept.at(0)), string(o.bytes))
		have := s.sent()
		require.Equal(t, sent{2*counts.Packets + 1, int64(len(o.bytes)), have.Seconds, counts}, have)
		require.Equal(t, (len(o.ends)+burst-1)/burst, o.bursts)
	})
	t.Run("new", func(t *testing.T) {
		var o outbox
		s := &stream{out: &o}
		require.NoError(t, s.answer(request{New: &p}, nil))
		require.Equal(t, kept.bytes, o.bytes)
		require.Equal(t, counts, s.sent().Counts)
	})
	t.Run("half a record", func(t *testing.T) {
		_, err := (&records{to: kept.add, begun: true}).Write(make([]byte, 15))
		require.EqualError(t, err, "half a record")
	})
}

func TestSendCommand(t *testing.T) {
	for name, args := range map[string][]string{
		"no plan": {"lo"}, "bad plan": {"lo", "{"}, "unknown kind": {"lo", "{}"}, "no interface": {"no such interface", `{"Kind":"brief","Sessions":1}`},
	} {
		var said bytes.Buffer
		require.Equal(t, exitUnable, runSender(args, strings.NewReader(""), io.Discard, &said), name)
		require.NotEmpty(t, said.String(), name)
	}
}

func TestClimb(t *testing.T) {
	const packets = 1000
	for name, x := range map[string]struct {
		lossless int // the fastest rung without loss
		tries    int
	}{
		"the sender's top": {0, 3}, "one below": {1, 4}, "some below": {5, 10}, "the slowest": {rungs - 1, 12}, "none": {rungs, 6},
	} {
		t.Run(name, func(t *testing.T) {
			c := newClimb(tool{})
			n := 0
			for ; !c.done(); n++ {
				require.Less(t, n, 100)
				result := try{sent: sent{Packets: packets}, got: packets}
				if c.at < x.lossless {
					result.got -= 10
				}
				c.add(result)
			}
			require.Equal(t, x.lossless, c.found)
			require.Equal(t, x.tries, n)
			if x.lossless < rungs {
				require.Len(t, c.kept, mustSucceed)
			}
			if x.lossless > 0 {
				require.InDelta(t, 0.01, c.worst, 1e-9)
			}
		})
	}
	require.Zero(t, rung(0, 100))
	require.InDelta(t, 81, rung(2, 100), 1e-9)
	require.EqualValues(t, 7, try{sent: sent{Packets: 10}, got: 3, drops: 5}.missing())
	require.EqualValues(t, 5, try{sent: sent{Packets: 10}, got: 10, drops: 5}.missing())
}

func TestCompareClimbs(t *testing.T) {
	at := func(name string, found int, rate float64, cpu time.Duration) *climb {
		c := newClimb(tool{name: name})
		if c.lost, c.found = found-1, found; found < rungs {
			c.kept = []try{{sent: sent{Packets: 1e6, Bytes: 125e6, Seconds: 1e6 / rate}, cpu: cpu}}
		}
		return c
	}
	for name, x := range map[string]struct {
		peer, ours *climb
		cells      string
		missed     int
	}{
		"both at the top": {at("tcpdump", 0, 5e5, time.Second), at("ftpscope", 0, 4e5, 2*time.Second),
			"bulk|ftpscope|400 (400–400)|0.40|the sender's top|0.80 (no lower: met)|2.000 (2.000–2.000)|2.00", 0},
		"lower": {at("tcpdump", 0, 5e5, time.Second), at("ftpscope", 1, 4e5, time.Second),
			"bulk|ftpscope|400 (400–400)|0.40|0.00 % lost a step above|0.80 (no lower: missed)|1.000 (1.000–1.000)|1.00", 1},
		"none": {at("tcpdump", rungs, 0, 0), at("ftpscope", rungs, 0, 0), "bulk|ftpscope|none found||0.00 % lost at the slowest| (no lower: missed)||", 1},
	} {
		b, out := liveBench{&bench{}}, table{}
		b.compareClimbs("bulk", []*climb{x.peer, x.ours}, &out)
		require.Len(t, out, 2, name)
		require.Equal(t, x.cells, strings.Join(out[1], "|"), name)
		require.Len(t, b.missed, x.missed, name)
	}
}

func TestHeard(t *testing.T) {
	for name, x := range map[string]struct {
		heard          func(stdout, stderr []byte) (int64, int64, error)
		stdout, stderr string
		got, lost      int64
		wrong          string
	}{
		"tcpdump": {tcpdumpHeard, "", "listening on ftpsniff\n17 packets captured\n19 packets received by filter\n2 packets dropped by kernel\n", 17, 2, ""},
		"one":     {tcpdumpHeard, "", "1 packet captured\n1 packet received by filter\n0 packets dropped by kernel\n", 1, 0, ""},
		"dumpcap": {dumpcapHeard, "", "Packets captured: 17\nPackets received/dropped on interface 'ftpsniff': 17/2 (pcap:2/dumpcap:0)\n", 17, 2, ""},
		"nothing": {dumpcapHeard, "", "killed", 0, 0, `it did not say what it captured, but "killed"`},
		"ftpscope": {ftpscopeHeard, "{\"type\":\"session\"}\n" + `{"type":"summary","packets":17,"sessions":1,"capture":{"dropped_packets":2}}` + "\n", "",
			17, 2, ""},
		"no summary": {ftpscopeHeard, `{"type":"session"}`, "", 0, 0, "ftpscope's last line is no summary"},
		"no line":    {ftpscopeHeard, "", "", 0, 0, "ftpscope's last line: unexpected end of JSON input"},
	} {
		got, lost, err := x.heard([]byte(x.stdout), []byte(x.stderr))
		if x.wrong != "" {
			require.EqualError(t, err, x.wrong, name)
			continue
		}
		require.NoError(t, err, name)
		require.Equal(t, [2]int64{x.got, x.lost}, [2]int64{got, lost}, name)
	}
}

func samplesOf(n int, rss func(i int) float64) (all []sample) {
	for i := range n {
		all = append(all, sample{at: time.Duration(i) * time.Second, rss: rss(i), goroutines: 9, files: 9})
	}
	return all
}

func TestJudgeFlat(t *testing.T) {
	for name, x := range map[string]struct {
		samples []sample
		missed  int
	}{
		"flat after a minute":     {samplesOf(600, func(i int) float64 { return 10 * float64(min(i, 60)) }), 0},
		"grows":                   {samplesOf(600, func(i int) float64 { return 100 + float64(i) }), 1},
		"grows, and short":        {samplesOf(50, func(i int) float64 { return 100 + float64(i) }), 1},
		"too short":               {samplesOf(4, func(int) float64 { return 1 }), 1},
		"less at the end is fine": {samplesOf(600, func(i int) float64 { return 1000 - float64(i) }), 0},
	} {
		b := liveBench{&bench{}}
		b.judgeFlat(x.samples)
		require.Len(t, b.missed, x.missed, name)
	}
}

func TestEqual(t *testing.T) {
	b, out := liveBench{&bench{}}, table{}
	b.equal(&out, "sessions", 1000, 1000)
	b.equal(&out, "packets", 2000, 1999)
	require.Equal(t, table{{"sessions", "1,000", "1,000", "met"}, {"packets", "2,000", "1,999", "missed"}}, out)
	require.Equal(t, []string{"soak: packets: 1999, right is 2000"}, b.missed)
}

func TestCurve(t *testing.T) {
	c := curve{"a < b", samplesOf(100, func(i int) float64 { return float64(i) })}
	drawn := c.svg()
	require.Equal(t, drawn, c.svg())
	require.NoError(t, xml.Unmarshal(drawn, new(struct{})))
	for _, want := range []string{"a &lt; b", ">RSS<", ">goroutines<", ">100<", ">seconds<"} {
		require.Contains(t, string(drawn), want)
	}
	require.NotContains(t, string(drawn), "NaN")
	require.NoError(t, xml.Unmarshal(curve{}.svg(), new(struct{})), "nothing sampled")
	lines := strings.Split(string(c.csv()), "\n")
	require.Len(t, lines, 102)
	require.True(t, strings.HasPrefix(lines[0], "s,RSS MiB,"), lines[0])
	require.True(t, strings.HasPrefix(lines[3], "2,2.0,"), lines[3])
	require.Len(t, c.thinned(), 22)
	for v, want := range map[float64]float64{1: 1, 3: 4, 9: 10, 250: 400, 0.5: 0.8} {
		require.InDelta(t, want, roundUp(v), 1e-9)
	}
}

func TestValues(t *testing.T) {
	require.Equal(t, map[string]float64{"VmRSS": 12, "Threads": 3}, valuesOf(strings.NewReader("Name:\tx\nVmRSS:\t  12 kB\nThreads:\t3\nempty\n"), ":"))
	require.Equal(t, map[string]float64{"go_goroutines": 9}, valuesOf(strings.NewReader("# HELP x\ngo_goroutines 9\n"), " "))
}
