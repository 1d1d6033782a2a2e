package capturetest

import (
	"encoding/binary"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
	"github.com/stretchr/testify/require"

	"ftpscope/capture/flow"
)

// scripts has every statement in it. Wireshark sees nothing to remark in them but what their names say.
var scripts = map[string]string{
	"passive": `
		client 192.0.2.10:51234
		server 192.0.2.21:21
		S: 220 ready
		C: USER bob
		S: 331 password
		C: PASS secret
		S: 230 in
		C: PASV
		S: 227 Entering Passive Mode (192,0,2,21,195,80)
		C: RETR a.txt
		data d1 192.0.2.10:40000 > 192.0.2.21:50000
		S: 150 here
		d1< 5000
		d1 fin <
		S: 226 done
		C: QUIT
		S: 221 bye
		close S`,
	"active, IPv6, wrap, FIN with the data": `
		client [2001:db8::10]:51234
		server [2001:db8::21]:21
		isn C 4294967290
		isn d1< 4294966000
		ttl S 57
		S: 220 ready
		C: EPRT |2|2001:db8::10|50000|
		S: 200 ok
		C: RETR a
		data d1 [2001:db8::21]:20 > [2001:db8::10]:50000
		S: 150 ok
		d1< 3000 fin
		d1 fin >
		S: 226 ok
		close`,
	"mid-stream": `
		open none
		S: 230 in
		C: NOOP
		S: 200 ok
		ack C
		C: NOOP
		close rst S`,
	"synch, half closed": `
		client 192.0.2.11:51234
		C! ABOR\r\n
		C^ \xff\xf4\xff
		C! \xf2ABOR\r\n
		S: 226 done
		half C
		S: 421 bye
		fin S`,
	"two controls": `
		# one after the other
		step 2ms
		control c2 10.0.0.1:4000 > 10.0.0.2:2121
		S: 220 one
		c2S: 220 two
		c2C: QUIT
		C: QUIT
		wait 5s
		c2 close <
		close
		cut`,
	"small segments, no window scale": `
		mss 7
		scale none
		S: 220 Welcome to the server
		rst`,
	"refused": `data d1 192.0.2.10:40000 > 192.0.2.21:50000 refused`,
	"half open": `
		data d1 192.0.2.10:40000 > 192.0.2.21:50000 synonly
		data d2 192.0.2.10:40000 > 192.0.2.21:50001 synack`,
	"unreachable": `
		router 198.51.100.7
		data d1 192.0.2.10:40010 > 192.0.2.21:50000 unreachable 13
		data d2 192.0.2.10:40010 > 192.0.2.21:50001 unreachable 1 short
		data d3 [2001:db8::10]:40010 > [2001:db8::21]:50000 unreachable 4
		data d4 [2001:db8::10]:40010 > [2001:db8::21]:50001 unreachable 4 short`,
	"retransmission: unanswered": `data d1 192.0.2.10:40000 > 192.0.2.21:50000 unanswered 3`,
	"retransmission: keep-alive": `
		S: 220 ready
		C: NOOP
		S: 200 ok
		ack C
		wait 60s
		keepalive S`,
	"gap: lost": `
		S: 220 ready
		lost C: NOOP
		S: 200 ok`,
}

func TestScripts(t *testing.T) {
	for name, text := range scripts {
		t.Run(name, func(t *testing.T) {
			frames := MustFrames(t, text)
			require.Equal(t, frames, MustFrames(t, text), "two runs differ")
			requireSound(t, frames)
			if !strings.Contains(name, ":") {
				requireInOrder(t, frames)
			}
		})
	}
}

// requireSound demands that gopacket reads the frames without complaint and that their checksums are right.
func requireSound(t *testing.T, frames []Frame) {
	t.Helper()
	for i := range frames {
		f := &frames[i]
		if f.Meta == nil || len(f.Data) < f.Length {
			continue
		}
		require.Equal(t, len(f.Data), f.Length)
		p := gopacket.NewPacket(f.Data[f.head:], firstLayer(f), gopacket.Default)
		require.Nil(t, p.ErrorLayer(), "frame %d", i+1)
		require.Zero(t, checksum(t, f), "checksum of frame %d", i+1)
		if tcp, ok := p.Layer(layers.LayerTypeTCP).(*layers.TCP); ok && f.Meta.ICMP == nil {
			require.Equal(t, len(f.Meta.Payload), len(tcp.Payload), "payload of frame %d", i+1)
			require.Equal(t, f.Data[f.body:], tcp.Payload, "payload of frame %d", i+1)
		}
	}
}

