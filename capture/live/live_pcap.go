//go:build libpcap

package live

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/netip"
	"strings"
	"time"

	"github.com/google/gopacket/layers"
	"github.com/google/gopacket/pcap"
	"golang.org/x/net/bpf"
)

// open opens a handle for each interface; libpcap has no groups of rings, so Rings makes
// no difference.
func (c *Capture) open(opt Options) error {
	wake := make(chan struct{}, 1)
	c.wait = func(_ []*input, most time.Duration) {
		timer := time.NewTimer(most)
		defer timer.Stop()
		select {
		case <-wake:
		case <-timer.C:
		}
	}
	for file, name := range c.files {
		h, err := activate(name, opt)
		if err != nil {
			return &Error{name, plain(err)}
		}
		c.add(newHandle(h, name, opt.Problem, wake), file)
	}
	return nil
}

// timeout is how long libpcap may keep packets back.
const timeout = 50 * time.Millisecond

func activate(name string, opt Options) (*pcap.Handle, error) {
	if i, err := net.InterfaceByName(name); err == nil && i.Flags&net.FlagUp == 0 {
		return nil, ErrDown
	}
	inactive, err := pcap.NewInactiveHandle(name)
	if err != nil {
		return nil, err
	}
	defer inactive.CleanUp()
	for _, err := range []error{
		inactive.SetSnapLen(snapLen), inactive.SetPromisc(!opt.NoPromisc && name != Any),
		inactive.SetTimeout(timeout), inactive.SetBufferSize(opt.RingSize),
	} {
		if err != nil {
			return nil, err
		}
	}
	h, err := inactive.Activate()
	if err != nil {
		return nil, err
	}
	if err := setFilter(h, opt.TunnelPorts); err != nil {
		h.Close()
		return nil, err
	}
	return h, nil
}

// setFilter keeps out what cannot matter where the packets begin as kernelFilter expects.
func setFilter(h *pcap.Handle, ports []uint16) error {
	if h.LinkType() != layers.LinkTypeEthernet {
		return nil
	}
	raw, err := bpf.Assemble(kernelFilter(frames{ports: ports}))
	if err != nil {
		return err
	}
	program := make([]pcap.BPFInstruction, len(raw))
	for i, r := range raw {
		program[i] = pcap.BPFInstruction{Code: r.Op, Jt: r.Jt, Jf: r.Jf, K: r.K}
	}
	return h.SetBPFInstructionFilter(program)
}

// plain makes of libpcap's errors, which are text, those of this package.
func plain(err error) error {
	text := strings.ToLower(err.Error())
	for cause, signs := range map[error][]string{
		ErrNotFound:      {"no such device", "doesn't exist"},
		ErrDown:          {"not up", "is down"},
		fs.ErrPermission: {"permission", "not permitted"},
	} {
		for _, sign := range signs {
			switch {
			case errors.Is(err, cause) || !strings.Contains(text, sign):
			case cause == fs.ErrPermission:
				return fmt.Errorf("no right to sniff: %w", cause)
			default:
				return cause
			}
		}
	}
	return err
}

// Interfaces lists what libpcap can sniff.
func Interfaces() ([]Interface, error) {
	list, err := pcap.FindAllDevs()
	if err != nil {
		return nil, err
	}
	const isLoopback, isUp = 1, 2 // PCAP_IF_LOOPBACK, PCAP_IF_UP
	out := make([]Interface, 0, len(list))
	for _, i := range list {
		x := Interface{Name: i.Name, Description: i.Description, Up: i.Flags&isUp != 0, Loopback: i.Flags&isLoopback != 0}
		for _, a := range i.Addresses {
			if ip, ok := netip.AddrFromSlice(a.IP); ok {
				ones, _ := a.Netmask.Size()
				x.Addrs = append(x.Addrs, netip.PrefixFrom(ip.Unmap(), ones))
			}
		}
		out = append(out, x)
	}
	return out, nil
}
