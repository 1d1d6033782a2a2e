package ftp

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

type endpointCase struct{ name, in, want string } // want is empty when the input is malformed

func checkEndpoints(t *testing.T, parse func(string) (netip.AddrPort, bool), cases []endpointCase) {
	for _, tt := range cases {
		t.Run(tt.name, func(t *testing.T) {
			ap, ok := parse(tt.in)
			require.Equal(t, tt.want != "", ok)
			if ok {
				require.Equal(t, tt.want, ap.String())
			} else {
				require.Equal(t, netip.AddrPort{}, ap)
			}
		})
	}
}

func ofArg(parse func([]byte) (netip.AddrPort, bool)) func(string) (netip.AddrPort, bool) {
	return func(s string) (netip.AddrPort, bool) { return parse([]byte(s)) }
}

func TestParsePORT(t *testing.T) {
	checkEndpoints(t, ofArg(ParsePORT), []endpointCase{
		{"RFC 959", "192,168,1,2,7,138", "192.168.1.2:1930"},
		{"highest", "255,255,255,255,255,255", "255.255.255.255:65535"},
		{"privileged port", "10,0,0,1,0,22", "10.0.0.1:22"},
		{"spaces after commas", "10, 0, 0, 1, 4, 5", "10.0.0.1:1029"},
		{"spaces around", " 10,0,0,1,4,5 ", "10.0.0.1:1029"},
		{"leading zeros", "010,000,000,001,004,005", "10.0.0.1:1029"},
		{"unspecified address", "0,0,0,0,4,5", "0.0.0.0:1029"},
		{"port 0", "10,0,0,1,0,0", ""},
		{"256", "10,0,0,256,4,5", ""},
		{"port over 255", "10,0,0,1,4,999", ""},
		{"overflow", "10,0,0,1,4,18446744073709551621", ""},
		{"four digits", "10,0,0,1,4,0005", ""},
		{"five numbers", "10,0,0,1,4", ""},
		{"seven numbers", "10,0,0,1,4,5,6", ""},
		{"comma at the end", "10,0,0,1,4,5,", ""},
		{"garbage at the end", "10,0,0,1,4,5x", ""},
		{"parentheses", "(10,0,0,1,4,5)", ""},
		{"negative", "10,0,0,1,-4,5", ""},
		{"dots", "10.0.0.1,4,5", ""},
		{"empty number", "10,0,,1,4,5", ""},
		{"empty", "", ""},
		{"spaces", "   ", ""},
		{"many numbers", strings.Repeat("1,", 100_000) + "1", ""},
	})
}

func TestParseEPRT(t *testing.T) {
	checkEndpoints(t, ofArg(ParseEPRT), []endpointCase{
		{"RFC 2428 IPv4", "|1|132.235.1.2|6275|", "132.235.1.2:6275"},
		{"RFC 2428 IPv6", "|2|1080::8:800:200C:417A|5282|", "[1080::8:800:200c:417a]:5282"},
		{"comma", ",1,10.0.0.1,5000,", "10.0.0.1:5000"},
		{"exclamation mark", "!2!::1!5000!", "[::1]:5000"},
		{"letter", "x1x10.0.0.1x5000x", "10.0.0.1:5000"},
		{"no last delimiter", "|1|10.0.0.1|5000", "10.0.0.1:5000"},
		{"spaces around", " |1|10.0.0.1|5000| ", "10.0.0.1:5000"},
		{"zone", "|2|fe80::1%eth0|5000|", "[fe80::1]:5000"},
		{"IPv4-mapped", "|2|::ffff:10.0.0.1|5000|", "10.0.0.1:5000"},
		{"highest port", "|1|10.0.0.1|65535|", "10.0.0.1:65535"},
		{"port 0", "|1|10.0.0.1|0|", ""},
		{"port over 65535", "|1|10.0.0.1|65536|", ""},
		{"signed port", "|1|10.0.0.1|+80|", ""},
		{"unknown protocol", "|3|10.0.0.1|5000|", ""},
		{"IPv4 as IPv6", "|2|10.0.0.1|5000|", ""},
		{"IPv6 as IPv4", "|1|::1|5000|", ""},
		{"no protocol", "||10.0.0.1|5000|", ""},
		{"no address", "|1||5000|", ""},
		{"no port", "|1|10.0.0.1||", ""},
		{"host name", "|1|ftp.example.com|5000|", ""},
		{"garbage at the end", "|1|10.0.0.1|5000|x", ""},
		{"delimiter below 33", "\x011\x0110.0.0.1\x015000\x01", ""},
		{"delimiter above 126", "\xb01\xb010.0.0.1\xb05000\xb0", ""},
		{"as PORT", "10,0,0,1,4,5", ""},
		{"delimiter alone", "|", ""},
		{"empty", "", ""},
	})
}

