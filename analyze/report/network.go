package report

import (
	"slices"
	"strings"

	"ftpscope/analyze/session"
)

// networkName names a network for people: "VLAN 10", "VLAN 10, VXLAN 5000 (192.0.2.1 – 192.0.2.2)"; where there are
// several, all of them: "VLAN 10 and VLAN 20". It is empty for the plain one.
func networkName(n *session.Network) string {
	if n == nil {
		return ""
	}
	names := make([]string, 0, len(n.Paths))
	for i := range n.Paths {
		names = append(names, n.Paths[i].Name)
	}
	return strings.Join(names, " and ")
}

// vlans are the VLAN tags of the client's packets, the outermost first.
func vlans(n *session.Network) (ids []uint64) {
	if n == nil || len(n.Paths) == 0 {
		return nil
	}
	for i := range n.Paths[0].Steps {
		if s := &n.Paths[0].Steps[i]; s.Kind == "vlan" && s.ID != nil {
			ids = append(ids, *s.ID)
		}
	}
	return ids
}

// hasNetwork reports whether a session, or one of its data connections, was seen in another network than the plain one.
func hasNetwork(s *session.Session) bool {
	return s.Network != nil || slices.ContainsFunc(s.Transfers, func(t session.Transfer) bool { return t.Connection != nil && t.Connection.Network != nil })
}
