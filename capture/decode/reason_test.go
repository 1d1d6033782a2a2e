package decode

import (
	"testing"

	"github.com/google/gopacket/layers"
	"github.com/stretchr/testify/require"

	"ftpscope/capture/flow"
)

func TestReasons(t *testing.T) {
	var d Decoder
	var seg flow.Segment
	require.Empty(t, d.Reasons())
	for _, data := range [][]byte{
		ethernet([]uint16{0x0bae}, nil), ethernet([]uint16{etherMPLS}, nil), ethernet([]uint16{etherARP}, nil),
		ethernet([]uint16{0x0bae}, nil), ethernet([]uint16{etherIPv4}, tcp4(t)), ethernet([]uint16{0x0bad}, nil), nil,
	} {
		d.Decode(frame(LinkEthernet, data), &seg)
	}
	require.Equal(t, uint64(5), d.Undecoded())
	require.Equal(t, []Reason{
		{"unknown EtherType 0x0bae", 2},
		{"cut in the Ethernet header", 1},
		{"cut in the MPLS labels", 1},
		{"unknown EtherType 0x0bad", 1},
	}, d.Reasons())
}

// Hostile types do not fill the memory: what comes late is counted in one row.
func TestReasonsAreBounded(t *testing.T) {
	var d Decoder
	var seg flow.Segment
	const packets = 50_000
	for i := range packets {
		d.Decode(frame(LinkEthernet, ethernet([]uint16{uint16(0xa000 + i%20_000)}, nil)), &seg)
	}
	reasons, sum := d.Reasons(), uint64(0)
	for _, r := range reasons {
		sum += r.Packets
	}
	require.Len(t, reasons, maxReasons+1)
	require.Equal(t, "other", reasons[0].Text)
	require.Equal(t, uint64(packets), sum)
	require.Equal(t, uint64(packets), d.Undecoded())
	d.Decode(frame(LinkRaw, over(t, layers.IPProtocolESP, 1, 2, 3, 4)), &seg)
	require.Contains(t, d.Reasons(), Reason{"IPsec ESP", 1}, "reasons that are not invented stay")
}
