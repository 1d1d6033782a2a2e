package control

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/analyze/record"
	"ftpscope/capture/flow"
)

func end(text string) netip.AddrPort { return netip.MustParseAddrPort(text) }

// attentive writes down what a Listener hears.
type attentive struct{ heard []string }

func (a *attentive) Expect(x *Expectation) {
	mode := "active"
	if x.Passive {
		mode = "passive"
	}
	a.heard = append(a.heard, fmt.Sprintf("%d %s %s from %s", x.Index, mode, x.Endpoint, x.Expected))
}

func (a *attentive) ExpectHosts(x HostExpectation) {
	a.heard = append(a.heard, fmt.Sprintf("hosts %v lossy=%v", x.On, x.Lossy))
}

// Which data connections are expected, and from when on.
func TestListener(t *testing.T) {
	for _, x := range []struct {
		name, said string
		port       uint16
		want       []string
	}{
		{"PASV, when its reply is there", "S: 220 x\nC: PASV\nS: 227 (192,0,2,21,195,80)", 21, []string{"0 passive 192.0.2.21:50000 from 192.0.2.10"}},
		{"PASV behind a NAT", "S: 220 x\nC: PASV\nS: 227 (10,0,0,5,195,80)", 21, []string{"0 passive 10.0.0.5:50000 from 192.0.2.10"}},
		{"EPSV names a port only", "S: 220 x\nC: EPSV\nS: 229 (|||50000|)", 21, []string{"0 passive 192.0.2.21:50000 from 192.0.2.10"}},
		{"PORT, when it is sent", "S: 220 x\nC: PORT 192,0,2,10,195,80", 21, []string{"0 active 192.0.2.10:50000 from 192.0.2.21"}},
		{"EPRT that names another host", "S: 220 x\nC: EPRT |1|203.0.113.9|50000|", 21, []string{"0 active 203.0.113.9:50000 from 192.0.2.21"}},
		{"a PORT that names nothing", "S: 220 x\nC: PORT nonsense", 21, nil},
		{"PASV refused", "S: 220 x\nC: PASV\nS: 502 no", 21, nil},
		{"nothing was negotiated", "S: 220 x\nC: RETR a\nS: 150 go\nS: 226 done", 21,
			[]string{"0 active 192.0.2.10:51234 from 192.0.2.21", "hosts true lossy=false", "hosts false lossy=false"}},
		{"both, in turn", "S: 220 x\nC: PASV\nS: 227 (192,0,2,21,195,80)\nC: PORT 192,0,2,10,195,81", 21,
			[]string{"0 passive 192.0.2.21:50000 from 192.0.2.10", "1 active 192.0.2.10:50001 from 192.0.2.21"}},
		{"on another port, the client alone", "C: PORT 192,0,2,10,195,80", 2121, nil},
		{"on another port, both", "C: PORT 192,0,2,10,195,80\nS: 200 ok", 2121, []string{"0 active 192.0.2.10:50000 from 192.0.2.21"}},
		{"under TLS, until it ends", "S: 220 x\nC: AUTH TLS\nS: 234 go\nC! " + tlsRecord + "\nC: NOOP", 21, []string{"hosts true lossy=false", "hosts false lossy=false"}},
	} {
		t.Run(x.name, func(t *testing.T) {
			h := hear(true, x.port)
			a := &attentive{}
			h.opt.Listener = a
			for line := range strings.SplitSeq(x.said, "\n") {
				h.say(line)
			}
			require.Equal(t, x.want, a.heard)
		})
	}
}

// A connection fits that goes to the announced port: from the expected host to the peer, or
// from anywhere to just what was announced. Of two that fit, the closer one ranks higher.
func TestExpectationFits(t *testing.T) {
	x := Expectation{Endpoint: end("10.0.0.5:50000"), Peer: end("192.0.2.21:21").Addr(), Expected: end("192.0.2.10:1").Addr()}
	for _, c := range []struct {
		name, src, dst string
		fits           bool
		rank           int
	}{
		{"the peer's own address, behind a NAT", "192.0.2.10:40000", "192.0.2.21:50000", true, 2},
		{"the announced address", "192.0.2.10:40000", "10.0.0.5:50000", true, 3},
		{"the announced address, from a third host", "203.0.113.9:40000", "10.0.0.5:50000", true, 1},
		{"the peer's address, from a third host", "203.0.113.9:40000", "192.0.2.21:50000", false, 0},
		{"another port", "192.0.2.10:40000", "10.0.0.5:50001", false, 3},
		{"another host", "192.0.2.10:40000", "192.0.2.22:50000", false, 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			require.Equal(t, c.fits, x.Fits(end(c.src), end(c.dst)))
			require.Equal(t, c.rank, x.Rank(end(c.src), end(c.dst)))
		})
	}
}

func TestHostExpectationFits(t *testing.T) {
	x := HostExpectation{Client: end("192.0.2.10:1").Addr(), Server: end("192.0.2.21:1").Addr()}
	for ends, fits := range map[[2]string]bool{
		{"192.0.2.10:40000", "192.0.2.21:50000"}:  true,
		{"192.0.2.21:20", "192.0.2.10:40000"}:     true,
		{"192.0.2.21:20", "203.0.113.9:40000"}:    true, // the server's data port, wherever it goes
		{"192.0.2.21:50000", "203.0.113.9:40000"}: false,
		{"203.0.113.9:40000", "192.0.2.21:50000"}: false,
		{"192.0.2.10:40000", "203.0.113.9:50000"}: false,
	} {
		require.Equal(t, fits, x.Fits(&flow.Conn{Src: end(ends[0]), Dst: end(ends[1])}), ends)
	}
}

// Whose endpoint it is goes by who was taken for the client then, and who is it now.
func TestParties(t *testing.T) {
	tr := Transcript{Session: record.Session{Client: end("192.0.2.10:40000"), Server: end("192.0.2.21:21")}}
	client, server := tr.Client.Addr(), tr.Server.Addr()
	for name, x := range map[string]struct {
		n              Negotiation
		peer, expected netip.Addr
	}{
		"active":                         {Negotiation{}, client, server},
		"passive":                        {Negotiation{Passive: true}, server, client},
		"active, the roles have changed": {Negotiation{ClientSide: flow.In}, server, client},
	} {
		peer, expected := tr.Parties(&x.n)
		require.Equal(t, []netip.Addr{x.peer, x.expected}, []netip.Addr{peer, expected}, name)
	}
	n := Negotiation{Since: 7}
	require.EqualValues(t, 7, n.Begin(), "by its reply")
	n.Asked.Mark = flow.Mark{Time: 5, Ord: 1, Pos: 1}
	require.EqualValues(t, 5, n.Begin(), "by its command")
}
