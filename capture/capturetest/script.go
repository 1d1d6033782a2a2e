package capturetest

import (
	"fmt"
	"net/netip"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"ftpscope/capture/flow"
)

// Control is the name of the connection that a script talks on when it names none.
const Control = "control"

// Start is the time of a script's first packet.
const Start = flow.Time(1700000000 * 1000 * flow.Millisecond)

// Script is a conversation in text, played. One statement a line; empty lines and those
// that begin with # say nothing.
//
// What is there:
//
//	client 192.0.2.10:51234          the control connection's ends (these are the defaults)
//	server 192.0.2.21:21
//	control c2 A > B                 one more control connection, from A to B
//	data d1 A > B [HOW]              a data connection that A opens to B, now; names are letters and digits
//
// A connection's side is C (who opened it) or S on the control connection, c2C or c2S on
// another; > (from the opener) and < mean the same: d1>, d1<. What the sides send:
//
//	C: USER bob                      a line, CRLF added
//	S! 220 a\r\n220 b\r\n            bytes, with Go's escapes
//	C^ \xff\xf4\xff\xf2              the same as urgent data
//	d1< 5000 [fin]                   as many pseudo-random bytes, acknowledged; with fin the last segment carries FIN
//
// What happens to a connection, the control connection when none is named:
//
//	[d1] open [HOW]                  the handshake; without it the first line makes it
//	[d1] close|fin [SIDE]            FIN from the side (C) and the closing exchange; `close rst S` as below
//	[d1] half SIDE                   FIN of one side and its ACK
//	[d1] rst [SIDE]                  RST from the side (C)
//	[d1] cut                         nothing: the capture ends here
//	ack SIDE                         an empty ACK
//	keepalive SIDE                   a probe (RFC 9293 section 3.8.4) and its answer
//
// HOW is nothing (SYN, SYN-ACK, ACK), none (mid-stream), refused (SYN, RST), unanswered N
// (N SYNs), synonly, synack, or unreachable CODE [short] (SYN and an ICMP error of type
// 3, ICMPv6 type 1, that quotes it; short: 8 bytes of it).
//
// Settings:
//
//	isn SIDE N                       initial sequence number
//	seed WORD                        other random numbers: scripts to interleave that have the same endpoints
//	ttl SIDE N
//	mss N                            default 1460, IPv6 1440
//	scale none                       no window scale option
//	router ADDRESS [TTL]             who sends ICMP errors
//	step 1ms                         a packet's time
//	wait 5s                          lets time pass
//	lost STATEMENT                   what the statement sends is not captured
type Script struct {
	frames    []Frame
	conns     map[string]*conn
	isn       map[string]uint32 // by connection and direction, where given
	seed      string
	now       flow.Time
	step      flow.Time
	mss       int
	unscaled  bool
	router    netip.Addr
	routerTTL uint8
}

