package tlspair

import (
	"crypto/tls"
	"testing"

	"github.com/stretchr/testify/require"
)

// Both sides hear what the other says, all that goes over the connection is told, and nothing
// of it is in clear.
func TestPair(t *testing.T) {
	own, err := Certificate("ftp.example.com")
	require.NoError(t, err)
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		var told [2][]byte
		server := &tls.Config{Certificates: []tls.Certificate{own}, MaxVersion: version} //nolint:gosec // a test
		p := New(&tls.Config{InsecureSkipVerify: true}, server, func(side int, b []byte) { told[side] = append(told[side], b...) })
		require.NoError(t, p.Shake())
		require.NoError(t, p.Say(1, []byte("220 ready\r\n")))
		require.NoError(t, p.Say(0, []byte("USER bob\r\n")))
		require.Equal(t, version, p[0].ConnectionState().Version)
		require.Equal(t, "ftp.example.com", p[0].ConnectionState().PeerCertificates[0].Subject.CommonName)
		require.EqualValues(t, 22, told[0][0], "a handshake")
		require.NotContains(t, string(told[0]), "bob")
		require.NotContains(t, string(told[1]), "ready")
	}
}

// A side that does not take the other's certificate fails for both.
func TestPairFails(t *testing.T) {
	own, err := Certificate("ftp.example.com")
	require.NoError(t, err)
	p := New(&tls.Config{ServerName: "ftp.example.com"}, &tls.Config{Certificates: []tls.Certificate{own}}, func(int, []byte) {}) //nolint:gosec // a test
	require.ErrorContains(t, p.Shake(), "failed to verify certificate")
}