func TestParseLPRT(t *testing.T) {
	v6 := "6,16,32,1,13,184,0,0,0,0,0,0,0,0,0,0,0,1,2,19,137"
	cases := []endpointCase{
		{"IPv4", "4,4,10,0,0,1,2,4,5", "10.0.0.1:1029"},
		{"IPv6", v6, "[2001:db8::1]:5001"},
		{"unknown family", "5,4,10,0,0,1,2,4,5", ""},
		{"wrong address length", "4,5,10,0,0,1,2,4,5", ""},
		{"wrong port length", "4,4,10,0,0,1,3,4,5", ""},
		{"too short", "4,4,10,0,0,1,2,4", ""},
		{"too long", v6 + ",1", ""},
		{"port 0", "4,4,10,0,0,1,2,0,0", ""},
		{"empty", "", ""},
	}
	checkEndpoints(t, ofArg(ParseLPRT), cases)
	for i := range cases {
		cases[i].in = "Entering Long Passive Mode (" + cases[i].in + ")"
	}
	checkEndpoints(t, Parse228, cases)
}

func TestParse227(t *testing.T) {
	checkEndpoints(t, Parse227, []endpointCase{
		{"vsftpd", "Entering Passive Mode (10,0,0,1,195,80).", "10.0.0.1:50000"},
		{"no parentheses", "Entering Passive Mode 10,0,0,1,195,80", "10.0.0.1:50000"},
		{"RFC 959's =", "=10,0,0,1,195,80", "10.0.0.1:50000"},
		{"no space before", "Passive Mode.10,0,0,1,195,80.", "10.0.0.1:50000"},
		{"spaces after commas", "Entering Passive Mode (10, 0, 0, 1, 195, 80)", "10.0.0.1:50000"},
		{"behind NAT", "Entering Passive Mode (0,0,0,0,195,80)", "0.0.0.0:50000"},
		{"other language", "Passiver Modus: h=(10,0,0,1,195,80)", "10.0.0.1:50000"},
		{"numbers before", "3 users, 12,34 kB; (10,0,0,1,195,80)", "10.0.0.1:50000"},
		{"multi-line", "Entering\nPassive Mode (10,0,0,1,195,80)", "10.0.0.1:50000"},
		{"dotted address before", "10.0.0.1: (10,0,0,1,195,80)", "10.0.0.1:50000"},
		{"first of two", "(10,0,0,1,195,80) (10,0,0,2,195,80)", "10.0.0.1:50000"},
		{"Logout", "Logout.", ""},
		{"dotted", "Entering Passive Mode (10.0.0.1,195,80)", ""},
		{"list within a dotted number", "10.0.0.1,2,3,4,5,6", ""},
		{"over 255", "Entering Passive Mode (10,0,0,300,195,80)", ""},
		{"port 0", "Entering Passive Mode (10,0,0,1,0,0)", ""},
		{"seven numbers", "(10,0,0,1,195,80,1)", ""},
		{"as 229", "Entering Extended Passive Mode (|||50000|)", ""},
		{"empty", "", ""},
	})
}

