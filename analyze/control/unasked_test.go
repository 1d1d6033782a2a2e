package control

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/analyze/record"
	"ftpscope/capture/flow"
)

// ears is a Listener that keeps what it hears.
type ears struct {
	expectations []Expectation
	hosts        []bool
}

func (e *ears) Expect(x *Expectation)         { e.expectations = append(e.expectations, *x) }
func (e *ears) ExpectHosts(h HostExpectation) { e.hosts = append(e.hosts, h.On) }

// listened is a Conversation whose Listener a test can look at.
func listened(synSeen bool, serverPort uint16, lines ...string) (*heard, *ears) {
	h, e := hear(synSeen, serverPort), &ears{}
	h.opt.Listener = e
	for _, line := range lines {
		h.say(line)
	}
	return h, e
}

// Where the capture has the server's side only, replies tell what was asked.
func TestRepliesOfTheServerAlone(t *testing.T) {
	type told struct {
		Login, System string
		Methods       []string
		Ran           []int // the final replies of transfer commands that were not seen
	}
	for _, c := range []struct {
		name  string
		lines []string
		want  told
	}{
		{"login", []string{"S: 220 hello", "S: 331 password, please", "S: 230 welcome"}, told{Login: record.LoginOK}},
		{"login refused", []string{"S: 220 hello", "S: 331 password, please", "S: 530 no"}, told{Login: record.LoginFailed}},
		{"login with an account", []string{"S: 220 hello", "S: 332 account?", "S: 530 no"}, told{Login: record.LoginFailed}},
		{"530 to something else", []string{"S: 220 hello", "S: 530 log in first"}, told{Login: record.LoginNone}},
		{"530 after another reply", []string{"S: 220 hello", "S: 331 password?", "S: 200 ok", "S: 530 no"}, told{Login: record.LoginNone}},
		{"system", []string{"S: 220 hello", "S: 215 UNIX Type: L8"}, told{Login: record.LoginNone, System: "UNIX Type: L8"}},
		{"passive download", []string{"S: 220 hello", "S: 230 in", "S: 227 go (192,0,2,21,195,80)", "S: 150 here it comes", "S: 226 done"},
			told{Login: record.LoginOK, Methods: []string{"PASV"}, Ran: []int{226}}},
		{"three methods", []string{"S: 220 hello", "S: 229 go (|||50000|)", "S: 228 go (4,4,192,0,2,21,2,195,81)", "S: 227 go (192,0,2,21,195,82)"},
			told{Login: record.LoginNone, Methods: []string{"EPSV", "LPSV", "PASV"}}},
		{"it gave up without 150", []string{"S: 220 hello", "S: 227 go (192,0,2,21,195,80)", "S: 425 no connection"},
			told{Login: record.LoginNone, Methods: []string{"PASV"}, Ran: []int{425}}},
		{"a final reply alone is nobody's", []string{"S: 220 hello", "S: 226 done"}, told{Login: record.LoginNone}},
	} {
		t.Run(c.name, func(t *testing.T) {
			h, _ := listened(true, 21, c.lines...)
			got := told{Login: h.login.state, System: h.server.system.value}
			for i := range h.transfers.negotiations {
				got.Methods = append(got.Methods, h.transfers.negotiations[i].Method)
			}
			for i := range h.transfers.commands {
				got.Ran = append(got.Ran, h.transfers.commands[i].Reply.Code)
				require.True(t, h.transfers.commands[i].Unseen)
			}
			require.Equal(t, c.want, got)
		})
	}
}

// "227 Logout." answers QUIT of a client that speaks: it offers nothing.
func TestLogoutIsNoOffer(t *testing.T) {
	h, e := listened(true, 21, "S: 220 hello", "C: QUIT", "S: 221 bye", "S: 227 Logout.")
	require.Empty(t, h.transfers.negotiations)
	require.Empty(t, e.expectations)
	for text, want := range map[string]bool{"227 Logout.": false, "227 (1,2,3,4,5,6)": true, "228 (4,4,1,2,3,4,2,5,6)": true, "228 no": false, "229 (|||9|)": true, "229 ()": false, "226 (1,2,3,4,5,6)": false} {
		code := map[string]int{"226": 226, "227": 227, "228": 228, "229": 229}[text[:3]]
		require.Equal(t, want, offersEndpoint(code, text[4:]), text)
	}
}

