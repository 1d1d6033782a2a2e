package analyze_test

import (
	"encoding/binary"
	"io"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/analyze"
	"ftpscope/analyze/record"
	"ftpscope/capture"
	"ftpscope/capture/capturetest"
	"ftpscope/capture/flow"
)

// flood is a Source whose packets are made as they are asked for: n times what one call
// of make gives.
type flood struct {
	n, i    int
	make    func(f *flood, i int)
	batch   []capture.Packet
	buffers []byte
	ord     uint64
	peak    uint64 // of the heap, looked at in the middle of things
	still   bool   // the clock stands
}

const (
	floodBatch = 512 // packets; more than any make gives
	floodLooks = 5
)

func (f *flood) Next() ([]capture.Packet, error) {
	if f.i == f.n {
		return nil, io.EOF
	}
	f.batch, f.buffers = f.batch[:0], f.buffers[:0]
	for len(f.batch) < floodBatch/2 && f.i < f.n {
		if f.make(f, f.i); f.i%(f.n/floodLooks) == f.n/floodLooks-1 {
			f.peak = max(f.peak, heap())
		}
		f.i++
	}
	return f.batch, nil
}

func (f *flood) Files() []string      { return []string{"flood"} }
func (f *flood) Stats() capture.Stats { return capture.Stats{Files: 1} }

func heap() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// peer is one end of a connection of a flood.
type peer struct {
	host uint32
	port uint16
}

// send puts a TCP segment into the batch, 10 µs after the one before.
func (f *flood) send(from, to peer, flags uint8, seq, ack uint32, payload string) {
	const head = 40
	at := len(f.buffers)
	f.buffers = append(append(f.buffers, make([]byte, head)...), payload...)
	b, be := f.buffers[at:], binary.BigEndian
	b[0], b[8], b[9] = 0x45, 64, 6
	be.PutUint16(b[2:], uint16(len(b)))
	be.PutUint16(b[4:], uint16(f.ord))
	be.PutUint32(b[12:], from.host)
	be.PutUint32(b[16:], to.host)
	be.PutUint16(b[20:], from.port)
	be.PutUint16(b[22:], to.port)
	be.PutUint32(b[24:], seq)
	be.PutUint32(b[28:], ack)
	b[32], b[33] = 5<<4, flags
	be.PutUint16(b[34:], 65535)
	f.ord++
	now := capturetest.Start
	if !f.still {
		now += flow.Time(f.ord) * 10 * flow.Microsecond
	}
	f.batch = append(f.batch, capture.Packet{
		Data: b, Length: uint32(len(b)), Link: capturetest.LinkRaw, Digits: 6,
		Mark: flow.Mark{Time: now, Ord: f.ord, Pos: flow.At(0, f.ord)},
	})
}

// open is the handshake of a connection.
func (f *flood) open(from, to peer) {
	f.send(from, to, flow.SYN, 0, 0, "")
	f.send(to, from, flow.SYN|flow.ACK, 0, 1, "")
}

// counting takes records and counts them.
type counting struct {
	sessions, attempts, orphans, transfers int
	summary                                record.Summary
}

func (c *counting) Session(s *record.Session) error {
	c.sessions++
	c.transfers += len(s.Transfers)
	return nil
}
func (c *counting) Attempt(*record.Attempt) error   { c.attempts++; return nil }
func (c *counting) Orphan(*record.Orphan) error     { c.orphans++; return nil }
func (c *counting) Summary(s *record.Summary) error { c.summary = *s; return nil }

// client and server are the i-th of many.
func client(i int) peer { return peer{10<<24 | uint32(i>>8)&0xffffff, uint16(20000 + i&0xff)} }

// short is a session that says nothing; open: it goes on.
func (f *flood) short(i int, open bool) {
	c := client(i)
	f.open(c, floodServer)
	f.send(floodServer, c, flow.ACK, 1, 1, "220 ready\r\n")
	if open {
		return
	}
	f.send(c, floodServer, flow.ACK, 1, 12, "QUIT\r\n")
	f.send(c, floodServer, flow.ACK|flow.FIN, 7, 12, "")
	f.send(floodServer, c, flow.ACK|flow.FIN, 12, 8, "")
	f.send(c, floodServer, flow.ACK, 8, 13, "")
}

