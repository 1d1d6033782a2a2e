package filter

import (
	"strings"

	"github.com/google/gopacket/layers"
)

// protocol is a word that stands for a protocol, alone or before a qualifier.
type protocol uint8

const (
	noProtocol protocol = iota
	ether
	ip
	ipv6
	arp
	rarp
	tcp
	udp
	sctp
	other // those that stand alone only
)

// EtherTypes that expressions name.
const (
	etherIPv4 = uint16(layers.EthernetTypeIPv4)
	etherIPv6 = uint16(layers.EthernetTypeIPv6)
	etherARP  = uint16(layers.EthernetTypeARP)
	etherRARP = 0x8035
	etherTalk = 0x809b
	etherAARP = 0x80f3

	maxIEEE8023 = 1500 // up to here: a length, not a type
)

// IP protocols that words name.
const (
	protoTCP      = uint8(layers.IPProtocolTCP)
	protoUDP      = uint8(layers.IPProtocolUDP)
	protoSCTP     = uint8(layers.IPProtocolSCTP)
	protoFragment = uint8(layers.IPProtocolIPv6Fragment)
)

// abbreviation is what a protocol's word means alone.
type abbreviation struct {
	protocol  protocol
	etherType uint16 // ip, ip6, arp, rarp; 0: number counts
	number    uint8
	v4, v6    bool // above which of them
}

var protocols = map[string]abbreviation{
	"ether": {protocol: ether},
	"ip":    {protocol: ip, etherType: etherIPv4},
	"ip6":   {protocol: ipv6, etherType: etherIPv6},
	"arp":   {protocol: arp, etherType: etherARP},
	"rarp":  {protocol: rarp, etherType: etherRARP},
	"tcp":   {protocol: tcp, number: protoTCP, v4: true, v6: true},
	"udp":   {protocol: udp, number: protoUDP, v4: true, v6: true},
	"sctp":  {protocol: sctp, number: protoSCTP, v4: true, v6: true},
	"icmp":  {protocol: other, number: 1, v4: true},
	"igmp":  {protocol: other, number: 2, v4: true},
	"igrp":  {protocol: other, number: 9, v4: true},
	"esp":   {protocol: other, number: 50, v4: true, v6: true},
	"ah":    {protocol: other, number: 51, v4: true, v6: true},
	"icmp6": {protocol: other, number: 58, v6: true},
	"pim":   {protocol: other, number: 103, v4: true, v6: true},
	"vrrp":  {protocol: other, number: 112, v4: true},
	"carp":  {protocol: other, number: 112, v4: true},
}

// protocolNumbers are the names that may follow proto (those that are keywords after a
// backslash): /etc/protocols.
var protocolNumbers = map[string]uint8{
	"icmp": 1, "igmp": 2, "ipencap": 4, "tcp": protoTCP, "igp": 9, "udp": protoUDP, "ipv6": 41, "ipv6-route": 43,
	"ipv6-frag": protoFragment, "gre": 47, "esp": 50, "ah": 51, "ipv6-icmp": 58, "ipv6-nonxt": 59, "ipv6-opts": 60,
	"eigrp": 88, "ospf": 89, "pim": 103, "vrrp": 112, "l2tp": 115, "sctp": protoSCTP,
}

// etherTypes are the names that may follow ether proto.
var etherTypes = map[string]uint16{"ip": etherIPv4, "ip6": etherIPv6, "arp": etherARP, "rarp": etherRARP}

// transports is a set of protocols that have ports.
type transports uint8

const (
	onTCP transports = 1 << iota
	onUDP
	onSCTP
	onAny = onTCP | onUDP | onSCTP
)

// service is a port with a name. One that only TCP (or UDP) uses means packets of that
// protocol only.
type service struct {
	port uint16
	on   transports
}

// services are the names that a firewall's or an FTP server's rules use; numbers and
// protocols as in /etc/services.
var services = map[string]service{
	"ftp-data": {20, onTCP}, "ftp": {21, onTCP}, "ssh": {22, onTCP}, "telnet": {23, onTCP}, "smtp": {25, onTCP},
	"domain": {53, onAny}, "bootps": {67, onUDP}, "bootpc": {68, onUDP}, "tftp": {69, onUDP}, "http": {80, onTCP},
	"kerberos": {88, onAny}, "pop3": {110, onTCP}, "sunrpc": {111, onAny}, "auth": {113, onTCP}, "ntp": {123, onUDP},
	"netbios-ns": {137, onUDP}, "netbios-dgm": {138, onUDP}, "netbios-ssn": {139, onTCP}, "imap2": {143, onTCP},
	"snmp": {161, onAny}, "bgp": {179, onTCP}, "ldap": {389, onAny}, "https": {443, onAny}, "microsoft-ds": {445, onTCP},
	"isakmp": {500, onUDP}, "syslog": {514, onUDP}, "submission": {587, onTCP}, "ldaps": {636, onAny},
	"ftps-data": {989, onTCP}, "ftps": {990, onTCP}, "imaps": {993, onTCP}, "pop3s": {995, onTCP},
	"nfs": {2049, onAny}, "mysql": {3306, onTCP}, "postgresql": {5432, onTCP}, "sip": {5060, onAny},
}

// unsupported are tcpdump's other keywords.
const unsupported = `link ppp slip fddi tr wlan radio atalk aarp decnet lat sca moprc mopdl iso esis es-is isis is-is l1 l2 iih lsp
snp csnp psnp clnp stp ipx netbeui protochain gateway type subtype direction dir address1 addr1 address2 addr2 address3 addr3
address4 addr4 ra ta byte broadcast multicast len length inbound outbound ifindex mpls pppoed pppoes geneve vxlan batadv lane llc
metac bcc oam oamf4 oamf4ec oamf4sc sc ilmic vpi vci connectmsg metaconnect on ifname rset ruleset rnr rulenum srnr subrulenum
reason action fisu lssu lsu msu hfisu hlssu hmsu sio opc dpc sls hsio hopc hdpc hsls icmptype icmpcode icmp6type icmp6code tcpflags`

// keywords are the words that have a meaning of their own; true: a known one.
var keywords = allKeywords()

func allKeywords() map[string]bool {
	all := map[string]bool{}
	for known, list := range map[bool][]string{
		true:  strings.Fields("src dst host net mask port portrange proto less greater vlan and or not"),
		false: strings.Fields(unsupported),
	} {
		for _, w := range list {
			all[w] = known
		}
	}
	for w := range protocols {
		all[w] = true
	}
	return all
}