// The Listener hears of an offer once it is accepted (PASV), or as soon as it is made
// (PORT); off FTP's port, once both sides have spoken.
func TestExpectationsAreHeard(t *testing.T) {
	client, server := netip.MustParseAddr("192.0.2.10"), netip.MustParseAddr("192.0.2.21")
	for _, c := range []struct {
		name  string
		port  uint16
		lines []string
		want  []Expectation
	}{
		{"PORT", 21, []string{"S: 220 x", "C: PORT 192,0,2,10,195,80", "S: 200 ok"},
			[]Expectation{{Endpoint: netip.MustParseAddrPort("192.0.2.10:50000"), Peer: client, Expected: server}}},
		{"PASV", 21, []string{"S: 220 x", "C: PASV", "S: 227 (192,0,2,21,195,81)"},
			[]Expectation{{Passive: true, Endpoint: netip.MustParseAddrPort("192.0.2.21:50001"), Peer: server, Expected: client}}},
		{"EPSV", 21, []string{"S: 220 x", "C: EPSV", "S: 229 (|||50002|)"},
			[]Expectation{{Passive: true, Endpoint: netip.MustParseAddrPort("192.0.2.21:50002"), Peer: server, Expected: client}}},
		{"PASV rejected", 21, []string{"S: 220 x", "C: PASV", "S: 502 no"}, nil},
		{"off the port, one side alone", 2121, []string{"S: 227 (192,0,2,21,195,81)"}, nil},
		{"off the port, both sides", 2121, []string{"S: 220 x", "C: PASV", "S: 227 (192,0,2,21,195,81)"},
			[]Expectation{{Passive: true, Endpoint: netip.MustParseAddrPort("192.0.2.21:50001"), Peer: server, Expected: client}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, e := listened(true, c.port, c.lines...)
			require.Len(t, e.expectations, len(c.want))
			for i, x := range e.expectations {
				require.Equal(t, c.want[i], Expectation{Passive: x.Passive, Endpoint: x.Endpoint, Peer: x.Peer, Expected: x.Expected})
				require.True(t, x.Mark.Seen())
				src, dst := netip.AddrPortFrom(x.Expected, 40000), netip.AddrPortFrom(x.Peer, x.Endpoint.Port())
				require.True(t, x.Fits(src, dst))
				require.Equal(t, 3, x.Rank(src, dst))
				require.True(t, x.Fits(netip.MustParseAddrPort("198.51.100.9:1"), dst), "anybody may come to what is announced")
				require.False(t, x.Fits(src, netip.AddrPortFrom(x.Peer, x.Endpoint.Port()+1)))
			}
		})
	}
}

// Under TLS, and after what the capture lacks, any connection of the two hosts may be data.
func TestHostExpectations(t *testing.T) {
	_, e := listened(true, 21, "S: 220 x", "C: AUTH TLS", "S: 234 go", "C! "+tlsRecord)
	require.Equal(t, []bool{true}, e.hosts)
	_, e = listened(true, 21, "S? 100", "C? 100")
	require.True(t, e.hosts[len(e.hosts)-1], "neither side was heard")

	x := HostExpectation{Client: netip.MustParseAddr("192.0.2.10"), Server: netip.MustParseAddr("192.0.2.21")}
	for conn, want := range map[[2]string]bool{
		{"192.0.2.10:40000", "192.0.2.21:50000"}:   true,
		{"192.0.2.21:50000", "192.0.2.10:40000"}:   true,
		{"192.0.2.21:20", "198.51.100.9:40000"}:    true, // active, by way of NAT
		{"192.0.2.21:2020", "198.51.100.9:40000"}:  false,
		{"198.51.100.9:40000", "192.0.2.21:50000"}: false,
		{"198.51.100.9:20", "192.0.2.10:40000"}:    false,
	} {
		require.Equal(t, want, x.Fits(&flow.Conn{Src: netip.MustParseAddrPort(conn[0]), Dst: netip.MustParseAddrPort(conn[1])}), conn)
	}
}

// What is missing makes unknown what it may have changed.
func TestGapsLose(t *testing.T) {
	login := []string{"S: 220 x", "C: USER bob", "S: 331 y", "C: PASS z", "S: 230 in", "C: CWD /pub", "S: 250 ok"}
	h, _ := listened(true, 21, login...)
	require.Equal(t, "/pub", h.directory.working.dir)
	h.say("C? " + strings.Repeat("x", 5))
	require.False(t, h.directory.working.known, "it may have been CWD")

	h, _ = listened(true, 21, append(login, "C: PASV", "S: 227 (192,0,2,21,195,80)", "C? "+strings.Repeat("x", 30))...)
	require.Equal(t, none, h.transfers.current, "another PORT may be in there")
	h, _ = listened(true, 21, append(login, "C: PASV", "S: 227 (192,0,2,21,195,80)", "C? "+strings.Repeat("x", 5))...)
	require.Equal(t, 0, h.transfers.current, "no PORT is as short")

	h, _ = listened(true, 21, "S: 220 x", "C: USER bob", "S: 331 y", "C: PASS z", "S: 530 no", "S? 20")
	require.Equal(t, record.LoginNone, h.login.state, "it may have been tried again")
}

// A conflict is a remark with who sent it.
func TestConflict(t *testing.T) {
	h, _ := listened(true, 21, "S: 220 x")
	require.True(t, h.Compares())
	h.Conflict(flow.Out, 0, 7, h.at)
	h.Conflict(flow.In, 0, 1, h.at)
	odd := h.notes.Oddities
	require.Len(t, odd, 2)
	require.Equal(t, []string{record.Client, record.Server}, []string{odd[0].Detail, odd[1].Detail})
}

// Commands that nobody answers are bounded in number; the oldest go, and it is said.
func TestPendingIsBounded(t *testing.T) {
	h, _ := listened(true, 21, "S: 220 x")
	for range maxPending + 3 {
		h.say("C: NOOP")
	}
	require.Len(t, h.pairing.pending, maxPending)
	require.Len(t, h.notes.Oddities, 3, "each is told")
	require.Equal(t, record.OddPending, h.notes.Oddities[0].Kind)
}

// Lines that never end hold no more than there is room for.
func TestUnfinishedLinesAreBounded(t *testing.T) {
	h, _ := listened(true, 21, "S: 220 x")
	h.opt.held = maxShared // others hold all
	h.budget.held = maxOwn
	h.say("C! " + strings.Repeat("x", 3000))
	require.Positive(t, h.budget.struck)
	require.Zero(t, h.budget.buffers)
	require.Zero(t, h.sides[flow.Out].framer.Held())
}
