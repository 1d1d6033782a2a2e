package control

import (
	"bytes"
	"encoding/binary"
	"net"
	"net/netip"
	"strconv"
	"strings"

	"ftpscope/analyze/record"
	"ftpscope/capture/flow"
)

// tunnel is what stands before FTP where a client asks a proxy for a connection: HTTP CONNECT
// (RFC 9110 section 9.3.6), SOCKS version 4 and 4a, SOCKS version 5 (RFC 1928). Both sides
// speak in turn, so what is held of each is short; whoever says more is no tunnel.
type tunnel struct {
	record.Tunnel
	held     [2][]byte // by side: of the client, of the proxy
	asked    bool      // the client named where to
	answered bool
}

// maxTunnel bounds what is held of a side until the tunnel stands.
const maxTunnel = 4 << 10

// IsTunnel reports whether the first bytes of a client ask a proxy for a connection.
func IsTunnel(first []byte) bool {
	switch {
	case bytes.HasPrefix(first, []byte("CONNECT ")):
		return true
	case len(first) >= 9 && first[0] == 4 && first[1] == 1:
		return first[len(first)-1] == 0
	}
	return len(first) >= 3 && first[0] == 5 && int(first[1]) == len(first)-2 && first[1] > 0
}

// take takes the next bytes of a side, 0 for the client; what is left is said in the tunnel.
func (t *tunnel) take(side int, b []byte, at flow.Mark) []byte {
	if t.held[side] = append(t.held[side], b...); len(t.held[side]) > maxTunnel {
		t.Target, t.answered = "", true
		return nil
	}
	var n int
	if side == 0 {
		n = t.ask(t.held[0])
	} else {
		n = t.answer(t.held[1], at)
	}
	rest := t.held[side][n:]
	if t.held[side] = rest; !t.answered {
		return nil
	}
	t.Target, t.Answer = strings.ToValidUTF8(t.Target, "\ufffd"), strings.ToValidUTF8(t.Answer, "\ufffd")
	t.held[side] = nil
	return rest
}

// ask reads what the client asks for, and returns how much of it is read.
func (t *tunnel) ask(b []byte) int {
	switch {
	case t.asked || len(b) == 0:
		return 0
	case b[0] == 'C':
		head := bytes.Index(b, []byte("\r\n\r\n"))
		words := bytes.Fields(b[:max(head, 0)])
		if head < 0 || len(words) < 2 {
			return 0
		}
		t.Kind, t.Target, t.asked = "HTTP CONNECT", string(words[1]), true
		return head + 4
	case b[0] == 4:
		return t.askSOCKS4(b)
	case b[0] == 5 && t.Kind == "" && len(b) >= 2 && len(b) >= 2+int(b[1]):
		t.Kind = "SOCKS5"
		return 2 + int(b[1])
	case b[0] == 1 && len(b) >= 2: // user and password (RFC 1929): not kept
		return len(b)
	case b[0] == 5 && len(b) >= 7:
		target, n := socksAddress(b[3:])
		if n > 0 {
			t.Target, t.asked = target, true
			return 3 + n
		}
	}
	return 0
}

func (t *tunnel) askSOCKS4(b []byte) int {
	user := bytes.IndexByte(b[min(8, len(b)):], 0)
	if len(b) < 9 || user < 0 {
		return 0
	}
	port := strconv.Itoa(int(binary.BigEndian.Uint16(b[2:])))
	n := 8 + user + 1
	t.Kind, t.Target = "SOCKS4", netip.AddrFrom4([4]byte(b[4:8])).String()+":"+port
	if b[4] == 0 && b[5] == 0 && b[6] == 0 && b[7] != 0 { // 4a: the name follows
		name := bytes.IndexByte(b[n:], 0)
		if name < 0 {
			return 0
		}
		t.Kind, t.Target = "SOCKS4a", string(b[n:n+name])+":"+port
		n += name + 1
	}
	t.asked = true
	return n
}

