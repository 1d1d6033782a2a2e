package decrypt

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/analyze/keylog"
	"ftpscope/capture/flow"
)

// quarrel lets crypto/tls try to shake hands, which fails at one end.
func quarrel(t *testing.T, client, server *tls.Config) *talk {
	t.Helper()
	x, c, s := connected(client, server)
	done := make(chan error, 1)
	go func() {
		err := s.Handshake()
		if err == nil {
			_, err = s.Read(make([]byte, 1))
		}
		done <- err
	}()
	err := c.Handshake()
	if err == nil {
		_, err = c.Read(make([]byte, 1))
	}
	require.Error(t, errors.Join(err, <-done))
	return x
}

// Alerts that end a handshake are told where they are encrypted, whoever sends them: under TLS
// 1.3 the client's of a certificate that it does not trust, and the server's of a client that
// has none, which comes when the client thinks that all is well.
func TestAlerts(t *testing.T) {
	const unknownCA, badCertificate, required = 48, 42, 116
	wary := suites(tls.VersionTLS13)
	wary.RootCAs = x509.NewCertPool()
	strict := suites(tls.VersionTLS13)
	strict.ClientAuth = tls.RequireAnyClientCert
	for name, test := range map[string]struct {
		client, server *tls.Config
		from           flow.Direction
		want           []byte
	}{
		"a certificate that is not trusted": {wary, suites(tls.VersionTLS13), flow.Out, []byte{unknownCA, badCertificate}},
		"no client certificate":             {suites(tls.VersionTLS13), strict, flow.In, []byte{required}},
	} {
		t.Run(name, func(t *testing.T) {
			x := quarrel(t, test.client, test.server)
			for _, n := range []int{1, 1000} {
				h := &heard{}
				play(ringOf(x.log.Bytes()).Open(h), x.pieces, n)
				require.Len(t, h.alerts, 1)
				require.Contains(t, test.want, h.alerts[0])
			}
		})
	}
}

// Of the client's side alone TLS 1.2 cannot be opened; nothing is held for ever.
func TestClientsSide(t *testing.T) {
	x := talked(t, suites(tls.VersionTLS12), suites(tls.VersionTLS12))
	h := &heard{}
	o := ringOf(x.log.Bytes()).Open(h)
	play(o, ofSide(x.pieces, flow.Out), 1000)
	require.False(t, o.Opened())
	o.Data(flow.Out, []byte{applicationData}, flow.Mark{Ord: 1 << 20, Time: flow.Time(maxWait) * 2})
	o.Close()
	require.Equal(t, NoAnswer, o.Why())
	require.Empty(t, h.plain[0].String())
	o = ringOf(nil).Open(h)
	play(o, ofSide(x.pieces, flow.Out), 1000)
	o.Close()
	require.Equal(t, NoSecrets, o.Why())
}

// What waits for secrets is bounded, by bytes and by time.
func TestHeld(t *testing.T) {
	x := talked(t, suites(tls.VersionTLS13), suites(tls.VersionTLS13))
	waiting := func() (*Opener, *keylog.Store) {
		store := keylog.New()
		store.Grows(func() {})
		o := NewKeyring(store).Open(&heard{})
		play(o, x.pieces, 1000)
		require.Equal(t, Waiting, o.State())
		return o, store
	}
	o, _ := waiting()
	for range maxHeld / maxPlain {
		o.Data(flow.In, make([]byte, maxPlain), flow.Mark{Ord: 1 << 20})
	}
	require.Equal(t, NoSecrets, o.Why(), "bytes")
	require.Zero(t, o.ring.held.Used())

	o, store := waiting()
	require.True(t, o.Waits(maxWait))
	require.False(t, o.Waits(maxWait*2))
	o.Data(flow.In, []byte{applicationData}, flow.Mark{Ord: 1 << 20, Time: maxWait * 2})
	require.Equal(t, NoSecrets, o.Why(), "time")
	require.Zero(t, o.ring.held.Used())
	store.Block(x.log.Bytes(), 0)
	o.ring.Retry()
	require.Equal(t, Shut, o.State())
	require.Empty(t, o.ring.waiting)
}

