package tlsrec

import (
	"crypto/tls"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// What begins a record, and what answers a hello that was not seen.
func TestBegins(t *testing.T) {
	for text, want := range map[string][2]bool{
		"\x16\x03\x03\x00\x05\x02\x00\x00\x00\x00": {true, true},
		"\x16\x03\x01\x00\x05\x01\x00\x00\x00\x00": {true, false}, // a ClientHello
		"\x16\x03\x03\x00\x05":                     {true, false}, // nothing of it
		"\x17\x03\x03\x00\x05\x02":                 {true, false}, // application data
		"\x16\x03\x03\x00":                         {},
		"\x16\x03\x05\x00\x05\x02":                 {}, // no version of TLS
		"\x16\x02\x00\x00\x05\x02":                 {},
		"\x16\x03\x03\xff\xff\x02":                 {}, // too long
		"220 ready\r\n":                            {},
	} {
		require.Equal(t, want, [2]bool{BeginsRecord([]byte(text)), AnswersHello([]byte(text))}, "%q", text)
	}
	require.True(t, IsAlert(21) && IsHandshake(22) && IsRecord(20) && IsRecord(23))
	require.False(t, IsAlert(22) || IsHandshake(21) || IsRecord(19) || IsRecord(24))
}

// recordOf is a record of so many bytes.
func recordOf(kind byte, n int) string {
	return string([]byte{kind, 3, 3, byte(n >> 8), byte(n)}) + strings.Repeat("\x16", n)
}

// After CCC a side is read again from the first byte that begins no record; after a gap from
// a segment that begins with a header, or is text.
func TestSkipper(t *testing.T) {
	all := recordOf(22, 300) + recordOf(20, 1) + recordOf(23, 70)
	for _, n := range []int{1, 4, 50, 1000} {
		s := Skipper{On: true}
		got := ""
		for b := all + "PASV\r\n"; b != ""; b = b[min(n, len(b)):] {
			piece := b[:min(n, len(b))]
			if !s.On {
				got += piece
				continue
			}
			got += string(s.Skip([]byte(piece)))
		}
		require.Equal(t, "PASV\r\n", got, "%d bytes at a time", n)
		require.False(t, s.On)
	}
	s := Skipper{On: true}
	require.Nil(t, s.Skip([]byte(all[:100])))
	s.Gap()
	require.True(t, s.Lost())
	require.Nil(t, s.Skip([]byte("\x99\x98 of a record\n")), "where it begins is not known")
	require.True(t, s.Lost())
	require.Nil(t, s.Skip([]byte(recordOf(23, 10))))
	require.False(t, s.Lost())
	s.Gap()
	require.Equal(t, "226 done\r\n", string(s.Skip([]byte("226 done\r\n"))))
	require.False(t, s.On)
}

// Suites have names, and AEAD suites records that are always as much longer.
func TestSuites(t *testing.T) {
	for id, want := range map[uint16]string{0x1301: "TLS_AES_128_GCM_SHA256", 0x1305: "TLS_AES_128_CCM_8_SHA256", 0xc030: "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
		0x009f: "TLS_DHE_RSA_WITH_AES_256_GCM_SHA384", 0xc0ae: "TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8", 0x5a5a: "0x5A5A"} {
		require.Equal(t, want, SuiteName(id))
	}
	for suite, want := range map[string][2]int{
		"TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256": {24, 17}, "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256": {16, 17}, "TLS_RSA_WITH_AES_128_CCM": {24, 17},
		"TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8": {16, 9}, "TLS_RSA_WITH_AES_128_CBC_SHA": {}, "0x5A5A": {},
	} {
		for i, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
			n, ok := Overhead(version, suite)
			require.Equal(t, want[i] > 0, ok, suite)
			require.Equal(t, want[i], n, suite)
		}
	}
}

// Alerts have the names of the standards.
func TestAlertNames(t *testing.T) {
	require.Equal(t, []string{"close notify", "unknown CA", "protocol version", "alert 99"}, []string{alertName(0), alertName(48), alertName(70), alertName(99)})
}
