package capture

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ftpscope/capture/capturetest/rawfile"
	"ftpscope/capture/flow"
)

// following reads a capture step by step, as it grows.
type following struct {
	*Following
	t        *testing.T
	packets  []got
	problems []string
	ended    bool
}

func follow(t *testing.T, stdin io.Reader, args ...string) *following {
	t.Helper()
	f := &following{t: t}
	c, err := Follow(args, Options{Stdin: stdin, Problem: func(e *FileError) {
		text := e.Error()
		if e.Warning {
			text = "warning: " + text
		}
		f.problems = append(f.problems, text)
	}})
	require.NoError(t, err)
	f.Following, c.pause = c, 0
	t.Cleanup(func() { c.Close() })
	return f
}

// read takes all that is there now.
func (f *following) read() {
	f.t.Helper()
	f.watch.Forget("") // no waiting for the time when files would be looked for
	f.came = time.Now()
	for quiet := 0; quiet < 2; quiet++ {
		if len(f.rest) == 0 {
			f.poll()
		}
		for len(f.active)+len(f.pending)+len(f.rest) > 0 {
			f.take()
			quiet = 0
		}
	}
}

func (f *following) take() {
	batch, err := f.Next()
	if err != nil {
		require.Equal(f.t, io.EOF, err)
		f.ended = true
	}
	for _, p := range batch {
		require.Equal(f.t, uint64(len(f.packets)+1), p.Ord)
		require.Less(f.t, p.Pos.File(), len(f.Files()))
		f.packets = append(f.packets, got{string(p.Data), p.Time, p.Length, p.Link, p.Digits, p.Pos})
	}
}

// end stops and takes the rest.
func (f *following) end() {
	f.t.Helper()
	f.Stop()
	for !f.ended {
		f.take()
	}
}

// grow writes more of a file.
func grow(t *testing.T, path string, b []byte) {
	t.Helper()
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o666)
	require.NoError(t, err)
	_, err = file.Write(b)
	require.NoError(t, err)
	require.NoError(t, file.Close())
}

// growing are captures that end in the middle of everything when they are cut anywhere.
func growing() map[string][]byte {
	ng := rawfile.Little().Section().Block(rawfile.Secrets, make([]byte, 300)).Iface(1, 0)
	pcap, snoop := rawfile.Little().Pcap(rawfile.Micro, 1), rawfile.Big().Snoop(4)
	for i := range 20 {
		data := bytes.Repeat([]byte{byte(i)}, i*37%200)
		pcap.Record(uint32(i), 0, data, 1514)
		snoop.Snooped(uint32(i), 0, 0, data, 1514)
		ng.Block(7, make([]byte, i*90)).Enhanced(0, uint64(i), data, 1514).Simple(data, uint32(len(data)))
		if i%7 == 6 {
			ng = rawfile.Big().Raw(ng.Bytes...).Section().Block(rawfile.Custom, make([]byte, 100)).Iface(1, 0)
		}
	}
	return map[string][]byte{"pcap": pcap.Bytes, "pcapng": ng.Bytes, "snoop": snoop.Bytes}
}

// A file that grows in odd pieces is read as it is when it is whole.
func TestFollowGrowing(t *testing.T) {
	for name, b := range growing() {
		want, said := readBytes(t, b)
		for _, size := range []int{1, 7, 100, 997, len(b)} {
			t.Run(fmt.Sprintf("%s/%d bytes", name, size), func(t *testing.T) {
				path := write(t, t.TempDir(), "a", b[:size])
				f := follow(t, nil, path)
				for at := size; at < len(b); at += size {
					f.read()
					require.Equal(t, want[:len(f.packets)], append([]got{}, f.packets...))
					grow(t, path, b[at:min(at+size, len(b))])
				}
				f.end()
				require.Equal(t, want, f.packets)
				require.Equal(t, len(said), len(f.problems))
				require.Equal(t, []string{path}, f.Files())
				require.Empty(t, f.Stats().Truncated)
			})
		}
	}
}

// Half a record when the reading stops is no error: it was being written.
func TestFollowStopsInside(t *testing.T) {
	b := rawfile.Many("pcap", 10)
	path := write(t, t.TempDir(), "a.pcap", b[:len(b)-5])
	f := follow(t, nil, path)
	f.read()
	require.Len(t, f.packets, 9)
	f.end()
	require.Len(t, f.packets, 9)
	require.Empty(t, f.problems)

	f = follow(t, nil, path) // at once
	f.end()
	require.Len(t, f.packets, 9)
	require.Empty(t, f.problems)
}

