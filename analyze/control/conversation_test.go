package control

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/analyze/record"
	"ftpscope/capture/flow"
)

// states are the four of a Conversation, and what goes with them.
type states struct {
	stage      stage
	roles      roles
	evidence   evidence
	protection protection
	hosts      bool // any connection between the hosts is expected
}

func statesOf(c *Conversation) states {
	return states{c.server.stage, c.roles, c.evidence, c.tls.state, c.expectsHosts}
}

// heard is a Conversation to which a test talks line by line.
type heard struct {
	*Conversation
	at flow.Mark
}

func hear(synSeen bool, serverPort uint16) *heard {
	at := flow.Mark{Time: flow.Second, Ord: 1, Pos: 1}
	c := &flow.Conn{
		ID: 1, Src: netip.MustParseAddrPort("192.0.2.10:51234"), Dst: netip.AddrPortFrom(netip.MustParseAddr("192.0.2.21"), serverPort),
		OpenerKnown: synSeen, Start: at,
	}
	return &heard{New(c, NewOptions(func(p uint16) bool { return p == 21 || p == 990 }, false, Deaf{})), at}
}

// say takes "C: line", "S: line", "C! bytes" and "C? n" (a gap of so many bytes), or of S.
// It is false when this is no control connection.
func (h *heard) say(line string) bool {
	h.at.Time, h.at.Ord, h.at.Pos = h.at.Time+1, h.at.Ord+1, h.at.Pos+1
	side := flow.Out
	if line[0] == 'S' {
		side = flow.In
	}
	switch text := line[3:]; line[1] {
	case ':':
		return h.Data(side, []byte(text+"\r\n"), h.at)
	case '!':
		return h.Data(side, []byte(text), h.at)
	case '?':
		h.Gap(side, uint64(len(text)), h.at)
	}
	return true
}

const tlsRecord = "\x17\x03\x03\x00\x02ab"

// Each line of a dialogue brings the Conversation into the states that its doc names.
func TestStates(t *testing.T) {
	type step struct {
		line string
		want states
	}
	for _, c := range []struct {
		name    string
		synSeen bool
		port    uint16
		steps   []step
	}{
		{"greeting, commands", true, 21, []step{
			{"S: 120 soon", states{awaitingGreeting, rolesBySYN, speaksFTP, inClear, false}},
			{"S: 220 ready", states{greeted, rolesBySYN, speaksFTP, inClear, false}},
			{"S: 220 more of the banner", states{greeted, rolesBySYN, speaksFTP, inClear, false}},
			{"C: USER bob", states{greeted, rolesBySYN, speaksFTP, inClear, false}},
			{"S: 331 go on", states{conversing, rolesBySYN, speaksFTP, inClear, false}},
		}},
		{"the capture begins later", false, 2121, []step{
			{"C: xyzzy", states{awaitingGreeting, rolesAssumed, babble, inClear, false}},
			{"S: 250 ok", states{conversing, rolesByLine, speaksFTP, inClear, false}},
			{"C: PWD", states{conversing, rolesByLine, speaksFTP, inClear, false}},
			{"S: 257 \"/\"", states{conversing, rolesByLine, speaksFTP, inClear, false}},
		}},
		{"a gap may hold the greeting", true, 21, []step{
			{"S? 12345", states{greeted, rolesBySYN, nothingSaid, inClear, false}},
			{"C: USER bob", states{greeted, rolesBySYN, speaksFTP, inClear, false}},
		}},
		{"nothing can be read", true, 21, []step{
			{"S? 12345", states{greeted, rolesBySYN, nothingSaid, inClear, false}},
			{"C? 12345", states{greeted, rolesBySYN, nothingSaid, inClear, true}},
			{"S: 230 in", states{greeted, rolesBySYN, speaksFTP, inClear, false}},
		}},
		{"TLS and back", true, 21, []step{
			{"S: 220 ready", states{greeted, rolesBySYN, speaksFTP, inClear, false}},
			{"C: AUTH TLS", states{greeted, rolesBySYN, speaksFTP, inClear, false}},
			{"S: 234 go", states{conversing, rolesBySYN, speaksFTP, tlsAgreed, false}},
			{"C! " + tlsRecord, states{conversing, rolesBySYN, speaksFTP, protected, true}},
			{"S! " + tlsRecord, states{conversing, rolesBySYN, speaksFTP, protected, true}},
			{"C: PASV", states{conversing, rolesBySYN, speaksFTP, tlsAgreed, false}},
			{"C! " + tlsRecord, states{conversing, rolesBySYN, speaksFTP, protected, true}},
		}},
		{"TLS refused", true, 21, []step{
			{"S: 220 ready", states{greeted, rolesBySYN, speaksFTP, inClear, false}},
			{"C: AUTH TLS", states{greeted, rolesBySYN, speaksFTP, inClear, false}},
			{"S: 502 no", states{conversing, rolesBySYN, speaksFTP, inClear, false}},
		}},
		{"implicit TLS", true, 990, []step{
			{"C! " + tlsRecord, states{awaitingGreeting, rolesBySYN, speaksFTP, protected, true}},
			{"S! " + tlsRecord, states{awaitingGreeting, rolesBySYN, speaksFTP, protected, true}},
			{"S: 220 ready", states{greeted, rolesBySYN, speaksFTP, tlsAgreed, false}},
		}},
		{"RFC 2228's own protection", true, 21, []step{
			{"S: 220 ready", states{greeted, rolesBySYN, speaksFTP, inClear, false}},
			{"C: MIC abcd", states{greeted, rolesBySYN, speaksFTP, protected, true}},
		}},
		{"the default data port", true, 21, []step{
			{"S: 220 ready", states{greeted, rolesBySYN, speaksFTP, inClear, false}},
			{"C: RETR a", states{greeted, rolesBySYN, speaksFTP, inClear, true}},
			{"S: 226 done", states{conversing, rolesBySYN, speaksFTP, inClear, false}},
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := hear(c.synSeen, c.port)
			for _, s := range c.steps {
				h.say(s.line)
				require.Equal(t, s.want, statesOf(h.Conversation), s.line)
			}
		})
	}
}