// Parse plays a script.
func Parse(text string) (*Script, error) {
	s := &Script{conns: map[string]*conn{}, isn: map[string]uint32{}, now: Start, step: flow.Millisecond, routerTTL: 64}
	s.conns[Control] = newConn(Control, netip.MustParseAddrPort("192.0.2.10:51234"), netip.MustParseAddrPort("192.0.2.21:21"))
	n := 0
	for line := range strings.SplitSeq(text, "\n") {
		n++
		line = strings.TrimLeft(strings.TrimSuffix(line, "\r"), " \t")
		if strings.TrimSpace(line) == "" || line[0] == '#' {
			continue
		}
		if err := s.statement(line); err != nil {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
	}
	return s, nil
}

// Frames are the script's packets in order.
func (s *Script) Frames() []Frame { return s.frames }

// MustFrames plays a script that has no errors.
func MustFrames(t testing.TB, text string) []Frame {
	t.Helper()
	s, err := Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return s.Frames()
}

// said matches what a side sends: the connection's name or none, the side, the kind, the
// rest.
var said = regexp.MustCompile(`^([a-z]+[0-9]+)?([CS<>])([:!^ ])(.*)$`)

func (s *Script) statement(line string) error {
	if rest, ok := strings.CutPrefix(line, "lost "); ok {
		captured := len(s.frames)
		err := s.statement(rest)
		s.frames = s.frames[:captured]
		return err
	}
	if m := said.FindStringSubmatch(line); m != nil {
		c, dir, err := s.side(m[1] + m[2])
		if err != nil {
			return err
		}
		return s.say(c, dir, saying{m[3], m[4]})
	}
	words := strings.Fields(line)
	if set, ok := settings[words[0]]; ok {
		return set(s, words[1:])
	}
	c := s.conns[Control]
	if named, ok := s.conns[words[0]]; ok {
		c, words = named, words[1:]
	}
	if len(words) > 0 {
		if act, ok := events[words[0]]; ok {
			return act(s, c, words[1:])
		}
	}
	return fmt.Errorf("%q is no statement", line)
}

// side reads a connection's side, C or d1< or the like.
func (s *Script) side(token string) (*conn, flow.Direction, error) {
	name, dir, err := splitSide(token)
	if err != nil {
		return nil, 0, err
	}
	c, ok := s.conns[name]
	if !ok {
		return nil, 0, fmt.Errorf("no connection %q", name)
	}
	return c, dir, nil
}

func splitSide(token string) (name string, dir flow.Direction, err error) {
	if token == "" {
		return "", 0, fmt.Errorf("a side is missing")
	}
	last := len(token) - 1
	if name = token[:last]; name == "" {
		name = Control
	}
	switch token[last] {
	case 'C', '>':
		return name, flow.Out, nil
	case 'S', '<':
		return name, flow.In, nil
	}
	return "", 0, fmt.Errorf("%q is no side", token)
}

// saying is what a side sends: kind is one of ":!^ ".
type saying struct{ kind, text string }

func (s *Script) say(c *conn, dir flow.Direction, what saying) error {
	if !c.opened {
		if err := s.open(c, nil); err != nil {
			return err
		}
	}
	text := strings.TrimPrefix(what.text, " ")
	switch what.kind {
	case " ":
		return s.sayBytes(c, dir, strings.Fields(text))
	case ":":
		s.send(c, segment{dir: dir, payload: []byte(text + "\r\n")})
		return nil
	}
	payload, err := unescape(text)
	if err != nil {
		return err
	}
	seg := segment{dir: dir, payload: payload}
	if what.kind == "^" {
		seg.flags = flow.URG
	}
	s.send(c, seg)
	return nil
}

// maxTransfer bounds what one statement sends; a script is held in memory.
const maxTransfer = 1 << 30

func (s *Script) sayBytes(c *conn, dir flow.Direction, words []string) error {
	if len(words) == 0 {
		return fmt.Errorf("how many bytes?")
	}
	n, err := strconv.Atoi(words[0])
	if err != nil || n < 0 || n > maxTransfer {
		return fmt.Errorf("%q is not a number of bytes", words[0])
	}
	fin := len(words) == 2 && words[1] == "fin"
	if len(words) > 1 && !fin {
		return fmt.Errorf("%q after the number of bytes", words[1])
	}
	s.transfer(c, bulk{dir, n, fin})
	return nil
}

func unescape(text string) ([]byte, error) {
	var out []byte
	for text != "" {
		r, multibyte, rest, err := strconv.UnquoteChar(text, 0)
		if err != nil {
			return nil, fmt.Errorf("bad escape at %q", text)
		}
		if multibyte {
			out = append(out, string(r)...)
		} else {
			out = append(out, byte(r))
		}
		text = rest
	}
	return out, nil
}

func duration(words []string) (flow.Time, error) {
	d, err := time.ParseDuration(strings.Join(words, ""))
	if err != nil || d < 0 {
		return 0, fmt.Errorf("%q is not a duration", strings.Join(words, " "))
	}
	return flow.Time(d), nil
}
