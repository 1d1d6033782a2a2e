package match

import (
	"math"
	"net/netip"
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/analyze/control"
	"ftpscope/analyze/record"
	"ftpscope/capture/flow"
)

// everything takes records and checks nothing but that they can be made.
type everything struct{ sessions []*record.Session }

func (e *everything) Session(s *record.Session) { e.sessions = append(e.sessions, s) }
func (e *everything) Orphan(*record.Orphan)     {}
func (e *everything) Attempt(*record.Attempt)   {}

// FuzzFold reads any bytes as a control connection: 1 and 2 in the input switch the side,
// 3 is a gap, 4 opens a connection to the port in the two bytes after it.
func FuzzFold(f *testing.F) {
	for _, s := range []string{
		"\x02220 ready\r\n\x01USER bob\r\n\x02331 p\r\n\x01PASS x\r\n\x02230 in\r\n\x01PASV\r\n\x02227 (192,0,2,21,195,80)\r\n\x04\xc3\x50\x01RETR a\r\n\x02150 a\r\n226 b\r\n\x01QUIT\r\n\x02221 bye\r\n",
		"\x02220-a\r\n220 b\r\n\x03c\r\n\x01PORT 192,0,2,10,195,80\r\nRETR a\r\n\x03ABOR\r\n\x02200 ok\r\n\x03150 x\r\n426 y\r\n226 z\r\n",
		"\x01AUTH TLS\r\n\x02234 go\r\n\x01\x16\x05\x03\x00\x01a\x02\x16\x05\x05\x00\x01b\x01CWD /a\r\nCDUP\r\nREST 5\r\nTYPE L 8\r\nLIST -la\r\n",
		"\x01LPSV\r\n\x02228 (4,4,192,0,2,21,2,195,80)\r\n\x01EPSV ALL\r\nEPSV\r\n\x02229 (|||50000|)\r\n\x01REIN\r\n\x02220 x\r\n230-a\r\n226 b\r\n",
	} {
		f.Add([]byte(s), true)
		f.Add([]byte(s), false)
	}
	client, server := netip.MustParseAddrPort("192.0.2.10:51234"), netip.MustParseAddrPort("192.0.2.21:21")
	f.Fuzz(func(t *testing.T, data []byte, opener bool) {
		var out everything
		port := func(p uint16) bool { return p == 21 }
		m := New(&out, Options{ControlPort: port})
		mark := func(i int) flow.Mark {
			return flow.Mark{Time: flow.Time(i) * flow.Millisecond, Ord: uint64(i + 1), Pos: flow.At(0, uint64(i+1))}
		}
		c := &flow.Conn{ID: 1, Src: client, Dst: server, OpenerKnown: opener, Start: mark(0), Half: [2]flow.Half{{Packets: 1}, {Packets: 1}}, State: flow.Established}
		m.Opened(c)
		fold := control.New(c, control.NewOptions(port, true, m))
		var conns []*flow.Conn
		side, from, alive := flow.Out, 0, true
		feed := func(to int) {
			if to > from && alive {
				alive = fold.Data(side, data[from:to], mark(to))
			}
		}
		for i := 0; i < len(data); i++ {
			switch b := data[i]; {
			case b == 1 || b == 2:
				feed(i)
				side, from = flow.Direction(b-1), i+1
			case b == 3:
				feed(i)
				fold.Gap(side, uint64(i), mark(i))
				from = i + 1
			case b == 4 && i+2 < len(data):
				feed(i)
				dst := netip.AddrPortFrom(server.Addr(), uint16(data[i+1])<<8|uint16(data[i+2]))
				d := &flow.Conn{ID: uint64(i + 2), Src: client, Dst: dst, OpenerKnown: opener, Start: mark(i), Last: mark(i), SYNs: 1, State: flow.State(i % 5)}
				m.Opened(d)
				conns = append(conns, d)
				i += 2
				from = i + 1
			}
		}
		feed(len(data))
		c.Last = mark(len(data))
		m.Closed(c, fold.Finish(c))
		for _, d := range conns {
			m.Closed(d, nil)
		}
		m.Tick(c.Last.Time, math.MaxUint64)
		m.End()
		require.LessOrEqual(t, len(out.sessions), 1)
		for _, s := range out.sessions {
			for i := range s.Transfers {
				x := &s.Transfers[i]
				require.Equal(t, i+1, x.N)
				require.NotEmpty(t, x.Outcome)
				require.Equal(t, x.Connection == nil, x.Initiator == record.None)
			}
		}
	})
}