// rotated are names as programs give them to a set of files, in order.
var rotated = map[string][]string{
	"tcpdump -C":        {"x.pcap", "x.pcap1", "x.pcap2", "x.pcap3"},
	"tcpdump -C -W":     {"x.pcap00", "x.pcap01", "x.pcap02", "x.pcap03"},
	"tcpdump -G":        {"x-20261231-235958.pcap", "x-20261231-235959.pcap", "x-20270101-000000.pcap", "x-20270101-000001.pcap"},
	"tcpdump -G -C":     {"x-20261231.pcap", "x-20261231.pcap1", "x-20270101.pcap", "x-20270101.pcap1"},
	"dumpcap -b":        {"x_00009_20261231235958.pcapng", "x_00010_20261231235959.pcapng", "x_00011_20270101000000.pcapng", "x_00012_20270101000001.pcapng"},
	"ftpscope --rotate": {"x-20261231T235958Z-000009.pcapng", "x-20261231T235959Z-000010.pcapng", "x-20270101T000000Z-000011.pcapng", "x-20270101T000001Z-000012.pcapng"},
}

func TestFollowRotated(t *testing.T) {
	for program, names := range rotated {
		for _, whole := range []bool{true, false} {
			t.Run(fmt.Sprint(program, " directory ", whole), func(t *testing.T) {
				dir := t.TempDir()
				arg := dir
				write(t, dir, "readme.txt", []byte("no capture"))
				if !whole {
					write(t, dir, "other.pcap", one(15, "-"))
					write(t, dir, "y"+names[0][1:], one(1, "-")) // another family
					arg = filepath.Join(dir, names[0])
				}
				write(t, dir, names[0], one(10, "a"))
				f := follow(t, nil, arg)
				f.read()
				for i, name := range names[1:] {
					at := uint32(20 + 10*i)
					b := rawfile.Little().Pcap(rawfile.Micro, 1).Record(at, 0, []byte{'b' + byte(i)}, 1).Record(at+1, 0, []byte{'B' + byte(i)}, 1).Bytes
					grow(t, filepath.Join(dir, names[i]), rawfile.Little().Record(at-1, 0, []byte("."), 1).Bytes) // the last of the file before
					grow(t, filepath.Join(dir, name), b[:30])
					f.read()
					grow(t, filepath.Join(dir, name), b[30:])
					f.read()
				}
				f.end()
				require.Equal(t, "a.bB.cC.dD", data(f.packets))
				require.Empty(t, f.problems)
				require.Len(t, f.Files(), 4)
			})
		}
	}
}

// What is older than the file that was named, or of another capture at the same time, is
// left alone.
func TestFollowLeavesOthersAlone(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "eth1.pcap", one(1, "-"))
	path := write(t, dir, "eth2.pcap", append(one(10, "a"), rawfile.Little().Record(50, 0, []byte("b"), 1).Bytes...))
	write(t, dir, "eth3.pcap", append(one(11, "-"), rawfile.Little().Record(60, 0, []byte("-"), 1).Bytes...))
	write(t, dir, "eth4.pcap", one(51, "c"))
	write(t, dir, "eth5.pcap", one(70, "d"))
	f := follow(t, nil, path)
	f.end()
	require.Equal(t, "abcd", data(f.packets))
	require.Empty(t, f.problems)
}

func TestFollowSeveral(t *testing.T) {
	dir, other := t.TempDir(), t.TempDir()
	a, b := write(t, dir, "a.pcap", one(10, "a")), write(t, other, "b.pcap.gz", zipped(t, one(5, "b")))
	f := follow(t, nil, a, b, filepath.Join(dir, "missing.pcap"), write(t, dir, "text", []byte("this is text")), a)
	require.Equal(t, []string{
		filepath.Join(dir, "missing.pcap") + ": no such file or directory",
		filepath.Join(dir, "text") + ": not a capture (neither pcap, pcapng nor snoop): it looks like text",
	}, f.problems)
	f.read()
	require.Equal(t, "ba", data(f.packets))
	require.Equal(t, []string{b, a}, f.Files())
	grow(t, a, rawfile.Little().Record(11, 0, []byte("c"), 1).Bytes)
	f.end()
	require.Equal(t, "bac", data(f.packets))
}

