package filter

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestParseErrors(t *testing.T) {
	for _, test := range []struct{ expr, want string }{
		{"host 10.0.0.5 prot 21", `column 15: unknown word "prot"`},
		{"prot 21", `column 1: unknown word "prot"`},
		{"ip && prot", `column 7: unknown word "prot"`},
		{"tcp[13] & 2 != 0", `column 4: "[" is arithmetic, which is not supported`},
		{"len > 100", `column 1: "len" is not supported`},
		{"tcp & udp", `column 5: "&" is arithmetic, which is not supported`},
		{"gateway 10.0.0.1", `column 1: "gateway" is not supported`},
		{"ip broadcast", `column 4: "broadcast" is not supported`},
		{"ether multicast", `column 7: "multicast" is not supported`},
		{"tcp and mpls", `column 9: "mpls" is not supported`},
		{"ip protochain 6", `column 4: "protochain" is not supported`},
		{"inbound", `column 1: "inbound" is not supported`},
		{"host ftp.example.com", `column 6: unknown word "ftp.example.com": host names are not looked up, only addresses are known`},
		{"host 10.0.0.1 or relay", `column 18: unknown word "relay": host names are not looked up, only addresses are known`},
		{"IP", `column 1: unknown word "IP"`},
		{"10.0.0.1", `column 1: "10.0.0.1" needs a word before it, such as host, net or port`},
		{"tcp and 21", `column 9: "21" needs a word before it, such as host, net or port`},
		{"less 5 or 6", `column 11: "6" needs a word before it, such as host, net or port`},
		{"vlan 5 or 6", `column 11: "6" needs a word before it, such as host, net or port`},
		{"ip 10.0.0.1", "column 4: expected and, or, or the end"},
		{"tcp udp", "column 5: expected and, or, or the end"},
		{"tcp or", "column 7: something is missing"},
		{"or tcp", "column 1: expected a condition"},
		{"not", "column 4: something is missing"},
		{"host", "column 5: something is missing"},
		{"src host port 21", "column 10: expected a value"},
		{"src or 10.0.0.1", "column 5: expected a value"},
		{"src proto 6", "column 5: proto has no direction"},
		{"ether", "column 6: something is missing"},
		{"(tcp", "column 1: this ( is never closed"},
		{"tcp)", "column 4: there is no ( for this )"},
		{"(tcp udp)", "column 6: expected and, or, or )"},
		{"()", "column 2: expected a condition"},
		{"tcp (port 21)", "column 5: expected and, or, or the end"},
		{"host 10.0.0.1 and (10.0.0.2 or port 21)", "column 32: expected a value as before"},
		{"ip proto tcp", `column 10: a keyword after proto needs a backslash: \tcp`},
		{`ip proto \tpc`, `column 10: unknown protocol "tpc"`},
		{"ip proto 256", "column 10: a protocol is a number up to 255"},
		{"ip proto 10.0.0.1", "column 10: expected a number or a name"},
		{"tcp proto 6", `column 1: "tcp" does not go with proto`},
		{`ether proto \lat`, `column 13: unknown EtherType "lat"`},
		{"ether proto 0x42", "column 13: this EtherType is not supported"},
		{"ether proto 0x809b", "column 13: this EtherType is not supported"},
		{"ether proto 65536", "column 13: an EtherType is a number up to 65535"},
		{"ether port 21", `column 1: "ether" does not go with port`},
		{"ether host 10.0.0.1", `column 12: "10.0.0.1" is no Ethernet address`},
		{"ether net 10", `column 1: "ether" does not go with net`},
		{"host 02:00:00:00:00:01", "column 6: before an Ethernet address comes ether: ether host 02:00:00:00:00:01"},
		{"ip host 02:00:00:00:00:01", `column 1: "ip" does not go with an Ethernet address`},
		{"tcp and ip6 host 10.0.0.1", `column 9: "ip6" does not go with an IPv4 address`},
		{"tcp host 10.0.0.1", `column 1: "tcp" does not go with an IPv4 address`},
		{"icmp net ::/0", `column 1: "icmp" does not go with an IPv6 address`},
		{"arp host ::1", `column 1: "arp" does not go with an IPv6 address`},
		{"host 10.0.0.256", `column 6: "10.0.0.256" is no IPv4 address`},
		{"host 010.0.0.1", `column 6: "010.0.0.1" is no IPv4 address`},
		{"host 10..1", `column 6: "10..1" is no IPv4 address`},
		{"host 10.0.0.1.2", `column 6: unknown word "10.0.0.1.2": host names are not looked up, only addresses are known`},
		{"host 1::2::3", `column 6: "1::2::3" is no IPv6 or Ethernet address`},
		{"host fe80::1%eth0", `column 13: "%" is arithmetic, which is not supported`},
		{"net 10/8", "column 5: before a mask the address needs a dot: 10.0.0.0/8"},
		{"net 10 mask 255.0.0.0", "column 5: before a mask the address needs a dot: 10.0.0.0/8"},
		{"net 10.0.0.1/8", "column 5: the address has bits outside of its mask"},
		{"net 10.0.0.0/33", "column 14: expected a prefix length up to 32"},
		{"net 10.0.0.0/", "column 14: something is missing"},
		{"net 10.0.0.0 mask 8", "column 19: expected a mask such as 255.0.0.0"},
		{"host 10.0.0.0/8", "column 14: a mask belongs to net, not to host"},
		{"net ::1/64", "column 5: the address has bits outside of its prefix"},
		{"net ::/129", "column 8: expected a prefix length up to 128"},
		{"host ::/64", "column 8: a prefix length belongs to net, not to host"},
		{"port 65536", "column 6: a port is a number up to 65535"},
		{"port 08", `column 6: "08" is no number: after 0 come octal digits, after 0x hexadecimal ones`},
		{"port 0x", `column 6: "0x" is no number: after 0 come octal digits, after 0x hexadecimal ones`},
		{"less 4294967296", "column 6: the number 4294967296 is too large"},
		{"less many", `column 6: unknown word "many"`},
		{"less (5)", "column 6: expected a length"},
		{"port 10.0.0.1", `column 6: expected a port, got "10.0.0.1"`},
		{"port telent", `column 6: unknown port "telent"`},
		{"udp port ftp", `column 10: "ftp" is no port of udp`},
		{"ip port 21", `column 1: "ip" does not go with port`},
		{"portrange ftp", "column 11: expected two ports with - between them: 20-21"},
		{"portrange 20-", `column 11: unknown port "20-"`},
		{"portrange 20-x", `column 11: unknown port "20-x"`},
		{"portrange 20 - 21", `column 14: "-" is arithmetic, which is not supported`},
		{"ip portrange 20-21", `column 1: "ip" does not go with portrange`},
		{"vlan 4096", "column 6: a VLAN is a number up to 4095"},
		{"vlan (5", "column 6: this ( is never closed"},
		{"vlan tcp", "column 6: expected and, or, or the end"},
		{"tcp \x00", `column 5: unexpected character "\x00"`},
		{"tcp ö", `column 5: unexpected character "ö"`},
		{"tcp \xff", `column 5: unexpected character "\xff"`},
		{`tcp \`, `column 5: unknown word ""`},
		{"tcp and\n\tudp prt 5", `column 14: unknown word "prt"`},
	} {
		_, err := Parse(test.expr)
		require.EqualError(t, err, test.want, "%q", test.expr)
	}
}

func TestLimits(t *testing.T) {
	nested := func(n int) string { return strings.Repeat("(", n) + "tcp" + strings.Repeat(")", n) }
	for _, test := range []struct{ name, expr, want string }{
		{"parentheses", nested(maxDepth), ""},
		{"too many parentheses", nested(maxDepth + 1), "column 201: more than 200 levels of parentheses and not"},
		{"not", strings.Repeat("!", maxDepth) + "tcp", ""},
		{"too many not", strings.Repeat("not ", 10_000) + "tcp", "column 801: more than 200 levels of parentheses and not"},
		{"values in parentheses", "port " + strings.Repeat("(", maxDepth+1) + "21", "column 206: more than 200 levels of parentheses and not"},
		{"open parentheses", strings.Repeat("(", maxLength), "column 201: more than 200 levels of parentheses and not"},
		{"a VLAN in parentheses", "vlan " + strings.Repeat("(", maxLength/2-5) + "5" + strings.Repeat(")", maxLength/2-5), ""},
		{"long", "tcp" + strings.Repeat(" or tcp", (maxLength-3)/7), ""},
		{"too long", strings.Repeat(" ", maxLength+1), "column 65537: longer than 65536 bytes"},
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
