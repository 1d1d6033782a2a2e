package capture

import (
	"bytes"
	"errors"
	"io"
	"math"
	"os"
	"testing"
	"time"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
	"github.com/google/gopacket/pcapgo"
	"github.com/stretchr/testify/require"

	"ftpscope/capture/capturetest/rawfile"
	"ftpscope/capture/flow"
	"ftpscope/capture/pcapfile"
)

var (
	_ gopacket.PacketDataSource         = (*Capture)(nil)
	_ gopacket.ZeroCopyPacketDataSource = (*Following)(nil)
	_ gopacket.Decoder                  = (*Capture)(nil)
)

func opened(t testing.TB, b ...byte) *Capture {
	t.Helper()
	c, err := Open([]string{"-"}, Options{Stdin: bytes.NewReader(b)})
	require.NoError(t, err)
	return c
}

// oneByOne reads a source to its end.
func oneByOne(t testing.TB, read func() ([]byte, gopacket.CaptureInfo, error)) (packets []got) {
	t.Helper()
	for {
		data, ci, err := read()
		if err != nil {
			require.Equal(t, io.EOF, err)
			_, _, err = read()
			require.Equal(t, io.EOF, err, "again")
			return packets
		}
		p := ci.AncillaryData[0].(*Packet)
		require.Equal(t, p.Data, data)
		require.Equal(t, len(data), ci.CaptureLength)
		packets = append(packets, got{string(data), flow.Time(ci.Timestamp.UnixNano()), uint32(ci.Length), p.Link, p.Digits, p.Pos})
	}
}

// One by one come the packets that Next gives in batches.
func TestPacketsAreThoseOfNext(t *testing.T) {
	for _, format := range []string{"pcap", "pcapng"} {
		b := rawfile.Many(format, 1000)
		want, _ := readBytes(t, b)
		require.Equal(t, want, oneByOne(t, opened(t, b...).ZeroCopyReadPacketData))
		require.Equal(t, want, oneByOne(t, opened(t, b...).ReadPacketData))
	}
}

// What ReadPacketData gave stays as it was.
func TestReadPacketDataCopies(t *testing.T) {
	c := opened(t, rawfile.Little().Pcap(rawfile.Micro, 1).Record(1, 0, []byte("first"), 5).Record(2, 0, []byte("other"), 5).Bytes...)
	first, ci, err := c.ReadPacketData()
	require.NoError(t, err)
	_, _, err = c.ReadPacketData()
	require.NoError(t, err)
	require.Equal(t, "first", string(first))
	require.Equal(t, uint64(1), ci.AncillaryData[0].(*Packet).Pos.Packet())
}

func TestLinkType(t *testing.T) {
	mixed := rawfile.Little().Section().Iface(1, 0).Iface(276, 0).Iface(101, 0).
		Enhanced(0, 1, []byte("a"), 1).Enhanced(1, 2, []byte("b"), 1).Enhanced(2, 3, []byte("c"), 1)
	c := opened(t, mixed.Bytes...)
	require.Equal(t, layers.LinkTypeEthernet, c.LinkType(), "before the first packet, its own")
	for _, want := range []layers.LinkType{layers.LinkTypeEthernet, LinkTypeBeyond, layers.LinkTypeRaw} {
		_, _, err := c.ZeroCopyReadPacketData()
		require.NoError(t, err)
		require.Equal(t, want, c.LinkType())
	}
	_, _, err := c.ZeroCopyReadPacketData()
	require.Equal(t, io.EOF, err)
	require.Equal(t, layers.LinkTypeRaw, c.LinkType())

	packet := gopacket.NewPacket([]byte{0}, LinkTypeBeyond, gopacket.Default)
	require.NotNil(t, packet.ErrorLayer(), "gopacket decodes nothing by it")
	require.Equal(t, LinkTypeBeyond, opened(t, rawfile.Little().Pcap(rawfile.Micro, 1).Bytes...).LinkType(), "no packet")
}

func TestPacketsOfAFollowedCapture(t *testing.T) {
	path := write(t, t.TempDir(), "a", one(1, "a"))
	f := follow(t, nil, path)
	data, _, err := f.ReadPacketData()
	require.NoError(t, err)
	require.Equal(t, "a", string(data))
	grow(t, path, one(2, "b")[24:])
	f.Stop()
	require.Len(t, oneByOne(t, f.ZeroCopyReadPacketData), 1)
}

func TestNoAllocationOneByOne(t *testing.T) {
	c := opened(t, rawfile.Many("pcap", 3000)...)
	require.Zero(t, testing.AllocsPerRun(2000, func() {
		_, _, err := c.ZeroCopyReadPacketData()
		require.NoError(t, err)
	}))
}

