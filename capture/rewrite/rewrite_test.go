package rewrite

import (
	"bytes"
	"math/rand/v2"
	"net/netip"
	"testing"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
	"github.com/stretchr/testify/require"

	"ftpscope/capture/capturetest"
	"ftpscope/capture/cryptopan"
	"ftpscope/capture/decode"
	"ftpscope/capture/flow"
)

var key = [cryptopan.KeySize]byte([]byte("32-char-str-for-AES-key-and-pad."))

// talk is a session in which addresses and a password are said, with acknowledgements of
// all kinds.
const talk = `
S: 220 ready
C: USER bob
S: 331 password
C: PASS hunter2
S: 230 in
C: PORT 192,0,2,10,19,137
S: 200 ok
C^ \xff\xf4\xff\xf2
C: PASV
S: 227 Entering Passive Mode (192,0,2,21,195,80).
keepalive C
C: QUIT
S: 221 bye from 192.0.2.21
close
`

const talk6 = "client [2001:db8::10]:51234\nserver [2001:db8::21]:21\n" + talk

// said is a connection with edits that make text longer, shorter, and other text of the
// same length.
func said(t testing.TB, frames []capturetest.Frame) *Conn {
	t.Helper()
	var c Conn
	for dir, changes := range [2]map[string]string{
		{"hunter2": "xxxxxxx", "192,0,2,10": "203,113,200,199"}, {"192,0,2,21": "7,7,7,7", "192.0.2.21": "198.51.100.255"},
	} {
		stream := capturetest.Stream(frames, capturetest.Control, flow.Direction(dir))
		var base uint32
		for i := range frames {
			if m := frames[i].Meta; m.Dir == flow.Direction(dir) && m.Flags&flow.SYN != 0 {
				base = m.Seq + 1
			}
		}
		var edits []Edit
		for at := range stream {
			for old, now := range changes {
				if bytes.HasPrefix(stream[at:], []byte(old)) {
					edits = append(edits, Edit{int64(at), len(old), []byte(now)})
				}
			}
		}
		require.Len(t, edits, 2)
		c.Sides[dir] = NewSide(base, edits)
	}
	return &c
}

func frameOf(f *capturetest.Frame) Frame {
	return Frame{Data: f.Data, Length: uint32(f.Length), Link: f.Link}
}

// The new stream is the same however segments cut the old one.
func TestEdits(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	for range 500 {
		old := make([]byte, 1+random.IntN(60))
		for i := range old {
			old[i] = byte('a' + random.IntN(26))
		}
		var edits []Edit
		var want []byte
		for at := 0; at < len(old); {
			if n := random.IntN(8); n < len(old)-at && random.IntN(2) == 0 && n > 0 {
				now := bytes.Repeat([]byte{'A'}, random.IntN(10))
				edits = append(edits, Edit{int64(at), n, now})
				want = append(want, now...)
				at += n
				continue
			}
			want = append(want, old[at])
			at++
		}
		s := NewSide(0xfffffff0, edits)
		got := make([]byte, len(want))
		for range 20 { // pieces that overlap, in any order
			from := random.IntN(len(old))
			to := from + random.IntN(len(old)-from+1)
			b := s.bytes(nil, old[from:to], int64(from))
			require.Len(t, b, int(s.place(int64(to))-s.place(int64(from))))
			require.True(t, bytes.HasPrefix(want[s.place(int64(from)):], b))
			copy(got[s.place(int64(from)):], b)
		}
		copy(got, s.bytes(nil, old, 0))
		require.Equal(t, string(want), string(got))
		require.Equal(t, int64(len(want)), s.place(int64(len(old))))
		require.Equal(t, uint32(0xfffffff0+uint32(len(want))), s.seq(0xfffffff0+uint32(len(old))))
	}
}

