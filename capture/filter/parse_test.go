package filter

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestParseErrors(t *testing.T) {
	for _, test := range []struct{ expr, want string }{
		{"host 10.0.0.5 prot 21", `unknown word "prot" at column 15`},
		{"prot 21", `unknown word "prot" at column 1`},
		{"ip && prot", `unknown word "prot" at column 7`},
		{"tcp[13] & 2 != 0", `"[" is arithmetic, which is not supported at column 4`},
		{"len > 100", `"len" is not supported at column 1`},
		{"tcp & udp", `"&" is arithmetic, which is not supported at column 5`},
		{"gateway 10.0.0.1", `"gateway" is not supported at column 1`},
		{"ip broadcast", `"broadcast" is not supported at column 4`},
		{"ether multicast", `"multicast" is not supported at column 7`},
		{"tcp and mpls", `"mpls" is not supported at column 9`},
		{"ip protochain 6", `"protochain" is not supported at column 4`},
		{"inbound", `"inbound" is not supported at column 1`},
		{"host ftp.example.com", `unknown word "ftp.example.com": host names are not looked up, only addresses are known at column 6`},
		{"host 10.0.0.1 or relay", `unknown word "relay": host names are not looked up, only addresses are known at column 18`},
		{"IP", `unknown word "IP" at column 1`},
		{"10.0.0.1", `"10.0.0.1" needs a word before it, such as host, net or port at column 1`},
		{"tcp and 21", `"21" needs a word before it, such as host, net or port at column 9`},
		{"less 5 or 6", `"6" needs a word before it, such as host, net or port at column 11`},
		{"vlan 5 or 6", `"6" needs a word before it, such as host, net or port at column 11`},
		{"ip 10.0.0.1", "expected and, or, or the end at column 4"},
		{"tcp udp", "expected and, or, or the end at column 5"},
		{"tcp or", "something is missing at column 7"},
		{"or tcp", "expected a condition at column 1"},
		{"not", "something is missing at column 4"},
		{"host", "something is missing at column 5"},
		{"src host port 21", "expected a value at column 10"},
		{"src or 10.0.0.1", "expected a value at column 5"},
		{"src proto 6", "proto has no direction at column 5"},
		{"ether", "something is missing at column 6"},
		{"(tcp", "this ( is never closed at column 1"},
		{"tcp)", "there is no ( for this ) at column 4"},
		{"(tcp udp)", "expected and, or, or ) at column 6"},
		{"()", "expected a condition at column 2"},
		{"tcp (port 21)", "expected and, or, or the end at column 5"},
		{"host 10.0.0.1 and (10.0.0.2 or port 21)", "expected a value as before at column 32"},
		{"ip proto tcp", `a keyword after proto needs a backslash: \tcp at column 10`},
		{`ip proto \tpc`, `unknown protocol "tpc" at column 10`},
		{"ip proto 256", "a protocol is a number up to 255 at column 10"},
		{"ip proto 10.0.0.1", "expected a number or a name at column 10"},
		{"tcp proto 6", `"tcp" does not go with proto at column 1`},
		{`ether proto \lat`, `unknown EtherType "lat" at column 13`},
		{"ether proto 0x42", "this EtherType is not supported at column 13"},
		{"ether proto 0x809b", "this EtherType is not supported at column 13"},
		{"ether proto 65536", "an EtherType is a number up to 65535 at column 13"},
		{"ether port 21", `"ether" does not go with port at column 1`},
		{"ether host 10.0.0.1", `"10.0.0.1" is no Ethernet address at column 12`},
		{"ether net 10", `"ether" does not go with net at column 1`},
		{"host 02:00:00:00:00:01", "before an Ethernet address comes ether: ether host 02:00:00:00:00:01 at column 6"},
		{"ip host 02:00:00:00:00:01", `"ip" does not go with an Ethernet address at column 1`},
		{"tcp and ip6 host 10.0.0.1", `"ip6" does not go with an IPv4 address at column 9`},
		{"tcp host 10.0.0.1", `"tcp" does not go with an IPv4 address at column 1`},
		{"icmp net ::/0", `"icmp" does not go with an IPv6 address at column 1`},
		{"arp host ::1", `"arp" does not go with an IPv6 address at column 1`},
		{"host 10.0.0.256", `"10.0.0.256" is no IPv4 address at column 6`},
		{"host 010.0.0.1", `"010.0.0.1" is no IPv4 address at column 6`},
		{"host 10..1", `"10..1" is no IPv4 address at column 6`},
		{"host 10.0.0.1.2", `unknown word "10.0.0.1.2": host names are not looked up, only addresses are known at column 6`},
		{"host 1::2::3", `"1::2::3" is no IPv6 or Ethernet address at column 6`},
		{"host fe80::1%eth0", `"%" is arithmetic, which is not supported at column 13`},
		{"net 10/8", "before a mask the address needs a dot: 10.0.0.0/8 at column 5"},
		{"net 10 mask 255.0.0.0", "before a mask the address needs a dot: 10.0.0.0/8 at column 5"},
		{"net 10.0.0.1/8", "the address has bits outside of its mask at column 5"},
		{"net 10.0.0.0/33", "expected a prefix length up to 32 at column 14"},
		{"net 10.0.0.0/", "something is missing at column 14"},
		{"net 10.0.0.0 mask 8", "expected a mask such as 255.0.0.0 at column 19"},
		{"host 10.0.0.0/8", "a mask belongs to net, not to host at column 14"},
		{"net ::1/64", "the address has bits outside of its prefix at column 5"},
		{"net ::/129", "expected a prefix length up to 128 at column 8"},
		{"host ::/64", "a prefix length belongs to net, not to host at column 8"},
		{"port 65536", "a port is a number up to 65535 at column 6"},
		{"port 08", `"08" is no number: after 0 come octal digits, after 0x hexadecimal ones at column 6`},
		{"port 0x", `"0x" is no number: after 0 come octal digits, after 0x hexadecimal ones at column 6`},
		{"less 4294967296", "the number 4294967296 is too large at column 6"},
		{"less many", `unknown word "many" at column 6`},
		{"less (5)", "expected a length at column 6"},
		{"port 10.0.0.1", `expected a port, got "10.0.0.1" at column 6`},
		{"port telent", `unknown port "telent" at column 6`},
		{"udp port ftp", `"ftp" is no port of udp at column 10`},
		{"ip port 21", `"ip" does not go with port at column 1`},
		{"portrange ftp", "expected two ports with - between them: 20-21 at column 11"},
		{"portrange 20-", `unknown port "20-" at column 11`},
		{"portrange 20-x", `unknown port "20-x" at column 11`},
		{"portrange 20 - 21", `"-" is arithmetic, which is not supported at column 14`},
		{"ip portrange 20-21", `"ip" does not go with portrange at column 1`},
		{"vlan 4096", "a VLAN is a number up to 4095 at column 6"},
		{"vlan (5", "this ( is never closed at column 6"},
		{"vlan tcp", "expected and, or, or the end at column 6"},
		{"tcp \x00", `unexpected character "\x00" at column 5`},
		{"tcp ö", `unexpected character "ö" at column 5`},
		{"tcp \xff", `unexpected character "\xff" at column 5`},
		{`tcp \`, `unknown word "" at column 5`},
		{"tcp and\n\tudp prt 5", `unknown word "prt" at column 14`},
	} {
		_, err := Parse(test.expr)
		require.EqualError(t, err, test.want, "%q", test.expr)
	}
}

func TestLimits(t *testing.T) {
	nested := func(n int) string { return strings.Repeat("(", n) + "tcp" + strings.Repeat(")", n) }
	for _, test := range []struct{ name, expr, want string }{
		{"parentheses", nested(maxDepth), ""},
		{"too many parentheses", nested(maxDepth + 1), "more than 200 levels of parentheses and not at column 201"},
		{"not", strings.Repeat("!", maxDepth) + "tcp", ""},
		{"too many not", strings.Repeat("not ", 10_000) + "tcp", "more than 200 levels of parentheses and not at column 801"},
		{"values in parentheses", "port " + strings.Repeat("(", maxDepth+1) + "21", "more than 200 levels of parentheses and not at column 206"},
		{"open parentheses", strings.Repeat("(", maxLength), "more than 200 levels of parentheses and not at column 201"},
		{"a VLAN in parentheses", "vlan " + strings.Repeat("(", maxLength/2-5) + "5" + strings.Repeat(")", maxLength/2-5), ""},
		{"long", "tcp" + strings.Repeat(" or tcp", (maxLength-3)/7), ""},
		{"too long", strings.Repeat(" ", maxLength+1), "longer than 65536 bytes at column 65537"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := Parse(test.expr)
			if test.want == "" {
				require.NoError(t, err)
				return
			}
			require.EqualError(t, err, test.want)
		})
	}
}

func TestExcerpt(t *testing.T) {
	long := "host 10.0.0.1" + strings.Repeat(" or 10.0.0.1", 20)
	for _, test := range []struct{ name, expr, text, mark string }{
		{"short", "host 10.0.0.5 prot 21", "host 10.0.0.5 prot 21", "              ^"},
		{"at the end", "tcp or", "tcp or", "      ^"},
		{"what a terminal would obey", "tcp\n\x1b[2Jö", "tcp ?[2Jö", "    ^"},
		{"long, at the beginning", "prot " + long, "prot host 10.0.0.1 o…", "^"},
		{"long, in the middle", long + " prot" + long,
			"…r 10.0.0.1 or 10.0.0.1 or 10.0.0.1 or 10.0.0.1 or 10.0.0.1 prot" + "host 10.0.0.1 o…", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := Parse(test.expr)
			var e *Error
			require.ErrorAs(t, err, &e)
			text, mark := e.Excerpt()
			if test.mark == "" {
				require.Equal(t, strings.Index(strings.TrimPrefix(text, "…"), "prot")+1, len(mark)-1)
				return
			}
			require.Equal(t, [2]string{test.text, test.mark}, [2]string{text, mark})
		})
	}
}
