package capture

import (
	"bytes"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/stretchr/testify/require"

	"ftpscope/capture/capturetest/rawfile"
)

// one is a capture of one packet.
func one(sec uint32, data string) []byte {
	return rawfile.Little().Pcap(rawfile.Micro, 1).Record(sec, 0, []byte(data), uint32(len(data))).Bytes
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

// data is what the packets hold, in order.
func data(packets []got) string {
	var s strings.Builder
	for _, p := range packets {
		s.WriteString(p.Data)
	}
	return s.String()
}

func TestNothingNamed(t *testing.T) {
	_, err := Open(nil, Options{})
	require.Equal(t, ErrNoArgs, err)
}

func TestFiles(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, filepath.FromSlash(name)) }
	write(t, dir, "set/b.pcap", one(20, "b"))
	write(t, dir, "set/a.pcap", one(30, "a"))
	write(t, dir, "set/deep/c.pcapng", rawfile.Little().Section().Iface(1, 0).Enhanced(0, 10_000_000, []byte("c"), 1).Bytes)
	write(t, dir, "set/README.md", []byte("# what these are\n"))
	write(t, dir, "set/no-ending", one(40, "d"))
	write(t, dir, "set/empty-log", nil)
	write(t, dir, "set/.hidden.pcap", one(1, "x"))
	write(t, dir, "set/.hidden/x.pcap", one(1, "x"))
	write(t, dir, "bad/a.pcap", []byte("this is text\n"))
	write(t, dir, "bad/b.pcap", nil)
	write(t, dir, "bad/c.txt", []byte("this is text\n"))
	write(t, dir, "none/c.txt", []byte("this is text\n"))
	write(t, dir, "nopackets", rawfile.Little().Pcap(rawfile.Micro, 1).Bytes)
	write(t, dir, "text", []byte("héllo\nworld\n"))
	write(t, dir, "binary", []byte{1, 2, 3, 4, 5})
	write(t, dir, "short", []byte{0xd4, 0xc3})
	write(t, dir, "page.gz", zipped(t, []byte("<html>")))
	write(t, dir, "nothing.gz", zipped(t, nil))
	write(t, dir, "a.zip", []byte("PK\x03\x04...."))
	write(t, dir, "zeros", make([]byte, 4096))

	for _, test := range []struct {
		name     string
		args     []string
		data     string
		files    []string
		problems []string
	}{
		{"a directory, and what is below it", []string{"set"}, "cbad", []string{"set/deep/c.pcapng", "set/b.pcap", "set/a.pcap", "set/no-ending"}, nil},
		{"files in any order", []string{"set/a.pcap", "set/b.pcap"}, "ba", []string{"set/b.pcap", "set/a.pcap"}, nil},
		{"named twice", []string{"set/a.pcap", "set/a.pcap"}, "a", []string{"set/a.pcap"}, []string{"warning: set/a.pcap: named twice; it is read once"}},
		{"named by its directory too", []string{"set", "set/a.pcap"}, "cbad", []string{"set/deep/c.pcapng", "set/b.pcap", "set/a.pcap", "set/no-ending"},
			[]string{"warning: set/a.pcap: named twice; it is read once"}},
		{"without packets", []string{"nopackets", "set/a.pcap"}, "a", []string{"set/a.pcap", "nopackets"}, nil},
		{"missing", []string{"set/a.pcap", "missing"}, "a", []string{"set/a.pcap"}, []string{"missing: no such file or directory"}},
		{"a directory of files that should be captures", []string{"bad"}, "", nil, []string{
			"bad/a.pcap: not a capture (neither pcap, pcapng nor snoop): it looks like text",
			"bad/b.pcap: empty: not even the header of a capture is there"}},
		{"a directory without captures", []string{"none"}, "", nil, []string{"none: no capture files in this directory"}},
		{"no name", []string{""}, "", nil, []string{`"": no such file or directory`}},
		{"text", []string{"text"}, "", nil, []string{"text: not a capture (neither pcap, pcapng nor snoop): it looks like text"}},
		{"binary", []string{"binary"}, "", nil, []string{"binary: not a capture (neither pcap, pcapng nor snoop)"}},
		{"two bytes", []string{"short"}, "", nil, []string{"short: not a capture (neither pcap, pcapng nor snoop)"}},
		{"zip", []string{"a.zip"}, "", nil, []string{"a.zip: the zip archive is damaged or cut: its list of files, at the end, is not there"}},
		{"zeros", []string{"zeros"}, "", nil, []string{"zeros: not a capture (neither pcap, pcapng nor snoop): it looks like zeros"}},
		{"gzip of something else", []string{"page.gz"}, "", nil, []string{"page.gz: not a capture (neither pcap, pcapng nor snoop): it looks like text, compressed by gzip"}},
		{"gzip of nothing", []string{"nothing.gz"}, "", nil, []string{"nothing.gz: empty: not even the header of a capture is there"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Chdir(dir)
			packets, problems, c := readAll(t, nil, test.args...)
			for i := range problems {
				problems[i] = filepath.ToSlash(problems[i])
			}
			files := c.Files()
			for i := range files {
				files[i] = filepath.ToSlash(files[i])
			}
			require.Equal(t, test.data, data(packets))
			require.Equal(t, test.files, files)
			require.Equal(t, test.problems, problems)
			require.Equal(t, c.Stats().BytesTotal, c.Stats().BytesRead)
		})
	}
	require.NoError(t, os.Symlink(at("set/a.pcap"), at("link")))
	_, problems, _ := readAll(t, nil, at("set/a.pcap"), at("link"))
	require.Equal(t, []string{"warning: " + at("link") + ": the same file as " + at("set/a.pcap") + "; it is read once"}, problems)
}

