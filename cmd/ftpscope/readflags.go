package main

import (
	"fmt"
	"strconv"

	"github.com/spf13/pflag"

	"ftpscope/capture/live"
)

// readFlags concern how packets are read.
type readFlags struct {
	vxlanPorts    ports
	checksums     bool
	mergeNetworks bool
}

func (f *readFlags) add(s *pflag.FlagSet) {
	s.BoolVar(&f.mergeNetworks, "merge-networks", false, "take the same address for the same host whatever VLAN, tunnel or file it is seen in")
	s.Var(&f.vxlanPorts, "vxlan-port", "read UDP port `N` as VXLAN as well as 4789 and 8472; repeatable")
	s.BoolVar(&f.checksums, "verify-checksums", false, "leave out packets with wrong checksums; beware of offload")
}

// reading is the page of "ftpscope help reading".
func reading() string {
	var f readFlags
	s := newSet("reading")
	f.add(s)
	return `How packets are read: networks, tunnels, checksums.

` + s.FlagUsagesWrapped(100) + `
VLAN tags, VNIs, MPLS labels and the ends of tunnels tell networks apart: the same addresses in two
of them are different hosts, and a data connection belongs to a control connection of its network.
Records name the network of a session. A connection that was seen in several networks (a SPAN port's
copies, directions that are tagged differently) shows by its sequence numbers. So do two captures
that hold the same packets; else files that were captured at the same time are two networks as well.

Examples:
  ftpscope analyze --merge-networks client-side.pcap server-side.pcap
  ftpscope analyze --vxlan-port 14789 mirror.pcap
`
}

func (f *readFlags) check() error {
	if len(f.vxlanPorts) > live.MaxTunnelPorts {
		return fmt.Errorf("--vxlan-port takes at most %d ports, got %d", live.MaxTunnelPorts, len(f.vxlanPorts))
	}
	return nil
}

// settings are the flags that were given.
func (f *readFlags) settings() (list []string) {
	for _, p := range f.vxlanPorts {
		list = append(list, "--vxlan-port "+strconv.Itoa(int(p)))
	}
	if f.checksums {
		list = append(list, "--verify-checksums")
	}
	if f.mergeNetworks {
		list = append(list, "--merge-networks")
	}
	return list
}
