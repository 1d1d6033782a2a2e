package control

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/capture/flow"
)

// deaf hears of what Conversations expect and keeps nothing.
type deaf struct{}

func (deaf) Expect(*Expectation)         {}
func (deaf) ExpectHosts(HostExpectation) {}

// read makes the Transcript of a dialogue: lines "C: …", "S: …".
func read(opt *Options, dialogue string) *Transcript {
	at := flow.Mark{Time: flow.Second, Ord: 1, Pos: 1}
	c := &flow.Conn{
		ID: 1, Src: netip.MustParseAddrPort("192.0.2.10:51234"), Dst: netip.MustParseAddrPort("192.0.2.21:21"),
		OpenerKnown: true, Start: at, Half: [2]flow.Half{{Packets: 1}, {Packets: 1}},
	}
	f := New(c, opt)
	for line := range strings.Lines(dialogue) {
		at.Time, at.Ord, at.Pos = at.Time+1, at.Ord+1, at.Pos+1
		side := flow.Out
		if line[0] == 'S' {
			side = flow.In
		}
		f.Data(side, []byte(line[3:]), at)
	}
	c.Last = at
	return f.Finish(c)
}

func TestFoldsServeAgain(t *testing.T) {
	dialogues := []string{
		"S: 220 ready\nC: USER bob\nS: 331 go on\nC: PASS x\nS: 230 in\nC: PASV\nS: 227 (192,0,2,21,195,80)\nC: RETR a\nS: 150 a (5 bytes)\nS: 226 b\nC: QUIT\nS: 221 bye\n",
		"S: 220-a\nS: 220 b\nC: PORT 192,0,2,10,195,80\nC: RETR ../../a\nC: ABOR\nS: 200 ok\nS: 426 y\nS: 226 z\nC: SITE x\nC: USER",
		"S: 220 x\nC: AUTH TLS\nS: 234 go\nC: \x16\x05\x03\x00\x01a\nC: CWD /a\nC: REST 5\nC: MODE Z\nC: TYPE L 8\nC: LIST -la\nS: 230-",
		"S: 220 x\n" + strings.Repeat("C: PASV\nC: LIST\n", 2*usual),
		"",
	}
	port := func(p uint16) bool { return p == 21 }
	shared := NewOptions(port, true, deaf{})
	for range 2 {
		for _, d := range dialogues {
			alone := NewOptions(port, true, deaf{})
			require.Equal(t, read(alone, d), read(shared, d))
		}
	}
	require.NotEmpty(t, shared.free)
}