func TestParse229(t *testing.T) {
	for _, tt := range []struct {
		name, text string
		port       uint16
		addr       string
	}{
		{"RFC 2428", "Entering Extended Passive Mode (|||6446|)", 6446, ""},
		{"full stop", "Entering Extended Passive Mode (|||6446|).", 6446, ""},
		{"other delimiter", "Entering Extended Passive Mode (!!!6446!)", 6446, ""},
		{"no parentheses", "Entering Extended Passive Mode |||6446|", 6446, ""},
		{"with family", "Entering Extended Passive Mode (|2||6446|)", 6446, ""},
		{"with address", "Entering Extended Passive Mode (|1|10.0.0.1|6446|)", 6446, "10.0.0.1"},
		{"with IPv6 address", "OK (|2|2001:db8::1|6446|)", 6446, "2001:db8::1"},
		{"parentheses before", "Extended (EPSV) passive mode (|||6446|)", 6446, ""},
		{"no closing parenthesis", "Entering Extended Passive Mode (|||6446|", 6446, ""},
		{"no last delimiter", "Entering Extended Passive Mode (|||6446)", 0, ""},
		{"port 0", "Entering Extended Passive Mode (|||0|)", 0, ""},
		{"port over 65535", "Entering Extended Passive Mode (|||65536|)", 0, ""},
		{"as 227", "Entering Passive Mode (10,0,0,1,195,80)", 0, ""},
		{"text", "Logout (bye).", 0, ""},
		{"empty", "", 0, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			port, addr, ok := Parse229(tt.text)
			require.Equal(t, tt.port != 0, ok)
			require.Equal(t, tt.port, port)
			require.Equal(t, tt.addr != "", addr.IsValid())
			if tt.addr != "" {
				require.Equal(t, tt.addr, addr.String())
			}
		})
	}
}

func TestParsePath257(t *testing.T) {
	for _, tt := range []struct {
		name, text, want string
		ok               bool
	}{
		{"PWD", `"/home/bob" is the current directory`, "/home/bob", true},
		{"quotes doubled", `"/a ""b"" c" created`, `/a "b" c`, true},
		{"quotes at the end", `"/a""" created`, `/a"`, true},
		{"only quotes", `"""" created`, `"`, true},
		{"text before", `Current directory is "/"`, "/", true},
		{"empty path", `"" is it`, "", true},
		{"Windows", `"C:\pub\" is current`, `C:\pub\`, true},
		{"no quotes", "/home/bob is the current directory", "", false},
		{"never closed", `"/home/bob`, "", false},
		{"closing one doubled", `"/home/bob""`, "", false},
		{"empty", "", "", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			path, ok := ParsePath257(tt.text)
			require.Equal(t, tt.ok, ok)
			require.Equal(t, tt.want, path)
		})
	}
}

func TestParseSizes(t *testing.T) {
	for _, tt := range []struct {
		name, text string
		want       uint64
		ok         bool
	}{
		{"vsftpd", "Opening BINARY mode data connection for a.txt (39424 bytes).", 39424, true},
		{"one byte", "Opening ASCII mode data connection for a (1 byte)", 1, true},
		{"no parentheses", "39424 bytes to download", 39424, true},
		{"upper case", "Opening data connection (7 Bytes)", 7, true},
		{"with a rate", "Sending (39424 bytes, 2 s)", 39424, true},
		{"second line", "Accepted data connection\n39424 bytes to download", 39424, true},
		{"name has a size", `Opening data connection for "12 bytes" (39424 bytes)`, 39424, true},
		{"name has a size, rounded", `Opening data connection for 12 bytes (38.5 kbytes)`, 0, false},
		{"kbytes", "Accepted (38.5 kbytes)", 0, false},
		{"kilobytes", "(38 kilobytes)", 0, false},
		{"fraction", "(38.5 bytes)", 0, false},
		{"thousands", "(39,424 bytes)", 0, false},
		{"overflow", "(99999999999999999999 bytes)", 0, false},
		{"no number", "Some bytes", 0, false},
		{"bytes first", "bytes", 0, false},
		{"none", "Here comes the directory listing.", 0, false},
		{"empty", "", 0, false},
	} {
		t.Run("150 "+tt.name, func(t *testing.T) {
			n, ok := ParseSize150(tt.text)
			require.Equal(t, tt.ok, ok)
			require.Equal(t, tt.want, n)
		})
	}
	for text, want := range map[string]uint64{"39424": 39424, " 0 ": 0, "18446744073709551615": 1<<64 - 1} {
		n, ok := ParseSize213(text)
		require.True(t, ok, "%q", text)
		require.Equal(t, want, n)
	}
	for _, text := range []string{"", "-1", "+1", "12 bytes", "18446744073709551616", "1_0", "0x10", "Status of a:\n 5"} {
		n, ok := ParseSize213(text)
		require.False(t, ok, "%q", text)
		require.Zero(t, n)
	}
}