// socksAddress reads ATYP, address and port (RFC 1928 section 5); 0: there is not enough.
func socksAddress(b []byte) (string, int) {
	size, from := 4, 1
	switch b[0] {
	case 3:
		size, from = int(b[1]), 2
	case 4:
		size = 16
	}
	if len(b) < from+size+2 {
		return "", 0
	}
	port := binary.BigEndian.Uint16(b[from+size:])
	if b[0] == 3 {
		return string(b[from:from+size]) + ":" + strconv.Itoa(int(port)), from + size + 2
	}
	a, _ := netip.AddrFromSlice(b[from : from+size])
	return netip.AddrPortFrom(a, port).String(), from + size + 2
}

// answer reads what the proxy answers.
func (t *tunnel) answer(b []byte, at flow.Mark) int {
	switch {
	case !t.asked:
		if len(b) >= 2 {
			return 2 // the method that it chose, or that user and password are right
		}
	case t.Kind == "HTTP CONNECT":
		line, _, _ := bytes.Cut(b, []byte("\r\n"))
		head := bytes.Index(b, []byte("\r\n\r\n"))
		if _, status, ok := bytes.Cut(line, []byte(" ")); head >= 0 && ok {
			t.settle(string(status), !bytes.HasPrefix(status, []byte("2")), at)
			return head + 4
		}
	case t.Kind == "SOCKS5" && len(b) >= 7:
		if _, n := socksAddress(b[3:]); n > 0 {
			t.settle("SOCKS5 reply "+strconv.Itoa(int(b[1])), b[1] != 0, at)
			return 3 + n
		}
	case t.Kind != "SOCKS5" && len(b) >= 8:
		t.settle(t.Kind+" reply "+strconv.Itoa(int(b[1])), b[1] != 0x5a, at)
		return 8
	}
	return 0
}

// mayCarryData reports whether the tunnel may be that of a data connection: not one to where
// the web is.
func (t *tunnel) mayCarryData() bool {
	return t.answered && t.Target != "" && !strings.HasSuffix(t.Target, ":443") && !strings.HasSuffix(t.Target, ":80")
}

// isRefusedFTP reports whether the proxy refused the connection to a port that FTP is expected
// on: that is a session that never began.
func (t *tunnel) isRefusedFTP(opt *Options) bool {
	_, port, _ := net.SplitHostPort(t.Target)
	n, err := strconv.ParseUint(port, 10, 16)
	return t.Refused && err == nil && opt.ControlPort(uint16(n))
}

func (t *tunnel) settle(answer string, refused bool, at flow.Mark) {
	t.Answer, t.Refused, t.At, t.answered = answer, refused, at, true
}

// Beginnings of the PROXY protocol, by which a balancer names the client.
const (
	proxyV1 = "PROXY TCP"
	proxyV2 = "\r\n\r\n\x00\r\nQUIT\n"
)

// proxyLine reads the header that a balancer sends first (PROXY protocol versions 1 and 2),
// and returns the client that it names and what follows; empty: there is none.
func proxyLine(b []byte) (client string, rest []byte) {
	if bytes.HasPrefix(b, []byte(proxyV1)) {
		line, rest, ok := bytes.Cut(b, []byte("\r\n"))
		words := bytes.Fields(line)
		if !ok || len(words) != 6 {
			return "", b
		}
		return endpoint(string(words[2]), string(words[4])), rest
	}
	if !bytes.HasPrefix(b, []byte(proxyV2)) || len(b) < 16 {
		return "", b
	}
	size := int(binary.BigEndian.Uint16(b[14:]))
	if len(b) < 16+size {
		return "", b
	}
	x, rest := b[16:16+size], b[16+size:]
	switch long := b[13]>>4 == 2; {
	case b[13]>>4 == 1 && size >= 12:
		return netip.AddrPortFrom(netip.AddrFrom4([4]byte(x)), binary.BigEndian.Uint16(x[8:])).String(), rest
	case long && size >= 36:
		return netip.AddrPortFrom(netip.AddrFrom16([16]byte(x)), binary.BigEndian.Uint16(x[32:])).String(), rest
	}
	return "", b
}

// endpoint is an address and a port as text; empty: they are none.
func endpoint(addr, port string) string {
	a, err := netip.ParseAddr(addr)
	n, bad := strconv.ParseUint(port, 10, 16)
	if err != nil || bad != nil {
		return ""
	}
	return netip.AddrPortFrom(a, uint16(n)).String()
}