// tcpdump -z compresses files when they are full: they were read.
func TestFollowCompressedLater(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "x.pcap.gz", zipped(t, one(1, "a")))
	path := write(t, dir, "x.pcap1", one(2, "b"))
	f := follow(t, nil, dir)
	f.read()
	write(t, dir, "x.pcap2", one(3, "c"))
	write(t, dir, "x.pcap1.gz", zipped(t, one(2, "b")))
	require.NoError(t, os.Remove(path))
	f.end()
	require.Equal(t, "abc", data(f.packets))
	require.Empty(t, f.problems)
}

// A ring of files is written over and over.
func TestFollowRing(t *testing.T) {
	dir := t.TempDir()
	f := follow(t, nil, dir)
	for i := range 10 {
		path := filepath.Join(dir, fmt.Sprintf("x.pcap%d", i%3))
		b := rawfile.Little().Pcap(rawfile.Micro, 1).Record(uint32(10+i), 0, []byte{'a' + byte(i)}, 1).Bytes
		require.NoError(t, os.WriteFile(path, b[:33], 0o666)) // truncates, as fopen does
		f.read()
		grow(t, path, b[33:])
		f.read()
	}
	f.end()
	require.Equal(t, "abcdefghij", data(f.packets))
	require.Empty(t, f.problems)
	require.Len(t, f.Files(), 10)
}

// Files of a ring may be removed or written anew before their turn comes.
func TestFollowTooSlow(t *testing.T) {
	dir := t.TempDir()
	for i := range 3 {
		write(t, dir, fmt.Sprintf("x%d.pcap", i), one(uint32(10+i), string(rune('a'+i))))
	}
	at := func(i int) string { return filepath.Join(dir, fmt.Sprintf("x%d.pcap", i)) }
	f := follow(t, nil, dir)
	require.Len(t, f.pending, 3)
	require.NoError(t, os.Remove(at(0))) // it is open already
	f.pending[1].release()
	require.NoError(t, os.Remove(at(1)))
	write(t, dir, "x2.pcap", one(99, "z"))
	f.end()
	require.Equal(t, "az", data(f.packets))
	require.Equal(t, []string{
		at(1) + ": vanished before it was read; its packets are missing",
		at(2) + ": was overwritten before it was read; the packets that it had are missing",
	}, f.problems)
	require.Equal(t, []string{at(1)}, f.Stats().Truncated)
}

func TestFollowWrittenAnew(t *testing.T) {
	path := write(t, t.TempDir(), "x.pcap", append(one(10, "a"), rawfile.Little().Record(11, 0, []byte("b"), 1).Bytes...))
	f := follow(t, nil, path)
	f.read()
	require.NoError(t, os.WriteFile(path, one(20, "c"), 0o666))
	f.read()
	require.Equal(t, "abc", data(f.packets))
	require.Equal(t, []string{"warning: " + path + ": was overwritten while it was read; what was written to it last may be missing"}, f.problems)
	require.NoError(t, os.WriteFile(path, append(one(30, "d"), rawfile.Little().Record(31, 0, []byte("e"), 1).Record(32, 0, []byte("f"), 1).Bytes...), 0o666))
	f.end()
	require.Equal(t, "abcdef", data(f.packets), "longer than before")
}

// Moved away and begun anew, as logrotate does.
func TestFollowMoved(t *testing.T) {
	dir := t.TempDir()
	path := write(t, dir, "x.pcap", one(10, "a"))
	f := follow(t, nil, path)
	f.read()
	require.NoError(t, os.Rename(path, path+".1"))
	grow(t, path+".1", rawfile.Little().Record(11, 0, []byte("b"), 1).Bytes)
	write(t, dir, "x.pcap", one(20, "c"))
	f.end()
	require.Equal(t, "abc", data(f.packets))
	require.Empty(t, f.problems)
}

// A file that has two names is read once.
func TestFollowTwoNames(t *testing.T) {
	dir := t.TempDir()
	path := write(t, dir, "a.pcap", one(10, "a"))
	require.NoError(t, os.Link(path, filepath.Join(dir, "b.pcap")))
	f := follow(t, nil, dir, path)
	f.read()
	require.NoError(t, os.Link(path, filepath.Join(dir, "c.pcap")))
	f.end()
	require.Equal(t, "a", data(f.packets))
	require.Empty(t, f.problems)
}

