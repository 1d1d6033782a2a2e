package decrypt

import (
	"bytes"
	"crypto/tls"
	"io"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/analyze/keylog"
	"ftpscope/capture/capturetest/tlspair"
	"ftpscope/capture/flow"
)

// piece is what a side sent at a time.
type piece struct {
	dir flow.Direction
	b   []byte
}

// talk is a connection of crypto/tls: what was sent, in order, and the key log.
type talk struct {
	pieces []piece
	log    bytes.Buffer
}

// said is what the two say, in turns, the client first.
var said = []string{"USER bob\r\n", "331 password\r\n", "PASS x\r\n", "230 in\r\n", "RETR a\r\n", string(bytes.Repeat([]byte("file "), 10_000)), "QUIT\r\n", "221 bye\r\n"}

// makeCertificate makes one for a server.
var makeCertificate = sync.OnceValue(func() tls.Certificate {
	c, err := tlspair.Certificate("ftp.example.com")
	if err != nil {
		panic(err)
	}
	return c
})

// connected makes both ends of a connection. The client trusts everybody, unless it has
// authorities of its own.
func connected(client, server *tls.Config) (x *talk, c, s *tls.Conn) {
	x = &talk{}
	client, server = client.Clone(), server.Clone()
	client.KeyLogWriter, client.InsecureSkipVerify, client.ServerName = &x.log, client.RootCAs == nil, "ftp.example.com"
	server.Certificates = []tls.Certificate{makeCertificate()}
	p := tlspair.New(client, server, func(side int, b []byte) { x.pieces = append(x.pieces, piece{flow.Direction(side), bytes.Clone(b)}) })
	return x, p[0], p[1]
}

// talked lets crypto/tls talk.
func talked(t testing.TB, client, server *tls.Config) *talk {
	t.Helper()
	x, c, s := connected(client, server)
	done := make(chan error, 1)
	go func() {
		done <- speak(s, c, 1)
	}()
	require.NoError(t, speak(c, s, 0))
	require.NoError(t, <-done)
	return x
}

// speak says every second of what is said, and hears the others.
func speak(c, _ *tls.Conn, turn int) error {
	for i, text := range said {
		if i%2 == turn {
			if _, err := c.Write([]byte(text)); err != nil {
				return err
			}
			continue
		}
		if _, err := io.ReadFull(c, make([]byte, len(text))); err != nil {
			return err
		}
	}
	if err := c.CloseWrite(); err != nil {
		return err
	}
	_, err := io.Copy(io.Discard, c)
	return err
}

// heard is what an Opener told.
type heard struct {
	plain   [2]bytes.Buffer
	turns   []flow.Direction
	missing [2]uint64
	shaken  int
	alerts  []byte
}

func (h *heard) Plain(dir flow.Direction, b []byte, _ flow.Mark) {
	h.plain[dir].Write(b)
	if n := len(h.turns); n == 0 || h.turns[n-1] != dir {
		h.turns = append(h.turns, dir)
	}
}
func (h *heard) Missing(dir flow.Direction, n uint64, _ flow.Mark) { h.missing[dir] += n }
func (h *heard) Shaken(_ flow.Direction, b []byte, _ flow.Mark)    { h.shaken += len(b) }
func (h *heard) Alert(_ flow.Direction, _, description byte, _ flow.Mark) {
	h.alerts = append(h.alerts, description)
}

// saidBy is all that a side said.
func saidBy(dir int) (all string) {
	for i := dir; i < len(said); i += 2 {
		all += said[i]
	}
	return all
}

func ringOf(log []byte) *Keyring {
	store := keylog.New()
	store.Block(log, 0)
	return NewKeyring(store)
}

// play gives an Opener what was sent, in pieces of n bytes.
func play(o *Opener, pieces []piece, n int) {
	at := flow.Mark{Pos: flow.At(0, 1)}
	for _, p := range pieces {
		for b := p.b; len(b) > 0; b = b[min(n, len(b)):] {
			at.Ord++
			at.Time += flow.Microsecond
			o.Data(p.dir, b[:min(n, len(b))], at)
		}
	}
}

// oneSideFirst is the order in which reassembly gives the sides when one is held up.
func oneSideFirst(pieces []piece, first flow.Direction) (list []piece) {
	for _, dir := range []flow.Direction{first, first ^ 1} {
		for _, p := range pieces {
			if p.dir == dir {
				list = append(list, p)
			}
		}
	}
	return list
}

