package live

import "net/netip"

// Interface is what can be sniffed.
type Interface struct {
	Name         string
	Description  string // for people, where the system has one
	Up, Loopback bool
	Addrs        []netip.Prefix
}
