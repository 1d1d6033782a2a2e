//go:build !libpcap

package live

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"

	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"
)

// device is an interface to be sniffed.
type device struct {
	name     string
	index    int // 0: all
	cooked   bool
	loopback int
}

// open opens the rings of every interface. No packet enters a ring before all of them are
// ready: until then a filter keeps everything out. So none is from before, and none comes
// twice while rings join their group.
func (c *Capture) open(opt Options) error {
	c.wait = new(poller).wait
	for file, name := range c.files {
		if err := c.openInterface(file, opt); err != nil {
			return &Error{name, plain(err)}
		}
	}
	for _, in := range c.inputs {
		r := in.source.(*ring)
		if err := r.filter(kernelFilter(frames{r.cooked, r.loopback, opt.TunnelPorts})); err != nil {
			return &Error{r.name, err}
		}
	}
	return nil
}

// openInterface opens an interface's rings, as one group if there are several.
func (c *Capture) openInterface(file int, opt Options) error {
	d, err := find(c.files[file])
	if err != nil {
		return err
	}
	id := uint16(0)
	for i := range opt.Rings {
		r, err := newRing(d, opt.RingSize/opt.Rings, !opt.NoPromisc)
		if err != nil {
			return err
		}
		c.add(r, file)
		if i == 0 {
			r.tell = opt.Problem
		}
		if opt.Rings > 1 {
			if id, err = join(r.fd, id); err != nil {
				return err
			}
		}
	}
	return nil
}

// plain says what to do about an error where the system's words do not.
func plain(err error) error {
	switch {
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("no right to sniff, CAP_NET_RAW is missing: %w", err)
	case errors.Is(err, unix.ENOMEM):
		return fmt.Errorf("no memory for a ring of this size: %w", err)
	}
	return err
}

// find looks an interface up.
func find(name string) (device, error) {
	d := device{name: name}
	if name == Any {
		d.cooked = true
		d.loopback = loopback()
		return d, nil
	}
	i, err := net.InterfaceByName(name)
	if err != nil {
		var system *os.SyscallError
		if errors.As(err, &system) {
			return d, err
		}
		return d, ErrNotFound
	}
	if i.Flags&net.FlagUp == 0 {
		return d, ErrDown
	}
	d.index = i.Index
	if i.Flags&net.FlagLoopback != 0 {
		d.loopback = i.Index
	}
	return d, nil
}

func loopback() int {
	list, _ := net.Interfaces()
	for _, i := range list {
		if i.Flags&net.FlagLoopback != 0 {
			return i.Index
		}
	}
	return 0
}

// headers finds out whether packets of the interface come with Ethernet headers. Those of
// any other kind are read cooked, from the network layer on, as libpcap does where it
// knows no better.
func (d *device) headers() error {
	if d.index == 0 {
		return nil
	}
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return os.NewSyscallError("socket", err)
	}
	defer unix.Close(fd)
	req, err := unix.NewIfreq(d.name)
	if err != nil {
		return err
	}
	if err := unix.IoctlIfreq(fd, unix.SIOCGIFHWADDR, req); err != nil {
		return os.NewSyscallError("ioctl", err)
	}
	kind := req.Uint16() // the address's family
	d.cooked = kind != unix.ARPHRD_ETHER && kind != unix.ARPHRD_LOOPBACK
	return nil
}

