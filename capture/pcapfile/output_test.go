package pcapfile

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/capture/flow"
)

func TestParseRotation(t *testing.T) {
	for _, test := range []struct {
		text string
		want Rotation
		err  string
	}{
		{"100MB", Rotation{Size: 100_000_000}, ""},
		{"64MiB", Rotation{Size: 64 << 20}, ""},
		{"1.5 gb", Rotation{Size: 1_500_000_000}, ""},
		{"20000B", Rotation{Size: 20_000}, ""},
		{"1h", Rotation{Age: 3600 * flow.Second}, ""},
		{"1h30m", Rotation{Age: 5400 * flow.Second}, ""},
		{"100MB,1h", Rotation{100_000_000, 3600 * flow.Second}, ""},
		{"30m, 64KiB", Rotation{64 << 10, 1800 * flow.Second}, ""},
		{"", Rotation{}, `"" is neither a size (100MB, 64MiB) nor a time (1h, 30m)`},
		{"100", Rotation{}, `"100" is neither a size (100MB, 64MiB) nor a time (1h, 30m)`},
		{"1M", Rotation{}, `"1M" is neither a size (100MB, 64MiB) nor a time (1h, 30m)`},
		{"1h,", Rotation{}, `"" is neither a size (100MB, 64MiB) nor a time (1h, 30m)`},
		{"1h,2h", Rotation{}, `"1h,2h" has two times`},
		{"1MB,2MB", Rotation{}, `"1MB,2MB" has two sizes`},
		{"10ms", Rotation{}, `"10ms" is too short: at least 1s`},
		{"-1h", Rotation{}, `"-1h" is too short: at least 1s`},
		{"-1MB", Rotation{}, `"-1MB" is too small: at least 10KB`},
		{"1KB", Rotation{}, `"1KB" is too small: at least 10KB`},
		{"1e30TB", Rotation{}, `"1e30TB" is too large`},
		{"NaNMB", Rotation{}, `"NaNMB" is no size`},
		{"MB", Rotation{}, `"MB" is no size`},
	} {
		t.Run(test.text, func(t *testing.T) {
			r, err := ParseRotation(test.text)
			require.Equal(t, test.want, r)
			if test.err != "" {
				require.EqualError(t, err, test.err)
			} else {
				require.NoError(t, err)
			}
		})
	}
}

const begin2026 = 1_767_366_245 * flow.Second // 2026-01-02T15:04:05Z

// at is a packet of 100 bytes so long after begin2026.
func at(d flow.Time) *Packet { return packet(strings.Repeat("p", 100), begin2026+d, 1, 9) }

// options are those of a file, with one interface, that fails on problems.
func options(t *testing.T, r Rotation) OutputOptions {
	return OutputOptions{
		Path: filepath.Join(t.TempDir(), "out.pcapng"), Rotation: r,
		Interfaces: []Interface{{Name: "eth0", Link: 1, Digits: 9}},
		Problem:    func(err error) { t.Error(err) },
	}
}

func open(t *testing.T, opt OutputOptions) *Output {
	t.Helper()
	o, err := OpenOutput(opt)
	require.NoError(t, err)
	return o
}

// files are the names beside path, and the packets of each by time after begin2026.
func files(t *testing.T, path string) (names []string, times [][]flow.Time) {
	t.Helper()
	entries, err := os.ReadDir(filepath.Dir(path))
	require.NoError(t, err)
	for _, e := range entries {
		names = append(names, e.Name())
		times = append(times, timesOf(t, filepath.Join(filepath.Dir(path), e.Name())))
	}
	return names, times
}

func timesOf(t *testing.T, path string) (times []flow.Time) {
	t.Helper()
	for _, p := range readFile(t, path).packets {
		times = append(times, p.Time-begin2026)
	}
	return times
}

