package formats

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/analyze/record"
	"ftpscope/analyze/report/reporttest"
)

// Every format that has a place for a network names it.
func TestNetworkInFormats(t *testing.T) {
	for _, test := range []struct {
		format, says string
		network      *record.Network
	}{
		{"table", "\n    in VLAN 10 and VLAN 20\n", reporttest.InVLANs([]uint64{10}, []uint64{20})},
		{"table", "\n    in untagged and VLAN 20\n", reporttest.InVLANs(nil, []uint64{20})},
		{"explain", "Its packets were in VLAN 10, VLAN 20.", reporttest.InVLANs([]uint64{10, 20})},
		{"explain", "several networks: VLAN 10 and VLAN 20.", reporttest.InVLANs([]uint64{10}, []uint64{20})},
		{"lines", "  VLAN 10  ", reporttest.InVLANs([]uint64{10})},
		{"json", `"network":[{"name":"VLAN 10, VLAN 20","path":[{"kind":"vlan","id":10,"ends":[]},{"kind":"vlan","id":20,"ends":[]}]},{"name":"untagged","path":[]}]`,
			reporttest.InVLANs([]uint64{10, 20}, nil)},
		{"csv-sessions", ",VLAN 10,none,none,certain,", reporttest.InVLANs([]uint64{10})},
		{"csv-transfers", `,"VLAN 10, VLAN 20",,,,,,` + "\n", reporttest.InVLANs([]uint64{10, 20})},
		{"eve", `"vlan":[10,20]`, reporttest.InVLANs([]uint64{10, 20})},
		{"ecs", `"vlan":{"id":"10"},"inner":{"vlan":{"id":"20"}}`, reporttest.InVLANs([]uint64{10, 20})},
		{"zeek-conn", "\t10\t20\n", reporttest.InVLANs([]uint64{10, 20})},
		{"zeek-conn", "\t10\t-\n", reporttest.InVLANs([]uint64{10})},
	} {
		t.Run(test.format, func(t *testing.T) {
			s := reporttest.ActiveSession()
			s.Network = test.network
			out := writeAll(t, test.format, s)
			if test.format == "explain" {
				out = strings.Join(strings.Fields(out), " ") // where lines break is not the matter
			}
			require.Contains(t, out, test.says)
		})
	}
}

// Servers of several networks are told apart.
func TestServersOfNetworks(t *testing.T) {
	one, two := reporttest.ActiveSession(), reporttest.ActiveSession()
	one.Network, two.Network = reporttest.InVLANs([]uint64{10}), reporttest.InVLANs([]uint64{30}, []uint64{20})
	two.Banner = reporttest.Ptr("220 another")
	require.Contains(t, writeAll(t, "explain", one), "192.0.2.21 port 21, in VLAN 10: ")
	page := writeAll(t, "html", one, two)
	require.Contains(t, page, "192.0.2.21:21, in VLAN 10")
	require.Contains(t, page, "192.0.2.21:21, in VLAN 20")
	require.NotContains(t, page, "greeting changed")
}