func suites(version uint16, ids ...uint16) *tls.Config {
	return &tls.Config{MinVersion: version, MaxVersion: version, CipherSuites: ids}
}

// Every version and suite that crypto/tls speaks, cut anywhere, one side long before the
// other.
func TestOpener(t *testing.T) {
	for name, config := range map[string]*tls.Config{
		"1.3":             suites(tls.VersionTLS13),
		"1.3, retried":    {MinVersion: tls.VersionTLS13, CurvePreferences: []tls.CurveID{tls.CurveP384}},
		"1.2 GCM 128":     suites(tls.VersionTLS12, tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256),
		"1.2 GCM 256":     suites(tls.VersionTLS12, tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384),
		"1.2 ChaCha20":    suites(tls.VersionTLS12, tls.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256),
		"1.2 CBC":         suites(tls.VersionTLS12, tls.TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA),
		"1.2 CBC SHA-256": suites(tls.VersionTLS12, tls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256),
		"1.1":             suites(tls.VersionTLS11, tls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA),
		"1.0":             suites(tls.VersionTLS10, tls.TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA),
	} {
		t.Run(name, func(t *testing.T) {
			client := config.Clone()
			if config.CurvePreferences != nil {
				client.CurvePreferences = []tls.CurveID{tls.X25519, tls.CurveP384}
			}
			x := talked(t, client, config)
			for _, n := range []int{1, 7, 1448, 1 << 20} {
				for order, pieces := range [][]piece{x.pieces, oneSideFirst(x.pieces, flow.Out), oneSideFirst(x.pieces, flow.In)} {
					h := &heard{}
					o := ringOf(x.log.Bytes()).Open(h)
					play(o, pieces, n)
					require.Equal(t, Open, o.State(), "order %d, %d bytes a segment: %d", order, n, o.Why())
					for dir := range 2 {
						require.Equal(t, saidBy(dir), h.plain[dir].String(), "order %d", order)
						require.Equal(t, Sent{Plain: uint64(len(saidBy(dir))), Closed: true}, o.Sent(flow.Direction(dir)))
					}
					require.Equal(t, [2]uint64{}, h.missing)
					client, known := o.Client()
					require.True(t, known)
					require.Equal(t, flow.Out, client)
				}
			}
			o := ringOf(nil).Open(&heard{})
			play(o, x.pieces, 100)
			require.Equal(t, NoSecrets, o.Why())
			o = ringOf(x.log.Bytes()).Open(&heard{})
			play(o, x.pieces[len(x.pieces)-6:], 100)
			require.Equal(t, NoHandshake, o.Why(), "it begins after the handshake")
			other := talked(t, client, config)
			o = ringOf(bytes.ReplaceAll(other.log.Bytes(), randomIn(t, other), randomIn(t, x))).Open(&heard{})
			play(o, x.pieces, 100)
			require.Equal(t, WrongKeys, o.Why(), "another connection's secrets")
		})
	}
}

// randomIn is the client's random of a connection, as its log has it.
func randomIn(t *testing.T, x *talk) []byte {
	fields := bytes.Fields(x.log.Bytes())
	require.GreaterOrEqual(t, len(fields), 3)
	return fields[1]
}

// A resumed session opens with the secret of the one that it resumes, which is all that
// some clients write down.
func TestResumption(t *testing.T) {
	config := suites(tls.VersionTLS12, tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256)
	client := config.Clone()
	client.ClientSessionCache = tls.NewLRUClientSessionCache(1)
	server := config.Clone()
	server.SetSessionTicketKeys([][32]byte{{1}})
	first, second, third := talked(t, client, server), talked(t, client, server), talked(t, client, server)
	ring := ringOf(first.log.Bytes())
	for _, x := range []*talk{first, second, third} {
		h := &heard{}
		o := ring.Open(h)
		play(o, x.pieces, 100)
		require.Equal(t, saidBy(1), h.plain[1].String())
	}
	o := ringOf(first.log.Bytes()).Open(&heard{})
	play(o, second.pieces, 100)
	require.Equal(t, NoSecrets, o.Why(), "the capture lacks the first connection")
	full := talked(t, suites(tls.VersionTLS12, tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384), suites(tls.VersionTLS12))
	o = ring.Open(&heard{})
	play(o, full.pieces, 100)
	require.Equal(t, NoSecrets, o.Why(), "a full handshake resumes nothing")
}

