package live

import (
	"encoding/binary"
	"fmt"
	"io/fs"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"ftpscope/capture"
	"ftpscope/capture/flow"
)

func TestPackets(t *testing.T) {
	veths(t, 1)
	before := clock()
	c := open(t, Options{Interfaces: []string{"b0"}})
	w := plug(t, "a0")
	frames := [][]byte{tcp4(1, 1000, 0), tcp4(2, 1000, 10), tcp4(3, 1000, 1460)}
	w.send(frames[0], udp4(), frames[1], frames[2])
	got := take(t, c, 3)
	require.Equal(t, frames, datas(got))
	last := before
	for i, p := range got {
		require.GreaterOrEqual(t, p.Time, last)
		last = p.Time
		require.Equal(t, capture.Packet{
			Data: frames[i], Length: uint32(len(frames[i])), Link: 1, Digits: 9,
			Mark: flow.Mark{Time: p.Time, Ord: uint64(i + 1), Pos: flow.OnLink(0, uint64(i+1))},
		}, p)
	}
	require.LessOrEqual(t, last, clock())
	require.Equal(t, []string{"b0"}, c.Files())
	require.Equal(t, capture.Stats{Files: 1, Packets: 3}, c.Stats())
	require.Empty(t, rest(t, c))
}

// What came before Open is not part of the capture.
func TestNothingFromBefore(t *testing.T) {
	veths(t, 1)
	w := plug(t, "a0")
	stop, stopped := make(chan bool), make(chan uint32)
	go func() {
		for n := uint32(1); ; n++ {
			select {
			case <-stop:
				stopped <- n
				return
			default:
				w.send(tcp4(n, 1000, 0))
			}
		}
	}()
	for range 10 {
		before := clock()
		c := open(t, Options{Interfaces: []string{"b0"}, RingSize: 1 << 20})
		require.Greater(t, take(t, c, 1)[0].Time, before)
		c.Close()
	}
	close(stop)
	require.NotZero(t, <-stopped)
}

// taggeds are frames with VLAN tags. The kernel takes a tag off what comes in, not off
// what goes out.
func taggeds() map[string][]byte {
	tagged := func(tags ...uint32) []byte {
		f := tcp4(7, 1000, 100)
		out := append([]byte(nil), f[:12]...)
		for _, tag := range tags {
			out = binary.BigEndian.AppendUint32(out, tag)
		}
		return append(out, f[12:]...)
	}
	return map[string][]byte{
		"802.1Q":          tagged(0x8100_0064),
		"priority":        tagged(0x8100_e000),
		"802.1ad":         tagged(0x88a8_00c8),
		"802.1ad, 802.1Q": tagged(0x88a8_00c8, 0x8100_0064),
		"two of 802.1Q":   tagged(0x8100_00c8, 0x8100_0064),
	}
}

func TestVLAN(t *testing.T) {
	for name, frame := range taggeds() {
		t.Run(name, func(t *testing.T) {
			veths(t, 1)
			c := open(t, Options{Interfaces: []string{"a0", "b0"}})
			plug(t, "a0").send(frame)
			got := take(t, c, 2)
			require.Equal(t, [][]byte{frame, frame}, datas(got))
			require.Equal(t, len(frame), int(got[1].Length))
		})
	}
}

// The kernel runs the filter as the tests of the program do.
func TestKernelFilterInKernel(t *testing.T) {
	veths(t, 1)
	c := open(t, Options{Interfaces: []string{"b0"}})
	w := plug(t, "a0")
	var want [][]byte
	for _, test := range filtered {
		b := unhex(t, test.hex)
		frame := append([]byte("\x02\x00\x00\x00\x00\x01\x02\x00\x00\x00\x00\x02"), append(b, make([]byte, 64)...)...)
		w.send(frame)
		if test.pass {
			want = append(want, frame)
		}
	}
	last := tcp4(1, 1000, 0) // what should not have passed came before it
	w.send(last)
	want = append(want, last)
	require.Equal(t, want, datas(all(t, c, len(want))))
}

func TestLoopback(t *testing.T) {
	namespace(t)
	c := open(t, Options{Interfaces: []string{"lo"}})
	all := open(t, Options{Interfaces: []string{Any}})
	_, err := net.Dial("tcp", "127.0.0.1:9")
	require.Error(t, err)
	for _, packets := range [][]capture.Packet{rest(t, c), rest(t, all)} {
		require.Len(t, packets, 2, "SYN and RST, each once")
	}
}

