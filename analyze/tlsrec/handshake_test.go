package tlsrec

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ftpscope/analyze/record"
	"ftpscope/capture/flow"
)

var (
	validFrom  = time.Date(2024, 1, 2, 3, 4, 5, 0, time.UTC)
	validUntil = time.Date(2034, 1, 2, 3, 4, 5, 0, time.UTC)
)

// testCertificate is a self-signed one.
func testCertificate(t testing.TB) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "ftp.example.com", Organization: []string{"Example"}},
		NotBefore: validFrom, NotAfter: validUntil, DNSNames: []string{"ftp.example.com"}, IPAddresses: []net.IP{net.IPv4(192, 0, 2, 21)},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	require.NoError(t, err)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// recorded keeps what its side writes.
type recorded struct {
	net.Conn
	mu      sync.Mutex
	written []byte
}

func (r *recorded) Write(b []byte) (int, error) {
	r.mu.Lock()
	r.written = append(r.written, b...)
	r.mu.Unlock()
	return r.Conn.Write(b)
}

// shaken is the two directions of a real handshake.
func shaken(t testing.TB, client, server *tls.Config) (out, in []byte) {
	t.Helper()
	a, b := net.Pipe()
	c, s := &recorded{Conn: a}, &recorded{Conn: b}
	done := make(chan struct{})
	go func() {
		defer close(done)
		conn := tls.Server(s, server)
		if conn.Handshake() == nil {
			_, _ = conn.Write([]byte("x"))
		}
	}()
	conn := tls.Client(c, client)
	if conn.Handshake() == nil {
		_, _ = conn.Read(make([]byte, 1)) // tickets come before it
	}
	<-done
	a.Close()
	b.Close()
	return c.written, s.written
}

func handshakeMark(packet uint64) flow.Mark {
	return flow.Mark{Time: flow.Time(packet), Ord: packet, Pos: flow.At(0, packet)}
}

// heard reads a handshake cut into pieces of n bytes.
func heard(out, in []byte, n int) *record.TLSInfo {
	h := &Handshake{}
	for side, b := range [2][]byte{out, in} {
		for ; len(b) > 0; b = b[min(n, len(b)):] {
			h.Data(flow.Direction(side), b[:min(n, len(b))], handshakeMark(uint64(side)+1))
		}
	}
	info := h.Info(flow.Out)
	if info != nil {
		info.Random, info.Fingerprints = [32]byte{}, record.Fingerprints{} // others each time
		if info.Certificate != nil {
			info.Certificate.SHA256 = [32]byte{}
		}
	}
	return info
}

func TestTLSHello(t *testing.T) {
	cert := testCertificate(t)
	config := func(version uint16) (client, server *tls.Config) {
		client = &tls.Config{ServerName: "ftp.example.com", InsecureSkipVerify: true, NextProtos: []string{"ftp", "x"}, MaxVersion: version, //nolint:gosec // a test
			ClientSessionCache: tls.NewLRUClientSessionCache(1)}
		server = &tls.Config{Certificates: []tls.Certificate{cert}, NextProtos: []string{"ftp"}, MaxVersion: version} //nolint:gosec // a test
		return client, server
	}
	greeted := record.TLSInfo{ClientHello: handshakeMark(1), ServerHello: handshakeMark(2), ServerName: "ftp.example.com", Protocols: []string{"ftp", "x"}, Protocol: "ftp"}
	t.Run("TLS 1.2", func(t *testing.T) {
		client, server := config(tls.VersionTLS12)
		out, in := shaken(t, client, server)
		want := greeted
		want.Offered, want.Version, want.Cipher, want.Full, want.Resumable = []string{"TLS 1.2"}, "TLS 1.2", "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", true, true
		want.Asked = true // Go sends a session ID all the same
		want.Certificate = &record.Certificate{Mark: handshakeMark(2), Serial: "01", Subject: "CN=ftp.example.com,O=Example", Issuer: "CN=ftp.example.com,O=Example", SelfSigned: true,
			Names: []string{"ftp.example.com", "192.0.2.21"}, NotBefore: validFrom, NotAfter: validUntil}
		for _, n := range []int{1, 7, 100, 1 << 20} {
			require.Equal(t, &want, heard(out, in, n))
		}
		out, in = shaken(t, client, server)
		want = greeted
		want.Offered, want.Version, want.Cipher, want.Resumed, want.Asked, want.Resumable = []string{"TLS 1.2"}, "TLS 1.2", "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", true, true, true
		require.Equal(t, &want, heard(out, in, 9), "resumed")
	})
	t.Run("TLS 1.3", func(t *testing.T) {
		client, server := config(tls.VersionTLS13)
		out, in := shaken(t, client, server)
		want := greeted
		want.Protocol = "" // it is among the encrypted extensions: RFC 8446 section 4.3.1
		want.Offered, want.Version, want.Cipher, want.Encrypted = []string{"TLS 1.3", "TLS 1.2"}, "TLS 1.3", "TLS_AES_128_GCM_SHA256", true
		want.Full = true
		require.Equal(t, &want, heard(out, in, 13))
	})
	t.Run("one side only", func(t *testing.T) {
		client, server := config(tls.VersionTLS12)
		out, in := shaken(t, client, server)
		require.Equal(t, "ftp.example.com", heard(out, nil, 50).ServerName)
		got := heard(nil, in, 50)
		require.Equal(t, "TLS 1.2", got.Version)
		require.Equal(t, validUntil, got.Certificate.NotAfter)
	})
	t.Run("a gap", func(t *testing.T) {
		client, server := config(tls.VersionTLS12)
		_, in := shaken(t, client, server)
		h := &Handshake{}
		h.Data(flow.In, in[:150], handshakeMark(1))
		h.Gap(flow.In)
		h.Data(flow.In, in[200:], handshakeMark(2))
		got := h.Info(flow.Out)
		require.Equal(t, "TLS 1.2", got.Version)
		require.Nil(t, got.Certificate)
	})
}

