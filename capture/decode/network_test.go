package decode

import (
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/capture/flow"
)

// inVLANs decodes the usual packet in some VLANs, from the outermost.
func inVLANs(t testing.TB, d *Decoder, ids ...uint16) flow.Net {
	data := make([]byte, 12)
	for _, id := range ids {
		data = append(data, etherVLAN>>8, etherVLAN&0xff, byte(id>>8), byte(id))
	}
	data = append(data, etherIPv4>>8, etherIPv4&0xff)
	var seg flow.Segment
	require.Equal(t, TCP, d.Decode(frame(LinkEthernet, join(data, tcp4(t))), &seg))
	return seg.Net
}

func vlans(ids ...uint64) (p flow.Path) {
	for _, id := range ids {
		p = append(p, flow.Step{Kind: flow.StepVLAN, ID: id})
	}
	return p
}

// Networks are numbered as they come, whatever came between.
func TestNetworks(t *testing.T) {
	var d Decoder
	for range 3 {
		require.Equal(t, flow.PlainNet, inVLANs(t, &d))
		require.Equal(t, flow.Net(1), inVLANs(t, &d, 10))
		require.Equal(t, flow.PlainNet, inVLANs(t, &d, 0), "a priority without a VLAN")
		require.Equal(t, flow.Net(2), inVLANs(t, &d, 0xe000|20), "priority and DEI are no part of the VLAN")
		require.Equal(t, flow.Net(3), inVLANs(t, &d, 10, 20))
		require.Equal(t, flow.Net(4), inVLANs(t, &d, 20, 10))
		require.Equal(t, flow.Net(7), inVLANs(t, &d, 74, 138, 10), "the same place in the cache")
		require.Equal(t, flow.Net(1), inVLANs(t, &d, 10))
	}
	for net, want := range []flow.Path{nil, vlans(10), vlans(20), vlans(10, 20), vlans(20, 10), vlans(74), vlans(74, 138), vlans(74, 138, 10)} {
		require.Equal(t, want, d.Network(flow.Net(net)))
	}
	require.Zero(t, d.LostNetworks())
}

// Tunnels are the same in both directions, and differ by every one of their parts.
func TestTunnelNetworks(t *testing.T) {
	a, b, c := flow.Host4(1), flow.Host4(2), flow.Host4(3)
	var d Decoder
	enter := func(steps ...flow.Step) flow.Net {
		var seg flow.Segment
		for _, s := range steps {
			d.enter(s, &seg)
		}
		return seg.Net
	}
	vxlan := flow.Tunnel(flow.StepVXLAN, 5000, a, b)
	require.Equal(t, vxlan, flow.Tunnel(flow.StepVXLAN, 5000, b, a))
	all := [][]flow.Step{
		{vxlan}, {flow.Tunnel(flow.StepVXLAN, 5001, a, b)}, {flow.Tunnel(flow.StepVXLAN, 5000, a, c)}, {flow.Tunnel(flow.StepGeneve, 5000, a, b)},
		{vxlan, vxlan}, {{Kind: flow.StepMPLS, ID: 5000}, {Kind: flow.StepMPLS, ID: 0}}, {{Kind: flow.StepMPLS, ID: 0}, {Kind: flow.StepMPLS, ID: 5000}},
		{flow.Tunnel(flow.StepIPIP, 0, a, b)},
	}
	seen := map[flow.Net]flow.Path{}
	for range 2 {
		for _, steps := range all {
			seen[enter(steps...)] = steps
		}
	}
	require.Len(t, seen, len(all))
	for net, steps := range seen {
		require.Equal(t, steps, d.Network(net))
	}
}

// Networks beyond the limit are one, and counted.
func TestNetworkLimit(t *testing.T) {
	d := Decoder{networks: networks{most: 3}}
	for id := range uint16(3) {
		require.Equal(t, flow.Net(id+1), inVLANs(t, &d, id+1))
	}
	require.Zero(t, d.LostNetworks())
	require.Equal(t, flow.OtherNet, inVLANs(t, &d, 4))
	require.Equal(t, flow.OtherNet, inVLANs(t, &d, 5))
	require.Equal(t, uint64(2), d.LostNetworks())
	require.Equal(t, flow.OtherNet, inVLANs(t, &d, 5, 6, 7))
	require.Equal(t, uint64(3), d.LostNetworks(), "packets")
	require.Equal(t, flow.Net(2), inVLANs(t, &d, 2), "those before stay")
	require.Equal(t, flow.Path{{Kind: flow.StepOther}}, d.Network(flow.OtherNet))
	require.Len(t, d.networks.list, 3)
}

func TestNoAllocationInNetworks(t *testing.T) {
	var d Decoder
	f := frame(LinkEthernet, ethernet([]uint16{etherQinQ, etherVLAN, etherVLAN, etherIPv4}, tcp4(t)))
	step := flow.Tunnel(flow.StepGTP, 7, flow.Host4(1), flow.Host4(2))
	var seg flow.Segment
	once := func() {
		d.Decode(f, &seg)
		d.enter(step, &seg)
	}
	once()
	require.Zero(t, testing.AllocsPerRun(100, once))
}