// What one control connection holds comes off its shard's budget and goes back at its end.
func TestBudget(t *testing.T) {
	h := hear(true, 21)
	for range 50 {
		h.say("C: PASV")
		h.say("S: 227 (192,0,2,21,195,80)")
		h.say("C: RETR some/file")
	}
	require.Greater(t, h.opt.held, 50*(negotiationSize+transferSize))
	require.Equal(t, h.opt.held, int(h.budget.held))
	opt := h.opt
	said := h.Finish(&flow.Conn{OpenerKnown: true, Src: h.conn.ends[0], Dst: h.conn.ends[1]})
	require.Zero(t, opt.held)
	require.Zero(t, said.LimitHits)
	require.Len(t, said.Negotiations, 50)

	h = hear(true, 21)
	h.opt.held = maxShared // others hold all that there is
	for range 50 {
		h.say("C: PASV")
		h.say("S: 227 (192,0,2,21,195,80)")
	}
	require.LessOrEqual(t, int(h.budget.held), maxOwn)
	require.NotEmpty(t, h.transfers.negotiations, "its own part is its own")
	require.Less(t, len(h.transfers.negotiations), 50)
	require.Positive(t, h.budget.struck)
}

// A reply is kept without its text where there is no room for it.
func TestLasting(t *testing.T) {
	shard := 0
	b := budget{shard: &shard}
	r := &record.Reply{Code: 226, Text: "done"}
	require.Equal(t, *r, b.lasting(r))
	require.Equal(t, 4, shard)
	b.held, shard = maxOwn, maxShared
	require.Equal(t, record.Reply{Code: 226, Cut: true}, b.lasting(r))
	require.Equal(t, 1, b.struck)
}

func TestMultiLineReplyThatAnotherCodeEnds(t *testing.T) {
	for _, c := range []struct{ name, before, reply, want string }{
		{"the banner", "", "220-a|230 b", "none"},
		{"a login", "S: 220 x|C: USER bob|S: 331 y|C: PASS z", "230-in|226 x", "ok"},
		{"a refusal", "S: 220 x|C: USER bob|S: 331 y|C: PASS z", "530-no|226 x", "failed"},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := hear(true, 21)
			for line := range strings.SplitSeq(c.before, "|") {
				if line != "" {
					h.say(line)
				}
			}
			for line := range strings.SplitSeq(c.reply, "|") {
				h.say("S: " + line)
			}
			h.say("C: NOOP")
			require.Equal(t, c.want, h.login.state)
		})
	}
}
