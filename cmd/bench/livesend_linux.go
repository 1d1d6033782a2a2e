package main

import (
	"context"
	"errors"
	"io/fs"
	"net"
	"net/http"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// plugged is a packet socket to send with.
type plugged struct {
	fd      int
	vectors [burst]unix.Iovec
	heads   [burst]manyHead
}

// manyHead is the kernel's struct mmsghdr.
type manyHead struct {
	unix.Msghdr
	sent uint32
	_    [unsafe.Sizeof(uintptr(0)) - 4]byte
}

// plug opens a socket that hands frames to the interface's driver, past its queue:
// nothing waits, and nothing is lost.
func plug(name string) (*plugged, error) {
	i, err := net.InterfaceByName(name)
	if err != nil {
		return nil, err
	}
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, os.NewSyscallError("socket", err)
	}
	p := &plugged{fd: fd}
	if err := unix.SetsockoptInt(fd, unix.SOL_PACKET, unix.PACKET_QDISC_BYPASS, 1); err != nil {
		p.close()
		return nil, os.NewSyscallError("PACKET_QDISC_BYPASS", err)
	}
	if err := unix.Bind(fd, &unix.SockaddrLinklayer{Ifindex: i.Index}); err != nil {
		p.close()
		return nil, os.NewSyscallError("bind", err)
	}
	for i := range p.heads {
		p.heads[i].Iov = &p.vectors[i]
		p.heads[i].SetIovlen(1)
	}
	return p, nil
}

func (p *plugged) close() { unix.Close(p.fd) }

// send sends all frames, burst at most. What the driver has no room for now it offers
// again.
func (p *plugged) send(frames [][]byte) error {
	for i, f := range frames {
		p.vectors[i].Base = &f[0]
		p.vectors[i].SetLen(len(f))
	}
	for done := 0; done < len(frames); {
		n, _, e := unix.Syscall6(unix.SYS_SENDMMSG, uintptr(p.fd), uintptr(unsafe.Pointer(&p.heads[done])), uintptr(len(frames)-done), 0, 0, 0)
		switch e {
		case 0:
			done += int(n)
		case unix.ENOBUFS, unix.EAGAIN, unix.EINTR:
		default:
			return os.NewSyscallError("sendmmsg", e)
		}
	}
	return nil
}

// startFirst starts a process that goes before whatever else the machine has to do: how
// they share a processor is not what is measured. Its session is one of its own, since
// the kernel may share by sessions first (sched(7), autogroup).
func startFirst(c *exec.Cmd) error {
	const first = -20 // nice
	c.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := c.Start(); err != nil {
		return err
	}
	if err := os.WriteFile(procFile(c.Process.Pid, "autogroup"), []byte(strconv.Itoa(first)), 0); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return errors.Join(err, c.Process.Kill(), c.Wait())
	}
	return unix.Setpriority(unix.PRIO_PROCESS, c.Process.Pid, first)
}

// moveTo moves the thread to a processor, if there is such a one.
func moveTo(processor int) {
	var set unix.CPUSet
	set.Set(processor)
	_ = unix.SchedSetaffinity(0, &set) // if there is not, it stays
}

// clientIn is an HTTP client whose connections begin in the network namespace of a
// process.
func clientIn(pid int) *http.Client {
	dial := func(_ context.Context, network, address string) (net.Conn, error) {
		type answer struct {
			c   net.Conn
			err error
		}
		done := make(chan answer)
		go func() {
			runtime.LockOSThread() // and never unlocked: the thread ends with the goroutine
			c, err := dialIn(pid, network, address)
			done <- answer{c, err}
		}()
		a := <-done
		return a.c, a.err
	}
	return &http.Client{Transport: &http.Transport{DialContext: dial}, Timeout: samplePause}
}

// dialIn takes the thread into the namespace for good.
func dialIn(pid int, network, address string) (net.Conn, error) {
	ns, err := os.Open(procFile(pid, "ns/net"))
	if err != nil {
		return nil, err
	}
	defer ns.Close()
	if err := unix.Setns(int(ns.Fd()), unix.CLONE_NEWNET); err != nil {
		return nil, os.NewSyscallError("setns", err)
	}
	return net.Dial(network, address)
}

// freeSpace returns the bytes that may still be written to dir's file system.
func freeSpace(dir string) (int64, bool) {
	var s syscall.Statfs_t
	if syscall.Statfs(dir, &s) != nil {
		return 0, false
	}
	return int64(s.Bavail) * int64(s.Bsize), true
}