// Secrets that come after all that was said open it: with the next packet, however late that
// is, at a tick, or at the end.
func TestLate(t *testing.T) {
	for name, then := range map[string]func(o *Opener){
		"a packet": func(o *Opener) { o.Data(flow.In, []byte{alert}, flow.Mark{Ord: 1 << 20, Time: maxWait * 9}) },
		"a gap":    func(o *Opener) { o.Gap(flow.In, 1, flow.Mark{Ord: 1 << 20, Time: maxWait * 9}) },
		"a tick":   func(o *Opener) { o.ring.Retry() },
		"the end":  (*Opener).Close,
	} {
		t.Run(name, func(t *testing.T) {
			for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
				x := talked(t, suites(version), suites(version))
				store, h := keylog.New(), &heard{}
				store.Grows(func() {})
				o := NewKeyring(store).Open(h)
				play(o, x.pieces, 1000)
				o.ring.Retry()
				require.Equal(t, Waiting, o.State())
				store.Block(x.log.Bytes(), 0)
				then(o)
				require.Equal(t, Open, o.State())
				require.Contains(t, h.plain[flow.Out].String(), "QUIT\r\n")
				require.Contains(t, h.plain[flow.In].String(), "221 bye\r\n")
				o.ring.Retry()
				require.Empty(t, o.ring.waiting)
				require.Zero(t, o.ring.held.Used())
				require.False(t, o.Waits(0))
			}
		})
	}
}

// Records that nothing authenticates end it, and not at once: a capture may be damaged.
func TestWrongMACs(t *testing.T) {
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		x := talked(t, suites(version), suites(version))
		h := &heard{}
		o := ringOf(x.log.Bytes()).Open(h)
		play(o, x.pieces[:len(x.pieces)-4], 1000)
		require.Equal(t, Open, o.State())
		for i := range maxFailed {
			require.Equal(t, Open, o.State(), i)
			play(o, []piece{{flow.In, append([]byte{applicationData, 3, 3, 0, 100}, make([]byte, 100)...)}}, 1000)
		}
		require.Equal(t, Damaged, o.Why())
		require.NotZero(t, h.missing[flow.In])
	}
}

// Text where a record should begin ends a side (CCC); the other one goes on.
func TestEnded(t *testing.T) {
	x := talked(t, suites(tls.VersionTLS13), suites(tls.VersionTLS13))
	h := &heard{}
	o := ringOf(x.log.Bytes()).Open(h)
	play(o, x.pieces[:len(x.pieces)-4], 1000)
	play(o, []piece{{flow.Out, []byte("PASV\r\n")}}, 1000)
	require.True(t, o.Ended(flow.Out))
	require.False(t, o.Ended(flow.In))
	require.Equal(t, Open, o.State())
	require.NotContains(t, h.plain[0].String(), "PASV")
}

// A version or a compression that cannot be opened is no damage.
func TestUnsupported(t *testing.T) {
	x := talked(t, suites(tls.VersionTLS12), suites(tls.VersionTLS12))
	for name, change := range map[string]func(hello []byte){
		"SSL 3": func(hello []byte) { hello[10] = 0 },
		"compression": func(hello []byte) {
			id := int(hello[43])
			hello[43+1+id+2] = 1
		},
		"RC4": func(hello []byte) {
			id := int(hello[43])
			hello[43+1+id], hello[43+1+id+1] = 0, 5
		},
	} {
		t.Run(name, func(t *testing.T) {
			all, _ := recordsOf(x.pieces, flow.In)
			hello := append([]byte(nil), all...)
			change(hello)
			o := ringOf(x.log.Bytes()).Open(&heard{})
			play(o, ofSide(x.pieces, flow.Out)[:1], 1000)
			play(o, []piece{{flow.In, hello}}, 1000)
			require.Equal(t, Unsupported, o.Why())
		})
	}
}
