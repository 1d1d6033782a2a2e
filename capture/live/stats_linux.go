//go:build !libpcap

package live

import (
	"sync"

	"golang.org/x/sys/unix"
)

// counts are a socket, and what the kernel counts of it. Reading sets the kernel's counters to zero.
type counts struct {
	seen uint64 // packets read from the ring

	mu     sync.Mutex
	fd     int    // -1: closed
	placed uint64 // packets put into the ring
	lost   uint64 // packets for which it had no room
}

// count reads the counters; the kernel's count of packets includes the lost ones.
func (c *counts) count() {
	if c.fd < 0 {
		return
	}
	if s, err := unix.GetsockoptTpacketStatsV3(c.fd, unix.SOL_PACKET, unix.PACKET_STATISTICS); err == nil {
		c.placed += uint64(s.Packets - s.Drops)
		c.lost += uint64(s.Drops)
	}
}

func (c *counts) drops() uint64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.count()
	return c.lost
}

// drained reports whether all that entered the ring was read.
func (c *counts) drained() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.count()
	return c.seen >= c.placed
}

func (c *counts) close() uint64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.count()
	if c.fd >= 0 {
		unix.Close(c.fd)
		c.fd = -1
	}
	return c.lost
}