// decoded is what gopacket says of a packet; it makes the checksums and lengths anew,
// which must be those that are there.
func requireSound(t *testing.T, f Frame) *layers.TCP {
	t.Helper()
	p := gopacket.NewPacket(f.Data, layers.LayerTypeEthernet, gopacket.Default)
	require.Nil(t, p.ErrorLayer())
	tcp, ok := p.Layer(layers.LayerTypeTCP).(*layers.TCP)
	require.True(t, ok)
	list := []gopacket.SerializableLayer{p.LinkLayer().(*layers.Ethernet)}
	switch ip := p.NetworkLayer().(type) {
	case *layers.IPv4:
		list = append(list, ip)
	case *layers.IPv6:
		list = append(list, ip)
	}
	require.NoError(t, tcp.SetNetworkLayerForChecksum(p.NetworkLayer()))
	list = append(list, tcp, gopacket.Payload(tcp.Payload))
	buf := gopacket.NewSerializeBuffer()
	require.NoError(t, gopacket.SerializeLayers(buf, gopacket.SerializeOptions{FixLengths: true, ComputeChecksums: true}, list...))
	require.Equal(t, buf.Bytes()[:len(f.Data)], f.Data) // gopacket fills frames up to 60 bytes
	return tcp
}

func TestPacket(t *testing.T) {
	for _, text := range []string{talk, talk6} {
		for name, mutate := range map[string]func([]capturetest.Frame) []capturetest.Frame{
			"as sent":      func(f []capturetest.Frame) []capturetest.Frame { return f },
			"bytes":        func(f []capturetest.Frame) []capturetest.Frame { return capturetest.Split(f, 1) },
			"cut anywhere": func(f []capturetest.Frame) []capturetest.Frame { return capturetest.SplitRandomly(f, 9, 3) },
			"repeated":     func(f []capturetest.Frame) []capturetest.Frame { return capturetest.Retransmit(f, 4) },
			"merged":       func(f []capturetest.Frame) []capturetest.Frame { return capturetest.Merge(f, 1000) },
		} {
			t.Run(name, func(t *testing.T) {
				whole := capturetest.MustFrames(t, text)
				c, m := said(t, whole), cryptopan.New(key)
				r := Rewriter{Names: m}
				var streams [2][]byte
				var highest [2]uint32
				for _, f := range mutate(whole) {
					got, err := r.Packet(frameOf(&f), c, int(f.Meta.Dir))
					require.NoError(t, err)
					require.Equal(t, int(got.Length), len(got.Data))
					tcp := requireSound(t, got)
					dir := f.Meta.Dir
					at := int(tcp.Seq - c.Sides[dir].Base)
					if tcp.SYN {
						continue
					}
					if tcp.ACK && highest[1-dir] != 0 { // acknowledged is what was sent
						require.LessOrEqual(t, int32(tcp.Ack-highest[1-dir]), int32(1), "a FIN counts")
					}
					if n := len(tcp.Payload); n > 0 && at >= 0 {
						streams[dir] = append(streams[dir], make([]byte, max(0, at+n-len(streams[dir])))...)
						copy(streams[dir][at:], tcp.Payload)
						highest[dir] = max(highest[dir], tcp.Seq+uint32(n))
					}
				}
				require.Contains(t, string(streams[0]), "PASS xxxxxxx\r\nPORT 203,113,200,199,19,137\r\n\xff\xf4\xff\xf2PASV\r\nQUIT\r\n")
				require.Contains(t, string(streams[1]), "227 Entering Passive Mode (7,7,7,7,195,80).\r\n221 bye from 198.51.100.255\r\n")
			})
		}
	}
}

// What a snapshot length cut off makes no difference to what is there: also to the
// checksum, if what changes is there.
func TestSnapped(t *testing.T) {
	for _, text := range []string{talk, talk6} {
		frames := capturetest.MustFrames(t, text)
		c, r := said(t, frames), Rewriter{Names: cryptopan.New(key)}
		for i := range 2 * len(frames) {
			if i >= len(frames) {
				i, c = i-len(frames), nil
			}
			f := frameOf(&frames[i])
			all, err := r.Packet(f, c, int(frames[i].Meta.Dir))
			require.NoError(t, err)
			whole := bytes.Clone(all.Data)
			for n := len(f.Data) - len(frames[i].Meta.Payload); n < len(f.Data); n++ { // options that are cut are filled
				cut := f
				cut.Data = f.Data[:n:n]
				got, err := r.Packet(cut, c, int(frames[i].Meta.Dir))
				require.NoError(t, err)
				require.Equal(t, all.Length, got.Length)
				if field := len(f.Data) - len(frames[i].Meta.Payload) - 20 + 16; c != nil && len(frames[i].Meta.Options) == 0 {
					copy(got.Data[field:], whole[field:field+2])
				}
				require.True(t, bytes.HasPrefix(whole, got.Data), "packet %d cut to %d", i, n)
			}
		}
	}
}