// read takes all batches of a stream.
func (s *Stream) all(t testing.TB) (packets []got) {
	t.Helper()
	for ord := uint64(0); ; {
		batch, err := s.Next()
		if err != nil {
			require.Equal(t, io.EOF, err)
			return packets
		}
		require.NotEmpty(t, batch)
		for _, p := range batch {
			ord++
			require.Equal(t, ord, p.Ord)
			packets = append(packets, got{string(p.Data), p.Time, p.Length, p.Link, p.Digits, p.Pos})
		}
	}
}

// A capture that goes through gopacket's interfaces, in either way, is the same capture.
func TestThereAndBack(t *testing.T) {
	b := rawfile.Many("pcapng", 1000)
	want, _ := readBytes(t, b)
	require.Equal(t, want, From(opened(t, b...), 0).all(t))
	s := FromZeroCopy(opened(t, b...), 0)
	require.Equal(t, want, s.all(t))
	require.Equal(t, Stats{Files: 1, Packets: 1000}, s.Stats())
	require.Equal(t, []string{"packets"}, s.Files())
}

// What pcapgo reads is what we read.
func TestFromPcapgo(t *testing.T) {
	sample, err := os.ReadFile("../pcaps/active-port.pcap")
	require.NoError(t, err)
	want, _ := readBytes(t, sample)
	r, err := pcapgo.NewReader(bytes.NewReader(sample))
	require.NoError(t, err)
	s := From(r, uint32(r.LinkType()))
	s.Digits = 6
	require.Equal(t, want, s.all(t))
}

// scripted is a source that gives packets and errors as they are listed, all packets in
// the same memory.
type scripted struct {
	steps []any // string, time.Time or error
	mem   [16]byte
}

var errQuiet = errors.New("nothing came")

func (s *scripted) ZeroCopyReadPacketData() ([]byte, gopacket.CaptureInfo, error) {
	ci := gopacket.CaptureInfo{Timestamp: time.Unix(1, 0)}
	if len(s.steps) == 0 {
		return nil, ci, io.EOF
	}
	step := s.steps[0]
	s.steps = s.steps[1:]
	switch step := step.(type) {
	case error:
		return nil, ci, step
	case time.Time:
		ci.Timestamp = step
		return s.mem[:1], ci, nil
	}
	return s.mem[:copy(s.mem[:], step.(string))], ci, nil
}

func TestStreamOfASourceThatReusesItsMemory(t *testing.T) {
	s := FromZeroCopy(&scripted{steps: []any{"one", "two", errQuiet, errQuiet, "three", io.EOF, "never"}}, 101)
	s.Wait = func(err error) bool { return err == errQuiet }
	for _, want := range [][]string{{"one", "two"}, {}, {"three"}} {
		batch, err := s.Next()
		require.NoError(t, err)
		have := []string{}
		for _, p := range batch {
			require.EqualValues(t, 101, p.Link)
			require.EqualValues(t, len(p.Data), p.Length)
			have = append(have, string(p.Data))
		}
		require.Equal(t, want, have)
	}
	for range 2 {
		_, err := s.Next()
		require.Equal(t, io.EOF, err)
	}
	require.Equal(t, Stats{Files: 1, Packets: 3}, s.Stats())
}

func TestStreamThatFails(t *testing.T) {
	var told []string
	s := FromZeroCopy(&scripted{steps: []any{"one", errors.New("input/output error")}}, 1)
	s.Name, s.Problem = "eth9", func(e *FileError) { told = append(told, e.Error()) }
	require.Len(t, s.all(t), 1)
	require.Equal(t, []string{"eth9: input/output error; the one packet before it was analyzed"}, told)
	require.Equal(t, Stats{Files: 1, Packets: 1, Errors: 1, Truncated: []string{"eth9"}}, s.Stats())
}

func TestStreamTimes(t *testing.T) {
	far := time.Unix(math.MaxInt64/2, 0)
	s := FromZeroCopy(&scripted{steps: []any{time.Time{}, time.Unix(-1, 0), time.Unix(5, 7), far}}, 1)
	batch, err := s.Next()
	require.NoError(t, err)
	var times []flow.Time
	for _, p := range batch {
		times = append(times, p.Time)
	}
	require.Equal(t, []flow.Time{pcapfile.MinTime, pcapfile.MinTime, 5*flow.Second + 7, pcapfile.MaxTime}, times)
}

func TestStreamAllocatesNothing(t *testing.T) {
	s := FromZeroCopy(opened(t, rawfile.Many("pcap", 20_000)...), 1)
	s.Next()
	require.Less(t, testing.AllocsPerRun(60, func() { s.Next() }), 1.0)
}