func TestOutputOneFile(t *testing.T) {
	opt := options(t, Rotation{})
	require.NoError(t, os.WriteFile(opt.Path, []byte(strings.Repeat("old", 1000)), 0o600))
	o := open(t, opt)
	require.Empty(t, timesOf(t, opt.Path), "its head is there at once")
	require.NoError(t, o.WritePacket(0, at(1)))
	require.NoError(t, o.WritePacket(0, at(3)))
	require.Equal(t, []flow.Time{1}, timesOf(t, opt.Path))
	o.Tick(begin2026 + 4)
	require.Equal(t, []flow.Time{1, 3}, timesOf(t, opt.Path), "after a Tick")
	require.NoError(t, o.WritePacket(0, at(4+flow.Second)))
	require.Len(t, timesOf(t, opt.Path), 3, "after a second")
	require.NoError(t, o.WritePacket(0, at(4)))
	require.Equal(t, errNoInterface, o.WritePacket(1, at(5)))
	o.SetStats(0, 50, 5)
	o.SetStats(7, 1, 1)
	require.NoError(t, o.Close())
	require.Equal(t, []flow.Time{1, 3, 4 + flow.Second, 4}, timesOf(t, opt.Path))
	require.Equal(t, OutputStats{Packets: 4, Unwritten: 1, Files: 1}, o.Stats())
	require.EqualValues(t, 5, readFile(t, opt.Path).dropped)
}

func TestOutputFlushesLargeChunks(t *testing.T) {
	opt := options(t, Rotation{})
	o := open(t, opt)
	for n := range 2 * writeChunk / 100 {
		require.NoError(t, o.WritePacket(0, at(flow.Time(n))))
	}
	info, err := os.Stat(opt.Path)
	require.NoError(t, err)
	require.Greater(t, info.Size(), int64(2*writeChunk))
	require.Equal(t, len(timesOf(t, opt.Path)), int(o.Stats().Packets))
	require.NoError(t, o.Close())
}

func TestOutputRotates(t *testing.T) {
	const s = flow.Second
	five := []flow.Time{0, s / 2, 10 * s, 11 * s, 20 * s}
	const stamp0, stamp10, stamp20 = "out-20260102T150405Z-", "out-20260102T150415Z-", "out-20260102T150425Z-"
	for _, test := range []struct {
		name  string
		r     Rotation
		keep  int
		start flow.Time
		names []string
		times [][]flow.Time
	}{
		{"by age", Rotation{Age: 10 * s}, 0, 0,
			[]string{stamp0 + "000001.pcapng", stamp10 + "000002.pcapng", stamp20 + "000003.pcapng"},
			[][]flow.Time{{0, s / 2}, {10 * s, 11 * s}, {20 * s}}},
		{"by size", Rotation{Size: 28 + 4 + 48 + 3*136}, 0, 0,
			[]string{stamp0 + "000001.pcapng", "out-20260102T150416Z-000002.pcapng"}, [][]flow.Time{five[:3], five[3:]}},
		{"by either", Rotation{Size: 28 + 4 + 48 + 3*136, Age: 15 * s}, 0, 0,
			[]string{stamp0 + "000001.pcapng", "out-20260102T150416Z-000002.pcapng"}, [][]flow.Time{five[:3], five[3:]}},
		{"packets larger than the size", Rotation{Size: 100}, 2, 0,
			[]string{"out-20260102T150416Z-000004.pcapng", stamp20 + "000005.pcapng"}, [][]flow.Time{{11 * s}, {20 * s}}},
		{"the newest stay", Rotation{Age: 10 * s}, 2, 0,
			[]string{stamp10 + "000002.pcapng", stamp20 + "000003.pcapng"}, [][]flow.Time{{10 * s, 11 * s}, {20 * s}}},
		{"one stays", Rotation{Age: 10 * s}, 1, 0, []string{stamp20 + "000003.pcapng"}, [][]flow.Time{{20 * s}}},
		{"begun at once", Rotation{Age: 15 * s}, 0, begin2026 - 20*s,
			[]string{"out-20260102T150345Z-000001.pcapng", stamp20 + "000002.pcapng"}, [][]flow.Time{five[:4], five[4:]}},
	} {
		t.Run(test.name, func(t *testing.T) {
			opt := options(t, test.r)
			opt.Keep, opt.Start = test.keep, test.start
			o := open(t, opt)
			names, _ := files(t, opt.Path)
			require.Equal(t, opt.Start != 0, len(names) == 1)
			for _, d := range five {
				require.NoError(t, o.WritePacket(0, at(d)))
			}
			require.NoError(t, o.Close())
			names, times := files(t, opt.Path)
			require.Equal(t, test.names, names)
			require.Equal(t, test.times, times)
			require.EqualValues(t, 5, o.Stats().Packets)
			for _, name := range names {
				info, err := os.Stat(filepath.Join(filepath.Dir(opt.Path), name))
				require.NoError(t, err)
				if runtime.GOOS != "windows" {
					require.Zero(t, info.Mode().Perm()&0o137, "mode 0640 at most")
				}
			}
		})
	}
}

