package tlsrec

import (
	"encoding/binary"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/capture/flow"
)

// listed is numbers, in hexadecimal digits, as two bytes each.
func listed(numbers string) (b string) {
	for word := range strings.SplitSeq(numbers, ",") {
		n, _ := strconv.ParseUint(word, 16, 16)
		b += string(binary.BigEndian.AppendUint16(nil, uint16(n)))
	}
	return b
}

// Fingerprints of hellos whose own are public: of a browser, and of clients that say less.
func TestFingerprints(t *testing.T) {
	bodies := map[string]string{
		"0000": vector("\x00" + vector("example.com")), "000a": vector(listed("3a3a,11ec,001d,0017,0018")), "000b": "\x01\x00",
		"000d": vector(listed("0403,0804,0401,0503,0805,0501,0806,0601")), "0010": vector("\x02h2\x08http/1.1"), "002b": "\x06" + listed("dada,0304,0303"),
	}
	hello := func(version, suites, extensions string) string {
		var list string
		for word := range strings.SplitSeq(extensions, ",") {
			if word != "" {
				list += extension(uint16(binary.BigEndian.Uint16([]byte(listed(word)))), bodies[word])
			}
		}
		return message(helloOfClient, listed(version)+strings.Repeat("r", 32)+"\x00"+vector(listed(suites))+"\x01\x00"+vector(list))
	}
	for name, test := range map[string]struct{ hello, ja3, ja4 string }{
		"Chrome 143": {hello("0303", "aaaa,1301,1302,1303,c02b,c02f,c02c,c030,cca9,cca8,c013,c014,009c,009d,002f,0035",
			"2a2a,002d,0033,0010,fe0d,0017,44cd,0000,000b,000a,002b,ff01,0023,0012,0005,000d,001b,fafa"),
			"98487aa16281980e7d1120d399efb6a4", "t13d1516h2_8daaf6152771_d8a2da3f94cd"},
		"no extensions": {hello("0301", "002f,0035", ""), "dac4920d4335e769327dbf4e1b759e15", "t10i020000_f54dd463d39b_000000000000"},
	} {
		t.Run(name, func(t *testing.T) {
			got := passed([]string{test.hello}, 50, flow.Out).Info(flow.Out)
			require.Equal(t, test.ja4, got.JA4)
			require.Equal(t, test.ja3, got.JA3)
		})
	}
}

// The first and the last letter of a protocol; of its digits where it has none.
func TestJA4Protocol(t *testing.T) {
	for name, want := range map[string]string{"": "00", "h2": "h2", "ftp": "fp", "x": "xx", "\xab": "ab", "\x30\xab": "3b", "ab\x0a": "6a"} {
		require.Equal(t, want, (&hello{alpn: []byte(name)}).ja4ALPN(), "%q", name)
	}
	for version, want := range map[int]string{0x0002: "s2", 0x0300: "s3", 0x0301: "10", 0x0303: "12", 0x0304: "13", 0x7f1c: "00"} {
		require.Equal(t, want, (&hello{version: version}).ja4Version())
	}
}

// A server's: version, suite, extensions.
func TestJA3S(t *testing.T) {
	got := passed([]string{clientSays(), serverSays("\xc0\x2f", extension(0xff01, "\x00"), extension(0x0023, ""))}, 50, flow.Out).Info(flow.Out)
	require.Equal(t, ja3(771, []int{49199}, []int{65281, 35}), got.JA3S)
	require.Len(t, got.JA3S, 32)
}
