package filter

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// expressions are what TestAsTcpdump asks besides generated ones.
const expressions = `
ip
ip6
arp
rarp
tcp
udp
sctp
icmp
icmp6
igmp
igrp
esp
ah
pim
vrrp
carp
host 10.0.0.1
host 192.0.2.21
src host 10.0.0.1
dst host 10.0.0.1
src 192.0.2.10
dst 192.0.2.10
src or dst host 10.0.0.1
dst or src host 10.0.0.1
src and dst host 10.0.0.1
dst and src 10.0.0.1
host 10.0.0.1 or 10.0.0.2
host 10.0.0.1 and 10.0.0.2
host (10.0.0.1 or 10.0.0.2)
host 10.0.0.1 and (10.0.0.2 or 10.1.2.3)
host not 10.0.0.1
host 10.0.0.1 and not 10.0.0.2
host 10.0.0.1 and !10.0.0.2
host 10.0.0.1 or not (10.0.0.2 or 10.1.2.3)
host (not 10.0.0.1 and 10.0.0.2)
host 5
host 10.1
host 192.168.1
ip host 10.0.0.1
arp host 10.0.0.1
rarp host 10.0.0.1
arp src 10.0.0.1
arp src host 10.0.0.1 or 10.0.0.2
ip src and dst net 10
host ::1
host 2001:db8::10
ip6 host 2001:db8::21
src host 2001:DB8::10
dst 2001:db8::10
src and dst 2001:db8::10
host ::ffff:10.0.0.1
host 2001:db8:0:0:0:0:0:10
host ::1/128
host ::1 or 10.0.0.1
host 10.0.0.1 or ::1
net 10
net 192.168
net 192.168.1
net 10.0.0.1
net 0
net 10.0/16
net 10.0.0.0/8
net 10.0.0.0/31
net 0.0.0.0/0
net 192.0.2.0/24
src net 10.0.0.0/8
dst net 10.0.0.0/8
src and dst net 10.0.0.0/8
src or dst net 10.0.0.0/8
net 10.0.0.0 mask 255.0.0.0
net 10.0 mask 255.255
net 192.0.2.0 mask 255.255.255.0
dst net 10.0.0.0 mask 255.0.0.255
net 10.0.0.0/8 and 192.168
net 10.0.0.0/8 or 192.168 or 2001:db8::/32
ip net 10
arp net 10.0.0.0/8
net ::1
net ::/0
net 2001:db8::/32
net 2001:db8::/33
net 2001:db8:8000::/33
ip6 net 2001:db8::/64
src net fe80::/10
dst net fe80::/10
ip6 src net 2001:db8::/127
port 21
port 0x15
port 025
port 65535
src port 21
dst port 21
src and dst port 21
src or dst port 21
tcp port 21
udp port 53
sctp port 21
tcp src port 20
tcp dst port 20 or 21
udp src and dst port 53
port 21 or 20
port (21 or 20)
port ((21) or 22)
port not 21
port (not 21 and 20)
port (not (21 or 20) or 22)
not port 21
not port 21 or 22
not (port 21 or 22)
portrange 20-21
portrange 21-20
portrange 0-65535
portrange 21
src portrange 1024-65535
dst portrange 1024-65535
tcp portrange 20-22
udp dst portrange 20-53
src and dst portrange 20-22
portrange 20-21 or 50-60
ip proto 6
ip proto 0x11
ip proto \tcp
ip6 proto 6
ip6 proto 44
ip6 proto 0
proto 17
proto \udp
proto (6 or 17)
ip proto 6 or 17
ip proto not 6
proto gre
proto ospf
ip6 proto ipv6-icmp
ip6 proto ipv6-frag
ether proto 0x800
ether proto 0x800 or 0x806
ether proto \arp
ether proto \ip6
ether proto \rarp or \ip
ether proto 0x88cc
ether host 02:00:0a:00:00:01
ether src 2:0:a:0:0:2
ether dst ff-ff-ff-ff-ff-ff
ether src and dst 0200.0a01.0203
ether src host 02.00.0a.01.02.03
ether host ffffffffffff
ether dst host 02:00:0a:00:00:01 or 2:0:a:0:0:2
not ether host 02:00:0a:00:00:01
less 60
less 0
greater 60
greater 100 and less 120
less 0xffffffff
vlan
vlan 100
vlan (100)
vlan 5
vlan 4095
not vlan
not vlan 100
vlan and ip
vlan and host 10.0.0.1
vlan 100 and port 21
vlan 100 and vlan 200
vlan 100 and vlan 100 and ip
vlan and vlan and tcp
vlan or ip
ip or vlan 100 and host 10.0.0.1
not vlan and host 10.0.0.1
(vlan 100 or vlan 200) and tcp
host 10.0.0.1 or (vlan and host 10.0.0.1)
host 10.0.0.1 or (vlan and host 10.0.0.1) or (vlan and host 10.0.0.1)
vlan and ether host 02:00:0a:00:00:01
vlan and ether proto 0x800
vlan and arp host 10.0.0.1
vlan and net 2001:db8::/32
vlan and ip6 proto 6
vlan and portrange 20-22
tcp and host 10.0.0.1
tcp or udp and host 10.0.0.1
host 10.0.0.1 and tcp or udp
host 10.0.0.1 and (tcp or udp)
tcp && host 10.0.0.1 || udp
tcp&&!port 21||udp
not tcp
!tcp
! ! tcp
not not tcp
not tcp and not udp
not (tcp or udp)
not (not (not tcp))
((tcp))
(tcp and (port 21)) or (udp and (port 53))
ip and not tcp
ip6 and not tcp
ip or arp host 10.0.0.1 or 10.0.0.2
port 21 and (host 10.0.0.1) and 22
port 21 and not (host 10.0.0.1 or 10.0.0.2) or 22
host 10.0.0.5 and not port 22
tcp port 21 and host 192.0.2.10 or port 22
host 192.0.2.10 and host 192.0.2.21 and tcp
tcp or not tcp
tcp and not tcp
ip or ip6 or arp or rarp or not ip
port 21 or not port 21
ip host 10.0.0.1 and ip6
`

