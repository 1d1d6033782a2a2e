package report

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/analyze/prose"
	"ftpscope/analyze/record"
)

func inVLANs(paths ...[]uint64) *record.Network {
	n := &record.Network{}
	for _, ids := range paths {
		p := record.NetworkPath{Name: "untagged"}
		var names []string
		for _, id := range ids {
			p.Steps = append(p.Steps, record.NetworkStep{Kind: "vlan", ID: &id})
			names = append(names, "VLAN "+prose.Number(id))
		}
		if len(names) > 0 {
			p.Name = strings.Join(names, ", ")
		}
		n.Paths = append(n.Paths, p)
	}
	return n
}

// Every format that has a place for a network names it.
func TestNetworkInFormats(t *testing.T) {
	for _, test := range []struct {
		format, says string
		network      *record.Network
	}{
		{"table", "\n    in VLAN 10 and VLAN 20\n", inVLANs([]uint64{10}, []uint64{20})},
		{"table", "\n    in untagged and VLAN 20\n", inVLANs(nil, []uint64{20})},
		{"explain", "Its packets were in VLAN 10, VLAN 20.", inVLANs([]uint64{10, 20})},
		{"explain", "several networks: VLAN 10 and VLAN 20.", inVLANs([]uint64{10}, []uint64{20})},
		{"lines", "  VLAN 10  ", inVLANs([]uint64{10})},
		{"json", `"network":[{"name":"VLAN 10, VLAN 20","path":[{"kind":"vlan","id":10,"ends":[]},{"kind":"vlan","id":20,"ends":[]}]},{"name":"untagged","path":[]}]`,
			inVLANs([]uint64{10, 20}, nil)},
		{"csv-sessions", ",VLAN 10\n", inVLANs([]uint64{10})},
		{"csv-transfers", `,"VLAN 10, VLAN 20"` + "\n", inVLANs([]uint64{10, 20})},
		{"eve", `"vlan":[10,20]`, inVLANs([]uint64{10, 20})},
		{"ecs", `"vlan":{"id":"10"},"inner":{"vlan":{"id":"20"}}`, inVLANs([]uint64{10, 20})},
		{"zeek-conn", "\t10\t20\n", inVLANs([]uint64{10, 20})},
		{"zeek-conn", "\t10\t-\n", inVLANs([]uint64{10})},
	} {
		t.Run(test.format, func(t *testing.T) {
			s := activeSession()
			s.Network = test.network
			out := writeAll(t, test.format, s)
			if test.format == "explain" {
				out = strings.Join(strings.Fields(out), " ") // where lines break is not the matter
			}
			require.Contains(t, out, test.says)
		})
	}
}

// Two sessions of the same addresses, ports and times have names of their own in different networks.
func TestNamesOfNetworks(t *testing.T) {
	one, two := activeSession(), activeSession()
	one.Network, two.Network = inVLANs([]uint64{10}), inVLANs([]uint64{20})
	flows, parents := map[any]bool{}, map[any]bool{}
	for line := range strings.Lines(writeAll(t, "eve", one, two)) {
		var r map[string]any
		require.NoError(t, json.Unmarshal([]byte(line), &r))
		if p := r["parent_id"]; p != nil {
			flows[r["flow_id"]], flows[p], parents[p] = true, true, true
		}
	}
	require.Len(t, parents, 2)
	require.Len(t, flows, 6, "two control connections and four data connections")
	uids := map[string]bool{}
	for _, r := range readZeek(t, writeAll(t, "zeek-conn", one, two)).rows {
		uids[r["uid"]] = uids[r["uid"]] || r["vlan"] != "-"
	}
	n := 0
	for _, tagged := range uids {
		if tagged {
			n++
		}
	}
	require.Equal(t, 6, n)
}

// What is told of servers and clients is told of one network's.
func TestServersOfNetworks(t *testing.T) {
	one, two := activeSession(), activeSession()
	one.Network, two.Network = inVLANs([]uint64{10}), inVLANs([]uint64{20}, []uint64{30})
	two.Banner = ptr("220 another")
	g := newServers()
	g.add(one)
	g.add(two)
	two.Network = inVLANs([]uint64{30}, []uint64{20}) // the other copy came first
	g.add(two)
	require.Len(t, g.all, 2)
	require.Equal(t, []string{"VLAN 10", "VLAN 20"}, []string{g.all[0].network, g.all[1].network})
	require.Equal(t, []int{1, 2}, []int{g.all[0].sessions, g.all[1].sessions})
	require.Contains(t, writeAll(t, "explain", one), "192.0.2.21 port 21, in VLAN 10: ")
	page := writeAll(t, "html", one, two)
	require.Contains(t, page, "192.0.2.21:21, in VLAN 10")
	require.Contains(t, page, "192.0.2.21:21, in VLAN 20")
	require.NotContains(t, page, "greeting changed")
}
