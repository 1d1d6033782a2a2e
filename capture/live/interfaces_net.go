//go:build !libpcap

package live

import (
	"net"
	"net/netip"
)

// Interfaces lists this machine's interfaces in the order of the system's numbers.
func Interfaces() ([]Interface, error) {
	list, err := net.Interfaces()
	if err != nil {
		return nil, err
	}
	out := make([]Interface, 0, len(list))
	for _, i := range list {
		addrs, err := i.Addrs()
		if err != nil {
			continue // it was removed just now
		}
		x := Interface{Name: i.Name, Up: i.Flags&net.FlagUp != 0, Loopback: i.Flags&net.FlagLoopback != 0}
		for _, a := range addrs {
			if p, err := netip.ParsePrefix(a.String()); err == nil {
				x.Addrs = append(x.Addrs, p)
			}
		}
		out = append(out, x)
	}
	return out, nil
}