// socket opens one that receives nothing yet, because it has no protocol.
func (d *device) socket() (int, error) {
	kind := unix.SOCK_RAW
	if d.cooked {
		kind = unix.SOCK_DGRAM
	}
	fd, err := unix.Socket(unix.AF_PACKET, kind|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	return fd, os.NewSyscallError("socket", err)
}

// bind lets packets come.
func (d *device) bind(fd int, promisc bool) error {
	if promisc && d.index != 0 {
		req := unix.PacketMreq{Ifindex: int32(d.index), Type: unix.PACKET_MR_PROMISC}
		if err := unix.SetsockoptPacketMreq(fd, unix.SOL_PACKET, unix.PACKET_ADD_MEMBERSHIP, &req); err != nil {
			return os.NewSyscallError("promiscuous mode", err)
		}
	}
	all := binary.NativeEndian.Uint16(binary.BigEndian.AppendUint16(nil, unix.ETH_P_ALL))
	err := unix.Bind(fd, &unix.SockaddrLinklayer{Protocol: all, Ifindex: d.index})
	return os.NewSyscallError("bind", err)
}

// attach makes the program the socket's filter, in place of the one before.
func attach(fd int, code []bpf.Instruction) error {
	raw, err := bpf.Assemble(code)
	if err != nil {
		return err
	}
	program := make([]unix.SockFilter, len(raw))
	for i, r := range raw {
		program[i] = unix.SockFilter{Code: r.Op, Jt: r.Jt, Jf: r.Jf, K: r.K}
	}
	err = unix.SetsockoptSockFprog(fd, unix.SOL_SOCKET, unix.SO_ATTACH_FILTER, &unix.SockFprog{Len: uint16(len(program)), Filter: &program[0]})
	return os.NewSyscallError("filter", err)
}

// join makes the socket one of a group that shares the packets, each connection in one of
// them; id 0 makes a new group. It returns the group's id. Fragments are not put together
// before (PACKET_FANOUT_FLAG_DEFRAG): the rings are merged again, and so show what one
// ring would.
func join(fd int, id uint16) (uint16, error) {
	const hash = unix.PACKET_FANOUT_HASH << 16
	value := hash | int(id)
	if id == 0 {
		value = hash | unix.PACKET_FANOUT_FLAG_UNIQUEID<<16
	}
	if err := unix.SetsockoptInt(fd, unix.SOL_PACKET, unix.PACKET_FANOUT, value); err != nil {
		return 0, os.NewSyscallError("fanout", err)
	}
	value, err := unix.GetsockoptInt(fd, unix.SOL_PACKET, unix.PACKET_FANOUT)
	return uint16(value), os.NewSyscallError("fanout", err)
}

// up reports whether an interface that is there is up.
func up(fd, index int) bool {
	req, err := unix.NewIfreq("")
	if err != nil {
		return false
	}
	req.SetUint32(uint32(index))
	if unix.IoctlIfreq(fd, unix.SIOCGIFNAME, req) != nil || unix.IoctlIfreq(fd, unix.SIOCGIFFLAGS, req) != nil {
		return false
	}
	return req.Uint16()&unix.IFF_UP != 0
}

// removed reports whether the interface that the socket was bound to is no more: the
// kernel has unbound it then.
func removed(fd int) bool {
	addr, err := unix.Getsockname(fd)
	if err != nil {
		return false
	}
	link, ok := addr.(*unix.SockaddrLinklayer)
	return ok && link.Ifindex == -1
}

// setRing asks for the ring and maps it.
func setRing(fd int, block, blocks int) ([]byte, error) {
	const frame = 2048 // has no meaning for this kind of ring, but must fit
	if err := unix.SetsockoptInt(fd, unix.SOL_PACKET, unix.PACKET_VERSION, unix.TPACKET_V3); err != nil {
		return nil, os.NewSyscallError("TPACKET_V3", err)
	}
	if err := unix.SetsockoptInt(fd, unix.SOL_PACKET, unix.PACKET_RESERVE, headroom); err != nil {
		return nil, os.NewSyscallError("headroom", err)
	}
	req := unix.TpacketReq3{
		Block_size: uint32(block), Block_nr: uint32(blocks),
		Frame_size: frame, Frame_nr: uint32(block / frame * blocks),
		Retire_blk_tov: retireAfter,
	}
	if err := unix.SetsockoptTpacketReq3(fd, unix.SOL_PACKET, unix.PACKET_RX_RING, &req); err != nil {
		return nil, os.NewSyscallError("ring", err)
	}
	mem, err := unix.Mmap(fd, 0, block*blocks, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	return mem, os.NewSyscallError("mmap", err)
}
