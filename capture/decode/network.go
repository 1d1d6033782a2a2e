package decode

import (
	"sync"

	"ftpscope/capture/flow"
)

// maxNetworks bounds the table of networks, about 20 MB: the TEIDs of a mobile core may
// be as many. Networks beyond are one, flow.OtherNet, and their packets are counted.
const maxNetworks = 1 << 17

// networks numbers the networks that packets are in. A network is another one and a step
// more, so a decoder that goes into tag after tunnel asks for one step at a time. The
// goroutine that decodes adds; any may ask for a path.
type networks struct {
	tags  [64]tagged // by parts of the key: where the last frames of a few VLANs led
	hops  [16]led    // the same for tunnels
	known map[hop]flow.Net
	most  int // 0: maxNetworks
	lost  uint64

	mu   sync.RWMutex
	list []hop // the network i+1
}

// hop is a step from a network.
type hop struct {
	from flow.Net
	step flow.Step
}

type tagged struct {
	key uint64 // network and VLAN; 0: none (VLAN 0 is no network)
	net flow.Net
}

type led struct {
	hop
	net flow.Net // 0: none
}

// maxVLAN masks the VLAN identifier in a tag (IEEE 802.1Q section 9.6).
const maxVLAN = 0xfff

// tag takes seg into the VLAN that a tag names; identifier 0 is a priority without a
// VLAN.
func (d *Decoder) tag(tci uint16, seg *flow.Segment) {
	id := uint64(tci & maxVLAN)
	if id == 0 {
		return
	}
	key := uint64(seg.Net)<<12 | id
	c := &d.networks.tags[(key^key>>12*5)%uint64(len(d.networks.tags))]
	if c.key != key {
		*c = tagged{key, d.networks.next(hop{seg.Net, flow.Step{Kind: flow.StepVLAN, ID: id}})}
	}
	d.networks.lose(seg.Net, c.net)
	seg.Net = c.net
}

// enter takes seg, which was read so far, into a tag or tunnel that is no VLAN. It is
// asked as soon as the step is certain.
func (d *Decoder) enter(step flow.Step, seg *flow.Segment) {
	h := hop{seg.Net, step}
	c := &d.networks.hops[(step.ID^step.Ends[0].Lo^step.Ends[1].Lo*7^uint64(seg.Net)*5)%uint64(len(d.networks.hops))]
	if c.net == flow.PlainNet || c.hop != h {
		*c = led{h, d.networks.next(h)}
	}
	d.networks.lose(seg.Net, c.net)
	seg.Net = c.net
}

// lose counts a packet that leaves the networks that there is room for.
func (n *networks) lose(from, to flow.Net) {
	if to == flow.OtherNet && from != to {
		n.lost++
	}
}

// next is the network that a step leads to, numbered if it is new.
func (n *networks) next(h hop) flow.Net {
	if h.from == flow.OtherNet {
		return flow.OtherNet
	}
	if net, ok := n.known[h]; ok {
		return net
	}
	most := n.most
	if most == 0 {
		most = maxNetworks
	}
	if len(n.list) >= most {
		return flow.OtherNet
	}
	if n.known == nil {
		n.known = map[hop]flow.Net{}
	}
	n.mu.Lock()
	n.list = append(n.list, h)
	n.mu.Unlock()
	net := flow.Net(len(n.list))
	n.known[h] = net
	return net
}

// Network is the path of a network that a segment was in. Any goroutine may ask.
func (d *Decoder) Network(net flow.Net) flow.Path {
	if net == flow.OtherNet {
		return flow.Path{{Kind: flow.StepOther}}
	}
	n := &d.networks
	n.mu.RLock()
	defer n.mu.RUnlock()
	var path flow.Path
	for ; net != flow.PlainNet; net = n.list[net-1].from {
		path = append(path, n.list[net-1].step)
	}
	for i, j := 0, len(path)-1; i < j; i, j = i+1, j-1 {
		path[i], path[j] = path[j], path[i]
	}
	return path
}

// LostNetworks is the number of packets in networks that are taken for one, because there
// are too many.
func (d *Decoder) LostNetworks() uint64 { return d.networks.lost }
