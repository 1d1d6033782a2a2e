package pcapfile

import (
	"bytes"
	"errors"
	"io"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/google/gopacket/layers"
	"github.com/google/gopacket/pcapgo"
	"github.com/stretchr/testify/require"

	"ftpscope/capture/capturetest/rawfile"
	"ftpscope/capture/flow"
)

func packet(data string, t flow.Time, link uint32, digits uint8) *Packet {
	return &Packet{Data: []byte(data), Length: uint32(len(data)), Link: link, Digits: digits, Mark: flow.Mark{Time: t}}
}

// written is what f writes, read back.
func written(t *testing.T, f func(w *Writer)) ([]byte, []got) {
	t.Helper()
	var file bytes.Buffer
	w := NewWriter(&file, SectionInfo{})
	f(w)
	require.NoError(t, w.Flush())
	packets, problems := readBytes(t, file.Bytes())
	require.Empty(t, slices.DeleteFunc(problems, isWarning))
	for i := range packets {
		require.EqualValues(t, i+1, packets[i].Pos.Packet())
		packets[i].Pos = 0
	}
	return file.Bytes(), packets
}

func TestWriterBytes(t *testing.T) {
	b, _ := written(t, func(w *Writer) {
		i := w.AddInterface(Interface{Link: 276, SnapLen: 5, Digits: 9})
		require.NoError(t, w.WritePacket(i, &Packet{Data: []byte("abcde"), Length: 9, Link: 276, Digits: 9, Mark: flow.Mark{Time: 1<<32 + 2}}))
	})
	w := rawfile.Little().Section()
	w.Bytes = w.Bytes[:0]
	w.Block(blockSection, w.Body().U32(byteOrderMagic).U16(1, 0).U32(0xffffffff, 0xffffffff).U32(0).Bytes)
	w.Iface(276, 5, w.Option(optTsResol, 9), w.Option(optEnd)).Enhanced(0, 1<<32+2, []byte("abcde"), 9)
	require.Equal(t, w.Bytes, b)
}

// Every time and number of digits that the reader gives is read again.
func TestWriterKeepsClocks(t *testing.T) {
	const some = 1_700_000_000_123_456_789
	var want []got
	for resolution := range 256 {
		c := newClock(byte(resolution), 0)
		for _, ticks := range []uint64{0, 1, 2, 3, 999, 1 << 20, 1<<20 + 1, some, some + 1, some + 2, some / 3, some / 1_000_000, some / nano, math.MaxUint64} {
			want = append(want, got{Time: c.time(ticks), Link: 1, Digits: c.digits})
		}
	}
	_, have := written(t, func(w *Writer) {
		w.AddInterface(Interface{Link: 1, Digits: 6})
		for _, p := range want {
			require.NoError(t, w.WritePacket(0, packet("", p.Time, 1, p.Digits)))
		}
		require.LessOrEqual(t, len(w.ids), 20)
	})
	require.Equal(t, want, have)
}

// The length of a packet's frame check sequence stays with it.
func TestWriterKeepsFCS(t *testing.T) {
	b, _ := written(t, func(w *Writer) {
		i := w.AddInterface(Interface{Link: 1, Digits: 6})
		for _, fcs := range []uint8{0, 4, 2} {
			p := packet("abcdefgh", 0, 1, 6)
			p.FCS = fcs
			require.NoError(t, w.WritePacket(i, p, "a comment"))
		}
	})
	require.Equal(t, []uint8{0, 4, 2}, readAll(t, bytes.NewReader(b), 256).fcs)
}

func TestWriterTimes(t *testing.T) {
	for _, test := range []struct {
		name   string
		time   flow.Time
		digits uint8
		want   flow.Time
		read   uint8
	}{
		{"before 1970", -5, 6, 0, 6},
		{"after all", math.MaxInt64, 9, MaxTime, 9},
		{"more digits than there are", 7, 200, 7, 9},
		{"finer than it claims", 1_000_000_001, 3, 1_000_000_001, 9},
		{"finer than seconds", 1_500_000_000, 0, 1_500_000_000, 9},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, have := written(t, func(w *Writer) {
				w.AddInterface(Interface{Later: true})
				require.NoError(t, w.WritePacket(0, packet("a", test.time, 1, test.digits)))
			})
			require.Equal(t, []got{{Data: "a", Time: test.want, Length: 1, Link: 1, Digits: test.read}}, have)
		})
	}
}

