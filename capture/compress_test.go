package capture

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"hash/crc32"
	"io"
	"runtime"
	"strings"
	"testing"

	"github.com/pierrec/lz4/v4"
	"github.com/stretchr/testify/require"
	"github.com/ulikunitz/xz"
)

// What the xz and bzip2 tools make of many("pcap", 60): four blocks that say their sizes; the first 10,000 bytes and the
// others.
const xzBlocks = "" +
	"/Td6WFoAAATm1rRGA8B7gEAhARYAAAAAjQe1oeAf/wBzXQBqMNHIfYv4CZutlEuK8wAFz0GXHv1FeVDZQ9q1+J0JY3OQjFZSNiALjrutfuqo/h" +
	"acS389vFbfQYBSMnjoz5IxtODZ7AhC7+J3Jzg3RGE/O72ipyp8UzbJkZrN8jJvumLgO7xJDUXtSWSXUhg+G5qRy30AAABXJVoVNXMNigPAc4BA" +
	"IQEWAAAAAHlHYrLgH/8Aa10AAG4EV2v0JkwJMEIQn3MR+vloEl7MaZ5W0GYoT8+b/Ra628nQQk8+7sdVwmTGnPxRYN7Efkjtf6LMQ028plfi/g" +
	"yWtBQ+gWrbsL9XBfoaCcsMCisFIFJSgkLdMvv5Qk5uSZ4xbRKHWM+3/AAAAGBX1syRw5UKA8BzgEAhARYAAAAAeUdisuAf/wBrXQAAbpxlC7Qm" +
	"TAi3oysqEr9xML6AVqe89oRiPKEQTtlcNBtX4ezZockC7b5/9IgbUIeUB62dfY8bWEzhtDAIhY8bPeI+mSy32sImHdHUXCajORbembslSC/6LY" +
	"zTGQbdcJTHaV19a37XHzIF4gAA55I5OC21yE4DwGaAMCEBFgAAAABFnLXf4Bf/AF5dAABvNHKrdCZMCIRmXNucqPuW1vBe2wAGcKT5zn0kxONh" +
	"snTDR456GjDebJc6HjA3Wh3V1XfhMp/F73qtlJcI4nk/qNerC29NUGexna63Is9DNrZvfgpnyzTT2W/o7AAAAADC/qgNph7O6AAEkwGAQIsBgE" +
	"CLAYBAfoAwAAAAT+VKVAn0YuYFAAAAAARZWg=="

const bzip2First = "" +
	"QlpoOTFBWSZTWYmC/fgAAMnuf///+AABJJIBEAAAASAAIAAQAAgABAAAECAIoACAJJCaEND1NMyg0Gm1DGExNBgjEMjCZB2eSYojY0GBXDJLci" +
	"9WrDJ6vVMOkDgjDnLOcUYzcYkpvOuWc6WCAqwgIjCLkMAhzJCR30NGPlbPdUPZD9dXXXudG1oxhFoRVGAR+2r4gCRKX8XckU4UJCJgv34A"

const bzip2Rest = "" +
	"QlpoMTFBWSZTWdiGPk4AAAB+YdIAB//////8kgEQAAABIAAAECAIMACasNKjJ6mmTTJgRtEbINGphDAieqPaUgDQyAYBAA0YgipQMg0AAAAA0A" +
	"9TrxTsk4kU+JBBkSArKJLIk2DRw71BsJNEdN5gO4IRyHnQlV2GLgIek2rPyIeyCK1LxMQstVdevt3n8VlADwkEGcSCIAexPwJJGMY6YUrwSpCk" +
	"EqQpBKkYSweRyMxZXI8CERyI5P4u5IpwoSGxDHyc"

func decoded(t testing.TB, s string) []byte {
	t.Helper()
	b, err := base64.StdEncoding.DecodeString(s)
	require.NoError(t, err)
	return b
}

func xzed(t testing.TB, b []byte, o xz.WriterConfig) []byte {
	t.Helper()
	if o.DictCap == 0 {
		o.DictCap = 1 << 16 // the usual 8 MiB cost the tests time
	}
	var w bytes.Buffer
	z, err := o.NewWriter(&w)
	require.NoError(t, err)
	_, err = z.Write(b)
	require.NoError(t, err)
	require.NoError(t, z.Close())
	return w.Bytes()
}

