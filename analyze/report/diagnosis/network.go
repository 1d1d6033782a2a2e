package diagnosis

import (
	"strings"

	"ftpscope/analyze/record"
)

// Network names a network for people: "VLAN 10", "VLAN 10, VXLAN 5000 (192.0.2.1 –
// 192.0.2.2)"; where there are several, all of them: "VLAN 10 and VLAN 20". It is empty
// for the plain one.
func Network(n *record.Network) string {
	if n == nil {
		return ""
	}
	names := make([]string, 0, len(n.Paths))
	for i := range n.Paths {
		names = append(names, n.Paths[i].Name)
	}
	return strings.Join(names, " and ")
}

// OneNetwork stands for a session's networks where sessions of one are taken together:
// with copies now and then missing, a session's are not always all of its hosts'.
func OneNetwork(n *record.Network) string {
	if n == nil {
		return ""
	}
	first := n.Paths[0].Name
	for i := range n.Paths {
		first = min(first, n.Paths[i].Name)
	}
	return first
}

// Placed is a name with the network that its bearer is in.
func Placed(name, network string) string {
	if network == "" {
		return name
	}
	return name + ", in " + network
}

// VLANs are the VLAN tags of the client's packets, the outermost first.
func VLANs(n *record.Network) (ids []uint64) {
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

// InNetwork is ", in VLAN 10", nothing for the plain network.
func InNetwork(n *record.Network) string {
	if n == nil {
		return ""
	}
	return ", in " + Network(n)
}

// networkSentence says where a session was seen.
func networkSentence(s *record.Session) string {
	switch {
	case s.Network == nil:
		return ""
	case len(s.Network.Paths) == 1:
		return "Its packets were in " + Network(s.Network) + "."
	}
	return "Its packets were seen in several networks: " + Network(s.Network) + "."
}

// SeenIn is where a data connection was seen.
func SeenIn(s *record.Session, c *record.Connection) *record.Network {
	if c != nil && c.Network != nil {
		return c.Network
	}
	return s.Network
}