// named use names of ports, which tcpdump looks up in the system's list.
const named = `
port ftp
port ftp or ftp-data
tcp port ftp
port domain
udp port domain
port tftp
port http or https
portrange ftp-telnet
portrange ssh-80
portrange 20-domain
src port ssh
dst port ftps or ftps-data
`

// generator makes expressions out of tcpdump's grammar.
type generator struct{ r *rand.Rand }

func generated(seed uint64, n int) (list []string) {
	g := generator{rand.New(rand.NewPCG(seed, 7))}
	for range n {
		text, _ := g.expr(3, nil)
		list = append(list, text)
	}
	return list
}

// values makes bare values that go with the qualifiers before them; nil: none may follow.
type values func() string

func (g generator) expr(depth int, before values) (string, values) {
	text, next := g.term(depth, before)
	for g.r.IntN(3) > 0 {
		text += pick(g.r, []string{" and ", " or ", " && ", "||"})
		if next != nil && g.r.IntN(3) == 0 {
			text += g.ids(depth, next)
			continue
		}
		var more string
		more, next = g.term(depth, next)
		text += more
	}
	return text, next
}

func (g generator) term(depth int, before values) (string, values) {
	switch n := g.r.IntN(10); {
	case n < 2:
		text, next := g.term(depth, before)
		return pick(g.r, []string{"not ", "!", "! "}) + text, next
	case n < 4 && depth > 0:
		text, _ := g.expr(depth-1, before)
		return "(" + text + ")", before
	}
	return g.primitive()
}

// ids is a value, or several in parentheses.
func (g generator) ids(depth int, next values) string {
	switch n := g.r.IntN(8); {
	case n == 0:
		return "not " + g.ids(depth, next)
	case n == 1 && depth > 0:
		return "(" + next() + pick(g.r, []string{" and ", " or "}) + g.ids(depth-1, next) + ")"
	}
	return next()
}

func (g generator) primitive() (string, values) {
	r := g.r
	ends := func(list ...string) string {
		return pick(r, append(list, "src ", "dst ", "src or dst ", "dst and src "))
	}
	head := func(words string, next values) (string, values) { return words + g.ids(2, next), next }
	switch r.IntN(9) {
	case 0:
		return pick(r, strings.Fields("ip ip6 arp rarp tcp udp sctp icmp icmp6 esp pim")), nil
	case 1:
		return pick(r, []string{"vlan", "vlan 100", "vlan 5", "vlan 200"}), nil
	case 2:
		return fmt.Sprintf("%s %d", pick(r, []string{"less", "greater"}), 40+r.IntN(100)), nil
	case 3:
		return head(pick(r, []string{"tcp ", "udp ", "sctp ", "", ""})+ends("")+"port ", func() string { return fmt.Sprint(pick(r, numbers)) })
	case 4:
		return head(pick(r, []string{"tcp ", "udp ", "", ""})+ends("")+"portrange ",
			func() string { return fmt.Sprintf("%d-%d", pick(r, numbers), pick(r, numbers)) })
	case 5:
		return head(pick(r, []string{"ip ", "ip6 ", ""})+"proto ", func() string { return fmt.Sprint(pick(r, []int{1, 6, 17, 44, 58, 132})) })
	case 6:
		return head(pick(r, []string{"host ", ends() + "host ", ends()}), func() string { return pick(r, append(hosts6, hosts4...)) })
	case 7:
		return head(pick(r, []string{"ip ", "arp ", "rarp ", ""})+ends("")+"net ",
			func() string {
				return pick(r, []string{"10", "10.0", "10.0.0.0/8", "192.168", "192.0.2.0/24", "172.16.0.0/12"})
			})
	}
	return head("ip6 "+ends("")+"net ", func() string { return pick(r, []string{"2001:db8::/32", "2001:db8:8000::/33", "::/64", "fe80::/10"}) })
}