func TestTLSHelloOdd(t *testing.T) {
	message := func(body string) []byte { return []byte("\x16\x03\x01" + vector(body)) }
	hello := "\x03\x03" + strings.Repeat("r", 32) + "\x00\x00\x02\x13\x01\x01\x00"
	for name, b := range map[string][]byte{
		"application data":      []byte("\x17\x03\x03\x00\x05abcde"),
		"no version of TLS":     []byte("\x16\x09\x03\x00\x05abcde"),
		"a record too long":     []byte("\x16\x03\x03\xff\xffabcde"),
		"a message without end": message("\x01\xff\xff\xffabc"),
		"nothing":               {},
	} {
		t.Run(name, func(t *testing.T) { require.Nil(t, heard(b, b, 3)) })
	}
	t.Run("no extensions", func(t *testing.T) {
		require.Equal(t, []string{"TLS 1.2"}, heard(message("\x01\x00\x00\x29"+hello), nil, 100).Offered)
	})
	t.Run("extensions that lie about their length", func(t *testing.T) {
		got := heard(message("\x01\x00\x00\x31"+hello+"\x00\x06\x00\x00\xff\xff\x00\x00"), nil, 100)
		require.Empty(t, got.ServerName)
	})
	t.Run("no more than 16 KiB", func(t *testing.T) {
		h := &Handshake{}
		for range 1000 {
			h.Data(flow.Out, message("\x01\x00\xff\xff"+strings.Repeat("a", 1000)), handshakeMark(1))
		}
		require.True(t, h.sides[flow.Out].done)
		require.Nil(t, h.sides[flow.Out].msgs.open)
	})
}

// FuzzTLSHello reads any bytes as both directions of a handshake, whole and in pieces:
// the two say the same.
func FuzzTLSHello(f *testing.F) {
	cert := testCertificate(f)
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		out, in := shaken(f, &tls.Config{ServerName: "ftp.example.com", InsecureSkipVerify: true, NextProtos: []string{"ftp"}}, //nolint:gosec // a test
			&tls.Config{Certificates: []tls.Certificate{cert}, NextProtos: []string{"ftp"}, MaxVersion: version}) //nolint:gosec // a test
		f.Add(out, in, 5)
	}
	f.Fuzz(func(t *testing.T, out, in []byte, n int) {
		got := heard(out, in, max(1, n))
		require.Equal(t, heard(out, in, 1<<20), got)
		if got != nil {
			require.LessOrEqual(t, len(got.ServerName), 3*maxTLSText)
			require.LessOrEqual(t, len(got.Offered), maxTLSList)
			require.LessOrEqual(t, len(got.Protocols), maxTLSList)
			if x := got.Certificate; x != nil {
				require.LessOrEqual(t, len(x.Names), maxTLSList)
				require.LessOrEqual(t, len(x.Subject), 2*maxDN)
			}
		}
	})
}
