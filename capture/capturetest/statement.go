package capturetest

import (
	"fmt"
	"net/netip"
	"regexp"
	"strconv"

	"ftpscope/capture/flow"
)

// settings are the statements about the script as a whole.
var settings = map[string]func(*Script, []string) error{
	"client":    func(s *Script, words []string) error { return s.setEnd(flow.Out, words) },
	"server":    func(s *Script, words []string) error { return s.setEnd(flow.In, words) },
	"control":   func(s *Script, words []string) error { _, err := s.declare(words); return err },
	"data":      (*Script).data,
	"isn":       (*Script).setISN,
	"ttl":       (*Script).setTTL,
	"mss":       (*Script).setMSS,
	"scale":     (*Script).setScale,
	"router":    (*Script).setRouter,
	"ack":       (*Script).ack,
	"keepalive": (*Script).keepalive,
	"seed": func(s *Script, words []string) error {
		s.seed = fmt.Sprint(words)
		return nil
	},
	"step": func(s *Script, words []string) (err error) {
		s.step, err = duration(words)
		return err
	},
	"wait": func(s *Script, words []string) error {
		d, err := duration(words)
		s.now += d
		return err
	},
}

// events are the statements about one connection.
var events = map[string]func(*Script, *conn, []string) error{
	"open":  (*Script).open,
	"close": (*Script).close,
	"fin":   (*Script).close,
	"half": func(s *Script, c *conn, words []string) error {
		return s.bySide(c, words, s.half)
	},
	"rst": (*Script).reset,
	"cut": func(*Script, *conn, []string) error { return nil },
}

func (s *Script) close(c *conn, words []string) error {
	if len(words) > 0 && words[0] == "rst" {
		return s.reset(c, words[1:])
	}
	return s.bySide(c, words, s.finish)
}

func (s *Script) reset(c *conn, words []string) error {
	return s.bySide(c, words, func(c *conn, dir flow.Direction) {
		s.emit(c, segment{dir: dir, flags: flow.RST | flow.ACK})
	})
}

// bySide does something from the side that words name, by default who opened the
// connection.
func (s *Script) bySide(c *conn, words []string, do func(*conn, flow.Direction)) error {
	if len(words) == 0 {
		words = []string{">"}
	}
	name, dir, err := splitSide(words[0])
	if err != nil || len(words) > 1 || len(words[0]) > 1 && name != c.name {
		return fmt.Errorf("%q is no side of %s", words, c.name)
	}
	do(c, dir)
	return nil
}

func (s *Script) setEnd(dir flow.Direction, words []string) error {
	c := s.conns[Control]
	if c.opened || len(words) != 1 {
		return fmt.Errorf("one endpoint, before the connection is opened")
	}
	end, err := netip.ParseAddrPort(words[0])
	if err == nil {
		c.host[dir] = end
	}
	return err
}

// connName is what connections are called: the digits tell them from statements.
var connName = regexp.MustCompile(`^[a-z]+[0-9]+$`)

// declare reads NAME A > B and what follows.
func (s *Script) declare(words []string) (*conn, error) {
	if len(words) < 4 || words[2] != ">" || !connName.MatchString(words[0]) {
		return nil, fmt.Errorf("not a name like d1, an endpoint, > and an endpoint: %q", words)
	}
	name := words[0]
	if _, taken := s.conns[name]; taken {
		return nil, fmt.Errorf("the name %q is taken", name)
	}
	opener, err := netip.ParseAddrPort(words[1])
	if err != nil {
		return nil, err
	}
	other, err := netip.ParseAddrPort(words[3])
	if err != nil {
		return nil, err
	}
	c := newConn(name, opener, other)
	s.conns[name] = c
	return c, nil
}

func (s *Script) data(words []string) error {
	c, err := s.declare(words)
	if err != nil {
		return err
	}
	return s.open(c, words[4:])
}

func isnKey(name string, dir flow.Direction) string { return fmt.Sprint(name, " ", dir) }

func (s *Script) setISN(words []string) error {
	if len(words) != 2 {
		return fmt.Errorf("isn SIDE NUMBER")
	}
	name, dir, err := splitSide(words[0])
	if err != nil {
		return err
	}
	n, err := strconv.ParseUint(words[1], 10, 32)
	if err != nil {
		return err
	}
	if c, ok := s.conns[name]; ok && c.opened {
		return fmt.Errorf("connection %s is open already", name)
	}
	s.isn[isnKey(name, dir)] = uint32(n)
	return nil
}

func (s *Script) setTTL(words []string) error {
	if len(words) != 2 {
		return fmt.Errorf("ttl SIDE NUMBER")
	}
	c, dir, err := s.side(words[0])
	if err != nil {
		return err
	}
	n, err := strconv.ParseUint(words[1], 10, 8)
	c.ttl[dir] = uint8(n)
	return err
}

func (s *Script) setMSS(words []string) error {
	if len(words) != 1 {
		return fmt.Errorf("mss NUMBER")
	}
	n, err := strconv.Atoi(words[0])
	if err != nil || n < 1 || n > maxPacket-100 {
		return fmt.Errorf("%q is no segment size", words[0])
	}
	s.mss = n
	return nil
}

func (s *Script) setScale(words []string) error {
	if len(words) != 1 || words[0] != "none" {
		return fmt.Errorf("scale none")
	}
	s.unscaled = true
	return nil
}

func (s *Script) setRouter(words []string) (err error) {
	if len(words) != 1 && len(words) != 2 {
		return fmt.Errorf("router ADDRESS [TTL]")
	}
	if len(words) == 2 {
		n, err := strconv.ParseUint(words[1], 10, 8)
		if err != nil {
			return err
		}
		s.routerTTL = uint8(n)
	}
	s.router, err = netip.ParseAddr(words[0])
	return err
}

func (s *Script) ack(words []string) error {
	if len(words) != 1 {
		return fmt.Errorf("ack SIDE")
	}
	c, dir, err := s.side(words[0])
	if err == nil {
		s.emit(c, segment{dir: dir, flags: flow.ACK})
	}
	return err
}

// keepalive sends a probe with the last sequence number that was acknowledged; it takes
// none of its own.
func (s *Script) keepalive(words []string) error {
	if len(words) != 1 {
		return fmt.Errorf("keepalive SIDE")
	}
	c, dir, err := s.side(words[0])
	if err != nil {
		return err
	}
	c.next[dir]--
	s.emit(c, segment{dir: dir, flags: flow.ACK})
	c.next[dir]++
	s.emit(c, segment{dir: 1 - dir, flags: flow.ACK})
	return nil
}
