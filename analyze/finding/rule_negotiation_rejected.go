package finding

import (
	"fmt"

	"ftpscope/analyze/prose"
	"ftpscope/analyze/record"
	"ftpscope/capture/flow"
)

var negotiationRejected = Rule{
	ID: "negotiation-rejected", Severity: record.Medium,
	Title:   "negotiation rejected",
	Meaning: "The server answered PORT, EPRT, PASV or EPSV with 4yz or 5yz: it does not know the command, does not allow this mode, or has no port left.",
	judge:   rejections,
}

// rejections has one draft for each command and reply code: clients try again and again.
func rejections(c *Case) []draft {
	type key struct {
		method string
		code   int
	}
	var groups map[key]int
	var list []draft
	var firsts []*record.Transfer
	var counts []int
	for i := range c.Transfers {
		t := &c.Transfers[i]
		if t.Outcome != record.Rejected || t.Reply == nil {
			continue
		}
		k := key{t.Method, t.Reply.Code}
		g, known := groups[k]
		if !known {
			g = len(firsts)
			if groups == nil {
				groups = map[key]int{}
			}
			groups[k] = g
			firsts, counts = append(firsts, t), append(counts, 0)
		}
		counts[g]++
	}
	worked := workedAfter(c, firsts)
	for g, t := range firsts {
		what := "the server " + c.answered(t.Reply) + " to " + t.Method + c.packets(t.Frames.Negotiation)
		if counts[g] > 1 {
			what = fmt.Sprintf("the server %s to %s%s, and %s in total", c.answered(t.Reply), t.Method,
				c.packets(t.Frames.Negotiation), prose.Times(counts[g]))
		}
		list = append(list, draft{
			transfer: t.N, message: prose.Clauses(what, fallback(worked[g])),
			frames: []flow.Pos{t.Frames.Negotiation, t.Reply.Pos},
		})
	}
	return list
}

// workedAfter finds, for each of some transfers in their order, the first after it that
// succeeded; nil: none did, or under TLS.
func workedAfter(c *Case, after []*record.Transfer) []*record.Transfer {
	list := make([]*record.Transfer, len(after))
	var next *record.Transfer
	for i, g := len(c.Transfers)-1, len(after)-1; g >= 0; i-- {
		t := &c.Transfers[i]
		if t == after[g] {
			list[g] = next
			g--
		}
		if t.Outcome == record.OK && t.Method != record.MethodEncrypted {
			next = t
		}
	}
	return list
}

// fallback says how the transfers went on.
func fallback(t *record.Transfer) string {
	if t == nil {
		return ""
	}
	return t.Method + " was used after it and worked"
}

// otherFamily reports whether the negotiation is of another address family than the
// control connection.
func otherFamily(c *Case, t *record.Transfer) bool {
	v6 := c.Client.Addr().Unmap().Is6()
	if t.Announced != nil && t.Announced.Addr().Is6() != v6 {
		return true
	}
	return v6 && (t.Method == "PORT" || t.Method == "PASV")
}