func TestOutputStatsPerFile(t *testing.T) {
	opt := options(t, Rotation{Age: 10 * flow.Second})
	o := open(t, opt)
	o.SetStats(0, 100, 10)
	require.NoError(t, o.WritePacket(0, at(0)))
	o.SetStats(0, 150, 15)
	require.NoError(t, o.WritePacket(0, at(10*flow.Second)))
	o.SetStats(0, 300, 17)
	o.Tick(begin2026 + 20*flow.Second)
	require.NoError(t, o.WritePacket(0, at(21*flow.Second)))
	o.SetStats(0, 5, 1) // the counter began anew
	require.NoError(t, o.Close())
	var dropped []uint64
	names, _ := files(t, opt.Path)
	for _, name := range names {
		dropped = append(dropped, readFile(t, filepath.Join(filepath.Dir(opt.Path), name)).dropped)
	}
	require.Equal(t, []uint64{5, 2, 1}, dropped)
}

func TestOutputTickEndsOldFiles(t *testing.T) {
	opt := options(t, Rotation{Age: 10 * flow.Second})
	opt.Start = begin2026
	o := open(t, opt)
	o.Tick(begin2026 + 100*flow.Second)
	require.NotNil(t, o.file, "a file without packets waits")
	require.NoError(t, o.WritePacket(0, at(101*flow.Second)))
	o.Tick(begin2026 + 111*flow.Second)
	require.Nil(t, o.file)
	o.Tick(begin2026 + 112*flow.Second)
	require.NoError(t, o.Close())
	names, _ := files(t, opt.Path)
	require.Len(t, names, 1)
}

func TestOutputNeverOverwrites(t *testing.T) {
	opt := options(t, Rotation{Age: 10 * flow.Second})
	other := filepath.Join(t.TempDir(), "other")
	require.NoError(t, os.WriteFile(other, []byte("precious"), 0o600))
	base := strings.TrimSuffix(opt.Path, ".pcapng") + "-20260102T150405Z-00000"
	require.NoError(t, os.WriteFile(base+"1.pcapng", []byte("precious"), 0o600))
	if os.Symlink(other, base+"2.pcapng") != nil {
		t.Skip("no symbolic links here")
	}
	require.NoError(t, os.Symlink("nowhere", base+"3.pcapng"))
	o := open(t, opt)
	require.NoError(t, o.WritePacket(0, at(0)))
	require.NoError(t, o.Close())
	for _, path := range []string{other, base + "1.pcapng"} {
		b, err := os.ReadFile(path)
		require.NoError(t, err)
		require.Equal(t, "precious", string(b))
	}
	require.Equal(t, []flow.Time{0}, timesOf(t, base+"4.pcapng"))
	require.NoFileExists(t, filepath.Join(filepath.Dir(opt.Path), "nowhere"))
}

