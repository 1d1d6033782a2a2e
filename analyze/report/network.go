package report

import (
	"slices"
	"strconv"
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
		names = append(names, pathName(n.Paths[i].Steps))
	}
	return strings.Join(names, " and ")
}

func pathName(steps []session.NetworkStep) string {
	if len(steps) == 0 {
		return "untagged"
	}
	var b strings.Builder
	for i := range steps {
		s := &steps[i]
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(kindName(s.Kind))
		if s.ID != nil {
			b.WriteString(" " + strconv.FormatUint(*s.ID, 10))
		}
		if len(s.Ends) == 2 {
			b.WriteString(" (" + s.Ends[0].String() + " – " + s.Ends[1].String() + ")")
		}
	}
	return b.String()
}

var kindNames = map[string]string{
	"vxlan": "VXLAN", "geneve": "Geneve", "nvgre": "NVGRE", "ipip": "IP in IP", "teredo": "Teredo", "pppoe": "PPPoE", "other": "other networks",
}

func kindName(kind string) string {
	if name, ok := kindNames[kind]; ok {
		return name
	}
	return strings.ToUpper(kind)
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
