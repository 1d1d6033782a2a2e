//go:build !libpcap

package live

import (
	"net"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"ftpscope/capture/flow"
)

func TestAny(t *testing.T) {
	veths(t, 2)
	index := func(name string) int {
		i, err := net.InterfaceByName(name)
		require.NoError(t, err)
		return i.Index
	}
	c := open(t, Options{Interfaces: []string{Any}})
	frame := tcp4(5, 1000, 100)
	plug(t, "a1").send(frame)
	got := take(t, c, 2)
	plug(t, "b0").send(frame)
	cooked := func(name string, kind byte) []byte {
		h := []byte{8, 0, 0, 0, 0, 0, 0, byte(index(name)), 0, 1, kind, 6, 2, 0, 0, 0, 0, 2, 0, 0}
		return append(h, frame[14:]...)
	}
	got = append(got, all(t, c, 2)...)
	const otherHost = 3
	require.Equal(t, [][]byte{cooked("a1", outgoing), cooked("b1", otherHost), cooked("b0", outgoing), cooked("a0", otherHost)}, datas(got))
	for i, p := range got {
		require.Equal(t, uint32(276), p.Link)
		require.Equal(t, len(p.Data), int(p.Length))
		require.Equal(t, flow.OnLink(0, uint64(i+1)), p.Pos)
	}
	require.Equal(t, []string{"any"}, c.Files())
}

// An interface without a link layer is read cooked.
func TestTunnel(t *testing.T) {
	namespace(t)
	fd, err := unix.Open("/dev/net/tun", unix.O_RDWR|unix.O_CLOEXEC, 0)
	require.NoError(t, err)
	defer unix.Close(fd)
	req, err := unix.NewIfreq("t0")
	require.NoError(t, err)
	req.SetUint16(unix.IFF_TUN | unix.IFF_NO_PI)
	require.NoError(t, unix.IoctlIfreq(fd, unix.TUNSETIFF, req))
	ip(t, "link set t0 up")
	c := open(t, Options{Interfaces: []string{"t0"}})
	packet := tcp4(5, 1000, 100)[14:]
	_, err = unix.Write(fd, packet)
	require.NoError(t, err)
	got := all(t, c, 1)
	require.Len(t, got, 1)
	require.Equal(t, uint32(276), got[0].Link)
	i, err := net.InterfaceByName("t0")
	require.NoError(t, err)
	head := []byte{8, 0, 0, 0, 0, 0, 0, byte(i.Index), 0xff, 0xfe, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}
	require.Equal(t, append(head, packet...), got[0].Data)
}

func TestCookedVLAN(t *testing.T) {
	for name, frame := range taggeds() {
		t.Run(name, func(t *testing.T) {
			veths(t, 1)
			c := open(t, Options{Interfaces: []string{Any}})
			plug(t, "a0").send(frame)
			got := take(t, c, 2)[1] // the one that came in
			require.Equal(t, string(frame[12:14]), string(got.Data[:2]))
			require.Equal(t, string(frame[14:]), string(got.Data[20:]))
			require.Equal(t, len(got.Data), int(got.Length))
		})
	}
}

func TestCookedFilter(t *testing.T) {
	veths(t, 1)
	c := open(t, Options{Interfaces: []string{Any}})
	w := plug(t, "a0")
	want := 0
	for _, test := range filtered {
		w.send(append(make([]byte, 12), append(unhex(t, test.hex), make([]byte, 64)...)...))
		if test.pass {
			want += 2 // going out, coming in
		}
	}
	w.send(tcp4(1, 1000, 0)) // what should not have passed came before it
	want += 2
	require.Len(t, all(t, c, want), want)
}