func TestWriterInterfaces(t *testing.T) {
	b, have := written(t, func(w *Writer) {
		require.Equal(t, 0, w.AddInterface(Interface{Name: "eth0", Description: "uplink", Filter: "tcp port 21", Link: 1, Digits: 9, SnapLen: 96}))
		require.Equal(t, 1, w.AddInterface(Interface{Name: "b.pcap", Later: true}))
		require.Equal(t, 2, w.AddInterface(Interface{Name: "c.pcap", Later: true})) // has no packets
		require.NoError(t, w.WritePacket(1, packet("one", 1_000, 113, 6)))
		require.NoError(t, w.WritePacket(0, packet("two", 2, 1, 9)))
		require.Equal(t, 3, w.AddInterface(Interface{Name: "tun0", Link: 101, Digits: 9}))
		require.NoError(t, w.WritePacket(3, packet("three", 3, 101, 9)))
		require.NoError(t, w.WritePacket(1, packet("four", 4_000, 276, 6))) // another link type in the same file
		require.NoError(t, w.WritePacket(1, packet("five", 5_000, 113, 6)))
		require.Equal(t, errNoInterface, w.WritePacket(4, packet("", 0, 1, 9)))
		require.Equal(t, errNoInterface, w.WritePacket(-1, packet("", 0, 1, 9)))
		require.Equal(t, errLinkType, w.WritePacket(1, packet("", 0, 1<<16, 9)))
		require.NoError(t, w.WriteStats(0, 6, 100, 7))
		require.NoError(t, w.WriteStats(1, 6, 50, 0))
		require.NoError(t, w.WriteStats(2, 6, 50, 0), "not in the file")
		require.Equal(t, errNoInterface, w.WriteStats(4, 0, 0, 0))
	})
	require.Equal(t, []got{
		{"one", 1_000, 3, 113, 6, 0}, {"two", 2, 3, 1, 9, 0}, {"three", 3, 5, 101, 9, 0}, {"four", 4_000, 4, 276, 6, 0}, {"five", 5_000, 4, 113, 6, 0},
	}, have)

	r, err := pcapgo.NewNgReader(bytes.NewReader(b), pcapgo.NgReaderOptions{WantMixedLinkType: true})
	require.NoError(t, err)
	for err == nil {
		_, _, err = r.ReadPacketData()
	}
	require.Equal(t, io.EOF, err)
	var names []string
	for i := range r.NInterfaces() {
		f, err := r.Interface(i)
		require.NoError(t, err)
		names = append(names, f.Name)
	}
	require.Equal(t, []string{"eth0", "b.pcap", "tun0", "b.pcap"}, names)
	eth0, err := r.Interface(0)
	require.NoError(t, err)
	require.Equal(t, []any{"uplink", "tcp port 21", uint32(96), uint64(100), uint64(7)},
		[]any{eth0.Description, eth0.Filter, eth0.SnapLength, eth0.Statistics.PacketsReceived, eth0.Statistics.PacketsDropped})
	require.EqualValues(t, 6, eth0.Statistics.LastUpdate.UnixNano())
}

func TestWriterTexts(t *testing.T) {
	long := strings.Repeat("x", maxOption-1) + "é" // one byte too long, in the middle of a character
	var file bytes.Buffer
	w := NewWriter(&file, SectionInfo{Hardware: "amd64", OS: "Linux", Application: "a program", Comment: "why\xff"})
	w.AddInterface(Interface{Name: long, Link: 1, Filter: long})
	p := packet("abc", 5, 1, 9)
	require.NoError(t, w.WritePacket(0, p, "session 3", "", "naïve \xc3", long))
	require.NoError(t, w.WritePacket(0, p, slicesOf(long, 100)...))
	require.NoError(t, w.WritePacket(0, p, ""))
	require.NoError(t, w.Flush())
	packets, problems := readBytes(t, file.Bytes())
	require.Empty(t, problems)
	require.Len(t, packets, 3)
	require.True(t, bytes.Contains(file.Bytes(), []byte("\x01\x00\x06\x00why\ufffd\x00\x00\x02\x00\x05\x00amd64\x00\x00\x00\x03\x00\x05\x00Linux")))
	require.True(t, bytes.Contains(file.Bytes(), []byte("abc\x00\x01\x00\x09\x00session 3\x00\x00\x00\x01\x00\x0a\x00naïve \ufffd\x00\x00\x01\x00\xfe\xffxxx")))
	require.Less(t, file.Len(), 2*maxComments)

	r, err := pcapgo.NewNgReader(bytes.NewReader(file.Bytes()), pcapgo.DefaultNgReaderOptions)
	require.NoError(t, err)
	require.Equal(t, pcapgo.NgSectionInfo{Hardware: "amd64", OS: "Linux", Application: "a program", Comment: "why\ufffd"}, r.SectionInfo())
	require.Equal(t, layers.LinkTypeEthernet, r.LinkType())
}

func slicesOf(s string, n int) (list []string) {
	for range n {
		list = append(list, s)
	}
	return list
}

func TestWriterSizes(t *testing.T) {
	large := strings.Repeat("y", MaxPacket+1)
	_, have := written(t, func(w *Writer) {
		w.AddInterface(Interface{Link: 1})
		require.NoError(t, w.WritePacket(0, packet(large, 0, 1, 6)))
		require.NoError(t, w.WritePacket(0, packet(large[:MaxPacket], 0, 1, 6)))
		require.NoError(t, w.WritePacket(0, &Packet{Data: []byte("ab"), Length: 1, Link: 1}))
	})
	require.Equal(t, []got{
		{large[:MaxPacket], 0, MaxPacket + 1, 1, 6, 0}, {large[:MaxPacket], 0, MaxPacket, 1, 6, 0}, {"ab", 0, 2, 1, 0, 0},
	}, have)
}