// Segmentation offload hands over packets that are larger than the interface's MTU.
func TestLargeFrames(t *testing.T) {
	veths(t, 1)
	ip(t, "addr add 10.9.0.1/24 dev a0")
	listener, err := net.Listen("tcp", "10.9.0.1:0")
	require.NoError(t, err)
	defer listener.Close()

	const size = 8 << 20
	c := open(t, Options{Interfaces: []string{"a0"}})
	ready, done := make(chan int), make(chan error)
	goOn, end := make(chan bool), make(chan bool)
	defer close(end)
	go func() { // the other end, in a namespace of its own
		namespace(t)
		ready <- unix.Gettid()
		<-goOn
		ip(t, "link set b0 up")
		ip(t, "addr add 10.9.0.2/24 dev b0")
		conn, err := net.Dial("tcp", listener.Addr().String())
		if err == nil {
			_, err = conn.Write(make([]byte, size))
			conn.Close()
		}
		done <- err
		<-end // both interfaces go with the namespace
	}()
	ip(t, fmt.Sprint("link set b0 netns ", <-ready))
	close(goOn)
	conn, err := listener.Accept()
	require.NoError(t, err)
	buf := make([]byte, 1<<20)
	for n := 0; n < size; {
		k, err := conn.Read(buf)
		require.NoError(t, err)
		n += k
	}
	conn.Close()
	require.NoError(t, <-done)

	bytes, largest := 0, 0
	for _, p := range rest(t, c) {
		require.Equal(t, len(p.Data), int(p.Length))
		h := p.Data[14:]
		if h[9] == 6 && string(h[12:16]) == "\x0a\x09\x00\x02" {
			bytes += int(binary.BigEndian.Uint16(h[2:])) - 20 - int(h[32]>>4)*4
			largest = max(largest, len(p.Data))
		}
	}
	require.GreaterOrEqual(t, bytes, size)
	require.Greater(t, largest, 15000, "no packet larger than the MTU was seen")
	require.Zero(t, c.Stats().Dropped)
}

func TestManyPackets(t *testing.T) {
	veths(t, 1)
	const n = 200_000
	c := open(t, Options{Interfaces: []string{"a0"}})
	w := plug(t, "a0")
	go func() {
		for i := range uint32(n) {
			w.send(tcp4(i, uint16(i), int(i%1400)))
		}
	}()
	next, last := uint32(0), flow.Time(0)
	for end := time.Now().Add(patient); next < n; {
		require.True(t, time.Now().Before(end), "%d packets came", next)
		now := c.Now()
		batch, err := c.Next()
		require.NoError(t, err)
		for _, p := range batch {
			if number(p) != next || int(p.Length) != 54+int(next%1400) || p.Ord != uint64(next)+1 || p.Time < last || p.Time < now {
				require.Failf(t, "wrong packet", "%d: %+v", next, p)
			}
			next, last = next+1, p.Time
		}
	}
	require.Empty(t, rest(t, c))
	require.Equal(t, capture.Stats{Files: 1, Packets: n}, c.Stats())
}

func TestErrors(t *testing.T) {
	veths(t, 1)
	ip(t, "link set b0 down")
	for _, test := range []struct {
		name  string
		names []string
		is    error
		text  string
	}{
		{"none named", nil, ErrNoInterfaces, "no interface named"},
		{"not there", []string{"a0", "eth9"}, ErrNotFound, "eth9: no such interface"},
		{"impossible name", []string{"a0", strings.Repeat("x", 40)}, ErrNotFound, strings.Repeat("x", 40) + ": no such interface"},
		{"down", []string{"b0"}, ErrDown, "b0: the interface is down"},
		{"any and others", []string{"a0", "any"}, ErrAnyAlone, "any: stands for every interface: name no others beside it"},
	} {
		_, err := Open(Options{Interfaces: test.names})
		require.ErrorIs(t, err, test.is, test.name)
		require.EqualError(t, err, test.text, test.name)
	}
	open(t, Options{Interfaces: []string{"a0", "a0"}})
}

func TestPermission(t *testing.T) {
	veths(t, 1)
	c := open(t, Options{Interfaces: []string{"b0"}})
	dropCapabilities(t)
	_, err := Open(Options{Interfaces: []string{"b0"}})
	require.ErrorIs(t, err, fs.ErrPermission)
	require.ErrorContains(t, err, "b0: no right to sniff")
	// What is open needs no right.
	require.Equal(t, capture.Stats{Files: 1}, c.Stats())
	require.Empty(t, rest(t, c))
}

// dropCapabilities takes all rights from the calling thread.
func dropCapabilities(t *testing.T) {
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	none := [2]unix.CapUserData{}
	require.NoError(t, unix.Capset(&header, &none[0]))
}

func TestInterfaces(t *testing.T) {
	veths(t, 1)
	ip(t, "addr add 10.9.0.1/24 dev a0")
	ip(t, "link set b0 down")
	list, err := Interfaces()
	require.NoError(t, err)
	got := map[string]Interface{}
	for _, i := range list {
		got[i.Name] = i
	}
	require.True(t, got["lo"].Up && got["lo"].Loopback && !got["a0"].Loopback && !got["b0"].Up)
	require.Equal(t, "10.9.0.1/24", got["a0"].Addrs[0].String())
}
