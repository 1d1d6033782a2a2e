package analyze_test

import (
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/analyze"
	"ftpscope/capture/flow"
)

// What is kept of a session to compare it is a part of what its analysis holds:
// MaxSessions of them a side have to fit.
func TestCompareHeap(t *testing.T) {
	plainCollector(t)
	const n = 2000
	said := []struct{ client, server string }{
		{"", "220 ready\r\n"}, {"USER bob\r\n", "331 password\r\n"}, {"PASS secret\r\n", "230 in\r\n"}, {"TYPE I\r\n", "200 ok\r\n"},
		{"PORT 10,0,0,0,195,80\r\n", "200 ok\r\n"}, {"RETR a.txt\r\n", "150 opening\r\n"}, {"", "226 done\r\n"}, {"QUIT\r\n", "221 bye\r\n"},
	}
	point := analyze.Point{Name: "point", Open: func() (analyze.Source, error) {
		return &flood{n: n, make: func(f *flood, i int) {
			c := client(i)
			f.open(c, floodServer)
			up, down := uint32(1), uint32(1)
			for _, x := range said {
				if x.client != "" {
					f.send(c, floodServer, flow.ACK, up, down, x.client)
					up += uint32(len(x.client))
				}
				f.send(floodServer, c, flow.ACK, down, up, x.server)
				down += uint32(len(x.server))
			}
			f.send(c, floodServer, flow.ACK|flow.FIN, up, down, "")
			f.send(floodServer, c, flow.ACK|flow.FIN, down, up+1, "")
		}}, nil
	}}
	_, err := analyze.Compare(point, point, analyze.Options{}) // what is made once is no session's
	require.NoError(t, err)
	before := heap()
	res, err := analyze.Compare(point, point, analyze.Options{})
	require.NoError(t, err)
	each := (heap() - before) / (2 * n)
	require.LessOrEqual(t, each, uint64(4608), "bytes a session; 4,226 when this was written")
	require.Len(t, res.Here.Sessions, n)
	runtime.KeepAlive(res)
}