// blockWriter takes whole blocks only, and no more than room bytes.
type blockWriter struct {
	t      *testing.T
	room   int
	writes int
	short  bool
}

var errFull = errors.New("no space left on device")

func (b *blockWriter) Write(p []byte) (int, error) {
	b.writes++
	for rest := p; len(rest) > 0; {
		size := load32(rest[4:], false)
		require.LessOrEqual(b.t, int(size), len(rest), "a block in two writes")
		rest = rest[size:]
	}
	if b.room -= len(p); b.room >= 0 {
		return len(p), nil
	}
	if b.short {
		return len(p) - 1, nil
	}
	return 0, errFull
}

func TestWriterErrorsStay(t *testing.T) {
	for _, short := range []bool{false, true} {
		out := &blockWriter{t: t, room: 1 << 20, short: short}
		w := NewWriter(out, SectionInfo{})
		w.AddInterface(Interface{Link: 1})
		p := packet(strings.Repeat("z", 1000), 0, 1, 6)
		var err error
		n := 0
		for ; err == nil; n++ {
			require.Less(t, n, 2000)
			err = w.WritePacket(0, p)
		}
		want := errFull
		if short {
			want = io.ErrShortWrite
		}
		require.Equal(t, want, err)
		require.Equal(t, 4, out.writes, "large chunks")
		require.Equal(t, want, w.WritePacket(0, p))
		require.Equal(t, want, w.WriteStats(0, 0, 0, 0))
		require.Equal(t, want, w.Flush())
		require.Equal(t, 4, out.writes, "and no more")
	}
}

func TestWriterInterfaceLimit(t *testing.T) {
	w := NewWriter(io.Discard, SectionInfo{})
	for range maxInterfaces {
		w.AddInterface(Interface{Link: 1, Digits: 6})
	}
	require.NoError(t, w.WritePacket(maxInterfaces-1, packet("", 0, 1, 6)))
	require.Equal(t, errTooManyInterfaces, w.WritePacket(0, packet("", 1, 1, 9)))
	require.Equal(t, errTooManyInterfaces, w.WritePacket(w.AddInterface(Interface{Link: 1}), packet("", 0, 1, 0)))
	require.NoError(t, w.WritePacket(0, packet("", 0, 1, 6)), "the error is the packet's only")
}

func TestWriterAllocatesNothing(t *testing.T) {
	w := NewWriter(io.Discard, SectionInfo{})
	w.AddInterface(Interface{Link: 1})
	p := packet(strings.Repeat("z", 1400), 5, 1, 6)
	p.Time = 5 * flow.Microsecond
	require.Zero(t, testing.AllocsPerRun(2000, func() { require.NoError(t, w.WritePacket(0, p)) }))
}

func BenchmarkWriter(b *testing.B) {
	w := NewWriter(io.Discard, SectionInfo{})
	w.AddInterface(Interface{Link: 1, Digits: 9})
	p := packet(strings.Repeat("z", 560), 5, 1, 9)
	b.SetBytes(int64(len(p.Data)))
	b.ReportAllocs()
	for b.Loop() {
		_ = w.WritePacket(0, p)
	}
}

// What is read of any capture is read again of what is written of it.
func FuzzWriter(f *testing.F) {
	f.Add(rawfile.Many("pcap", 3))
	f.Add(rawfile.Many("pcapng", 3))
	w := rawfile.Big()
	w.Section().Iface(1, 4, w.Option(optTsResol, 0x8a), w.Option(optTsOffset, w.U64(1000)...)).Iface(113, 0, w.Option(optTsResol, 12))
	w.Enhanced(1, 1<<40, []byte("abcde"), 9).Simple([]byte("abcd"), 9).Obsolete(0, 77, []byte("x"), 1).Enhanced(0, 1, nil, 0xffffffff)
	f.Add(w.Bytes)
	f.Fuzz(func(t *testing.T, b []byte) {
		want, _ := readBytes(t, b)
		_, have := written(t, func(w *Writer) {
			w.AddInterface(Interface{Later: true, Name: string(b[:min(len(b), 20)])})
			for _, p := range want {
				out := &Packet{Data: []byte(p.Data), Length: p.Length, Link: p.Link, Digits: p.Digits, Mark: flow.Mark{Time: p.Time}}
				err := w.WritePacket(0, out, p.Data)
				if p.Link > 0xffff {
					require.Equal(t, errLinkType, err)
					t.Skip()
				}
				require.NoError(t, err)
			}
		})
		require.Len(t, have, len(want))
		for i := range want {
			want[i].Pos = 0
			if have[i].Digits == 9 && want[i].Time%flow.Time(power10(9-want[i].Digits)) != 0 {
				want[i].Digits = 9 // a simple packet block has the time of another clock
			}
		}
		require.Equal(t, want, have)
	})
}