func lz4ed(t testing.TB, b []byte, o ...lz4.Option) []byte {
	t.Helper()
	var w bytes.Buffer
	z := lz4.NewWriter(&w)
	require.NoError(t, z.Apply(append([]lz4.Option{lz4.BlockSizeOption(lz4.Block64Kb)}, o...)...))
	_, err := z.Write(b)
	require.NoError(t, err)
	require.NoError(t, z.Close())
	return w.Bytes()
}

// packings are the ways to compress many("pcap", 60).
func packings(t testing.TB) map[string][]byte {
	plain := many("pcap", 60)
	half := len(plain) / 2
	join := func(parts ...[]byte) []byte { return bytes.Join(parts, nil) }
	first, rest := xzed(t, plain[:half], xz.WriterConfig{}), xzed(t, plain[half:], xz.WriterConfig{CheckSum: xz.CRC32})
	return map[string][]byte{
		"xz, CRC64":                         xzed(t, plain, xz.WriterConfig{CheckSum: xz.CRC64}),
		"xz, CRC32":                         xzed(t, plain, xz.WriterConfig{CheckSum: xz.CRC32}),
		"xz, SHA-256":                       xzed(t, plain, xz.WriterConfig{CheckSum: xz.SHA256}),
		"xz, no sums":                       xzed(t, plain, xz.WriterConfig{NoCheckSum: true}),
		"xz, small blocks":                  xzed(t, plain, xz.WriterConfig{BlockSize: 1000}),
		"xz, blocks with sizes":             decoded(t, xzBlocks),
		"xz, two streams":                   join(first, rest),
		"xz, two streams and padding":       join(first, make([]byte, 8), rest, make([]byte, 4)),
		"bzip2, two streams of other sizes": join(decoded(t, bzip2First), decoded(t, bzip2Rest)),
		"lz4":                               lz4ed(t, plain),
		"lz4, sums":                         lz4ed(t, plain, lz4.BlockChecksumOption(true), lz4.ChecksumOption(true), lz4.SizeOption(uint64(len(plain)))),
		"lz4, two frames":                   join(lz4ed(t, plain[:half]), lz4ed(t, plain[half:])),
		"lz4, a skippable frame between":    join(lz4ed(t, plain[:half]), []byte{0x53, 0x2a, 0x4d, 0x18, 2, 0, 0, 0, 1, 2}, lz4ed(t, plain[half:])),
		"lz4, as the Linux kernel has it":   lz4ed(t, plain, lz4.LegacyOption(true)),
	}
}

func TestPackings(t *testing.T) {
	want, _ := readBytes(t, many("pcap", 60))
	for name, b := range packings(t) {
		t.Run(name, func(t *testing.T) {
			packets, problems := readBytes(t, b)
			require.Empty(t, problems)
			require.Equal(t, want, packets)
		})
	}
}

// stride goes through data in 100 steps or less, that meet everything that is regular.
func stride(b []byte) int { return len(b)/100 | 1 }

// Wherever compressed data ends too early, the packets are the first of the whole, and there is one error that says so.
func TestPackingsCut(t *testing.T) {
	want, _ := readBytes(t, many("pcap", 60))
	for name, b := range packings(t) {
		t.Run(name, func(t *testing.T) {
			kind, _, _ := strings.Cut(name, ",")
			for n := 4; n < len(b); n += stride(b) {
				packets, problems := readBytes(t, b[:n])
				require.Equal(t, want[:len(packets)], append([]got{}, packets...), "%d bytes", n)
				if len(problems) == 0 {
					require.Contains(t, name, "two", "%d bytes", n) // the first of them is whole
					continue
				}
				require.Len(t, problems, 1)
				require.Regexp(t, "^stdin: (offset [0-9]+ of the decompressed data.*: )?(the "+kind+" data is (cut|corrupt)|the file ends|empty)", problems[0], "%d bytes", n)
			}
		})
	}
}

// Changed data is an error or, where no sum covers it, other packets; never more than one error and never a panic.
func TestPackingsDamaged(t *testing.T) {
	for name, b := range packings(t) {
		t.Run(name, func(t *testing.T) {
			for i := 0; i < len(b); i += stride(b) {
				damaged := bytes.Clone(b)
				damaged[i] ^= 0x11
				_, problems := readBytes(t, damaged)
				require.LessOrEqual(t, len(problems), 1)
				const length = xzHead + 12 + 3 // of the first chunk, compressed: nothing depends on it
				if strings.Contains(name, "CRC") && i != length && i != length+1 {
					require.Len(t, problems, 1, "byte %d", i)
				}
			}
		})
	}
}

