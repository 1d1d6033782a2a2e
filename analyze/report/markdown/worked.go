package markdown

import (
	"strconv"
	"strings"

	"ftpscope/analyze/prose"
	"ftpscope/analyze/record"
	"ftpscope/analyze/report/diagnosis"
	"ftpscope/capture/flow"
)

// What worked, and how fast.

// carried sums up what data connections carried.
type carried struct {
	down, up         uint64
	transfers        int
	slowest, fastest int64 // bytes a second, of those that took long enough to have a rate
	rated            int
}

// leastRated is how long a data connection takes before its rate says something.
const leastRated = 100 * flow.Millisecond

func (c *carried) add(t *record.Transfer) {
	n := t.Carried()
	if n == nil || !t.Opened() {
		return
	}
	c.transfers++
	if t.Direction != nil && *t.Direction == record.Upload {
		c.up += *n
	} else {
		c.down += *n
	}
	if rate, ok := rateOf(t); ok {
		if c.rated == 0 || rate < c.slowest {
			c.slowest = rate
		}
		c.fastest = max(c.fastest, rate)
		c.rated++
	}
}

func rateOf(t *record.Transfer) (rate int64, ok bool) {
	if t.TCP == nil || t.TCP.Rate == nil || t.TCP.Duration < leastRated {
		return 0, false
	}
	return int64(max(*t.TCP.Rate, 0)), true
}

// line is "Data connections carried 60.3 kB down in 2 transfers, at 1.1 kB/s to 8.2 MB/s.".
func (c *carried) line() string {
	if c.transfers == 0 {
		return ""
	}
	var ways []string
	if c.down > 0 || c.up == 0 {
		ways = append(ways, prose.Size(c.down)+" down")
	}
	if c.up > 0 {
		ways = append(ways, prose.Size(c.up)+" up")
	}
	text := "Data connections carried " + prose.List(ways) + " in " + prose.Many(c.transfers, "transfer")
	slow, fast := prose.Size(uint64(c.slowest))+"/s", prose.Size(uint64(c.fastest))+"/s"
	switch {
	case c.rated == 0:
	case slow == fast:
		text += ", at " + fast
	default:
		text += ", at " + slow + " to " + fast
	}
	return text + "."
}

// workedLine says what was transferred, who opened its data connection, and how fast it was.
func workedLine(s *record.Session, t *record.Transfer) string {
	name := t.Method
	if t.Command != nil {
		name = codeCut(strings.TrimRight(*t.Command+" "+prose.Known(t.Argument), " "), mdName) + diagnosis.Resumed(t) + " (" + t.Method + ")"
	}
	line := "- session " + strconv.Itoa(s.ID) + ", transfer " + strconv.Itoa(t.N) + ": " + name + ", " + t.Mode + ", opened by the " + diagnosis.Party(t.Initiator)
	if n := t.Carried(); n != nil {
		way := " down"
		if t.Direction != nil && *t.Direction == record.Upload {
			way = " up"
		}
		line += ": " + prose.Size(*n) + way
	}
	if rate, ok := rateOf(t); ok {
		line += " at " + prose.Size(uint64(rate)) + "/s"
	}
	return line + "\n"
}
