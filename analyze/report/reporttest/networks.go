package reporttest

import (
	"strings"

	"ftpscope/analyze/prose"
	"ftpscope/analyze/record"
)

func InVLANs(paths ...[]uint64) *record.Network {
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
