package match

import (
	"net/netip"
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/analyze/record"
	"ftpscope/capture/flow"
)

// orphans takes orphans only.
type orphans struct{ told []*record.Orphan }

func (o *orphans) Session(*record.Session)   {}
func (o *orphans) Orphan(r *record.Orphan)   { o.told = append(o.told, r) }
func (o *orphans) Attempt(r *record.Attempt) {}

// What is over and has to make room for newer connections is told as it would be later,
// what goes on is told at its end, and both are counted.
func TestParkingIsFull(t *testing.T) {
	for _, test := range []struct {
		name string
		more int // connections that come after the one that counts
		ends bool
		want uint64 // connections that made room
	}{
		{"there is room", maxParked - 1, true, 0},
		{"one has to go", maxParked, true, 1},
		{"all have to go", 2 * maxParked, true, maxParked + 1},
		{"it goes on", 2 * maxParked, false, maxParked + 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			var out orphans
			m := New(&out, Options{ControlPort: func(p uint16) bool { return p == 21 }})
			conn := func(i int, src uint16) *flow.Conn {
				c := &flow.Conn{
					ID: uint64(i + 1), OpenerKnown: true, State: flow.Established,
					Src: netip.AddrPortFrom(netip.MustParseAddr("192.0.2.21"), src), Dst: netip.MustParseAddrPort("192.0.2.10:40000"),
					Start: at(1, uint64(i+1)), Last: at(1, uint64(i+1)),
				}
				c.Half[flow.Out] = flow.Half{Packets: 1, Bytes: 700}
				return c
			}
			data := conn(0, 20)
			m.Opened(data)
			if test.ends {
				m.Closed(data, nil)
			}
			for i := range test.more {
				m.Opened(conn(i+1, 5000))
			}
			if !test.ends {
				require.Empty(t, out.told)
				m.Closed(data, nil)
			}
			m.End()
			require.Len(t, out.told, 1)
			require.EqualValues(t, 700, out.told[0].Bytes)
			require.Equal(t, test.want, m.limits["connections that waited for an offer"])
		})
	}
}