// xzAsking is the beginning of xz data that asks for a dictionary (section 5.3.1), by a filter.
func xzAsking(bits, filter byte) []byte {
	flags := []byte{0, 1}
	b := binary.LittleEndian.AppendUint32(append([]byte(xzMagic), flags...), crc32.ChecksumIEEE(flags))
	head := []byte{2, 0, filter, 1, bits, 0, 0, 0}
	return append(binary.LittleEndian.AppendUint32(append(b, head...), crc32.ChecksumIEEE(head)), make([]byte, 100)...)
}

func TestPackingsRefused(t *testing.T) {
	for _, test := range []struct {
		name string
		file []byte
		want string
	}{
		{"a dictionary of 4 GiB", xzAsking(40, xzLZMA2), "stdin: the xz data needs a dictionary of more than 128 MiB; decompress it first (xz -dc)"},
		{"of 192 MiB", xzAsking(31, xzLZMA2), "stdin: the xz data needs a dictionary of more than 128 MiB; decompress it first (xz -dc)"},
		{"a dictionary that does not exist", xzAsking(41, xzLZMA2), "stdin: the xz data is corrupt (xz: bad header or sum)"},
		{"a filter for programs", xzAsking(20, 4), "stdin: the xz data has a filter before LZMA2 (BCJ or delta), which is not known"},
		{"xz of something else", xzed(t, []byte("<html>"), xz.WriterConfig{}), "stdin: not a capture (neither pcap, pcapng nor snoop): it looks like text, compressed by xz"},
		{"xz of nothing", xzed(t, nil, xz.WriterConfig{}), "stdin: empty: not even the header of a capture is there"},
		{"lz4 of nothing", lz4ed(t, nil), "stdin: empty: not even the header of a capture is there"},
		{"lz4 in xz", xzed(t, lz4ed(t, one(1, "a")), xz.WriterConfig{}), "stdin: not a capture (neither pcap, pcapng nor snoop): it looks like lz4 data, compressed by xz"},
		{"text that begins as bzip2 does", []byte("BZh9 is no bzip2"), "stdin: the bzip2 data is corrupt (bzip2 data invalid: bad magic value found)"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, problems := readBytes(t, test.file)
			require.Equal(t, []string{test.want}, problems)
		})
	}
}

// What little data unpacks to costs no memory: it is read through.
func TestPackingsThatExplode(t *testing.T) {
	const size, most = 32 << 20, 20 << 20 // of that, xz's default dictionary is 8 MiB
	plain := little().pcap(pcapMicro, 1).b
	plain = append(plain, make([]byte, size)...) // records of no bytes
	for name, b := range map[string][]byte{
		"gzip": zipped(t, plain), "zstd": zstandard(t, plain), "xz": xzed(t, plain, xz.WriterConfig{DictCap: 8 << 20}), "lz4": lz4ed(t, plain, lz4.BlockSizeOption(lz4.Block4Mb)),
	} {
		t.Run(name, func(t *testing.T) {
			require.Less(t, len(b), size/100)
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			c, err := Open([]string{"-"}, Options{Stdin: bytes.NewReader(b)})
			require.NoError(t, err)
			for err == nil {
				_, err = c.Next()
			}
			require.Equal(t, io.EOF, err)
			runtime.ReadMemStats(&after)
			require.EqualValues(t, size/pcapRecord, c.Stats().Packets)
			require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(most))
		})
	}
}

// A file of many small blocks that ask for a large dictionary each gets none: it would take hours to clear them.
func TestManySmallBlocks(t *testing.T) {
	const n, dict = 100, 64 << 20
	small := xzed(t, []byte("x"), xz.WriterConfig{DictCap: dict})
	z, err := newXZ(bytes.NewReader(bytes.Repeat(small, n)))
	require.NoError(t, err)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	b, err := io.ReadAll(z)
	runtime.ReadMemStats(&after)
	require.NoError(t, err)
	require.Equal(t, strings.Repeat("x", n), string(b))
	require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(dict))
}