func FuzzEndpoints(f *testing.F) {
	for _, s := range []string{
		"10,0,0,1,4,5", "Entering Passive Mode (10,0,0,1,195,80).", "(|||6446|)", "|2|fe80::1%eth0|80|", "|1|1.2.3.4|80|",
		"(4,4,10,0,0,1,2,4,5)", "6,16,32,1,13,184,0,0,0,0,0,0,0,0,0,0,0,1,2,19,137", `"/a ""b""" ok`, "for x (12 bytes)",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		check := func(ap netip.AddrPort, ok bool) {
			require.Equal(t, ok, ap.IsValid())
			if ok {
				require.NotZero(t, ap.Port())
				require.False(t, ap.Addr().Is4In6())
				require.Empty(t, ap.Addr().Zone())
			}
		}
		ap, ok := ParsePORT([]byte(s))
		check(ap, ok)
		if ok {
			again, found := Parse227("Entering Passive Mode (" + s + ").")
			require.True(t, found)
			require.Equal(t, ap, again)
		}
		check(ParseEPRT([]byte(s)))
		ap, ok = ParseLPRT([]byte(s))
		check(ap, ok)
		if ok {
			again, found := Parse228("(" + s + ")")
			require.True(t, found)
			require.Equal(t, ap, again)
		}
		check(Parse227(s))
		check(Parse228(s))
		port, _, ok := Parse229(s)
		require.Equal(t, ok, port != 0)
		if path, ok := ParsePath257(s); ok {
			again, ok := ParsePath257(`"` + strings.ReplaceAll(path, `"`, `""`) + `" ok`)
			require.True(t, ok)
			require.Equal(t, path, again)
		}
		ParseSize213(s)
		ParseSize150(s)
	})
}

// Of text that is full of parentheses each is looked for once.
func BenchmarkParse229(b *testing.B) {
	for _, n := range []int{2 << 10, 4 << 10, 8 << 10} {
		text := strings.Repeat("(", n)
		b.Run(fmt.Sprintf("open=%d", n), func(b *testing.B) {
			for b.Loop() {
				Parse229(text)
			}
		})
	}
}

// TestParseStripes: endpoints of several data hosts, set off by spaces or lines.
func TestParseStripes(t *testing.T) {
	a, b := netip.MustParseAddrPort("192.0.2.21:50000"), netip.MustParseAddrPort("192.0.2.22:50001")
	require.Equal(t, []netip.AddrPort{a, b}, ParseStripes("Entering Striped Passive Mode.\n 192,0,2,21,195,80\n 192,0,2,22,195,81\nEnd"))
	require.Equal(t, []netip.AddrPort{a}, ParseStripes("192,0,2,21,195,80 1,2,3"))
	require.Empty(t, ParseStripes("nothing"))
	require.Len(t, ParseStripes(strings.Repeat("192,0,2,21,195,80 ", 1000)), maxStripes)
}
