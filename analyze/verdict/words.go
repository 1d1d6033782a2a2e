package verdict

import (
	"slices"
	"strconv"
	"strings"

	"ftpscope/analyze/prose"
	"ftpscope/analyze/record"
	"ftpscope/capture/flow"
)

// What sentences are made of.

func many(n int, thing string) string { return prose.Many(n, thing) }

// packets is " (packets 16 and 22)" of those that were seen.
func (c *hearing) packets(all ...flow.Pos) string {
	list := slices.DeleteFunc(seen(all), func(p flow.Pos) bool { return p.Packet() == 0 })
	if len(list) == 0 {
		return ""
	}
	several := c.files > 1
	var words []string
	for _, p := range list {
		words = append(words, string(prose.AppendPacket(nil, p, several || p.File() > 0)))
	}
	if len(words) > 6 { // the last one often tells how it ended
		words = append(words[:5], "…", words[len(words)-1])
	}
	if len(list) == 1 {
		return " (packet " + words[0] + ")"
	}
	return " (packets " + strings.Join(words, ", ") + ")"
}

// quoted is a reply as it is told: `530 "Login incorrect."`.
func quoted(r *record.Reply) string {
	text := strings.Join(strings.Fields(r.Text), " ")
	if text == "" {
		return strconv.Itoa(r.Code)
	}
	return strconv.Itoa(r.Code) + " " + prose.Quote(text)
}

// replied says what the server answered.
func (c *hearing) replied(r *record.Reply) string {
	return "the server replied " + quoted(r) + c.packets(r.Pos)
}

// then is what the server replied to a transfer in the end, as a clause; empty: nothing.
func (c *hearing) then(t *record.Transfer) string {
	if t.Reply == nil || t.Reply.Code < 400 {
		return ""
	}
	return c.replied(t.Reply)
}

func named(t *record.Transfer) string { return t.Named(prose.Quote) }

// sentence joins clauses to one sentence.
func sentence(clauses ...string) string {
	return prose.Ended(prose.FirstUpper(prose.Clauses(clauses...)))
}

// steps are the advices that are not empty.
func steps(all ...string) []string {
	var list []string
	for _, s := range all {
		if s != "" {
			list = append(list, s)
		}
	}
	return list
}

// code reports whether a reply has one of some codes.
func code(r *record.Reply, codes ...int) bool {
	if r != nil {
		for _, c := range codes {
			if r.Code == c {
				return true
			}
		}
	}
	return false
}
