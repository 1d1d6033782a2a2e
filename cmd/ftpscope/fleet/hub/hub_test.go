package hub

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"

	"ftpscope/cmd/ftpscope/fleet/link"
)

// certificate makes one that is its own authority, for 127.0.0.1.
func certificate(t *testing.T, dir string) (cert, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	form := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "hub"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}}
	der, err := x509.CreateCertificate(rand.Reader, form, form, &private.PublicKey, private)
	require.NoError(t, err)
	secret, err := x509.MarshalECPrivateKey(private)
	require.NoError(t, err)
	cert, key = filepath.Join(dir, "hub.crt"), filepath.Join(dir, "hub.key")
	require.NoError(t, os.WriteFile(cert, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600))
	require.NoError(t, os.WriteFile(key, pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: secret}), 0o600))
	return cert, key
}

func file(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	return path
}

// TestLetsIn wants who proves nothing to stay out, and to be told why.
func TestLetsIn(t *testing.T) {
	cert, key := certificate(t, t.TempDir())
	token := file(t, "token", "open sesame\n")
	for name, x := range map[string]struct {
		hub    Options
		client link.Where
		says   string // of who is not let in; empty: all are
	}{
		"everybody":           {Options{}, link.Where{}, ""},
		"the token":           {Options{Token: token}, link.Where{Token: token}, ""},
		"no token":            {Options{Token: token}, link.Where{}, "the server does not know these credentials"},
		"another token":       {Options{Token: token}, link.Where{Token: file(t, "other", "x")}, "the server does not know these credentials"},
		"TLS":                 {Options{Cert: cert, Key: key, Token: token}, link.Where{CA: cert, Token: token}, ""},
		"TLS nobody trusts":   {Options{Cert: cert, Key: key}, link.Where{}, "certificate"},
		"no TLS":              {Options{}, link.Where{CA: cert}, "the server speaks no TLS"},
		"a client's":          {Options{Cert: cert, Key: key, ClientCA: cert}, link.Where{CA: cert, Cert: cert, Key: key}, ""},
		"a client has none":   {Options{Cert: cert, Key: key, ClientCA: cert}, link.Where{CA: cert}, "127.0.0.1"},
		"its own process too": {Options{Cert: cert, Key: key, ClientCA: cert, Token: token}, link.Where{CA: cert, Cert: cert, Key: key, Token: token}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			x.hub.Store, x.hub.Listen = t.TempDir(), "127.0.0.1:0"
			s, err := Start(x.hub)
			require.NoError(t, err)
			defer Stop(s)
			own, err := x.hub.Connect(s)
			require.NoError(t, err)
			defer own.Close()
			js, err := jetstream.New(own)
			require.NoError(t, err)
			for range 2 {
				require.NoError(t, link.Streams(t.Context(), js, link.Keep{Bytes: 16 << 20}))
			}
			x.client.URLs = "nats://" + s.Addr().String()
			conn, err := x.client.Connect(link.Options{Name: "test"})
			if x.says != "" {
				require.ErrorContains(t, err, x.says)
				return
			}
			require.NoError(t, err)
			require.NoError(t, conn.Flush())
			conn.Close()
		})
	}
}

func TestStartErrors(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	for name, x := range map[string]struct {
		o    Options
		says string
	}{
		"nowhere to store":     {Options{}, "no folder to store in"},
		"the port is taken":    {Options{Store: t.TempDir(), Listen: l.Addr().String()}, "address already in use"},
		"no address":           {Options{Store: t.TempDir(), Listen: "localhost"}, `want an address like 127.0.0.1:4222, got "localhost"`},
		"no port":              {Options{Store: t.TempDir(), Listen: "localhost:ftp!"}, `want a port from 1 to 65535`},
		"an empty token":       {Options{Store: t.TempDir(), Listen: "127.0.0.1:0", Token: file(t, "token", "\n")}, "is empty"},
		"no certificate":       {Options{Store: t.TempDir(), Listen: "127.0.0.1:0", Cert: "none", Key: "none"}, "none"},
		"no configuration":     {Options{Store: t.TempDir(), Config: "none"}, "none"},
		"a file, not a folder": {Options{Store: file(t, "f", "")}, "not a directory"},
	} {
		_, err := Start(x.o)
		require.ErrorContains(t, err, x.says, name)
	}
}

// TestConfig starts a server as nats-server's own file says it.
func TestConfig(t *testing.T) {
	conf := file(t, "nats.conf", `listen: "127.0.0.1:-1"
		authorization { users: [{user: sensor, password: secret}] }`)
	s, err := Start(Options{Store: t.TempDir(), Config: conf})
	require.NoError(t, err)
	defer Stop(s)
	_, err = nats.Connect(s.ClientURL())
	require.ErrorIs(t, err, nats.ErrAuthorization)
	conn, err := nats.Connect(s.ClientURL(), nats.UserInfo("sensor", "secret"))
	require.NoError(t, err)
	conn.Close()
}

// TestNoSocket is a server that only its process can reach.
func TestNoSocket(t *testing.T) {
	o := Options{Store: t.TempDir()}
	s, err := Start(o)
	require.NoError(t, err)
	defer Stop(s)
	require.Nil(t, s.Addr())
	conn, err := o.Connect(s)
	require.NoError(t, err)
	defer conn.Close()
	js, err := jetstream.New(conn)
	require.NoError(t, err)
	require.NoError(t, link.Streams(t.Context(), js, link.Keep{}))
	require.ErrorContains(t, link.Streams(t.Context(), noStreams(t), link.Keep{}), "no JetStream")
}

// noStreams is a server without JetStream.
func noStreams(t *testing.T) jetstream.JetStream {
	conf := file(t, "nats.conf", `listen: "127.0.0.1:-1"
		jetstream { store_dir: "`+t.TempDir()+`" }
		accounts { A { users: [{user: a, password: a}] }, SYS { users: [{user: s, password: s}] } }
		system_account: SYS`)
	s, err := Start(Options{Config: conf})
	require.NoError(t, err)
	t.Cleanup(func() { Stop(s) })
	conn, err := nats.Connect(s.ClientURL(), nats.UserInfo("a", "a"))
	require.NoError(t, err)
	t.Cleanup(conn.Close)
	js, err := jetstream.New(conn)
	require.NoError(t, err)
	return js
}