func TestOutputReopens(t *testing.T) {
	opt := options(t, Rotation{})
	o := open(t, opt)
	require.NoError(t, o.WritePacket(0, at(1)))
	o.Reopen()
	require.Equal(t, []flow.Time{1}, timesOf(t, opt.Path), "it goes on")
	require.NoError(t, o.WritePacket(0, at(2)))
	if os.Rename(opt.Path, opt.Path+".1") != nil {
		t.Skip("open files cannot be renamed here")
	}
	require.NoError(t, o.WritePacket(0, at(3)))
	o.Reopen()
	require.NoError(t, o.WritePacket(0, at(4)))
	require.NoError(t, o.Close())
	names, times := files(t, opt.Path)
	require.Equal(t, []string{"out.pcapng", "out.pcapng.1"}, names)
	require.Equal(t, [][]flow.Time{{4}, {1, 2, 3}}, times)

	opt = options(t, Rotation{Age: 10 * flow.Second})
	o = open(t, opt)
	o.Reopen()
	require.NoError(t, o.WritePacket(0, at(1)))
	o.Reopen()
	require.NoError(t, o.WritePacket(0, at(2)))
	require.NoError(t, o.Close())
	_, times = files(t, opt.Path)
	require.Equal(t, [][]flow.Time{{1}, {2}}, times)
}

func TestOutputOpenErrors(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	require.NoError(t, os.WriteFile(file, nil, 0o666))
	for _, r := range []Rotation{{}, {Age: flow.Second}} {
		for _, start := range []flow.Time{0, begin2026} {
			for _, path := range []string{filepath.Join(dir, "missing", "out.pcapng"), filepath.Join(file, "out.pcapng")} {
				_, err := OpenOutput(OutputOptions{Path: path, Rotation: r, Start: start})
				require.Error(t, err)
				require.Equal(t, 1, strings.Count(err.Error(), dir), err)
			}
		}
	}
	if runtime.GOOS == "linux" {
		_, err := OpenOutput(OutputOptions{Path: "/dev/full"})
		require.EqualError(t, err, "/dev/full: no space left on device")
		o, err := OpenOutput(OutputOptions{Path: "/dev/null", Interfaces: []Interface{{Link: 1}}})
		require.NoError(t, err)
		require.NoError(t, o.WritePacket(0, at(0)))
		require.NoError(t, o.Close())
	}
}

// smallDisk has room for so many bytes; what does not fit is written in part.
type smallDisk struct {
	*os.File
	room *int64
	torn bool // truncating fails too
}

func (d *smallDisk) WriteAt(b []byte, at int64) (int, error) {
	n := min(int64(len(b)), *d.room)
	*d.room -= n
	if _, err := d.File.WriteAt(b[:n], at); err != nil || n == int64(len(b)) {
		return int(n), err
	}
	return int(n), &fs.PathError{Op: "write", Path: d.Name(), Err: errFull}
}

func (d *smallDisk) Truncate(size int64) error {
	if d.torn {
		return errFull
	}
	info, err := d.Stat()
	if err != nil {
		return err
	}
	*d.room += info.Size() - size
	return d.File.Truncate(size)
}

// full lets an Output that was not yet written to have so much room.
func full(o *Output, room *int64, torn bool) {
	o.wrap = func(d disk) disk { return &smallDisk{d.(*os.File), room, torn} }
	if o.file != nil {
		o.file.disk = o.wrap(o.file.disk)
	}
}

