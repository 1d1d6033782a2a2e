package servers

import (
	"fmt"
	"net/netip"
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/analyze/record"
	"ftpscope/analyze/report/reporttest"
)

func TestServersAreBounded(t *testing.T) {
	g := New()
	for i := range maxServers + 5 {
		s := reporttest.PassiveSession(i+1, "192.0.2.10:1234")
		s.Server = netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)}), 21)
		g.Add(s)
	}
	require.Len(t, g.All, maxServers)
	require.Equal(t, 5, g.Left)

	g = New()
	for i := range maxNetworks + 7 {
		g.Add(reporttest.PassiveSession(i+1, fmt.Sprintf("10.%d.%d.1:1234", i>>8, i&0xff), reporttest.PassiveTransfer(1, "192.0.2.21:50001", record.Established)))
	}
	require.Len(t, g.All, 1)
	require.Len(t, g.All[0].Clients, maxNetworks)
	require.Equal(t, 7, g.Left)
	require.Equal(t, maxNetworks+7, g.All[0].reached.n, "the server's own facts go on")
}

func TestServersInWords(t *testing.T) {
	g := New()
	g.Add(reporttest.PassiveSession(1, "192.0.2.10:1234", reporttest.PassiveTransfer(1, "192.0.2.21:50009", record.Established), reporttest.PassiveTransfer(2, "192.0.2.21:50001", "refused")))
	s := reporttest.ActiveSession()
	s.Client, s.Transfers[0].Outcome, s.Transfers[0].Connection = reporttest.Endpoint("198.51.100.7:1"), record.Rejected, nil
	g.Add(s)
	require.True(t, g.Failed)
	s.Transfers[1].Connection.Dst = reporttest.Endpoint("198.51.100.7:4000")
	g.Add(s)
	require.Equal(t, "passive ports 50001 and 50009 announced, 50009 reached; active from port 20", g.All[0].Ports())
	require.Equal(t, []string{
		"client 192.0.2.10: passive connected (1) and failed (1)",
		"client 198.51.100.7: active connected (2) and was rejected by the server (2)",
	}, g.All[0].ClientLines(false))
	g.Add(reporttest.PassiveSession(4, "198.51.100.8:1234", reporttest.PassiveTransfer(1, "192.0.2.21:50002", record.Established)))
	require.Contains(t, g.All[0].ClientLines(false)[1], "clients in 198.51.100.0/24: ", "more than one")
}

// TestServersPortsInWords: a few ports are named; a range would be taken for the
// configured one.
func TestServersPortsInWords(t *testing.T) {
	var r Ports
	for _, p := range []uint16{50000, 32975, 49599, 32975} {
		r.Add(p)
	}
	require.Equal(t, "ports 32975, 49599 and 50000", r.Words())
	for p := range uint16(5) {
		r.Add(40000 + p)
	}
	require.Equal(t, "ports between 32975 and 50000", r.Words())
}

// What is told of servers and clients is told of one network's.
func TestServersOfNetworks(t *testing.T) {
	one, two := reporttest.ActiveSession(), reporttest.ActiveSession()
	one.Network, two.Network = reporttest.InVLANs([]uint64{10}), reporttest.InVLANs([]uint64{20}, []uint64{30})
	two.Banner = reporttest.Ptr("220 another")
	g := New()
	g.Add(one)
	g.Add(two)
	two.Network = reporttest.InVLANs([]uint64{30}, []uint64{20}) // the other copy came first
	g.Add(two)
	require.Len(t, g.All, 2)
	require.Equal(t, []string{"VLAN 10", "VLAN 20"}, []string{g.All[0].Network, g.All[1].Network})
	require.Equal(t, []int{1, 2}, []int{g.All[0].Sessions, g.All[1].Sessions})
}

// TestServersBounce: a connection that PORT sent to another host says nothing of clients.
func TestServersBounce(t *testing.T) {
	s := reporttest.ActiveSession()
	for i := range s.Transfers {
		s.Transfers[i].Connection.Dst = reporttest.Endpoint("192.0.2.31:8080")
	}
	s.Transfers[0].Outcome, s.Transfers[0].Connection.State = record.NoConnection, "refused"
	s.Findings = []record.Finding{{ID: "bounce-attempt", Severity: "high", Transfer: 2}}
	g := New()
	g.Add(s)
	require.False(t, g.Failed)
	require.Equal(t, []string{"client 192.0.2.10: active to other hosts than the client connected (1) and failed (1)"}, g.All[0].ClientLines(false))
}
