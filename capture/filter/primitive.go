package filter

import (
	"encoding/binary"
	"math"
	"net/netip"
	"strconv"
	"strings"
)

// primitive makes the test of one value with its qualifiers.
func (p *parser) primitive(t token, q qualifiers) test {
	switch {
	case t.kind == illegal:
		return p.fail(t.pos, t.text)
	case q.what == nothing && t.kind == name:
		return p.unexpected(t, "")
	case q.what == nothing:
		return p.fail(t.pos, strconv.Quote(t.text)+" needs a word before it, such as host, net or port")
	case q.what == port, q.what == portrange:
		return p.port(t, q)
	case q.what == proto:
		return p.proto(t, q)
	}
	return p.address(t, q)
}

// misuse is the error of a protocol's word before a qualifier that it does not go with.
func (p *parser) misuse(q qualifiers, what string) test {
	return p.fail(q.pos, strconv.Quote(q.protocol)+" does not go with "+what)
}

// address reads the value of host and net.
func (p *parser) address(t token, q qualifiers) test {
	protocol := protocols[q.protocol].protocol
	if protocol == ether || t.kind == mac {
		return p.station(t, q)
	}
	mask := uint32(math.MaxUint32)
	switch t.kind {
	case name:
		return p.fail(t.pos, "unknown word "+strconv.Quote(t.text)+": host names are not looked up, only addresses are known")
	case ip6:
		return p.network6(t, q)
	case dotted:
		mask <<= 32 - t.ip4.bits
		return p.network4(t.ip4.addr, p.mask(t, mask, q), q)
	}
	addr := t.num
	for q.what == net && addr != 0 && addr>>24 == 0 { // net 10 is 10.0.0.0/8
		addr, mask = addr<<8, mask<<8
	}
	if s := p.peek(); s.is("/") || s.is("mask") {
		return p.fail(t.pos, "before a mask the address needs a dot: 10.0.0.0/8")
	}
	return p.network4(addr, mask, q)
}

// station reads the value of ether host.
func (p *parser) station(t token, q qualifiers) test {
	switch {
	case q.protocol == "":
		return p.fail(t.pos, "before an Ethernet address comes ether: ether host "+t.text)
	case protocols[q.protocol].protocol != ether:
		return p.misuse(q, "an Ethernet address")
	case q.what != host:
		return p.misuse(q, "net")
	case t.kind != mac:
		return p.fail(t.pos, strconv.Quote(t.text)+" is no Ethernet address")
	}
	return station{t.mac, q.ends}
}

// mask reads what may follow an IPv4 address: /8, mask 255.0.0.0.
func (p *parser) mask(t token, mask uint32, q qualifiers) uint32 {
	slash := p.peek()
	if !slash.is("/") && !slash.is("mask") {
		return mask
	}
	p.next()
	switch m := p.next(); {
	case slash.is("/") && (m.kind != number || m.num > 32):
		p.unexpected(m, "expected a prefix length up to 32")
		return 0
	case slash.is("mask") && m.kind != dotted:
		p.unexpected(m, "expected a mask such as 255.0.0.0")
		return 0
	case slash.is("/"):
		mask = uint32(math.MaxUint32 << (32 - m.num))
	default:
		mask = m.ip4.addr
	}
	switch {
	case q.what != net:
		p.fail(slash.pos, "a mask belongs to net, not to host")
	case t.ip4.addr&^mask != 0:
		p.fail(t.pos, "the address has bits outside of its mask")
	}
	return mask
}

var (
	inIP4  = addresses4{etherIPv4, 12, 16}
	inARP  = addresses4{etherARP, 14, 24}
	inRARP = addresses4{etherRARP, 14, 24}
)

func (p *parser) network4(addr, mask uint32, q qualifiers) test {
	t := network4{ends: q.ends, addr: addr, mask: mask, tags: p.tags}
	switch protocols[q.protocol].protocol {
	case noProtocol:
		t.in = []addresses4{inIP4, inARP, inRARP}
	case ip:
		t.in = []addresses4{inIP4}
	case arp:
		t.in = []addresses4{inARP}
	case rarp:
		t.in = []addresses4{inRARP}
	default:
		return p.misuse(q, "an IPv4 address")
	}
	return &t
}