// Half a record in a file that others went on after is an error.
func TestFollowCrashed(t *testing.T) {
	dir := t.TempDir()
	b := rawfile.Many("pcap", 3)
	path := write(t, dir, "x1.pcap", b[:len(b)-5])
	write(t, dir, "x2.pcap", one(20, "c"))
	f := follow(t, nil, dir)
	f.end()
	require.Len(t, f.packets, 3)
	require.Equal(t, []string{path + ": offset 176 (packet 3): the file ends inside this packet: 1525 of 1530 bytes are there; the 2 packets before it were analyzed"}, f.problems)
	require.Equal(t, []string{path}, f.Stats().Truncated)
}

// Many files of the past are not all watched.
func TestFollowManyFiles(t *testing.T) {
	dir := t.TempDir()
	for i := range 3 * maxIdle {
		write(t, dir, fmt.Sprintf("x%03d.pcap", i), one(uint32(10+i), "a"))
	}
	f := follow(t, nil, dir)
	f.read()
	require.Len(t, f.packets, 3*maxIdle)
	require.Len(t, f.idle, maxIdle)
	grow(t, filepath.Join(dir, fmt.Sprintf("x%03d.pcap", 3*maxIdle-1)), rawfile.Little().Record(1000, 0, []byte("z"), 1).Bytes)
	f.end()
	require.Len(t, f.packets, 3*maxIdle+1)
}

func TestFollowPipe(t *testing.T) {
	for _, pack := range []func(testing.TB, []byte) []byte{func(_ testing.TB, b []byte) []byte { return b }, zstandard} {
		r, w := io.Pipe()
		b := rawfile.Many("pcap", 20)
		go func() {
			w.Write(pack(t, b[:900]))
			w.Write(pack(t, b[900:5000]))
		}()
		f := follow(t, r, "-")
		for len(f.packets) < 10 {
			f.take()
		}
		f.take()
		require.Equal(t, 10, len(f.packets))
		go func() {
			w.Write(pack(t, b[5000:]))
			w.Close()
		}()
		for !f.ended {
			f.take()
		}
		want, _ := readBytes(t, b)
		require.Equal(t, want, f.packets)
		require.Empty(t, f.problems)
	}
}

// A pipe that says nothing more does not keep anybody from stopping.
func TestFollowPipeStops(t *testing.T) {
	r, w := io.Pipe()
	go w.Write(rawfile.Many("pcap", 3))
	f := follow(t, r, "-")
	f.end()
	require.LessOrEqual(t, len(f.packets), 3)
	require.Empty(t, f.problems)
	w.Close()
}

// The clock is the packets', and goes on when nothing comes, but not while half a packet
// is there.
func TestFollowClock(t *testing.T) {
	path := write(t, t.TempDir(), "x.pcap", one(10, "a"))
	f := follow(t, nil, path)
	require.Zero(t, f.Now())
	f.read()
	require.Equal(t, 10*flow.Second, f.Now())
	f.tick()
	require.Equal(t, 10*flow.Second, f.Now())
	f.came = f.came.Add(-time.Minute)
	f.tick()
	require.InDelta(t, 64, float64(f.Now()/flow.Second), 5)
	grow(t, path, rawfile.Little().Record(70, 0, []byte("b"), 1).Bytes[:7])
	f.read()
	f.came = f.came.Add(-time.Hour)
	f.tick()
	require.InDelta(t, 64, float64(f.Now()/flow.Second), 5)
	grow(t, path, rawfile.Little().Record(70, 0, []byte("b"), 1).Bytes[7:])
	f.read()
	require.Equal(t, 70*flow.Second, f.Now())
}

func TestFollowNothing(t *testing.T) {
	_, err := Follow(nil, Options{})
	require.Equal(t, ErrNoArgs, err)
	f := follow(t, nil, filepath.Join(t.TempDir(), "missing"))
	f.take()
	require.True(t, f.ended)
	f = follow(t, nil, t.TempDir())
	f.take()
	require.False(t, f.ended)
	f.end()
	require.Empty(t, f.packets)
	require.Empty(t, f.problems)
}