// A wrong checksum stays wrong by as much; one that was left to the network card is
// filled in.
func TestWrongChecksums(t *testing.T) {
	frames := capturetest.MustFrames(t, talk)
	c, r := said(t, frames), Rewriter{Names: cryptopan.New(key)}
	const field = 14 + 20 + 16
	for i := range frames {
		f := frameOf(&frames[i])
		right, err := r.Packet(f, c, int(frames[i].Meta.Dir))
		require.NoError(t, err)
		good := bytes.Clone(right.Data)
		for _, by := range []uint16{1, 0x0100, 0xabcd} {
			damaged := f
			damaged.Data = bytes.Clone(f.Data)
			put16(damaged.Data[field:], int(fold(uint32(f.Data[field])<<8+uint32(f.Data[field+1])+uint32(by))))
			got, err := r.Packet(damaged, c, int(frames[i].Meta.Dir))
			require.NoError(t, err)
			require.NotEqual(t, good, got.Data, "packet %d", i)
			put16(got.Data[field:], int(good[field])<<8+int(good[field+1]))
			require.Equal(t, good, got.Data, "nothing else differs")
		}
		left := f
		left.Data = bytes.Clone(f.Data)
		ip := carrier{at: 14, dst: 14 + 16}
		put16(left.Data[field:], int(fold(ip.pseudo(f.Data, protoTCP, len(f.Data)-34))))
		got, err := r.Packet(left, c, int(frames[i].Meta.Dir))
		require.NoError(t, err)
		require.Equal(t, good, got.Data)
	}
}

// What an ICMP error quotes is renamed and overwritten as the packet itself was; the
// message keeps its length.
func TestQuoted(t *testing.T) {
	frames := capturetest.MustFrames(t, talk)
	c, r := said(t, frames), Rewriter{Names: cryptopan.New(key)}
	for i := range frames {
		m := frames[i].Meta
		packet := frames[i].Data[14:]
		packet = packet[:int(packet[2])<<8|int(packet[3])]
		for _, n := range []int{28, 40, len(packet) - len(m.Payload)/2, len(packet)} {
			if n > len(packet) {
				continue
			}
			buf := gopacket.NewSerializeBuffer()
			require.NoError(t, gopacket.SerializeLayers(buf, gopacket.SerializeOptions{FixLengths: true, ComputeChecksums: true},
				&layers.Ethernet{SrcMAC: frames[i].Data[:6], DstMAC: frames[i].Data[6:12], EthernetType: layers.EthernetTypeIPv4},
				&layers.IPv4{Version: 4, TTL: 60, Protocol: layers.IPProtocolICMPv4, SrcIP: []byte{203, 0, 113, 1}, DstIP: packet[12:16]},
				&layers.ICMPv4{TypeCode: layers.CreateICMPv4TypeCode(3, 13)}, gopacket.Payload(packet[:n])))
			got, err := r.Packet(Frame{Data: buf.Bytes(), Length: uint32(len(buf.Bytes())), Link: 1}, c, int(m.Dir))
			require.NoError(t, err)
			require.Len(t, got.Data, len(buf.Bytes()))
			got.Data = bytes.Clone(got.Data)
			for _, secret := range []string{"hunter2", "\xc0\x00\x02\x0a", "\xc0\x00\x02\x15", "\xcb\x00\x71\x01", "192,0,2", "192.0.2"} {
				require.NotContains(t, string(got.Data), secret)
			}
			icmp := gopacket.NewPacket(got.Data, layers.LayerTypeEthernet, gopacket.Default).Layer(layers.LayerTypeICMPv4).(*layers.ICMPv4)
			require.True(t, zero(fold(sum(sum(0, icmp.Contents), icmp.Payload))))
			own, err := r.Packet(frameOf(&frames[i]), c, int(m.Dir))
			require.NoError(t, err)
			require.Equal(t, own.Data[14+20:14+20+8], got.Data[14+20+8+20:14+20+8+20+8], "ports and number as in the packet itself")
			if n == len(packet) && len(own.Data) == len(frames[i].Data) {
				require.Equal(t, own.Data[14:14+n], got.Data[14+20+8:14+20+8+n])
			}
		}
	}
}

