package unpack

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"
	"github.com/stretchr/testify/require"
	"github.com/ulikunitz/xz"

	"ftpscope/capture/capturetest/rawfile"
)

// What the xz and bzip2 tools make of rawfile.Many("pcap", 60): four blocks that say
// their sizes; the first 10,000 bytes and the others.
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

func zipped(t testing.TB, b []byte) []byte {
	t.Helper()
	var w bytes.Buffer
	z := gzip.NewWriter(&w)
	_, err := z.Write(b)
	require.NoError(t, err)
	require.NoError(t, z.Close())
	return w.Bytes()
}

func zstandard(t testing.TB, b []byte) []byte {
	t.Helper()
	z, err := zstd.NewWriter(nil)
	require.NoError(t, err)
	return z.EncodeAll(b, nil)
}

// packings are the ways to compress rawfile.Many("pcap", 60).
func packings(t testing.TB) map[string][]byte {
	plain := rawfile.Many("pcap", 60)
	half := len(plain) / 2
	join := func(parts ...[]byte) []byte { return bytes.Join(parts, nil) }
	first, rest := xzed(t, plain[:half], xz.WriterConfig{}), xzed(t, plain[half:], xz.WriterConfig{CheckSum: xz.CRC32})
	return map[string][]byte{
		"gzip":                              zipped(t, plain),
		"gzip, two members":                 join(zipped(t, plain[:half]), zipped(t, plain[half:])),
		"zstd":                              zstandard(t, plain),
		"zstd, two frames":                  join(zstandard(t, plain[:half]), zstandard(t, plain[half:])),
		"zstd, a skippable frame before":    join([]byte{0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3}, zstandard(t, plain)),
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

// unpacked is all that b unpacks to, and what is said of it.
func unpacked(t testing.TB, b []byte, chunk func(io.Reader) io.Reader) ([]byte, error) {
	t.Helper()
	u, err := New(b, chunk(bytes.NewReader(b)))
	require.NotNil(t, u)
	if err != nil {
		return nil, err
	}
	defer u.Close()
	return io.ReadAll(u)
}

func asIs(r io.Reader) io.Reader { return r }

func TestPackings(t *testing.T) {
	want := rawfile.Many("pcap", 60)
	for name, b := range packings(t) {
		t.Run(name, func(t *testing.T) {
			for _, chunk := range []func(io.Reader) io.Reader{asIs, iotest.OneByteReader, iotest.DataErrReader} {
				have, err := unpacked(t, b, chunk)
				require.NoError(t, err)
				require.True(t, bytes.Equal(want, have))
			}
			u, err := New(b, bytes.NewReader(b))
			require.NoError(t, err)
			kind, _, _ := strings.Cut(name, ",")
			require.Equal(t, kind, u.Kind())
			u.Close()
			u.Close()
		})
	}
}

func TestNotPacked(t *testing.T) {
	for _, b := range []string{"", "BZ", "BZh", "BZhx", "\xfd7z", "plain text", string(rawfile.Many("pcap", 1)), string(rawfile.Many("pcapng", 1))} {
		u, err := New([]byte(b), strings.NewReader(b))
		require.NoError(t, err)
		require.Nil(t, u, "%q", b)
	}
}

// stride goes through data in 100 steps or less, that meet everything that is regular.
func stride(b []byte) int { return len(b)/100 | 1 }

// Wherever compressed data ends too early, what comes out is the start of the whole, in
// whatever pieces it comes, and the error says so.
func TestPackingsCut(t *testing.T) {
	want := rawfile.Many("pcap", 60)
	for name, b := range packings(t) {
		t.Run(name, func(t *testing.T) {
			kind, _, _ := strings.Cut(name, ",")
			for n := 4; n < len(b); n += stride(b) {
				have, err := unpacked(t, b[:n], asIs)
				require.True(t, bytes.HasPrefix(want, have), "%d bytes", n)
				for _, chunk := range []func(io.Reader) io.Reader{iotest.OneByteReader, iotest.HalfReader, iotest.DataErrReader} {
					slowly, other := unpacked(t, b[:n], chunk)
					require.True(t, bytes.Equal(have, slowly), "%d bytes", n)
					require.Equal(t, err, other)
				}
				if err == nil {
					require.Regexp(t, "two|skippable|kernel", name, "%d bytes", n) // the first of them is whole
					continue
				}
				require.Regexp(t, "^the "+kind+" data is (cut|corrupt)", err.Error(), "%d bytes", n)
			}
		})
	}
}

// However the data comes and is asked for, the same comes out before damage.
func TestPackingsDamagedInPieces(t *testing.T) {
	for name, b := range packings(t) {
		t.Run(name, func(t *testing.T) {
			b[len(b)/2] ^= 0x11
			want, bad := unpacked(t, b, asIs)
			for _, chunk := range []func(io.Reader) io.Reader{iotest.OneByteReader, iotest.HalfReader, iotest.DataErrReader} {
				have, err := unpacked(t, b, chunk)
				require.True(t, bytes.Equal(want, have))
				require.Equal(t, bad == nil, err == nil)
			}
			if u, err := New(b, bytes.NewReader(b)); err == nil {
				have, _ := io.ReadAll(iotest.OneByteReader(u))
				require.True(t, bytes.Equal(want, have))
				u.Close()
			}
		})
	}
}

// Changed data is an error or, where no sum covers it, other bytes; never a panic.
func TestPackingsDamaged(t *testing.T) {
	for name, b := range packings(t) {
		t.Run(name, func(t *testing.T) {
			for i := 4; i < len(b); i += stride(b) {
				damaged := bytes.Clone(b)
				damaged[i] ^= 0x11
				u, err := New(damaged, bytes.NewReader(damaged))
				if u == nil {
					continue
				}
				if err == nil {
					_, err = io.Copy(io.Discard, u)
				}
				u.Close()
				const length = xzHead + 12 + 3 // of the first chunk, compressed: nothing depends on it
				if strings.Contains(name, "CRC") && i != length && i != length+1 {
					require.Error(t, err, "byte %d", i)
				}
			}
		})
	}
}

const (
	xzMagic = "\xfd7zXZ\x00" // section 2.1.1.1 of the .xz file format
	xzHead  = 12             // stream header
	xzLZMA2 = 0x21           // section 5.3.1
)

// xzAsking is the beginning of xz data that asks for a dictionary (section 5.3.1), by a
// filter.
func xzAsking(bits, filter byte) []byte {
	flags := []byte{0, 1}
	b := binary.LittleEndian.AppendUint32(append([]byte(xzMagic), flags...), crc32.ChecksumIEEE(flags))
	head := []byte{2, 0, filter, 1, bits, 0, 0, 0}
	return append(binary.LittleEndian.AppendUint32(append(b, head...), crc32.ChecksumIEEE(head)), make([]byte, 100)...)
}

func TestPackingsRefused(t *testing.T) {
	const most = "the xz data needs a dictionary of more than 128 MiB; decompress it first (xz -dc)"
	for _, test := range []struct {
		name string
		file []byte
		want string
	}{
		{"a dictionary of 4 GiB", xzAsking(40, xzLZMA2), most},
		{"of 192 MiB", xzAsking(31, xzLZMA2), most},
		{"a dictionary that does not exist", xzAsking(41, xzLZMA2), "the xz data is corrupt (xz: compression options not supported)"},
		{"a filter that nobody knows", xzAsking(20, 0x33), "the xz data is corrupt (xz: compression options not supported)"},
		{"text that begins as bzip2 does", []byte("BZh9 is no bzip2"), "the bzip2 data is corrupt (bzip2 data invalid: bad magic value found)"},
		{"a window of zstd", []byte{0x28, 0xb5, 0x2f, 0xfd, 0, 0xa0, 0, 0, 0}, "the zstd data needs a window of more than 128 MiB (window size exceeded)"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := unpacked(t, test.file, asIs)
			require.EqualError(t, err, test.want)
		})
	}
	t.Run("the disk fails", func(t *testing.T) {
		b := zipped(t, rawfile.Many("pcap", 60))
		u, err := New(b, io.MultiReader(bytes.NewReader(b[:20]), iotest.ErrReader(errors.New("input/output error"))))
		require.NoError(t, err)
		_, err = io.ReadAll(u)
		require.EqualError(t, err, "the gzip data is corrupt (input/output error)")
	})
}

// allocated is how much f allocates.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// What little data unpacks to costs no memory: it is read through.
func TestPackingsThatExplode(t *testing.T) {
	const size, most = 32 << 20, 20 << 20 // of that, xz's default dictionary is 8 MiB
	plain := make([]byte, size)
	for name, b := range map[string][]byte{
		"gzip": zipped(t, plain), "zstd": zstandard(t, plain), "xz": xzed(t, plain, xz.WriterConfig{DictCap: 8 << 20}), "lz4": lz4ed(t, plain, lz4.BlockSizeOption(lz4.Block4Mb)),
	} {
		t.Run(name, func(t *testing.T) {
			require.Less(t, len(b), size/100)
			require.Less(t, allocated(func() {
				u, err := New(b, bytes.NewReader(b))
				require.NoError(t, err)
				n, err := io.Copy(io.Discard, u)
				require.NoError(t, err)
				require.EqualValues(t, size, n)
				u.Close()
			}), uint64(most))
		})
	}
}

// Many small streams that ask for a large dictionary each get one in all: it would take
// hours to clear them.
func TestManySmallBlocks(t *testing.T) {
	const n, dict = 100, 64 << 20
	b := bytes.Repeat(xzed(t, []byte("x"), xz.WriterConfig{DictCap: dict}), n)
	require.Less(t, allocated(func() {
		have, err := unpacked(t, b, asIs)
		require.NoError(t, err)
		require.Equal(t, strings.Repeat("x", n), string(have))
	}), uint64(2*dict))
}

func BenchmarkManySmall(b *testing.B) {
	packed := xzed(b, rawfile.Many("pcap", 10), xz.WriterConfig{DictCap: 64 << 20})
	b.ReportAllocs()
	for b.Loop() {
		unpacked(b, packed, asIs)
	}
}

func BenchmarkUnpack(b *testing.B) {
	plain := rawfile.Many("pcap", 20_000)
	for i := range plain { // not all zeros
		plain[i] ^= byte(i*i>>7) & 15
	}
	for name, packed := range map[string][]byte{"gzip": zipped(b, plain), "zstd": zstandard(b, plain), "xz": xzed(b, plain, xz.WriterConfig{DictCap: 8 << 20})} {
		b.Run("kind="+name, func(b *testing.B) {
			b.SetBytes(int64(len(plain)))
			for b.Loop() {
				unpacked(b, packed, asIs)
			}
		})
	}
}

func FuzzUnpack(f *testing.F) {
	for _, b := range packings(f) {
		f.Add(b)
	}
	f.Add(xzAsking(40, xzLZMA2))
	f.Fuzz(func(t *testing.T, b []byte) {
		b = reseal(b)
		if u, _ := New(b, bytes.NewReader(b)); u == nil {
			return
		}
		want, err := unpacked(t, b, asIs)
		for _, chunk := range []func(io.Reader) io.Reader{iotest.OneByteReader, iotest.DataErrReader} {
			have, other := unpacked(t, b, chunk)
			require.True(t, bytes.Equal(want, have))
			require.Equal(t, err == nil, other == nil)
		}
	})
}

// reseal lets changed xz data have right sums in its headers, or nothing behind them
// would ever be tried.
func reseal(b []byte) []byte {
	if !strings.HasPrefix(string(b), xzMagic) || len(b) < xzHead+1 {
		return b
	}
	b = bytes.Clone(b)
	binary.LittleEndian.PutUint32(b[8:], crc32.ChecksumIEEE(b[6:8]))
	if size := int(b[xzHead])*4 + 4; b[xzHead] != 0 && len(b) >= xzHead+size {
		head := b[xzHead:][:size]
		binary.LittleEndian.PutUint32(head[size-4:], crc32.ChecksumIEEE(head[:size-4]))
	}
	return b
}
