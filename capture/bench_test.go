package capture

import (
	"fmt"
	"io"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/capture/capturetest/rawfile"
)

func drain(tb testing.TB, path string) (packets int) {
	c, err := Open([]string{path}, Options{})
	require.NoError(tb, err)
	defer c.Close()
	for {
		batch, err := c.Next()
		if err == io.EOF {
			return packets
		}
		packets += len(batch)
	}
}

// One file: mostly what read(2) costs.
func BenchmarkRead(b *testing.B) {
	const packets = 100_000
	for _, format := range []string{"pcap", "pcapng"} {
		b.Run("format="+format, func(b *testing.B) {
			path := write(b, b.TempDir(), "a."+format, rawfile.Many(format, packets))
			info, err := os.Stat(path)
			require.NoError(b, err)
			b.SetBytes(info.Size())
			b.ReportAllocs()
			for b.Loop() {
				require.Equal(b, packets, drain(b, path))
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*packets), "ns/packet")
		})
	}
}

// Files whose times overlap: each packet is compared and copied.
func BenchmarkMerge(b *testing.B) {
	for _, files := range []int{2, 64} {
		b.Run(fmt.Sprintf("files=%d", files), func(b *testing.B) {
			dir, packets := b.TempDir(), 100_000/files
			for i := range files {
				write(b, dir, fmt.Sprintf("%d.pcap", i), rawfile.Many("pcap", packets))
			}
			for b.Loop() {
				require.Equal(b, packets*files, drain(b, dir))
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*packets*files), "ns/packet")
		})
	}
}

// A packet must cost no allocation: a capture of many costs what one of few does.
func TestNoAllocationPerPacket(t *testing.T) {
	for _, format := range []string{"pcap", "pcapng"} {
		t.Run(format, func(t *testing.T) {
			few := write(t, t.TempDir(), "few", rawfile.Many(format, 2_000))
			much := write(t, t.TempDir(), "much", rawfile.Many(format, 20_000))
			base := testing.AllocsPerRun(3, func() { drain(t, few) })
			more := testing.AllocsPerRun(3, func() { drain(t, much) })
			require.LessOrEqual(t, more-base, 2.0)
		})
	}
}
