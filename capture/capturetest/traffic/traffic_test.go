package traffic_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"io"
	"testing"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
	"github.com/stretchr/testify/require"

	"ftpscope/capture/capturetest/traffic"
)

// small is a capture of each kind that takes milliseconds.
var small = []traffic.Plan{
	{Kind: traffic.Bulk, Bytes: 2 << 20},
	{Kind: traffic.Mix, Bytes: 4 << 20, Concurrent: 100},
	{Kind: traffic.SYNFlood, SYNs: 5000, Sessions: 10},
	{Kind: traffic.Chatty, Sessions: 60, Concurrent: 20},
	{Kind: traffic.Brief, Sessions: 100, Concurrent: 30},
	{Kind: traffic.Interleaved, Sessions: 20, Commands: 10},
	{Kind: traffic.LongSession, Commands: 1200},
	{Kind: traffic.Reorder, Bytes: 1 << 20},
	{Kind: traffic.Concurrent, Connections: 300, Concurrent: 200},
}

func written(t testing.TB, p traffic.Plan) ([]byte, traffic.Counts) {
	t.Helper()
	var b bytes.Buffer
	c, err := traffic.Write(&b, p)
	require.NoError(t, err)
	return b.Bytes(), c
}

func TestSeedDecides(t *testing.T) {
	for _, p := range small {
		t.Run(string(p.Kind), func(t *testing.T) {
			one, counted := written(t, p)
			again, countedAgain := written(t, p)
			require.True(t, bytes.Equal(one, again), "two runs differ")
			require.Equal(t, counted, countedAgain)
			p.Seed = 2
			other, _ := written(t, p)
			require.False(t, bytes.Equal(one, other), "another seed makes the same capture")
		})
	}
}

// TestPackets takes every packet apart and puts it together again with another library, which fills in lengths and
// checksums: the bytes must be the same. Sequence numbers must follow on each other, and time must not go back.
func TestPackets(t *testing.T) {
	for _, p := range small {
		t.Run(string(p.Kind), func(t *testing.T) {
			file, counted := written(t, p)
			require.EqualValues(t, counted.Bytes, len(file))
			next := map[gopacket.Flow]map[gopacket.Flow]uint32{}
			last, packets, captured := uint64(0), int64(0), int64(0)
			for b := file[24:]; len(b) > 0; packets++ {
				at := uint64(binary.LittleEndian.Uint32(b))*1e6 + uint64(binary.LittleEndian.Uint32(b[4:]))
				size := binary.LittleEndian.Uint32(b[8:])
				require.GreaterOrEqual(t, at, last, "packet %d", packets+1)
				data := b[16 : 16+size]
				b, last, captured = b[16+size:], at, captured+int64(size)
				packet := gopacket.NewPacket(data, layers.LayerTypeEthernet, gopacket.NoCopy)
				require.True(t, bytes.Equal(data, rebuilt(t, packet)), "packet %d: %x", packets+1, data)
				if p.Kind != traffic.Reorder {
					follows(t, next, packet)
				}
			}
			require.Equal(t, counted.Packets, packets)
			require.Equal(t, counted.Captured, captured)
		})
	}
}

// rebuilt serializes a packet's layers up to the transport's, then its payload.
func rebuilt(t *testing.T, p gopacket.Packet) []byte {
	t.Helper()
	var parts []gopacket.SerializableLayer
	var payload []byte
	for _, l := range p.Layers() {
		switch l := l.(type) {
		case *layers.TCP:
			require.NoError(t, l.SetNetworkLayerForChecksum(p.NetworkLayer()))
			payload = l.Payload
		case *layers.UDP:
			require.NoError(t, l.SetNetworkLayerForChecksum(p.NetworkLayer()))
			payload = l.Payload
		case *layers.ICMPv4:
			payload = l.Payload
		}
		part, ok := l.(gopacket.SerializableLayer)
		require.True(t, ok, "%T", l)
		parts = append(parts, part)
		if payload != nil || p.TransportLayer() != nil && l.LayerType() == p.TransportLayer().LayerType() {
			break
		}
	}
	b := gopacket.NewSerializeBuffer()
	parts = append(parts, gopacket.Payload(payload))
	require.NoError(t, gopacket.SerializeLayers(b, gopacket.SerializeOptions{FixLengths: true, ComputeChecksums: true}, parts...))
	if udp, ok := p.TransportLayer().(*layers.UDP); ok && udp.Checksum == 0 { // RFC 768: a sum of 0 is written as all ones, which gopacket does not know
		copy(b.Bytes()[14+20+6:], "\xff\xff")
	}
	return b.Bytes()
}