func TestOutputFullDisk(t *testing.T) {
	for _, torn := range []bool{false, true} {
		t.Run(fmt.Sprintf("torn=%t", torn), func(t *testing.T) {
			var problems []string
			opt := options(t, Rotation{})
			opt.Problem = func(err error) { problems = append(problems, err.Error()) }
			o := open(t, opt)
			room := int64(200) // one packet and a half
			full(o, &room, torn)
			full := opt.Path + ": no space left on device"
			steps := []struct {
				at   flow.Time
				fits bool
			}{{0, true}, {flow.Second, true}, {2 * flow.Second, false}, {3 * flow.Second, false}, {10 * flow.Second, false}}
			for _, s := range steps {
				err := o.WritePacket(0, at(s.at))
				if s.fits {
					require.NoError(t, err)
				} else {
					require.EqualError(t, err, full)
				}
			}
			require.Equal(t, []string{full + "; packets are not written until that is over"}, problems)
			if !torn {
				require.Equal(t, []flow.Time{0}, timesOf(t, opt.Path), "readable while the disk is full")
			}
			require.EqualError(t, o.WritePacket(0, at(11*flow.Second)), full, "tried again")
			room = 1000
			require.EqualError(t, o.WritePacket(0, at(12*flow.Second)), full, "not yet tried again")
			require.NoError(t, o.WritePacket(0, at(21*flow.Second)))
			room = 0
			require.NoError(t, o.WritePacket(0, at(22*flow.Second)), "in the buffer")
			require.Error(t, o.WritePacket(0, at(23*flow.Second)))
			again := opt.Path + ": written again; 5 packets lost"
			require.Equal(t, []string{full + "; packets are not written until that is over", again, full + "; packets are not written until that is over"}, problems)
			room = 1000
			require.NoError(t, o.Close(), "the buffer fits")
			require.Equal(t, []flow.Time{0, flow.Second, 21 * flow.Second, 22 * flow.Second}, timesOf(t, opt.Path))
			require.Equal(t, OutputStats{Packets: 4, Unwritten: 6, Files: 1}, o.Stats())
			b, err := os.ReadFile(opt.Path)
			require.NoError(t, err)
			require.Equal(t, 1, strings.Count(string(b), "could not be written"))
			require.Contains(t, string(b), "5 packets before this one could not be written")
		})
	}
}

func TestOutputFullDiskAtTheEnd(t *testing.T) {
	opt := options(t, Rotation{})
	opt.Problem = nil
	o := open(t, opt)
	room := int64(0)
	full(o, &room, false)
	require.NoError(t, o.WritePacket(0, at(0)))
	require.EqualError(t, o.Close(), opt.Path+": no space left on device")
	require.Equal(t, OutputStats{Unwritten: 1, Files: 1}, o.Stats())
	require.Empty(t, timesOf(t, opt.Path))
}

// A file that cannot be written is given up for a new one; one that has not even its head
// is removed.
func TestOutputFullDiskRotates(t *testing.T) {
	opt := options(t, Rotation{Age: 15 * flow.Second})
	opt.Start, opt.Problem = begin2026, nil
	o := open(t, opt)
	room := int64(300)
	full(o, &room, false)
	for n := range 100 {
		if n == 60 {
			room = 1 << 20
		}
		_ = o.WritePacket(0, at(flow.Time(n)*flow.Second))
	}
	require.NoError(t, o.Close())
	s := o.Stats()
	require.EqualValues(t, 100, s.Packets+s.Unwritten)
	names, times := files(t, opt.Path)
	require.Equal(t, s.Files, len(names), names)
	n := 0
	for _, list := range times {
		n += len(list)
	}
	require.EqualValues(t, s.Packets, n)
	require.Equal(t, []flow.Time{0, flow.Second}, times[0])
	require.Greater(t, s.Packets, uint64(30))
}

func TestOutputKeepsWhatItCannotRemove(t *testing.T) {
	var problems []string
	opt := options(t, Rotation{Age: flow.Second})
	opt.Keep = 1
	opt.Problem = func(err error) { problems = append(problems, err.Error()) }
	o := open(t, opt)
	require.NoError(t, o.WritePacket(0, at(0)))
	require.NoError(t, os.Remove(o.name)) // somebody moved it away: no problem
	require.NoError(t, o.WritePacket(0, at(flow.Second)))
	require.Empty(t, problems)
	second := o.name
	require.NoError(t, os.Remove(second))
	require.NoError(t, os.MkdirAll(filepath.Join(second, "x"), 0o777))
	require.NoError(t, o.WritePacket(0, at(2*flow.Second)))
	require.Len(t, problems, 1)
	require.Contains(t, problems[0], second+": ")
	require.NoError(t, o.Close())
}

func TestOutputAllocatesNothing(t *testing.T) {
	o := open(t, options(t, Rotation{Size: 1 << 40, Age: 3600 * flow.Second}))
	p := at(0)
	require.NoError(t, o.WritePacket(0, p))
	require.Zero(t, testing.AllocsPerRun(5000, func() { require.NoError(t, o.WritePacket(0, p)) }))
	require.NoError(t, o.Close())
}
