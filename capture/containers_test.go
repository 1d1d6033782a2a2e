package capture

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/pierrec/lz4/v4"
	"github.com/stretchr/testify/require"
	"github.com/ulikunitz/xz"

	"ftpscope/capture/capturetest/rawfile"
	"ftpscope/capture/flow"
)

// containers are the formats of files; the packets have microseconds and one link type,
// 1.
var containers = map[string]func([]got) []byte{
	"pcap":             func(p []got) []byte { return pcapWith(rawfile.Little(), rawfile.Micro, nil, p) },
	"pcap, big-endian": func(p []got) []byte { return pcapWith(rawfile.Big(), rawfile.Micro, nil, p) },
	"pcap, modified":   func(p []got) []byte { return pcapWith(rawfile.Big(), rawfile.Modified, make([]byte, 8), p) },
	"pcap, Ixia's":     func(p []got) []byte { return pcapWith(rawfile.Little(), rawfile.IxiaSoft, nil, p) },
	"pcapng":           func(p []got) []byte { return pcapngWith([]*rawfile.File{rawfile.Little()}, rawfile.Enhanced, p) },
	"pcapng, obsolete": func(p []got) []byte { return pcapngWith([]*rawfile.File{rawfile.Big()}, rawfile.Obsolete, p) },
	"pcapng, sections of both byte orders": func(p []got) []byte {
		return pcapngWith([]*rawfile.File{rawfile.Big(), rawfile.Little(), rawfile.Little(), rawfile.Big()}, rawfile.Enhanced, p)
	},
	"snoop": func(p []got) []byte {
		w := rawfile.Big().Snoop(4)
		for _, p := range p {
			w.Snooped(uint32(p.Time/flow.Second), uint32(p.Time%flow.Second/flow.Microsecond), 0, []byte(p.Data), p.Length)
		}
		return w.Bytes
	},
}

func pcapWith(w *rawfile.File, magic uint32, more []byte, packets []got) []byte {
	w.Pcap(magic, 1)
	if magic == rawfile.IxiaSoft {
		w.U32(0)
	}
	for _, p := range packets {
		w.U32(uint32(p.Time/flow.Second), uint32(p.Time%flow.Second/flow.Microsecond), uint32(len(p.Data)), p.Length).Raw(more...).Raw([]byte(p.Data)...)
	}
	return w.Bytes
}

// pcapngWith writes a section a builder, with blocks of all kinds around the packets, and
// the clock an hour late, which the interface says.
func pcapngWith(sections []*rawfile.File, kind uint32, packets []got) (file []byte) {
	for i, w := range sections {
		w.Section().Block(rawfile.Secrets, make([]byte, 99)).Iface(0, 0).Iface(1, 0, w.Option(rawfile.OptTsOffset, w.U64(3600)...), w.Option(1, []byte("a comment")...))
		for _, p := range packets[i*len(packets)/len(sections) : (i+1)*len(packets)/len(sections)] {
			ticks := uint64(p.Time/flow.Microsecond) - 3600_000_000
			if kind == rawfile.Enhanced {
				w.Enhanced(1, ticks, []byte(p.Data), p.Length)
			} else {
				w.Obsolete(1, ticks, []byte(p.Data), p.Length)
			}
			w.Block(rawfile.Names, nil).Block(rawfile.Custom, make([]byte, 7)).Block(rawfile.Journal, []byte("a message")).Stats(1)
		}
		file = append(file, w.Bytes...)
	}
	return file
}

var compressions = map[string]func(testing.TB, []byte) []byte{
	"plain": func(_ testing.TB, b []byte) []byte { return b },
	"gzip":  zipped,
	"zstd":  zstandard,
	"xz":    xzed,
	"lz4":   lz4ed,
}

func xzed(t testing.TB, b []byte) []byte {
	t.Helper()
	var w bytes.Buffer
	z, err := xz.WriterConfig{DictCap: 1 << 16}.NewWriter(&w)
	require.NoError(t, err)
	_, err = z.Write(b)
	require.NoError(t, err)
	require.NoError(t, z.Close())
	return w.Bytes()
}

func lz4ed(t testing.TB, b []byte) []byte {
	t.Helper()
	var w bytes.Buffer
	z := lz4.NewWriter(&w)
	require.NoError(t, z.Apply(lz4.BlockSizeOption(lz4.Block256Kb)))
	_, err := z.Write(b)
	require.NoError(t, err)
	require.NoError(t, z.Close())
	return w.Bytes()
}

// The same packets are the same capture in every container, by every compression.
func TestContainersAgree(t *testing.T) {
	for _, name := range []string{"active-port.pcap", "snaplen-96.pcap"} {
		sample, err := os.ReadFile(filepath.Join("..", "pcaps", name))
		require.NoError(t, err)
		want, problems := readBytes(t, sample)
		require.Empty(t, problems)
		for container, write := range containers {
			for compression, pack := range compressions {
				t.Run(name+"/"+container+"/"+compression, func(t *testing.T) {
					packets, problems := readBytes(t, pack(t, write(want)))
					require.Empty(t, problems)
					require.Equal(t, want, packets)
				})
			}
		}
	}
}
