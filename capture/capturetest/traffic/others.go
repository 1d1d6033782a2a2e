package traffic

import (
	"fmt"
	"math"
	"strconv"
)

// The conversations that are no FTP: as far as needed to look alike in sizes, directions
// and first bytes.

// skewed draws from a log-normal distribution: most are small, a few very big, as objects
// on the web are.
func (g *generator) skewed(median, sigma float64, most int64) int64 {
	return min(most, 1+int64(median*math.Exp(sigma*g.rnd.NormFloat64())))
}

// outside is some host on the Internet.
func (g *generator) outside(port uint16) endpoint {
	r := g.rnd.Uint32()
	return endpoint{ip: [16]byte{203, byte(r >> 16), byte(r >> 8), byte(r) | 1}, port: port}
}

// rounds is a conversation that goes back and forth a number of times.
type rounds struct {
	left   int
	hold   int64 // idle before the last one
	opened bool
	round  func(g *generator, t *talk, r *rounds)
	last   bool
}

func (r *rounds) plan(g *generator, t *talk) bool {
	switch {
	case !r.opened:
		r.opened = true
		t.open(0)
		if r.hold > 0 && r.left < 2 {
			t.pause(r.hold)
		}
	case r.left > 0:
		r.left--
		r.round(g, t, r)
	case !r.last:
		r.last = true
		t.close(0, 1)
	default:
		return false
	}
	return true
}

func (g *generator) newTCP(port uint16, r *rounds) *talk {
	t := g.newTalk(false, g.between(2*millisecond, 80*millisecond), g.between(5*microsecond, 60*microsecond))
	t.line[0] = g.connect(t.client(), g.outside(port))
	t.who = r
	return t
}

func (g *generator) newHTTP() *talk {
	return g.newTCP(80, &rounds{left: 1 + g.rnd.IntN(4), round: func(g *generator, t *talk, r *rounds) {
		g.fetch(t, r.left, g.skewed(4e3, 1.5, 4<<20))
		t.pause(g.between(millisecond, 300*millisecond))
	}})
}

// fetch plans a request and a response of n bytes.
func (g *generator) fetch(t *talk, i int, n int64) {
	t.ask(0, 0, "GET /item/"+strconv.Itoa(t.number)+"/"+strconv.Itoa(i)+" HTTP/1.1\r\nHost: www.example.com\r\nUser-Agent: traffic/1\r\nAccept: */*\r\n\r\n")
	g.planSend(t, act{dir: 1, n: n, text: "HTTP/1.1 200 OK\r\nServer: example\r\nContent-Type: application/octet-stream\r\nContent-Length: " + strconv.FormatInt(n, 10) + "\r\n\r\n"})
}

const record = 16000 // bytes of a TLS record

func (g *generator) newTLS() *talk {
	return g.newTCP(443, &rounds{left: 2 + g.rnd.IntN(8), round: func(g *generator, t *talk, _ *rounds) {
		g.records(t, 0, g.between(60, 700))
		g.records(t, 1, g.skewed(2e3, 1.6, 8<<20))
		t.pause(g.between(millisecond, 500*millisecond))
	}})
}

// records plans n bytes of application data, in records.
func (g *generator) records(t *talk, dir uint8, n int64) {
	for n > 0 {
		k := min(n, record)
		g.planSend(t, act{dir: dir, n: k, text: string([]byte{23, 3, 3, byte(k >> 8), byte(k)})})
		n -= k
	}
}

func (g *generator) newMail() *talk {
	return g.newTCP(25, &rounds{left: 1, round: func(g *generator, t *talk, _ *rounds) {
		t.answer(0, 1, "220 mail.example.com ESMTP ready\r\n")
		for _, line := range [][2]string{
			{"EHLO client.example.net", "250 mail.example.com"},
			{fmt.Sprintf("MAIL FROM:<user%d@example.net>", t.number), "250 2.1.0 Ok"},
			{"RCPT TO:<someone@example.com>", "250 2.1.5 Ok"},
			{"DATA", "354 End data with <CR><LF>.<CR><LF>"},
		} {
			t.ask(0, 0, line[0]+"\r\n")
			t.answer(0, 1, line[1]+"\r\n")
		}
		t.answer(0, 0, "Subject: test\r\n\r\n")
		g.planSend(t, act{from: g.mail, n: mailLine * (1 + g.skewed(3e3, 1.4, 1<<20)/mailLine)})
		t.ask(0, 0, ".\r\n")
		t.answer(0, 1, "250 2.0.0 Ok: queued\r\n")
		t.ask(0, 0, "QUIT\r\n")
		t.answer(0, 1, "221 2.0.0 Bye\r\n")
	}})
}

// planned is a conversation whose acts are all there when it begins.
type planned struct{}

func (planned) plan(*generator, *talk) bool { return false }

// newDNS is a question and its answer: RFC 1035 section 4.1.
func (g *generator) newDNS() *talk {
	t := g.newTalk(false, g.between(millisecond, 30*millisecond), microsecond)
	t.line[0] = g.connect(t.client(), endpoint{ip: [16]byte{203, 0, 113, 53}, port: 53})
	name := "h" + strconv.Itoa(t.number)
	question := string(rune(len(name))) + name + "\x07example\x03com\x00\x00\x01\x00\x01"
	r := g.rnd.Uint32()
	id := string([]byte{byte(r >> 8), byte(r)})
	t.add(act{do: doUDP, text: id + "\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00" + question, wait: t.rtt})
	t.add(act{do: doUDP, dir: 1, text: id + "\x81\x80\x00\x01\x00\x01\x00\x00\x00\x00" + question +
		"\xc0\x0c\x00\x01\x00\x01\x00\x00\x01\x2c\x00\x04\xcb\x00\x71\x07"})
	t.who = planned{}
	return t
}

// voice is a stream of 20 ms in either direction: RTP (RFC 3550 section 5.1) with 160
// bytes of sound.
type voice struct{ frames, sent int }

func (g *generator) newVoice() *talk {
	t := g.newTalk(false, 0, 0)
	t.line[0] = g.connect(t.client(), g.outside(uint16(16384+2*g.rnd.IntN(8000))))
	t.who = &voice{frames: 20 + g.rnd.IntN(150)}
	return t
}

func (v *voice) plan(g *generator, t *talk) bool {
	if v.sent == v.frames {
		return false
	}
	for dir := range uint8(2) {
		n, at := v.sent, v.sent*160
		head := []byte{0x80, 0, byte(n >> 8), byte(n), byte(at >> 24), byte(at >> 16), byte(at >> 8), byte(at), dir, byte(t.number >> 16), byte(t.number >> 8), byte(t.number)}
		t.add(act{do: doUDP, dir: dir, text: string(head), from: g.noise, off: int32(g.noise.begin(g.rnd)), n: 160, wait: 10 * millisecond})
	}
	v.sent++
	return true
}

func (g *generator) newPing() *talk {
	t := g.newTalk(false, g.between(2*millisecond, 60*millisecond), 0)
	t.line[0] = g.connect(t.client(), g.outside(0))
	t.line[0].next[0] = 0
	for range 1 + g.rnd.IntN(5) {
		off := int32(g.noise.begin(g.rnd))
		t.add(act{do: doPing, from: g.noise, off: off, n: 56, wait: t.rtt})
		t.add(act{do: doPing, dir: 1, from: g.noise, off: off, n: 56, wait: second})
	}
	t.who = planned{}
	return t
}
