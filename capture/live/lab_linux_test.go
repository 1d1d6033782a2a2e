package live

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"ftpscope/capture"
)

// patient is how long tests wait for what should come at once: a guard against hanging. None of them measures time.
const patient = 10 * time.Minute

// needRoot skips a test that cannot run here; in CI it must run.
func needRoot(t *testing.T) {
	t.Helper()
	if os.Getuid() != 0 && os.Getenv("CI") != "true" {
		t.Skip("needs root, for a network namespace of its own")
	}
}

// namespace gives the calling goroutine a network namespace of its own, with the loopback
// interface up. The namespace ends with the goroutine, its thread and its sockets.
func namespace(t *testing.T) {
	t.Helper()
	needRoot(t)
	runtime.LockOSThread() // and never unlocked: the thread ends with the goroutine
	require.NoError(t, unix.Unshare(unix.CLONE_NEWNET))
	for _, which := range []string{"default", "all"} { // no chatter
		require.NoError(t, os.WriteFile("/proc/sys/net/ipv6/conf/"+which+"/disable_ipv6", []byte("1"), 0))
	}
	ip(t, "link set lo up")
}

// ip runs ip(8) in the goroutine's namespace.
func ip(t *testing.T, args string) {
	t.Helper()
	out, err := exec.Command("ip", strings.Fields(args)...).CombinedOutput()
	require.NoError(t, err, "ip %s: %s", args, out)
}

// veths makes pairs of interfaces, a0 and b0, a1 and b1, …: what one sends the other receives, in the kernel's own time, unless
// it has too much to do and drops it. So tests with many packets, and those that stop before they read, look at the side that
// sends.
func veths(t *testing.T, n int) {
	t.Helper()
	namespace(t)
	for i := range n {
		ip(t, fmt.Sprintf("link add a%d type veth peer name b%d", i, i))
		ip(t, fmt.Sprintf("link set a%d up", i))
		ip(t, fmt.Sprintf("link set b%d up", i))
	}
}

// wire sends frames as they are out of an interface.
type wire struct {
	t  *testing.T
	fd int
}

// plug waits until the interface takes packets: that its other end is up, the kernel
// tells it in its own time, and until then what is sent is lost without an error.
func plug(t *testing.T, name string) *wire {
	t.Helper()
	i, err := net.InterfaceByName(name)
	for end := time.Now().Add(patient); err == nil && i.Flags&net.FlagRunning == 0; i, err = net.InterfaceByName(name) {
		require.True(t, time.Now().Before(end), "%s does not run", name)
		time.Sleep(time.Millisecond)
	}
	require.NoError(t, err)
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, 0)
	require.NoError(t, err)
	t.Cleanup(func() { unix.Close(fd) })
	require.NoError(t, unix.Bind(fd, &unix.SockaddrLinklayer{Ifindex: i.Index}))
	return &wire{t, fd}
}

// send waits where the interface's queue is full.
func (w *wire) send(frames ...[]byte) {
	for _, f := range frames {
		for {
			_, err := unix.Write(w.fd, f)
			if errors.Is(err, unix.ENOBUFS) || errors.Is(err, unix.EINTR) {
				continue
			}
			require.NoError(w.t, err)
			break
		}
	}
}

// tcp4 is a frame with a TCP segment; seq tells it from others, port the connection.
func tcp4(seq uint32, port uint16, payload int) []byte {
	b := make([]byte, 14+20+20+payload)
	copy(b, "\x02\x00\x00\x00\x00\x01\x02\x00\x00\x00\x00\x02\x08\x00")
	h := b[14:]
	h[0], h[8], h[9] = 0x45, 64, 6
	binary.BigEndian.PutUint16(h[2:], uint16(40+payload))
	copy(h[12:], "\x0a\x09\x00\x01\x0a\x09\x00\x02")
	binary.BigEndian.PutUint16(h[20:], port)
	binary.BigEndian.PutUint16(h[22:], 21)
	binary.BigEndian.PutUint32(h[24:], seq)
	h[32], h[33] = 0x50, 0x10
	return b
}

// number is the sequence number of tcp4's segment.
func number(p capture.Packet) uint32 { return binary.BigEndian.Uint32(p.Data[14+24:]) }

// udp4 is a frame that the kernel's filter keeps out.
func udp4() []byte {
	b := tcp4(0, 5353, 0)
	b[14+9] = 17
	return b
}

func open(t *testing.T, opt Options) *Capture {
	t.Helper()
	c, err := Open(opt)
	require.NoError(t, err)
	t.Cleanup(func() { c.Close() })
	return c
}

// take reads n packets, or to the end if there are fewer; their data are copies.
func take(t *testing.T, c *Capture, n int) []capture.Packet {
	t.Helper()
	var out []capture.Packet
	for end := time.Now().Add(patient); len(out) < n; {
		require.True(t, time.Now().Before(end), "%d packets of %d came", len(out), n)
		batch, err := c.Next()
		if err == io.EOF {
			break
		}
		require.NoError(t, err)
		require.LessOrEqual(t, len(batch), 256)
		for _, p := range batch {
			p.Data = append([]byte(nil), p.Data...)
			out = append(out, p)
		}
	}
	return out
}

// all waits for n packets, then stops the capture and reads what came besides.
func all(t *testing.T, c *Capture, n int) []capture.Packet {
	t.Helper()
	return append(take(t, c, n), rest(t, c)...)
}

// rest stops the capture and reads what is left.
func rest(t *testing.T, c *Capture) []capture.Packet {
	t.Helper()
	c.Stop()
	before := c.Stats().Packets
	var out []capture.Packet
	for end := time.Now().Add(patient); ; {
		require.True(t, time.Now().Before(end), "no end after Stop")
		batch, err := c.Next()
		if err == io.EOF {
			require.Equal(t, before+uint64(len(out)), c.Stats().Packets)
			return out
		}
		require.NoError(t, err)
		for _, p := range batch {
			p.Data = append([]byte(nil), p.Data...)
			out = append(out, p)
		}
	}
}

func datas(packets []capture.Packet) [][]byte {
	out := make([][]byte, len(packets))
	for i, p := range packets {
		out[i] = p.Data
	}
	return out
}