// manySessions take turns in asking for the same passive port, passiveMany times a
// packet. Their clients are hosts of their own if apart is 256, one host if it is 0.
func (f *flood) passive(i, apart int) {
	if i%passiveMany != 0 {
		return
	}
	n, round := i/passiveMany%manySessions, uint32(i/passiveMany/manySessions)
	c := client(n * apart)
	c.port += uint16(n)
	if round == 0 {
		f.open(c, floodServer)
		f.send(floodServer, c, flow.ACK, 1, 1, "220 ready\r\n")
	}
	ask, agree := strings.Repeat("PASV\r\n", passiveMany), strings.Repeat("227 (192,0,2,21,195,80)\r\n", passiveMany)
	f.send(c, floodServer, flow.ACK, 1+round*uint32(len(ask)), 12+round*uint32(len(agree)), ask)
	f.send(floodServer, c, flow.ACK, 12+round*uint32(len(agree)), 1+(round+1)*uint32(len(ask)), agree)
}

const manySessions, passiveMany = 1000, 50

var floodServer = peer{192<<24 | 2<<8 | 21, 21}

// The caps of the manual, "Limits", hold whatever the network sends: more of each than
// its cap, and the heap in the midst of it.
func TestFloods(t *testing.T) {
	plainCollector(t)
	const mb = 1 << 20
	for _, test := range []struct {
		name  string
		n     int    // calls of make
		most  uint64 // bytes of heap
		make  func(f *flood, i int)
		check func(t *testing.T, n int, c *counting)
	}{
		{"SYNs", 400_000, 40 * mb, func(f *flood, i int) { f.send(client(i), floodServer, flow.SYN, uint32(i), 0, "") },
			func(t *testing.T, n int, c *counting) {
				require.Positive(t, c.summary.Attempts)
				require.LessOrEqual(t, c.attempts, 10_000)
			}},
		{"half-open connections", 400_000, 40 * mb, func(f *flood, i int) { f.open(client(i), floodServer) },
			func(t *testing.T, n int, c *counting) { require.Zero(t, c.sessions) }},
		{"an endless line", 400_000, 8 * mb, func(f *flood, i int) {
			c := client(0)
			if i == 0 {
				f.open(c, floodServer)
				f.send(floodServer, c, flow.ACK, 1, 1, "220 ready\r\n")
			}
			f.send(c, floodServer, flow.ACK, uint32(1+i*len(endless)), 12, endless)
		}, func(t *testing.T, n int, c *counting) { require.Equal(t, 1, c.sessions) }},
		{"endless negotiations", 400_000, 64 * mb, func(f *flood, i int) {
			const many = 500
			if i%many != 0 {
				return
			}
			c, at := client(0), uint32(i/many)
			if i == 0 {
				f.open(c, floodServer)
				f.send(floodServer, c, flow.ACK, 1, 1, "220 ready\r\n")
			}
			ask, agree := strings.Repeat("PORT 10,0,0,0,195,80\r\n", many), strings.Repeat("200 ok\r\n", many)
			f.send(c, floodServer, flow.ACK, 1+at*uint32(len(ask)), 12+at*uint32(len(agree)), ask)
			f.send(floodServer, c, flow.ACK, 12+at*uint32(len(agree)), 1+(at+1)*uint32(len(ask)), agree)
		}, func(t *testing.T, n int, c *counting) {
			require.Equal(t, 10_000, c.transfers)
			requireLimit(t, c, "commands, negotiations or transfers of one session", n-10_000)
		}},
		{"one endpoint offered again and again", 400_000, 320 * mb, func(f *flood, i int) { f.passive(i, 256) },
			func(t *testing.T, n int, c *counting) {
				require.Equal(t, manySessions, c.sessions)
				require.Equal(t, n, c.transfers)
				requireLimit(t, c, "offers that waited for a connection", n-256<<10)
			}},
		{"negotiations in many sessions of two hosts", 400_000, 160 * mb, func(f *flood, i int) { f.passive(i, 0) },
			func(t *testing.T, n int, c *counting) {
				require.Equal(t, manySessions, c.sessions)
				require.Less(t, c.transfers, n)
				require.GreaterOrEqual(t, limit(c, "commands, negotiations or transfers of one session"), uint64(n-c.transfers))
			}},
		{"encrypted sessions of one pair of hosts", 400_000, 512 * mb, func(f *flood, i int) {
			const every = 20 // a session, and as many connections between the same hosts
			c := peer{10 << 24, uint16(10_000 + i/every)}
			if i%every != 0 {
				f.open(peer{c.host, uint16(i)}, peer{floodServer.host, uint16(30_000 + i%every)})
				return
			}
			f.open(c, floodServer)
			f.send(floodServer, c, flow.ACK, 1, 1, "220 ready\r\n")
			f.send(c, floodServer, flow.ACK, 1, 12, "AUTH TLS\r\n")
			f.send(floodServer, c, flow.ACK, 12, 11, "234 go on\r\n")
			f.send(c, floodServer, flow.ACK, 11, 23, "\x17\x03\x03\x00\x04data")
			f.send(floodServer, c, flow.ACK, 23, 20, "\x17\x03\x03\x00\x04data")
		}, func(t *testing.T, n int, c *counting) { require.Equal(t, n/20, c.sessions) }},
		{"sessions after one that goes on", 200_000, 320 * mb, func(f *flood, i int) { f.short(i, i == 0) },
			func(t *testing.T, n int, c *counting) {
				require.Equal(t, n, c.sessions)
				require.Greater(t, limit(c, "sessions that waited for an older one to end"), uint64(n/2))
			}},
		{"sessions while the clock stands still", 200_000, 320 * mb, func(f *flood, i int) {
			f.still = true
			f.short(i, false)
		}, func(t *testing.T, n int, c *counting) {
			require.Equal(t, n, c.sessions)
			require.Greater(t, limit(c, "sessions that waited for their data connections"), uint64(n/2))
		}},
		{"data from port 20", 1_000_000, 512 * mb, func(f *flood, i int) {
			from := peer{floodServer.host, 20}
			f.open(from, client(i))
			f.send(from, client(i), flow.ACK, 1, 1, "data")
		}, func(t *testing.T, n int, c *counting) {
			require.Equal(t, 10_000, c.orphans)
			require.Greater(t, c.summary.Orphans, n-100) // a few were forgotten before their data came
			require.Positive(t, c.summary.Capture.Evicted)
			require.Positive(t, limit(c, "connections of which it is noted what TCP did"))
		}},
		{"sessions that never end", 200_000, 530 * mb, func(f *flood, i int) {
			f.open(client(i), floodServer)
			f.send(floodServer, client(i), flow.ACK, 1, 1, "220 ready\r\n")
		}, func(t *testing.T, n int, c *counting) {
			require.Equal(t, n, c.sessions)
			require.Positive(t, c.summary.Capture.Evicted)
		}},
		{"sessions in the middle of long lines", 700_000, 1408 * mb, func(f *flood, i int) {
			if i%5 != 0 {
				return
			}
			c := client(i / 5)
			f.open(c, floodServer)
			f.send(floodServer, c, flow.ACK, 1, 1, "220 ready\r\n220-"+endless)
			f.send(c, floodServer, flow.ACK, 1, 16+uint32(len(endless)), "USER bob\r\nCWD "+endless)
			f.send(floodServer, c, flow.ACK, 16+uint32(len(endless)), 15+uint32(len(endless)), endless)
			f.send(c, floodServer, flow.ACK, 15+uint32(len(endless)), 16+2*uint32(len(endless)), endless)
		}, func(t *testing.T, n int, c *counting) {
			require.Equal(t, n/5, c.sessions)
			require.NotZero(t, limit(c, "commands, negotiations or transfers of one session"))
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			n := test.n
			if raceEnabled {
				n = min(n, 50_000) // the caps are the same
			}
			f, c := &flood{n: n, make: test.make}, &counting{}
			before := heap()
			_, err := analyze.Run(f, analyze.Options{}, c)
			require.NoError(t, err)
			require.LessOrEqual(t, f.peak, before+test.most)
			if !raceEnabled {
				test.check(t, n, c)
			}
		})
	}
}

var endless = strings.Repeat("x", 1000)

func requireLimit(t *testing.T, c *counting, name string, n int) {
	t.Helper()
	require.EqualValues(t, n, limit(c, name), "%v", c.summary.Capture.Limits)
}

// limit is how often a limit struck.
func limit(c *counting, name string) uint64 {
	for _, l := range c.summary.Capture.Limits {
		if l.Limit == name {
			return l.Count
		}
	}
	return 0
}