// Of encapsulations that are decoded, few are refused (several packets in one, routes
// that are addresses, what a check value covers, rare links), and those as a whole. In
// all others no address is left.
func TestWrappings(t *testing.T) {
	m, refused := cryptopan.New(key), map[string]bool{}
	for _, text := range []string{talk, talk6} {
		frames := capturetest.MustFrames(t, text)
		c := said(t, frames)
		for _, w := range capturetest.Wrappings() {
			r := Rewriter{Names: m}
			first := w.Wrap(frames)[0]
			_, err := r.Packet(frameOf(&first), c, 0)
			refused[w.Name] = err != nil
			for _, f := range w.Wrap(frames) {
				got, err := r.Packet(frameOf(&f), c, int(f.Meta.Dir))
				if refused[w.Name] {
					require.Equal(t, ErrUnknown, err, w.Name)
					continue
				}
				require.NoError(t, err, w.Name)
				for _, a := range []string{"192.0.2.10", "192.0.2.21", "2001:db8::10", "2001:db8::21", "10.99.0.1", "10.99.0.2", "2001:db8:99::1"} {
					require.NotContains(t, string(got.Data), string(netip.MustParseAddr(a).AsSlice()), "%s %s", w.Name, a)
				}
			}
		}
	}
	followed := 0
	for _, r := range refused {
		if !r {
			followed++
		}
	}
	require.GreaterOrEqual(t, followed, 75)
	for _, name := range []string{"PPPoE", "NFLOG", "802.11 radiotap", "PKTAP, Ethernet", "L2TPv2", "GTP-U"} {
		require.False(t, refused[name], name)
	}
}

// Whatever a packet holds, rewriting neither fails nor leaves it longer than it says.
func FuzzPacket(f *testing.F) {
	frames := capturetest.MustFrames(f, talk+"data d1 192.0.2.21:20 > 192.0.2.10:5001 unreachable 13\n")
	c := said(f, capturetest.MustFrames(f, talk))
	for _, w := range capturetest.Wrappings() {
		for i, x := range w.Wrap(frames) {
			if i%7 == 3 {
				f.Add(x.Data, x.Link, uint16(0), i%2 == 0)
			}
		}
	}
	links := []uint32{decode.LinkNull, decode.LinkEthernet, decode.LinkPPP, decode.LinkRaw, decode.LinkCHDLC, decode.LinkDot11, decode.LinkEnc, decode.LinkSLL,
		decode.LinkPFLOG, decode.LinkPrism, decode.LinkRadiotap, decode.LinkPKTAP, decode.LinkPPPD, decode.LinkPPI, decode.LinkPPPDir, decode.LinkMPLS,
		decode.LinkNFLOG, decode.LinkSLL2, decode.LinkPPPoE}
	f.Fuzz(func(t *testing.T, data []byte, link uint32, cut uint16, client bool) {
		if link > decode.LinkSLL2 {
			link = links[int(link)%len(links)]
		}
		r := Rewriter{Names: cryptopan.New(key)}
		sent := 1
		if client {
			sent = 0
		}
		old := bytes.Clone(data)
		got, err := r.Packet(Frame{Data: data, Length: uint32(len(data)) + uint32(cut), Link: link}, c, sent)
		require.Equal(t, old, data)
		if err == nil {
			require.LessOrEqual(t, len(got.Data), int(got.Length))
			_, err = r.Packet(Frame{Data: data, Length: uint32(len(data)) + uint32(cut), Link: link}, nil, sent)
			require.NoError(t, err)
		}
	})
}

// Tunnels whose packets came in fragments are renamed in each of them: in the first as far as it goes.
func TestFragments(t *testing.T) {
	frames := capturetest.MustFrames(t, talk)
	r, followed := Rewriter{Names: cryptopan.New(key)}, 0
	for _, w := range capturetest.Wrappings() {
		for _, list := range capturetest.Fragment(w.Wrap(frames), 104, 0, 7) {
			for i, f := range list {
				got, err := r.Packet(Frame{Data: f.Data, Length: uint32(f.Length), Link: w.Link}, nil, 0)
				if err != nil {
					require.Equal(t, ErrUnknown, err)
					continue
				}
				if len(list) > 1 && i == 0 {
					followed++
				}
				for _, a := range []string{"10.99.0.1", "10.99.0.2", "192.0.2.10", "192.0.2.21"} {
					if i == 0 {
						require.NotContains(t, string(got.Data), string(netip.MustParseAddr(a).AsSlice()), "%s %s", w.Name, a)
					}
				}
			}
		}
	}
	require.GreaterOrEqual(t, followed, 50)
}