func follows(t *testing.T, next map[gopacket.Flow]map[gopacket.Flow]uint32, p gopacket.Packet) {
	t.Helper()
	tcp, ok := p.TransportLayer().(*layers.TCP)
	if !ok {
		return
	}
	hosts := p.NetworkLayer().NetworkFlow()
	if next[hosts] == nil {
		next[hosts] = map[gopacket.Flow]uint32{}
	}
	end := tcp.Seq + uint32(len(tcp.Payload))
	if tcp.SYN || tcp.FIN {
		end++
	}
	want, seen := next[hosts][tcp.TransportFlow()]
	require.Equal(t, !tcp.SYN, seen, "each connection begins with SYNs and has ports of its own")
	if seen {
		require.Equal(t, want, tcp.Seq)
	}
	if tcp.ACK {
		require.Equal(t, next[hosts.Reverse()][tcp.TransportFlow().Reverse()], tcp.Ack)
	}
	next[hosts][tcp.TransportFlow()] = end
}

func TestSizes(t *testing.T) {
	counted := map[traffic.Kind]traffic.Counts{}
	for _, p := range small {
		_, counted[p.Kind] = written(t, p)
	}
	near := func(kind traffic.Kind, want float64) {
		require.InDelta(t, want, float64(counted[kind].Bytes), want/4, kind)
	}
	near(traffic.Bulk, 2<<20)
	near(traffic.Reorder, 1<<20)
	require.Greater(t, counted[traffic.Mix].Bytes, int64(4<<20))
	require.EqualValues(t, 10, counted[traffic.SYNFlood].Sessions)
	require.EqualValues(t, 60, counted[traffic.Chatty].Sessions)
	require.EqualValues(t, 100, counted[traffic.Brief].Sessions)
	require.EqualValues(t, 20, counted[traffic.Interleaved].Sessions)
	require.EqualValues(t, 20*(10+3), counted[traffic.Interleaved].Commands, "USER, PASS and QUIT besides")
	require.EqualValues(t, 1, counted[traffic.LongSession].Sessions)
	require.EqualValues(t, 1200+6+2*2, counted[traffic.LongSession].Commands, "login, QUIT, two transfers besides")
	require.EqualValues(t, 30, counted[traffic.Concurrent].Sessions)
	require.Equal(t, 200, counted[traffic.Concurrent].Open)
}

func TestBadPlan(t *testing.T) {
	for name, p := range map[string]traffic.Plan{
		"no kind": {}, "unknown kind": {Kind: "noise"}, "negative": {Kind: traffic.Chatty, Sessions: -1},
		"negative size": {Kind: traffic.Mix, Bytes: -1},
	} {
		_, err := traffic.Write(io.Discard, p)
		require.Error(t, err, name)
	}
}

func TestDiskFull(t *testing.T) {
	_, err := traffic.Write(&bounded{left: 1 << 20}, traffic.Plan{Kind: traffic.Bulk, Bytes: 1 << 40})
	require.ErrorIs(t, err, io.ErrShortWrite)
}

// bounded is a disk with some room.
type bounded struct{ left int }

func (b *bounded) Write(p []byte) (int, error) {
	if b.left -= len(p); b.left < 0 {
		return 0, io.ErrShortWrite
	}
	return len(p), nil
}

func BenchmarkWrite(b *testing.B) {
	for _, p := range []traffic.Plan{
		{Kind: traffic.Bulk, Bytes: 64 << 20}, {Kind: traffic.Mix, Bytes: 64 << 20},
		{Kind: traffic.Chatty, Sessions: 2000}, {Kind: traffic.SYNFlood, SYNs: 300000},
	} {
		b.Run("kind="+string(p.Kind), func(b *testing.B) {
			for b.Loop() {
				c, err := traffic.Write(io.Discard, p)
				require.NoError(b, err)
				b.SetBytes(c.Bytes)
			}
		})
	}
}

// TestVersion fails when the generator begins to write other bytes: then Version must rise, and the sum change.
func TestVersion(t *testing.T) {
	sum := sha256.New()
	for _, p := range small {
		file, _ := written(t, p)
		sum.Write(file)
	}
	require.Equal(t, 1, traffic.Version)
	require.Equal(t, "ee37b7f40b4dff87b9eae71e0d7aa360b4eb4e635998cc67594ce1efdbe954a9", hex.EncodeToString(sum.Sum(nil)))
}
