package live

import (
	"math"
	"slices"

	"golang.org/x/net/bpf"
)

// kernelFilter makes the program that keeps out of the ring what cannot matter. It lets
// pass:
//   - TCP over IPv4 and IPv6, and IPv6 packets with an extension header, whatever follows it;
//   - ICMP errors: RFC 792 types 3, 4, 5, 11 and 12, RFC 4443 types 1 to 4;
//   - IPv4 fragments, each of which may be TCP's;
//   - tunnels: GRE, IPv4, IPv6, Ethernet and MPLS in IP, AH, L2TP, UDP to or from the tunnels' ports;
//   - VLAN and other tags, MPLS, PPPoE and NSH, whatever they carry. A tag that the kernel took off is not among the bytes that the
//     program sees: then it judges what was tagged.
func kernelFilter(k frames) []bpf.Instruction {
	p := &program{labels: map[string]int{}}
	p.duplicates(k)
	network := uint32(0)
	if k.cooked {
		p.do(bpf.LoadExtension{Num: bpf.ExtProto})
	} else {
		network = 14
		p.do(bpf.LoadAbsolute{Off: 12, Size: 2})
	}
	p.etherType(network)
	ports := tunnelPorts
	for _, port := range k.ports {
		ports = append(slices.Clip(ports), uint32(port))
	}
	p.ipv4(network, ports)
	p.ipv6(network, ports)
	p.at("pass")
	p.do(bpf.RetConstant{Val: snapLen})
	return p.link()
}

// frames is what the program is given.
type frames struct {
	cooked bool // from the network layer's header on; else Ethernet
	// loopback is the index of the interface whose packets are seen twice, when they go
	// out and when they come in; 0: none.
	loopback int
	ports    []uint16 // of tunnels, besides the usual ones; at most MaxTunnelPorts
}

// nothing keeps everything out.
var nothing = []bpf.Instruction{bpf.RetConstant{Val: 0}}

// Values of the fields that the program looks at.
const (
	outgoing = 4 // PACKET_OUTGOING

	etherIPv4    = 0x0800
	etherVLAN    = 0x8100
	etherIPv6    = 0x86dd
	minEtherType = 0x600      // below: a length, or Linux's name for such frames
	snapIP       = 0xaaaa0300 // RFC 1042

	moreOrOffset = 0x3fff // of the IPv4 header's fragment fields
)

var (
	tagged = []uint32{etherVLAN, 0x88a8, 0x9100, 0x8847, 0x8848, 0x8864, // VLAN, MPLS, PPPoE
		0x88e5, 0x88e7, 0x8909, 0x8926, 0x893f, 0x894f} // MACsec, provider backbone, Cisco MetaData, VN-Tag, E-Tag, NSH
	overIP      = []uint32{6, 4, 41, 47, 51, 97, 115, 137}                 // TCP, IPv4, IPv6, GRE, AH, Ethernet, L2TP, MPLS
	extension   = []uint32{0, 43, 44, 60, 135, 139, 140}                   // hop by hop, routing, fragment, destination, mobility, HIP, shim6
	icmpErrors  = []uint32{3, 4, 5, 11, 12}                                // unreachable, quench, redirect, time exceeded, parameter problem
	tunnelPorts = []uint32{4789, 8472, 6081, 2152, 1701, 3544, 4790, 6635} // VXLAN and Linux's, Geneve, GTP-U, L2TP, Teredo, VXLAN-GPE, MPLS
	drop        = bpf.Instruction(bpf.RetConstant{Val: 0})
)

// duplicates drops the outgoing copy of what the loopback interface also gives as
// incoming.
func (p *program) duplicates(k frames) {
	if k.loopback == 0 {
		return
	}
	p.do(bpf.LoadExtension{Num: bpf.ExtInterfaceIndex})
	p.unless(uint32(k.loopback), "once")
	p.do(bpf.LoadExtension{Num: bpf.ExtType})
	p.unless(outgoing, "once")
	p.do(drop)
	p.at("once")
}

// etherType goes on by the type in A.
func (p *program) etherType(network uint32) {
	p.when("ipv4", etherIPv4)
	p.when("ipv6", etherIPv6)
	p.when("pass", tagged...)
	p.jump(bpf.JumpLessThan, minEtherType, "802.3")
	p.do(drop)
	p.at("802.3")
	p.do(bpf.LoadAbsolute{Off: network, Size: 4})
	p.when("pass", snapIP)
	p.do(drop)
}

func (p *program) ipv4(at uint32, ports []uint32) {
	p.at("ipv4")
	p.do(bpf.LoadAbsolute{Off: at + 6, Size: 2})
	p.jump(bpf.JumpBitsSet, moreOrOffset, "pass")
	p.do(bpf.LoadAbsolute{Off: at + 9, Size: 1})
	p.when("pass", overIP...)
	p.when("icmp", 1)
	p.when("udp4", 17)
	p.do(drop)

	p.at("icmp")
	p.do(bpf.LoadMemShift{Off: at}, bpf.LoadIndirect{Off: at, Size: 1})
	p.when("pass", icmpErrors...)
	p.do(drop)

	p.at("udp4")
	p.do(bpf.LoadMemShift{Off: at}, bpf.LoadIndirect{Off: at, Size: 2})
	p.when("pass", ports...)
	p.do(bpf.LoadIndirect{Off: at + 2, Size: 2})
	p.when("pass", ports...)
	p.do(drop)
}

func (p *program) ipv6(at uint32, ports []uint32) {
	p.at("ipv6")
	p.do(bpf.LoadAbsolute{Off: at + 6, Size: 1})
	p.when("pass", overIP...)
	p.when("pass", extension...)
	p.when("icmp6", 58)
	p.when("udp6", 17)
	p.do(drop)

	p.at("icmp6")
	p.do(bpf.LoadAbsolute{Off: at + 40, Size: 1})
	p.when("pass", 1, 2, 3, 4)
	p.do(drop)

	p.at("udp6")
	p.do(bpf.LoadAbsolute{Off: at + 40, Size: 2})
	p.when("pass", ports...)
	p.do(bpf.LoadAbsolute{Off: at + 42, Size: 2})
	p.when("pass", ports...)
	p.do(drop)
}

// program is a filter in the making: its jumps, all of them forward, name where they go.
type program struct {
	code   []bpf.Instruction
	jumps  []target
	labels map[string]int
}

type target struct {
	from  int
	label string
}

func (p *program) do(ins ...bpf.Instruction) { p.code = append(p.code, ins...) }

func (p *program) at(label string) { p.labels[label] = len(p.code) }

// jump goes to the label if A compares so.
func (p *program) jump(test bpf.JumpTest, value uint32, label string) {
	p.jumps = append(p.jumps, target{len(p.code), label})
	p.do(bpf.JumpIf{Cond: test, Val: value})
}

// when goes to the label if A is one of the values.
func (p *program) when(label string, values ...uint32) {
	for _, v := range values {
		p.jump(bpf.JumpEqual, v, label)
	}
}

func (p *program) unless(value uint32, label string) { p.jump(bpf.JumpNotEqual, value, label) }

// link puts in how far the jumps go.
func (p *program) link() []bpf.Instruction {
	for _, j := range p.jumps {
		skip := p.labels[j.label] - j.from - 1
		if skip < 0 || skip > math.MaxUint8 {
			panic("kernel filter: a jump to " + j.label + " is too long")
		}
		ins := p.code[j.from].(bpf.JumpIf)
		ins.SkipTrue = uint8(skip)
		p.code[j.from] = ins
	}
	return p.code
}