func firstLayer(f *Frame) gopacket.LayerType {
	if f.Data[f.head]>>4 == 4 {
		return layers.LayerTypeIPv4
	}
	return layers.LayerTypeIPv6
}

// checksum adds up what the checksums of the IPv4 header and of TCP or ICMP cover (RFC 1071): zero when right.
func checksum(t *testing.T, f *Frame) int {
	t.Helper()
	packet := f.Data[f.head:]
	v4, proto := packet[0]>>4 == 4, uint32(packet[6])
	addresses, body := packet[8:40], packet[min(40, len(packet)):]
	if v4 {
		require.Zero(t, fold(0, packet[:20]), "IPv4 header checksum")
		addresses, body, proto = packet[12:20], packet[20:], uint32(packet[9])
	}
	if proto == uint32(layers.IPProtocolICMPv4) {
		return fold(0, body)
	}
	return fold(proto+uint32(len(body)), addresses, body)
}

func fold(sum uint32, parts ...[]byte) int {
	for _, b := range parts {
		if len(b)%2 == 1 {
			b = append(b[:len(b):len(b)], 0)
		}
		for ; len(b) > 0; b = b[2:] {
			sum += uint32(binary.BigEndian.Uint16(b))
		}
	}
	for sum > 0xffff {
		sum = sum>>16 + sum&0xffff
	}
	return int(uint16(^sum))
}

// requireInOrder demands that each side sends every byte once and in order, and acknowledges nothing that was not sent.
func requireInOrder(t *testing.T, frames []Frame) {
	t.Helper()
	type side struct {
		conn string
		dir  flow.Direction
	}
	next, last := map[side]uint32{}, flow.Time(0)
	for i := range frames {
		m := frames[i].Meta
		require.Greater(t, frames[i].Time, last)
		last = frames[i].Time
		if m.ICMP != nil {
			continue
		}
		own, peer := side{frames[i].Conn, m.Dir}, side{frames[i].Conn, 1 - m.Dir}
		if due, ok := next[own]; ok {
			require.Equal(t, due, m.Seq, "sequence number of frame %d", i+1)
		}
		if due, ok := next[peer]; ok && m.Flags&flow.ACK != 0 {
			require.Equal(t, due, m.Ack, "acknowledgment of frame %d", i+1)
		}
		next[own] = m.end()
	}
}

func TestWhatScriptsSay(t *testing.T) {
	frames := MustFrames(t, scripts["synch, half closed"])
	require.Equal(t, "ABOR\r\n\xff\xf4\xff\xf2ABOR\r\n", string(Stream(frames, Control, flow.Out)))
	require.Equal(t, "226 done\r\n421 bye\r\n", string(Stream(frames, Control, flow.In)))
	require.Len(t, Stream(MustFrames(t, scripts["passive"]), "d1", flow.In), 5000)
}

func TestDump(t *testing.T) {
	want := `
   1  0.000000 control 192.0.2.10:51234 > 192.0.2.21:21 [S] seq 10 ack 0 win 64240
   2  0.001000 control 192.0.2.21:21 > 192.0.2.10:51234 [SA] seq 20 ack 11 win 64240
   3  0.002000 control 192.0.2.10:51234 > 192.0.2.21:21 [A] seq 11 ack 21 win 502
   4  0.003000 control 192.0.2.21:21 > 192.0.2.10:51234 [PA] seq 21 ack 11 win 502 len 5 "220\r\n"
   5  0.004000 d1   192.0.2.10:1 > 192.0.2.21:2 [S] seq 30 ack 0 win 64240
   6  0.005000 d1   198.51.100.1: ICMP type 3 code 1 about 192.0.2.10:1 > 192.0.2.21:2 seq 30
`
	require.Equal(t, want, "\n"+Dump(MustFrames(t, `
		isn C 10
		isn S 20
		isn d1> 30
		S: 220
		data d1 192.0.2.10:1 > 192.0.2.21:2 unreachable 1`)))
}

