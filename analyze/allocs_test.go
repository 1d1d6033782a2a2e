//go:build !race

package analyze

import (
	"bytes"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/capture"
	"ftpscope/capture/capturetest/traffic"
	"ftpscope/capture/decode"
	"ftpscope/capture/flow"
	"ftpscope/capture/tcp"
)

// What a run allocates, apart from what it sets up: a packet that goes by costs nothing, a session what its record and
// its table entries take. The detector of races allocates too, so these tests are not in its build.
const (
	allocsPerPacket  = 0.001
	allocsAnyway     = 50
	allocsPerSession = 22 // with three transfers and fifteen commands: a hundred packets
)

// TestAllocations counts what twice the traffic costs more.
func TestAllocations(t *testing.T) {
	for _, p := range []traffic.Plan{
		{Kind: traffic.Mix, Seed: 1, Bytes: 16 << 20, Concurrent: 100},
		{Kind: traffic.Bulk, Seed: 1, Bytes: 16 << 20, Concurrent: 2},
		{Kind: traffic.SYNFlood, Seed: 1, SYNs: 80_000, Sessions: 20},
		{Kind: traffic.Chatty, Seed: 1, Sessions: 600, Concurrent: 50}, // enough for what is over to serve again,
	} {
		t.Run(string(p.Kind), func(t *testing.T) {
			once, few := allocations(t, p)
			p.Bytes, p.SYNs = 2*p.Bytes, 2*p.SYNs
			if p.Kind == traffic.Chatty {
				p.Sessions *= 2
			}
			twice, many := allocations(t, p)
			packets, sessions := float64(many.Packets-few.Packets), float64(many.Sessions-few.Sessions)
			require.Greater(t, packets, 10_000.0)
			require.LessOrEqual(t, twice-once, allocsAnyway+allocsPerPacket*packets+allocsPerSession*sessions, "%v packets and %v sessions more", packets, sessions)
		})
	}
}

// allocations analyzes a capture and returns how often that allocated, at least.
func allocations(t *testing.T, p traffic.Plan) (float64, traffic.Counts) {
	t.Helper()
	var file bytes.Buffer
	counts, err := traffic.Write(&file, p)
	require.NoError(t, err)
	least := math.Inf(1)
	for range 4 { // maps grow by chance, and the runtime allocates too
		least = min(least, testing.AllocsPerRun(1, func() {
			c, err := capture.Open([]string{"-"}, capture.Options{Stdin: bytes.NewReader(file.Bytes())})
			require.NoError(t, err)
			_, err = Run(c, Options{}, nowhere{})
			require.NoError(t, err)
		}))
	}
	return least, counts
}

// TestEstablishedConnectionsAllocateNothing decodes and tracks what is no FTP: the second half of a capture, of the
// connections that its first half opened. (Of reading, capture's own test tells.)
func TestEstablishedConnectionsAllocateNothing(t *testing.T) {
	m := materialOf(t, traffic.Plan{Kind: traffic.Mix, Seed: 1, Bytes: 8 << 20, Concurrent: 100})
	halves := m.halves()
	require.Greater(t, len(halves[1]), 1000)
	shards := (&analysis{ports: newPorts(nil)}).shards(unheard{})
	var d decode.Decoder
	var s flow.Segment
	run := 0
	require.Zero(t, testing.AllocsPerRun(1, func() {
		for _, p := range halves[run] {
			s.Mark, s.Digits = p.Mark, p.Digits
			if d.Decode(frame(p), &s) == decode.TCP {
				shards[tcp.Shard(s.Src, s.Dst)].table.Segment(&s)
			}
		}
		run++
	}))
}

// halves are the packets of web and mail connections; the second half is of connections that the first half began.
func (m *material) halves() (halves [2][]*capture.Packet) {
	type pair struct {
		a, b         flow.Host
		aPort, bPort uint16
	}
	opened := map[pair]bool{}
	var d decode.Decoder
	var s flow.Segment
	for i := range m.packets {
		p := &m.packets[i]
		if d.Decode(frame(p), &s) != decode.TCP {
			continue
		}
		k := pair{s.Src, s.Dst, s.SrcPort, s.DstPort}
		if s.SrcPort < s.DstPort {
			k = pair{s.Dst, s.Src, s.DstPort, s.SrcPort}
		}
		if k.bPort != 80 && k.bPort != 443 && k.bPort != 25 {
			continue
		}
		half := i / (len(m.packets)/2 + 1)
		opened[k] = opened[k] || half == 0
		if opened[k] {
			halves[half] = append(halves[half], p)
		}
	}
	return halves
}
