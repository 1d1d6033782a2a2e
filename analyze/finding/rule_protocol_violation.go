package finding

import (
	"strconv"

	"ftpscope/analyze/record"
	"ftpscope/capture/flow"
)

var protocolViolation = Rule{
	ID: "protocol-violation", Severity: record.Low,
	Title:   "protocol violation",
	Meaning: "Lines that RFC 959 does not allow: a PORT, EPRT, 227 or 229 without an endpoint, a line of more than 4096 bytes, a line from the server without a code, NUL or control bytes in a command. A broken program, a fuzzer or an exploit.",
	judge:   violations,
}

// violations has one draft for each kind.
func violations(c *Case) []draft {
	if len(c.Notes.Oddities) == 0 {
		return nil
	}
	type group struct {
		count   int
		details names
		frames  []flow.Pos
	}
	groups := map[string]*group{}
	for i := range c.Notes.Oddities {
		o := &c.Notes.Oddities[i]
		g := groups[o.Kind]
		if g == nil {
			g = &group{}
			groups[o.Kind] = g
		}
		g.count++
		g.details.add(o.Detail)
		g.frames = append(g.frames, o.Mark.Pos)
	}
	var list []draft
	for _, odd := range oddities {
		g := groups[odd.kind]
		if g == nil || odd.kind == record.OddNoCode && !c.whole() || c.Notes.Foreign != nil && odd.kind != record.OddEndpoint {
			// a piece of a reply looks like the first; the verdict names another protocol
			continue
		}
		what := odd.one
		if g.count > 1 {
			what = strconv.Itoa(g.count) + " " + odd.several
		}
		if odd.told {
			what += ": " + g.details.plain()
		}
		list = append(list, draft{message: what + c.packets(g.frames...), frames: g.frames, advice: odd.advice})
	}
	return list
}

var oddities = []struct {
	kind, one, several string
	told               bool // the detail is worth telling
	advice             string
}{
	{record.OddEndpoint, "an announcement without a valid endpoint", "announcements without a valid endpoint", true,
		"look at the line: a broken program, a NAT that rewrote it badly, or an attempt to confuse firewalls"},
	{record.OddLine, "a line of more than 4096 bytes", "lines of more than 4096 bytes", false,
		"look at what follows: overlong arguments probe the buffers of servers"},
	{record.OddNoCode, "a line from the server that is no reply", "lines from the server that are no replies", true,
		"find out which server it is: clients may lose track of its replies"},
	{record.OddBytes, "NUL or control bytes in a command", "commands with NUL or control bytes", true,
		"look at the command: a broken client, or an attempt to slip something past a filter"},
}