func TestSegments(t *testing.T) {
	frames := MustFrames(t, `
		isn C 10
		isn S 20
		isn d1C 30
		ttl S 57
		S: 220 hi
		data d1 [2001:db8::1]:1 > [2001:db8::2]:2 unreachable 4 short`)
	c, s := flow.Host4(0xc000020a), flow.Host4(0xc0000215)
	x, y := host("2001:db8::1"), host("2001:db8::2")
	mark := func(n uint64) flow.Mark {
		return flow.Mark{Time: Start + flow.Time(n-1)*flow.Millisecond, Ord: n, Pos: flow.At(0, n)}
	}
	want := []flow.Segment{
		{Src: c, Dst: s, SrcPort: 51234, DstPort: 21, TTL: 64, Flags: flow.SYN, Seq: 10, Window: 64240, Scale: 7, MSS: 1460, Mark: mark(1)},
		{Src: s, Dst: c, SrcPort: 21, DstPort: 51234, TTL: 57, Flags: flow.SYN | flow.ACK, Seq: 20, Ack: 11, Window: 64240, Scale: 7, MSS: 1460, Mark: mark(2)},
		{Src: c, Dst: s, SrcPort: 51234, DstPort: 21, TTL: 64, Flags: flow.ACK, Seq: 11, Ack: 21, Window: 502, Scale: flow.NoScale, Mark: mark(3)},
		{Src: s, Dst: c, SrcPort: 21, DstPort: 51234, TTL: 57, Flags: flow.ACK | flow.PSH, Seq: 21, Ack: 11, Window: 502, Scale: flow.NoScale,
			Length: 8, Payload: []byte("220 hi\r\n"), Mark: mark(4)},
		{Src: x, Dst: y, SrcPort: 1, DstPort: 2, TTL: 64, Flags: flow.SYN, Seq: 30, Window: 64240, Scale: 7, MSS: 1440, Mark: mark(5)},
		{Src: x, Dst: y, SrcPort: 1, DstPort: 2, TTL: 64, Seq: 30, Scale: flow.NoScale, Mark: mark(6),
			ICMP: &flow.ICMP{From: host("2001:db8:ffff::1"), V6: true, Type: 1, Code: 4, Mark: mark(6)}},
	}
	for i := range want {
		want[i].Digits = 6
	}
	for i := range 4 {
		want[i].ID = frames[i].Meta.ID
	}
	require.Equal(t, want, Segments(frames))
}

func host(a string) flow.Host { return flow.HostOf(netip.MustParseAddr(a)) }

func TestParseErrors(t *testing.T) {
	for text, want := range map[string]string{
		"hello":                                `line 1: "hello" is no statement`,
		"\n\nS 2x":                             `line 3: "2x" is not a number of bytes`,
		"S 20 now":                             `line 1: "now" after the number of bytes`,
		`S! \q`:                                `line 1: bad escape at "\\q"`,
		"d1S: x":                               `line 1: no connection "d1"`,
		"d1 rst":                               `line 1: "d1 rst" is no statement`,
		"S: x\nopen":                           `line 2: connection control is open already`,
		"S: x\nclient 192.0.2.1:1":             `line 2: one endpoint, before the connection is opened`,
		"client [2001:db8::1]:1\nS: x":         `line 2: connection control between IPv4 and IPv6`,
		"open sesame":                          `line 1: unknown way to open: sesame`,
		"open refused 1 long":                  `line 1: too much about how to open: ["refused" "1" "long"]`,
		"open unanswered many":                 `line 1: unanswered "many" is not a number up to 255`,
		"data list 1.1.1.1:1 > 2.2.2.2:2":      `line 1: not a name like d1, an endpoint, > and an endpoint: ["list" "1.1.1.1:1" ">" "2.2.2.2:2"]`,
		"control c2 1.1.1.1 > 2.2.2.2:2":       `line 1: not an ip:port`,
		"ack":                                  `line 1: ack SIDE`,
		"ack X":                                `line 1: "X" is no side`,
		"rst d1>":                              `line 1: ["d1>"] is no side of control`,
		"wait long":                            `line 1: "long" is not a duration`,
		"ttl C 300":                            `line 1: strconv.ParseUint: parsing "300": value out of range`,
		"mss 0":                                `line 1: "0" is no segment size`,
		"isn C -1":                             `line 1: strconv.ParseUint: parsing "-1": invalid syntax`,
		"lost lost hello":                      `line 1: "hello" is no statement`,
		"control c2 1.1.1.1:1 > 2.2.2.2:2\nc2": `line 2: "c2" is no statement`,
	} {
		_, err := Parse(text)
		require.EqualError(t, err, want, text)
	}
}
