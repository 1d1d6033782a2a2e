package finding

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/analyze/record"
	"ftpscope/capture/flow"
)

// TestFate shows that a SYN without a connection means another thing on either side of
// the network, and that the message says which: what it says about the place of capture,
// for each direction.
func TestFate(t *testing.T) {
	answered := func(c *flow.Conn) { c.SYNACK, c.Half[flow.In].Packets, c.SYNPos = at(15), 1, nil }
	repeatedSYN := func(c *flow.Conn) { answered(c); c.SYNs, c.LastSYN, c.SYNPos = 2, at(16), &flow.SYNs{pos(14), pos(16)} }
	repeatedAnswer := func(c *flow.Conn) { answered(c); c.Half[flow.In].Packets = 3 }
	gaveUp := func(c *flow.Conn) { answered(c); c.Half[flow.Out].RST = at(16) }
	unused := func(t *record.Transfer) {
		t.Command, t.Notes.Ran, t.Reply, t.Outcome = nil, nil, t.Notes.Answer, record.Unused
	}
	half := func(change func(*flow.Conn)) record.Transfer { return passive(met(flow.Unknown, change), failed) }
	const (
		clientSide = "the capture was taken next to the client (by the TTLs), so it does not show whether the SYNs arrived or the answers were lost"
		serverSide = "the capture was taken next to the server (by the TTLs), so the SYNs got that far: its own firewall, or one right in front of it, most likely drops them"
	)
	for _, r := range []struct {
		name string
		s    *record.Session
		want string
	}{
		{"leaving, TTL 64", sess(ttls(64, 57), with(passive(met(flow.Unanswered), failed))), clientSide},
		{"leaving, TTL 128", sess(ttls(128, 57), with(passive(met(flow.Unanswered), failed))), clientSide},
		{"leaving, TTL 255", sess(ttls(255, 57), with(passive(met(flow.Unanswered), failed))), clientSide},
		{"arriving", sess(ttls(57, 64), with(passive(met(flow.Unanswered), failed))), serverSide},
		{"arriving from Windows", sess(ttls(121, 255), with(passive(met(flow.Unanswered), failed))), serverSide},
		{"between", sess(ttls(61, 125), with(passive(met(flow.Unanswered), failed))),
			"the SYNs had passed 3 routers and had 3 ahead of them where the capture was taken (by the TTLs)"},
		{"active, leaving", sess(ttls(57, 64), with(active(met(flow.Unanswered), failed))),
			"the capture was taken next to the server (by the TTLs), so it does not show whether the SYNs arrived or the answers were lost"},
		{"active, arriving", sess(ttls(64, 57), with(active(met(flow.Unanswered), failed))),
			"the capture was taken next to the client (by the TTLs), so the SYNs got that far: its own firewall, or one right in front of it, most likely drops them"},
		{"TTLs not known", sess(with(passive(met(flow.Unanswered), failed))), ""},
		{"the answer leaves, no ACK comes", sess(ttls(57, 64), with(half(answered))), "after it, this capture shows nothing from the client"},
		{"the answer leaves, the SYN comes again", sess(ttls(57, 64), with(half(repeatedSYN))), "after that the client sent its SYN again, so the answer did not get through"},
		{"the answer leaves again and again", sess(ttls(57, 64), with(half(repeatedAnswer))), "the server sent it again, so no ACK arrived: the SYN-ACK was lost on its way, or the ACK was"},
		{"the answer came, the opener gave up", sess(ttls(64, 57), with(half(gaveUp))), "then the client gave up with RST (packet 16)"},
		{"the answer leaves, no command follows", sess(ttls(57, 64), with(passive(met(flow.Unknown, repeatedAnswer), unused))),
			"the server sent it again, so no ACK arrived: the SYN-ACK was lost on its way, or the ACK was"},
	} {
		t.Run(r.name, func(t *testing.T) {
			found := Judge(r.s, Options{})
			require.Len(t, found, 1)
			require.Equal(t, "data-unanswered", found[0].ID)
			require.Contains(t, found[0].Message, r.want)
			require.Equal(t, strings.Contains(r.want, "(by the TTLs)"), strings.Contains(found[0].Message, "(by the TTLs)"))
			require.Equal(t, strings.Contains(r.name, "answer"), strings.Contains(found[0].Message, "to reach 203.0.113.21:50001 (packet") &&
				strings.Contains(found[0].Message, "the server answered with SYN-ACK (packet 15)"))
		})
	}
	t.Run("the capture ends there", func(t *testing.T) {
		require.Empty(t, Judge(sess(cutShort, with(passive(met(flow.Unknown, answered), unused))), Options{}))
	})
}