func (p *parser) network6(t token, q qualifiers) test {
	bits := 128
	slash := p.peek()
	if p.accept("/") {
		n := p.next()
		if n.kind != number || n.num > 128 {
			return p.unexpected(n, "expected a prefix length up to 128")
		}
		bits = int(n.num)
	}
	prefix := netip.PrefixFrom(t.ip6, bits)
	switch {
	case bits < 128 && q.what != net:
		return p.fail(slash.pos, "a prefix length belongs to net, not to host")
	case prefix.Masked().Addr() != t.ip6:
		return p.fail(t.pos, "the address has bits outside of its prefix")
	case q.protocol != "" && protocols[q.protocol].protocol != ipv6:
		return p.misuse(q, "an IPv6 address")
	}
	n := network6{ends: q.ends, tags: p.tags}
	for i, a := 0, t.ip6.As16(); i < len(n.addr); i++ {
		n.addr[i] = binary.BigEndian.Uint32(a[4*i:])
		n.mask[i] = uint32(uint64(math.MaxUint32) << (32 - min(max(bits-32*i, 0), 32)))
	}
	return &n
}

// proto reads the value of proto: a protocol above IP, or with ether an EtherType.
func (p *parser) proto(t token, q qualifiers) test {
	if t.kind != number && t.kind != name {
		return p.fail(t.pos, "expected a number or a name")
	}
	protocol := protocols[q.protocol].protocol
	if protocol == ether {
		return p.etherType(t)
	}
	n := t.num
	if t.kind == name {
		known, ok := protocolNumbers[t.text]
		if !ok {
			return p.fail(t.pos, "unknown protocol "+strconv.Quote(t.text))
		}
		n = uint32(known)
	}
	switch {
	case protocol != noProtocol && protocol != ip && protocol != ipv6:
		return p.misuse(q, "proto")
	case n > 255:
		return p.fail(t.pos, "a protocol is a number up to 255")
	}
	return above{uint8(n), protocol != ipv6, protocol != ip, p.tags}
}

// etherType reads an EtherType. To tcpdump small numbers are 802.2 SAPs, and AppleTalk's
// types look into SNAP, too.
func (p *parser) etherType(t token) test {
	n := t.num
	if t.kind == name {
		known, ok := etherTypes[t.text]
		if !ok {
			return p.fail(t.pos, "unknown EtherType "+strconv.Quote(t.text))
		}
		n = uint32(known)
	}
	switch {
	case n > math.MaxUint16:
		return p.fail(t.pos, "an EtherType is a number up to 65535")
	case n <= maxIEEE8023 || n == etherTalk || n == etherAARP:
		return p.fail(t.pos, "this EtherType is not supported")
	}
	return carried{uint16(n), p.tags}
}

// port reads the value of port and portrange.
func (p *parser) port(t token, q qualifiers) test {
	on, what := onAny, "port"
	if q.what == portrange {
		what = "portrange"
	}
	switch protocols[q.protocol].protocol {
	case noProtocol:
	case tcp:
		on = onTCP
	case udp:
		on = onUDP
	case sctp:
		on = onSCTP
	default:
		return p.misuse(q, what)
	}
	first, last := t.text, t.text
	switch {
	case t.kind == number && t.num > math.MaxUint16:
		return p.fail(t.pos, "a port is a number up to 65535")
	case t.kind == number:
		return ports{on, q.ends, uint16(t.num), uint16(t.num), p.tags}
	case t.kind != name:
		return p.fail(t.pos, "expected a port, got "+strconv.Quote(t.text))
	case q.what == portrange:
		var ok bool
		if first, last, ok = strings.Cut(t.text, "-"); !ok {
			return p.fail(t.pos, "expected two ports with - between them: 20-21")
		}
	}
	a, okA := portNamed(first)
	b, okB := portNamed(last)
	switch both := a.on & b.on; {
	case !okA || !okB:
		return p.fail(t.pos, "unknown port "+strconv.Quote(t.text))
	case a.on != b.on:
		// Of different protocols: only the numbers count.
	case on == onAny:
		on = both
	case on&both == 0:
		return p.fail(t.pos, strconv.Quote(t.text)+" is no port of "+q.protocol)
	}
	return ports{on, q.ends, min(a.port, b.port), max(a.port, b.port), p.tags}
}

func portNamed(s string) (service, bool) {
	if n, err := strconv.ParseUint(s, 10, 16); err == nil {
		return service{uint16(n), onAny}, true
	}
	known, ok := services[s]
	return known, ok
}
