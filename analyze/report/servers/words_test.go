package servers

import (
	"fmt"
	"net/netip"
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/analyze/record"
	"ftpscope/analyze/report/reporttest"
)

// Of many servers and clients those in trouble are told, and the others counted.
func TestToldFirst(t *testing.T) {
	g := New()
	for i := range 9 {
		for k := range 8 {
			state := record.Established
			if i == 7 && k == 6 {
				state = "refused"
			}
			s := reporttest.PassiveSession(i*8+k+1, fmt.Sprintf("10.%d.0.9:1234", k), reporttest.PassiveTransfer(1, fmt.Sprintf("192.0.2.%d:50000", 20+i), state))
			s.Server = netip.AddrPortFrom(netip.AddrFrom4([4]byte{192, 0, 2, byte(20 + i)}), 21)
			g.Add(s)
		}
	}
	shown, more := g.Told(false)
	require.Len(t, shown, maxServersTold)
	require.Equal(t, 4, more)
	require.Equal(t, "192.0.2.27", shown[0].Server.Addr().String(), "trouble first")
	lines := shown[0].ClientLines(false)
	require.Equal(t, "client 10.6.0.9: passive failed (1)", lines[0])
	require.Equal(t, "… 3 more client networks: --all names them", lines[maxNetworksTold])
	require.Len(t, shown[0].ClientLines(true), 8)
	shown, more = g.Told(true)
	require.Equal(t, []int{9, 0}, []int{len(shown), more})
}