// Of one side only, TLS 1.3 tells what the client says.
func TestOneSide(t *testing.T) {
	x := talked(t, suites(tls.VersionTLS13), suites(tls.VersionTLS13))
	h := &heard{}
	o := ringOf(x.log.Bytes()).Open(h)
	for _, p := range x.pieces {
		if p.dir == flow.Out {
			play(o, []piece{p}, 1000)
		}
	}
	require.Equal(t, saidBy(0), h.plain[0].String())
}

// Secrets that come late open what waited for them.
func TestLateSecrets(t *testing.T) {
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		x := talked(t, suites(version), suites(version))
		store := keylog.New()
		store.Grows(func() {})
		h := &heard{}
		o := NewKeyring(store).Open(h)
		play(o, x.pieces[:len(x.pieces)-2], 1000)
		require.Equal(t, Waiting, o.State())
		store.Block(x.log.Bytes(), 0)
		play(o, x.pieces[len(x.pieces)-2:], 1000)
		require.Equal(t, []flow.Direction{0, 1, 0, 1, 0, 1, 0, 1}, h.turns, "in the order in which it was said")
		require.Zero(t, o.ring.held.Used())
		require.Equal(t, saidBy(0), h.plain[0].String())
		require.Equal(t, saidBy(1), h.plain[1].String())
		never := keylog.New()
		never.Grows(func() {})
		o = NewKeyring(never).Open(h)
		play(o, x.pieces, 1000)
		require.Equal(t, Waiting, o.State())
		require.NotZero(t, o.ring.held.Used())
		o.Close()
		require.Equal(t, NoSecrets, o.Why())
		require.Zero(t, o.ring.held.Used())
	}
}

// records are those of the server's data: where they begin, and how long they are.
func recordsOf(pieces []piece, dir flow.Direction) (all []byte, places []int) {
	for _, p := range pieces {
		if p.dir == dir {
			all = append(all, p.b...)
		}
	}
	for at := 0; at < len(all); at += recordSize(all[at:]) {
		places = append(places, at)
	}
	return all, places
}

// Gaps: what is lost is told, and what follows is opened.
func TestGaps(t *testing.T) {
	for name, version := range map[string]uint16{"1.3": tls.VersionTLS13, "1.2": tls.VersionTLS12} {
		t.Run(name, func(t *testing.T) {
			x := talked(t, suites(version), suites(version))
			all, places := recordsOf(x.pieces, flow.In)
			n := len(places)
			for _, test := range []struct {
				name     string
				from, to int // of the server's bytes
			}{
				{"within a record", places[n-4] + 100, places[n-4] + 200},
				{"to a record's end", places[n-4] + 100, places[n-3]},
				{"a record", places[n-4], places[n-3]},
				{"over a header", places[n-5] + 50, places[n-4] + 70},
				{"two records and a half", places[n-6] - 1, places[n-4] + 9},
			} {
				t.Run(test.name, func(t *testing.T) {
					h := &heard{}
					o := ringOf(x.log.Bytes()).Open(h)
					play(o, oneSideFirst(x.pieces, flow.Out)[:1], 1000) // the ClientHello
					give := func(b []byte) { play(o, []piece{{flow.In, b}}, 1448) }
					give(all[:test.from])
					o.Gap(flow.In, uint64(test.to-test.from), flow.Mark{Ord: 9})
					give(all[test.to:])
					require.Equal(t, Open, o.State(), "%d", o.Why())
					got := h.plain[flow.In].String()
					require.True(t, bytes.HasSuffix([]byte(got), []byte("221 bye\r\n")), "%d bytes", len(got))
					require.Less(t, len(got), len(saidBy(1)))
					require.NotZero(t, h.missing[flow.In])
					if name := test.name; name == "within a record" || name == "to a record's end" {
						require.Equal(t, len(saidBy(1)), len(got)+int(h.missing[flow.In]))
					}
				})
			}
		})
	}
}

// A damaged record is lost, and nothing else.
func TestDamage(t *testing.T) {
	x := talked(t, suites(tls.VersionTLS13), suites(tls.VersionTLS13))
	all, places := recordsOf(x.pieces, flow.In)
	all[places[len(places)-4]+50] ^= 1
	h := &heard{}
	o := ringOf(x.log.Bytes()).Open(h)
	play(o, oneSideFirst(x.pieces, flow.Out)[:1], 1000)
	play(o, []piece{{flow.In, all}}, 1000)
	require.Equal(t, len(saidBy(1)), h.plain[1].Len()+int(h.missing[1]))
	require.NotZero(t, h.missing[1])
}