func TestPermission(t *testing.T) {
	if os.Getuid() == 0 || runtime.GOOS == "windows" {
		t.Skip("root may read everything")
	}
	path := write(t, t.TempDir(), "a.pcap", one(1, "a"))
	require.NoError(t, os.Chmod(path, 0))
	_, problems, _ := readAll(t, nil, path)
	require.Equal(t, []string{path + ": permission denied"}, problems)
}

func TestStdin(t *testing.T) {
	path := write(t, t.TempDir(), "a.pcap", append(one(10, "b"), rawfile.Little().Record(30, 0, []byte("d"), 1).Bytes...))
	stdin := append(one(5, "a"), rawfile.Little().Record(20, 0, []byte("c"), 1).Bytes...)
	packets, problems, c := readAll(t, bytes.NewReader(stdin), path, "-", "-")
	require.Equal(t, "abcd", data(packets))
	require.Equal(t, []string{"stdin", path}, c.Files())
	require.Equal(t, []string{"warning: stdin: named twice; it is read once"}, problems)
	require.Zero(t, c.Stats().BytesTotal)
	require.Equal(t, 1, packets[2].Pos.File()+1)
	require.Equal(t, uint64(2), packets[2].Pos.Packet())
}

func TestCompressed(t *testing.T) {
	plain := rawfile.Many("pcap", 5000)
	want, _ := readBytes(t, plain)
	half := len(plain) / 2
	for name, b := range map[string][]byte{
		"gzip":                zipped(t, plain),
		"gzip of two members": append(zipped(t, plain[:half]), zipped(t, plain[half:])...),
		"zstd":                zstandard(t, plain),
		"zstd of two frames":  append(zstandard(t, plain[:half]), zstandard(t, plain[half:])...),
		"zstd after a skippable frame": append([]byte{0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3},
			zstandard(t, plain)...),
	} {
		t.Run(name, func(t *testing.T) {
			packets, problems := readBytes(t, b)
			require.Empty(t, problems)
			require.Equal(t, want, packets)
		})
	}
}

func TestCompressedTroubles(t *testing.T) {
	file := rawfile.Little().Pcap(rawfile.Micro, 1)
	for i := range 50 {
		file.Record(uint32(i), 0, bytes.Repeat([]byte{byte(i)}, 84), 84) // 100 bytes a record
	}
	cut := zipped(t, file.Bytes[:1024])
	wrong := zipped(t, file.Bytes[:1024])
	wrong[len(wrong)-5] ^= 1 // checksum and length are its last 8 bytes
	for _, test := range []struct {
		name string
		file []byte
		want string
	}{
		{"capture cut", zipped(t, file.Bytes[:1000]), "stdin: offset 924 of the decompressed data (packet 10): the file ends inside this packet: 76 of 100 bytes are there; the 9 packets before it were analyzed"},
		{"stream cut", cut[:len(cut)-4], "stdin: offset 1024 of the decompressed data: the gzip data is cut, its end is missing; the 10 packets before it were analyzed"},
		{"checksum wrong", wrong, "stdin: offset 1024 of the decompressed data: the gzip data is corrupt (gzip: invalid checksum); the 10 packets before it were analyzed"},
		{"garbage after it", append(zipped(t, file.Bytes[:1024]), "garbage garbage"...), "stdin: offset 1024 of the decompressed data: the gzip data is corrupt (gzip: invalid header); the 10 packets before it were analyzed"},
		{"header cut", cut[:6], "stdin: the gzip data is cut, its end is missing"},
		{"xz of something else", xzed(t, []byte("<html>")), "stdin: not a capture (neither pcap, pcapng nor snoop): it looks like text, compressed by xz"},
		{"xz of nothing", xzed(t, nil), "stdin: empty: not even the header of a capture is there"},
		{"lz4 of nothing", lz4ed(t, nil), "stdin: empty: not even the header of a capture is there"},
		{"lz4 in xz", xzed(t, lz4ed(t, one(1, "a"))), "stdin: not a capture (neither pcap, pcapng nor snoop): it looks like lz4 data, compressed by xz"},
		{"a variant that nobody knows", rawfile.Little().Pcap(0xa12b3c4d, 1).Bytes,
			"stdin: not a capture (neither pcap, pcapng nor snoop): it looks like a capture in Navtel's variant of pcap, which is not published"},
		{"another", rawfile.Big().Pcap(0xa1b234cd, 1).Bytes,
			"stdin: not a capture (neither pcap, pcapng nor snoop): it looks like a capture in Mesquita's variant of pcap, which is not published"},
		{"zstd cut", zstandard(t, file.Bytes[:1024])[:30], "stdin: the zstd data is cut, its end is missing"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, problems := readBytes(t, test.file)
			require.Equal(t, []string{test.want}, problems)
		})
	}
}
