package capture

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/pierrec/lz4/v4"
	"github.com/stretchr/testify/require"
	"github.com/ulikunitz/xz"

	"ftpscope/capture/flow"
)

// containers are the formats of files; the packets have microseconds and one link type, 1.
var containers = map[string]func([]got) []byte{
	"pcap":             func(p []got) []byte { return pcapWith(little(), pcapMicro, nil, p) },
	"pcap, big-endian": func(p []got) []byte { return pcapWith(big(), pcapMicro, nil, p) },
	"pcap, modified":   func(p []got) []byte { return pcapWith(big(), pcapModified, make([]byte, 8), p) },
	"pcap, Ixia's":     func(p []got) []byte { return pcapWith(little(), pcapIxiaSoft, nil, p) },
	"pcapng":           func(p []got) []byte { return pcapngWith([]*build{little()}, blockEnhanced, p) },
	"pcapng, obsolete": func(p []got) []byte { return pcapngWith([]*build{big()}, blockPacket, p) },
	"pcapng, sections of both byte orders": func(p []got) []byte {
		return pcapngWith([]*build{big(), little(), little(), big()}, blockEnhanced, p)
	},
	"snoop": func(p []got) []byte {
		w := big().snoop(4)
		for _, p := range p {
			w.snooped(uint32(p.Time/flow.Second), uint32(p.Time%flow.Second/flow.Microsecond), 0, []byte(p.Data), p.Length)
		}
		return w.b
	},
}

func pcapWith(w *build, magic uint32, more []byte, packets []got) []byte {
	w.pcap(magic, 1)
	if magic == pcapIxiaSoft {
		w.u32(0)
	}
	for _, p := range packets {
		w.u32(uint32(p.Time/flow.Second), uint32(p.Time%flow.Second/flow.Microsecond), uint32(len(p.Data)), p.Length).raw(more...).raw([]byte(p.Data)...)
	}
	return w.b
}

// pcapngWith writes a section a builder, with blocks of all kinds around the packets, and the clock an hour late, which the
// interface says.
func pcapngWith(sections []*build, kind uint32, packets []got) (file []byte) {
	for i, w := range sections {
		w.section().block(blockSecrets, make([]byte, 99)).iface(0, 0).iface(1, 0, w.option(optTsOffset, w.u64(3600)...), w.option(1, []byte("a comment")...))
		for _, p := range packets[i*len(packets)/len(sections) : (i+1)*len(packets)/len(sections)] {
			ticks := uint64(p.Time/flow.Microsecond) - 3600_000_000
			if kind == blockEnhanced {
				w.enhanced(1, ticks, []byte(p.Data), p.Length)
			} else {
				w.obsolete(1, ticks, []byte(p.Data), p.Length)
			}
			w.block(blockNames, nil).block(blockCustom, make([]byte, 7)).block(blockJournal, []byte("a message")).stats(1)
		}
		file = append(file, w.b...)
	}
	return file
}

var compressions = map[string]func(testing.TB, []byte) []byte{
	"plain": func(_ testing.TB, b []byte) []byte { return b },
	"gzip":  zipped,
	"zstd":  zstandard,
	"xz":    func(t testing.TB, b []byte) []byte { return xzed(t, b, xz.WriterConfig{}) },
	"lz4":   func(t testing.TB, b []byte) []byte { return lz4ed(t, b, lz4.BlockSizeOption(lz4.Block256Kb)) },
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
