//go:build !libpcap

package live

import (
	"time"

	"golang.org/x/sys/unix"
)

// poller waits for rings.
type poller struct{ polls []unix.PollFd }

func (p *poller) wait(idle []*input, most time.Duration) {
	p.polls = p.polls[:0]
	for _, in := range idle {
		r := in.source.(*ring)
		r.look()
		p.polls = append(p.polls, unix.PollFd{Fd: int32(r.fd), Events: unix.POLLIN | unix.POLLERR})
	}
	// An error is an interrupt: the caller looks anyway.
	if n, err := unix.Poll(p.polls, int((most+time.Millisecond-1)/time.Millisecond)); n <= 0 || err != nil {
		return
	}
	for i, in := range idle {
		if p.polls[i].Revents&unix.POLLERR != 0 {
			in.source.(*ring).trouble()
		}
	}
}

// trouble finds out what the socket's error is. The kernel has one for both: that the
// interface is down, and that it is no more.
func (r *ring) trouble() {
	code, err := unix.GetsockoptInt(r.fd, unix.SOL_SOCKET, unix.SO_ERROR)
	if err != nil || unix.Errno(code) != unix.ENETDOWN || r.over {
		return
	}
	if !r.down && !removed(r.fd) {
		r.down = true
		r.say(ErrDown)
	}
	r.look()
}

// look asks what became of an interface that was down. When it is up again, so is the
// socket.
func (r *ring) look() {
	switch {
	case r.over || r.index == 0:
	case removed(r.fd):
		r.finish()
		r.say(ErrRemoved)
	case r.down && up(r.fd, r.index):
		r.down = false
		r.say(ErrUp)
	}
}

func (r *ring) say(err error) {
	if r.tell != nil {
		r.tell(&Error{r.name, err})
	}
}
