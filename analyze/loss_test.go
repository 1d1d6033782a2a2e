package analyze_test

import (
	"fmt"
	"strings"
	"testing"

	"ftpscope/analyze/analyzetest"
	"ftpscope/analyze/record"
	"ftpscope/capture/capturetest"
)

// shared is what two clients fetch by turns over the one passive port of a server.
func shared(turns int) analyzetest.Conversation {
	var b strings.Builder
	b.WriteString("S: 220 ready\nC: USER bob\nS: 331 p\nC: PASS x\nS: 230 in\ncontrol c2 192.0.2.11:40100 > 192.0.2.21:21\nc2S: 220 ready\nc2C: USER bob\nc2S: 331 p\nc2C: PASS x\nc2S: 230 in\n")
	for i := range turns {
		c, client := [2]string{"", "c2"}[i%2], fmt.Sprintf("192.0.2.1%d:%d", i%2, 41000+i)
		fmt.Fprintf(&b, "%[1]sC: PASV\n%[1]sS: 227 ok (192,0,2,21,195,80)\ndata d%[3]d %[2]s > S:50000\n%[1]sC: RETR f%[3]d\n%[1]sS: 150 go\nd%[3]d< %[4]d\nd%[3]d fin <\n%[1]sS: 226 done\n", c, client, i, 700+i)
	}
	b.WriteString("bye\nc2 fin >")
	return analyzetest.Conversation{Name: "shared port", Script: b.String()}
}

// severe are the findings of high and critical.
func severe(r *analyzetest.Records) map[string]bool {
	list := map[string]bool{}
	for _, s := range r.Sessions {
		for i := range s.Findings {
			if f := &s.Findings[i]; f.Severity == record.High || f.Severity == record.Critical {
				list[f.ID] = true
			}
		}
	}
	return list
}

// losses are ways to lose packets: one, two near each other, twenty in a row.
func losses(n int) (list [][]int) {
	for i := range n {
		list = append(list, []int{i})
		for j := i + 1; j <= min(i+3, n-1); j++ {
			list = append(list, []int{i, j})
		}
		if i%5 == 0 && i+20 < n { // without its end a capture is only shorter
			var burst []int
			for j := i; j < i+20; j++ {
				burst = append(burst, j)
			}
			list = append(list, burst)
		}
	}
	return list
}

// requireNoBlame: what a capture lacks may make facts unknown; it changes none, and
// nobody is blamed for it.
func requireNoBlame(t *testing.T, frames []capturetest.Frame) {
	full := analyzetest.Analyzed(t, frames, options)
	known := severe(full)
	for _, lost := range losses(len(frames)) {
		part := analyzetest.Analyzed(t, capturetest.Drop(frames, lost...), options)
		d := contradictions(full, part)
		for id := range severe(part) {
			if !known[id] {
				d = append(d, id)
			}
		}
		if len(d) > 0 {
			t.Errorf("without packets %d: %q\nfull:\n%s\npart:\n%s", lost, d, full.Facts(), part.Facts())
		}
	}
}

func TestLosses(t *testing.T) {
	for _, c := range []analyzetest.Conversation{
		shared(4),
		{Name: "passive", Script: "login\nC: TYPE I\nS: 200 ok\n" + analyzetest.Passed("RETR a", "9000") + pushed2 + "bye"},
		{Name: "active", Script: "login\nC: TYPE I\nS: 200 ok\nport\nC: RETR a\nS: 150 here (5000 bytes)\ndata d1 S:20 > C:50000\nd1> 5000\nd1 fin >\nS: 226 done\nbye"},
		{Name: "idle", Script: "login\n" + analyzetest.Passed("RETR a", "9000") + "wait 60s\nS: 421 timeout\nclose S"},
		{Name: "not logged in", Script: "S: 220 ready\nC: SYST\nS: 530 log in first\nC: USER anonymous\nS: 331 p\nC: PASS a@b\nS: 230 in\n" + analyzetest.Passed("RETR a", "900") + "bye"},
		{Name: "refused", Script: varied[4].Script},
		{Name: "multi-line", Script: varied[9].Script},
	} {
		t.Run(c.Name, func(t *testing.T) { requireNoBlame(t, c.Frames(t)) })
	}
}
